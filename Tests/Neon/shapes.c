#include "shapes.h"

zanzo_layout layout = {.lanes = ZANZO_LANES, .block = ZANZO_BLOCK, .linear_block = ZANZO_LINEAR_BLOCK};

zanzo_layout plain_layout(void) {
    return (zanzo_layout){.lanes = layout.lanes, .block = ZANZO_BLOCK, .linear_block = ZANZO_LINEAR_BLOCK};
}

static const shape known[] = {
    {1, 32, 16, 16, 1, 1, 1},  {1, 8, 5, 3, 1, 1, 1},   {3, 5, 7, 9, 2, 1, 0},     {32, 64, 8, 8, 2, 1, 1},
    {272, 24, 4, 4, 2, 1, 1},  {130, 17, 11, 9, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1},   {8, 16, 2, 2, 2, 1, 1},
    {9, 40, 1, 13, 1, 2, 1},   {256, 32, 4, 4, 2, 4, 1},  {515, 16, 2, 3, 1, 3, 1}, {64, 48, 15, 14, 1, 1, 0},
};

shape shape_at(size_t index) {
    random_seed(index * 1009 + 11);
    if (index < sizeof known / sizeof *known) return known[index];
    return (shape){
        .inputs = 1 + random_below(40), .outputs = 1 + random_below(50), .height = 1 + random_below(12),
        .width = 1 + random_below(12), .stride = 1 + random_below(2), .maps = 1 + random_below(3),
        .is_rectified = (int)random_below(2)};
}
