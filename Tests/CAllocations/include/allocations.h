#pragma once

#include <stdint.h>

/// Calls of malloc, calloc, realloc and the aligned ones that this thread has made since it began. Linking this target
/// puts counting versions of them before glibc's. UINT64_MAX under AddressSanitizer, which has its own.
uint64_t zanzo_allocations(void);
