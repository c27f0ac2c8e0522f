/* bundle_write.c - one file after the other, each hashed as it is written; then the manifest over all of them. */
#include "ctl/bundle_write.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "core/ledger/bundle.h"
#include "core/ledger/proof_file.h"
#include "ctl/account.h"
#include "ctl/embedded_sql.h"

enum { TEXT_MAX_BYTES = 1 << 26 };

struct line {
    char path[BUNDLE_PATH_SIZE];
    struct digest sha256;
};

struct writer {
    const struct casefile *casefile;
    const char *directory;
    int fd;
    struct line *lines;
    size_t count, room;
    struct buffer text; /* of the file being made */
    struct error *error;
};

static int fail(const struct writer *writer, const char *path)
{
    return error_set(writer->error, ERR_IO, "%s/%s: %s; hint: is there room, and may we write there?",
                     writer->directory, path, strerror(errno));
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, data, len);
        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            data += written;
            len -= (size_t)written;
        }
    }
    return 0;
}

static int write_file(const struct writer *writer, const char *path, struct text bytes)
{
    int fd = openat(writer->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail(writer, path);
    int failed = write_all(fd, bytes.data, bytes.len);
    int code = failed ? fail(writer, path) : 0;
    if (close(fd) != 0 && code == 0)
        code = fail(writer, path);
    return code;
}

static int add_file(struct writer *writer, const char *path, struct text bytes)
{
    if (writer->count == writer->room)
        return error_set(writer->error, ERR_TOO_LARGE, "%s: more than %zu files; hint: ask for less", writer->directory,
                         writer->room);
    struct line *line = &writer->lines[writer->count++];
    text_copy(line->path, sizeof line->path, text_of(path));
    line->sha256 = sha256(bytes.data, bytes.len);
    return write_file(writer, path, bytes);
}

/* The file's text was made in writer->text. */
static int add_text(struct writer *writer, const char *path)
{
    if (writer->text.failed)
        return error_set(writer->error, ERR_NO_MEMORY, "%s: larger than we make files", path);
    int code = add_file(writer, path, buffer_text(&writer->text));
    buffer_clear(&writer->text);
    return code;
}

/* ---- what is in it */

static int add_record(struct writer *writer, const struct casefile_record *record)
{
    char path[BUNDLE_PATH_SIZE];
    uint8_t leaf[LEAF_BYTES];
    snprintf(path, sizeof path, "records/%" PRIu64 "%s", record->index, record->is_erased ? ".leaf" : ".bin");
    leaf_encode(record->type, record->received_us, &record->commitment, leaf);
    return add_file(writer, path, record->is_erased ? (struct text){(const char *)leaf, sizeof leaf} : record->bytes);
}

static int add_proof(struct writer *writer, const struct casefile_record *record)
{
    char path[BUNDLE_PATH_SIZE], extra[PROOF_FILE_EXTRA_SIZE];
    const struct proof_extra known = {.type = record->type, .received_us = record->received_us};
    struct proof_extra salted = known;
    struct proof_file file = {
        .index = record->index, .proof = record->proof, .checkpoint = writer->casefile->note, .extra = TEXT("")};
    memcpy(salted.salt, record->salt, SALT_BYTES);
    proof_file_extra_encode(&salted, extra);
    if (!record->is_erased)
        file.extra = text_of(extra);
    proof_file_put(&file, &writer->text);
    snprintf(path, sizeof path, "proofs/%" PRIu64 ".tlog-proof", record->index);
    return add_text(writer, path);
}

static int add_records(struct writer *writer)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < writer->casefile->record_count; i++) {
        code = add_record(writer, &writer->casefile->records[i]);
        if (code == 0)
            code = add_proof(writer, &writer->casefile->records[i]);
    }
    return code;
}

static int add_keys(struct writer *writer)
{
    int code = add_file(writer, BUNDLE_LOG_KEYS, writer->casefile->log_keys);
    for (size_t i = 0; code == 0 && i < writer->casefile->key_count; i++) {
        const struct casefile_key *key = &writer->casefile->keys[i];
        char path[BUNDLE_PATH_SIZE], id[HEX_SIZE(KEY_ID_BYTES)];
        hex_encode(key->key_id, KEY_ID_BYTES, id);
        snprintf(path, sizeof path, "keys/%.*s.%s.pem", TEXT_ARG(key->source), id);
        bundle_key_put(key->public_key, &writer->text);
        code = add_text(writer, path);
    }
    return code;
}

/* A beginning for the verifier's own policy: the witnesses are theirs to name. */
static int add_policy(struct writer *writer)
{
    buffer_printf(&writer->text,
                  "# Template of a trust policy (C2SP tlog-policy) / 信任策略模板\n"
                  "# Do not trust this copy: compare the key with one that you got elsewhere, and keep your own file.\n"
                  "# 请勿直接信任本文件：请与从其他渠道取得的公钥核对，并使用自己的策略文件。\n"
                  "log %.*s\n"
                  "# witness NAME VERIFIER_KEY            a witness that you trust / 您信任的见证人\n"
                  "# group NAME K WITNESS WITNESS ...     K of these / 其中至少 K 个\n"
                  "quorum none\n",
                  TEXT_ARG(writer->casefile->log_key));
    return add_text(writer, "policy");
}

static int add_accounts(struct writer *writer, const char *target)
{
    account_put(writer->casefile, target, ACCOUNT_ZH, &writer->text);
    int code = add_text(writer, "account.zh.md");
    if (code != 0)
        return code;
    account_put(writer->casefile, target, ACCOUNT_EN, &writer->text);
    return add_text(writer, "account.en.md");
}

/* The same in every bundle: the contract, and how to check a record. */
static int add_embedded(struct writer *writer)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < embedded_bundle_count; i++) {
        const struct embedded_file *file = &embedded_bundle[i];
        bool contract = strncmp(file->name, "proto/", 6) == 0;
        code = add_file(writer, contract ? file->name : "README.md",
                        (struct text){(const char *)file->start, (size_t)(file->end - file->start)});
    }
    return code;
}

static int compare_lines(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    return strcmp(a->path, b->path);
}

static int write_manifest(struct writer *writer)
{
    qsort(writer->lines, writer->count, sizeof writer->lines[0], compare_lines);
    for (size_t i = 0; i < writer->count; i++) {
        char digits[HEX_SIZE(SHA256_BYTES)];
        hex_encode(writer->lines[i].sha256.bytes, SHA256_BYTES, digits);
        buffer_printf(&writer->text, "%s  %s\n", digits, writer->lines[i].path);
    }
    return writer->text.failed ? error_set(writer->error, ERR_NO_MEMORY, "%s: too large", BUNDLE_MANIFEST)
                               : write_file(writer, BUNDLE_MANIFEST, buffer_text(&writer->text));
}

static int make_folders(struct writer *writer)
{
    static const char *const folders[] = {"records", "proofs", "keys", "proto", "proto/custody", "proto/custody/v1"};
    if (mkdir(writer->directory, 0755) != 0)
        return error_set(writer->error, errno == EEXIST ? ERR_EXISTS : ERR_IO, "%s: %s; hint: name a new directory",
                         writer->directory, strerror(errno));
    writer->fd = open(writer->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (writer->fd < 0)
        return fail(writer, "");
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (mkdirat(writer->fd, folders[i], 0755) != 0)
            return fail(writer, folders[i]);
    return 0;
}

int bundle_write(const struct casefile *casefile, const char *target, const char *directory, struct error *error)
{
    struct writer writer = {.casefile = casefile, .directory = directory, .fd = -1, .error = error};
    size_t wanted = 2 * casefile->record_count + casefile->key_count + embedded_bundle_count + 8;
    writer.room = wanted < BUNDLE_FILES_MAX ? wanted : BUNDLE_FILES_MAX;
    writer.lines = calloc(writer.room, sizeof writer.lines[0]);
    buffer_init(&writer.text, TEXT_MAX_BYTES);
    int code = writer.lines ? make_folders(&writer) : error_set(error, ERR_NO_MEMORY, "bundle: no memory");
    if (code == 0)
        code = add_records(&writer);
    if (code == 0)
        code = add_keys(&writer);
    if (code == 0)
        code = add_file(&writer, BUNDLE_CHECKPOINT, casefile->note);
    if (code == 0)
        code = add_policy(&writer);
    if (code == 0)
        code = add_accounts(&writer, target);
    if (code == 0)
        code = add_embedded(&writer);
    if (code == 0)
        code = write_manifest(&writer);
    if (writer.fd >= 0)
        close(writer.fd);
    buffer_fini(&writer.text);
    free(writer.lines);
    return code;
}
