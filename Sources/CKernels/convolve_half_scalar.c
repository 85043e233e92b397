#define ZANZO_HALF_WEIGHTS
#include "convolve_scalar.h"

void zanzo_conv3x3_half_scalar(void *out, const float *in, const zanzo_convolution *layer) {
    convolve(pass_of(out, in, layer), layer->stride, convolve_plainly);
}

void zanzo_deconv3x3_half_scalar(void *out, const float *in, const zanzo_convolution *layer) {
    deconvolve(pass_of(out, in, layer), sizeof(WEIGHT), 0, convolve_plainly);
}
