#include "kernels.h"

void zanzo_linear_scalar(float *out, const float *in, const zanzo_linear_layer *l) {
    const float *w = l->weights, *bias = l->bias;
    for (size_t run = 0; run < l->runs; run++)
        for (size_t first = 0; first < l->columns; first += ZANZO_LINEAR_BLOCK, bias += ZANZO_LINEAR_BLOCK) {
            float sums[ZANZO_LINEAR_BLOCK];
            for (size_t j = 0; j < ZANZO_LINEAR_BLOCK; j++) sums[j] = bias[j];
            for (size_t i = 0; i < l->inputs; i++, w += ZANZO_LINEAR_BLOCK)
                for (size_t j = 0; j < ZANZO_LINEAR_BLOCK; j++) sums[j] += in[i] * w[j];
            for (size_t j = 0; j < ZANZO_LINEAR_BLOCK && first + j < l->columns; j++)
                out[run * l->out_stride + first + j] = sums[j];
        }
}
