#pragma once

#include "kernels.h"

#include <math.h>
#include <string.h>

// What every convolution, and each phase of a transposed one, comes down to: a sum over a few taps of a map.
//   out[y * out_row + x * out_pixel + o] =
//     finish(first_sums[o] + sum over t, c of in[y * in_row + x * in_pixel + taps[t] + c] * weights[block][t][c][o])
// for y < height, x < width, c < in_units, o < out_channels, and each map of `share`. Input is counted in units (a float, or the four bytes of four
// channels), output in its own elements of `out_size` bytes.
typedef struct {
    void *out;
    const void *in, *weights, *first_sums, *layer;
    const size_t *taps;
    size_t tap_count, height, width, in_units, out_channels;
    size_t in_row, in_pixel, out_row, out_pixel, out_size;
    zanzo_share share; // its distances in units of the input and elements of the output
} convolve_pass;

// The nine taps of a convolution whose layer is `pass` but for them.
static inline void convolve(convolve_pass pass, size_t stride, void (*run)(const convolve_pass *)) {
    size_t taps[9];
    for (size_t t = 0; t < 9; t++) taps[t] = t / 3 * pass.in_row + t % 3 * pass.in_pixel;
    pass.taps = taps;
    pass.tap_count = 9;
    pass.in_row *= stride;
    pass.in_pixel *= stride;
    run(&pass);
}

// The four phases of a transposed convolution whose layer is `whole` but for taps: each given to `run`. A unit's weights
// for one output take `weight_size` bytes; from one phase's first sums to the next it is `sums_step` bytes.
static inline void deconvolve(
    convolve_pass whole, size_t weight_size, size_t sums_step, void (*run)(const convolve_pass *)) {
    for (size_t phase = 0; phase < 4; phase++) {
        const size_t odd_y = phase / 2, odd_x = phase % 2;
        size_t taps[4];
        convolve_pass pass = whole;
        pass.taps = taps;
        for (size_t dy = 0; dy <= odd_y; dy++)
            for (size_t dx = 0; dx <= odd_x; dx++) taps[pass.tap_count++] = dy * whole.in_row + dx * whole.in_pixel;
        pass.out = (char *)whole.out + (odd_y * whole.out_row + odd_x * whole.out_pixel) * whole.out_size;
        pass.out_row = 2 * whole.out_row;
        pass.out_pixel = 2 * whole.out_pixel;
        run(&pass);
        whole.weights = (const char *)whole.weights + pass.tap_count * whole.in_units * whole.out_channels * weight_size;
        whole.first_sums = (const char *)whole.first_sums + sums_step;
    }
}

// A float layer as a pass.
static inline convolve_pass pass_of(void *out, const float *in, const zanzo_convolution *l) {
    return (convolve_pass){
        .out = out, .in = in, .weights = l->weights, .first_sums = l->bias, .layer = l, .height = l->height,
        .width = l->width, .in_units = l->in_channels, .out_channels = l->out_channels, .in_row = l->in_row,
        .in_pixel = l->in_pixel, .out_row = l->out_row, .out_pixel = l->out_pixel,
        .out_size = l->byte_scale > 0 ? sizeof(uint8_t) : sizeof(float), .share = l->share};
}

// A layer of bytes as a pass: units of four channels.
static inline convolve_pass pass_of8(void *out, const uint8_t *in, const zanzo_convolution8 *l) {
    zanzo_share share = l->share;
    share.in_map /= 4;
    return (convolve_pass){
        .out = out, .in = in, .weights = l->weights, .first_sums = l->first_sums, .layer = l, .height = l->height,
        .width = l->width, .in_units = l->in_channels / 4, .out_channels = l->out_channels, .in_row = l->in_row / 4,
        .in_pixel = l->in_pixel / 4, .out_row = l->out_row, .out_pixel = l->out_pixel,
        .out_size = l->is_float ? sizeof(float) : sizeof(uint8_t), .share = share};
}

// The nearest integer, halves to even, in 0…255.
static inline uint8_t byte_of(float x) { return x > 0 ? x < 255 ? (uint8_t)nearbyintf(x) : 255 : 0; }
