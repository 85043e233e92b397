#include "kernels.h"

#if defined(__x86_64__)
#include "convolve_avx512.h"

void zanzo_deconv3x3_avx512(float *out, const float *in, const zanzo_convolution *layer) {
    deconvolve(out, in, layer, convolve_vectors);
}
#endif
