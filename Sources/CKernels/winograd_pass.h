#pragma once

#include "convolve_pass.h"

// Winograd's F(2,2) on the polyphase parts of strided and transposed 3x3 convolutions (Winograd, Arithmetic Complexity of
// Computations, 1980; Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016): the way in which plain C
// and vectors agree.
//
// Along one axis, a filter of stride 2 is one of two taps (first, second) on the even inputs e0, e1, e2 and one of one tap
// (middle) on the odd inputs o0, o1. Two neighbours of the output then need five products instead of six:
//   out0 = (e0 - e1) first + e1 (first + second) + o0 middle
//   out1 = (e2 - e1) second + e1 (first + second) + o1 middle
// A transposed filter has the same two taps for two neighbours of the odd outputs, and `middle` for those of the even ones,
// all on three neighbours of its input. Both axes together: 25 products instead of 36 for 2x2 pixels (of the output, of
// the input where transposed), called a tile here. There are no other factors than 1 and -1, so little is lost to rounding.
//
// What a product multiplies are `parts` of the tile's input, and weights; both are numbered along an axis:
//   parts    0: e0 - e1   1: e1   2: e2 - e1   strided: 3: o0   4: o1   transposed: 3: e0
//   weights  0: first     1: first + second    2: second    3: middle
// and 4 weights an axis make 16 (kernels.h). Products that go to the same outputs are summed before anything else. Where
// transposed, a part that is a difference along neither axis is the input itself and is read where it lies; strided layers
// copy such parts beside the others, for their input's pixels lie too far apart to be read again and again.

enum { WINOGRAD_WEIGHTS = 16, WINOGRAD_MOST_SUMS = 9 };

// The products of one sum along an axis.
typedef struct {
    size_t count, part[2], weight[2];
} winograd_sum;

// The sums of an axis. Of three, out0 = sum 0 + sum 1 and out1 = sum 1 + sum 2; of two, each is an output.
typedef struct {
    size_t count;
    winograd_sum sums[3];
} winograd_axis;

static const winograd_axis winograd_strided = {3, {{2, {0, 3}, {0, 3}}, {1, {1}, {1}}, {2, {2, 4}, {2, 3}}}};
static const winograd_axis winograd_odd = {3, {{1, {0}, {0}}, {1, {1}, {1}}, {1, {2}, {2}}}};
static const winograd_axis winograd_even = {2, {{1, {3}, {3}}, {1, {1}, {3}}}};

// A layer and how its tiles lie. `places`: e0, e1, e2 and, if strided, o0 and o1 are these inputs of a tile's, along an axis.
typedef struct {
    convolve_pass pass;
    int is_transposed;
    size_t columns, area;       // tiles in a row and in a map
    size_t axis_parts;          // 5, or 4
    size_t kept;                // parts that are written down: 25, or 12
    size_t tile_step;           // pixels from one tile's input to the next one's
    const size_t *places;
} winograd_layer;

static inline winograd_layer winograd_of(void *out, const float *in, const zanzo_convolution *l, int is_transposed) {
    static const size_t strided[5] = {0, 2, 4, 1, 3}, transposed[5] = {0, 1, 2, 0, 0};
    return (winograd_layer){
        .pass = pass_of(out, in, l), .is_transposed = is_transposed, .columns = l->width / 2,
        .area = l->height / 2 * (l->width / 2), .axis_parts = is_transposed ? 4 : 5,
        .kept = is_transposed ? 12 : 25, .tile_step = is_transposed ? 2 : 4,
        .places = is_transposed ? transposed : strided};
}

// Where a tile's input and its first output lie, in elements.
typedef struct {
    size_t in, out;
} winograd_tile;

static inline winograd_tile winograd_place(const winograd_layer *l, size_t tile) {
    const size_t map = tile / l->area, y = tile % l->area / l->columns, x = tile % l->columns;
    const size_t outputs = l->is_transposed ? 4 : 2;
    return (winograd_tile){
        map * l->pass.share.in_map + l->tile_step * (y * l->pass.in_row + x * l->pass.in_pixel),
        map * l->pass.share.out_map + outputs * (y * l->pass.out_row + x * l->pass.out_pixel)};
}

// Whether a part is a difference along its axis; the others are the input itself.
static inline int winograd_is_difference(size_t part) { return part == 0 || part == 2; }

// The place of part (down, across) among those written down: rows that are differences are whole, the others have two.
static inline size_t winograd_kept(const winograd_layer *l, size_t down, size_t across) {
    if (!l->is_transposed) return down * 5 + across;
    return winograd_is_difference(down) ? down / 2 * 4 + across : 8 + down / 2 * 2 + across / 2;
}

// The outputs of a convolution, or one phase of a transposed one.
typedef struct {
    const winograd_axis *down, *across;
    size_t offset, row, pixel; // elements of the output: of its first pixel, and between neighbours
} winograd_phase;

static inline size_t winograd_phase_count(const winograd_layer *l) { return l->is_transposed ? 4 : 1; }

static inline winograd_phase winograd_phase_at(const winograd_layer *l, size_t phase) {
    const convolve_pass *pass = &l->pass;
    if (!l->is_transposed)
        return (winograd_phase){&winograd_strided, &winograd_strided, 0, pass->out_row, pass->out_pixel};
    return (winograd_phase){
        phase / 2 ? &winograd_odd : &winograd_even, phase % 2 ? &winograd_odd : &winograd_even,
        phase / 2 * pass->out_row + phase % 2 * pass->out_pixel, 2 * pass->out_row, 2 * pass->out_pixel};
}

// Whether a sum goes to all outputs that its row (column) of sums goes to: such sums together reach each output once, so
// they are the ones that start from the bias.
static inline int winograd_is_shared(const winograd_axis *axis, size_t sum) { return axis->count == 2 || sum == 1; }

// One product: its part is one that was written down, or the input `offset` elements from the tile's first.
typedef struct {
    int is_input;
    size_t row, column; // the part along both axes
    size_t kept, offset, weight;
} winograd_product;

// The products of the sum (down, across), at most four; returns how many.
static inline size_t winograd_products_of(
    winograd_product products[4], const winograd_layer *l, const winograd_sum *down, const winograd_sum *across) {
    size_t count = 0;
    for (size_t y = 0; y < down->count; y++)
        for (size_t x = 0; x < across->count; x++) {
            const size_t row = down->part[y], column = across->part[x];
            winograd_product *product = &products[count++];
            product->row = row;
            product->column = column;
            product->is_input = l->is_transposed && !winograd_is_difference(row) && !winograd_is_difference(column);
            product->kept = product->is_input ? 0 : winograd_kept(l, row, column);
            product->offset = l->places[row] * l->pass.in_row + l->places[column] * l->pass.in_pixel;
            product->weight = down->weight[y] * 4 + across->weight[x];
        }
    return count;
}
