#include "kernels.h"

#if defined(__x86_64__)
#include "math_avx2.h"

#include <math.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

void zanzo_quantise_avx2(uint8_t *out, const float *in, size_t count, float scale, int zero_point) {
    const __m256 factor = _mm256_set1_ps(scale);
    const __m256i zero = _mm256_set1_epi32(zero_point);
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        store_bytes_avx2(
            out + i, _mm256_add_epi32(nearest_avx2(_mm256_mul_ps(_mm256_loadu_ps(in + i), factor)), zero));
    for (; i < count; i++) {
        const float x = nearbyintf(in[i] * scale) + (float)zero_point;
        out[i] = x > 0 ? x < 255 ? (uint8_t)x : 255 : 0;
    }
}

#pragma clang attribute pop
#endif
