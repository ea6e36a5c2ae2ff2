/* Loaded into a child process by LD_PRELOAD: fails calls on files whose name holds "roost.db" as a failing or full disk would. The process
 * loads it once more by its path, which is the same library, and arms it again and again (FaultDisk.cs).
 *   faults_arm(calls, files, at, count, error, how)   from now on, of these calls on these files, those numbered at .. at + count - 1 fail
 *   faults_disarm()                                   none does; answers how many have failed since it was armed
 *   faults_failed(), faults_seen()                    how many have failed, and how many were looked at, since it was armed
 * It also plays a disk that has forgotten what it could not write: where a sync of the log fails, the pages written since the last one that
 * did not stay readable and are never written, as Linux marks them clean; whoever writes them again writes them. faults_cut() is the power
 * cut: the log holds what was synced, and the process ends. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, TRUNCATE = 4, OPEN = 8, READ = 16, UNLINK = 32 };
enum { DATABASE = 1, LOG = 2, INDEX = 4, COPY = 8 };
enum { WHOLE = 0, SHORT = 1, KILL = 2 };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static volatile int armed_calls, armed_files;
static long first, last, seen, failed;
static int error_number, how_it_fails;

static int kind_of_name(const char *path) {
    const char *file = path ? strrchr(path, '/') : 0;
    file = file ? file + 1 : path;
    if (!file || !strstr(file, "roost.db") || strstr(file, ".lock")) return 0;
    if (strstr(file, ".new")) return COPY;
    if (strstr(file, "-wal")) return LOG;
    if (strstr(file, "-shm")) return INDEX;
    return DATABASE;
}

static int kind_of(int fd) {
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, sizeof name - 1);
    if (n <= 0) return 0;
    name[n] = 0;
    return kind_of_name(name);
}

/* 0: it goes on; 1: it fails; 2: it does the first half, and the call for the rest fails. */
static int fate(int call, int kind) {
    int fate = 0;
    if (!(armed_calls & call) || !(armed_files & kind)) return 0;
    pthread_mutex_lock(&gate);
    long n = ++seen;
    if (how_it_fails == SHORT && n == first - 1) fate = 2;
    if (n >= first && n < last) {
        fate = 1;
        failed++;
    }
    pthread_mutex_unlock(&gate);
    if (fate == 1 && how_it_fails == KILL) kill(getpid(), SIGKILL);
    if (fate == 1) errno = error_number;
    return fate;
}

void faults_arm(int calls, int files, long at, long count, int error, int how) {
    pthread_mutex_lock(&gate);
    seen = failed = 0;
    first = at;
    last = at + count;
    error_number = error;
    how_it_fails = how;
    armed_files = files;
    armed_calls = calls;
    pthread_mutex_unlock(&gate);
}

long faults_disarm(void) {
    pthread_mutex_lock(&gate);
    armed_calls = armed_files = 0;
    long n = failed;
    failed = 0;
    pthread_mutex_unlock(&gate);
    return n;
}

long faults_failed(void) { return failed; }
long faults_seen(void) { return seen; }

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* What of the log is on the disk. A page is dirty from its first write to the next sync, and lost where that failed. */
enum { PAGE = 4096, PAGES = 16384 };
static volatile int forgets;
static char *on_disk[PAGES];
static unsigned char lost[PAGES];
static char log_name[4096];

void faults_forget(const char *log) {
    snprintf(log_name, sizeof log_name, "%s", log);
    forgets = 1;
}

static void before_write(int fd, size_t n, off_t at) {
    REAL(pread);
    pthread_mutex_lock(&gate);
    for (off_t page = at / PAGE; n > 0 && page <= (off_t)((at + n - 1) / PAGE) && page < PAGES; page++) {
        lost[page] = 0;
        if (on_disk[page]) continue;
        on_disk[page] = calloc(1, PAGE);
        if (real(fd, on_disk[page], PAGE, page * PAGE) < 0) memset(on_disk[page], 0, PAGE);
    }
    pthread_mutex_unlock(&gate);
}

static void after_sync(int succeeded) {
    pthread_mutex_lock(&gate);
    for (int page = 0; page < PAGES; page++) {
        if (!on_disk[page]) continue;
        if (!succeeded) lost[page] = 1;
        else if (!lost[page]) {
            free(on_disk[page]);
            on_disk[page] = 0;
        }
    }
    pthread_mutex_unlock(&gate);
}

void faults_cut(void) {
    int fd = open(log_name, O_RDWR);
    REAL(pwrite);
    pthread_mutex_lock(&gate);
    for (int page = 0; fd >= 0 && page < PAGES; page++)
        if (on_disk[page] && real(fd, on_disk[page], PAGE, (off_t)page * PAGE) < 0) break;
    _exit(0);
}

#define WRITE_AT(name, type) \
ssize_t name(int fd, const void *data, size_t n, type at) { \
    REAL(name); \
    if (!(armed_calls & WRITE) && !forgets) return real(fd, data, n, at); \
    int kind = kind_of(fd), how = fate(WRITE, kind); \
    if (how == 1) return -1; \
    if (how == 2 && n > 1) n /= 2; \
    if (forgets && kind == LOG) before_write(fd, n, at); \
    return real(fd, data, n, at); \
}
WRITE_AT(pwrite, off_t)
WRITE_AT(pwrite64, off64_t)

#define READ_AT(name, type) \
ssize_t name(int fd, void *data, size_t n, type at) { \
    REAL(name); \
    return (armed_calls & READ) && fate(READ, kind_of(fd)) == 1 ? -1 : real(fd, data, n, at); \
}
READ_AT(pread, off_t)
READ_AT(pread64, off64_t)

ssize_t write(int fd, const void *data, size_t n) {
    REAL(write);
    return (armed_calls & WRITE) && fate(WRITE, kind_of(fd)) == 1 ? -1 : real(fd, data, n);
}

#define TRUNCATES(name, type) \
int name(int fd, type size) { \
    REAL(name); \
    return (armed_calls & TRUNCATE) && fate(TRUNCATE, kind_of(fd)) == 1 ? -1 : real(fd, size); \
}
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

#define SYNCS(name) \
int name(int fd) { \
    REAL(name); \
    if (!(armed_calls & SYNC) && !forgets) return real(fd); \
    int kind = kind_of(fd), result = fate(SYNC, kind) == 1 ? -1 : real(fd), number = errno; \
    if (forgets && kind == LOG) after_sync(result == 0); \
    errno = number; \
    return result; \
}
SYNCS(fsync)
SYNCS(fdatasync)

#define OPENS(name) \
int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return (armed_calls & OPEN) && fate(OPEN, kind_of_name(path)) == 1 ? -1 : real(path, flags, mode); \
}
OPENS(open)
OPENS(open64)

int unlink(const char *path) {
    REAL(unlink);
    return (armed_calls & UNLINK) && fate(UNLINK, kind_of_name(path)) == 1 ? -1 : real(path);
}
