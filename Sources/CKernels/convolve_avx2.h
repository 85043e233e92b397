#pragma once

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define VECTOR __m256
#define vector_load _mm256_load_ps
#define vector_store _mm256_store_ps
#define vector_broadcast _mm256_broadcast_ss
#define vector_fma _mm256_fmadd_ps
static inline __m256 vector_relu(__m256 x) { return _mm256_max_ps(x, _mm256_setzero_ps()); }

// A tile is up to 6 pixels by 16 outputs: 12 registers of sums, 2 of weights, 1 for the pixel's channel, which leaves
// one. Each channel of a tap costs 2 loads of weights, 6 broadcasts and 12 multiply-adds: bound by the last.
enum { LANES = 8, TILE_VECTORS = 2 };
#define TILE_PIXELS 6

// Where the weights of a block do not stay in the first-level cache over a tile, they are taken tap by tap and in
// slices of SLICE_CHANNELS (16 KiB) for a panel of pixels, whose sums wait on the stack. So weights come from memory
// once a panel, and all pixels of the deep layers are one panel.
enum { SLICE_CHANNELS = 256, PANEL_PIXELS = 96, RESIDENT_BYTES = 40 * 1024 };

#include "convolve_vectors.h"

#pragma clang attribute pop
