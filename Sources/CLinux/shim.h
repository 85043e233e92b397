// What Swift's Glibc module leaves out of Linux: eventfd(2), prctl(2), and stderr as a value (Swift 6 refuses the mutable
// global).
#pragma once

#include <stdio.h>
#include <time.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

static const int ZANZO_EFD_FLAGS = EFD_NONBLOCK | EFD_CLOEXEC;

/// Names the calling thread; the kernel keeps 15 bytes.
static inline void zanzo_name_thread(const char *_Nonnull name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Writes a line to standard error.
static inline void zanzo_complain(const char *_Nonnull text) { fputs(text, stderr); }

/// Flushes standard output; 0 where all of it was written.
static inline int zanzo_flush_output(void) { return fflush(stdout); }

/// The local time as `2026-09-01 02:03:04`; returns its length. (With several C modules in sight, Swift credits struct tm
/// to whichever it met first, and refuses it.)
static inline size_t zanzo_local_time(char *_Nonnull buffer, size_t size) {
    time_t now = time(NULL);
    struct tm parts;
    localtime_r(&now, &parts);
    return strftime(buffer, size, "%Y-%m-%d %H:%M:%S", &parts);
}
