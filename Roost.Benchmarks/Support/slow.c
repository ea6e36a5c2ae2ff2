/* Loaded into a child process by LD_PRELOAD: each sync waits SLOW_MICROSECONDS more, as on a slower disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void delay(void) {
    const char *text = getenv("SLOW_MICROSECONDS");
    long us = text ? atol(text) : 0;
    struct timespec left = { us / 1000000, us % 1000000 * 1000 };
    while (nanosleep(&left, &left) == -1 && errno == EINTR) { }
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

int fsync(int fd) { REAL(fsync); delay(); return real(fd); }
int fdatasync(int fd) { REAL(fdatasync); delay(); return real(fd); }
