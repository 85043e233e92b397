#pragma once

#include "math_avx2.h"

// Convolutions of bytes in AVX2; ZANZO_VNNI, defined before, for CPUs that have VNNI in vectors of that width.

#if defined(ZANZO_VNNI)
#define ZANZO_TARGET "avx2,fma,avxvnni"
#else
#define ZANZO_TARGET "avx2,fma"
#endif

#pragma clang attribute push(__attribute__((target(ZANZO_TARGET))), apply_to = function)

#define UNIT int32_t
#define WEIGHT int32_t
#define SUM int32_t
#define VECTOR __m256i
#define LAYER zanzo_convolution8
static inline __m256i vector_load(const int32_t *x) { return _mm256_load_si256((const __m256i *)x); }
static inline void vector_store(int32_t *x, __m256i v) { _mm256_store_si256((__m256i *)x, v); }
#define vector_weights vector_load
static inline __m256i vector_broadcast(const int32_t *x) { return _mm256_set1_epi32(*x); }
#if defined(ZANZO_VNNI)
#define vector_add_product(x, w, sums) _mm256_dpbusd_avx_epi32(sums, x, w)
#else
#define VECTOR_GROUP ZANZO_BYTE_GROUP
#define vector_pairs(x, w) _mm256_maddubs_epi16(x, w)
#define vector_sum_of_pairs(a, b) _mm256_add_epi16(a, b)
#define vector_add_pairs(pairs, sums) _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
#endif

static inline void finish(char *out, int v, __m256i sums, const zanzo_convolution8 *l, size_t output) {
    const size_t first = output + 8 * (size_t)v;
    const __m256 x = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), _mm256_load_ps(l->scale + first), _mm256_load_ps(l->bias + first));
    if (l->is_float)
        _mm256_store_ps((float *)out + 8 * v, _mm256_max_ps(x, _mm256_setzero_ps()));
    else
        store_bytes_avx2((uint8_t *)out + 8 * v, nearest_avx2(x));
}

enum { LANES = 8, TILE_VECTORS = 2 };
#if defined(ZANZO_VNNI)
#define TILE_PIXELS 6
#else
// 8 registers of sums, 4 of a group's weights, 1 of ones; the others hold pixels and pairs on their way.
#define TILE_PIXELS 4
#endif
enum { SLICE_UNITS = 256, PANEL_PIXELS = 96, RESIDENT_BYTES = 40 * 1024 };

#include "convolve_vectors.h"

#pragma clang attribute pop
