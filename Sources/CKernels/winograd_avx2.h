#pragma once

#include "convolve_avx2.h"

#define WINOGRAD_TARGET "avx2,fma,f16c"

// A panel's parts take 208 KiB: 16 tiles of 128 channels, so that the weights of the article's widest such layer are read
// once (of AMD's Zen 3, 512 KiB of second-level cache). Fewer tiles were slower, a panel that fits the first-level cache too.
enum { WINOGRAD_TILES = 48, WINOGRAD_PARTS = 52 * 1024 };

#include "winograd_vectors.h"
