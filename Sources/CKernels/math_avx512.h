#pragma once

#include "math_avx2.h"

// What cpu.c asks for before it says that a CPU has AVX-512.
#define ZANZO_AVX512 "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"

#pragma clang attribute push(__attribute__((target(ZANZO_AVX512))), apply_to = function)

// The first `count` of sixteen lanes, for masked loads and stores of a tail.
static inline __mmask16 first_lanes_avx512(size_t count) { return count < 16 ? (__mmask16)((1u << count) - 1) : 0xffff; }

#pragma clang attribute pop
