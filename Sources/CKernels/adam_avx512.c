#include "kernels.h"

#if defined(__x86_64__)
#include "math_avx512.h"

#pragma clang attribute push(__attribute__((target(ZANZO_AVX512))), apply_to = function)

enum { LANES = 16 };
#include "adam_vectors.h"

ADAM_KERNELS(avx512)

#pragma clang attribute pop
#endif
