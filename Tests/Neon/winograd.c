#include "shapes.h"

#include <math.h>
#include <string.h>

// Winograd's kernels against the direct ones in plain C, whose answer theirs is to rounding.

typedef struct {
    const char *name;
    zanzo_conv3x3 tested;
    int is_transposed, is_half;
} kernel;

static const kernel kernels[] = {
    {NAME(conv3x3_winograd), TESTED(conv3x3_winograd), 0, 0},
    {NAME(deconv3x3_winograd), TESTED(deconv3x3_winograd), 1, 0},
    {NAME(conv3x3_winograd_half), TESTED(conv3x3_winograd_half), 0, 1},
    {NAME(deconv3x3_winograd_half), TESTED(deconv3x3_winograd_half), 1, 1},
};

// A layer as both kernels read it.
typedef struct {
    float *in;
    void *weights, *direct_weights;
    size_t in_corner, out_corner, out_count; // in elements
    zanzo_convolution layer;
} prepared;

static void prepare_weights(prepared *p, const kernel *k, const shape *s, memory_side side) {
    const zanzo_layout plain = {.lanes = layout.lanes, .block = ZANZO_BLOCK};
    const size_t count = s->inputs * s->outputs, packed = s->inputs * padded(s->outputs, layout.lanes);
    float *raw = guarded(9 * count, sizeof(float), side), *scale = guarded(s->outputs, sizeof(float), side);
    float *winograd = guarded(ZANZO_WINOGRAD_WEIGHTS * packed, sizeof(float), side);
    float *direct = guarded(9 * packed, sizeof(float), side);
    for (size_t i = 0; i < 9 * count; i++) raw[i] = random_float(-1, 1);
    for (size_t o = 0; o < s->outputs; o++) scale[o] = random_float(0.5f, 2);
    (k->is_transposed ? zanzo_pack_deconv3x3_winograd : zanzo_pack_conv3x3_winograd)(
        winograd, raw, scale, s->outputs, s->inputs, &layout);
    (k->is_transposed ? zanzo_pack_deconv3x3 : zanzo_pack_conv3x3)(
        direct, raw, scale, s->outputs, s->inputs, 1, &plain);
    p->weights = winograd;
    p->direct_weights = direct;
    if (!k->is_half) return;
    p->weights = guarded(ZANZO_WINOGRAD_WEIGHTS * packed, sizeof(uint16_t), side);
    zanzo_halves_of(p->weights, winograd, ZANZO_WINOGRAD_WEIGHTS * packed);
}

static prepared prepare(const kernel *k, const shape *s, memory_side side) {
    prepared p;
    prepare_weights(&p, k, s, side);
    const size_t in_pixel = padded(s->inputs, layout.lanes), out_pixel = padded(s->outputs, layout.lanes);
    const size_t in_height = k->is_transposed ? s->height : 2 * s->height;
    const size_t in_width = k->is_transposed ? s->width : 2 * s->width;
    const size_t out_height = k->is_transposed ? 2 * s->height : s->height;
    const size_t out_width = k->is_transposed ? 2 * s->width : s->width;
    const size_t in_row = (in_width + 2) * in_pixel, in_map = (in_height + 2) * in_row;
    const size_t out_row = (out_width + 2) * out_pixel, out_map = (out_height + 2) * out_row;
    float *bias = guarded(out_pixel, sizeof(float), side);
    for (size_t o = 0; o < out_pixel; o++) bias[o] = o < s->outputs ? random_float(-1, 1) : 0;
    p.in = guarded(s->maps * in_map, sizeof(float), side);
    for (size_t i = 0; i < s->maps * in_map; i++) {
        const size_t y = i % in_map / in_row, x = i % in_row / in_pixel, c = i % in_pixel;
        const int is_inside = y > 0 && y <= in_height && x > 0 && x <= in_width && c < s->inputs;
        p.in[i] = is_inside ? random_float(-1, 1) : 0;
    }
    p.in_corner = k->is_transposed ? in_row + in_pixel : 0;
    p.out_corner = out_row + out_pixel;
    p.out_count = s->maps * out_map;
    p.layer = (zanzo_convolution){
        .weights = p.direct_weights, .bias = bias, .height = s->height, .width = s->width, .in_channels = s->inputs,
        .out_channels = out_pixel, .stride = 2, .in_row = in_row, .in_pixel = in_pixel, .out_row = out_row,
        .out_pixel = out_pixel, .activation = s->is_rectified ? ZANZO_RELU : ZANZO_IDENTITY,
        .share = {
            .maps = s->maps, .in_map = in_map, .out_map = out_map, .end_pixel = s->maps * s->height * s->width,
            .end_output = out_pixel}};
    return p;
}

static void check_one(const kernel *k, const shape *s, memory_side side) {
    begin_case("%zu to %zu channels, %zux%zu, %zu maps", s->inputs, s->outputs, s->height, s->width, s->maps);
    prepared p = prepare(k, s, side);
    float *expected = guarded(p.out_count, sizeof(float), side), *found = guarded(p.out_count, sizeof(float), side);
    uint8_t *bytes = guarded(p.out_count, 1, side);
    (k->is_transposed ? zanzo_deconv3x3_scalar : zanzo_conv3x3_scalar)(
        expected + p.out_corner, p.in + p.in_corner, &p.layer);
    p.layer.weights = p.weights;
    p.layer.share.end_pixel /= 4;
    IN_PARTS(p.layer, k->tested(found + p.out_corner, p.in + p.in_corner, &p.layer));
    const float byte_scale = 37.5f;
    p.layer.byte_scale = byte_scale;
    IN_PARTS(p.layer, k->tested(bytes + p.out_corner, p.in + p.in_corner, &p.layer));

    // No input exceeds 1 and no weight 2, and neither four times that in one of nine products for an output.
    const float terms = 9 * 4 * 8 * (float)s->inputs, most = terms * (k->is_half ? 0x1p-13f : 5e-8f);
    float untouched;
    memset(&untouched, 0xa5, sizeof untouched);
    for (size_t i = 0; i < p.out_count; i++) {
        if (memcmp(&expected[i], &untouched, sizeof untouched) == 0) {
            const int is_kept = memcmp(&found[i], &untouched, sizeof untouched) == 0 && bytes[i] == 0xa5;
            expect(is_kept, "element %zu: written past the map", i);
            continue;
        }
        expect(fabsf(found[i] - expected[i]) <= most, "element %zu: %g, not %g", i, found[i], expected[i]);
        const float scaled = fminf(fmaxf(found[i] * byte_scale, 0), 255);
        expect(fabsf(bytes[i] - scaled) <= 0.501f, "element %zu: byte %d, not %g", i, bytes[i], scaled);
    }
    release_all();
}

void check_winograd(void) {
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        begin_kernel(kernels[i].name);
        for (size_t index = 0; index < SHAPES; index++)
            for (memory_side side = AT_START; side < SIDES; side++) {
                shape s = shape_at(index);
                s.height += s.height % 2; // sizes are even
                s.width += s.width % 2;
                check_one(&kernels[i], &s, side);
            }
        verdict();
    }
}
