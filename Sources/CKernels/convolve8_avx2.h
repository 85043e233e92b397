#pragma once

#include "math_avx2.h"

// Convolutions of bytes in AVX2: right on every such CPU, but no faster than floats.

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define UNIT int32_t
#define WEIGHT int32_t
#define SUM int32_t
#define VECTOR __m256i
#define LAYER zanzo_convolution8
static inline __m256i vector_load(const int32_t *x) { return _mm256_load_si256((const __m256i *)x); }
static inline void vector_store(int32_t *x, __m256i v) { _mm256_store_si256((__m256i *)x, v); }
#define vector_weights vector_load
static inline __m256i vector_broadcast(const int32_t *x) { return _mm256_set1_epi32(*x); }
// Exact without VNNI: even and odd bytes apart, for a sum of two products does not always fit in 16 bits.
static inline __m256i vector_add_product(__m256i x, __m256i w, __m256i sums) {
    const __m256i even = _mm256_set1_epi16(0x00ff), one = _mm256_set1_epi16(1);
    const __m256i a = _mm256_maddubs_epi16(_mm256_and_si256(x, even), w);
    const __m256i b = _mm256_maddubs_epi16(_mm256_andnot_si256(even, x), w);
    return _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_madd_epi16(a, one), _mm256_madd_epi16(b, one)));
}

static inline void finish(char *out, int v, __m256i sums, const zanzo_convolution8 *l, size_t output) {
    const size_t first = output + 8 * (size_t)v;
    const __m256 x = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), _mm256_load_ps(l->scale + first), _mm256_load_ps(l->bias + first));
    if (l->is_float)
        _mm256_store_ps((float *)out + 8 * v, _mm256_max_ps(x, _mm256_setzero_ps()));
    else
        store_bytes_avx2((uint8_t *)out + 8 * v, nearest_avx2(x));
}

enum { LANES = 8, TILE_VECTORS = 2 };
#define TILE_PIXELS 6
enum { SLICE_UNITS = 256, PANEL_PIXELS = 96, RESIDENT_BYTES = 40 * 1024 };

#include "convolve_vectors.h"

#pragma clang attribute pop
