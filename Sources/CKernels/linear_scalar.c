#include "half.h"
#include "kernels.h"

#if defined(ZANZO_HALF_WEIGHTS)
#define WEIGHT uint16_t
#define NAME zanzo_linear_half_scalar
static inline float weight_of(uint16_t w) { return half_to_float(w); }
#else
#define WEIGHT float
#define NAME zanzo_linear_scalar
static inline float weight_of(float w) { return w; }
#endif

void NAME(float *out, const float *in, const zanzo_linear_layer *l) {
    const WEIGHT *w = l->weights;
    const float *bias = l->bias;
    for (size_t run = 0; run < l->runs; run++)
        for (size_t first = 0; first < l->columns; first += ZANZO_LINEAR_BLOCK, bias += ZANZO_LINEAR_BLOCK) {
            float sums[ZANZO_LINEAR_BLOCK];
            for (size_t j = 0; j < ZANZO_LINEAR_BLOCK; j++) sums[j] = bias[j];
            for (size_t i = 0; i < l->inputs; i++, w += ZANZO_LINEAR_BLOCK)
                for (size_t j = 0; j < ZANZO_LINEAR_BLOCK; j++) sums[j] += in[i] * weight_of(w[j]);
            for (size_t j = 0; j < ZANZO_LINEAR_BLOCK && first + j < l->columns; j++)
                out[run * l->out_stride + first + j] = sums[j];
        }
}
