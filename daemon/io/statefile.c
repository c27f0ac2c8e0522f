/* statefile.c - read, replace atomically, lock. */
#include "io/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 4096 };

static int failed(const char *path, const char *what, struct error *error)
{
    return error_set(error, ERR_IO, "%.200s: cannot be %s: %s; hint: check the folder and its owner", path, what,
                     strerror(errno));
}

int statefile_read(const char *path, struct buffer *out, struct error *error)
{
    uint8_t piece[PIECE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t got = 0;
    int code = 0;

    if (fd < 0 && errno == ENOENT)
        return error_set(error, ERR_NOT_FOUND, "%.200s: there is no such file", path);
    if (fd < 0)
        return failed(path, "opened", error);
    do {
        got = read(fd, piece, sizeof piece);
        if (got > 0)
            buffer_put(out, piece, (size_t)got);
    } while ((got > 0 && !out->failed) || (got < 0 && errno == EINTR));
    if (got < 0)
        code = failed(path, "read", error);
    else if (out->failed)
        code =
            error_set(error, ERR_TOO_LARGE, "%.200s: more than %zu bytes; hint: is it the right file?", path, out->max);
    (void)close(fd);
    return code;
}

static bool write_all(int fd, struct text content)
{
    for (size_t done = 0; done < content.len;) {
        ssize_t wrote = write(fd, content.data + done, content.len - done);

        if (wrote < 0 && errno != EINTR)
            return false;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return fsync(fd) == 0;
}

static bool write_temporary(const char *path, struct text content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    bool done;

    if (fd < 0)
        return false;
    done = write_all(fd, content);
    return close(fd) == 0 && done;
}

static bool sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    bool done;
    int fd;

    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    done = fsync(fd) == 0;
    return close(fd) == 0 && done;
}

/* <path><suffix>, or ERR_IO for a path that leaves no room. */
static int beside(const char *path, const char *suffix, char out[PATH_MAX], struct error *error)
{
    if (snprintf(out, PATH_MAX, "%s%s", path, suffix) < PATH_MAX)
        return 0;
    errno = ENAMETOOLONG;
    return failed(path, "opened", error);
}

int statefile_write(const char *path, struct text content, struct error *error)
{
    char temporary[PATH_MAX];
    int code = beside(path, ".new", temporary, error);

    if (code)
        return code;
    if (!write_temporary(temporary, content) || rename(temporary, path) != 0) {
        code = failed(path, "written", error);
        (void)unlink(temporary);
        return code;
    }
    return sync_folder_of(path) ? 0 : failed(path, "synced", error);
}

int statefile_lock(const char *path, int *lock, struct error *error)
{
    char name[PATH_MAX];
    int code = beside(path, ".lock", name, error);

    if (code)
        return code;
    *lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (*lock < 0)
        return failed(name, "opened", error);
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    code = errno == EWOULDBLOCK
               ? error_set(error, ERR_CONFLICT, "%.200s: another process uses it; hint: a file for each daemon", path)
               : failed(name, "locked", error);
    (void)close(*lock);
    *lock = -1;
    return code;
}
