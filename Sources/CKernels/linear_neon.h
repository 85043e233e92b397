#pragma once

#include "math_neon.h"

// Fully connected layers; ZANZO_HALF_WEIGHTS, defined before, for weights of 16 bits.

#define VECTOR float32x4_t
#define vector_load vld1q_f32
#define vector_zero() vdupq_n_f32(0)
#define vector_set vdupq_n_f32
#define vector_fma(x, w, sums) vfmaq_f32(sums, w, x)
#define vector_sum vaddq_f32
#define vector_store_first store_first_neon
enum { LANES = 4, BLOCK = ZANZO_LINEAR_BLOCK };
#if defined(ZANZO_HALF_WEIGHTS)
#define WEIGHT uint16_t
static inline float32x4_t vector_weights(const uint16_t *w) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(w))); }
#else
#define WEIGHT float
#define vector_weights vld1q_f32
#endif

#include "linear_vectors.h"
