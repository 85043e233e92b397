#include "convolve8_scalar.h"
#include "peak_plain.h"

uint64_t zanzo_peak_bytes_scalar(size_t rounds) { return peak(rounds, 4); }
