#include "shapes.h"

#include <math.h>
#include <string.h>

static void check_linear(size_t inputs, size_t runs, size_t columns, memory_side side, int is_half) {
    begin_case("%zu inputs, %zu runs of %zu", inputs, runs, columns);
    const size_t outputs = runs * columns, whole = padded(columns, layout.linear_block), stride = columns + 3;
    const size_t count = runs * whole * inputs, out_count = runs * stride - 3;
    float *raw = guarded(outputs * inputs, sizeof(float), side), *packed = guarded(count, sizeof(float), side);
    uint32_t *rows = guarded(outputs, sizeof *rows, side), *sources = guarded(inputs, sizeof *sources, side);
    for (size_t i = 0; i < outputs * inputs; i++) raw[i] = random_float(-1, 1);
    for (size_t i = 0; i < outputs; i++) rows[i] = (uint32_t)i;
    for (size_t i = 0; i < inputs; i++) sources[i] = (uint32_t)i;
    const zanzo_layout plain = plain_layout();
    const size_t plain_whole = padded(columns, plain.linear_block), plain_count = runs * plain_whole * inputs;
    float *plain_packed = guarded(plain_count, sizeof(float), side);
    zanzo_pack_linear(packed, raw, inputs, rows, sources, runs, columns, inputs, &layout);
    zanzo_pack_linear(plain_packed, raw, inputs, rows, sources, runs, columns, inputs, &plain);
    uint16_t *halves = guarded(count, sizeof *halves, side), *plain_halves = guarded(plain_count, sizeof *halves, side);
    zanzo_halves_of(halves, packed, count);
    zanzo_halves_of(plain_halves, plain_packed, plain_count);
    float *bias = guarded(runs * whole, sizeof(float), side), *in = guarded(inputs, sizeof(float), side);
    float *plain_bias = guarded(runs * plain_whole, sizeof(float), side);
    for (size_t i = 0; i < runs * whole; i++) bias[i] = 0;
    for (size_t i = 0; i < runs * plain_whole; i++) plain_bias[i] = 0;
    for (size_t i = 0; i < outputs; i++)
        bias[i / columns * whole + i % columns] = plain_bias[i / columns * plain_whole + i % columns] =
            random_float(-1, 1);
    for (size_t i = 0; i < inputs; i++) in[i] = random_float(-1, 1);
    float *expected = guarded(out_count, sizeof(float), side), *found = guarded(out_count, sizeof(float), side);
    zanzo_linear_layer layer = {
        .weights = is_half ? (const void *)halves : packed, .bias = bias, .inputs = inputs, .runs = runs,
        .columns = columns, .out_stride = stride};
    (is_half ? TESTED(linear_half) : TESTED(linear))(found, in, &layer);
    layer.weights = is_half ? (const void *)plain_halves : plain_packed;
    layer.bias = plain_bias;
    (is_half ? zanzo_linear_half_scalar : zanzo_linear_scalar)(expected, in, &layer);
    // No product exceeds 1; between runs nothing is written, so that the two agree there, too.
    for (size_t i = 0; i < out_count; i++)
        expect(
            fabsf(found[i] - expected[i]) <= 1e-6f * (float)(2 + inputs), "output %zu: %g, not %g", i, found[i],
            expected[i]);
    release_all();
}

static void check_linears(const char *name, int is_half) {
    static const size_t known[][3] = {{1, 1, 1}, {512, 1, 64}, {100, 4, 96}, {7, 3, 33}, {64, 1, 300}, {5, 2, 31}};
    begin_kernel(name);
    random_seed(3);
    for (memory_side side = AT_START; side < SIDES; side++) {
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            check_linear(known[i][0], known[i][1], known[i][2], side, is_half);
        for (size_t i = 0; i < 40; i++)
            check_linear(1 + random_below(70), 1 + random_below(3), 1 + random_below(90), side, is_half);
    }
    verdict();
}

// The other tables have AVX2's of these, which Swift's tests run.
#if defined(__aarch64__)
static void check_gru(size_t hidden, memory_side side) {
    begin_case("%zu wide", hidden);
    // What a model can give, what saturates, what is denormal.
    static const float extremes[] = {0, -0.0f, 1e30f, -1e30f, 88, -88, 1e-40f, -1e-40f, INFINITY, -INFINITY};
    float *gi = guarded(3 * hidden, sizeof(float), side), *gh = guarded(3 * hidden, sizeof(float), side);
    float *expected = guarded(hidden, sizeof(float), side), *found = guarded(hidden, sizeof(float), side);
    for (size_t i = 0; i < 3 * hidden; i++) {
        gi[i] = random_below(4) ? random_float(-4, 4) : extremes[random_below(10)];
        gh[i] = random_float(-4, 4);
    }
    for (size_t i = 0; i < hidden; i++) expected[i] = found[i] = random_float(-1, 1);
    zanzo_gru_scalar(expected, gi, gh, hidden);
    zanzo_gru_neon(found, gi, gh, hidden);
    for (size_t i = 0; i < hidden; i++)
        expect(fabsf(found[i] - expected[i]) <= 1e-6f, "unit %zu: %g, not %g", i, found[i], expected[i]);
    release_all();
}

static void check_normalise(size_t height, size_t width, size_t out_row, memory_side side) {
    begin_case("%zux%zu, rows of %zu", height, width, out_row);
    const size_t count = (height - 1) * out_row + width;
    uint8_t *luma = guarded(height * width, 1, side);
    float *expected = guarded(count, sizeof(float), side), *found = guarded(count, sizeof(float), side);
    for (size_t i = 0; i < height * width; i++) luma[i] = (uint8_t)random_below(256);
    zanzo_normalise_scalar(expected, luma, height, width, out_row);
    zanzo_normalise_neon(found, luma, height, width, out_row);
    expect(memcmp(found, expected, count * sizeof(float)) == 0, "differs");
    release_all();
}

static void check_quantise(size_t count, int zero_point, memory_side side) {
    begin_case("%zu values, zero at %d", count, zero_point);
    static const float extremes[] = {0, -0.0f, 1e30f, -1e30f, 1e-40f, 3e9f, -3e9f, INFINITY, -INFINITY, NAN};
    float *in = guarded(count, sizeof(float), side);
    uint8_t *expected = guarded(count, 1, side), *found = guarded(count, 1, side);
    for (size_t i = 0; i < count; i++) {
        const size_t kind = random_below(4);
        // Any value, a half exactly, or an extreme.
        in[i] = kind == 0   ? extremes[random_below(10)]
                : kind == 1 ? (float)random_below(600) - 299.5f
                            : random_float(-300, 300);
    }
    const float scale = random_below(2) ? 1 : random_float(0.1f, 3);
    zanzo_quantise_scalar(expected, in, count, scale, zero_point);
    zanzo_quantise_neon(found, in, count, scale, zero_point);
    for (size_t i = 0; i < count; i++)
        expect(found[i] == expected[i], "%g * %g: %d, not %d", in[i], scale, found[i], expected[i]);
    release_all();
}

static void check_shrink(size_t count, size_t step, memory_side side) {
    begin_case("%zu samples, step %zu", count, step);
    uint8_t *row = guarded((count - 1) * step + 1, 1, side);
    uint16_t *expected = guarded(count, sizeof *expected, side), *found = guarded(count, sizeof *found, side);
    for (size_t i = 0; i < (count - 1) * step + 1; i++) row[i] = (uint8_t)random_below(256);
    // Sums start from what `guarded` left there, and run over: both must do so alike.
    for (uint32_t weight = 1; weight <= 257; weight += 64) {
        zanzo_shrink_add_row16_scalar(expected, row, count, step, weight);
        zanzo_shrink_add_row16_neon(found, row, count, step, weight);
    }
    expect(memcmp(found, expected, count * sizeof *expected) == 0, "differs");
    release_all();
}

#endif

void check_vectors(void) {
    check_linears(NAME(linear), 0);
    check_linears(NAME(linear_half), 1);
#if defined(__aarch64__)
    random_seed(5);
    begin_kernel("gru_neon");
    for (memory_side side = AT_START; side < SIDES; side++)
        for (size_t hidden = 1; hidden < 70; hidden++) check_gru(hidden, side);
    verdict();
    begin_kernel("normalise_neon");
    for (memory_side side = AT_START; side < SIDES; side++)
        for (size_t width = 1; width < 40; width++)
            check_normalise(1 + random_below(5), width, width + random_below(4), side);
    verdict();
    begin_kernel("quantise_neon");
    for (memory_side side = AT_START; side < SIDES; side++)
        for (size_t count = 1; count < 100; count++) check_quantise(count, random_below(2) ? 128 : 0, side);
    verdict();
    begin_kernel("shrink_add_row16_neon");
    for (memory_side side = AT_START; side < SIDES; side++)
        for (size_t step = 1; step <= 4; step++)
            for (size_t count = 1; count < 70; count++) check_shrink(count, step, side);
    verdict();
#endif
}
