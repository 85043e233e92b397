#pragma once

// The optimiser for any width of vector. A file that includes this has said LANES and has opened the region of its target
// attribute.

#include "float_vectors.h"

#include <math.h>

INLINE void adam_one(float *w, float *m, float *v, float g, const zanzo_adam_step *s) {
    g = g * s->gradient_scale + s->weight_decay * *w;
    *m += s->one_minus_beta1 * (g - *m);
    *v = s->beta2 * *v + s->one_minus_beta2 * g * g;
    *w -= s->step * *m / (sqrtf(*v) * s->root + s->epsilon);
}

static inline void adam(float *w, float *m, float *v, const float *g, size_t count, const zanzo_adam_step *s) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        const floats weight = load(w + i), before = load(m + i);
        const floats gradient = multiply_add(set(s->weight_decay), weight, load(g + i) * s->gradient_scale);
        const floats mean = multiply_add(set(s->one_minus_beta1), gradient - before, before);
        const floats square = multiply_add(gradient * s->one_minus_beta2, gradient, load(v + i) * s->beta2);
        const floats root = multiply_add(__builtin_elementwise_sqrt(square), set(s->root), set(s->epsilon));
        store(m + i, mean);
        store(v + i, square);
        store(w + i, weight - s->step * mean / root);
    }
    for (; i < count; i++) adam_one(w + i, m + i, v + i, g[i], s);
}

static inline double sum_squares(const float *values, size_t count) {
    enum { STRETCH = 64 * LANES };
    double sum = 0;
    size_t i = 0;
    while (i + LANES <= count) {
        const size_t end = count - i < STRETCH ? count : i + STRETCH;
        floats squares = set(0);
        for (; i + LANES <= end; i += LANES) {
            const floats x = load(values + i);
            squares = multiply_add(x, x, squares);
        }
        for (int lane = 0; lane < LANES; lane++) sum += (double)squares[lane];
    }
    for (; i < count; i++) sum += (double)values[i] * values[i];
    return sum;
}

#define ADAM_KERNELS(isa)                                                                                              \
    void zanzo_adam_##isa(                                                                                             \
        float *w, float *m, float *v, const float *g, size_t count, const zanzo_adam_step *step) {                     \
        adam(w, m, v, g, count, step);                                                                                 \
    }                                                                                                                  \
    double zanzo_sum_squares_##isa(const float *values, size_t count) { return sum_squares(values, count); }
