#include "kernels.h"

#if defined(__aarch64__)
#include "math_neon.h"

#include <math.h>

void zanzo_quantise_neon(uint8_t *out, const float *in, size_t count, float scale, int zero_point) {
    const float32x4_t zero = vdupq_n_f32((float)zero_point);
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float32x4_t steps = vrndnq_f32(vmulq_n_f32(vld1q_f32(in + i), scale));
        store_bytes_neon(out + i, vcvtnq_s32_f32(vaddq_f32(steps, zero)));
    }
    for (; i < count; i++) {
        const float x = nearbyintf(in[i] * scale) + (float)zero_point;
        out[i] = x > 0 ? x < 255 ? (uint8_t)x : 255 : 0;
    }
}
#endif
