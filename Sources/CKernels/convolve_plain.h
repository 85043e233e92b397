#pragma once

#include "convolve_pass.h"

// The convolution in plain C, the specification of the others. A file that includes this has said before what UNIT, WEIGHT
// and SUM are (see convolve_vectors.h), and has defined add_product(sum, unit, weight) and
// finish(out, index, sum, layer, output) for one output.

static inline void convolve_plainly(const convolve_pass *pass) {
    const WEIGHT *block = pass->weights;
    for (size_t first = 0; first < pass->out_channels; first += ZANZO_BLOCK) {
        const size_t rest = pass->out_channels - first, width = rest < ZANZO_BLOCK ? rest : ZANZO_BLOCK;
        for (size_t y = 0; y < pass->height; y++)
            for (size_t x = 0; x < pass->width; x++) {
                SUM sums[ZANZO_BLOCK];
                for (size_t o = 0; o < width; o++) sums[o] = ((const SUM *)pass->first_sums)[first + o];
                const WEIGHT *w = block;
                for (size_t t = 0; t < pass->tap_count; t++) {
                    const UNIT *in = (const UNIT *)pass->in + y * pass->in_row + x * pass->in_pixel + pass->taps[t];
                    for (size_t c = 0; c < pass->in_units; c++, w += width)
                        for (size_t o = 0; o < width; o++) sums[o] = add_product(sums[o], in[c], w[o]);
                }
                char *out = (char *)pass->out + (y * pass->out_row + x * pass->out_pixel + first) * pass->out_size;
                for (size_t o = 0; o < width; o++) finish(out, o, sums[o], pass->layer, first);
            }
        block += pass->tap_count * pass->in_units * width;
    }
}
