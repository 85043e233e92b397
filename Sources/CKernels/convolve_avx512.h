#pragma once

#include "math_avx512.h"

#pragma clang attribute push(__attribute__((target(ZANZO_AVX512))), apply_to = function)

#define VECTOR __m512
#define vector_load _mm512_load_ps
#define vector_store _mm512_store_ps
static inline __m512 vector_broadcast(const float *x) { return _mm512_set1_ps(*x); }
#define vector_fma _mm512_fmadd_ps
static inline __m512 vector_relu(__m512 x) { return _mm512_max_ps(x, _mm512_setzero_ps()); }

// A tile is up to 12 pixels by 32 outputs: 24 of the 32 registers hold sums. Each channel of a tap costs 2 loads of
// weights, 12 broadcasts and 24 multiply-adds: bound by the last on cores that load twice a cycle.
enum { LANES = 16, TILE_VECTORS = 2 };
#define TILE_PIXELS 12

// As in convolve_avx2.h; a slice is 16 KiB of weights.
enum { SLICE_CHANNELS = 128, PANEL_PIXELS = 96, RESIDENT_BYTES = 40 * 1024 };

#include "convolve_vectors.h"

#pragma clang attribute pop
