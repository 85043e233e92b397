#include "peaks.h"

#if defined(__x86_64__)
#include "convolve_avx512.h"

#pragma clang attribute push(__attribute__((target(ZANZO_AVX512))), apply_to = function)
#include "peak_read.h"
#include "peak_vectors.h"

uint64_t zanzo_peak_float_avx512(size_t rounds) { return peak(rounds, 1); }

void zanzo_peak_read_avx512(const void *memory, size_t bytes, size_t rounds) { read_all(memory, bytes, rounds); }
#pragma clang attribute pop
#endif
