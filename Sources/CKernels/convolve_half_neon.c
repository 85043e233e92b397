#include "kernels.h"

#if defined(__aarch64__)
#define ZANZO_HALF_WEIGHTS
#include "convolve_neon.h"

void zanzo_conv3x3_half_neon(void *out, const float *in, const zanzo_convolution *layer) {
    convolve(pass_of(out, in, layer), layer->stride, convolve_vectors);
}

void zanzo_deconv3x3_half_neon(void *out, const float *in, const zanzo_convolution *layer) {
    deconvolve(pass_of(out, in, layer), sizeof(uint16_t), 0, convolve_vectors);
}
#endif
