#pragma once

#include "convolve_pass.h"

static inline void convolve_scalar(const convolve_pass *pass) {
    const zanzo_convolution *l = pass->layer;
    const float *block = pass->weights;
    for (size_t first = 0; first < l->out_channels; first += ZANZO_BLOCK) {
        const size_t width = l->out_channels - first < ZANZO_BLOCK ? l->out_channels - first : ZANZO_BLOCK;
        for (size_t y = 0; y < l->height; y++)
            for (size_t x = 0; x < l->width; x++) {
                float sums[ZANZO_BLOCK];
                for (size_t o = 0; o < width; o++) sums[o] = l->bias[first + o];
                const float *w = block;
                for (size_t t = 0; t < pass->tap_count; t++) {
                    const float *in = pass->in + y * pass->in_row + x * pass->in_pixel + pass->taps[t];
                    for (size_t c = 0; c < l->in_channels; c++, w += width)
                        for (size_t o = 0; o < width; o++) sums[o] += in[c] * w[o];
                }
                float *out = pass->out + y * pass->out_row + x * pass->out_pixel + first;
                for (size_t o = 0; o < width; o++)
                    out[o] = l->activation == ZANZO_RELU && !(sums[o] > 0) ? 0 : sums[o];
            }
        block += pass->tap_count * l->in_channels * width;
    }
}
