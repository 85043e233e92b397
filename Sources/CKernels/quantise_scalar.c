#include "kernels.h"

#include <math.h>

void zanzo_quantise_scalar(uint8_t *out, const float *in, size_t count, float scale, int zero_point) {
    for (size_t i = 0; i < count; i++) {
        const float x = nearbyintf(in[i] * scale) + (float)zero_point;
        out[i] = x > 0 ? x < 255 ? (uint8_t)x : 255 : 0;
    }
}
