#include "half.h"
#include "kernels.h"

#include <string.h>

// Loops here run over every weight of a model each time that one is loaded. They are written so that the compiler makes
// vectors of them for any CPU: no branch on a weight, no call, the source read once and more or less in order.

static float value(const void *weights, size_t index) {
    float v;
    memcpy(&v, (const char *)weights + index * sizeof v, sizeof v);
    return v;
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static size_t padded(size_t count, size_t to) { return (count + to - 1) / to * to; }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Where a tap of the 3x3 kernel goes: taps are packed phase by phase. `before`: taps of the phases before its own;
// `count`: taps of its phase; `index`: its place among them.
typedef struct {
    size_t before, count, index;
} tap_place;

// A convolution: one phase of nine taps.
static const tap_place whole[9] = {{0, 9, 0}, {0, 9, 1}, {0, 9, 2}, {0, 9, 3}, {0, 9, 4},
                                   {0, 9, 5}, {0, 9, 6}, {0, 9, 7}, {0, 9, 8}};
// A transposed one. Taps of each phase from the top left: (even, even) 4; (even, odd) 5 3; (odd, even) 7 1; (odd, odd)
// 8 6 2 0, for the row (or column) above takes kernel row 2, the one below row 0.
static const tap_place phases[9] = {{5, 4, 3}, {3, 2, 1}, {5, 4, 2}, {1, 2, 1}, {0, 1, 0},
                                    {1, 2, 0}, {5, 4, 1}, {3, 2, 0}, {5, 4, 0}};
// Of Winograd's, all sixteen weights lie together.
static const tap_place products[16] = {{0, 16, 0},  {0, 16, 1},  {0, 16, 2},  {0, 16, 3}, {0, 16, 4},  {0, 16, 5},
                                       {0, 16, 6},  {0, 16, 7},  {0, 16, 8},  {0, 16, 9}, {0, 16, 10}, {0, 16, 11},
                                       {0, 16, 12}, {0, 16, 13}, {0, 16, 14}, {0, 16, 15}};

// A tile of weights on its way, a block of outputs wide: sorted here by tap, input and output while it lies in the
// first-level cache.
enum { TILE_INPUTS = 16, TILE_OUTPUTS = ZANZO_BLOCK_AVX512, TILE_SIZE = TILE_INPUTS * TILE_OUTPUTS };

// The weight of output o, input c and tap t lies at o * out_step + c * in_step + t.
typedef struct {
    const void *weights;
    const float *scale;
    size_t outputs, inputs, out_step, in_step, group;
    const tap_place *places;
    size_t taps;         // 9, or 16 of Winograd's
    size_t first_tap;    // Winograd's: which row and column of the kernel is the first of two taps, 0 or 2
} tap_source;

// Sorts the tile of `width` outputs from `first` on and `depth` inputs from `unit` on, with zeros where there are none.
static void sort_tile(
    float tile[16][TILE_SIZE], const tap_source *s, size_t first, size_t width, size_t unit, size_t depth) {
    const size_t outputs = smaller(width, s->outputs - first), inputs = smaller(depth, s->inputs - unit);
    if (outputs < width || inputs < depth) memset(tile, 0, 9 * sizeof tile[0]);
    for (size_t o = 0; o < outputs; o++)
        for (size_t c = 0; c < inputs; c += s->group)
            for (size_t member = 0; member < smaller(s->group, inputs - c); member++) {
                const size_t from = (first + o) * s->out_step + (unit + c + member) * s->in_step;
                const size_t to = c * width + o * s->group + member;
                for (size_t t = 0; t < 9; t++) tile[t][to] = value(s->weights, from + t);
            }
}

// The 9 taps of a tile as Winograd's 16 weights, along both axes (winograd_pass.h): first, first + second, second, middle.
static void transform_tile(float tile[16][TILE_SIZE], size_t count, size_t first_tap) {
    const size_t first = first_tap, second = 2 - first_tap;
    for (size_t i = 0; i < count; i++) {
        float rows[3][4];
        for (size_t y = 0; y < 3; y++) {
            rows[y][0] = tile[3 * y + first][i];
            rows[y][1] = tile[3 * y + first][i] + tile[3 * y + second][i];
            rows[y][2] = tile[3 * y + second][i];
            rows[y][3] = tile[3 * y + 1][i];
        }
        for (size_t x = 0; x < 4; x++) {
            tile[x][i] = rows[first][x];
            tile[4 + x][i] = rows[first][x] + rows[second][x];
            tile[8 + x][i] = rows[second][x];
            tile[12 + x][i] = rows[1][x];
        }
    }
}

static void pack_taps(float *packed, const tap_source *s, const zanzo_layout *layout) {
    const size_t total = padded(s->outputs, layout->lanes), inputs = padded(s->inputs, s->group);
    float tile[16][TILE_SIZE], scale[4 * TILE_OUTPUTS];
    for (size_t first = 0; first < total; first += layout->block) {
        const size_t width = smaller(layout->block, total - first), row = width * s->group;
        for (size_t i = 0; i < row; i++)
            scale[i] = first + i / s->group < s->outputs ? s->scale[first + i / s->group] : 0;
        for (size_t unit = 0; unit < inputs; unit += TILE_INPUTS) {
            const size_t depth = smaller(TILE_INPUTS, inputs - unit);
            sort_tile(tile, s, first, width, unit, depth);
            if (s->taps == 16) transform_tile(tile, depth * width, s->first_tap);
            for (size_t t = 0; t < s->taps; t++) {
                const tap_place *place = &s->places[t];
                const size_t taps_before = place->before * total + place->count * first + place->index * width;
                float *to = packed + taps_before * inputs + unit * width;
                for (size_t at = 0; at < depth * width; at += row)
                    for (size_t i = 0; i < row; i++) to[at + i] = tile[t][at + i] * scale[i];
            }
        }
    }
}

void zanzo_pack_conv3x3(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, size_t group,
    const zanzo_layout *layout) {
    pack_taps(packed, &(tap_source){weights, scale, outputs, inputs, inputs * 9, 9, group, whole, 9, 0}, layout);
}

void zanzo_pack_deconv3x3(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, size_t group,
    const zanzo_layout *layout) {
    pack_taps(packed, &(tap_source){weights, scale, outputs, inputs, 9, outputs * 9, group, phases, 9, 0}, layout);
}

void zanzo_pack_conv3x3_winograd(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, const zanzo_layout *layout) {
    pack_taps(packed, &(tap_source){weights, scale, outputs, inputs, inputs * 9, 9, 1, products, 16, 0}, layout);
}

void zanzo_pack_deconv3x3_winograd(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, const zanzo_layout *layout) {
    pack_taps(packed, &(tap_source){weights, scale, outputs, inputs, 9, outputs * 9, 1, products, 16, 2}, layout);
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
    const size_t block = layout->linear_block;
    for (size_t run = 0; run < runs; run++)
        for (size_t first = 0; first < columns; first += block)
            for (size_t i = 0; i < inputs; i += TILE_INPUTS) {
                const size_t depth = smaller(TILE_INPUTS, inputs - i);
                memset(packed, 0, depth * block * sizeof *packed);
                for (size_t j = 0; j < smaller(block, columns - first); j++) {
                    const uint32_t row = row_of[run * columns + first + j];
                    if (row == ZANZO_PADDING) continue;
                    for (size_t c = 0; c < depth; c++)
                        if (column_of[i + c] != ZANZO_PADDING)
                            packed[c * block + j] = value(weights, row * width + column_of[i + c]);
                }
                packed += depth * block;
            }
}

void zanzo_largest_conv3x3(float *largest, const void *weights, size_t outputs, size_t inputs, int is_transposed) {
    // Without their sign, floats are in the order of their bits.
    const size_t out_step = is_transposed ? 9 : inputs * 9, in_step = is_transposed ? outputs * 9 : 9;
    memset(largest, 0, outputs * sizeof *largest);
    for (size_t outer = 0; outer < (is_transposed ? inputs : outputs); outer++)
        for (size_t inner = 0; inner < (is_transposed ? outputs : inputs); inner++) {
            const size_t o = is_transposed ? inner : outer, c = is_transposed ? outer : inner;
            uint32_t most = bits_of(largest[o]);
            for (size_t t = 0; t < 9; t++) {
                const uint32_t bits = bits_of(value(weights, o * out_step + c * in_step + t)) & 0x7fffffff;
                most = most > bits ? most : bits;
            }
            memcpy(&largest[o], &most, sizeof most);
        }
}

// The most that weights of one sign add up to in a group of `count` inputs from `at` on, `step` floats apart: over the nine
// taps, and the two halves of the group's fours.
static float largest_of_group(const void *weights, size_t at, size_t step, size_t count) {
    float sums[4][9] = {{0}}, most = 0; // [2 * half + sign][tap]
    for (size_t c = 0; c < count; c++)
        for (size_t t = 0; t < 9; t++) {
            const float w = value(weights, at + c * step + t);
            sums[c / 2 % 2 * 2][t] += w > 0 ? w : 0;
            sums[c / 2 % 2 * 2 + 1][t] -= w < 0 ? w : 0;
        }
    for (size_t i = 0; i < 36; i++) most = sums[i / 9][i % 9] > most ? sums[i / 9][i % 9] : most;
    return most;
}

void zanzo_largest_group_conv3x3(
    float *largest, const void *weights, size_t outputs, size_t inputs, int is_transposed, size_t byte_group) {
    const size_t out_step = is_transposed ? 9 : inputs * 9, in_step = is_transposed ? outputs * 9 : 9;
    const size_t width = 4 * byte_group, groups = (inputs + width - 1) / width;
    memset(largest, 0, outputs * sizeof *largest);
    // In the order in which they lie in the file, more or less.
    for (size_t i = 0; i < groups * outputs; i++) {
        const size_t o = is_transposed ? i % outputs : i / groups, first = (is_transposed ? i / outputs : i % groups) * width;
        const float sum =
            largest_of_group(weights, o * out_step + first * in_step, in_step, smaller(width, inputs - first));
        largest[o] = sum > largest[o] ? sum : largest[o];
    }
}

void zanzo_first_sums(
    int32_t *sums, const int8_t *packed, int zero_point, size_t outputs, size_t inputs, int is_transposed,
    const zanzo_layout *layout) {
    static const size_t of_whole[] = {9}, of_phases[] = {1, 2, 2, 4};
    const size_t total = padded(outputs, layout->lanes), units = padded(inputs, 4) / 4;
    const int32_t zero = zero_point - layout->byte_offset; // as the kernels see it
    memset(sums, 0, (is_transposed ? 4 : 1) * total * sizeof *sums);
    if (zero == 0) return;
    for (size_t phase = 0; phase < (is_transposed ? 4 : 1); phase++, sums += total)
        for (size_t first = 0; first < total; first += layout->block) {
            const size_t width = smaller(layout->block, total - first);
            const size_t rows = (is_transposed ? of_phases : of_whole)[phase] * units;
            for (size_t row = 0; row < rows; row++, packed += 4 * width)
                for (size_t j = 0; j < width; j++)
                    sums[first + j] -=
                        zero * (packed[4 * j] + packed[4 * j + 1] + packed[4 * j + 2] + packed[4 * j + 3]);
        }
}

size_t zanzo_first_not_finite(const void *values, size_t count) {
    const uint32_t exponent = 0x7f800000;
    enum { STRETCH = 1024 };
    for (size_t start = 0; start < count; start += STRETCH) {
        const size_t end = start + smaller(STRETCH, count - start);
        uint32_t found = 0;
        for (size_t i = start; i < end; i++) found |= (bits_of(value(values, i)) & exponent) == exponent;
        if (!found) continue;
        for (size_t i = start; i < end; i++)
            if ((bits_of(value(values, i)) & exponent) == exponent) return i;
    }
    return count;
}

void zanzo_halves_of(uint16_t *halves, const float *packed, size_t count) {
    for (size_t i = 0; i < count; i++) halves[i] = half_of_float(packed[i]);
}

void zanzo_bytes_of(int8_t *bytes, const float *packed, size_t count) {
    // Added to this number, whose own steps are 1, one of -127...127 is rounded to the nearest and lies in the last byte.
    const float steps_of_one = 0x1.8p23f;
    for (size_t i = 0; i < count; i++) {
        const float low = packed[i] < -127 ? -127 : packed[i], x = low > 127 ? 127 : low;
        bytes[i] = (int8_t)bits_of(x + steps_of_one);
    }
}
