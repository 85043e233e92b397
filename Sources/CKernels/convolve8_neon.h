#pragma once

#include "math_neon.h"

// Convolutions of bytes in NEON. ZANZO_DOT or ZANZO_I8MM, defined before, for CPUs that have the dot product of signed
// bytes, or that of unsigned by signed ones. But for the last, what is multiplied is byte - 128, which is signed, and
// the first sums make up for it (`byte_offset` of the table's layout), so the sums are the same.

#if defined(ZANZO_I8MM)
#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)
#elif defined(ZANZO_DOT)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#endif

#define UNIT int32_t
#define WEIGHT int32_t
#define SUM int32_t
#define VECTOR int32x4_t
#define LAYER zanzo_convolution8
#define vector_load vld1q_s32
#define vector_store vst1q_s32
#define vector_weights vld1q_s32

#define BYTES(x) vreinterpretq_s8_s32(x)
#if defined(ZANZO_I8MM)
#define vector_broadcast vld1q_dup_s32
#define vector_add_product(x, w, sums) vusdotq_s32(sums, vreinterpretq_u8_s32(x), BYTES(w))
#else
// 128 less than each byte: the sign bit the other way round, in a general register, which costs no multiplier's time.
static inline int32x4_t vector_broadcast(const int32_t *x) { return vdupq_n_s32(*x ^ (int32_t)0x80808080); }
#if defined(ZANZO_DOT)
#define vector_add_product(x, w, sums) vdotq_s32(sums, BYTES(x), BYTES(w))
#else
// Two products fit in 16 bits, for both factors are signed and no weight is -128: 2 * 128 * 127 < 2^15.
static inline int32x4_t vector_add_product(int32x4_t x, int32x4_t w, int32x4_t sums) {
    const int16x8_t low = vmull_s8(vget_low_s8(BYTES(x)), vget_low_s8(BYTES(w)));
    return vpadalq_s16(sums, vpaddq_s16(low, vmull_high_s8(BYTES(x), BYTES(w))));
}
#endif
#endif

static inline void finish(char *out, int v, int32x4_t sums, const zanzo_convolution8 *l, size_t output) {
    const size_t first = output + 4 * (size_t)v;
    const float32x4_t x = vfmaq_f32(vld1q_f32(l->bias + first), vcvtq_f32_s32(sums), vld1q_f32(l->scale + first));
    if (l->is_float)
        vst1q_f32((float *)out + 4 * v, rectified_neon(x));
    else
        store_bytes_neon((uint8_t *)out + 4 * v, vcvtnq_s32_f32(x));
}

enum { LANES = 4, TILE_VECTORS = 4 };
#define TILE_PIXELS 6
enum { SLICE_UNITS = 256, PANEL_PIXELS = 96, RESIDENT_BYTES = 40 * 1024 };

#include "convolve_vectors.h"

#if defined(ZANZO_I8MM) || defined(ZANZO_DOT)
#pragma clang attribute pop
#endif
