#pragma once

#include "math_avx2.h"

// Fully connected layers; ZANZO_HALF_WEIGHTS, defined before, for weights of 16 bits.

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

enum { BLOCK = ZANZO_LINEAR_BLOCK };
#if defined(ZANZO_HALF_WEIGHTS)
#define WEIGHT uint16_t
static inline __m256 vector_weights(const uint16_t *w) { return _mm256_cvtph_ps(_mm_load_si128((const __m128i *)w)); }
#else
#define WEIGHT float
#define vector_weights _mm256_load_ps
#endif

// 32 outputs are 4 registers of sums, twice: even and odd inputs apart, so that 8 multiply-adds are under way at once.
static inline void multiply(float *out, const float *in, const zanzo_linear_layer *l) {
    const WEIGHT *w = l->weights;
    const float *bias = l->bias;
    for (size_t run = 0; run < l->runs; run++)
        for (size_t first = 0; first < l->columns; first += BLOCK, bias += BLOCK) {
            __m256 even[4], odd[4];
            for (int v = 0; v < 4; v++) {
                even[v] = _mm256_load_ps(bias + 8 * v);
                odd[v] = _mm256_setzero_ps();
            }
            size_t i = 0;
            for (; i + 2 <= l->inputs; i += 2, w += 2 * BLOCK) {
                const __m256 a = _mm256_broadcast_ss(in + i), b = _mm256_broadcast_ss(in + i + 1);
                for (int v = 0; v < 4; v++) even[v] = _mm256_fmadd_ps(a, vector_weights(w + 8 * v), even[v]);
                for (int v = 0; v < 4; v++) odd[v] = _mm256_fmadd_ps(b, vector_weights(w + BLOCK + 8 * v), odd[v]);
            }
            if (i < l->inputs) {
                const __m256 a = _mm256_broadcast_ss(in + i);
                for (int v = 0; v < 4; v++) even[v] = _mm256_fmadd_ps(a, vector_weights(w + 8 * v), even[v]);
                w += BLOCK;
            }
            float *to = out + run * l->out_stride + first;
            const size_t count = l->columns - first;
            for (size_t v = 0; v < 4 && 8 * v < count; v++)
                _mm256_maskstore_ps(to + 8 * v, first_lanes(count - 8 * v), _mm256_add_ps(even[v], odd[v]));
        }
}

#pragma clang attribute pop
