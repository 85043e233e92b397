#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

static inline void add_samples(uint16_t *columns, uint8x16_t samples, uint16_t weight) {
    vst1q_u16(columns, vmlaq_n_u16(vld1q_u16(columns), vmovl_u8(vget_low_u8(samples)), weight));
    vst1q_u16(columns + 8, vmlaq_n_u16(vld1q_u16(columns + 8), vmovl_high_u8(samples), weight));
}

// The other steps of a row's making are the compiler's: it vectorises plain C for them.
void zanzo_shrink_add_row16_neon(uint16_t *columns, const uint8_t *row, size_t count, size_t step, uint32_t weight) {
    const uint16_t w = (uint16_t)weight;
    size_t i = 0;
    // What follows the last sample may not be ours to read (UYVY), hence the strict comparisons.
    if (step == 1) {
        for (; i + 16 <= count; i += 16) add_samples(columns + i, vld1q_u8(row + i), w);
    } else if (step == 2) {
        for (; i + 16 < count; i += 16) add_samples(columns + i, vld2q_u8(row + 2 * i).val[0], w);
    } else if (step == 4) {
        for (; i + 16 < count; i += 16) add_samples(columns + i, vld4q_u8(row + 4 * i).val[0], w);
    }
    for (; i < count; i++) columns[i] = (uint16_t)(columns[i] + weight * row[i * step]);
}
#endif
