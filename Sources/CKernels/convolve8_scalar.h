#pragma once

#include "convolve_pass.h"

// Convolutions of bytes in plain C.

#define UNIT int32_t
#define WEIGHT int32_t
#define SUM int32_t

static inline int32_t add_product(int32_t sum, int32_t unit, int32_t weight) {
    uint8_t x[4];
    int8_t w[4];
    memcpy(x, &unit, sizeof x);
    memcpy(w, &weight, sizeof w);
    return sum + x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3];
}

static inline void finish(char *out, size_t index, int32_t sum, const zanzo_convolution8 *layer, size_t output) {
    const float x = fmaf((float)sum, layer->scale[output + index], layer->bias[output + index]);
    if (layer->is_float)
        ((float *)out)[index] = x > 0 ? x : 0;
    else
        ((uint8_t *)out)[index] = byte_of(x);
}

#include "convolve_plain.h"
