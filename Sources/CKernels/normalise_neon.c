#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

void zanzo_normalise_neon(float *out, const uint8_t *luma, size_t height, size_t width, size_t out_row) {
    const float32x4_t half = vdupq_n_f32(127.5f), one = vdupq_n_f32(1.0f);
    for (size_t y = 0; y < height; y++, luma += width, out += out_row) {
        size_t x = 0;
        for (; x + 8 <= width; x += 8) {
            const uint16x8_t words = vmovl_u8(vld1_u8(luma + x));
            const float32x4_t low = vcvtq_f32_u32(vmovl_u16(vget_low_u16(words)));
            const float32x4_t high = vcvtq_f32_u32(vmovl_high_u16(words));
            vst1q_f32(out + x, vsubq_f32(vdivq_f32(low, half), one));
            vst1q_f32(out + x + 4, vsubq_f32(vdivq_f32(high, half), one));
        }
        for (; x < width; x++) out[x] = (float)luma[x] / 127.5f - 1;
    }
}
#endif
