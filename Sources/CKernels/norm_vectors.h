#pragma once

// Batch norm and ReLU for any width of vector: one vector of channels at a time, down all pixels of a stretch, so that sums
// stay in registers. A file that includes this has said LANES and has opened the region of its target attribute.

#include "float_vectors.h"

// Pixels whose sums are made in single precision before they are added in double.
enum { STRETCH = 64 };

INLINE void add_to_doubles(double *sums, floats x) {
    for (int i = 0; i < LANES; i++) sums[i] += (double)x[i];
}

static inline void norm_moments(double *sums, const float *y, const zanzo_norm *n) {
    for (size_t row = 0; row < n->height; row++)
        for (size_t start = 0; start < n->width; start += STRETCH)
            for (size_t c = 0; c < n->channels; c += LANES) {
                const size_t end = n->width - start < STRETCH ? n->width : start + STRETCH;
                const float *from = y + row * n->y_row + c;
                const floats mean = load(n->mean + c);
                floats sum = set(0), squares = set(0);
                for (size_t p = start; p < end; p++) {
                    const floats distance = load(from + p * n->channels) - mean;
                    sum += distance;
                    squares = multiply_add(distance, distance, squares);
                }
                add_to_doubles(sums + c, sum);
                add_to_doubles(sums + n->channels + c, squares);
            }
}

static inline void norm_forward(float *x, const float *y, const zanzo_norm *n) {
    for (size_t row = 0; row < n->height; row++, x += n->x_row, y += n->y_row)
        for (size_t p = 0; p < n->width; p++)
            for (size_t c = 0; c < n->channels; c += LANES) {
                const size_t at = p * n->channels + c;
                const floats z = multiply_add(load(y + at), load(n->scale + c), load(n->shift + c));
                store(x + at, where_positive(z, z));
            }
}

static inline void norm_sums(double *sums, const float *dx, const float *y, const zanzo_norm *n) {
    for (size_t row = 0; row < n->height; row++)
        for (size_t start = 0; start < n->width; start += STRETCH)
            for (size_t c = 0; c < n->channels; c += LANES) {
                const size_t end = n->width - start < STRETCH ? n->width : start + STRETCH;
                const float *values = y + row * n->y_row + c, *gradients = dx + row * n->x_row + c;
                const floats scale = load(n->scale + c), shift = load(n->shift + c), mean = load(n->mean + c);
                floats sum = set(0), products = set(0);
                for (size_t p = start; p < end; p++) {
                    const floats value = load(values + p * n->channels);
                    const floats z = multiply_add(value, scale, shift);
                    const floats dz = where_positive(load(gradients + p * n->channels), z);
                    sum += dz;
                    products = multiply_add(dz, value - mean, products);
                }
                add_to_doubles(sums + c, sum);
                add_to_doubles(sums + n->channels + c, products);
            }
}

static inline void norm_backward(float *dy, const float *dx, const float *y, const zanzo_norm *n) {
    for (size_t row = 0; row < n->height; row++, dy += n->x_row, dx += n->x_row, y += n->y_row)
        for (size_t p = 0; p < n->width; p++)
            for (size_t c = 0; c < n->channels; c += LANES) {
                const size_t at = p * n->channels + c;
                const floats value = load(y + at), z = multiply_add(value, load(n->scale + c), load(n->shift + c));
                const floats dz = where_positive(load(dx + at), z);
                const floats rest = multiply_add(load(n->beta + c), value - load(n->mean + c), load(n->gamma + c));
                store(dy + at, multiply_add(load(n->alpha + c), dz, rest));
            }
}

#define NORM_KERNELS(isa)                                                                                              \
    void zanzo_norm_moments_##isa(double *sums, const float *y, const zanzo_norm *norm) {                              \
        norm_moments(sums, y, norm);                                                                                   \
    }                                                                                                                  \
    void zanzo_norm_forward_##isa(float *x, const float *y, const zanzo_norm *norm) { norm_forward(x, y, norm); }      \
    void zanzo_norm_sums_##isa(double *sums, const float *dx, const float *y, const zanzo_norm *norm) {                \
        norm_sums(sums, dx, y, norm);                                                                                  \
    }                                                                                                                  \
    void zanzo_norm_backward_##isa(float *dy, const float *dx, const float *y, const zanzo_norm *norm) {               \
        norm_backward(dy, dx, y, norm);                                                                                \
    }
