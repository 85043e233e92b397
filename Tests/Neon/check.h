#pragma once

// What the checks of kernels that run on an emulated CPU (this folder), or whose instructions are emulated (Emulated),
// share: memory between unreadable pages, random numbers, counting.

#include "kernels.h"

#include <stddef.h>
#include <stdint.h>

// Which end of the memory touches an unreadable page.
typedef enum { AT_START, AT_END, SIDES } memory_side;

// `count` elements between two unreadable pages, every byte 0xA5; a kernel that reads or writes one byte too many ends
// the program at once. Freed by `release_all`.
void *guarded(size_t count, size_t size, memory_side side);
void release_all(void);

void random_seed(uint64_t seed);
// 0 … below - 1.
size_t random_below(size_t below);
float random_float(float from, float to);

// What one kernel has gone through. `verdict` prints its line and forgets it.
void begin_kernel(const char *name);
void begin_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
void expect(int is_right, const char *format, ...) __attribute__((format(printf, 2, 3)));
void verdict(void);
// Kernels that were right, and those that were not.
void summary(int *right, int *wrong);

// The instruction set that is checked, as kernels' names have it.
#if defined(__aarch64__)
#define ISA neon
#else
#define ISA avx512
#endif
#define JOINED(op, isa) zanzo_##op##_##isa
#define JOINED_LATER(op, isa) JOINED(op, isa)
#define TESTED(op) JOINED_LATER(op, ISA)
#define NAMED(op, isa) #op "_" #isa
#define NAMED_LATER(op, isa) NAMED(op, isa)
#define NAME(op) NAMED_LATER(op, ISA)

void check_convolutions(void);
void check_winograd(void);
// `isa` is what the kernels' names end with.
void check_byte_convolutions(const char *isa, zanzo_conv3x3_8 plain, zanzo_deconv3x3_8 transposed);
void check_vectors(void);
void check_training(void);
