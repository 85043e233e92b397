#include "convolve_scalar.h"

typedef float four_floats __attribute__((vector_size(16)));
#define VECTOR four_floats
#include "peak_plain.h"
#include "peak_read.h"

uint64_t zanzo_peak_float_scalar(size_t rounds) { return peak(rounds, 1); }

void zanzo_peak_read_scalar(const void *memory, size_t bytes, size_t rounds) { read_all(memory, bytes, rounds); }
