#include "shapes.h"

#include <math.h>
#include <string.h>

// What training needs beside the rest (training.h).

static float *random_floats(size_t count, float from, float to, memory_side side) {
    float *values = guarded(count, sizeof(float), side);
    for (size_t i = 0; i < count; i++) values[i] = random_float(from, to);
    return values;
}

static float *copy_of(const float *values, size_t count, memory_side side) {
    float *copy = guarded(count, sizeof(float), side);
    memcpy(copy, values, count * sizeof(float));
    return copy;
}

static void expect_close(const char *what, const float *found, const float *expected, size_t count, float tolerance) {
    for (size_t i = 0; i < count; i++)
        expect(
            fabsf(found[i] - expected[i]) <= tolerance * (1 + fabsf(expected[i])), "%s %zu: %g, not %g", what, i,
            found[i], expected[i]);
}

static void check_gemm(size_t rows, size_t depth, size_t columns, int is_first, memory_side side) {
    begin_case("%zu rows, %zu deep, %zu columns", rows, depth, columns);
    const size_t count = rows * columns, reach = rows + 2 * depth;
    uint32_t *row_table = guarded(rows, sizeof *row_table, side), *steps = guarded(depth, sizeof *steps, side);
    for (size_t r = 0; r < rows; r++) row_table[r] = (uint32_t)random_below(rows);
    for (size_t p = 0; p < depth; p++) steps[p] = (uint32_t)random_below(2 * depth + 1);
    float *before = random_floats(count, -1, 1, side), *expected = copy_of(before, count, side);
    float *found = copy_of(before, count, side), *copied = copy_of(before, count, side);
    const size_t room_count = 13 * depth;
    zanzo_products products = {
        .sums = expected, .a = random_floats(reach, -1, 1, side), .b = random_floats(depth * columns, -1, 1, side),
        .rows = row_table, .steps = steps, .row_count = rows, .depth = depth, .columns = columns,
        .sums_block = layout.block * rows, .b_block = layout.block * depth, .is_first = is_first};
    zanzo_gemm_scalar(&products);
    products.sums = found;
    zanzo_gemm_neon(&products);
    products.sums = copied;
    products.room = guarded(room_count, sizeof(float), side);
    products.room_count = room_count;
    zanzo_gemm_neon(&products);
    expect_close("sum", found, expected, count, 2e-6f * (float)(1 + depth));
    expect(memcmp(found, copied, count * sizeof(float)) == 0, "copied rows have other sums");
    release_all();
}

static void check_norm(size_t height, size_t width, size_t channels, memory_side side) {
    begin_case("%zux%zux%zu", height, width, channels);
    const size_t y_row = width * channels, x_row = y_row + 2 * channels, y_count = height * y_row;
    const size_t x_count = (height - 1) * x_row + y_row;
    const zanzo_norm norm = {
        .height = height, .width = width, .channels = channels, .y_row = y_row, .x_row = x_row,
        .scale = random_floats(channels, -1, 1, side), .shift = random_floats(channels, -1, 1, side),
        .mean = random_floats(channels, -1, 1, side), .alpha = random_floats(channels, -1, 1, side),
        .beta = random_floats(channels, -1, 1, side), .gamma = random_floats(channels, -1, 1, side)};
    float *y = random_floats(y_count, -1, 1, side), *dx = random_floats(x_count, -1, 1, side);
    float *x[2], *dy[2];
    double *sums[2];
    for (int i = 0; i < 2; i++) {
        x[i] = guarded(x_count, sizeof(float), side);
        dy[i] = copy_of(dx, x_count, side);
        sums[i] = guarded(4 * channels, sizeof(double), side);
        memset(sums[i], 0, 4 * channels * sizeof(double));
    }
    zanzo_norm_moments_scalar(sums[0], y, &norm);
    zanzo_norm_moments_neon(sums[1], y, &norm);
    zanzo_norm_forward_scalar(x[0], y, &norm);
    zanzo_norm_forward_neon(x[1], y, &norm);
    zanzo_norm_sums_scalar(sums[0] + 2 * channels, dx, y, &norm);
    zanzo_norm_sums_neon(sums[1] + 2 * channels, dx, y, &norm);
    zanzo_norm_backward_scalar(dy[0], dx, y, &norm);
    zanzo_norm_backward_neon(dy[1], dy[1], y, &norm);
    for (size_t row = 0; row < height; row++) {
        expect_close("x", x[1] + row * x_row, x[0] + row * x_row, y_row, 1e-6f);
        expect_close("dy", dy[1] + row * x_row, dy[0] + row * x_row, y_row, 1e-6f);
    }
    for (size_t i = 0; i < 4 * channels; i++)
        expect(
            fabs(sums[1][i] - sums[0][i]) <= 1e-6 * (double)(1 + height * width), "sum %zu: %g, not %g", i, sums[1][i],
            sums[0][i]);
    release_all();
}

static void check_adam(size_t count, memory_side side) {
    begin_case("%zu weights", count);
    float *start[3] = {
        random_floats(count, -1, 1, side), random_floats(count, -0.1f, 0.1f, side), random_floats(count, 0, 0.01f, side)};
    float *g = random_floats(count, -1, 1, side), *values[2][3];
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 3; k++) values[i][k] = copy_of(start[k], count, side);
    const zanzo_adam_step step = {0.5f, 1e-2f, 0.1f, 0.999f, 0.001f, 3e-3f, 1.5f, 1e-8f};
    zanzo_adam_scalar(values[0][0], values[0][1], values[0][2], g, count, &step);
    zanzo_adam_neon(values[1][0], values[1][1], values[1][2], g, count, &step);
    for (int k = 0; k < 3; k++) expect_close("number", values[1][k], values[0][k], count, 1e-6f);
    const double expected = zanzo_sum_squares_scalar(g, count), found = zanzo_sum_squares_neon(g, count);
    expect(fabs(found - expected) <= 1e-6 * expected, "squares: %g, not %g", found, expected);
    release_all();
}

void check_training(void) {
    random_seed(21);
    begin_kernel("gemm");
    for (memory_side side = AT_START; side < SIDES; side++)
        for (size_t i = 0; i < 40; i++)
            check_gemm(
                1 + random_below(40), 1 + random_below(80), layout.lanes * (1 + random_below(8)), (int)(i % 2), side);
    verdict();
    begin_kernel("norm");
    for (memory_side side = AT_START; side < SIDES; side++)
        for (size_t i = 0; i < 20; i++)
            check_norm(
                1 + random_below(8), 1 + random_below(140), layout.lanes * (1 + random_below(4)), side);
    verdict();
    begin_kernel("adam");
    for (memory_side side = AT_START; side < SIDES; side++)
        for (size_t i = 0; i < 20; i++) check_adam(1 + random_below(200), side);
    verdict();
}
