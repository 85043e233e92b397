#include "kernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

enum { LANES = 8 };
#include "adam_vectors.h"

ADAM_KERNELS(avx2)

#pragma clang attribute pop
#endif
