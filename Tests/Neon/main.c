// Holds every NEON kernel against the plain C one, on this CPU or an emulated one.
//   neon-kernels SET…   the instruction sets that this CPU must be found to have: neon, neondot, neoni8mm

#include "shapes.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

static void check_cpu(int count, char **names) {
    static const struct {
        const char *name;
        int (*has)(void);
    } sets[] = {
        {"avx2", zanzo_cpu_has_avx2}, {"avxvnni", zanzo_cpu_has_avxvnni}, {"avx512", zanzo_cpu_has_avx512},
        {"avx512vnni", zanzo_cpu_has_avx512vnni},
        {"neon", zanzo_cpu_has_neon}, {"neondot", zanzo_cpu_has_neondot}, {"neoni8mm", zanzo_cpu_has_neoni8mm}};
    begin_kernel("cpu_has");
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        int is_expected = 0;
        for (int n = 0; n < count; n++) is_expected |= strcmp(names[n], sets[i].name) == 0;
        begin_case("%s", sets[i].name);
        expect(sets[i].has() == is_expected, "found %d, expected %d", sets[i].has(), is_expected);
    }
    verdict();
}

static void check_denormals(void) {
    begin_kernel("flush_denormals");
    volatile float smallest = FLT_MIN;
    begin_case("half of the smallest normal number");
    expect(smallest / 2 > 0, "zero before");
    const uint64_t before = zanzo_flush_denormals_begin();
    expect(smallest / 2 == 0, "not zero between begin and end");
    zanzo_flush_denormals_end(before);
    expect(smallest / 2 > 0, "zero after the end");
    verdict();
}

int main(int argc, char **argv) {
    check_cpu(argc - 1, argv + 1);
    check_denormals();
    check_vectors();
    check_convolutions();
    check_winograd();
    check_training();
    layout.byte_offset = ZANZO_BYTE_OFFSET_SIGNED;
    check_byte_convolutions("neon", zanzo_conv3x3_8_neon, zanzo_deconv3x3_8_neon);
    if (zanzo_cpu_has_neondot()) check_byte_convolutions("neondot", zanzo_conv3x3_8_neondot, zanzo_deconv3x3_8_neondot);
    layout.byte_offset = 0;
    if (zanzo_cpu_has_neoni8mm())
        check_byte_convolutions("neoni8mm", zanzo_conv3x3_8_neoni8mm, zanzo_deconv3x3_8_neoni8mm);
    int right, wrong;
    summary(&right, &wrong);
    printf("%d kernels right, %d wrong\n", right, wrong);
    return wrong > 0;
}
