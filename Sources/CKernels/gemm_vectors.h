#pragma once

// Sums of products for any width of vector. A file that includes this has said before:
//   LANES, TILE_VECTORS     floats in a vector, vectors in a block of columns (kernels.h: block = TILE_VECTORS * LANES)
//   TILE_ROWS               rows in the largest tile: 6 or 12; TILE_ROWS * TILE_VECTORS sums live in registers
// and has opened the region of its target attribute.

#include "float_vectors.h"

#include <string.h>

// A tile over the whole depth: R rows and V vectors of columns. `packed`: its rows as `gemm_pack_tile` left them, for
// IS_PACKED; else they are read where they are.
INLINE void gemm_tile(
    const int R, const int V, const int IS_PACKED, const zanzo_products *g, const uint32_t *rows, const float *packed,
    const float *b, float *to, size_t to_row) {
    const float *a[TILE_ROWS];
    floats sums[TILE_ROWS][TILE_VECTORS];
    UNROLL for (int r = 0; r < R; r++) a[r] = IS_PACKED ? packed + r : g->a + rows[r];
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int v = 0; v < V; v++) sums[r][v] = g->is_first ? set(0) : load(to + r * to_row + LANES * v);
    }
    // The next tile's sums, most likely.
    UNROLL for (int r = 0; r < R; r++) __builtin_prefetch(to + (R + r) * to_row, 1, 3);
    for (size_t p = 0; p < g->depth; p++, b += LANES * V) {
        const size_t step = IS_PACKED ? p * R : g->steps[p];
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

// A tile's rows side by side, [depth][R], so that they are read in order whatever their distances in the map.
INLINE void gemm_pack_tile(const int R, const zanzo_products *g, const uint32_t *rows, float *to) {
    int are_neighbours = 1;
    UNROLL for (int r = 1; r < R; r++) are_neighbours &= rows[r] == rows[0] + (uint32_t)r;
    if (are_neighbours) {
        for (size_t p = 0; p < g->depth; p++) memcpy(to + p * R, g->a + rows[0] + g->steps[p], R * sizeof(float));
    } else {
        for (size_t p = 0; p < g->depth; p++)
            UNROLL for (int r = 0; r < R; r++) to[p * R + r] = g->a[rows[r] + g->steps[p]];
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

// Tiles `first`...`end` of `tiles` for all blocks of columns: a block's factors stay in the first-level cache over these
// tiles. Tiles are as even as can be, so that none is too small to keep the multipliers busy.
INLINE void gemm_tiles(
    const int IS_PACKED, const zanzo_products *g, size_t first, size_t end, size_t tiles, const float *packed) {
    enum { BLOCK = TILE_VECTORS * LANES };
    for (size_t column = 0; column < g->columns; column += BLOCK) {
        const size_t width = g->columns - column < BLOCK ? BLOCK / 2 : BLOCK, to_row = g->sums_row ? g->sums_row : width;
        const float *b = g->b + column / BLOCK * g->b_block, *from = packed;
        float *to = g->sums + column / BLOCK * g->sums_block;
        for (size_t tile = first; tile < end; tile++) {
            const size_t row = g->row_count * tile / tiles, count = g->row_count * (tile + 1) / tiles - row;
#define CALL(R, V) gemm_tile(R, V, IS_PACKED, g, g->rows + row, from, b, to + row * to_row, to_row)
            if (width == BLOCK) {
                GEMM_ROWS(count, TILE_VECTORS, CALL)
            } else {
                GEMM_ROWS(count, TILE_VECTORS / 2, CALL)
            }
#undef CALL
            if (IS_PACKED) from += count * g->depth;
        }
    }
}

// Rows are copied side by side where there is room: that pays where many blocks of columns read them.
static inline void gemm(const zanzo_products *g) {
    const size_t tiles = (g->row_count + TILE_ROWS - 1) / TILE_ROWS;
    const size_t together = g->room ? g->room_count / (g->depth * TILE_ROWS) : 0;
    if (together == 0) {
        gemm_tiles(0, g, 0, tiles, tiles, NULL);
        return;
    }
    for (size_t first = 0; first < tiles; first += together) {
        const size_t end = tiles - first < together ? tiles : first + together;
        float *to = g->room;
        for (size_t tile = first; tile < end; tile++) {
            const size_t row = g->row_count * tile / tiles, count = g->row_count * (tile + 1) / tiles - row;
#define CALL(R, V) gemm_pack_tile(R, g, g->rows + row, to)
            GEMM_ROWS(count, 1, CALL)
#undef CALL
            to += count * g->depth;
        }
        gemm_tiles(1, g, first, end, tiles, g->room);
    }
}
