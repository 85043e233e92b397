#pragma once

// What inline assembly calls a vector register.
#if defined(__aarch64__)
#define IN_VECTOR_REGISTER "w"
#else
#define IN_VECTOR_REGISTER "v"
#endif
