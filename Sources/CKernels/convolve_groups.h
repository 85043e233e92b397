#pragma once

// Sums of bytes where a CPU adds pairs of products in 16 bits (vpmaddubsw) and has no instruction that goes on to 32. To
// widen each pair would cost as much as to multiply it, so VECTOR_GROUP units are added in 16 bits first. Nothing is lost
// there: a layer's weights are packed so small that no group of them can leave 16 bits, whatever the bytes (kernels.h:
// `byte_group`). Part of convolve_vectors.h; a file that includes that has said before:
//   VECTOR_GROUP                       units in a group; a tap's slices (SLICE_UNITS) are whole groups
//   vector_pairs(unit, weights)        in 16 bits, what pairs of bytes times pairs of weights add up to
//   vector_sum_of_pairs(a, b)          the sum of two such vectors
//   vector_add_pairs(pairs, sums)      sums + both 16-bit halves of each lane

// `count` units from in[p] on, of P pixels, for V vectors of outputs. Their weights stay in registers over the pixels.
CONVOLVE_INLINE void tile_add_group(
    const int count, const int P, const int V, tile_sums sums, const UNIT *const *in, size_t c, const WEIGHT *w,
    const size_t ahead) {
    VECTOR weights[VECTOR_GROUP][TILE_VECTORS];
    UNROLL for (int g = 0; g < count; g++) {
        UNROLL for (int v = 0; v < V; v++) {
            const WEIGHT *at = w + (g * V + v) * LANES;
            if (ahead > 0 && (v * LANES) * sizeof(WEIGHT) % 64 == 0) __builtin_prefetch(at + ahead, 0, 2);
            weights[g][v] = vector_weights(at);
        }
    }
    UNROLL for (int p = 0; p < P; p++) {
        VECTOR pairs[TILE_VECTORS];
        UNROLL for (int g = 0; g < count; g++) {
            const VECTOR x = vector_broadcast(in[p] + c + g);
            UNROLL for (int v = 0; v < V; v++) {
                const VECTOR more = vector_pairs(x, weights[g][v]);
                pairs[v] = g == 0 ? more : vector_sum_of_pairs(pairs[v], more);
            }
        }
        UNROLL for (int v = 0; v < V; v++) sums[p][v] = vector_add_pairs(pairs[v], sums[p][v]);
    }
}

// sums[p] += in[p][c] * w[c] over `units` units, for P pixels and V vectors of outputs.
CONVOLVE_INLINE void tile_add(
    const int P, const int V, tile_sums sums, const UNIT *const *pixels, size_t offset, size_t units,
    const WEIGHT *w, const size_t ahead) {
    const UNIT *in[TILE_PIXELS];
    UNROLL for (int p = 0; p < P; p++) in[p] = pixels[p] + offset;
    size_t c = 0;
    for (; c + VECTOR_GROUP <= units; c += VECTOR_GROUP, w += VECTOR_GROUP * LANES * V)
        tile_add_group(VECTOR_GROUP, P, V, sums, in, c, w, ahead);
    for (; c < units; c++, w += LANES * V) tile_add_group(1, P, V, sums, in, c, w, ahead);
}
