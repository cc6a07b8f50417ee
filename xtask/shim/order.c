/* Loaded before the C library (LD_PRELOAD): writes down, in the order in which they happen, what a server does to the
 * files of its data directory and to its sockets. `cargo xtask test durability` reads it and proves that no answer
 * leaves before what it promises is on disk. Changes nothing, delays nothing on purpose.
 *
 * $ORDER_LOG.log: one line per call, "kind fd offset length position result path"; $ORDER_LOG.data: the bytes, at
 * "position". Files outside $ORDER_DIR are left out. Kinds: w written, t truncated, u unlinked, b sync begins,
 * e sync ended, r received, s about to be sent. Whatever makes a promise weaker is logged late, whatever makes it
 * stronger early: a write and a sync's end after the call, a sync's begin and an answer before it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int lines = -1, bytes = -1;
static const char *dir;
static long long position;

__attribute__((constructor)) static void start(void) {
    char path[4096];
    const char *log = getenv("ORDER_LOG");
    dir = getenv("ORDER_DIR");
    if (!log || !dir) return;
    snprintf(path, sizeof path, "%s.data", log);
    bytes = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    snprintf(path, sizeof path, "%s.log", log);
    lines = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void put(int fd, const char *it, size_t length) {
    while (length > 0) {
        long done = syscall(SYS_write, fd, it, length);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) abort(); /* half a log would prove things that are not so */
        it += done;
        length -= (size_t)done;
    }
}

static void note(char kind, int fd, long long offset, const char *path, const void *data, size_t length, long result) {
    char line[4300];
    int kept = errno;
    pthread_mutex_lock(&lock);
    if (data) put(bytes, data, length);
    int size = snprintf(line, sizeof line, "%c %d %lld %zu %lld %ld %s\n", kind, fd, offset, length, position, result, path);
    if (data) position += (long long)length;
    put(lines, line, (size_t)size);
    pthread_mutex_unlock(&lock);
    errno = kept;
}

/* 1: a file of the data directory; 2: a socket; 0: nothing of ours. */
static int kind_of(int fd, char *path, size_t size) {
    char link[64];
    if (lines < 0 || fd == lines || fd == bytes) return 0;
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    errno = kept;
    if (length <= 0) return 0;
    path[length] = 0;
    if (!strncmp(path, "socket:", 7)) return 2;
    return !strncmp(path, dir, strlen(dir));
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

#define PWRITE(name) \
    ssize_t name(int fd, const void *data, size_t length, off_t offset) { \
        char path[4096]; \
        REAL(ssize_t, name, int, const void *, size_t, off_t); \
        ssize_t done = real(fd, data, length, offset); \
        if (done > 0 && kind_of(fd, path, sizeof path) == 1) note('w', fd, offset, path, data, (size_t)done, 0); \
        return done; \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define SYNC(name) \
    int name(int fd) { \
        char path[4096]; \
        REAL(int, name, int); \
        int ours = kind_of(fd, path, sizeof path) == 1; \
        if (ours) note('b', fd, 0, path, NULL, 0, 0); \
        int done = real(fd); \
        if (ours) note('e', fd, 0, path, NULL, 0, done); \
        return done; \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name) \
    int name(int fd, off_t size) { \
        char path[4096]; \
        REAL(int, name, int, off_t); \
        int done = real(fd, size); \
        if (done == 0 && kind_of(fd, path, sizeof path) == 1) note('t', fd, size, path, NULL, 0, 0); \
        return done; \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int unlink(const char *path) {
    REAL(int, unlink, const char *);
    int done = real(path);
    if (done == 0 && lines >= 0 && !strncmp(path, dir, strlen(dir))) note('u', -1, 0, path, NULL, 0, 0);
    return done;
}

ssize_t write(int fd, const void *data, size_t length) {
    char path[4096];
    REAL(ssize_t, write, int, const void *, size_t);
    int kind = kind_of(fd, path, sizeof path);
    if (kind == 2) note('s', fd, 0, path, data, length, 0);
    off_t before = kind == 1 ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t done = real(fd, data, length);
    if (kind == 1 && done > 0) note('w', fd, before, path, data, (size_t)done, 0);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[4096];
    REAL(ssize_t, writev, int, const struct iovec *, int);
    if (count > 0 && kind_of(fd, path, sizeof path) == 2) note('s', fd, 0, path, parts[0].iov_base, parts[0].iov_len, 0);
    return real(fd, parts, count);
}

ssize_t send(int fd, const void *data, size_t length, int flags) {
    char path[4096];
    REAL(ssize_t, send, int, const void *, size_t, int);
    if (kind_of(fd, path, sizeof path) == 2) note('s', fd, 0, path, data, length, 0);
    return real(fd, data, length, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    char path[4096];
    REAL(ssize_t, sendmsg, int, const struct msghdr *, int);
    if (message->msg_iovlen > 0 && kind_of(fd, path, sizeof path) == 2)
        note('s', fd, 0, path, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len, 0);
    return real(fd, message, flags);
}

ssize_t recv(int fd, void *data, size_t length, int flags) {
    char path[4096];
    REAL(ssize_t, recv, int, void *, size_t, int);
    ssize_t done = real(fd, data, length, flags);
    if (done > 0 && !(flags & MSG_PEEK) && kind_of(fd, path, sizeof path) == 2) note('r', fd, 0, path, data, (size_t)done, 0);
    return done;
}

ssize_t read(int fd, void *data, size_t length) {
    char path[4096];
    REAL(ssize_t, read, int, void *, size_t);
    ssize_t done = real(fd, data, length);
    if (done > 0 && kind_of(fd, path, sizeof path) == 2) note('r', fd, 0, path, data, (size_t)done, 0);
    return done;
}
