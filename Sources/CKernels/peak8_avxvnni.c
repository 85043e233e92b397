#include "peaks.h"

#if defined(__x86_64__)
#define ZANZO_VNNI
#include "convolve8_avx2.h"

#pragma clang attribute push(__attribute__((target(ZANZO_TARGET))), apply_to = function)
#include "peak_vectors.h"

uint64_t zanzo_peak_bytes_avxvnni(size_t rounds) { return peak(rounds, 4); }
#pragma clang attribute pop
#endif
