#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int zanzo_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

int zanzo_memory_file(const void *bytes, size_t count) {
    int file = memfd_create("zanzo", MFD_CLOEXEC);
    if (file < 0) return -1;
    for (size_t done = 0; done < count;) {
        ssize_t written = write(file, (const char *)bytes + done, count - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) goto failed;
        done += (size_t)written;
    }
    if (lseek(file, 0, SEEK_SET) == 0) return file;
failed:;
    int problem = errno;
    close(file);
    errno = problem;
    return -1;
}

// fork(2), not posix_spawn(3): the latter knows nothing of PR_SET_PDEATHSIG, which an exec keeps. Between fork and exec only
// calls that are safe after a fork of a process with threads (signal-safety(7)).
int zanzo_start_background(const char *path, char *const *arguments, char *const *environment, int input, int output,
                           int errors) {
    pid_t parent = getpid();
    sigset_t all, none, before;
    sigfillset(&all);
    sigemptyset(&none);
    // No handler of the parent's may run in the child.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child != 0) {
        int problem = errno;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (child < 0) return -problem;
        // Both sides do it: whichever comes first, the group is there.
        setpgid(child, child);
        return child;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);  // it has ended before the line above
    setpgid(0, 0);
    // Away from 0, 1 and 2 first, which are overwritten one after the other.
    input = fcntl(input, F_DUPFD, 3);
    output = fcntl(output, F_DUPFD, 3);
    errors = fcntl(errors, F_DUPFD, 3);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(errors, 2) < 0) _exit(127);
    // A library may have opened a camera without O_CLOEXEC, and two processes can't have it. Linux 5.9; older ones do without.
    syscall(436 /* close_range */, 3U, ~0U, 0);
    for (int number = 1; number < 65; number++) signal(number, SIG_DFL);
    setpriority(PRIO_PROCESS, 0, 10);
    syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, 3 << 13 /* IOPRIO_CLASS_IDLE */);
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        if (write(score, "500", 3) < 0) { /* then it is as dear as its parent */ }
        close(score);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(path, (char **)arguments, (char **)environment);
    _exit(127);
}

int zanzo_child_has_ended(int child) {
    siginfo_t information;
    information.si_pid = 0;
    return waitid(P_PID, (id_t)child, &information, WEXITED | WNOHANG | WNOWAIT) != 0 || information.si_pid == child;
}

void zanzo_make_idle(int thread) {
    struct sched_param none = {0};
    sched_setscheduler(thread, SCHED_IDLE, &none);
    setpriority(PRIO_PROCESS, (id_t)thread, 19);
}
