#include "kernels.h"

#include <math.h>

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

void zanzo_gru_scalar(float *h, const float *gi, const float *gh, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float reset = sigmoid(gi[j] + gh[j]);
        const float update = sigmoid(gi[n + j] + gh[n + j]);
        const float fresh = tanhf(gi[2 * n + j] + reset * gh[2 * n + j]);
        h[j] = (1 - update) * fresh + update * h[j];
    }
}
