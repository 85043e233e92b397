#include "kernels.h"

#if defined(__aarch64__)
enum { LANES = 4 };
#include "norm_vectors.h"

NORM_KERNELS(neon)
#endif
