#pragma once

#include "convolve_neon.h"

// As in winograd_avx2.h.
enum { WINOGRAD_TILES = 48, WINOGRAD_PARTS = 52 * 1024 };

#include "winograd_vectors.h"
