/* Loaded into a child process by LD_PRELOAD: fails calls on files whose name holds "roost.db" as a failing or full disk would.
 *   FAULT_CALL    write | sync
 *   FAULT_AT      which such call fails, from 1
 *   FAULT_COUNT   how many in a row fail, default 1
 *   FAULT_ERRNO   EIO | ENOSPC | KILL, which kills the process instead
 * Calls are counted from the first one after the file in FAULT_ARMED exists, or from the start where that is not set. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static long seen;

static int is_ours(int fd) {
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, sizeof name - 1);
    if (n <= 0) return 0;
    name[n] = 0;
    char *file = strrchr(name, '/');
    return file && strstr(file, "roost.db") && !strstr(file, ".lock") && !strstr(file, "-shm");
}

static int fails(const char *call, int fd) {
    const char *which = getenv("FAULT_CALL"), *at = getenv("FAULT_AT"), *count = getenv("FAULT_COUNT"), *armed = getenv("FAULT_ARMED");
    if (!which || !at || strcmp(which, call) || !is_ours(fd)) return 0;
    if (armed && access(armed, F_OK)) return 0;
    long first = atol(at), last = first + (count ? atol(count) : 1);
    pthread_mutex_lock(&gate);
    long n = ++seen;
    pthread_mutex_unlock(&gate);
    if (n < first || n >= last) return 0;
    const char *error = getenv("FAULT_ERRNO");
    if (error && !strcmp(error, "KILL")) kill(getpid(), SIGKILL);
    errno = error && !strcmp(error, "ENOSPC") ? ENOSPC : EIO;
    return 1;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t n) { REAL(write); return fails("write", fd) ? -1 : real(fd, data, n); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { REAL(pwrite); return fails("write", fd) ? -1 : real(fd, data, n, at); }
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) { REAL(pwrite64); return fails("write", fd) ? -1 : real(fd, data, n, at); }
int fsync(int fd) { REAL(fsync); return fails("sync", fd) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(fdatasync); return fails("sync", fd) ? -1 : real(fd); }
