#pragma once

#include "kernels.h"

// What the convolution and each phase of the transposed one have in common: a sum over a few taps of a map.
//   out[y * out_row + x * out_pixel + o] =
//     activation(bias[o] + sum over t, c of in[y * in_row + x * in_pixel + taps[t] + c] * weights[block][t][c][o])
// for y < layer->height, x < layer->width, c < layer->in_channels, o < layer->out_channels.
typedef struct {
    float *out;
    const float *in, *weights;
    const zanzo_convolution *layer;
    const size_t *taps;
    size_t tap_count;
    size_t in_row, in_pixel, out_row, out_pixel;
} convolve_pass;

// The four phases of a transposed convolution, each given to `run`.
static inline void deconvolve(
    float *out, const float *in, const zanzo_convolution *l, void (*run)(const convolve_pass *)) {
    const float *weights = l->weights;
    for (size_t phase = 0; phase < 4; phase++) {
        const size_t odd_y = phase / 2, odd_x = phase % 2;
        size_t taps[4], count = 0;
        for (size_t dy = 0; dy <= odd_y; dy++)
            for (size_t dx = 0; dx <= odd_x; dx++) taps[count++] = dy * l->in_row + dx * l->in_pixel;
        run(&(convolve_pass){
            .out = out + odd_y * l->out_row + odd_x * l->out_pixel, .in = in, .layer = l, .weights = weights,
            .taps = taps, .tap_count = count, .in_row = l->in_row, .in_pixel = l->in_pixel,
            .out_row = 2 * l->out_row, .out_pixel = 2 * l->out_pixel});
        weights += count * l->in_channels * l->out_channels;
    }
}
