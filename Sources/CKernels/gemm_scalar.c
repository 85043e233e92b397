#include "kernels.h"

void zanzo_gemm_scalar(const zanzo_products *g) {
    for (size_t first = 0; first < g->columns; first += ZANZO_BLOCK) {
        const size_t rest = g->columns - first, width = rest < ZANZO_BLOCK ? rest : ZANZO_BLOCK;
        const float *b = g->b + first / ZANZO_BLOCK * g->b_block;
        for (size_t r = 0; r < g->row_count; r++) {
            const float *a = g->a + g->rows[r];
            float *to = g->sums + first / ZANZO_BLOCK * g->sums_block + r * (g->sums_row ? g->sums_row : width);
            float sums[ZANZO_BLOCK];
            for (size_t o = 0; o < width; o++) sums[o] = g->is_first ? 0 : to[o];
            for (size_t p = 0; p < g->depth; p++)
                for (size_t o = 0; o < width; o++) sums[o] += a[g->steps[p]] * b[p * width + o];
            for (size_t o = 0; o < width; o++) to[o] = sums[o];
        }
    }
}
