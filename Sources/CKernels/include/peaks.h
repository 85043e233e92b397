#pragma once

// What a core can do at most, for benchmarks: the roofs under which the kernels of a table run.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Does multiply-adds as the kernels of that ISA do them, in registers only, as many sums under way as in their largest
/// tile. Returns how many multiply-adds it did: a million or a few a round.
typedef uint64_t (*zanzo_peak)(size_t rounds);

/// Reads `bytes` bytes (a multiple of 1024, aligned to 64) in order, in the widest vectors of that ISA, `rounds` times.
typedef void (*zanzo_peak_read)(const void *memory, size_t bytes, size_t rounds);

#define ZANZO_PEAKS(isa)                                                                                               \
    uint64_t zanzo_peak_float_##isa(size_t rounds);                                                                    \
    void zanzo_peak_read_##isa(const void *memory, size_t bytes, size_t rounds);

ZANZO_PEAKS(scalar)
uint64_t zanzo_peak_bytes_scalar(size_t rounds);
#if defined(__x86_64__)
ZANZO_PEAKS(avx2)
ZANZO_PEAKS(avx512)
uint64_t zanzo_peak_bytes_avx2(size_t rounds);
uint64_t zanzo_peak_bytes_avxvnni(size_t rounds);
uint64_t zanzo_peak_bytes_avx512(size_t rounds);
uint64_t zanzo_peak_bytes_avx512vnni(size_t rounds);
#elif defined(__aarch64__)
ZANZO_PEAKS(neon)
uint64_t zanzo_peak_bytes_neon(size_t rounds);
uint64_t zanzo_peak_bytes_neondot(size_t rounds);
uint64_t zanzo_peak_bytes_neoni8mm(size_t rounds);
#endif

#pragma clang assume_nonnull end
