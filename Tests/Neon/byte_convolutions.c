#include "shapes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    zanzo_conv3x3_8 plain_c, tested;
    int is_transposed;
} kernel;

// Weights as one layout has them, and for each output (of each phase) their sum, from which first sums are made.
typedef struct {
    int8_t *weights;
    int32_t *sums;
    size_t sum_count;
} packed_bytes;

// Whole numbers, the extremes as likely as all the rest. Where `byte_group` fours of inputs are added in 16 bits, those of
// one sign that are too large together are made smaller, often to just what fits.
static void choose_weights(float *raw, const kernel *k, const shape *s) {
    const size_t out_step = k->is_transposed ? 9 : s->inputs * 9, in_step = k->is_transposed ? s->outputs * 9 : 9;
    for (size_t i = 0; i < 9 * s->inputs * s->outputs; i++)
        raw[i] = truncf(fminf(fmaxf(random_float(-254, 254), -127), 127));
    const size_t width = 4 * layout.byte_group;
    for (size_t o = 0; width > 0 && o < s->outputs; o++)
        for (size_t first = 0; first < s->inputs; first += width)
            for (size_t i = 0; i < 36; i++) { // of each tap: two halves of the fours, two signs
                const size_t tap = i / 4, half = i / 2 % 2;
                const float sign = i % 2 ? -1 : 1;
                float sum = 0;
                for (size_t c = first; c < first + width && c < s->inputs; c++) {
                    const float w = sign * raw[o * out_step + c * in_step + tap];
                    if (c / 2 % 2 == half && w > 0) sum += w;
                }
                for (size_t c = first; c < first + width && c < s->inputs; c++) {
                    float *w = raw + o * out_step + c * in_step + tap;
                    if (c / 2 % 2 == half && sign * *w > 0 && sum > ZANZO_BYTE_GROUP_LIMIT)
                        *w = truncf(*w * ZANZO_BYTE_GROUP_LIMIT / sum);
                }
            }
}

static packed_bytes pack(
    const float *raw, const kernel *k, const shape *s, const zanzo_layout *as, memory_side side) {
    const size_t units = padded(s->inputs, 4) / 4, outputs = padded(s->outputs, as->lanes);
    const size_t taps[] = {1, 2, 2, 4}, nine[] = {9}, phases = k->is_transposed ? 4 : 1;
    const size_t count = 9 * units * 4 * outputs;
    packed_bytes p = {.sum_count = phases * outputs};
    float *scale = guarded(s->outputs, sizeof(float), side), *packed = guarded(count, sizeof(float), side);
    for (size_t o = 0; o < s->outputs; o++) scale[o] = 1;
    (k->is_transposed ? zanzo_pack_deconv3x3 : zanzo_pack_conv3x3)(packed, raw, scale, s->outputs, s->inputs, 4, as);
    p.weights = guarded(count, 1, side);
    zanzo_bytes_of(p.weights, packed, count);
    p.sums = guarded(p.sum_count, sizeof(int32_t), side);
    memset(p.sums, 0, p.sum_count * sizeof(int32_t));
    const int8_t *w = p.weights;
    for (size_t phase = 0; phase < phases; phase++)
        for (size_t first = 0; first < outputs; first += as->block) {
            const size_t width = outputs - first < as->block ? outputs - first : as->block;
            const size_t here = (k->is_transposed ? taps : nine)[phase] * units * width * 4;
            for (size_t i = 0; i < here; i++) p.sums[phase * outputs + first + i / 4 % width] += *w++;
        }
    return p;
}

static int32_t *first_sums(const packed_bytes *p, int32_t factor, memory_side side) {
    int32_t *sums = guarded(p->sum_count, sizeof(int32_t), side);
    for (size_t i = 0; i < p->sum_count; i++) sums[i] = factor * p->sums[i];
    return sums;
}

static zanzo_convolution8 layer_of(const kernel *k, const shape *s, memory_side side) {
    const size_t channels = padded(s->inputs, 4), in_pixel = padded(s->inputs, layout.lanes);
    const size_t out_pixel = padded(s->outputs, layout.lanes), factor = k->is_transposed ? 2 : 1;
    const size_t stride = k->is_transposed ? 1 : s->stride;
    const size_t in_row = (s->width * stride + 2) * in_pixel, out_row = (factor * s->width + 2) * out_pixel;
    float *scale = guarded(out_pixel, sizeof(float), side), *bias = guarded(out_pixel, sizeof(float), side);
    // So that about half of the outputs lie in 0…255.
    for (size_t o = 0; o < out_pixel; o++) {
        scale[o] = random_float(0.5f, 2) / (float)(10 * s->inputs + 90);
        bias[o] = random_float(-100, 200);
    }
    const zanzo_share share = {
        .maps = s->maps, .in_map = (s->height * stride + 2) * in_row, .out_map = (factor * s->height + 2) * out_row,
        .end_pixel = s->maps * s->height * s->width, .end_output = out_pixel};
    return (zanzo_convolution8){
        .scale = scale, .bias = bias, .height = s->height, .width = s->width,
        .in_channels = channels, .out_channels = out_pixel, .stride = k->is_transposed ? 2 : stride, .in_row = in_row,
        .in_pixel = in_pixel, .out_row = out_row, .out_pixel = out_pixel, .share = share};
}

static void check_one(const kernel *k, const shape *s, memory_side side, int is_float) {
    begin_case(
        "%zu to %zu channels, %zux%zu, stride %zu, %zu maps, %s", s->inputs, s->outputs, s->height, s->width, s->stride,
        s->maps, is_float ? "floats" : "bytes");
    const zanzo_layout plain_c = plain_layout();
    float *raw = guarded(9 * s->inputs * s->outputs, sizeof(float), side);
    choose_weights(raw, k, s);
    const packed_bytes plain = pack(raw, k, s, &plain_c, side), packed = pack(raw, k, s, &layout, side);
    zanzo_convolution8 layer = layer_of(k, s, side);
    layer.is_float = is_float;
    const size_t in_count = s->maps * layer.share.in_map, out_count = s->maps * layer.share.out_map;
    const size_t size = is_float ? sizeof(float) : 1, out_corner = (layer.out_row + layer.out_pixel) * size;
    const size_t in_corner = k->is_transposed ? layer.in_row + layer.in_pixel : 0;
    const int32_t zero_point = random_below(2) ? 128 : 0;
    // Any byte anywhere, padding included, whose weights are zero; 255 often.
    uint8_t *in = guarded(in_count, 1, side);
    for (size_t i = 0; i < in_count; i++) in[i] = (uint8_t)(random_below(4) ? random_below(256) : 255);
    char *expected = guarded(out_count, size, side), *found = guarded(out_count, size, side);
    layer.weights = plain.weights;
    layer.first_sums = first_sums(&plain, -zero_point, side);
    k->plain_c(expected + out_corner, in + in_corner, &layer);
    layer.weights = packed.weights;
    layer.first_sums = first_sums(&packed, layout.byte_offset - zero_point, side);
    IN_PARTS(layer, k->tested(found + out_corner, in + in_corner, &layer));
    size_t at = 0;
    while (at < out_count * size && found[at] == expected[at]) at++;
    expect(at == out_count * size, "element %zu of %zu differs", at / size, out_count);
    release_all();
}

static void check_kernel(const char *name, const kernel *k) {
    begin_kernel(name);
    for (size_t index = 0; index < SHAPES; index++)
        for (memory_side side = AT_START; side < SIDES; side++) {
            const shape s = shape_at(index);
            check_one(k, &s, side, 0);
            check_one(k, &s, side, 1);
        }
    verdict();
}

void check_byte_convolutions(const char *isa, zanzo_conv3x3_8 plain, zanzo_deconv3x3_8 transposed) {
    char name[40];
    snprintf(name, sizeof name, "conv3x3_8_%s", isa);
    check_kernel(name, &(kernel){zanzo_conv3x3_8_scalar, plain, 0});
    snprintf(name, sizeof name, "deconv3x3_8_%s", isa);
    check_kernel(name, &(kernel){zanzo_deconv3x3_8_scalar, transposed, 1});
}
