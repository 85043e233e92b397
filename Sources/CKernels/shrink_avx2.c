#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// 16 samples of a packed row of two bytes a sample: the low byte of each pair.
static inline __m256i pairs(const uint8_t *row) {
    return _mm256_and_si256(_mm256_loadu_si256((const __m256i *)row), _mm256_set1_epi16(0x00ff));
}

void zanzo_shrink_add_row16_avx2(uint16_t *columns, const uint8_t *row, size_t count, size_t step, uint32_t weight) {
    const __m256i w = _mm256_set1_epi16((short)weight);
    size_t i = 0;
    if (step == 1) {
        for (; i + 16 <= count; i += 16) {
            __m256i sample = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(row + i)));
            __m256i *at = (__m256i *)(columns + i);
            _mm256_storeu_si256(at, _mm256_add_epi16(_mm256_loadu_si256(at), _mm256_mullo_epi16(sample, w)));
        }
    } else if (step == 2) {
        // The last sample's second byte may not be ours to read (UYVY), hence the strict comparison.
        for (; i + 16 < count; i += 16) {
            __m256i *at = (__m256i *)(columns + i);
            _mm256_storeu_si256(
                at, _mm256_add_epi16(_mm256_loadu_si256(at), _mm256_mullo_epi16(pairs(row + 2 * i), w)));
        }
    } else if (step == 4) {
        for (; i + 16 < count; i += 16) {
            __m256i a = _mm256_and_si256(
                _mm256_loadu_si256((const __m256i *)(row + 4 * i)), _mm256_set1_epi32(0x000000ff));
            __m256i b = _mm256_and_si256(
                _mm256_loadu_si256((const __m256i *)(row + 4 * i + 32)), _mm256_set1_epi32(0x000000ff));
            __m256i sample = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), 0xd8);
            __m256i *at = (__m256i *)(columns + i);
            _mm256_storeu_si256(at, _mm256_add_epi16(_mm256_loadu_si256(at), _mm256_mullo_epi16(sample, w)));
        }
    }
    for (; i < count; i++) columns[i] = (uint16_t)(columns[i] + weight * row[i * step]);
}

// Eight targets of `f` columns each (f = 2…4, t = 1): sums of f neighbours at every column, of which every f-th is kept
// by a byte shuffle, then a 16-bit division by multiplication.
static size_t few_to_one(uint8_t *target, const uint16_t *columns, const zanzo_shrink_axis *axis) {
    const size_t f = axis->f;
    const uint32_t reciprocal = (0x10000 + axis->divisor - 1) / axis->divisor;
    const uint32_t excess = reciprocal * axis->divisor - 0x10000;
    const uint64_t largest = 255ull * axis->divisor + axis->rounding;
    if (largest > 0xffff || largest * excess >= 0x10000) return 0;
    __m128i keep[4];
    for (size_t v = 0; v < f; v++) {
        uint8_t lanes[16];
        for (size_t j = 0; j < 8; j++) {
            size_t at = f * j;
            int here = at >= 8 * v && at < 8 * v + 8;
            lanes[2 * j] = here ? (uint8_t)(2 * (at - 8 * v)) : 0x80;
            lanes[2 * j + 1] = here ? (uint8_t)(2 * (at - 8 * v) + 1) : 0x80;
        }
        keep[v] = _mm_loadu_si128((const __m128i *)lanes);
    }
    const __m128i rounding = _mm_set1_epi16((short)axis->rounding), factor = _mm_set1_epi16((short)reciprocal);
    size_t i = 0;
    // The neighbours of the last column kept reach at most f - 1 columns into the next eight targets.
    for (; i + 16 <= axis->count; i += 8) {
        const uint16_t *c = columns + i * f;
        __m128i sum = rounding;
        for (size_t v = 0; v < f; v++) {
            __m128i s = _mm_loadu_si128((const __m128i *)(c + 8 * v));
            for (size_t k = 1; k < f; k++) s = _mm_add_epi16(s, _mm_loadu_si128((const __m128i *)(c + 8 * v + k)));
            sum = _mm_add_epi16(sum, _mm_shuffle_epi8(s, keep[v]));
        }
        __m128i q = _mm_mulhi_epu16(sum, factor);
        _mm_storel_epi64((__m128i *)(target + i), _mm_packus_epi16(q, q));
    }
    return i;
}

void zanzo_shrink_finish16_avx2(uint8_t *target, const uint16_t *columns, const zanzo_shrink_axis *axis) {
    size_t i = axis->t == 1 && axis->f >= 2 && axis->f <= 4 ? few_to_one(target, columns, axis) : 0;
    for (; i < axis->count; i++) {
        const zanzo_shrink_span s = axis->spans[i];
        const __m256i low = _mm256_set1_epi32(0xffff);
        __m256i sums = _mm256_setzero_si256();
        size_t x = (size_t)s.first + 1;
        for (; x + 16 <= s.last; x += 16) {
            __m256i c = _mm256_loadu_si256((const __m256i *)(columns + x));
            sums = _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_and_si256(c, low), _mm256_srli_epi32(c, 16)));
        }
        __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
        half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
        uint32_t between = (uint32_t)_mm_cvtsi128_si32(half);
        for (; x < s.last; x++) between += columns[x];
        uint64_t sum = (uint64_t)between * axis->t + (uint64_t)columns[s.first] * s.first_weight
            + (uint64_t)columns[s.last] * s.last_weight;
        target[i] = (uint8_t)(((unsigned __int128)(sum + axis->rounding) * axis->reciprocal) >> 64);
    }
}

#pragma clang attribute pop
#endif
