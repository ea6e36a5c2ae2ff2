/* Loaded into a child process by LD_PRELOAD: writes down, in one order, what the process does to the files of "roost.db" and what it says on
 * its standard output, so that a power cut can be played back at any place of it.
 *   POWER_FOLDER  where roost.db is
 *   POWER_LOG     the file to write to: records of { call, file, at, length } and length bytes, in the byte order of the machine
 * Whatever changes a file, a name or the output is done and written down under one lock. An fsync may take long and is two records: what was
 * written down before it began is on the disk once it has ended. The shared memory (-shm) does not outlive a power cut and is left out. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATED = 1, WRITTEN, TRUNCATED, SYNC_BEGUN, SYNC_ENDED, LINKED, RENAMED, UNLINKED, SAID };
enum { FOLDER = 1, FIRST_FILE, FILES = 4096, DESCRIPTORS = 4096 };

struct record { uint32_t call, file; uint64_t at, length; };
struct identity { dev_t device; ino_t inode; };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static uint64_t records;
static struct identity folder, output, files[FILES];
static unsigned file_count = FIRST_FILE, file_of[DESCRIPTORS];

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static struct identity identity_of(const struct stat *s) { return (struct identity){ s->st_dev, s->st_ino }; }
static int same(struct identity a, struct identity b) { return a.device == b.device && a.inode == b.inode; }

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("POWER_LOG"), *where = getenv("POWER_FOLDER");
    struct stat s;
    if (!log || !where || stat(where, &s)) return;
    folder = identity_of(&s);
    if (!fstat(1, &s)) output = identity_of(&s);
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    log_fd = real(log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
}

/* Under the lock. A record that cannot be written whole would make everything after it a lie. */
static uint64_t put(uint32_t call, uint32_t file, uint64_t at, const void *data, size_t length) {
    struct record head = { call, file, at, length };
    struct iovec parts[] = { { &head, sizeof head }, { (void *)data, length } };
    int before = errno;
    if (writev(log_fd, parts, 2) != (ssize_t)(sizeof head + length)) abort();
    errno = before;
    return records++;
}

static void put_names(uint32_t call, const char *from, const char *to) {
    char names[8192];
    int length = snprintf(names, sizeof names, "%s%c%s", from, 0, to);
    put(call, 0, 0, names, length);
}

/* The name in the folder, or NULL where it is none of ours. */
static const char *ours(const char *path) {
    if (log_fd < 0 || !path) return NULL;
    const char *slash = strrchr(path, '/');
    if (!slash || strncmp(slash + 1, "roost.db", 8) || strstr(slash, "-shm")) return NULL;
    char where[4096];
    struct stat s;
    if ((size_t)(slash - path) >= sizeof where) return NULL;
    memcpy(where, path, slash - path);
    where[slash - path] = 0;
    return !stat(where, &s) && same(identity_of(&s), folder) ? slash + 1 : NULL;
}

static unsigned tracked(int fd) { return log_fd >= 0 && fd >= 0 && fd < DESCRIPTORS ? __atomic_load_n(&file_of[fd], __ATOMIC_ACQUIRE) : 0; }

static void track(int fd, unsigned file) {
    if (fd >= DESCRIPTORS) abort();
    __atomic_store_n(&file_of[fd], file, __ATOMIC_RELEASE);
}

static unsigned number_of(int fd, int is_new) {
    struct stat s;
    if (fstat(fd, &s)) abort();
    struct identity found = identity_of(&s);
    if (!is_new)
        for (unsigned n = file_count; n-- > FIRST_FILE;)
            if (same(files[n], found)) return n;
    if (file_count == FILES) abort();
    files[file_count] = found;
    return file_count++;
}

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    const char *name = ours(path);
    struct stat s;
    if (!name) {
        int fd = real(path, flags, mode);
        if (log_fd >= 0 && fd >= 0 && (flags & O_ACCMODE) == O_RDONLY && !fstat(fd, &s) && S_ISDIR(s.st_mode) && same(identity_of(&s), folder)) track(fd, FOLDER);
        return fd;
    }
    pthread_mutex_lock(&gate);
    int is_new = lstat(path, &s) != 0;
    int fd = real(path, flags, mode);
    if (fd >= 0) {
        unsigned file = number_of(fd, is_new);
        track(fd, file);
        if (is_new) put(CREATED, file, 0, name, strlen(name));
        else if (flags & O_TRUNC) put(TRUNCATED, file, 0, NULL, 0);
    }
    pthread_mutex_unlock(&gate);
    return fd;
}

#define MODE_OF(flags) mode_t mode = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { REAL(open); MODE_OF(flags) return opened(real, path, flags, mode); }
int open64(const char *path, int flags, ...) { REAL(open64); MODE_OF(flags) return opened(real, path, flags, mode); }

int close(int fd) {
    REAL(close);
    if (!tracked(fd)) return real(fd);
    pthread_mutex_lock(&gate);
    track(fd, 0);
    int result = real(fd);
    pthread_mutex_unlock(&gate);
    return result;
}

ssize_t write(int fd, const void *data, size_t n) {
    REAL(write);
    struct stat s;
    unsigned file = tracked(fd);
    if (!file && (log_fd < 0 || n == 0 || fstat(fd, &s) || !same(identity_of(&s), output))) return real(fd, data, n);
    pthread_mutex_lock(&gate);
    ssize_t done = real(fd, data, n);
    if (done > 0) put(file ? WRITTEN : SAID, file, file ? lseek(fd, 0, SEEK_CUR) - done : 0, data, done);
    pthread_mutex_unlock(&gate);
    return done;
}

static ssize_t written(ssize_t (*real)(int, const void *, size_t, off64_t), int fd, const void *data, size_t n, off64_t at) {
    unsigned file = tracked(fd);
    if (!file) return real(fd, data, n, at);
    pthread_mutex_lock(&gate);
    ssize_t done = real(fd, data, n, at);
    if (done > 0) put(WRITTEN, file, at, data, done);
    pthread_mutex_unlock(&gate);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { REAL(pwrite); return written((ssize_t (*)(int, const void *, size_t, off64_t))real, fd, data, n, at); }
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) { REAL(pwrite64); return written(real, fd, data, n, at); }

static int truncated(int (*real)(int, off64_t), int fd, off64_t length) {
    unsigned file = tracked(fd);
    if (!file) return real(fd, length);
    pthread_mutex_lock(&gate);
    int result = real(fd, length);
    if (result == 0) put(TRUNCATED, file, length, NULL, 0);
    pthread_mutex_unlock(&gate);
    return result;
}

int ftruncate(int fd, off_t length) { REAL(ftruncate); return truncated((int (*)(int, off64_t))real, fd, length); }
int ftruncate64(int fd, off64_t length) { REAL(ftruncate64); return truncated(real, fd, length); }

static int synced(int (*real)(int), int fd) {
    unsigned file = tracked(fd);
    if (!file) return real(fd);
    pthread_mutex_lock(&gate);
    uint64_t begun = put(SYNC_BEGUN, file, 0, NULL, 0);
    pthread_mutex_unlock(&gate);
    int result = real(fd);
    pthread_mutex_lock(&gate);
    if (result == 0) put(SYNC_ENDED, file, begun, NULL, 0);
    pthread_mutex_unlock(&gate);
    return result;
}

int fsync(int fd) { REAL(fsync); return synced(real, fd); }
int fdatasync(int fd) { REAL(fdatasync); return synced(real, fd); }

static int moved(int (*real)(const char *, const char *), uint32_t call, const char *from, const char *to) {
    const char *old = ours(from), *new = ours(to);
    if (!old || !new) return real(from, to);
    pthread_mutex_lock(&gate);
    int result = real(from, to);
    if (result == 0) put_names(call, old, new);
    pthread_mutex_unlock(&gate);
    return result;
}

int rename(const char *from, const char *to) { REAL(rename); return moved(real, RENAMED, from, to); }
int link(const char *from, const char *to) { REAL(link); return moved(real, LINKED, from, to); }

int unlink(const char *path) {
    REAL(unlink);
    const char *name = ours(path);
    if (!name) return real(path);
    pthread_mutex_lock(&gate);
    int result = real(path);
    if (result == 0) put(UNLINKED, 0, 0, name, strlen(name));
    pthread_mutex_unlock(&gate);
    return result;
}
