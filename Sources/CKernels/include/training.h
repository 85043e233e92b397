#pragma once

// What only training needs: the backward passes of the network, on the maps and packed weights of kernels.h.
//
// Weight gradients lie as the weights do, so the optimiser walks through both in one go and what it leaves is packed
// already. A 3x3 layer joins a `small` map and a `big` one, twice its height and width (or as large, stride 1): the
// convolution goes down from big to small, its transpose up. One master copy, [block of small][tap][big][block], serves
// the way down; `zanzo_repack_up` makes the other from it.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// Sums of products -----------------------------------------------------------------------------------------------------

/// sums[r][o] += sum over p < depth of a[rows[r] + steps[p]] * b[p][o], for r < row_count, o < columns.
///
/// Columns come in blocks of `block`; the last may be narrower, a multiple of `lanes`. `b` is packed,
/// [block][depth][width of the block], `b_block` floats from one block to the next, aligned to 32 bytes (AVX-512: 64).
/// `sums_row` floats lie between two rows of sums, or the block's width where it is 0; `sums_block` between two blocks.
typedef struct {
    float *sums;
    const float *a, *b;
    const uint32_t *rows, *steps;
    size_t row_count, depth, columns;
    size_t sums_row, sums_block, b_block;
    int is_first; // whether sums start from zero, not from what is there
    // For `room_count` floats: rows are copied there, some at a time, so that they are read in order. Null, or too small for
    // a tile of `depth` x 12 floats: they are read where they are. The sums have the same bits.
    float *_Nullable room;
    size_t room_count;
} zanzo_products;
typedef void (*zanzo_gemm)(const zanzo_products *products);

// Batch norm and ReLU --------------------------------------------------------------------------------------------------

/// One map's batch norm. y: what the convolution left; x = max(0, scale * y + shift); for each of `channels`, padded.
typedef struct {
    size_t height, width, channels;
    size_t y_row, x_row;                // floats between rows of y; of x and of its gradient
    const float *scale, *shift, *mean;
    const float *alpha, *beta, *gamma;  // for `backward`
} zanzo_norm;

/// sums[c] += sum of (y - mean[c]), sums[channels + c] += sum of (y - mean[c])^2.
typedef void (*zanzo_norm_moments)(double *sums, const float *y, const zanzo_norm *norm);
/// x = max(0, scale * y + shift). `x`: the first pixel inside the border.
typedef void (*zanzo_norm_forward)(float *x, const float *y, const zanzo_norm *norm);
/// With dz = dx where x > 0, else 0: sums[c] += sum of dz, sums[channels + c] += sum of dz * (y - mean).
typedef void (*zanzo_norm_sums)(double *sums, const float *dx, const float *y, const zanzo_norm *norm);
/// dy = alpha * dz + beta * (y - mean) + gamma; rows lie as in dx, and dy may be dx.
typedef void (*zanzo_norm_backward)(float *dy, const float *dx, const float *y, const zanzo_norm *norm);

// The optimiser --------------------------------------------------------------------------------------------------------

/// Adam (Kingma and Ba 2015) as PyTorch's `Adam(weight_decay=)` does it: with g = gradient_scale * g + weight_decay * w,
///   m += (1 - beta1) (g - m)   v = beta2 v + (1 - beta2) g^2   w -= step m / (sqrt(v) root + epsilon)
typedef struct {
    float gradient_scale, weight_decay, one_minus_beta1, beta2, one_minus_beta2;
    float step;    // learning rate / (1 - beta1^t)
    float root;    // 1 / sqrt(1 - beta2^t)
    float epsilon;
} zanzo_adam_step;
typedef void (*zanzo_adam)(float *w, float *m, float *v, const float *g, size_t count, const zanzo_adam_step *step);

/// The sum of the squares of `count` floats.
typedef double (*zanzo_sum_squares)(const float *values, size_t count);

#define ZANZO_TRAINING(isa)                                                                                            \
    void zanzo_gemm_##isa(const zanzo_products *products);                                                             \
    void zanzo_norm_moments_##isa(double *sums, const float *y, const zanzo_norm *norm);                               \
    void zanzo_norm_forward_##isa(float *x, const float *y, const zanzo_norm *norm);                                   \
    void zanzo_norm_sums_##isa(double *sums, const float *dx, const float *y, const zanzo_norm *norm);                 \
    void zanzo_norm_backward_##isa(float *dy, const float *dx, const float *y, const zanzo_norm *norm);                \
    void zanzo_adam_##isa(                                                                                             \
        float *w, float *m, float *v, const float *g, size_t count, const zanzo_adam_step *step);                      \
    double zanzo_sum_squares_##isa(const float *values, size_t count);
ZANZO_TRAINING(scalar)
#if defined(__x86_64__)
ZANZO_TRAINING(avx2)
ZANZO_TRAINING(avx512)
#elif defined(__aarch64__)
ZANZO_TRAINING(neon)
#endif

// Plain C on every machine: little work, or none but moving numbers ----------------------------------------------------

/// packed[block][p][o] = from[steps[p] + o], for p < depth, o < columns, as `zanzo_gemm` reads `b`: blocks of `block`, the
/// last as wide as what is left. From one block to the next it is `packed_block` floats.
void zanzo_pack_panel(
    float *packed, size_t packed_block, const float *from, const uint32_t *steps, size_t depth, size_t columns,
    size_t block);

/// The weights of the way up, as `zanzo_deconv3x3` reads them, from those of the way down, for blocks of big channels
/// `first`…`end` (multiples of `block`; `big` is the number without padding, as is `small`).
void zanzo_repack_up(
    float *up, const float *down, size_t small, size_t big, size_t first, size_t end, size_t lanes, size_t block);

/// to[block of i][o][block] = from[block of o][i][block] for blocks of i `first`…`end`; both counts whole blocks.
void zanzo_transpose_blocks(
    float *to, const float *from, size_t outputs, size_t inputs, size_t first, size_t end, size_t block);

/// The last layer's gradient before its tanh: gradient = factor * (output - target) * (1 - output^2), row by row of
/// `width` pixels; those of the output lie one behind the other. Returns the sum of (output - target)^2.
double zanzo_loss_gradient(
    float *gradient, size_t gradient_row, const float *output, const float *target, size_t target_row, size_t height,
    size_t width, float factor);

/// dx = 0 where x is not positive; dx is written to `to`. Rows of `count` floats.
void zanzo_relu_gradient(
    float *to, size_t to_row, const float *dx, const float *x, size_t row, size_t height, size_t count);

/// sums[j] += values[steps[p] + j] for p < depth, one after another; j < count.
void zanzo_add_rows(float *sums, const float *values, const uint32_t *steps, size_t depth, size_t count);

/// A GRU cell that keeps what its backward pass needs: gates = [r, u, n] of 3 * hidden (see `zanzo_gru`).
void zanzo_gru_keep(
    float *h, float *gates, const float *before, const float *gi, const float *gh, size_t hidden);
/// From dh, the gradients of gi and gh (3 * hidden each), and dh becomes what reaches the state before directly (that
/// through gh is the caller's to add).
void zanzo_gru_backward(
    float *dh, float *dgi, float *dgh, const float *gates, const float *before, const float *gh, size_t hidden);

#pragma clang assume_nonnull end
