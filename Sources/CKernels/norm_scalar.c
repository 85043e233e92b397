#include "kernels.h"

// The numbers of a map, row by row: the i-th of a row is of channel c.
#define EACH_NUMBER(n)                                                                                                 \
    for (size_t row = 0; row < (n)->height; row++)                                                                     \
        for (size_t i = 0, c = 0; i < (n)->width * (n)->channels; i++, c = c + 1 < (n)->channels ? c + 1 : 0)

void zanzo_norm_moments_scalar(double *sums, const float *y, const zanzo_norm *n) {
    EACH_NUMBER(n) {
        const double distance = y[row * n->y_row + i] - n->mean[c];
        sums[c] += distance;
        sums[n->channels + c] += distance * distance;
    }
}

static float normalised(const zanzo_norm *n, float y, size_t c) { return n->scale[c] * y + n->shift[c]; }

void zanzo_norm_forward_scalar(float *x, const float *y, const zanzo_norm *n) {
    EACH_NUMBER(n) {
        const float z = normalised(n, y[row * n->y_row + i], c);
        x[row * n->x_row + i] = z > 0 ? z : 0;
    }
}

void zanzo_norm_sums_scalar(double *sums, const float *dx, const float *y, const zanzo_norm *n) {
    EACH_NUMBER(n) {
        const float value = y[row * n->y_row + i];
        if (normalised(n, value, c) <= 0) continue;
        sums[c] += dx[row * n->x_row + i];
        sums[n->channels + c] += (double)dx[row * n->x_row + i] * (value - n->mean[c]);
    }
}

void zanzo_norm_backward_scalar(float *dy, const float *dx, const float *y, const zanzo_norm *n) {
    EACH_NUMBER(n) {
        const float value = y[row * n->y_row + i];
        const float dz = normalised(n, value, c) > 0 ? dx[row * n->x_row + i] : 0;
        dy[row * n->x_row + i] = n->alpha[c] * dz + n->beta[c] * (value - n->mean[c]) + n->gamma[c];
    }
}
