// Holds the AVX-512, AVX-512 VNNI and AVX-VNNI kernels against the plain C ones, on a CPU that need have none of those:
// include/immintrin.h says what becomes of their instructions. The checks are those of the NEON kernels.

#include "shapes.h"

#include <stdio.h>

int main(void) {
    layout = (zanzo_layout){.lanes = ZANZO_LANES, .block = ZANZO_BLOCK, .linear_block = ZANZO_LINEAR_BLOCK};
    check_byte_convolutions("avxvnni", zanzo_conv3x3_8_avxvnni, zanzo_deconv3x3_8_avxvnni);
    layout.byte_group = ZANZO_BYTE_GROUP;
    check_byte_convolutions("avx2", zanzo_conv3x3_8_avx2, zanzo_deconv3x3_8_avx2);
    layout = (zanzo_layout){
        .lanes = ZANZO_LANES_AVX512, .block = ZANZO_BLOCK_AVX512, .linear_block = ZANZO_LINEAR_BLOCK_AVX512};
    check_vectors();
    check_convolutions();
    check_winograd();
    check_byte_convolutions("avx512vnni", zanzo_conv3x3_8_avx512vnni, zanzo_deconv3x3_8_avx512vnni);
    layout.byte_group = ZANZO_BYTE_GROUP;
    check_byte_convolutions("avx512", zanzo_conv3x3_8_avx512, zanzo_deconv3x3_8_avx512);
    int right, wrong;
    summary(&right, &wrong);
    printf("%d kernels right, %d wrong\n", right, wrong);
    return wrong > 0;
}
