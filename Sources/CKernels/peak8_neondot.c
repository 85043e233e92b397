#include "peaks.h"

#if defined(__aarch64__)
#define ZANZO_DOT
#include "convolve8_neon.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "peak_vectors.h"

uint64_t zanzo_peak_bytes_neondot(size_t rounds) { return peak(rounds, 4); }
#pragma clang attribute pop
#endif
