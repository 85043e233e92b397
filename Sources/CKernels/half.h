#pragma once

#include <stdint.h>
#include <string.h>

// IEEE 754 binary16, in plain C so that packing and the scalar kernels need nothing of the CPU.

static inline float half_to_float(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
    if (exponent == 0) {
        const float small = (float)fraction * 0x1p-24f;
        return sign ? -small : small;
    }
    const uint32_t bits = sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// Rounded to the nearest, halves to even; what is too large becomes infinity, as F16C does it. Without branches, so that
// loops over it become vectors.
static inline uint16_t half_of_float(float value) {
    uint32_t bits, small;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    // Below 2^-14 a half counts in steps of 2^-24: adding a number whose own steps are those rounds to one.
    float shifted;
    memcpy(&shifted, &bits, sizeof shifted);
    shifted += 0.5f;
    memcpy(&small, &shifted, sizeof small);
    const uint32_t normal = (bits + 0xfff + (bits >> 13 & 1) - 0x38000000) >> 13;
    uint32_t half = bits < 0x38800000 ? small - 0x3f000000 : normal;
    half = bits >= 0x477ff000 ? 0x7c00 : half;
    half = bits > 0x7f800000 ? 0x7e00 : half;
    return (uint16_t)(sign | half);
}
