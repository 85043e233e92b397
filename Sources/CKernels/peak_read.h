#pragma once

#include "peak_register.h"
#include "peaks.h"

// Reading at full speed. A file that includes this has said what a VECTOR is.

static inline void read_all(const void *memory, size_t bytes, size_t rounds) {
    enum { AT_ONCE = 8 };
    for (size_t round = 0; round < rounds; round++)
        for (const VECTOR *at = memory, *end = (const VECTOR *)((const char *)memory + bytes); at < end; at += AT_ONCE)
            for (int i = 0; i < AT_ONCE; i++) {
                const VECTOR read = at[i];
                __asm__ volatile("" : : IN_VECTOR_REGISTER(read));
            }
}
