#pragma once

#include "math_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// Bias, activation, and the n pixels of output o to their places.
static inline void store_pixels(float *to, __m256 sums, size_t o, const zanzo_convolution *l, size_t n) {
    sums = activated_avx2(_mm256_add_ps(sums, _mm256_set1_ps(l->bias[o])), l->activation);
    if (l->out_pixel == 1) {
        _mm256_maskstore_ps(to, first_lanes(n), sums);
    } else {
        float lanes[8];
        _mm256_storeu_ps(lanes, sums);
        for (size_t p = 0; p < n; p++) to[p * l->out_pixel] = lanes[p];
    }
}

#pragma clang attribute pop
