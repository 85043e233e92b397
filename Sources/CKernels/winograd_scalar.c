#include "convolve_scalar.h"
#include "winograd_plain.h"

void zanzo_conv3x3_winograd_scalar(void *out, const float *in, const zanzo_convolution *layer) {
    const winograd_layer l = winograd_of(out, in, layer, 0);
    winograd_plainly(&l);
}

void zanzo_deconv3x3_winograd_scalar(void *out, const float *in, const zanzo_convolution *layer) {
    const winograd_layer l = winograd_of(out, in, layer, 1);
    winograd_plainly(&l);
}
