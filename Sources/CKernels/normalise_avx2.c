#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

void zanzo_normalise_avx2(float *out, const uint8_t *luma, size_t height, size_t width, size_t out_row) {
    const __m256 half = _mm256_set1_ps(127.5f), one = _mm256_set1_ps(1.0f);
    for (size_t y = 0; y < height; y++, luma += width, out += out_row) {
        size_t x = 0;
        for (; x + 8 <= width; x += 8) {
            const __m256 v = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(luma + x))));
            _mm256_storeu_ps(out + x, _mm256_sub_ps(_mm256_div_ps(v, half), one));
        }
        for (; x < width; x++) out[x] = (float)luma[x] / 127.5f - 1;
    }
}

#pragma clang attribute pop
#endif
