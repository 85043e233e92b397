#include "kernels.h"

#if defined(__x86_64__)
#include "math_avx512.h"

#pragma clang attribute push(__attribute__((target(ZANZO_AVX512))), apply_to = function)

// Eight pixels of one output, n of them wanted: the others reread the first, so that nothing past the row is read.
static inline __m256 few_pixels(const float *in, const float *w, const zanzo_convolution *l, size_t channels, size_t n) {
    __m512 sums[8];
    size_t at[8];
    UNROLL for (size_t p = 0; p < 8; p++) {
        sums[p] = _mm512_setzero_ps();
        at[p] = p < n ? p * l->in_pixel : 0;
    }
    for (size_t t = 0; t < 9; t++, w += channels) {
        const float *tap = in + t / 3 * l->in_row + t % 3 * l->in_pixel;
        for (size_t c = 0; c < channels; c += 16) {
            const __m512 weight = _mm512_loadu_ps(w + c);
            UNROLL for (size_t p = 0; p < 8; p++) sums[p] =
                _mm512_fmadd_ps(_mm512_loadu_ps(tap + at[p] + c), weight, sums[p]);
        }
    }
    __m256 halves[8];
    UNROLL for (size_t p = 0; p < 8; p++) halves[p] =
        _mm256_add_ps(_mm512_castps512_ps256(sums[p]), _mm512_extractf32x8_ps(sums[p], 1));
    return sums_across_avx2(halves);
}

void zanzo_conv3x3_few_avx512(float *out, const float *in, const zanzo_convolution *l) {
    const size_t channels = (l->in_channels + 15) / 16 * 16;
    for (size_t y = 0; y < l->height; y++)
        for (size_t x = 0; x < l->width; x += 8) {
            const size_t n = l->width - x < 8 ? l->width - x : 8;
            for (size_t o = 0; o < l->out_channels; o++) {
                __m256 sum = few_pixels(
                    in + y * l->in_row + x * l->in_pixel, l->weights + o * 9 * channels, l, channels, n);
                sum = activated_avx2(_mm256_add_ps(sum, _mm256_set1_ps(l->bias[o])), l->activation);
                float *to = out + y * l->out_row + x * l->out_pixel + o;
                if (l->out_pixel == 1) {
                    _mm256_maskstore_ps(to, first_lanes(n), sum);
                } else {
                    float lanes[8];
                    _mm256_storeu_ps(lanes, sum);
                    for (size_t p = 0; p < n; p++) to[p * l->out_pixel] = lanes[p];
                }
            }
        }
}

#pragma clang attribute pop
#endif
