#pragma once

#include "check.h"

// Shapes of convolutions, and the maps they work on.

typedef struct {
    size_t inputs, outputs, height, width, stride, maps;
    int is_rectified;
} shape;

enum { SHAPES = 60 };

// The article's kinds of layers (few pixels and many channels, many pixels and few channels; weights that stay in the
// cache and weights that are streamed, in one panel and in several), tails of every kind, then random ones.
shape shape_at(size_t index);

// The layout of the kernels that are checked, and plain C's for maps of the same lanes.
extern zanzo_layout layout;
zanzo_layout plain_layout(void);

static inline size_t padded(size_t count, size_t to) { return (count + to - 1) / to * to; }

// Elements from pixel to pixel: a picture of one channel is not padded.
static inline size_t pixel_stride(size_t channels) { return channels == 1 ? 1 : padded(channels, layout.lanes); }

// Makes `call` four times, each for a part of `layer`, whose share is everything: pixels and outputs are cut in two at
// random, so that a part may be empty.
#define IN_PARTS(layer, call)                                                                                          \
    do {                                                                                                               \
        const zanzo_share everything = (layer).share;                                                                  \
        const size_t blocks = (everything.end_output + layout.block - 1) / layout.block;                               \
        const size_t pixel_cuts[] = {0, random_below(everything.end_pixel + 1), everything.end_pixel};                 \
        const size_t middle = random_below(blocks + 1) * layout.block;                                                 \
        const size_t output_cuts[] = {                                                                                 \
            0, middle < everything.end_output ? middle : everything.end_output, everything.end_output};                \
        for (size_t part = 0; part < 4; part++) {                                                                      \
            (layer).share.first_pixel = pixel_cuts[part / 2];                                                          \
            (layer).share.end_pixel = pixel_cuts[part / 2 + 1];                                                        \
            (layer).share.first_output = output_cuts[part % 2];                                                        \
            (layer).share.end_output = output_cuts[part % 2 + 1];                                                      \
            call;                                                                                                      \
        }                                                                                                              \
        (layer).share = everything;                                                                                    \
    } while (0)
