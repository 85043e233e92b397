#include "kernels.h"

#if defined(__x86_64__)
#include "linear_avx512.h"

void zanzo_linear_avx512(float *out, const float *in, const zanzo_linear_layer *layer) { multiply(out, in, layer); }
#endif
