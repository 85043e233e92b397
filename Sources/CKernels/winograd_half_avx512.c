#include "kernels.h"

#if defined(__x86_64__)
#define ZANZO_HALF_WEIGHTS
#include "winograd_avx512.h"

void zanzo_conv3x3_winograd_half_avx512(void *out, const float *in, const zanzo_convolution *layer) {
    const winograd_layer l = winograd_of(out, in, layer, 0);
    winograd_vectors(&l);
}

void zanzo_deconv3x3_winograd_half_avx512(void *out, const float *in, const zanzo_convolution *layer) {
    const winograd_layer l = winograd_of(out, in, layer, 1);
    winograd_vectors(&l);
}
#endif
