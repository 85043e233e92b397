#include "kernels.h"

#if defined(__aarch64__)
#include "convolve_neon.h"

void zanzo_conv3x3_neon(void *out, const float *in, const zanzo_convolution *layer) {
    convolve(pass_of(out, in, layer), layer->stride, convolve_vectors);
}

void zanzo_deconv3x3_neon(void *out, const float *in, const zanzo_convolution *layer) {
    deconvolve(pass_of(out, in, layer), sizeof(float), 0, convolve_vectors);
}
#endif
