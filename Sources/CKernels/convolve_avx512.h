#pragma once

#include "math_avx512.h"

// Float convolutions in AVX-512; ZANZO_HALF_WEIGHTS, defined before, for weights of 16 bits.

#pragma clang attribute push(__attribute__((target(ZANZO_AVX512))), apply_to = function)

#define UNIT float
#define SUM float
#define VECTOR __m512
#define LAYER zanzo_convolution
#define vector_load _mm512_load_ps
#define vector_store _mm512_store_ps
static inline __m512 vector_broadcast(const float *x) { return _mm512_set1_ps(*x); }
#define vector_add_product _mm512_fmadd_ps
#if defined(ZANZO_HALF_WEIGHTS)
#define WEIGHT uint16_t
static inline __m512 vector_weights(const uint16_t *w) { return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)w)); }
#else
#define WEIGHT float
#define vector_weights _mm512_load_ps
#endif

static inline void finish(char *out, int v, __m512 sums, const zanzo_convolution *l, size_t output) {
    (void)output;
    if (l->activation == ZANZO_RELU) sums = _mm512_max_ps(sums, _mm512_setzero_ps());
    if (l->byte_scale > 0)
        store_bytes_avx512((uint8_t *)out + 16 * v, nearest_avx512(_mm512_mul_ps(sums, _mm512_set1_ps(l->byte_scale))));
    else
        _mm512_store_ps((float *)out + 16 * v, sums);
}

// A tile is up to 12 pixels by 32 outputs: 24 of the 32 registers hold sums. Each channel of a tap costs 2 loads of
// weights, 12 broadcasts and 24 multiply-adds: bound by the last on cores that load twice a cycle.
enum { LANES = 16, TILE_VECTORS = 2 };
#define TILE_PIXELS 12

// As in convolve_avx2.h; a slice is 16 KiB of floats.
enum { SLICE_UNITS = 128, PANEL_PIXELS = 96, RESIDENT_BYTES = 40 * 1024 };

#include "convolve_vectors.h"

#pragma clang attribute pop
