#include "kernels.h"

#if defined(__x86_64__)
#include "few_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// Eight pixels of one output, n of them wanted: the others reread the first, so that nothing past the row is read.
static inline __m256 few_pixels(const float *in, size_t o, const zanzo_convolution *l, size_t channels, size_t n) {
    const float *w = (const float *)l->weights + o * 9 * channels;
    __m256 sums[8];
    size_t at[8];
    UNROLL for (size_t p = 0; p < 8; p++) {
        sums[p] = _mm256_setzero_ps();
        at[p] = p < n ? p * l->in_pixel : 0;
    }
    for (size_t t = 0; t < 9; t++, w += channels) {
        const float *tap = in + t / 3 * l->in_row + t % 3 * l->in_pixel;
        for (size_t c = 0; c < channels; c += 8) {
            const __m256 weight = _mm256_loadu_ps(w + c);
            UNROLL for (size_t p = 0; p < 8; p++) sums[p] =
                _mm256_fmadd_ps(_mm256_loadu_ps(tap + at[p] + c), weight, sums[p]);
        }
    }
    return sums_across_avx2(sums);
}

void zanzo_conv3x3_few_avx2(float *out, const float *in, const zanzo_convolution *l) {
    const size_t channels = (l->in_channels + 7) / 8 * 8;
    const zanzo_share *share = &l->share;
    for (size_t row = share->first_pixel / l->width; row < share->end_pixel / l->width; row++) {
        const size_t map = row / l->height, y = row % l->height;
        const float *from = in + map * share->in_map + y * l->in_row;
        float *to = out + map * share->out_map + y * l->out_row;
        for (size_t x = 0; x < l->width; x += 8) {
            const size_t n = l->width - x < 8 ? l->width - x : 8;
            for (size_t o = 0; o < l->out_channels; o++)
                store_pixels(to + x * l->out_pixel + o, few_pixels(from + x * l->in_pixel, o, l, channels, n), o, l, n);
        }
    }
}

#pragma clang attribute pop
#endif
