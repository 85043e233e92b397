#pragma once

// Sums of products for any width of vector. A file that includes this has said before:
//   LANES, TILE_VECTORS     floats in a vector, vectors in a block of columns (kernels.h: block = TILE_VECTORS * LANES)
//   TILE_ROWS               rows in the largest tile: 6 or 12; TILE_ROWS * TILE_VECTORS sums live in registers
// and has opened the region of its target attribute.

#include "float_vectors.h"

// A tile over the whole depth: R rows and V vectors of columns.
INLINE void gemm_tile(
    const int R, const int V, const zanzo_products *g, const uint32_t *rows, const float *b, float *to, size_t to_row) {
    const float *a[TILE_ROWS];
    floats sums[TILE_ROWS][TILE_VECTORS];
    UNROLL for (int r = 0; r < R; r++) a[r] = g->a + rows[r];
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int v = 0; v < V; v++) sums[r][v] = g->is_first ? set(0) : load(to + r * to_row + LANES * v);
    }
    for (size_t p = 0; p < g->depth; p++, b += LANES * V) {
        const size_t step = g->steps[p];
        floats factors[TILE_VECTORS];
        UNROLL for (int v = 0; v < V; v++) factors[v] = *(const floats *)(b + LANES * v);
        UNROLL for (int r = 0; r < R; r++) {
            const floats x = set(a[r][step]);
            UNROLL for (int v = 0; v < V; v++) sums[r][v] = multiply_add(x, factors[v], sums[r][v]);
        }
    }
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int v = 0; v < V; v++) store(to + r * to_row + LANES * v, sums[r][v]);
    }
}

#define GEMM_ROWS(count, V, CALL)                                                                                      \
    switch (count) {                                                                                                   \
    case 1: CALL(1, V); break;                                                                                         \
    case 2: CALL(2, V); break;                                                                                         \
    case 3: CALL(3, V); break;                                                                                         \
    case 4: CALL(4, V); break;                                                                                         \
    case 5: CALL(5, V); break;                                                                                         \
    case 6: CALL(6, V); break;                                                                                         \
    GEMM_MORE_ROWS(V, CALL)                                                                                            \
    }
#if TILE_ROWS == 6
#define GEMM_MORE_ROWS(V, CALL)
#elif TILE_ROWS == 12
#define GEMM_MORE_ROWS(V, CALL)                                                                                        \
    case 7: CALL(7, V); break;                                                                                         \
    case 8: CALL(8, V); break;                                                                                         \
    case 9: CALL(9, V); break;                                                                                         \
    case 10: CALL(10, V); break;                                                                                       \
    case 11: CALL(11, V); break;                                                                                       \
    case 12: CALL(12, V); break;
#endif

// Block by block, whose factors stay in the first-level cache over all rows. Tiles are as even as can be, so that none is
// too small to keep the multipliers busy.
static inline void gemm(const zanzo_products *g) {
    enum { BLOCK = TILE_VECTORS * LANES };
    const size_t tiles = (g->row_count + TILE_ROWS - 1) / TILE_ROWS;
    for (size_t column = 0; column < g->columns; column += BLOCK) {
        const size_t width = g->columns - column < BLOCK ? BLOCK / 2 : BLOCK, to_row = g->sums_row ? g->sums_row : width;
        const float *b = g->b + column / BLOCK * g->b_block;
        float *to = g->sums + column / BLOCK * g->sums_block;
        for (size_t tile = 0; tile < tiles; tile++) {
            const size_t first = g->row_count * tile / tiles, count = g->row_count * (tile + 1) / tiles - first;
#define CALL(R, V) gemm_tile(R, V, g, g->rows + first, b, to + first * to_row, to_row)
            if (width == BLOCK) {
                GEMM_ROWS(count, TILE_VECTORS, CALL)
            } else {
                GEMM_ROWS(count, TILE_VECTORS / 2, CALL)
            }
#undef CALL
        }
    }
}
