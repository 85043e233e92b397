#pragma once

// The fully connected layer, for any width of vector. A file that includes this has said before:
//   WEIGHT, VECTOR, LANES, BLOCK   a weight, a vector of floats, how many it has, and outputs in a block (kernels.h)
//   vector_load, vector_zero, vector_set, vector_fma(x, w, sums), vector_sum, vector_weights
//   vector_store_first(to, x, count)   the first `count` lanes, all of them where there are fewer
// and has opened the region of its target attribute.

// A block's registers of sums, twice: even and odd inputs apart, so that more multiply-adds are under way at once.
static inline void multiply(float *out, const float *in, const zanzo_linear_layer *l) {
    enum { VECTORS = BLOCK / LANES };
    const WEIGHT *w = l->weights;
    const float *bias = l->bias;
    for (size_t run = 0; run < l->runs; run++)
        for (size_t first = 0; first < l->columns; first += BLOCK, bias += BLOCK) {
            VECTOR even[VECTORS], odd[VECTORS];
            UNROLL for (int v = 0; v < VECTORS; v++) {
                even[v] = vector_load(bias + LANES * v);
                odd[v] = vector_zero();
            }
            size_t i = 0;
            for (; i + 2 <= l->inputs; i += 2, w += 2 * BLOCK) {
                const VECTOR a = vector_set(in[i]), b = vector_set(in[i + 1]);
                UNROLL for (int v = 0; v < VECTORS; v++) even[v] = vector_fma(a, vector_weights(w + LANES * v), even[v]);
                UNROLL for (int v = 0; v < VECTORS; v++) odd[v] =
                    vector_fma(b, vector_weights(w + BLOCK + LANES * v), odd[v]);
            }
            if (i < l->inputs) {
                const VECTOR a = vector_set(in[i]);
                UNROLL for (int v = 0; v < VECTORS; v++) even[v] = vector_fma(a, vector_weights(w + LANES * v), even[v]);
                w += BLOCK;
            }
            float *to = out + run * l->out_stride + first;
            const size_t count = l->columns - first;
            for (size_t v = 0; v < VECTORS && LANES * v < count; v++)
                vector_store_first(to + LANES * v, vector_sum(even[v], odd[v]), count - LANES * v);
        }
}
