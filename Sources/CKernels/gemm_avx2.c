#include "kernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// 12 registers of sums, 2 of factors, 1 for the row's own: 8 loads for 12 multiply-adds.
enum { LANES = 8, TILE_VECTORS = 2 };
#define TILE_ROWS 6

#include "gemm_vectors.h"

void zanzo_gemm_avx2(const zanzo_products *products) { gemm(products); }

#pragma clang attribute pop
#endif
