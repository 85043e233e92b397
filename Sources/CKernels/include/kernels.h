#pragma once

// The contract of the maths: every operation that the rest of Zanzo leaves to C, in one page.
//
// Rules that hold for all of them
//  - One file per operation and ISA (`convolve_avx2.c`); the plain C one is the specification, the others give what it
//    gives. `KernelTable` (Swift) picks one of each at start; nothing here looks at the CPU but `cpu.c`.
//  - A kernel owns nothing and keeps nothing: every buffer is the caller's, no kernel allocates, locks, or branches on
//    the values of its data. Buffers of one call do not overlap unless said so.
//  - Sizes are in elements unless the name says bytes. Kernels trust their arguments: callers check shapes once.
//  - No kernel reads or writes outside the ranges stated here, not even to throw the bytes away.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// ---------------------------------------------------------------------------------------------------------------------
// Shrinking by area average (exact, integers only)
//
// Along one axis, `from` source samples become `to` target samples. With g = gcd(from, to), f = from / g, t = to / g,
// a source sample is t units long and a target sample f units; the weight of a source sample in a target sample is the
// length of their overlap, so weights are integers and those of one target sample add up to f. A target pixel is the
// sum over both axes, divided by fx * fy, halves rounded up.
//
// A target row is made in two steps: `add_row` for each source row it touches, then `finish` once.

/// columns[i] += weight * row[i * step], i < count. Reads (count - 1) * step + 1 bytes of `row`.
/// The caller makes sure that the sums fit: 255 * fy in 16 or 32 bits.
typedef void (*zanzo_shrink_add_row16)(
    uint16_t *columns, const uint8_t *row, size_t count, size_t step, uint32_t weight);
typedef void (*zanzo_shrink_add_row32)(
    uint32_t *columns, const uint8_t *row, size_t count, size_t step, uint32_t weight);

/// The source samples under one target sample: `first` weighs `first_weight`, `last` weighs `last_weight`, those
/// between them weigh t each. Where first == last, `last_weight` is 0.
typedef struct {
    uint32_t first, last, first_weight, last_weight;
} zanzo_shrink_span;

/// One axis and the division at the end: f and t as above, `rounding` = divisor / 2 and
/// `reciprocal` = ceil(2^64 / divisor), with divisor = fx * fy >= 2: (n * reciprocal) >> 64 is then n / divisor exactly
/// for every n <= 255 * divisor + rounding (n * divisor < 2^64 as divisor <= 2^26).
typedef struct {
    const zanzo_shrink_span *spans; // `count` of them, in order; together they cover every source sample
    size_t count;
    uint32_t f, t;
    uint32_t divisor, rounding;
    uint64_t reciprocal;
} zanzo_shrink_axis;

/// target[i] = the rounded average under span i of `columns` (as `add_row` summed them), i < axis->count.
typedef void (*zanzo_shrink_finish16)(uint8_t *target, const uint16_t *columns, const zanzo_shrink_axis *axis);
typedef void (*zanzo_shrink_finish32)(uint8_t *target, const uint32_t *columns, const zanzo_shrink_axis *axis);

void zanzo_shrink_add_row16_scalar(uint16_t *columns, const uint8_t *row, size_t count, size_t step, uint32_t weight);
void zanzo_shrink_add_row32_scalar(uint32_t *columns, const uint8_t *row, size_t count, size_t step, uint32_t weight);
void zanzo_shrink_finish16_scalar(uint8_t *target, const uint16_t *columns, const zanzo_shrink_axis *axis);
void zanzo_shrink_finish32_scalar(uint8_t *target, const uint32_t *columns, const zanzo_shrink_axis *axis);
#if defined(__x86_64__)
void zanzo_shrink_add_row16_avx2(uint16_t *columns, const uint8_t *row, size_t count, size_t step, uint32_t weight);
void zanzo_shrink_finish16_avx2(uint8_t *target, const uint16_t *columns, const zanzo_shrink_axis *axis);
#elif defined(__aarch64__)
void zanzo_shrink_add_row16_neon(uint16_t *columns, const uint8_t *row, size_t count, size_t step, uint32_t weight);
#endif

// ---------------------------------------------------------------------------------------------------------------------
// The network
//
// Maps. An activation map lies as rows of pixels of channels: [height][width][channels], the channels of a pixel padded
// with zeros to a multiple of `lanes` (not so the picture itself, whose one channel stays one). Every map that a
// convolution reads has a border of one pixel of zeros on all four sides; its owner clears the border once and no kernel
// writes to it. Distances between rows and pixels (`_row`, `_pixel`) are given in floats, so a kernel knows no padding.
// Maps are aligned to 64 bytes at their start; so are packed weights and biases.
//
// Weights are packed once, in the order in which the kernels read them (pack.c), by the sizes that the kernels of one
// table agree on:
//   convolutions  outputs in blocks of `block`; the last may be narrower, a multiple of `lanes`, filled with zeros:
//                 [block][tap][input channel][output of the block]. Bias: one float an output, padded likewise.
//                 Of bytes: four input channels together, [block][tap][input / 4][output of the block][input % 4].
//                 Tables with a `byte_group` of n add n of those fours in 16 bits: of the weights that one sum takes from
//                 each (inputs 0 and 1, or 2 and 3, of the n fours), the positive ones may add up to 128, the negative
//                 ones to -128. 255 * 128 < 2^15, so no byte is ever too large, and sums are exact.
//                 Winograd's, 16 weights of 9 taps: [block][weight][input channel][output of the block].
//   few outputs   [output][tap][input channel, padded with zeros to a multiple of `lanes`]; bias: [output].
//   linear        each run of `columns` outputs in blocks of `linear_block`, the last filled with zeros:
//                 [run][block][input][output of the block]. Bias: [run][columns padded to whole blocks].
//
// Precisions. `half` kernels read their weights as IEEE binary16 and do all else in float. `8` kernels multiply bytes
// (0…255) by signed bytes (-127…127) and sum in int32, exactly, then scale: real = scale[o] * sum + bias[o]. A byte q of a
// map stands for s * (q - zero point); its border holds the zero point, which is 0 where all values are positive.
// There is no bfloat16. On the reference stream, weights of its 8 bits (sums and activations in float) move the picture by
// 4.5e-3, and by 7.9e-3 if activations are rounded, too, as vdpbf16ps would have it; halves by 0.7e-3. A model may differ by
// 2e-3 at most. Where CPUs have that instruction, they have VNNI as well, and bytes are faster and closer.
//
// Sums are made in a fixed order, so the same table gives the same bits whatever else the machine does. Between two
// tables the order, and so the last bits, may differ.

/// What the kernels of one table agree on with those who pack weights for them.
typedef struct {
    size_t lanes, block, linear_block;
    int32_t byte_offset; // what `8` kernels take from each byte of a map before they multiply it
    size_t byte_group;   // how many fours of input channels `8` kernels add in 16 bits; 0: none, weights are free
} zanzo_layout;

/// The layout of the plain C, the AVX2 and the NEON kernels.
enum { ZANZO_LANES = 8, ZANZO_BLOCK = 16, ZANZO_LINEAR_BLOCK = 32 };
/// `byte_group` of the AVX2 and AVX-512 kernels for CPUs without VNNI, and what weights of one sign may add up to there.
enum { ZANZO_BYTE_GROUP = 2, ZANZO_BYTE_GROUP_LIMIT = 128 };
/// The layout of the AVX-512 kernels.
enum { ZANZO_LANES_AVX512 = 16, ZANZO_BLOCK_AVX512 = 32, ZANZO_LINEAR_BLOCK_AVX512 = 64 };
/// `byte_offset` of kernels whose CPU multiplies signed bytes by signed ones only.
enum { ZANZO_BYTE_OFFSET_SIGNED = 128 };

typedef enum { ZANZO_IDENTITY = 0, ZANZO_RELU = 1, ZANZO_TANH = 2 } zanzo_activation;

/// Several maps of one shape, and the part of the work on them that a call is to do: threads share a layer by taking
/// different pixels or different outputs of it, and what they write never shares an element.
typedef struct {
    size_t maps;                      // how many, e.g. of several cameras
    size_t in_map, out_map;           // from one map to the next, in elements of the input and of the output
    size_t first_pixel, end_pixel;    // of maps * height * width; `few`: whole rows; `winograd`: tiles of 2x2 pixels
    size_t first_output, end_output;  // of out_channels, multiples of `block`; `few`: all
} zanzo_share;

/// A 3x3 convolution with one pixel of padding, or its transpose (below).
typedef struct {
    const void *weights;         // floats or halves, as the kernel reads them; batch norm folded in
    const float *bias;
    size_t height, width;        // pixels: of the output (convolution), of the input (transposed)
    size_t in_channels;          // channels read of each input pixel, without padding
    size_t out_channels;         // channels written, padded to `lanes` (`few`: as they are)
    size_t stride;               // 1 or 2; transposed: always 2
    size_t in_row, in_pixel;     // floats between neighbours of the input map
    size_t out_row, out_pixel;   // floats between neighbours of the output map
    zanzo_activation activation; // `few`: any; the others: ZANZO_IDENTITY or ZANZO_RELU
    zanzo_share share;
    float byte_scale;            // 0: outputs are floats; else bytes, the nearest to output * byte_scale. `few`: 0
} zanzo_convolution;

/// out[y][x][o] = activation(bias[o] + sum over ky, kx, c of in[stride y + ky][stride x + kx][c] * w[o][c][ky][kx]).
/// `in` is the corner of the border, one pixel up and left of the first; `out` is the first pixel.
typedef void (*zanzo_conv3x3)(void *out, const float *in, const zanzo_convolution *layer);

/// The same with stride 1 for a handful of outputs, as in the last layer: vectors run over the input's channels, and
/// the input's padding channels are read (they are zero).
typedef void (*zanzo_conv3x3_few)(float *out, const float *in, const zanzo_convolution *layer);

/// Transposed 3x3 convolution, stride 2, padding 1, output padding 1: twice the input's height and width.
/// Done by the four phases of the output's parity, so no product with an inserted zero is ever made:
///   even y: row y/2 with ky = 1;  odd y: row (y+1)/2 with ky = 0 and row (y-1)/2 with ky = 2;  the same across.
/// Weights: for the phases (even y, even x), (even, odd), (odd, even), (odd, odd) one after another, each packed as a
/// convolution of 1, 2, 2 and 4 taps, rows from the top, columns from the left. `in` is the first pixel, not the border
/// (only the border to the right and below is read); `out` is the first pixel.
typedef void (*zanzo_deconv3x3)(void *out, const float *in, const zanzo_convolution *layer);

/// `zanzo_conv3x3_winograd` (stride 2) and `zanzo_deconv3x3_winograd` give what `zanzo_conv3x3` and `zanzo_deconv3x3` give, to
/// rounding, with 25 products where those make 36 (winograd_pass.h says how). Height and width are even. The share's pixels
/// are tiles of 2x2 of them, maps * (height / 2) * (width / 2). Input is read by whole vectors: `in_pixel` is a multiple of
/// `lanes`, and padding channels are read (they are zero). In channels: ZANZO_WINOGRAD_INPUTS at most, for what a tile needs
/// lies on the stack, 300 KiB in all.
enum { ZANZO_WINOGRAD_INPUTS = 2048, ZANZO_WINOGRAD_WEIGHTS = 16 };

/// A convolution of bytes, or its transpose, always with ReLU. Both the channels and all distances of the input are
/// multiples of four.
typedef struct {
    const int8_t *weights;
    const int32_t *first_sums;   // what sums start from, (byte_offset - zero point) * sum of weights: [out_channels],
                                 // transposed: [4 phases][out_channels]
    const float *scale, *bias;   // [out_channels]; for bytes with the output's own step divided out
    size_t height, width, in_channels, out_channels, stride; // as in zanzo_convolution
    size_t in_row, in_pixel;     // bytes
    size_t out_row, out_pixel;   // elements of the output
    zanzo_share share;
    int is_float;                // whether outputs are floats; else bytes
} zanzo_convolution8;
typedef void (*zanzo_conv3x3_8)(void *out, const uint8_t *in, const zanzo_convolution8 *layer);
typedef void (*zanzo_deconv3x3_8)(void *out, const uint8_t *in, const zanzo_convolution8 *layer);

/// out[i] = the byte nearest to in[i] * scale, halves to even, plus zero_point, held in 0…255; i < count.
typedef void (*zanzo_quantise)(uint8_t *out, const float *in, size_t count, float scale, int zero_point);

/// out[r * out_stride + j] = bias + sum over i of in[i] * w[r * columns + j][i], for r < runs, j < columns.
typedef struct {
    const void *weights; // floats or halves, as the kernel reads them
    const float *bias;
    size_t inputs, runs, columns, out_stride;
} zanzo_linear_layer;
typedef void (*zanzo_linear)(float *out, const float *in, const zanzo_linear_layer *layer);

/// What a GRU cell makes of its two linear layers, `gi` of the input and `gh` of the state, each of 3 * `hidden` rows in
/// PyTorch's order (reset, update, new):
///   r = sigmoid(gi_r + gh_r)   z = sigmoid(gi_z + gh_z)   n = tanh(gi_n + r gh_n)   h = (1 - z) n + z h
/// `h` is read and replaced.
typedef void (*zanzo_gru)(float *h, const float *gi, const float *gh, size_t hidden);

/// out[y * out_row + x] = luma[y * width + x] / 127.5 - 1, for y < height, x < width (the last rounding is the float's).
typedef void (*zanzo_normalise)(float *out, const uint8_t *luma, size_t height, size_t width, size_t out_row);

#define ZANZO_CONVOLUTIONS(isa)                                                                                        \
    void zanzo_conv3x3_##isa(void *out, const float *in, const zanzo_convolution *layer);                              \
    void zanzo_deconv3x3_##isa(void *out, const float *in, const zanzo_convolution *layer);                            \
    void zanzo_conv3x3_half_##isa(void *out, const float *in, const zanzo_convolution *layer);                         \
    void zanzo_deconv3x3_half_##isa(void *out, const float *in, const zanzo_convolution *layer);                       \
    void zanzo_conv3x3_few_##isa(float *out, const float *in, const zanzo_convolution *layer);                         \
    void zanzo_linear_##isa(float *out, const float *in, const zanzo_linear_layer *layer);                             \
    void zanzo_linear_half_##isa(float *out, const float *in, const zanzo_linear_layer *layer);
#define ZANZO_CONVOLUTIONS8(isa)                                                                                       \
    void zanzo_conv3x3_8_##isa(void *out, const uint8_t *in, const zanzo_convolution8 *layer);                         \
    void zanzo_deconv3x3_8_##isa(void *out, const uint8_t *in, const zanzo_convolution8 *layer);
#define ZANZO_VECTORS(isa)                                                                                             \
    void zanzo_gru_##isa(float *h, const float *gi, const float *gh, size_t hidden);                                   \
    void zanzo_normalise_##isa(float *out, const uint8_t *luma, size_t height, size_t width, size_t out_row);          \
    void zanzo_quantise_##isa(uint8_t *out, const float *in, size_t count, float scale, int zero_point);

#define ZANZO_WINOGRAD(isa)                                                                                            \
    void zanzo_conv3x3_winograd_##isa(void *out, const float *in, const zanzo_convolution *layer);                     \
    void zanzo_deconv3x3_winograd_##isa(void *out, const float *in, const zanzo_convolution *layer);                   \
    void zanzo_conv3x3_winograd_half_##isa(void *out, const float *in, const zanzo_convolution *layer);                \
    void zanzo_deconv3x3_winograd_half_##isa(void *out, const float *in, const zanzo_convolution *layer);

ZANZO_CONVOLUTIONS(scalar)
ZANZO_WINOGRAD(scalar)
ZANZO_CONVOLUTIONS8(scalar)
ZANZO_VECTORS(scalar)
#if defined(__x86_64__)
ZANZO_CONVOLUTIONS(avx2)
ZANZO_WINOGRAD(avx2)
ZANZO_CONVOLUTIONS8(avx2)
ZANZO_VECTORS(avx2)
ZANZO_CONVOLUTIONS8(avxvnni)
// What gains from wider vectors; the rest of that table is AVX2's.
ZANZO_CONVOLUTIONS(avx512)
ZANZO_WINOGRAD(avx512)
ZANZO_CONVOLUTIONS8(avx512)
ZANZO_CONVOLUTIONS8(avx512vnni)
#elif defined(__aarch64__)
ZANZO_CONVOLUTIONS(neon)
ZANZO_WINOGRAD(neon)
ZANZO_CONVOLUTIONS8(neon)
ZANZO_VECTORS(neon)
ZANZO_CONVOLUTIONS8(neondot)
ZANZO_CONVOLUTIONS8(neoni8mm)
#endif

// Packing, done once when a model is loaded; plain C on every machine. `weights` need no alignment (they lie in a file).

/// w[output][input][3][3], each output multiplied by scale[output], as `zanzo_conv3x3` reads it. `group`: how many input
/// channels lie together, 1 for floats, 4 for what is then turned into bytes (inputs are padded with zeros to whole ones).
void zanzo_pack_conv3x3(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, size_t group,
    const zanzo_layout *layout);
/// The same as `zanzo_conv3x3_few` reads it.
void zanzo_pack_conv3x3_few(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, const zanzo_layout *layout);
/// w[input][output][3][3] (PyTorch's order for transposed convolutions) as `zanzo_deconv3x3` reads it.
void zanzo_pack_deconv3x3(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, size_t group,
    const zanzo_layout *layout);

/// w[output][input][3][3] as `zanzo_conv3x3_winograd` reads it, and w[input][output][3][3] as the transposed one does.
void zanzo_pack_conv3x3_winograd(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, const zanzo_layout *layout);
void zanzo_pack_deconv3x3_winograd(
    float *packed, const void *weights, const float *scale, size_t outputs, size_t inputs, const zanzo_layout *layout);

/// largest[output] = the largest weight of each output, without its sign; of w[output][input][3][3], or, if transposed, of
/// w[input][output][3][3]. All weights are finite.
void zanzo_largest_conv3x3(float *largest, const void *weights, size_t outputs, size_t inputs, int is_transposed);
/// largest[output] = the most that weights of one sign add up to, without it, in what kernels of `byte_group` fours of
/// inputs add in 16 bits.
void zanzo_largest_group_conv3x3(
    float *largest, const void *weights, size_t outputs, size_t inputs, int is_transposed, size_t byte_group);
/// What the sums of a layer of packed bytes start from (`zanzo_convolution8`), padded to `lanes`; of a transposed one, for
/// each phase.
void zanzo_first_sums(
    int32_t *sums, const int8_t *packed, int zero_point, size_t outputs, size_t inputs, int is_transposed,
    const zanzo_layout *layout);

/// Packed floats as halves, rounded to the nearest; those beyond 65,504 become infinite.
void zanzo_halves_of(uint16_t *halves, const float *packed, size_t count);
/// Packed floats as the nearest whole numbers, held in -127…127.
void zanzo_bytes_of(int8_t *bytes, const float *packed, size_t count);

/// `row_of` and `column_of` for a place that is padding: its weights are zero.
#define ZANZO_PADDING UINT32_MAX
/// w[row_of[output]][column_of[input]] of a matrix of `width` columns, as `zanzo_linear` reads it: the maps let a layer
/// read and write pixels of channels where the file has channels of pixels. There are runs * columns outputs.
void zanzo_pack_linear(
    float *packed, const void *weights, size_t width, const uint32_t *row_of, const uint32_t *column_of, size_t runs,
    size_t columns, size_t inputs, const zanzo_layout *layout);

/// Index of the first of `count` floats at `values` (any alignment) that is not finite, or `count`.
size_t zanzo_first_not_finite(const void *values, size_t count);

/// Sums run into denormal numbers when a signal fades, and those cost a hundred times a normal operation on most CPUs.
/// `begin` makes this thread treat them as zero and returns what was set before; `end` sets that again.
uint64_t zanzo_flush_denormals_begin(void);
void zanzo_flush_denormals_end(uint64_t before);

// ---------------------------------------------------------------------------------------------------------------------
// The threads of one step

/// Tells the core that this thread waits for another one's write.
static inline void zanzo_spin(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Sleeps while `word` has that value (futex); may come back early.
void zanzo_sleep_while(const uint32_t *word, uint32_t value);
/// Wakes every thread that sleeps on `word`.
void zanzo_wake_sleepers(const uint32_t *word);
/// The calling thread's name in top and gdb, 15 bytes at most.
void zanzo_name_thread(const char *name);

// ---------------------------------------------------------------------------------------------------------------------
// The CPU

/// Whether this CPU (and its operating system) runs AVX2 and FMA code. Always 0 on other architectures.
int zanzo_cpu_has_avx2(void);
/// Whether it also has VNNI in vectors of 256 bits (AVX-VNNI): Alder Lake and its small cores (N100), Zen 5 and newer.
int zanzo_cpu_has_avxvnni(void);
/// Whether a CPU with AVX2 also runs AVX-512 F, BW, DQ and VL: every server core since Skylake, Zen since its fourth.
int zanzo_cpu_has_avx512(void);
/// Whether it has AVX-512 VNNI beside those.
int zanzo_cpu_has_avx512vnni(void);
/// Whether this CPU runs NEON code: every 64-bit ARM under Linux. Always 0 on other architectures.
int zanzo_cpu_has_neon(void);
/// Whether it also has the dot product of signed bytes (FEAT_DotProd): Cortex-A55 and A75, Neoverse N1 and newer.
int zanzo_cpu_has_neondot(void);
/// Whether it also has that of unsigned by signed bytes (FEAT_I8MM): Neoverse V1, Cortex-X2 and newer.
int zanzo_cpu_has_neoni8mm(void);

#pragma clang assume_nonnull end

// What benchmarks hold the kernels against.
#include "peaks.h"
// What training needs beside them.
#include "training.h"
