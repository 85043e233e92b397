#include "half.h"
#include "kernels.h"

#include <math.h>

static float value(const void *weights, size_t index) {
    float v;
    memcpy(&v, (const char *)weights + index * sizeof v, sizeof v);
    return v;
}

static size_t padded(size_t count, size_t to) { return (count + to - 1) / to * to; }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Writes one convolution of the given taps (indices into the 3x3 kernel) and returns the end of what it wrote.
// The weight of output o, input c and tap t lies at o * out_step + c * in_step + t.
static float *pack_taps(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, size_t out_step,
    size_t in_step, const size_t *taps, size_t tap_count, size_t group, const zanzo_layout *layout) {
    const size_t total = padded(outputs, layout->lanes);
    for (size_t first = 0; first < total; first += layout->block) {
        const size_t width = smaller(layout->block, total - first);
        for (size_t t = 0; t < tap_count; t++)
            for (size_t unit = 0; unit < inputs; unit += group)
                for (size_t j = 0; j < width; j++)
                    for (size_t c = unit; c < unit + group; c++) {
                        const size_t o = first + j;
                        const int is_padding = o >= outputs || c >= inputs;
                        *packed++ = is_padding ? 0 : value(weights, o * out_step + c * in_step + taps[t]) * scale[o];
                    }
    }
    return packed;
}

void zanzo_pack_conv3x3(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, size_t group,
    const zanzo_layout *layout) {
    static const size_t taps[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    pack_taps(packed, weights, scale, outputs, inputs, inputs * 9, 9, taps, 9, group, layout);
}

void zanzo_pack_deconv3x3(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, size_t group,
    const zanzo_layout *layout) {
    // Taps of each phase, from the top left: the row (or column) above takes kernel row 2, the one below row 0.
    static const size_t even_even[] = {4}, even_odd[] = {5, 3}, odd_even[] = {7, 1}, odd_odd[] = {8, 6, 2, 0};
    packed = pack_taps(packed, weights, scale, outputs, inputs, 9, outputs * 9, even_even, 1, group, layout);
    packed = pack_taps(packed, weights, scale, outputs, inputs, 9, outputs * 9, even_odd, 2, group, layout);
    packed = pack_taps(packed, weights, scale, outputs, inputs, 9, outputs * 9, odd_even, 2, group, layout);
    pack_taps(packed, weights, scale, outputs, inputs, 9, outputs * 9, odd_odd, 4, group, layout);
}

void zanzo_pack_conv3x3_few(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, const zanzo_layout *layout) {
    const size_t total = padded(inputs, layout->lanes);
    for (size_t o = 0; o < outputs; o++)
        for (size_t t = 0; t < 9; t++)
            for (size_t c = 0; c < total; c++)
                *packed++ = c < inputs ? value(weights, (o * inputs + c) * 9 + t) * scale[o] : 0;
}

void zanzo_pack_linear(
    float *packed, const void *weights, size_t width, const uint32_t *row_of, const uint32_t *column_of, size_t runs,
    size_t columns, size_t inputs, const zanzo_layout *layout) {
    for (size_t run = 0; run < runs; run++)
        for (size_t first = 0; first < columns; first += layout->linear_block)
            for (size_t i = 0; i < inputs; i++)
                for (size_t j = 0; j < layout->linear_block; j++) {
                    const size_t column = first + j;
                    const uint32_t row = column < columns ? row_of[run * columns + column] : ZANZO_PADDING;
                    const int is_padding = row == ZANZO_PADDING || column_of[i] == ZANZO_PADDING;
                    *packed++ = is_padding ? 0 : value(weights, row * width + column_of[i]);
                }
}

size_t zanzo_first_not_finite(const void *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(value(values, i))) return i;
    return count;
}

void zanzo_halves_of(uint16_t *halves, const float *packed, size_t count) {
    for (size_t i = 0; i < count; i++) halves[i] = half_of_float(packed[i]);
}

void zanzo_bytes_of(int8_t *bytes, const float *packed, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const float x = nearbyintf(packed[i]);
        bytes[i] = (int8_t)(x < -127 ? -127 : x > 127 ? 127 : x);
    }
}
