#include "peaks.h"

#if defined(__x86_64__)
#include "convolve_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "peak_read.h"
#include "peak_vectors.h"

uint64_t zanzo_peak_float_avx2(size_t rounds) { return peak(rounds, 1); }

void zanzo_peak_read_avx2(const void *memory, size_t bytes, size_t rounds) { read_all(memory, bytes, rounds); }
#pragma clang attribute pop
#endif
