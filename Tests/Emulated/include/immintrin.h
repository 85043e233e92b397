#pragma once

// Stands before the compiler's own header where kernels are compiled for this check: AVX-512 and VNNI out of plain C and
// AVX2, by SIMDe. What SIMDe does not know, or knows with another name, follows from Intel's manual, lane by lane.

#include_next <immintrin.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

// VPDPBUSD: four products of unsigned by signed bytes added to each lane, exactly.
static inline __m512i emulated_dpbusd512(__m512i sums, __m512i x, __m512i w) {
    int32_t lanes[16];
    uint8_t bytes[64];
    int8_t weights[64];
    _mm512_storeu_si512(lanes, sums);
    _mm512_storeu_si512(bytes, x);
    _mm512_storeu_si512(weights, w);
    for (int i = 0; i < 64; i++) lanes[i / 4] += bytes[i] * weights[i];
    return _mm512_loadu_si512(lanes);
}
#undef _mm512_dpbusd_epi32
#define _mm512_dpbusd_epi32 emulated_dpbusd512

static inline __m256i emulated_dpbusd256(__m256i sums, __m256i x, __m256i w) {
    int32_t lanes[8];
    uint8_t bytes[32];
    int8_t weights[32];
    _mm256_storeu_si256((__m256i *)lanes, sums);
    _mm256_storeu_si256((__m256i *)bytes, x);
    _mm256_storeu_si256((__m256i *)weights, w);
    for (int i = 0; i < 32; i++) lanes[i / 4] += bytes[i] * weights[i];
    return _mm256_loadu_si256((const __m256i *)lanes);
}
#undef _mm256_dpbusd_avx_epi32
#define _mm256_dpbusd_avx_epi32 emulated_dpbusd256

static inline __m512 emulated_cvtph512(__m256i halves) {
    float lanes[16];
    _mm256_storeu_ps(lanes, _mm256_cvtph_ps(_mm256_castsi256_si128(halves)));
    _mm256_storeu_ps(lanes + 8, _mm256_cvtph_ps(_mm256_extracti128_si256(halves, 1)));
    return _mm512_loadu_ps(lanes);
}
#undef _mm512_cvtph_ps
#define _mm512_cvtph_ps emulated_cvtph512

static inline __m256 emulated_extract256(__m512 x, int half) {
    float lanes[16];
    _mm512_storeu_ps(lanes, x);
    return _mm256_loadu_ps(lanes + 8 * half);
}
#undef _mm512_extractf32x8_ps
#define _mm512_extractf32x8_ps emulated_extract256

// As the processor is set, to the nearest, halves to even.
static inline __m512i emulated_cvtps512(__m512 x) {
    float lanes[16];
    int32_t nearest[16];
    _mm512_storeu_ps(lanes, x);
    for (int i = 0; i < 16; i += 8)
        _mm256_storeu_si256((__m256i *)(nearest + i), _mm256_cvtps_epi32(_mm256_loadu_ps(lanes + i)));
    return _mm512_loadu_si512(nearest);
}
#undef _mm512_cvtps_epi32
#define _mm512_cvtps_epi32 emulated_cvtps512

static inline __m512 emulated_cvtepi512(__m512i x) {
    int32_t lanes[16];
    float floats[16];
    _mm512_storeu_si512(lanes, x);
    for (int i = 0; i < 16; i++) floats[i] = (float)lanes[i];
    return _mm512_loadu_ps(floats);
}
#undef _mm512_cvtepi32_ps
#define _mm512_cvtepi32_ps emulated_cvtepi512

static inline __m128i emulated_cvtus512(__m512i x) {
    uint32_t lanes[16];
    uint8_t bytes[16];
    _mm512_storeu_si512(lanes, x);
    for (int i = 0; i < 16; i++) bytes[i] = lanes[i] < 255 ? (uint8_t)lanes[i] : 255;
    return _mm_loadu_si128((const __m128i *)bytes);
}
#undef _mm512_cvtusepi32_epi8
#define _mm512_cvtusepi32_epi8 emulated_cvtus512

static inline void emulated_mask_storeu512(float *to, unsigned mask, __m512 x) {
    float lanes[16];
    _mm512_storeu_ps(lanes, x);
    for (int i = 0; i < 16; i++)
        if (mask >> i & 1) to[i] = lanes[i];
}
#undef _mm512_mask_storeu_ps
#define _mm512_mask_storeu_ps(to, mask, x) emulated_mask_storeu512(to, mask, x)

// Its alias in SIMDe 0.7.4 asks for a mask.
#undef _mm512_madd_epi16
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)

// Kernels ask for instruction sets that this CPU need not have.
#define target(sets) annotate("emulated")
