#include "kernels.h"

void zanzo_shrink_add_row16_scalar(uint16_t *columns, const uint8_t *row, size_t count, size_t step, uint32_t weight) {
    for (size_t i = 0; i < count; i++) columns[i] = (uint16_t)(columns[i] + weight * row[i * step]);
}

void zanzo_shrink_add_row32_scalar(uint32_t *columns, const uint8_t *row, size_t count, size_t step, uint32_t weight) {
    for (size_t i = 0; i < count; i++) columns[i] += weight * row[i * step];
}

static uint8_t divided(uint64_t sum, const zanzo_shrink_axis *axis) {
    return (uint8_t)(((unsigned __int128)(sum + axis->rounding) * axis->reciprocal) >> 64);
}

void zanzo_shrink_finish16_scalar(uint8_t *target, const uint16_t *columns, const zanzo_shrink_axis *axis) {
    for (size_t i = 0; i < axis->count; i++) {
        const zanzo_shrink_span s = axis->spans[i];
        uint32_t between = 0; // 65535 * 8192 < 2^29
        for (size_t x = (size_t)s.first + 1; x < s.last; x++) between += columns[x];
        uint64_t sum = (uint64_t)between * axis->t + (uint64_t)columns[s.first] * s.first_weight
            + (uint64_t)columns[s.last] * s.last_weight;
        target[i] = divided(sum, axis);
    }
}

void zanzo_shrink_finish32_scalar(uint8_t *target, const uint32_t *columns, const zanzo_shrink_axis *axis) {
    for (size_t i = 0; i < axis->count; i++) {
        const zanzo_shrink_span s = axis->spans[i];
        uint64_t between = 0;
        for (size_t x = (size_t)s.first + 1; x < s.last; x++) between += columns[x];
        uint64_t sum = between * axis->t + (uint64_t)columns[s.first] * s.first_weight
            + (uint64_t)columns[s.last] * s.last_weight;
        target[i] = divided(sum, axis);
    }
}
