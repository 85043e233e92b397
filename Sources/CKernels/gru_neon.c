#include "kernels.h"

#if defined(__aarch64__)
#include "math_neon.h"

void zanzo_gru_neon(float *h, const float *gi, const float *gh, size_t n) {
    for (size_t j = 0; j < n; j += 4) {
        const size_t lanes = n - j;
#define GATE(from, gate) load_first_neon(from + gate * n + j, lanes)
        const float32x4_t reset = sigmoid_neon(vaddq_f32(GATE(gi, 0), GATE(gh, 0)));
        const float32x4_t update = sigmoid_neon(vaddq_f32(GATE(gi, 1), GATE(gh, 1)));
        const float32x4_t fresh = tanh_neon(vfmaq_f32(GATE(gi, 2), reset, GATE(gh, 2)));
#undef GATE
        const float32x4_t before = load_first_neon(h + j, lanes);
        const float32x4_t replaced = vmulq_f32(vsubq_f32(vdupq_n_f32(1.0f), update), fresh);
        store_first_neon(h + j, vfmaq_f32(replaced, update, before), lanes);
    }
}
#endif
