#pragma once

// The convolution's blocking, for any width of vector. A file that includes this has said before:
//   VECTOR, LANES           a vector of floats, and how many it has
//   vector_load, vector_store, vector_broadcast, vector_fma, vector_relu
//   TILE_VECTORS            vectors in a block of outputs (kernels.h: block = TILE_VECTORS * LANES)
//   TILE_PIXELS             pixels in the largest tile: TILE_PIXELS * TILE_VECTORS sums live in registers
//   SLICE_CHANNELS          channels of a tap taken at a time where weights are streamed
//   PANEL_PIXELS            pixels whose sums wait on the stack while weights are streamed
//   RESIDENT_BYTES          a block's weights up to this many are not streamed
// and has opened the region of its target attribute.

#include "convolve_pass.h"

#define CONVOLVE_INLINE static inline __attribute__((always_inline))
#define CONVOLVE_UNROLL _Pragma("clang loop unroll(full)")

typedef VECTOR tile_sums[TILE_PIXELS][TILE_VECTORS];

// sums[p] += in[p][c] * w[c] over `channels` channels, for P pixels and V vectors of outputs.
CONVOLVE_INLINE void tile_add(
    const int P, const int V, tile_sums sums, const float *const *pixels, size_t offset, size_t channels,
    const float *w, const size_t ahead) {
    const float *in[TILE_PIXELS];
    CONVOLVE_UNROLL for (int p = 0; p < P; p++) in[p] = pixels[p] + offset;
    for (size_t c = 0; c < channels; c++, w += LANES * V) {
        VECTOR weights[TILE_VECTORS];
        CONVOLVE_UNROLL for (int v = 0; v < V; v++) {
            if (ahead > 0 && (v * LANES) % 16 == 0) __builtin_prefetch(w + LANES * v + ahead, 0, 2);
            weights[v] = vector_load(w + LANES * v);
        }
        CONVOLVE_UNROLL for (int p = 0; p < P; p++) {
            const VECTOR x = vector_broadcast(in[p] + c);
            CONVOLVE_UNROLL for (int v = 0; v < V; v++) sums[p][v] = vector_fma(x, weights[v], sums[p][v]);
        }
    }
}

CONVOLVE_INLINE void tile_store(const int P, const int V, tile_sums sums, float *const *out, int relu) {
    CONVOLVE_UNROLL for (int p = 0; p < P; p++) {
        CONVOLVE_UNROLL for (int v = 0; v < V; v++)
            vector_store(out[p] + LANES * v, relu ? vector_relu(sums[p][v]) : sums[p][v]);
    }
}

// A tile from bias to output, all taps at once.
CONVOLVE_INLINE void tile_whole(
    const int P, const int V, const convolve_pass *pass, const float *const *pixels, float *const *out,
    const float *bias, const float *w) {
    const size_t channels = pass->layer->in_channels;
    tile_sums sums;
    CONVOLVE_UNROLL for (int p = 0; p < P; p++) {
        CONVOLVE_UNROLL for (int v = 0; v < V; v++) sums[p][v] = vector_load(bias + LANES * v);
    }
    for (size_t t = 0; t < pass->tap_count; t++, w += channels * LANES * (size_t)V)
        tile_add(P, V, sums, pixels, pass->taps[t], channels, w, 0);
    tile_store(P, V, sums, out, pass->layer->activation == ZANZO_RELU);
}

// A slice of a tile: sums come from the stack and go back there, or to the output with the last slice.
CONVOLVE_INLINE void tile_slice(
    const int P, const int V, const float *const *pixels, float *const *out, float *kept, size_t offset,
    size_t channels, const float *w, int last, int relu) {
    tile_sums sums;
    CONVOLVE_UNROLL for (int p = 0; p < P; p++) {
        CONVOLVE_UNROLL for (int v = 0; v < V; v++) sums[p][v] = vector_load(kept + LANES * (TILE_VECTORS * p + v));
    }
    tile_add(P, V, sums, pixels, offset, channels, w, SLICE_CHANNELS * LANES * (size_t)V);
    if (last) {
        tile_store(P, V, sums, out, relu);
    } else {
        CONVOLVE_UNROLL for (int p = 0; p < P; p++) {
            CONVOLVE_UNROLL for (int v = 0; v < V; v++) vector_store(kept + LANES * (TILE_VECTORS * p + v), sums[p][v]);
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
    case 5: CALL(5, V); break;                                                                                         \
    case 6: CALL(6, V); break;                                                                                         \
    CONVOLVE_MORE_PIXELS(V, CALL)                                                                                      \
    }
#if TILE_PIXELS == 6
#define CONVOLVE_MORE_PIXELS(V, CALL)
#elif TILE_PIXELS == 12
#define CONVOLVE_MORE_PIXELS(V, CALL)                                                                                  \
    case 7: CALL(7, V); break;                                                                                         \
    case 8: CALL(8, V); break;                                                                                         \
    case 9: CALL(9, V); break;                                                                                         \
    case 10: CALL(10, V); break;                                                                                       \
    case 11: CALL(11, V); break;                                                                                       \
    case 12: CALL(12, V); break;
#endif
#define CONVOLVE_TILES(pixels, vectors, CALL)                                                                          \
    if ((vectors) == 1) {                                                                                              \
        CONVOLVE_PIXELS(pixels, 1, CALL)                                                                               \
    } else {                                                                                                           \
        CONVOLVE_PIXELS(pixels, 2, CALL)                                                                               \
    }

// Where a tile's pixels lie; tiles of `count` pixels are as even as can be (6 at most, 16 pixels: 6 + 5 + 5), so that none is
// too small to keep both multipliers busy.
typedef struct {
    const float *in[TILE_PIXELS];
    float *out[TILE_PIXELS];
} tile_places;

static inline void tile_locate(tile_places *at, const convolve_pass *pass, size_t first, size_t count, size_t output) {
    size_t y = first / pass->layer->width, x = first % pass->layer->width;
    for (size_t p = 0; p < count; p++) {
        at->in[p] = pass->in + y * pass->in_row + x * pass->in_pixel;
        at->out[p] = pass->out + y * pass->out_row + x * pass->out_pixel + output;
        if (++x == pass->layer->width) {
            x = 0;
            y++;
        }
    }
}

static inline size_t tile_count(size_t pixels) { return (pixels + TILE_PIXELS - 1) / TILE_PIXELS; }

// One block of outputs whose weights stay in the cache: tile by tile.
static inline void convolve_resident(const convolve_pass *pass, size_t output, int vectors, const float *w) {
    const size_t pixels = pass->layer->height * pass->layer->width, tiles = tile_count(pixels);
    const float *bias = pass->layer->bias + output;
    for (size_t tile = 0; tile < tiles; tile++) {
        const size_t first = pixels * tile / tiles, count = pixels * (tile + 1) / tiles - first;
        tile_places at;
        tile_locate(&at, pass, first, count, output);
#define CALL(P, V) tile_whole(P, V, pass, at.in, at.out, bias, w)
        CONVOLVE_TILES((int)count, vectors, CALL)
#undef CALL
    }
}

// One block of outputs whose weights are streamed: slice by slice over a panel of pixels.
static inline void convolve_streamed(const convolve_pass *pass, size_t output, int vectors, const float *w) {
    const zanzo_convolution *l = pass->layer;
    const size_t pixels = l->height * l->width;
    for (size_t start = 0; start < pixels; start += PANEL_PIXELS) {
        const size_t here = pixels - start < PANEL_PIXELS ? pixels - start : PANEL_PIXELS, tiles = tile_count(here);
        __attribute__((aligned(64))) float sums[PANEL_PIXELS][TILE_VECTORS * LANES];
        tile_places at[PANEL_PIXELS / (TILE_PIXELS / 2) + 1];
        for (size_t p = 0; p < here; p++)
            for (int v = 0; v < vectors; v++) vector_store(sums[p] + LANES * v, vector_load(l->bias + output + LANES * v));
        for (size_t tile = 0; tile < tiles; tile++) {
            const size_t first = here * tile / tiles;
            tile_locate(&at[tile], pass, start + first, here * (tile + 1) / tiles - first, output);
        }
        const float *slice = w;
        for (size_t t = 0; t < pass->tap_count; t++)
            for (size_t c = 0; c < l->in_channels; c += SLICE_CHANNELS) {
                const size_t channels = l->in_channels - c < SLICE_CHANNELS ? l->in_channels - c : SLICE_CHANNELS;
                const int last = t + 1 == pass->tap_count && c + channels == l->in_channels;
                for (size_t tile = 0; tile < tiles; tile++) {
                    const size_t first = here * tile / tiles, count = here * (tile + 1) / tiles - first;
#define CALL(P, V)                                                                                                     \
    tile_slice(                                                                                                        \
        P, V, at[tile].in, at[tile].out, sums[first], pass->taps[t] + c, channels, slice, last,                        \
        l->activation == ZANZO_RELU)
                    CONVOLVE_TILES((int)count, vectors, CALL)
#undef CALL
                }
                slice += channels * LANES * (size_t)vectors;
            }
    }
}

static inline void convolve_vectors(const convolve_pass *pass) {
    const zanzo_convolution *l = pass->layer;
    const float *w = pass->weights;
    for (size_t output = 0; output < l->out_channels; output += TILE_VECTORS * LANES) {
        const int vectors = l->out_channels - output < TILE_VECTORS * LANES ? 1 : 2;
        const size_t count = pass->tap_count * l->in_channels * LANES * (size_t)vectors;
        if (count * sizeof(float) <= RESIDENT_BYTES)
            convolve_resident(pass, output, vectors, w);
        else
            convolve_streamed(pass, output, vectors, w);
        w += count;
    }
}

