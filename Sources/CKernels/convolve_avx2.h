#pragma once

#include "math_avx2.h"

// Float convolutions in AVX2; ZANZO_HALF_WEIGHTS, defined before, for weights of 16 bits (F16C turns them into floats).

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define UNIT float
#define SUM float
#define VECTOR __m256
#define LAYER zanzo_convolution
#define vector_load _mm256_load_ps
#define vector_store _mm256_store_ps
#define vector_broadcast _mm256_broadcast_ss
#define vector_add_product _mm256_fmadd_ps
#if defined(ZANZO_HALF_WEIGHTS)
#define WEIGHT uint16_t
static inline __m256 vector_weights(const uint16_t *w) { return _mm256_cvtph_ps(_mm_load_si128((const __m128i *)w)); }
#else
#define WEIGHT float
#define vector_weights _mm256_load_ps
#endif

static inline void finish(char *out, int v, __m256 sums, const zanzo_convolution *l, size_t output) {
    (void)output;
    if (l->activation == ZANZO_RELU) sums = _mm256_max_ps(sums, _mm256_setzero_ps());
    if (l->byte_scale > 0)
        store_bytes_avx2((uint8_t *)out + 8 * v, nearest_avx2(_mm256_mul_ps(sums, _mm256_set1_ps(l->byte_scale))));
    else
        _mm256_store_ps((float *)out + 8 * v, sums);
}

// A tile is up to 6 pixels by 16 outputs: 12 registers of sums, 2 of weights, 1 for the pixel's channel, which leaves
// one. Each channel of a tap costs 2 loads of weights, 6 broadcasts and 12 multiply-adds: bound by the last.
enum { LANES = 8, TILE_VECTORS = 2 };
#define TILE_PIXELS 6

// Where the weights of a block do not stay in the first-level cache over a tile, they are taken tap by tap and in
// slices of SLICE_UNITS (16 KiB) for a panel of pixels, whose sums wait on the stack. So weights come from memory
// once a panel, and all pixels of the deep layers are one panel.
enum { SLICE_UNITS = 256, PANEL_PIXELS = 96, RESIDENT_BYTES = 40 * 1024 };

#include "convolve_vectors.h"

#pragma clang attribute pop
