#pragma once

#include "math_neon.h"

// Fully connected layers; ZANZO_HALF_WEIGHTS, defined before, for weights of 16 bits.

enum { BLOCK = ZANZO_LINEAR_BLOCK };
#if defined(ZANZO_HALF_WEIGHTS)
#define WEIGHT uint16_t
static inline float32x4_t vector_weights(const uint16_t *w) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(w))); }
#else
#define WEIGHT float
#define vector_weights vld1q_f32
#endif

// 32 outputs are 8 registers of sums, twice: even and odd inputs apart, so that 16 multiply-adds are under way at once.
static inline void multiply(float *out, const float *in, const zanzo_linear_layer *l) {
    const WEIGHT *w = l->weights;
    const float *bias = l->bias;
    for (size_t run = 0; run < l->runs; run++)
        for (size_t first = 0; first < l->columns; first += BLOCK, bias += BLOCK) {
            float32x4_t even[8], odd[8];
            UNROLL for (int v = 0; v < 8; v++) {
                even[v] = vld1q_f32(bias + 4 * v);
                odd[v] = vdupq_n_f32(0);
            }
            size_t i = 0;
            for (; i + 2 <= l->inputs; i += 2, w += 2 * BLOCK) {
                const float a = in[i], b = in[i + 1];
                UNROLL for (int v = 0; v < 8; v++) even[v] = vfmaq_n_f32(even[v], vector_weights(w + 4 * v), a);
                UNROLL for (int v = 0; v < 8; v++) odd[v] = vfmaq_n_f32(odd[v], vector_weights(w + BLOCK + 4 * v), b);
            }
            if (i < l->inputs) {
                const float a = in[i];
                UNROLL for (int v = 0; v < 8; v++) even[v] = vfmaq_n_f32(even[v], vector_weights(w + 4 * v), a);
                w += BLOCK;
            }
            float *to = out + run * l->out_stride + first;
            const size_t count = l->columns - first;
            for (size_t v = 0; v < 8 && 4 * v < count; v++)
                store_first_neon(to + 4 * v, vaddq_f32(even[v], odd[v]), count - 4 * v);
        }
}
