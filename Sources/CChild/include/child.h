// A program that runs beside this one, with less weight, and never outlives it: what posix_spawn(3) can't do and Swift
// can't say (it refuses fork(2)). Numbers of processes and threads are pid_t's, which is int on Linux.
#pragma once

#include <stddef.h>

/// A pipe whose ends no program that is started inherits; 0, or -1 with errno set.
int zanzo_pipe(int *_Nonnull reading, int *_Nonnull writing);

/// A file that has no name and no disk under it, with these bytes in it, to be read from its start; -1 with errno set. No program
/// that is started inherits it.
int zanzo_memory_file(const void *_Nonnull bytes, size_t count);

/// Starts a program that is less to this machine than its parent is: nice 10, the disk when nobody else wants it, the
/// first to go where memory is short. In a process group of its own, with every signal as a new program has it, and ended
/// (SIGTERM) when the calling thread ends, however that happens. Returns its number, or -errno.
int zanzo_start_background(const char *_Nonnull path, char *_Nullable const *_Nonnull arguments,
                           char *_Nullable const *_Nonnull environment, int input, int output, int errors);

/// Whether a child has ended; it stays to be reaped.
int zanzo_child_has_ended(int child);

/// Gives a thread the processor only when no other wants it.
void zanzo_make_idle(int thread);
