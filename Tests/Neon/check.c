#include "check.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, MOST = 64 };

static struct {
    void *start;
    size_t size;
} mappings[MOST];
static size_t mapping_count;

void *guarded(size_t count, size_t size, memory_side side) {
    const size_t wanted = count * size, inner = (wanted + PAGE - 1) / PAGE * PAGE;
    char *start = mmap(NULL, inner + 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mapping_count == MOST || mprotect(start, PAGE, PROT_NONE) != 0 ||
        mprotect(start + PAGE + inner, PAGE, PROT_NONE) != 0) {
        perror("guarded memory");
        exit(2);
    }
    mappings[mapping_count].start = start;
    mappings[mapping_count++].size = inner + 2 * PAGE;
    memset(start + PAGE, 0xa5, inner);
    return side == AT_START ? start + PAGE : start + PAGE + inner - wanted;
}

void release_all(void) {
    while (mapping_count > 0) {
        mapping_count--;
        munmap(mappings[mapping_count].start, mappings[mapping_count].size);
    }
}

static uint64_t state;

void random_seed(uint64_t seed) { state = seed; }

// SplitMix64.
static uint64_t random_bits(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

size_t random_below(size_t below) { return random_bits() % below; }

float random_float(float from, float to) { return from + (to - from) * (float)(random_bits() >> 40) * 0x1p-24f; }

static const char *kernel;
static char what[200];
static int cases, faults, right_kernels, wrong_kernels;

// An unreadable page was touched: says by whom, for a kernel's name is worth more than a core file.
static void touched(int signal) {
    (void)signal;
    printf("%s, %s: reads or writes outside its buffers\n", kernel, what);
    fflush(stdout);
    _exit(1);
}

void begin_kernel(const char *name) {
    kernel = name;
    cases = faults = 0;
    signal(SIGSEGV, touched);
}

void begin_case(const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(what, sizeof what, format, values);
    va_end(values);
    cases++;
}

void expect(int is_right, const char *format, ...) {
    if (is_right) return;
    if (faults++ >= 5) return; // the first few say it all
    printf("%s, %s: ", kernel, what);
    va_list values;
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    putchar('\n');
}

void verdict(void) {
    if (faults > 0)
        printf("%-24s %5d cases  WRONG: %d faults\n", kernel, cases, faults);
    else
        printf("%-24s %5d cases  ok\n", kernel, cases);
    *(faults > 0 ? &wrong_kernels : &right_kernels) += 1;
}

void summary(int *right, int *wrong) {
    *right = right_kernels;
    *wrong = wrong_kernels;
}
