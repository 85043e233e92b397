#include "kernels.h"

#include <math.h>

void zanzo_adam_scalar(float *w, float *m, float *v, const float *g, size_t count, const zanzo_adam_step *s) {
    for (size_t i = 0; i < count; i++) {
        const float gradient = g[i] * s->gradient_scale + s->weight_decay * w[i];
        m[i] += s->one_minus_beta1 * (gradient - m[i]);
        v[i] = s->beta2 * v[i] + s->one_minus_beta2 * gradient * gradient;
        w[i] -= s->step * m[i] / (sqrtf(v[i]) * s->root + s->epsilon);
    }
}

double zanzo_sum_squares_scalar(const float *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i] * values[i];
    return sum;
}
