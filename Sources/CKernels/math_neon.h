#pragma once

#include "kernels.h"

#include <arm_neon.h>
#include <string.h>

#define UNROLL _Pragma("clang loop unroll(full)")

// e^x by Cody and Waite's reduction and a polynomial (Cephes, expf): 2 ulp; saturates below -87 and above 88.
static inline float32x4_t exp_neon(float32x4_t x) {
    x = vminnmq_f32(vmaxnmq_f32(x, vdupq_n_f32(-87.0f)), vdupq_n_f32(88.0f));
    const float32x4_t n = vrndnq_f32(vmulq_n_f32(x, 1.44269504088896341f));
    float32x4_t r = vfmsq_n_f32(x, n, 0.693359375f);
    r = vfmsq_n_f32(r, n, -2.12194440e-4f);
    float32x4_t p = vdupq_n_f32(1.9875691500e-4f);
    p = vfmaq_f32(vdupq_n_f32(1.3981999507e-3f), p, r);
    p = vfmaq_f32(vdupq_n_f32(8.3334519073e-3f), p, r);
    p = vfmaq_f32(vdupq_n_f32(4.1665795894e-2f), p, r);
    p = vfmaq_f32(vdupq_n_f32(1.6666665459e-1f), p, r);
    p = vfmaq_f32(vdupq_n_f32(5.0000001201e-1f), p, r);
    p = vaddq_f32(vfmaq_f32(r, p, vmulq_f32(r, r)), vdupq_n_f32(1.0f));
    const int32x4_t power = vshlq_n_s32(vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127)), 23);
    return vmulq_f32(p, vreinterpretq_f32_s32(power));
}

static inline float32x4_t sigmoid_neon(float32x4_t x) {
    const float32x4_t one = vdupq_n_f32(1.0f);
    return vdivq_f32(one, vaddq_f32(one, exp_neon(vnegq_f32(x))));
}

// tanh: an odd polynomial near zero (Cephes, tanhf), 1 - 2 / (e^2|x| + 1) elsewhere.
static inline float32x4_t tanh_neon(float32x4_t x) {
    const float32x4_t a = vabsq_f32(x), s = vmulq_f32(x, x), one = vdupq_n_f32(1.0f);
    float32x4_t p = vdupq_n_f32(-5.70498872745e-3f);
    p = vfmaq_f32(vdupq_n_f32(2.06390887954e-2f), p, s);
    p = vfmaq_f32(vdupq_n_f32(-5.37397155531e-2f), p, s);
    p = vfmaq_f32(vdupq_n_f32(1.33314422036e-1f), p, s);
    p = vfmaq_f32(vdupq_n_f32(-3.33332819422e-1f), p, s);
    const float32x4_t small = vfmaq_f32(x, vmulq_f32(p, s), x);
    const float32x4_t e = exp_neon(vaddq_f32(a, a));
    const float32x4_t large = vsubq_f32(one, vdivq_f32(vdupq_n_f32(2.0f), vaddq_f32(e, one)));
    const float32x4_t signed_large = vbslq_f32(vdupq_n_u32(0x80000000), x, large);
    return vbslq_f32(vcltq_f32(a, vdupq_n_f32(0.625f)), small, signed_large);
}

// As the plain C kernels do, what is not a number becomes 0.
static inline float32x4_t rectified_neon(float32x4_t x) { return vmaxnmq_f32(x, vdupq_n_f32(0)); }

static inline float32x4_t activated_neon(float32x4_t x, zanzo_activation activation) {
    switch (activation) {
    case ZANZO_RELU: return rectified_neon(x);
    case ZANZO_TANH: return tanh_neon(x);
    default: return x;
    }
}

// Four integers as bytes, those below 0 as 0 and those above 255 as 255.
static inline void store_bytes_neon(uint8_t *out, int32x4_t x) {
    const int16x4_t words = vqmovn_s32(x);
    const uint8x8_t bytes = vqmovun_s16(vcombine_s16(words, words));
    memcpy(out, &bytes, 4);
}

// The first `count` of four lanes, for a tail: nothing past them is read (they are zero then) or written.
static inline float32x4_t load_first_neon(const float *from, size_t count) {
    if (count >= 4) return vld1q_f32(from);
    float lanes[4] = {0};
    for (size_t i = 0; i < count; i++) lanes[i] = from[i];
    return vld1q_f32(lanes);
}

static inline void store_first_neon(float *to, float32x4_t x, size_t count) {
    if (count >= 4) {
        vst1q_f32(to, x);
        return;
    }
    float lanes[4];
    vst1q_f32(lanes, x);
    for (size_t i = 0; i < count; i++) to[i] = lanes[i];
}
