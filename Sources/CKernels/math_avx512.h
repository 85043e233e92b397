#pragma once

#include "math_avx2.h"

// What cpu.c asks for before it says that a CPU has AVX-512.
#define ZANZO_AVX512 "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"

#pragma clang attribute push(__attribute__((target(ZANZO_AVX512))), apply_to = function)

// The first `count` of sixteen lanes, for masked loads and stores of a tail.
static inline __mmask16 first_lanes_avx512(size_t count) { return count < 16 ? (__mmask16)((1u << count) - 1) : 0xffff; }

// As nearest_avx2.
static inline __m512i nearest_avx512(__m512 x) { return _mm512_cvtps_epi32(_mm512_min_ps(x, _mm512_set1_ps(255.0f))); }

// Sixteen integers as bytes, those below 0 as 0 and those above 255 as 255.
static inline void store_bytes_avx512(uint8_t *out, __m512i x) {
    _mm_storeu_si128((__m128i *)out, _mm512_cvtusepi32_epi8(_mm512_max_epi32(x, _mm512_setzero_si512())));
}

#pragma clang attribute pop
