#include "kernels.h"

#if defined(__aarch64__)
// 24 of the 32 registers hold sums.
enum { LANES = 4, TILE_VECTORS = 4 };
#define TILE_ROWS 6

#include "gemm_vectors.h"

void zanzo_gemm_neon(const zanzo_products *products) { gemm(products); }
#endif
