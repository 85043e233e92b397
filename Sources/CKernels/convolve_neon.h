#pragma once

#include "math_neon.h"

// Float convolutions in NEON; ZANZO_HALF_WEIGHTS, defined before, for weights of 16 bits.

#define UNIT float
#define SUM float
#define VECTOR float32x4_t
#define LAYER zanzo_convolution
#define vector_load vld1q_f32
#define vector_store vst1q_f32
// The unit lies in the first lane only: multiply-adds take it from there, and loading it costs no multiplier's time.
static inline float32x4_t vector_broadcast(const float *x) { return (float32x4_t){*x}; }
#define vector_add_product(x, w, sums) vfmaq_laneq_f32(sums, w, x, 0)
#if defined(ZANZO_HALF_WEIGHTS)
#define WEIGHT uint16_t
static inline float32x4_t vector_weights(const uint16_t *w) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(w))); }
#else
#define WEIGHT float
#define vector_weights vld1q_f32
#endif

static inline void finish(char *out, int v, float32x4_t sums, const zanzo_convolution *l, size_t output) {
    (void)output;
    if (l->activation == ZANZO_RELU) sums = rectified_neon(sums);
    if (l->byte_scale > 0)
        store_bytes_neon((uint8_t *)out + 4 * v, vcvtnq_s32_f32(vmulq_n_f32(sums, l->byte_scale)));
    else
        vst1q_f32((float *)out + 4 * v, sums);
}

// A tile is up to 6 pixels by 16 outputs: 24 of the 32 registers hold sums, 4 weights. Each channel of a tap costs 4
// loads of weights, 6 of a pixel's channel and 24 multiply-adds: bound by the last on cores that load once for every two.
enum { LANES = 4, TILE_VECTORS = 4 };
#define TILE_PIXELS 6

// As in convolve_avx2.h; a slice is 16 KiB of floats.
enum { SLICE_UNITS = 256, PANEL_PIXELS = 96, RESIDENT_BYTES = 40 * 1024 };

#include "convolve_vectors.h"
