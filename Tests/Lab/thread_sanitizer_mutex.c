// Tells ThreadSanitizer what it cannot see: that Swift's Mutex hands memory over when it is contended.
//
// The fast path of Synchronization.Mutex is inlined and instrumented. Its slow path lies in the standard library, which is
// not, and waits in the kernel (FUTEX_LOCK_PI): the sanitizer would call each contended use of a mutex a race. This library
// is preloaded, stands before the two slow functions, and adds the acquire and the release around the real ones. It hides
// nothing: memory that is used outside of the mutex is reported as before.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

typedef __attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *word);
typedef __attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *word);
typedef void annotation(void *address);

// The mangled names of Synchronization._MutexHandle._lockSlow(_: UInt32) and _unlockSlow().
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();  // another Swift: this file has to be written anew for it
    return found;
}

static void annotate(const char *name, void *word) {
    annotation *known = (annotation *)dlsym(RTLD_DEFAULT, name);
    if (known) known(word);  // absent in a program without the sanitizer
}

lock_slow zanzo_lock_slow __asm__(LOCK_SLOW);
unlock_slow zanzo_unlock_slow __asm__(UNLOCK_SLOW);

__attribute__((swiftcall)) void zanzo_lock_slow(uint32_t thread, __attribute__((swift_context)) void *word) {
    ((lock_slow *)real(LOCK_SLOW))(thread, word);
    annotate("__tsan_acquire", word);
}

__attribute__((swiftcall)) void zanzo_unlock_slow(__attribute__((swift_context)) void *word) {
    annotate("__tsan_release", word);
    ((unlock_slow *)real(UNLOCK_SLOW))(word);
}
