#include "kernels.h"

#if defined(__aarch64__)
enum { LANES = 4 };
#include "adam_vectors.h"

ADAM_KERNELS(neon)
#endif
