#include "peaks.h"

#if defined(__aarch64__)
#include "convolve_neon.h"
#include "peak_read.h"
#include "peak_vectors.h"

uint64_t zanzo_peak_float_neon(size_t rounds) { return peak(rounds, 1); }

void zanzo_peak_read_neon(const void *memory, size_t bytes, size_t rounds) { read_all(memory, bytes, rounds); }
#endif
