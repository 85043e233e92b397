#include "kernels.h"

#if defined(__x86_64__)
#define ZANZO_VNNI
#include "convolve8_avx2.h"

void zanzo_conv3x3_8_avxvnni(void *out, const uint8_t *in, const zanzo_convolution8 *layer) {
    convolve(pass_of8(out, in, layer), layer->stride, convolve_vectors);
}

void zanzo_deconv3x3_8_avxvnni(void *out, const uint8_t *in, const zanzo_convolution8 *layer) {
    deconvolve(pass_of8(out, in, layer), 4, layer->out_channels * sizeof(int32_t), convolve_vectors);
}
#endif
