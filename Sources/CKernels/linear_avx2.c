#include "kernels.h"

#if defined(__x86_64__)
#include "math_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// 32 outputs are 4 registers of sums, twice: even and odd inputs apart, so that 8 multiply-adds are under way at once.
void zanzo_linear_avx2(float *out, const float *in, const zanzo_linear_layer *l) {
    const float *w = l->weights, *bias = l->bias;
    for (size_t run = 0; run < l->runs; run++)
        for (size_t first = 0; first < l->columns; first += ZANZO_LINEAR_BLOCK, bias += ZANZO_LINEAR_BLOCK) {
            __m256 even[4], odd[4];
            for (int v = 0; v < 4; v++) {
                even[v] = _mm256_load_ps(bias + 8 * v);
                odd[v] = _mm256_setzero_ps();
            }
            size_t i = 0;
            for (; i + 2 <= l->inputs; i += 2, w += 64) {
                const __m256 a = _mm256_broadcast_ss(in + i), b = _mm256_broadcast_ss(in + i + 1);
                for (int v = 0; v < 4; v++) even[v] = _mm256_fmadd_ps(a, _mm256_load_ps(w + 8 * v), even[v]);
                for (int v = 0; v < 4; v++) odd[v] = _mm256_fmadd_ps(b, _mm256_load_ps(w + 32 + 8 * v), odd[v]);
            }
            if (i < l->inputs) {
                const __m256 a = _mm256_broadcast_ss(in + i);
                for (int v = 0; v < 4; v++) even[v] = _mm256_fmadd_ps(a, _mm256_load_ps(w + 8 * v), even[v]);
                w += 32;
            }
            float *to = out + run * l->out_stride + first;
            const size_t count = l->columns - first;
            for (size_t v = 0; v < 4 && 8 * v < count; v++)
                _mm256_maskstore_ps(to + 8 * v, first_lanes(count - 8 * v), _mm256_add_ps(even[v], odd[v]));
        }
}

#pragma clang attribute pop
#endif
