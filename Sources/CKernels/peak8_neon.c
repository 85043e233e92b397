#include "peaks.h"

#if defined(__aarch64__)
#include "convolve8_neon.h"

#include "peak_vectors.h"

uint64_t zanzo_peak_bytes_neon(size_t rounds) { return peak(rounds, 4); }
#endif
