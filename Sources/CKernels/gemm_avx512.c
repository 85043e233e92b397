#include "kernels.h"

#if defined(__x86_64__)
#include "math_avx512.h"

#pragma clang attribute push(__attribute__((target(ZANZO_AVX512))), apply_to = function)

// 24 of the 32 registers hold sums.
enum { LANES = 16, TILE_VECTORS = 2 };
#define TILE_ROWS 12

#include "gemm_vectors.h"

void zanzo_gemm_avx512(const zanzo_products *products) { gemm(products); }

#pragma clang attribute pop
#endif
