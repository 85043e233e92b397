#define ZANZO_HALF_WEIGHTS
#include "linear_scalar.c"
