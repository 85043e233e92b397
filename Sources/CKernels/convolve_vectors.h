#pragma once

// The convolution's blocking, for any width of vector. A file that includes this has said before:
//   UNIT, WEIGHT, SUM       what an input map, the packed weights and the sums are made of: floats and floats, or four
//                           bytes of four channels and the four bytes of their weights (int32_t) for int32_t sums
//   VECTOR, LANES           a vector of sums, and how many it has
//   vector_load, vector_store (sums), vector_weights (a vector's worth of weights), vector_broadcast (a unit),
//   vector_add_product(unit, weights, sums); or, where sums are made of groups of units, what convolve_groups.h asks for
//   LAYER, finish(out, v, sums, layer, output)   the epilogue: vector v of a block that begins with `output`, to `out`
//   TILE_VECTORS            vectors in a block of outputs (kernels.h: block = TILE_VECTORS * LANES); the last block is
//                           whole or half (kernels.h: lanes = block / 2)
//   TILE_PIXELS             pixels in the largest tile: TILE_PIXELS * TILE_VECTORS sums live in registers
//   SLICE_UNITS             units of a tap taken at a time where weights are streamed
//   PANEL_PIXELS            pixels whose sums wait on the stack while weights are streamed
//   RESIDENT_BYTES          a block's weights up to this many are not streamed
// and has opened the region of its target attribute.

#include "convolve_pass.h"

#define CONVOLVE_INLINE static inline __attribute__((always_inline))

typedef VECTOR tile_sums[TILE_PIXELS][TILE_VECTORS];

#if defined(VECTOR_GROUP)
#include "convolve_groups.h"
#else
// sums[p] += in[p][c] * w[c] over `units` units, for P pixels and V vectors of outputs.
CONVOLVE_INLINE void tile_add(
    const int P, const int V, tile_sums sums, const UNIT *const *pixels, size_t offset, size_t units,
    const WEIGHT *w, const size_t ahead) {
    const UNIT *in[TILE_PIXELS];
    UNROLL for (int p = 0; p < P; p++) in[p] = pixels[p] + offset;
    for (size_t c = 0; c < units; c++, w += LANES * V) {
        VECTOR weights[TILE_VECTORS];
        UNROLL for (int v = 0; v < V; v++) {
            if (ahead > 0 && (v * LANES) * sizeof(WEIGHT) % 64 == 0) __builtin_prefetch(w + LANES * v + ahead, 0, 2);
            weights[v] = vector_weights(w + LANES * v);
        }
        UNROLL for (int p = 0; p < P; p++) {
            const VECTOR x = vector_broadcast(in[p] + c);
            UNROLL for (int v = 0; v < V; v++) sums[p][v] = vector_add_product(x, weights[v], sums[p][v]);
        }
    }
}
#endif

// Where a tile's pixels lie; tiles of `count` pixels are as even as can be (6 at most, 16 pixels: 6 + 5 + 5), so that
// none is too small to keep the multipliers busy.
typedef struct {
    const UNIT *in[TILE_PIXELS];
    char *out[TILE_PIXELS];
} tile_places;

CONVOLVE_INLINE void tile_finish(
    const int P, const int V, tile_sums sums, const tile_places *at, const convolve_pass *pass, size_t output) {
    UNROLL for (int p = 0; p < P; p++) {
        UNROLL for (int v = 0; v < V; v++) finish(at->out[p], v, sums[p][v], (const LAYER *)pass->layer, output);
    }
}

// A tile from its first sums to output, all taps at once.
CONVOLVE_INLINE void tile_whole(
    const int P, const int V, const convolve_pass *pass, const tile_places *at, size_t output, const WEIGHT *w) {
    const SUM *first = (const SUM *)pass->first_sums + output;
    tile_sums sums;
    UNROLL for (int p = 0; p < P; p++) {
        UNROLL for (int v = 0; v < V; v++) sums[p][v] = vector_load(first + LANES * v);
    }
    if (pass->in_units == 1) // a picture of one channel: no loop in the loop
        for (size_t t = 0; t < pass->tap_count; t++, w += LANES * V)
            tile_add(P, V, sums, at->in, pass->taps[t], 1, w, 0);
    else
        for (size_t t = 0; t < pass->tap_count; t++, w += pass->in_units * LANES * (size_t)V)
            tile_add(P, V, sums, at->in, pass->taps[t], pass->in_units, w, 0);
    tile_finish(P, V, sums, at, pass, output);
}

// A slice of a tile: sums come from the stack and go back there, or to the output with the last slice.
CONVOLVE_INLINE void tile_slice(
    const int P, const int V, const convolve_pass *pass, const tile_places *at, size_t output, SUM *kept, size_t offset,
    size_t units, const WEIGHT *w, int is_last) {
    tile_sums sums;
    UNROLL for (int p = 0; p < P; p++) {
        UNROLL for (int v = 0; v < V; v++) sums[p][v] = vector_load(kept + LANES * (TILE_VECTORS * p + v));
    }
    tile_add(P, V, sums, at->in, offset, units, w, SLICE_UNITS * LANES * (size_t)V);
    if (is_last) {
        tile_finish(P, V, sums, at, pass, output);
    } else {
        UNROLL for (int p = 0; p < P; p++) {
            UNROLL for (int v = 0; v < V; v++) vector_store(kept + LANES * (TILE_VECTORS * p + v), sums[p][v]);
        }
    }
}

// Calls CALL(P, V) with the tile's sizes as constants.
#define CONVOLVE_PIXELS(pixels, V, CALL)                                                                               \
    switch (pixels) {                                                                                                  \
    case 1: CALL(1, V); break;                                                                                         \
    case 2: CALL(2, V); break;                                                                                         \
    case 3: CALL(3, V); break;                                                                                         \
    case 4: CALL(4, V); break;                                                                                         \
    CONVOLVE_MORE_PIXELS(V, CALL)                                                                                      \
    }
#if TILE_PIXELS == 4
#define CONVOLVE_MORE_PIXELS(V, CALL)
#elif TILE_PIXELS == 6
#define CONVOLVE_MORE_PIXELS(V, CALL)                                                                                  \
    case 5: CALL(5, V); break;                                                                                         \
    case 6: CALL(6, V); break;
#elif TILE_PIXELS == 12
#define CONVOLVE_MORE_PIXELS(V, CALL)                                                                                  \
    case 5: CALL(5, V); break;                                                                                         \
    case 6: CALL(6, V); break;                                                                                         \
    case 7: CALL(7, V); break;                                                                                         \
    case 8: CALL(8, V); break;                                                                                         \
    case 9: CALL(9, V); break;                                                                                         \
    case 10: CALL(10, V); break;                                                                                       \
    case 11: CALL(11, V); break;                                                                                       \
    case 12: CALL(12, V); break;
#endif
#define CONVOLVE_TILES(pixels, vectors, CALL)                                                                          \
    if ((vectors) == TILE_VECTORS) {                                                                                   \
        CONVOLVE_PIXELS(pixels, TILE_VECTORS, CALL)                                                                    \
    } else {                                                                                                           \
        CONVOLVE_PIXELS(pixels, TILE_VECTORS / 2, CALL)                                                                \
    }

static inline void tile_locate(tile_places *at, const convolve_pass *pass, size_t first, size_t count, size_t output) {
    const size_t area = pass->height * pass->width;
    size_t map = first / area, y = first % area / pass->width, x = first % pass->width;
    for (size_t p = 0; p < count; p++) {
        at->in[p] = (const UNIT *)pass->in + map * pass->share.in_map + y * pass->in_row + x * pass->in_pixel;
        const size_t place = map * pass->share.out_map + y * pass->out_row + x * pass->out_pixel + output;
        at->out[p] = (char *)pass->out + place * pass->out_size;
        if (++x < pass->width) continue;
        x = 0;
        if (++y < pass->height) continue;
        y = 0;
        map++;
    }
}

static inline size_t tile_count(size_t pixels) { return (pixels + TILE_PIXELS - 1) / TILE_PIXELS; }

// One block of outputs whose weights stay in the cache: tile by tile.
static inline void convolve_resident(const convolve_pass *pass, size_t output, int vectors, const WEIGHT *w) {
    const size_t start = pass->share.first_pixel, pixels = pass->share.end_pixel - start, tiles = tile_count(pixels);
    for (size_t tile = 0; tile < tiles; tile++) {
        const size_t first = pixels * tile / tiles, count = pixels * (tile + 1) / tiles - first;
        tile_places at;
        tile_locate(&at, pass, start + first, count, output);
#define CALL(P, V) tile_whole(P, V, pass, &at, output, w)
        CONVOLVE_TILES((int)count, vectors, CALL)
#undef CALL
    }
}

// One block of outputs whose weights are streamed: slice by slice over a panel of pixels.
static inline void convolve_streamed(const convolve_pass *pass, size_t output, int vectors, const WEIGHT *w) {
    const size_t end = pass->share.end_pixel;
    for (size_t start = pass->share.first_pixel; start < end; start += PANEL_PIXELS) {
        const size_t here = end - start < PANEL_PIXELS ? end - start : PANEL_PIXELS, tiles = tile_count(here);
        __attribute__((aligned(64))) SUM sums[PANEL_PIXELS][TILE_VECTORS * LANES];
        tile_places at[PANEL_PIXELS / (TILE_PIXELS / 2) + 1];
        for (size_t p = 0; p < here; p++)
            for (int v = 0; v < vectors; v++)
                vector_store(sums[p] + LANES * v, vector_load((const SUM *)pass->first_sums + output + LANES * v));
        for (size_t tile = 0; tile < tiles; tile++) {
            const size_t first = here * tile / tiles;
            tile_locate(&at[tile], pass, start + first, here * (tile + 1) / tiles - first, output);
        }
        const WEIGHT *slice = w;
        for (size_t t = 0; t < pass->tap_count; t++)
            for (size_t c = 0; c < pass->in_units; c += SLICE_UNITS) {
                const size_t units = pass->in_units - c < SLICE_UNITS ? pass->in_units - c : SLICE_UNITS;
                const int is_last = t + 1 == pass->tap_count && c + units == pass->in_units;
                for (size_t tile = 0; tile < tiles; tile++) {
                    const size_t first = here * tile / tiles, count = here * (tile + 1) / tiles - first;
#define CALL(P, V)                                                                                                     \
    tile_slice(P, V, pass, &at[tile], output, sums[first], pass->taps[t] + c, units, slice, is_last)
                    CONVOLVE_TILES((int)count, vectors, CALL)
#undef CALL
                }
                slice += units * LANES * (size_t)vectors;
            }
    }
}

static inline void convolve_vectors(const convolve_pass *pass) {
    const size_t each = pass->tap_count * pass->in_units;
    const WEIGHT *w = (const WEIGHT *)pass->weights + each * pass->share.first_output;
    for (size_t output = pass->share.first_output; output < pass->share.end_output; output += TILE_VECTORS * LANES) {
        const int vectors = pass->out_channels - output < TILE_VECTORS * LANES ? TILE_VECTORS / 2 : TILE_VECTORS;
        const size_t count = each * LANES * (size_t)vectors;
        if (count * sizeof(WEIGHT) <= RESIDENT_BYTES)
            convolve_resident(pass, output, vectors, w);
        else
            convolve_streamed(pass, output, vectors, w);
        w += count;
    }
}
