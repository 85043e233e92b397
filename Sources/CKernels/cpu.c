#include "kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

int zanzo_cpu_has_avx2(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
#else
    return 0;
#endif
}

int zanzo_cpu_has_avxvnni(void) {
#if defined(__x86_64__)
    // Intel's manual, CPUID leaf 7, subleaf 1, EAX bit 4. The operating system saves its registers if it does AVX2's.
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return zanzo_cpu_has_avx2() && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1);
#else
    return 0;
#endif
}

int zanzo_cpu_has_avx512(void) {
#if defined(__x86_64__)
    return zanzo_cpu_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

int zanzo_cpu_has_avx512vnni(void) {
#if defined(__x86_64__)
    return zanzo_cpu_has_avx512() && __builtin_cpu_supports("avx512vnni");
#else
    return 0;
#endif
}

int zanzo_cpu_has_neon(void) {
#if defined(__aarch64__)
    return (getauxval(AT_HWCAP) & HWCAP_ASIMD) != 0;
#else
    return 0;
#endif
}

int zanzo_cpu_has_neondot(void) {
#if defined(__aarch64__)
    return zanzo_cpu_has_neon() && (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
    return 0;
#endif
}

int zanzo_cpu_has_neoni8mm(void) {
#if defined(__aarch64__)
    return zanzo_cpu_has_neondot() && (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
#else
    return 0;
#endif
}

uint64_t zanzo_flush_denormals_begin(void) {
#if defined(__x86_64__)
    const unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | flush_to_zero | denormals_are_zero);
    return before;
#elif defined(__aarch64__)
    const uint64_t flush_to_zero = 1ull << 24;
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | flush_to_zero));
    return before;
#else
    return 0;
#endif
}

void zanzo_flush_denormals_end(uint64_t before) {
#if defined(__x86_64__)
    _mm_setcsr((unsigned)before);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#endif
}
