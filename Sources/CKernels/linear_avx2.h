#pragma once

#include "math_avx2.h"

// Fully connected layers; ZANZO_HALF_WEIGHTS, defined before, for weights of 16 bits.

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define VECTOR __m256
#define vector_load _mm256_load_ps
#define vector_zero _mm256_setzero_ps
#define vector_set _mm256_set1_ps
#define vector_fma _mm256_fmadd_ps
#define vector_sum _mm256_add_ps
#define vector_store_first(to, x, count) _mm256_maskstore_ps(to, first_lanes(count), x)
enum { LANES = 8, BLOCK = ZANZO_LINEAR_BLOCK };
#if defined(ZANZO_HALF_WEIGHTS)
#define WEIGHT uint16_t
static inline __m256 vector_weights(const uint16_t *w) { return _mm256_cvtph_ps(_mm_load_si128((const __m128i *)w)); }
#else
#define WEIGHT float
#define vector_weights _mm256_load_ps
#endif

#include "linear_vectors.h"

#pragma clang attribute pop
