#pragma once

// Winograd's convolutions (winograd_pass.h) for any width of vector. A file that includes this has included its
// convolve_ISA.h before, and says:
//   WINOGRAD_TARGET       its target attribute, where it has one
//   WINOGRAD_TILES        tiles of a panel: their sums for a block of outputs wait on the stack
//   WINOGRAD_PARTS        floats of their parts, which wait there too
// Parts are made once for a panel of tiles and read for each block of outputs.

#include "winograd_pass.h"

#if defined(WINOGRAD_TARGET)
#pragma clang attribute push(__attribute__((target(WINOGRAD_TARGET))), apply_to = function)
#endif

enum { WINOGRAD_BLOCK = TILE_VECTORS * LANES };

typedef struct {
    const winograd_layer *layer;
    size_t count, channels;            // tiles; floats of one part
    winograd_tile places[WINOGRAD_TILES];
    float *parts;                      // [tile][part][channel]
    SUM (*sums)[WINOGRAD_BLOCK];       // [sum][tile]
} winograd_panel;

// A row's parts.
CONVOLVE_INLINE void row_parts(const int N, VECTOR parts[5], const float *row, const size_t columns[5]) {
    const VECTOR middle = vector_load(row + columns[1]);
    parts[0] = vector_load(row + columns[0]) - middle;
    parts[1] = middle;
    parts[2] = vector_load(row + columns[2]) - middle;
    parts[3] = vector_load(row + columns[3]);
    if (N == 5) parts[4] = vector_load(row + columns[4]);
}

// A strided tile's parts.
static inline void strided_parts(
    float *to, const float *in, const size_t rows[5], const size_t columns[5], size_t channels) {
    for (size_t c = 0; c < channels; c += LANES, in += LANES, to += LANES) {
        VECTOR middle[5], row[5];
        row_parts(5, middle, in + rows[1], columns);
        UNROLL for (int x = 0; x < 5; x++) vector_store(to + (5 + x) * channels, middle[x]);
        UNROLL for (int y = 0; y < 4; y += 2) {
            row_parts(5, row, in + rows[y], columns);
            UNROLL for (int x = 0; x < 5; x++) vector_store(to + (5 * y + x) * channels, row[x] - middle[x]);
        }
        UNROLL for (int y = 3; y < 5; y++) {
            row_parts(5, row, in + rows[y], columns);
            UNROLL for (int x = 0; x < 5; x++) vector_store(to + (5 * y + x) * channels, row[x]);
        }
    }
}

// A transposed tile's parts that are differences, in the order of `winograd_kept`.
static inline void transposed_parts(
    float *to, const float *in, const size_t rows[5], const size_t columns[5], size_t channels) {
    for (size_t c = 0; c < channels; c += LANES, in += LANES, to += LANES) {
        VECTOR middle[5], row[5];
        row_parts(4, middle, in + rows[1], columns);
        row_parts(4, row, in + rows[0], columns);
        UNROLL for (int x = 0; x < 4; x++) vector_store(to + x * channels, row[x] - middle[x]);
        UNROLL for (int i = 0; i < 2; i++) {
            vector_store(to + (8 + i) * channels, middle[2 * i]);
            vector_store(to + (10 + i) * channels, row[2 * i]);
        }
        row_parts(4, row, in + rows[2], columns);
        UNROLL for (int x = 0; x < 4; x++) vector_store(to + (4 + x) * channels, row[x] - middle[x]);
    }
}

static inline void panel_parts(winograd_panel *panel, size_t first) {
    const winograd_layer *l = panel->layer;
    size_t rows[5], columns[5];
    for (size_t i = 0; i < 5; i++) {
        rows[i] = l->places[i] * l->pass.in_row;
        columns[i] = l->places[i] * l->pass.in_pixel;
    }
    float *to = panel->parts;
    for (size_t t = 0; t < panel->count; t++, to += l->kept * panel->channels) {
        panel->places[t] = winograd_place(l, first + t);
        const float *in = (const float *)l->pass.in + panel->places[t].in;
        if (l->is_transposed)
            transposed_parts(to, in, rows, columns, panel->channels);
        else
            strided_parts(to, in, rows, columns, panel->channels);
    }
}

// One sum, of `count` products, of P tiles for V vectors of outputs; from `bias` on, or from zero where that is NULL.
CONVOLVE_INLINE void tiles_sum(
    const int P, const int V, const winograd_panel *panel, size_t first, const winograd_product *products, size_t count,
    const SUM *bias, const WEIGHT *w, SUM (*to)[WINOGRAD_BLOCK]) {
    const winograd_layer *l = panel->layer;
    const UNIT *in[TILE_PIXELS], *parts[TILE_PIXELS];
    tile_sums sums;
    UNROLL for (int p = 0; p < P; p++) {
        in[p] = (const UNIT *)l->pass.in + panel->places[first + p].in;
        parts[p] = panel->parts + (first + p) * l->kept * panel->channels;
        UNROLL for (int v = 0; v < V; v++) sums[p][v] = bias ? vector_load(bias + LANES * v) : (VECTOR){0};
    }
    // While a product's weights are used, those behind them are fetched: a layer's do not all stay in a cache.
    const size_t each = l->pass.in_units * LANES * (size_t)V;
    for (size_t i = 0; i < count; i++) {
        const winograd_product *product = &products[i];
        tile_add(
            P, V, sums, product->is_input ? in : parts,
            product->is_input ? product->offset : product->kept * panel->channels, l->pass.in_units,
            w + product->weight * each, each);
    }
    UNROLL for (int p = 0; p < P; p++) {
        UNROLL for (int v = 0; v < V; v++) vector_store(to[first + p] + LANES * v, sums[p][v]);
    }
}

// Two outputs of two or three sums.
CONVOLVE_INLINE void axis_outputs(const int N, VECTOR out[2], VECTOR a, VECTOR b, VECTOR c) {
    out[0] = N == 3 ? a + b : a;
    out[1] = N == 3 ? b + c : b;
}

// The outputs of one phase, which has DOWN * ACROSS sums a tile.
CONVOLVE_INLINE void panel_outputs(
    const int DOWN, const int ACROSS, const winograd_panel *panel, const winograd_phase *phase, size_t output,
    int vectors) {
    const convolve_pass *pass = &panel->layer->pass;
    const size_t row = phase->row * pass->out_size, pixel = phase->pixel * pass->out_size;
    for (size_t t = 0; t < panel->count; t++) {
        char *out = (char *)pass->out + (panel->places[t].out + phase->offset + output) * pass->out_size;
        for (int v = 0; v < vectors; v++) {
            VECTOR columns[3][2], pixels[2][2];
            UNROLL for (int x = 0; x < ACROSS; x++) {
                const SUM *sums = panel->sums[(size_t)x * WINOGRAD_TILES + t] + LANES * v;
                const size_t next = (size_t)ACROSS * WINOGRAD_TILES * WINOGRAD_BLOCK;
                axis_outputs(
                    DOWN, columns[x], vector_load(sums), vector_load(sums + next),
                    DOWN == 3 ? vector_load(sums + 2 * next) : (VECTOR){0});
            }
            UNROLL for (int y = 0; y < 2; y++) {
                axis_outputs(ACROSS, pixels[y], columns[0][y], columns[1][y], columns[ACROSS - 1][y]);
                UNROLL for (int x = 0; x < 2; x++)
                    finish(out + (size_t)y * row + (size_t)x * pixel, v, pixels[y][x], pass->layer, output);
            }
        }
    }
}

static inline void phase_outputs(const winograd_panel *panel, const winograd_phase *phase, size_t output, int vectors) {
    if (phase->down->count == 3 && phase->across->count == 3)
        panel_outputs(3, 3, panel, phase, output, vectors);
    else if (phase->down->count == 3)
        panel_outputs(3, 2, panel, phase, output, vectors);
    else if (phase->across->count == 3)
        panel_outputs(2, 3, panel, phase, output, vectors);
    else
        panel_outputs(2, 2, panel, phase, output, vectors);
}

// One sum of every tile of a panel for a block of outputs; groups of tiles are as even as can be, as in convolve_vectors.h.
static inline void panel_sum(
    const winograd_panel *panel, const winograd_product *products, size_t count, int vectors, const SUM *bias,
    const WEIGHT *w, SUM (*to)[WINOGRAD_BLOCK]) {
    const size_t groups = tile_count(panel->count);
    for (size_t group = 0; group < groups; group++) {
        const size_t first = panel->count * group / groups, tiles = panel->count * (group + 1) / groups - first;
#define CALL(P, V) tiles_sum(P, V, panel, first, products, count, bias, w, to)
        CONVOLVE_TILES((int)tiles, vectors, CALL)
#undef CALL
    }
}

// A block of outputs of a panel, phase by phase.
static inline void panel_block(const winograd_panel *panel, size_t output, int vectors, const WEIGHT *w) {
    const winograd_layer *l = panel->layer;
    for (size_t p = 0; p < winograd_phase_count(l); p++) {
        const winograd_phase phase = winograd_phase_at(l, p);
        SUM (*to)[WINOGRAD_BLOCK] = panel->sums;
        for (size_t y = 0; y < phase.down->count; y++)
            for (size_t x = 0; x < phase.across->count; x++, to += WINOGRAD_TILES) {
                winograd_product products[4];
                const size_t count = winograd_products_of(products, l, &phase.down->sums[y], &phase.across->sums[x]);
                const int is_first = winograd_is_shared(phase.down, y) && winograd_is_shared(phase.across, x);
                const SUM *bias = is_first ? (const SUM *)l->pass.first_sums + output : NULL;
                panel_sum(panel, products, count, vectors, bias, w, to);
            }
        phase_outputs(panel, &phase, output, vectors);
    }
}

static inline void winograd_vectors(const winograd_layer *l) {
    const zanzo_share *share = &l->pass.share;
    __attribute__((aligned(64))) float parts[WINOGRAD_PARTS];
    __attribute__((aligned(64))) SUM sums[WINOGRAD_MOST_SUMS * WINOGRAD_TILES][WINOGRAD_BLOCK];
    winograd_panel panel = {
        .layer = l, .channels = (l->pass.in_units + LANES - 1) / LANES * LANES, .parts = parts,
        .sums = sums};
    const size_t fitting = WINOGRAD_PARTS / (l->kept * panel.channels);
    const size_t most = fitting < WINOGRAD_TILES ? fitting : WINOGRAD_TILES;
    const size_t tiles = share->end_pixel - share->first_pixel, panels = (tiles + most - 1) / most;
    const size_t each = WINOGRAD_WEIGHTS * l->pass.in_units;
    for (size_t p = 0; p < panels; p++) {
        const size_t first = tiles * p / panels;
        panel.count = tiles * (p + 1) / panels - first;
        panel_parts(&panel, share->first_pixel + first);
        for (size_t output = share->first_output; output < share->end_output; output += WINOGRAD_BLOCK) {
            const int vectors = l->pass.out_channels - output < WINOGRAD_BLOCK ? TILE_VECTORS / 2 : TILE_VECTORS;
            panel_block(&panel, output, vectors, (const WEIGHT *)l->pass.weights + each * output);
        }
    }
}

#if defined(WINOGRAD_TARGET)
#pragma clang attribute pop
#endif
