#include "kernels.h"

#if defined(__aarch64__)
#define ZANZO_HALF_WEIGHTS
#include "winograd_neon.h"

void zanzo_conv3x3_winograd_half_neon(void *out, const float *in, const zanzo_convolution *layer) {
    const winograd_layer l = winograd_of(out, in, layer, 0);
    winograd_vectors(&l);
}

void zanzo_deconv3x3_winograd_half_neon(void *out, const float *in, const zanzo_convolution *layer) {
    const winograd_layer l = winograd_of(out, in, layer, 1);
    winograd_vectors(&l);
}
#endif
