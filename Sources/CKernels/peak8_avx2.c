#include "peaks.h"

#if defined(__x86_64__)
#include "convolve8_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "peak_vectors.h"

uint64_t zanzo_peak_bytes_avx2(size_t rounds) { return peak(rounds, 4 * VECTOR_GROUP); }
#pragma clang attribute pop
#endif
