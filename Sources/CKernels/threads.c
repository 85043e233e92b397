#include "kernels.h"

#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void zanzo_sleep_while(const uint32_t *word, uint32_t value) {
    // Comes back at once where the word has another value by then, and sometimes for no reason: callers look again.
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, 0, 0, 0);
}

void zanzo_wake_sleepers(const uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 0x7fffffff, 0, 0, 0); }

void zanzo_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
