#pragma once

#include "convolve_pass.h"

// The convolution in plain C, the specification of the others. A file that includes this has said before what UNIT, WEIGHT
// and SUM are (see convolve_vectors.h), and has defined add_product(sum, unit, weight) and
// finish(out, index, sum, layer, output) for one output.

static inline void convolve_plainly(const convolve_pass *pass) {
    const zanzo_share *share = &pass->share;
    const size_t area = pass->height * pass->width, each = pass->tap_count * pass->in_units;
    for (size_t first = share->first_output; first < share->end_output; first += ZANZO_BLOCK) {
        const size_t rest = pass->out_channels - first, width = rest < ZANZO_BLOCK ? rest : ZANZO_BLOCK;
        for (size_t pixel = share->first_pixel; pixel < share->end_pixel; pixel++) {
            const size_t map = pixel / area, y = pixel % area / pass->width, x = pixel % pass->width;
            const UNIT *in = (const UNIT *)pass->in + map * share->in_map + y * pass->in_row + x * pass->in_pixel;
            const WEIGHT *w = (const WEIGHT *)pass->weights + each * first;
            SUM sums[ZANZO_BLOCK];
            for (size_t o = 0; o < width; o++) sums[o] = ((const SUM *)pass->first_sums)[first + o];
            for (size_t t = 0; t < pass->tap_count; t++)
                for (size_t c = 0; c < pass->in_units; c++, w += width)
                    for (size_t o = 0; o < width; o++) sums[o] = add_product(sums[o], in[pass->taps[t] + c], w[o]);
            const size_t place = map * share->out_map + y * pass->out_row + x * pass->out_pixel + first;
            char *out = (char *)pass->out + place * pass->out_size;
            for (size_t o = 0; o < width; o++) finish(out, o, sums[o], pass->layer, first);
        }
    }
}
