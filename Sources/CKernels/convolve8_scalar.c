#include "convolve8_scalar.h"

void zanzo_conv3x3_8_scalar(void *out, const uint8_t *in, const zanzo_convolution8 *layer) {
    convolve(pass_of8(out, in, layer), layer->stride, convolve_plainly);
}

void zanzo_deconv3x3_8_scalar(void *out, const uint8_t *in, const zanzo_convolution8 *layer) {
    deconvolve(pass_of8(out, in, layer), sizeof(WEIGHT), layer->out_channels * sizeof(SUM), convolve_plainly);
}
