#pragma once

#include "math_avx512.h"

// Convolutions of bytes in AVX-512; ZANZO_VNNI, defined before, for CPUs that have VNNI. Tiles as in convolve_avx512.h.

#if defined(ZANZO_VNNI)
#define ZANZO_TARGET ZANZO_AVX512 ",avx512vnni"
#else
#define ZANZO_TARGET ZANZO_AVX512
#endif

#pragma clang attribute push(__attribute__((target(ZANZO_TARGET))), apply_to = function)

#define UNIT int32_t
#define WEIGHT int32_t
#define SUM int32_t
#define VECTOR __m512i
#define LAYER zanzo_convolution8
static inline __m512i vector_load(const int32_t *x) { return _mm512_load_si512((const __m512i *)x); }
static inline void vector_store(int32_t *x, __m512i v) { _mm512_store_si512((__m512i *)x, v); }
#define vector_weights vector_load
static inline __m512i vector_broadcast(const int32_t *x) { return _mm512_set1_epi32(*x); }
#if defined(ZANZO_VNNI)
#define vector_add_product(x, w, sums) _mm512_dpbusd_epi32(sums, x, w)
#else
#define VECTOR_GROUP ZANZO_BYTE_GROUP
#define vector_pairs(x, w) _mm512_maddubs_epi16(x, w)
#define vector_sum_of_pairs(a, b) _mm512_add_epi16(a, b)
#define vector_add_pairs(pairs, sums) _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)))
#endif

static inline void finish(char *out, int v, __m512i sums, const zanzo_convolution8 *l, size_t output) {
    const size_t first = output + 16 * (size_t)v;
    const __m512 x = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), _mm512_load_ps(l->scale + first), _mm512_load_ps(l->bias + first));
    if (l->is_float)
        _mm512_store_ps((float *)out + 16 * v, _mm512_max_ps(x, _mm512_setzero_ps()));
    else
        store_bytes_avx512((uint8_t *)out + 16 * v, nearest_avx512(x));
}

enum { LANES = 16, TILE_VECTORS = 2 };
#define TILE_PIXELS 12
enum { SLICE_UNITS = 128, PANEL_PIXELS = 96, RESIDENT_BYTES = 40 * 1024 };

#include "convolve_vectors.h"

#pragma clang attribute pop
