/* bundle_read.c - reads a bundle file by file below one directory descriptor, following no link. */
#include "ctl/bundle_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ARENA_CAP_BYTES = 1 << 30,
    MANIFEST_MAX_BYTES = 1 << 24,
    RECORD_MAX_BYTES = 1 << 22,
    SMALL_MAX_BYTES = 1 << 16,
    TEXT_MAX_BYTES = 1 << 26,
    DEPTH_MAX = 4,
};

static size_t max_bytes(enum bundle_kind kind)
{
    switch (kind) {
    case BUNDLE_RECORD:
        return RECORD_MAX_BYTES;
    case BUNDLE_TEXT:
        return TEXT_MAX_BYTES;
    case BUNDLE_LEAF:
    case BUNDLE_PROOF:
    case BUNDLE_DEVICE_KEY:
    case BUNDLE_KEYS_OF_LOG:
    case BUNDLE_SIGNED_HEAD:
        break;
    }
    return SMALL_MAX_BYTES;
}

/* Opens below `fd` without following a link in any of the folders on the way. -1 and errno. */
static int open_below(int fd, const char *path)
{
    char part[BUNDLE_PATH_SIZE];
    int at = dup(fd);
    while (at >= 0) {
        const char *slash = strchr(path, '/');
        size_t len = slash ? (size_t)(slash - path) : strlen(path);
        int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (slash ? O_DIRECTORY : 0);
        text_copy(part, sizeof part, (struct text){path, len});
        int next = openat(at, part, flags);
        close(at);
        at = next;
        if (!slash)
            return at;
        path = slash + 1;
    }
    return -1;
}

static int fail_to_open(const char *path, struct error *error)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return error_set(error, ERR_NOT_FOUND, "%s: missing", path);
    return error_set(error, errno == ELOOP ? ERR_INVALID : ERR_IO, "%s: %s", path,
                     errno == ELOOP ? "a symbolic link" : strerror(errno));
}

static int read_bytes(int fd, const char *path, uint8_t *bytes, size_t len, struct error *error)
{
    for (size_t at = 0; at < len;) {
        ssize_t got = read(fd, bytes + at, len - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set(error, ERR_IO, "%s: %s", path, got < 0 ? strerror(errno) : "shorter than it was");
        at += (size_t)got;
    }
    return 0;
}

static int read_file(struct bundle *bundle, int root, const char *path, size_t max, struct text *bytes,
                     struct error *error)
{
    struct stat about;
    int fd = open_below(root, path), code = 0;
    uint8_t *room = NULL;
    if (fd < 0)
        return fail_to_open(path, error);
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        code = error_set(error, ERR_INVALID, "%s: no regular file", path);
    else if ((uint64_t)about.st_size > max)
        code = error_set(error, ERR_TOO_LARGE, "%s: larger than %zu bytes", path, max);
    else if (!(room = arena_alloc(&bundle->arena, (size_t)about.st_size + 1)))
        code = error_set(error, ERR_NO_MEMORY, "%s: %s", path, error_words(ERR_NO_MEMORY));
    else
        code = read_bytes(fd, path, room, (size_t)about.st_size, error);
    close(fd);
    if (code == 0)
        *bytes = (struct text){(const char *)room, (size_t)about.st_size};
    return code;
}

/* ---- nothing beside what is listed */

static size_t find(const struct bundle *bundle, struct text path)
{
    size_t low = 0, high = bundle->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = text_compare(bundle->entries[middle].path, path);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return bundle->count;
}

static int check_folder(const struct bundle *bundle, int fd, const char *prefix, unsigned depth, struct error *error);

static int check_name(const struct bundle *bundle, int fd, const char *prefix, const char *name, unsigned depth,
                      struct error *error)
{
    char path[2 * BUNDLE_PATH_SIZE];
    struct stat about;
    if (snprintf(path, sizeof path, "%s%s", prefix, name) >= BUNDLE_PATH_SIZE ||
        fstatat(fd, name, &about, AT_SYMLINK_NOFOLLOW) != 0)
        return error_set(error, ERR_INVALID, "%.100s%.100s: no file of a bundle", prefix, name);
    if (!S_ISDIR(about.st_mode) && !S_ISREG(about.st_mode))
        return error_set(error, ERR_INVALID, "%s: a symbolic link or a special file", path);
    if (S_ISREG(about.st_mode))
        return strcmp(path, BUNDLE_MANIFEST) == 0 || find(bundle, text_of(path)) < bundle->count
                   ? 0
                   : error_set(error, ERR_INVALID, "%s: not in the manifest", path);
    int below = depth < DEPTH_MAX ? openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (below < 0)
        return error_set(error, ERR_INVALID, "%s: no folder of a bundle", path);
    strcat(path, "/");
    return check_folder(bundle, below, path, depth + 1, error);
}

/* Takes `fd`. */
static int check_folder(const struct bundle *bundle, int fd, const char *prefix, unsigned depth, struct error *error)
{
    DIR *folder = fdopendir(fd);
    int code = 0;
    if (!folder) {
        close(fd);
        return error_set(error, ERR_IO, "%s: %s", prefix, strerror(errno));
    }
    for (struct dirent *entry; code == 0 && (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            code = check_name(bundle, dirfd(folder), prefix, entry->d_name, depth, error);
    closedir(folder);
    return code;
}

/* ---- all of it */

static int read_manifest(struct bundle *bundle, int root, struct error *error)
{
    struct text manifest;
    int code = read_file(bundle, root, BUNDLE_MANIFEST, MANIFEST_MAX_BYTES, &manifest, error);
    if (code != 0)
        return code;
    size_t lines = 0;
    for (size_t i = 0; i < manifest.len; i++)
        lines += manifest.data[i] == '\n';
    if (lines > BUNDLE_FILES_MAX)
        return error_set(error, ERR_TOO_LARGE, "%s: more than %d files", BUNDLE_MANIFEST, BUNDLE_FILES_MAX);
    bundle->entries = arena_array(&bundle->arena, lines, sizeof bundle->entries[0]);
    bundle->files = arena_array(&bundle->arena, lines, sizeof bundle->files[0]);
    if (!bundle->entries || !bundle->files)
        return error_set(error, ERR_NO_MEMORY, "%s: %s", BUNDLE_MANIFEST, error_words(ERR_NO_MEMORY));
    return bundle_manifest_parse(manifest, bundle->entries, lines, &bundle->count, error);
}

static int read_entry(struct bundle *bundle, int root, size_t at, struct error *error)
{
    const struct bundle_entry *entry = &bundle->entries[at];
    char path[BUNDLE_PATH_SIZE];
    text_copy(path, sizeof path, entry->path);
    int code = read_file(bundle, root, path, max_bytes(entry->name.kind), &bundle->files[at], error);
    if (code != 0)
        return code;
    struct digest actual = sha256(bundle->files[at].data, bundle->files[at].len);
    return digest_equal(&actual, &entry->sha256) ? 0
                                                 : error_set(error, ERR_INVALID, "%s: differs from the manifest", path);
}

int bundle_read(const char *directory, struct bundle *bundle, struct error *error)
{
    *bundle = (struct bundle){0};
    arena_init(&bundle->arena, ARENA_CAP_BYTES);
    int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_set(error, ERR_NOT_FOUND, "%s: %s; hint: the directory that custodyctl prove made", directory,
                         strerror(errno));
    int code = read_manifest(bundle, root, error);
    int again = code == 0 ? dup(root) : -1;
    if (code == 0)
        code = again < 0 ? error_set(error, ERR_IO, "%s", strerror(errno)) : check_folder(bundle, again, "", 0, error);
    for (size_t i = 0; code == 0 && i < bundle->count; i++)
        code = read_entry(bundle, root, i, error);
    close(root);
    return code;
}

struct text bundle_file(const struct bundle *bundle, const char *path)
{
    size_t at = find(bundle, text_of(path));
    return at < bundle->count ? bundle->files[at] : (struct text){0};
}

void bundle_fini(struct bundle *bundle)
{
    arena_fini(&bundle->arena);
    *bundle = (struct bundle){0};
}
