#pragma once

#include "winograd_pass.h"

// Winograd's convolutions in plain C, the specification of the others. A file that includes this has included
// convolve_scalar.h before.

// Channel `c` of a part of the tile at `in`: across first, then down.
static inline float part_across(const winograd_layer *l, const float *in, size_t row, size_t column, size_t c) {
    const float *at = in + l->places[row] * l->pass.in_row + c;
    const float value = at[l->places[column] * l->pass.in_pixel];
    return winograd_is_difference(column) ? value - at[l->places[1] * l->pass.in_pixel] : value;
}

static inline float part_of(const winograd_layer *l, const float *in, size_t row, size_t column, size_t c) {
    const float value = part_across(l, in, row, column, c);
    return winograd_is_difference(row) ? value - part_across(l, in, 1, column, c) : value;
}

// sums[o] for `width` outputs.
static inline void sum_plainly(
    float *sums, const winograd_layer *l, const float *in, const winograd_product *products, size_t count,
    const WEIGHT *weights, size_t width) {
    for (size_t i = 0; i < count; i++) {
        const WEIGHT *w = weights + products[i].weight * l->pass.in_units * width;
        for (size_t c = 0; c < l->pass.in_units; c++, w += width) {
            const float x = part_of(l, in, products[i].row, products[i].column, c);
            for (size_t o = 0; o < width; o++) sums[o] = add_product(sums[o], x, w[o]);
        }
    }
}

// One phase of a tile, for `width` outputs from `first` on.
static inline void phase_plainly(
    const winograd_layer *l, const winograd_phase *phase, winograd_tile at, size_t first, const WEIGHT *weights,
    size_t width) {
    float sums[3][3][ZANZO_BLOCK];
    for (size_t y = 0; y < phase->down->count; y++)
        for (size_t x = 0; x < phase->across->count; x++) {
            const int is_first = winograd_is_shared(phase->down, y) && winograd_is_shared(phase->across, x);
            for (size_t o = 0; o < width; o++)
                sums[y][x][o] = is_first ? ((const float *)l->pass.first_sums)[first + o] : 0;
            winograd_product products[4];
            const size_t count = winograd_products_of(products, l, &phase->down->sums[y], &phase->across->sums[x]);
            sum_plainly(sums[y][x], l, (const float *)l->pass.in + at.in, products, count, weights, width);
        }
    for (size_t y = 0; y < 2; y++)
        for (size_t x = 0; x < 2; x++) {
            const size_t place = at.out + phase->offset + y * phase->row + x * phase->pixel + first;
            for (size_t o = 0; o < width; o++) {
                float column[2] = {0, 0};
                for (size_t i = 0; i < phase->across->count - 1; i++) {
                    const size_t across = phase->across->count == 3 ? x + i : x;
                    column[i] = sums[y][across][o];
                    if (phase->down->count == 3) column[i] += sums[y + 1][across][o];
                }
                const float sum = phase->across->count == 3 ? column[0] + column[1] : column[0];
                finish((char *)l->pass.out + place * l->pass.out_size, o, sum, l->pass.layer, first);
            }
        }
}

static inline void winograd_plainly(const winograd_layer *l) {
    const zanzo_share *share = &l->pass.share;
    for (size_t first = share->first_output; first < share->end_output; first += ZANZO_BLOCK) {
        const size_t rest = l->pass.out_channels - first, width = rest < ZANZO_BLOCK ? rest : ZANZO_BLOCK;
        const WEIGHT *weights = (const WEIGHT *)l->pass.weights + WINOGRAD_WEIGHTS * l->pass.in_units * first;
        for (size_t tile = share->first_pixel; tile < share->end_pixel; tile++)
            for (size_t p = 0; p < winograd_phase_count(l); p++) {
                const winograd_phase phase = winograd_phase_at(l, p);
                phase_plainly(l, &phase, winograd_place(l, tile), first, weights, width);
            }
    }
}
