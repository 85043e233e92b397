#include "peaks.h"

#if defined(__aarch64__)
#define ZANZO_I8MM
#include "convolve8_neon.h"

#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)
#include "peak_vectors.h"

uint64_t zanzo_peak_bytes_neoni8mm(size_t rounds) { return peak(rounds, 4); }
#pragma clang attribute pop
#endif
