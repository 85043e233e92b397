#pragma once

#include "peaks.h"

// The peak of the plain convolution's inner loop (convolve_plain.h), as this compiler makes it. A file that includes this
// has included the plain convolution of its precision. `products`: multiply-adds in one unit.
static inline uint64_t peak(size_t rounds, uint64_t products) {
    enum { TURNS = 65536 };
    SUM sums[ZANZO_BLOCK] = {0};
    WEIGHT weights[ZANZO_BLOCK] = {0};
    UNIT unit = 0;
    __asm__ volatile("" : "+m"(weights));
    for (size_t turn = 0; turn < rounds * TURNS; turn++) {
        // To the compiler, each unit is a new one: it can take nothing of a product out of the loop.
        __asm__ volatile("" : "+m"(unit));
        for (size_t o = 0; o < ZANZO_BLOCK; o++) sums[o] = add_product(sums[o], unit, weights[o]);
    }
    __asm__ volatile("" : : "m"(sums));
    return (uint64_t)rounds * TURNS * ZANZO_BLOCK * products;
}
