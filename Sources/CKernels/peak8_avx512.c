#include "peaks.h"

#if defined(__x86_64__)
#include "convolve8_avx512.h"

#pragma clang attribute push(__attribute__((target(ZANZO_TARGET))), apply_to = function)
#include "peak_vectors.h"

uint64_t zanzo_peak_bytes_avx512(size_t rounds) { return peak(rounds, 4 * VECTOR_GROUP); }
#pragma clang attribute pop
#endif
