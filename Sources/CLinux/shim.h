// What Swift's Glibc module leaves out of Linux: futex(2), prctl(2), sched_getaffinity(2), and stderr as a value (Swift 6
// refuses the mutable global). And what it gives to another module: struct winsize and struct tm belong to whichever C module
// is met first.
#pragma once

#include <gnu/libc-version.h>
#include <linux/futex.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>

/// Names the calling thread; the kernel keeps 15 bytes.
static inline void zanzo_name_thread(const char *_Nonnull name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// As <unistd.h> has it, which must not be met here first: its constants would be missing from Glibc then.
long syscall(long number, ...);

/// Processors that the calling thread may run on; 0 where the kernel does not say. The system call's own, since glibc's wrapper
/// is there for _GNU_SOURCE alone; it fails where there are more than 8192.
static inline int zanzo_processors(void) {
    unsigned long mask[8192 / 8 / sizeof(unsigned long)];
    long size = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int count = 0;
    for (long word = 0; word < size / (long)sizeof *mask; word++) count += __builtin_popcountl(mask[word]);
    return count;
}

/// Sleeps while `*word` is `value`, for `nanoseconds` of the monotonic clock at most; may return early.
static inline void zanzo_futex_wait(const uint32_t *_Nonnull word, uint32_t value, int64_t nanoseconds) {
    struct timespec left = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &left, (void *)0, 0);
}

/// Wakes one thread that sleeps on `word`.
static inline void zanzo_futex_wake(const uint32_t *_Nonnull word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, (void *)0, (void *)0, 0);
}

/// Writes a line to standard error.
static inline void zanzo_complain(const char *_Nonnull text) { fputs(text, stderr); }

/// Flushes standard output; 0 where all of it was written.
static inline int zanzo_flush_output(void) { return fflush(stdout); }

/// A terminal's size in characters; 0 where it has one.
static inline int zanzo_terminal_size(int descriptor, int *_Nonnull columns, int *_Nonnull rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || !size.ws_col || !size.ws_row) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

/// Whether a terminal shows what is typed: sets it, forgets what was typed and not yet read, and returns what it was (1 or
/// 0); -1 where `descriptor` is no terminal.
static inline int zanzo_set_echo(int descriptor, int is_on) {
    struct termios modes;
    if (tcgetattr(descriptor, &modes) != 0) return -1;
    int was_on = (modes.c_lflag & ECHO) != 0;
    modes.c_lflag = is_on ? modes.c_lflag | ECHO : modes.c_lflag & ~(tcflag_t)ECHO;
    tcsetattr(descriptor, TCSAFLUSH, &modes);
    return was_on;
}

/// The local time as `2026-09-01 02:03:04`; returns its length.
static inline size_t zanzo_local_time(char *_Nonnull buffer, size_t size) {
    time_t now = time(NULL);
    struct tm parts;
    localtime_r(&now, &parts);
    return strftime(buffer, size, "%Y-%m-%d %H:%M:%S", &parts);
}
