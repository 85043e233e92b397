#include "convolve_scalar.h"

void zanzo_deconv3x3_scalar(float *out, const float *in, const zanzo_convolution *layer) {
    deconvolve(out, in, layer, convolve_scalar);
}
