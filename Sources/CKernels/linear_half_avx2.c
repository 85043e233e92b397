#include "kernels.h"

#if defined(__x86_64__)
#define ZANZO_HALF_WEIGHTS
#include "linear_avx2.h"

void zanzo_linear_half_avx2(float *out, const float *in, const zanzo_linear_layer *layer) { multiply(out, in, layer); }
#endif
