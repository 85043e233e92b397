#include "kernels.h"

#include <math.h>
#include <string.h>

// The parts of the backward pass that are little work, or none but moving numbers: plain C on every machine.

static size_t padded(size_t count, size_t to) { return (count + to - 1) / to * to; }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// A row of floats in pieces whose size the compiler knows.
static inline void copy_row(float *to, const float *from, size_t count) {
    enum { PIECE = 8 };
    size_t i = 0;
    for (; i + 2 * PIECE <= count; i += 2 * PIECE) memcpy(to + i, from + i, 2 * PIECE * sizeof *to);
    for (; i + PIECE <= count; i += PIECE) memcpy(to + i, from + i, PIECE * sizeof *to);
    for (; i < count; i++) to[i] = from[i];
}

void zanzo_pack_panel(
    float *packed, size_t packed_block, const float *from, const uint32_t *steps, size_t depth, size_t columns,
    size_t block) {
    for (size_t p = 0; p < depth; p++) {
        size_t first = 0;
        for (; first + block <= columns; first += block)
            copy_row(packed + first / block * packed_block + p * block, from + steps[p] + first, block);
        const size_t width = columns - first;
        if (width > 0) copy_row(packed + first / block * packed_block + p * width, from + steps[p] + first, width);
    }
}

void zanzo_repack_up(
    float *up, const float *down, size_t small, size_t big, size_t first, size_t end, size_t lanes, size_t block) {
    // Which tap of the whole kernel is the n-th of a phase: see pack.c.
    static const size_t taps[9] = {4, 5, 3, 7, 1, 8, 6, 2, 0}, counts[4] = {1, 2, 2, 4};
    const size_t total = padded(big, lanes), smalls = padded(small, lanes);
    const size_t *tap = taps;
    for (size_t phase = 0; phase < 4; up += counts[phase] * total * small, tap += counts[phase], phase++)
        for (size_t b = first; b < smaller(end, total); b += block) {
            const size_t width = smaller(block, total - b), bigs = smaller(width, big - smaller(b, big));
            for (size_t n = 0; n < counts[phase]; n++) {
                float *to = up + (counts[phase] * b + n * width) * small;
                if (bigs < width) memset(to, 0, small * width * sizeof *to);
                for (size_t s = 0; s < small; s += block) {
                    const size_t from_width = smaller(block, smalls - s), here = smaller(from_width, small - s);
                    const float *from = down + 9 * big * s + (tap[n] * big + b) * from_width;
                    for (size_t i = 0; i < here; i++)
                        for (size_t j = 0; j < bigs; j++) to[(s + i) * width + j] = from[j * from_width + i];
                }
            }
        }
}

void zanzo_transpose_blocks(
    float *to, const float *from, size_t outputs, size_t inputs, size_t first, size_t end, size_t block) {
    for (size_t i = first; i < end; i += block)
        for (size_t o = 0; o < outputs; o += block)
            for (size_t k = 0; k < block; k++)
                for (size_t j = 0; j < block; j++)
                    to[i * outputs + (o + k) * block + j] = from[o * inputs + (i + j) * block + k];
}

double zanzo_loss_gradient(
    float *gradient, size_t gradient_row, const float *output, const float *target, size_t target_row, size_t height,
    size_t width, float factor) {
    double sum = 0;
    for (size_t y = 0; y < height; y++, gradient += gradient_row, output += width, target += target_row) {
        float row = 0;
        for (size_t x = 0; x < width; x++) {
            const float distance = output[x] - target[x];
            row += distance * distance;
            gradient[x] = factor * distance * (1 - output[x] * output[x]);
        }
        sum += (double)row;
    }
    return sum;
}

void zanzo_relu_gradient(
    float *to, size_t to_row, const float *dx, const float *x, size_t row, size_t height, size_t count) {
    for (size_t y = 0; y < height; y++, to += to_row, dx += row, x += row)
        for (size_t i = 0; i < count; i++) to[i] = x[i] > 0 ? dx[i] : 0;
}

void zanzo_add_rows(float *sums, const float *values, const uint32_t *steps, size_t depth, size_t count) {
    for (size_t p = 0; p < depth; p++)
        for (size_t j = 0; j < count; j++) sums[j] += values[steps[p] + j];
}

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

void zanzo_gru_keep(float *h, float *gates, const float *before, const float *gi, const float *gh, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float reset = sigmoid(gi[j] + gh[j]), update = sigmoid(gi[n + j] + gh[n + j]);
        const float fresh = tanhf(gi[2 * n + j] + reset * gh[2 * n + j]);
        gates[j] = reset;
        gates[n + j] = update;
        gates[2 * n + j] = fresh;
        h[j] = (1 - update) * fresh + update * before[j];
    }
}

void zanzo_gru_backward(
    float *dh, float *dgi, float *dgh, const float *gates, const float *before, const float *gh, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float reset = gates[j], update = gates[n + j], fresh = gates[2 * n + j];
        const float of_fresh = dh[j] * (1 - update) * (1 - fresh * fresh);
        const float of_update = dh[j] * (before[j] - fresh) * update * (1 - update);
        const float of_reset = of_fresh * gh[2 * n + j] * reset * (1 - reset);
        dgi[j] = dgh[j] = of_reset;
        dgi[n + j] = dgh[n + j] = of_update;
        dgi[2 * n + j] = of_fresh;
        dgh[2 * n + j] = of_fresh * reset;
        dh[j] *= update;
    }
}
