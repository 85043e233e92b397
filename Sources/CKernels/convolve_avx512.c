#include "kernels.h"

#if defined(__x86_64__)
#include "convolve_avx512.h"

void zanzo_conv3x3_avx512(void *out, const float *in, const zanzo_convolution *layer) {
    convolve(pass_of(out, in, layer), layer->stride, convolve_vectors);
}

void zanzo_deconv3x3_avx512(void *out, const float *in, const zanzo_convolution *layer) {
    deconvolve(pass_of(out, in, layer), sizeof(float), 0, convolve_vectors);
}
#endif
