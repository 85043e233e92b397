#pragma once

#include "convolve_pass.h"

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// A tile is up to 6 pixels by 16 outputs: 12 registers of sums, 2 of weights, 1 for the pixel's channel, which leaves
// one. Each channel of a tap costs 2 loads of weights, 6 broadcasts and 12 multiply-adds: bound by the last.
enum { TILE_PIXELS = 6 };

// Where the weights of a block do not stay in the first-level cache over a tile, they are taken tap by tap and in
// slices of SLICE_CHANNELS (16 KiB) for a panel of pixels, whose sums wait on the stack. So weights come from memory
// once a panel, and all pixels of the deep layers are one panel.
enum { SLICE_CHANNELS = 256, PANEL_PIXELS = 96, RESIDENT_BYTES = 40 * 1024 };

#define CONVOLVE_INLINE static inline __attribute__((always_inline))
#define CONVOLVE_UNROLL _Pragma("clang loop unroll(full)")

typedef __m256 tile_sums[TILE_PIXELS][2];

// sums[p] += in[p][c] * w[c] over `channels` channels; V vectors of outputs (1 or 2).
CONVOLVE_INLINE void tile_add(
    const int P, const int V, tile_sums sums, const float *const *pixels, size_t offset, size_t channels,
    const float *w, const size_t ahead) {
    const float *in[TILE_PIXELS];
    CONVOLVE_UNROLL for (int p = 0; p < P; p++) in[p] = pixels[p] + offset;
    for (size_t c = 0; c < channels; c++, w += 8 * V) {
        if (ahead > 0) _mm_prefetch((const char *)(w + ahead), _MM_HINT_T1);
        const __m256 w0 = _mm256_load_ps(w), w1 = V > 1 ? _mm256_load_ps(w + 8) : w0;
        CONVOLVE_UNROLL for (int p = 0; p < P; p++) {
            const __m256 x = _mm256_broadcast_ss(in[p] + c);
            sums[p][0] = _mm256_fmadd_ps(x, w0, sums[p][0]);
            if (V > 1) sums[p][1] = _mm256_fmadd_ps(x, w1, sums[p][1]);
        }
    }
}

CONVOLVE_INLINE void tile_store(const int P, const int V, tile_sums sums, float *const *out, int relu) {
    CONVOLVE_UNROLL for (int p = 0; p < P; p++) {
        CONVOLVE_UNROLL for (int v = 0; v < V; v++) {
            const __m256 x = sums[p][v];
            _mm256_store_ps(out[p] + 8 * v, relu ? _mm256_max_ps(x, _mm256_setzero_ps()) : x);
        }
    }
}

// A tile from bias to output, all taps at once.
CONVOLVE_INLINE void tile_whole(
    const int P, const int V, const convolve_pass *pass, const float *const *pixels, float *const *out,
    const float *bias, const float *w) {
    const size_t channels = pass->layer->in_channels;
    tile_sums sums;
    CONVOLVE_UNROLL for (int p = 0; p < P; p++) {
        sums[p][0] = _mm256_load_ps(bias);
        if (V > 1) sums[p][1] = _mm256_load_ps(bias + 8);
    }
    for (size_t t = 0; t < pass->tap_count; t++, w += channels * 8 * (size_t)V)
        tile_add(P, V, sums, pixels, pass->taps[t], channels, w, 0);
    tile_store(P, V, sums, out, pass->layer->activation == ZANZO_RELU);
}

// A slice of a tile: sums come from the stack and go back there, or to the output with the last slice.
CONVOLVE_INLINE void tile_slice(
    const int P, const int V, const float *const *pixels, float *const *out, float *kept, size_t offset,
    size_t channels, const float *w, int last, int relu) {
    tile_sums sums;
    CONVOLVE_UNROLL for (int p = 0; p < P; p++) {
        CONVOLVE_UNROLL for (int v = 0; v < V; v++) sums[p][v] = _mm256_load_ps(kept + 16 * p + 8 * v);
    }
    tile_add(P, V, sums, pixels, offset, channels, w, SLICE_CHANNELS * 8 * (size_t)V);
    if (last) {
        tile_store(P, V, sums, out, relu);
    } else {
        CONVOLVE_UNROLL for (int p = 0; p < P; p++) {
            CONVOLVE_UNROLL for (int v = 0; v < V; v++) _mm256_store_ps(kept + 16 * p + 8 * v, sums[p][v]);
        }
    }
}

// Calls CALL(P, V) with the tile's sizes as constants.
#define CONVOLVE_TILES(pixels, vectors, CALL)                                                                          \
    switch ((pixels) * 2 + (vectors)-1) {                                                                              \
    case 2: CALL(1, 1); break;                                                                                         \
    case 3: CALL(1, 2); break;                                                                                         \
    case 4: CALL(2, 1); break;                                                                                         \
    case 5: CALL(2, 2); break;                                                                                         \
    case 6: CALL(3, 1); break;                                                                                         \
    case 7: CALL(3, 2); break;                                                                                         \
    case 8: CALL(4, 1); break;                                                                                         \
    case 9: CALL(4, 2); break;                                                                                         \
    case 10: CALL(5, 1); break;                                                                                        \
    case 11: CALL(5, 2); break;                                                                                        \
    case 12: CALL(6, 1); break;                                                                                        \
    case 13: CALL(6, 2); break;                                                                                        \
    }

// Where a tile's pixels lie; tiles of `count` pixels are as even as can be (16 pixels: 6 + 5 + 5), so that none is
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
        __attribute__((aligned(32))) float sums[PANEL_PIXELS][16];
        tile_places at[PANEL_PIXELS / 5 + 1];
        for (size_t p = 0; p < here; p++)
            for (int v = 0; v < vectors; v++) _mm256_store_ps(sums[p] + 8 * v, _mm256_load_ps(l->bias + output + 8 * v));
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
                slice += channels * 8 * (size_t)vectors;
            }
    }
}

static inline void convolve_avx2(const convolve_pass *pass) {
    const zanzo_convolution *l = pass->layer;
    const float *w = pass->weights;
    for (size_t output = 0; output < l->out_channels; output += ZANZO_BLOCK) {
        const int vectors = l->out_channels - output < ZANZO_BLOCK ? 1 : 2;
        const size_t count = pass->tap_count * l->in_channels * 8 * (size_t)vectors;
        if (count * sizeof(float) <= RESIDENT_BYTES)
            convolve_resident(pass, output, vectors, w);
        else
            convolve_streamed(pass, output, vectors, w);
        w += count;
    }
}

#pragma clang attribute pop
