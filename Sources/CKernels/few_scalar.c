#include "kernels.h"

#include <math.h>

static float activated(float x, zanzo_activation activation) {
    switch (activation) {
    case ZANZO_RELU: return x > 0 ? x : 0;
    case ZANZO_TANH: return tanhf(x);
    default: return x;
    }
}

void zanzo_conv3x3_few_scalar(float *out, const float *in, const zanzo_convolution *l) {
    const size_t channels = (l->in_channels + ZANZO_LANES - 1) / ZANZO_LANES * ZANZO_LANES;
    for (size_t y = 0; y < l->height; y++)
        for (size_t x = 0; x < l->width; x++)
            for (size_t o = 0; o < l->out_channels; o++) {
                const float *w = l->weights + o * 9 * channels;
                float sum = 0;
                for (size_t t = 0; t < 9; t++, w += channels) {
                    const float *p = in + (y + t / 3) * l->in_row + (x + t % 3) * l->in_pixel;
                    for (size_t c = 0; c < channels; c++) sum += p[c] * w[c];
                }
                out[y * l->out_row + x * l->out_pixel + o] = activated(sum + l->bias[o], l->activation);
            }
}
