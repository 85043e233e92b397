#include "kernels.h"

#if defined(__x86_64__)
#include "convolve_avx2.h"

void zanzo_deconv3x3_avx2(float *out, const float *in, const zanzo_convolution *layer) {
    deconvolve(out, in, layer, convolve_vectors);
}
#endif
