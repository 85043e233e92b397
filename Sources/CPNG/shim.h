// libpng's error path is longjmp, which Swift must not be crossed by; the shims here keep it inside C.
#pragma once

#include <png.h>
