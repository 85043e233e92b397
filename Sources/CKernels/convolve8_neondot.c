#include "kernels.h"

#if defined(__aarch64__)
#define ZANZO_DOT
#include "convolve8_neon.h"

void zanzo_conv3x3_8_neondot(void *out, const uint8_t *in, const zanzo_convolution8 *layer) {
    convolve(pass_of8(out, in, layer), layer->stride, convolve_vectors);
}

void zanzo_deconv3x3_8_neondot(void *out, const uint8_t *in, const zanzo_convolution8 *layer) {
    deconvolve(pass_of8(out, in, layer), sizeof(WEIGHT), layer->out_channels * sizeof(SUM), convolve_vectors);
}
#endif
