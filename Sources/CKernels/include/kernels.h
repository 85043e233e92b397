#pragma once

// The contract of the maths: every operation that the rest of Zanzo leaves to C, in one page.
//
// Rules that hold for all of them
//  - One file per operation and ISA (`conv3x3_avx2.c`); the plain C one is the specification, the others give what it
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
#endif

// ---------------------------------------------------------------------------------------------------------------------
// The CPU

/// Whether this CPU (and its operating system) runs AVX2 and FMA code. Always 0 on other architectures.
int zanzo_cpu_has_avx2(void);

#pragma clang assume_nonnull end
