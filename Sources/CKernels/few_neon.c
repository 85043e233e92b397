#include "kernels.h"

#if defined(__aarch64__)
#include "math_neon.h"

// Bias, activation, and the n pixels (four at most) of output o to their places.
static inline void store_pixels(float *to, float32x4_t sums, size_t o, const zanzo_convolution *l, size_t n) {
    sums = activated_neon(vaddq_f32(sums, vdupq_n_f32(l->bias[o])), l->activation);
    if (l->out_pixel == 1) {
        store_first_neon(to, sums, n);
    } else {
        float lanes[4];
        vst1q_f32(lanes, sums);
        for (size_t p = 0; p < n && p < 4; p++) to[p * l->out_pixel] = lanes[p];
    }
}

// The four lanes' sums of four vectors, as one vector.
static inline float32x4_t sums_across(const float32x4_t *v) {
    return vpaddq_f32(vpaddq_f32(v[0], v[1]), vpaddq_f32(v[2], v[3]));
}

// Eight pixels of one output, n of them wanted: the others reread the first, so that nothing past the row is read.
static inline void few_pixels(
    float *to, const float *in, size_t o, const zanzo_convolution *l, size_t channels, size_t n) {
    const float *w = (const float *)l->weights + o * 9 * channels;
    float32x4_t sums[8];
    size_t at[8];
    UNROLL for (size_t p = 0; p < 8; p++) {
        sums[p] = vdupq_n_f32(0);
        at[p] = p < n ? p * l->in_pixel : 0;
    }
    for (size_t t = 0; t < 9; t++, w += channels) {
        const float *tap = in + t / 3 * l->in_row + t % 3 * l->in_pixel;
        for (size_t c = 0; c < channels; c += 4) {
            const float32x4_t weight = vld1q_f32(w + c);
            UNROLL for (size_t p = 0; p < 8; p++) sums[p] = vfmaq_f32(sums[p], vld1q_f32(tap + at[p] + c), weight);
        }
    }
    store_pixels(to, sums_across(sums), o, l, n);
    if (n > 4) store_pixels(to + 4 * l->out_pixel, sums_across(sums + 4), o, l, n - 4);
}

void zanzo_conv3x3_few_neon(float *out, const float *in, const zanzo_convolution *l) {
    const size_t channels = (l->in_channels + ZANZO_LANES - 1) / ZANZO_LANES * ZANZO_LANES;
    const zanzo_share *share = &l->share;
    for (size_t row = share->first_pixel / l->width; row < share->end_pixel / l->width; row++) {
        const size_t map = row / l->height, y = row % l->height;
        const float *from = in + map * share->in_map + y * l->in_row;
        float *to = out + map * share->out_map + y * l->out_row;
        for (size_t x = 0; x < l->width; x += 8) {
            const size_t n = l->width - x < 8 ? l->width - x : 8;
            for (size_t o = 0; o < l->out_channels; o++)
                few_pixels(to + x * l->out_pixel + o, from + x * l->in_pixel, o, l, channels, n);
        }
    }
}
#endif
