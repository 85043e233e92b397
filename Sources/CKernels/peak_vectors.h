#pragma once

// The peak of a convolution's inner loop without its loads. A file that includes this has included the convolution of its
// ISA and precision (convolve_avx2.h and the like), whose vectors, tile and vector_add_product it takes, and has opened
// the region of its target attribute.

#include "peak_register.h"
#include "peaks.h"

enum { PEAK_TURNS = 4096 };

// To the compiler, the vector is a new one after this: it can take no product out of a loop, nor one for another.
#define RENEW(vector) __asm__ volatile("" : "+" IN_VECTOR_REGISTER(vector))

// `products`: multiply-adds in one unit.
CONVOLVE_INLINE uint64_t peak(size_t rounds, uint64_t products) {
    _Alignas(64) const UNIT ones[LANES] = {1};
    VECTOR unit = vector_broadcast(ones), weights[TILE_VECTORS];
    tile_sums sums;
    UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
        weights[v] = unit;
        RENEW(weights[v]);
        UNROLL for (int p = 0; p < TILE_PIXELS; p++) {
            sums[p][v] = weights[v];
            RENEW(sums[p][v]);
        }
    }
    for (size_t turn = 0; turn < rounds * PEAK_TURNS; turn++)
        UNROLL for (int p = 0; p < TILE_PIXELS; p++) {
            RENEW(unit);
#if defined(VECTOR_GROUP)
            VECTOR pairs[TILE_VECTORS];
            UNROLL for (int v = 0; v < TILE_VECTORS; v++) pairs[v] = vector_pairs(unit, weights[v]);
            UNROLL for (int g = 1; g < VECTOR_GROUP; g++) {
                RENEW(unit);
                UNROLL for (int v = 0; v < TILE_VECTORS; v++) pairs[v] =
                    vector_sum_of_pairs(pairs[v], vector_pairs(unit, weights[v]));
            }
            UNROLL for (int v = 0; v < TILE_VECTORS; v++) sums[p][v] = vector_add_pairs(pairs[v], sums[p][v]);
#else
            UNROLL for (int v = 0; v < TILE_VECTORS; v++) sums[p][v] = vector_add_product(unit, weights[v], sums[p][v]);
#endif
        }
    UNROLL for (int p = 0; p < TILE_PIXELS; p++) {
        UNROLL for (int v = 0; v < TILE_VECTORS; v++) RENEW(sums[p][v]);
    }
    return (uint64_t)rounds * PEAK_TURNS * TILE_PIXELS * TILE_VECTORS * LANES * products;
}
