#include "kernels.h"

void zanzo_normalise_scalar(float *out, const uint8_t *luma, size_t height, size_t width, size_t out_row) {
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) out[y * out_row + x] = (float)luma[y * width + x] / 127.5f - 1;
}
