#include "kernels.h"

#if defined(__x86_64__)
#include "math_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

void zanzo_gru_avx2(float *h, const float *gi, const float *gh, size_t n) {
    for (size_t j = 0; j < n; j += 8) {
        const __m256i lanes = first_lanes(n - j);
#define GATE(from, gate) _mm256_maskload_ps(from + gate * n + j, lanes)
        const __m256 reset = sigmoid_avx2(_mm256_add_ps(GATE(gi, 0), GATE(gh, 0)));
        const __m256 update = sigmoid_avx2(_mm256_add_ps(GATE(gi, 1), GATE(gh, 1)));
        const __m256 fresh = tanh_avx2(_mm256_fmadd_ps(reset, GATE(gh, 2), GATE(gi, 2)));
#undef GATE
        const __m256 before = _mm256_maskload_ps(h + j, lanes);
        const __m256 kept = _mm256_mul_ps(_mm256_sub_ps(_mm256_set1_ps(1.0f), update), fresh);
        _mm256_maskstore_ps(h + j, lanes, _mm256_fmadd_ps(update, before, kept));
    }
}

#pragma clang attribute pop
#endif
