#pragma once

// Vectors of LANES floats in the compiler's own notation, for kernels that need nothing but arithmetic: a file that
// includes this has said LANES and has opened the region of its target attribute.

#include "kernels.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t bits __attribute__((vector_size(4 * LANES)));
typedef float floats_anywhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE floats load(const float *from) { return *(const floats_anywhere *)from; }
INLINE void store(float *to, floats x) { *(floats_anywhere *)to = x; }
INLINE floats set(float x) { return x - (floats){0}; }
INLINE floats multiply_add(floats x, floats y, floats sum) { return __builtin_elementwise_fma(x, y, sum); }
/// x where `if_positive` is, else 0.
INLINE floats where_positive(floats x, floats if_positive) {
    return (floats)((bits)x & (bits)(if_positive > (floats){0}));
}
