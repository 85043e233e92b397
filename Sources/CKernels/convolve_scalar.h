#pragma once

#include "half.h"
#include "convolve_pass.h"

// Float convolutions in plain C; ZANZO_HALF_WEIGHTS, defined before, for weights of 16 bits.

#define UNIT float
#define SUM float
#if defined(ZANZO_HALF_WEIGHTS)
#define WEIGHT uint16_t
static inline float add_product(float sum, float unit, uint16_t weight) { return sum + unit * half_to_float(weight); }
#else
#define WEIGHT float
static inline float add_product(float sum, float unit, float weight) { return sum + unit * weight; }
#endif

static inline void finish(char *out, size_t index, float sum, const zanzo_convolution *layer, size_t output) {
    (void)output;
    if (layer->activation == ZANZO_RELU && !(sum > 0)) sum = 0;
    if (layer->byte_scale > 0)
        ((uint8_t *)out)[index] = byte_of(sum * layer->byte_scale);
    else
        ((float *)out)[index] = sum;
}

#include "convolve_plain.h"
