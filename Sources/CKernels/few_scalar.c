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
    const zanzo_share *share = &l->share;
    for (size_t row = share->first_pixel / l->width; row < share->end_pixel / l->width; row++) {
        const size_t map = row / l->height, y = row % l->height;
        const float *from = in + map * share->in_map + y * l->in_row;
        float *to = out + map * share->out_map + y * l->out_row;
        for (size_t x = 0; x < l->width; x++)
            for (size_t o = 0; o < l->out_channels; o++) {
                const float *w = (const float *)l->weights + o * 9 * channels;
                float sum = 0;
                for (size_t t = 0; t < 9; t++, w += channels) {
                    const float *p = from + t / 3 * l->in_row + (x + t % 3) * l->in_pixel;
                    for (size_t c = 0; c < channels; c++) sum += p[c] * w[c];
                }
                to[x * l->out_pixel + o] = activated(sum + l->bias[o], l->activation);
            }
    }
}
