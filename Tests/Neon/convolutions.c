#include "shapes.h"

#include <math.h>
#include <string.h>

typedef struct {
    const char *name;
    zanzo_conv3x3 plain_c, tested;
    int is_transposed, is_half;
} kernel;

static const kernel kernels[] = {
    {NAME(conv3x3), zanzo_conv3x3_scalar, TESTED(conv3x3), 0, 0},
    {NAME(deconv3x3), zanzo_deconv3x3_scalar, TESTED(deconv3x3), 1, 0},
    {NAME(conv3x3_half), zanzo_conv3x3_half_scalar, TESTED(conv3x3_half), 0, 1},
    {NAME(deconv3x3_half), zanzo_deconv3x3_half_scalar, TESTED(deconv3x3_half), 1, 1},
};

// One layer and its maps. `absolute` maps hold the same without signs: what they give bounds the rounding.
typedef struct {
    float *in, *absolute_in;
    void *weights, *plain_weights, *absolute_weights;
    float *bias, *absolute_bias;
    size_t in_corner, out_corner, out_count; // in elements
    zanzo_convolution layer;
} prepared;

static void *as_read(const float *packed, size_t count, int is_half, memory_side side) {
    void *weights = guarded(count, is_half ? sizeof(uint16_t) : sizeof(float), side);
    if (is_half)
        zanzo_halves_of(weights, packed, count);
    else
        memcpy(weights, packed, count * sizeof(float));
    return weights;
}

static void prepare_weights(prepared *p, const kernel *k, const shape *s, memory_side side) {
    const size_t count = 9 * s->inputs * s->outputs, outputs = padded(s->outputs, layout.lanes);
    const size_t packed_count = 9 * s->inputs * outputs;
    float *raw = guarded(count, sizeof(float), side), *scale = guarded(s->outputs, sizeof(float), side);
    float *packed = guarded(packed_count, sizeof(float), side);
    // A few are so small that as halves they are denormal.
    for (size_t i = 0; i < count; i++) raw[i] = random_float(-1, 1) * (random_below(16) == 0 ? 0x1p-20f : 1);
    for (size_t o = 0; o < s->outputs; o++) scale[o] = random_float(0.5f, 2);
    const zanzo_layout plain = plain_layout();
    const zanzo_layout *const layouts[] = {&layout, &plain};
    for (size_t i = 0; i < 2; i++) {
        (k->is_transposed ? zanzo_pack_deconv3x3 : zanzo_pack_conv3x3)(
            packed, raw, scale, s->outputs, s->inputs, 1, layouts[i]);
        *(i == 0 ? &p->weights : &p->plain_weights) = as_read(packed, packed_count, k->is_half, side);
    }
    for (size_t i = 0; i < packed_count; i++) packed[i] = fabsf(packed[i]);
    p->absolute_weights = as_read(packed, packed_count, k->is_half, side);
    p->bias = guarded(outputs, sizeof(float), side);
    p->absolute_bias = guarded(outputs, sizeof(float), side);
    for (size_t o = 0; o < outputs; o++) {
        p->bias[o] = o < s->outputs ? random_float(-1, 1) : 0;
        p->absolute_bias[o] = fabsf(p->bias[o]);
    }
}

static prepared prepare(const kernel *k, const shape *s, memory_side side) {
    prepared p;
    prepare_weights(&p, k, s, side);
    const size_t in_pixel = pixel_stride(s->inputs), out_pixel = padded(s->outputs, layout.lanes);
    const size_t in_height = k->is_transposed ? s->height : s->height * s->stride;
    const size_t in_width = k->is_transposed ? s->width : s->width * s->stride;
    const size_t out_height = k->is_transposed ? 2 * s->height : s->height;
    const size_t out_width = k->is_transposed ? 2 * s->width : s->width;
    const size_t in_row = (in_width + 2) * in_pixel, in_map = (in_height + 2) * in_row;
    const size_t out_row = (out_width + 2) * out_pixel, out_map = (out_height + 2) * out_row;
    p.in = guarded(s->maps * in_map, sizeof(float), side);
    p.absolute_in = guarded(s->maps * in_map, sizeof(float), side);
    for (size_t i = 0; i < s->maps * in_map; i++) {
        const size_t y = i % in_map / in_row, x = i % in_row / in_pixel, c = i % in_pixel;
        const int is_inside = y > 0 && y <= in_height && x > 0 && x <= in_width && c < s->inputs;
        p.in[i] = is_inside ? random_float(-1, 1) : 0;
        p.absolute_in[i] = fabsf(p.in[i]);
    }
    p.in_corner = k->is_transposed ? in_row + in_pixel : 0;
    p.out_corner = out_row + out_pixel;
    p.out_count = s->maps * out_map;
    const zanzo_share share = {
        .maps = s->maps, .in_map = in_map, .out_map = out_map, .end_pixel = s->maps * s->height * s->width,
        .end_output = out_pixel};
    p.layer = (zanzo_convolution){
        .weights = p.weights, .bias = p.bias, .height = s->height, .width = s->width, .in_channels = s->inputs,
        .out_channels = out_pixel, .stride = k->is_transposed ? 2 : s->stride, .in_row = in_row, .in_pixel = in_pixel,
        .out_row = out_row, .out_pixel = out_pixel, .activation = s->is_rectified ? ZANZO_RELU : ZANZO_IDENTITY,
        .share = share};
    return p;
}

static void check_one(const kernel *k, const shape *s, memory_side side) {
    begin_case(
        "%zu to %zu channels, %zux%zu, stride %zu, %zu maps", s->inputs, s->outputs, s->height, s->width, s->stride,
        s->maps);
    prepared p = prepare(k, s, side);
    float *expected = guarded(p.out_count, sizeof(float), side), *found = guarded(p.out_count, sizeof(float), side);
    float *magnitude = guarded(p.out_count, sizeof(float), side);
    uint8_t *bytes = guarded(p.out_count, 1, side);
    zanzo_convolution plain = p.layer;
    plain.weights = p.plain_weights;
    k->plain_c(expected + p.out_corner, p.in + p.in_corner, &plain);
    IN_PARTS(p.layer, k->tested(found + p.out_corner, p.in + p.in_corner, &p.layer));
    zanzo_convolution absolute = p.layer;
    absolute.weights = p.absolute_weights;
    absolute.bias = p.absolute_bias;
    k->plain_c(magnitude + p.out_corner, p.absolute_in + p.in_corner, &absolute);
    const float byte_scale = 37.5f;
    p.layer.byte_scale = byte_scale;
    IN_PARTS(p.layer, k->tested(bytes + p.out_corner, p.in + p.in_corner, &p.layer));

    float untouched;
    memset(&untouched, 0xa5, sizeof untouched);
    for (size_t i = 0; i < p.out_count; i++) {
        if (expected[i] == untouched) {
            expect(found[i] == untouched && bytes[i] == 0xa5, "element %zu: written past the map", i);
            continue;
        }
        const float most = 1e-6f * (1 + magnitude[i]);
        expect(fabsf(found[i] - expected[i]) <= most, "element %zu: %g, not %g", i, found[i], expected[i]);
        const float scaled = fminf(fmaxf(expected[i] * byte_scale, 0), 255);
        expect(
            fabsf(bytes[i] - scaled) <= 0.5f + most * byte_scale, "element %zu: byte %d, not %g", i, bytes[i], scaled);
    }
    release_all();
}

static void check_few(const shape *s, memory_side side, zanzo_activation activation) {
    const size_t outputs = 1 + s->outputs % 3, channels = padded(s->inputs, layout.lanes);
    begin_case(
        "%zu to %zu channels, %zux%zu, %zu maps, activation %d", s->inputs, outputs, s->height, s->width, s->maps,
        (int)activation);
    float *raw = guarded(9 * s->inputs * outputs, sizeof(float), side), *scale = guarded(outputs, sizeof(float), side);
    float *weights = guarded(9 * channels * outputs, sizeof(float), side);
    float *bias = guarded(outputs, sizeof(float), side);
    for (size_t i = 0; i < 9 * s->inputs * outputs; i++) raw[i] = random_float(-0.1f, 0.1f);
    for (size_t o = 0; o < outputs; o++) scale[o] = 1, bias[o] = random_float(-1, 1);
    const zanzo_layout plain = {.lanes = ZANZO_LANES};
    float *plain_weights = guarded(9 * channels * outputs, sizeof(float), side);
    zanzo_pack_conv3x3_few(weights, raw, scale, outputs, s->inputs, &layout);
    zanzo_pack_conv3x3_few(plain_weights, raw, scale, outputs, s->inputs, &plain);
    const size_t in_row = (s->width + 2) * channels, in_map = (s->height + 2) * in_row;
    const size_t out_row = s->width * outputs, out_map = s->height * out_row, pixels = s->height * s->width;
    float *in = guarded(s->maps * in_map, sizeof(float), side);
    for (size_t i = 0; i < s->maps * in_map; i++) in[i] = i % channels < s->inputs ? random_float(-1, 1) : 0;
    float *expected = guarded(s->maps * out_map, sizeof(float), side);
    float *found = guarded(s->maps * out_map, sizeof(float), side);
    const zanzo_share share = {
        .maps = s->maps, .in_map = in_map, .out_map = out_map, .end_pixel = s->maps * pixels, .end_output = outputs};
    zanzo_convolution layer = {
        .weights = plain_weights, .bias = bias, .height = s->height, .width = s->width, .in_channels = s->inputs,
        .out_channels = outputs, .stride = 1, .in_row = in_row, .in_pixel = channels, .out_row = out_row,
        .out_pixel = outputs, .activation = activation, .share = share};
    zanzo_conv3x3_few_scalar(expected, in, &layer);
    layer.weights = weights;
    const size_t cut = random_below(s->maps * s->height + 1) * s->width;
    layer.share.end_pixel = cut;
    TESTED(conv3x3_few)(found, in, &layer);
    layer.share.first_pixel = cut;
    layer.share.end_pixel = share.end_pixel;
    TESTED(conv3x3_few)(found, in, &layer);
    // No weight exceeds 0.1 and no input 1.
    const float most = 1e-6f * (2 + 0.9f * (float)s->inputs);
    for (size_t i = 0; i < s->maps * out_map; i++)
        expect(fabsf(found[i] - expected[i]) <= most, "element %zu: %g, not %g", i, found[i], expected[i]);
    release_all();
}

void check_convolutions(void) {
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        begin_kernel(kernels[i].name);
        for (size_t index = 0; index < SHAPES; index++)
            for (memory_side side = AT_START; side < SIDES; side++) {
                const shape s = shape_at(index);
                check_one(&kernels[i], &s, side);
            }
        verdict();
    }
    begin_kernel(NAME(conv3x3_few));
    for (size_t index = 0; index < SHAPES; index++)
        for (memory_side side = AT_START; side < SIDES; side++) {
            const shape s = shape_at(index);
            check_few(&s, side, (zanzo_activation)(index % 3));
        }
    verdict();
}
