#pragma once

#include "math_avx512.h"

// Fully connected layers; ZANZO_HALF_WEIGHTS, defined before, for weights of 16 bits.

#pragma clang attribute push(__attribute__((target(ZANZO_AVX512))), apply_to = function)

#define VECTOR __m512
#define vector_load _mm512_load_ps
#define vector_zero _mm512_setzero_ps
#define vector_set _mm512_set1_ps
#define vector_fma _mm512_fmadd_ps
#define vector_sum _mm512_add_ps
#define vector_store_first(to, x, count) _mm512_mask_storeu_ps(to, first_lanes_avx512(count), x)
enum { LANES = 16, BLOCK = ZANZO_LINEAR_BLOCK_AVX512 };
#if defined(ZANZO_HALF_WEIGHTS)
#define WEIGHT uint16_t
static inline __m512 vector_weights(const uint16_t *w) { return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)w)); }
#else
#define WEIGHT float
#define vector_weights _mm512_load_ps
#endif

#include "linear_vectors.h"

#pragma clang attribute pop
