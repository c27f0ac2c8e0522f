/* trust_head.c - custodyctl trust-head: an operator says that this database is the log, and custodyd holds it to that from then on. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/encoding.h"
#include "core/ledger/frontier.h"
#include "core/ledger/head_file.h"
#include "ctl/ctl.h"
#include "io/signing_key.h"
#include "io/statefile.h"

enum { LEAVES_AT_ONCE = 10000 };

/* The log as it is computed anew. */
struct recount {
    struct frontier frontier;
    uint64_t size;        /* that the head names */
    struct digest root;   /* and its root */
    uint64_t signed_size; /* of the newest checkpoint; 0: none */
    struct digest signed_root;
};

static bool take_digest(const struct rows *rows, size_t row, size_t column, struct digest *digest)
{
    return hex_decode(text_of(rows_text(rows, row, column)), digest->bytes, SHA256_BYTES) == 0;
}

/* One snapshot for all that follows, so that custodyd may go on elsewhere meanwhile. */
static int read_head(struct ctl *ctl, struct recount *recount)
{
    static const char sql[] =
        "SELECT h.size, encode(h.root, 'hex'), coalesce(c.size, 0), encode(c.root, 'hex') FROM ledger.head AS h "
        "LEFT JOIN LATERAL (SELECT size, root FROM ledger.checkpoint ORDER BY size DESC LIMIT 1) AS c ON true";
    struct rows *rows;
    int exit_code = ctl_query(ctl, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, NULL);

    if (exit_code == CTL_OK)
        exit_code = ctl_query(ctl, sql, 0, NULL, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    frontier_init(&recount->frontier);
    if (rows_count(rows) != 1 || !take_digest(rows, 0, 1, &recount->root))
        exit_code =
            ctl_fail(ctl, CTL_NEGATIVE, "the database has no head; hint: custodyctl migrate, or another database");
    recount->size = (uint64_t)rows_i64(rows, 0, 0);
    recount->signed_size = (uint64_t)rows_i64(rows, 0, 2);
    if (recount->signed_size > 0 && !take_digest(rows, 0, 3, &recount->signed_root))
        exit_code = ctl_fail(ctl, CTL_NEGATIVE, "the newest checkpoint has no root; hint: another database");
    rows_free(rows);
    return exit_code;
}

static int check_checkpoint(struct ctl *ctl, const struct recount *recount)
{
    struct digest root = frontier_root(&recount->frontier);

    if (!digest_equal(&root, &recount->signed_root))
        return ctl_fail(ctl, CTL_NEGATIVE,
                        "the checkpoint of %" PRIu64 " leaves has another root; hint: another backup",
                        recount->signed_size);
    return CTL_OK;
}

static int add_leaf(struct ctl *ctl, struct recount *recount, const struct rows *rows, size_t row)
{
    struct digest stored, computed;
    uint64_t index = recount->frontier.size;

    if ((uint64_t)rows_i64(rows, row, 0) != index)
        return ctl_fail(ctl, CTL_NEGATIVE, "record %" PRIu64 " is missing; hint: another backup", index);
    if (!take_digest(rows, row, 1, &stored) || !take_digest(rows, row, 2, &computed) ||
        !digest_equal(&stored, &computed))
        return ctl_fail(ctl, CTL_NEGATIVE, "record %" PRIu64 " was altered; hint: another backup", index);
    frontier_append(&recount->frontier, &stored);
    return recount->frontier.size == recount->signed_size ? check_checkpoint(ctl, recount) : CTL_OK;
}

/* Leaf hashes out of type, time, salt and record (architecture section 6); of what was erased the hash alone is there. */
static int recount_leaves(struct ctl *ctl, struct recount *recount)
{
    static const char sql[] =
        "SELECT log_index, encode(leaf_hash, 'hex'), encode(CASE WHEN salt IS NULL THEN leaf_hash ELSE "
        "sha256('\\x00'::bytea || "
        "convert_to(E'custody-leaf/v1\\n', 'UTF8') || set_byte('\\x00', 0, type) || int8send((extract(epoch FROM "
        "received_at) * "
        "1000000)::bigint) || sha256(convert_to(E'custody-commit/v1\\n', 'UTF8') || salt || record)) END, 'hex') "
        "FROM ledger.record WHERE log_index >= $1 ORDER BY log_index LIMIT $2";
    int exit_code = CTL_OK;

    while (exit_code == CTL_OK && recount->frontier.size < recount->size) {
        char from[24], limit[24];
        struct rows *rows;
        uint64_t left = recount->size - recount->frontier.size;

        snprintf(from, sizeof from, "%" PRIu64, recount->frontier.size);
        snprintf(limit, sizeof limit, "%" PRIu64, left < LEAVES_AT_ONCE ? left : LEAVES_AT_ONCE);
        exit_code = ctl_query(ctl, sql, 2, (const char *const[]){from, limit}, &rows);
        if (exit_code != CTL_OK)
            return exit_code;
        if (rows_count(rows) == 0)
            exit_code = ctl_fail(ctl, CTL_NEGATIVE, "record %" PRIu64 " is missing; hint: another backup",
                                 recount->frontier.size);
        for (size_t row = 0; exit_code == CTL_OK && row < rows_count(rows); row++)
            exit_code = add_leaf(ctl, recount, rows, row);
        rows_free(rows);
    }
    return exit_code;
}

static int check_recount(struct ctl *ctl, const struct recount *recount)
{
    struct digest root = frontier_root(&recount->frontier);

    if (recount->signed_size > recount->size)
        return ctl_fail(ctl, CTL_NEGATIVE,
                        "the log has %" PRIu64 " leaves, and its newest checkpoint %" PRIu64 "; hint: another backup",
                        recount->size, recount->signed_size);
    if (!digest_equal(&root, &recount->root))
        return ctl_fail(ctl, CTL_NEGATIVE, "the records do not hash to the root of the head; hint: another backup");
    return CTL_OK;
}

static int write_head(struct ctl *ctl, const struct config *config, const struct signing_key *key,
                      const struct recount *recount)
{
    struct checkpoint head = {text_of(config->origin), recount->size, recount->root};
    struct error error = {0};
    struct buffer file;
    char root[BASE64_SIZE(SHA256_BYTES)];
    int code;

    buffer_init(&file, HEAD_FILE_BYTES_MAX);
    head_file_put(&head, &key->signer, &file);
    code = statefile_write(config->head_file, buffer_text(&file), &error);
    buffer_fini(&file);
    if (code)
        return ctl_fail_error(ctl, &error);
    base64_encode(recount->root.bytes, SHA256_BYTES, root);
    if (ctl->json)
        return ctl_print_json(ctl, json_pack("{s:s, s:s, s:I, s:s}", "file", config->head_file, "origin",
                                             config->origin, "size", (json_int_t)recount->size, "root", root));
    fprintf(ctl->out, "file        %s\norigin      %s\nsize        %" PRIu64 "\nroot        %s\n", config->head_file,
            config->origin, recount->size, root);
    return CTL_OK;
}

static int check_settings(struct ctl *ctl, const struct config *config, struct signing_key *key)
{
    struct error error = {0};

    if (!*config->head_file || !*config->checkpoint_key_file)
        return ctl_fail(ctl, CTL_CONFIG,
                        "head_file and checkpoint_key_file must be set; hint: --config FILE, the daemon's");
    if (signing_key_read(config->checkpoint_key_file, key, &error))
        return ctl_fail_error(ctl, &error);
    if (strcmp(key->name, config->origin) != 0)
        return ctl_fail(ctl, CTL_CONFIG, "checkpoint_key_file: the key is named %s, not %s", key->name, config->origin);
    return CTL_OK;
}

/* Only where there is none: what a daemon signed is not unsigned by a command. */
static int lock_head(struct ctl *ctl, const char *path, int *lock)
{
    struct error error = {0};

    if (statefile_lock(path, lock, &error))
        return ctl_fail_error(ctl, &error);
    if (access(path, F_OK) != 0)
        return CTL_OK;
    close(*lock);
    return ctl_fail(ctl, CTL_NEGATIVE,
                    "%s: is there already; hint: custodyd refuses a database that does not fit it. Only when that head "
                    "was never published may it be moved away by hand",
                    path);
}

int trust_head_command(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {
        "",
        "Writes the head_file that custodyd finds missing beside a log that is not new: after its\n"
        "disk was lost, or for a further daemon. Every leaf is computed anew from its record, the\n"
        "root from the leaves, and the newest checkpoint must be a head of this log. Says nothing\n"
        "about what the database lost before: compare size and root with what a witness, a\n"
        "monitor or a firm has seen last. Give it the daemon's --config, as the daemon's user.\n\n"
        "Exit code: 1 when the log does not hold together, or the file is there already.\n",
        0,
        0,
        NULL,
        0};
    const struct config *config;
    struct recount recount = {.size = 0};
    struct signing_key key;
    int exit_code, lock;

    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    exit_code = ctl_config(ctl, &config);
    if (exit_code == CTL_OK)
        exit_code = check_settings(ctl, config, &key);
    if (exit_code == CTL_OK)
        exit_code = lock_head(ctl, config->head_file, &lock);
    if (exit_code != CTL_OK)
        return exit_code;
    exit_code = read_head(ctl, &recount);
    if (exit_code == CTL_OK)
        exit_code = recount_leaves(ctl, &recount);
    if (exit_code == CTL_OK)
        exit_code = check_recount(ctl, &recount);
    if (exit_code == CTL_OK)
        exit_code = write_head(ctl, config, &key, &recount);
    signing_key_forget(&key);
    close(lock);
    return exit_code;
}
