/* doctor_signing.c - custodyctl doctor on what signs: the two keys, and the last signed head against the database. */
#include <inttypes.h>
#include <string.h>

#include "base/encoding.h"
#include "core/ledger/head_file.h"
#include "ctl/doctor.h"
#include "ctl/signing.h"
#include "io/signing_key.h"
#include "io/statefile.h"

/* One of the two keys, named as it must be; false (and the outcome set) otherwise. */
static bool read_key(const struct doctor *doctor, const char *setting, const char *path, const char *suffix,
                     struct signing_key *key, struct outcome *outcome)
{
    char wanted[CONFIG_TEXT_BYTES + 8], hint[2 * CONFIG_TEXT_BYTES];
    struct error error = {0};

    (void)snprintf(wanted, sizeof wanted, "%s%s", doctor->config.origin, suffix);
    (void)snprintf(hint, sizeof hint, "custodyctl keygen %s FILE, then %s", wanted, setting);
    if (path[0] == '\0')
        doctor_set(outcome, doctor->ctl->config_path ? STATUS_FAIL : STATUS_WARN, hint, "%s is not set", setting);
    else if (signing_key_read(path, key, &error))
        doctor_set_error(outcome, STATUS_FAIL, &error, hint);
    else if (strcmp(key->name, wanted) != 0)
        doctor_set(outcome, STATUS_FAIL, hint, "%s is the key of %s, not of %s", path, key->name, wanted);
    else
        return true;
    signing_key_forget(key);
    return false;
}

void doctor_check_ack_key(struct doctor *doctor, struct outcome *outcome)
{
    struct signing_key key = {.name = ""};

    if (!read_key(doctor, "ack_key_file", doctor->config.ack_key_file, "/ack", &key, outcome))
        return;
    doctor_set(outcome, STATUS_OK, "", "%s, %s", doctor->config.ack_key_file, key.name);
    signing_key_forget(&key);
}

static void judge_standing(struct doctor *doctor, const struct signing_key *key, struct outcome *outcome)
{
    struct key_chain chain;
    struct error error = {0};

    key_chain_init(&chain, text_of(doctor->config.origin), key->pair.public_key, NULL);
    if (signing_chain_read(doctor->database, &chain, &error)) {
        doctor_set_error(outcome, STATUS_FAIL, &error, "custodyctl migrate; or ask as another role");
        return;
    }
    switch (chain.standing) {
    case KEY_CURRENT:
        doctor_set(outcome, STATUS_OK, "", "%s, %s", doctor->config.checkpoint_key_file, key->name);
        break;
    case KEY_NONE_YET:
        doctor_set(outcome, STATUS_OK, "", "%s, %s; custodyd announces it when it starts",
                   doctor->config.checkpoint_key_file, key->name);
        break;
    case KEY_REPLACED:
        doctor_set(outcome, STATUS_FAIL, "set checkpoint_key_file to the newest key", "%s was replaced by a later key",
                   doctor->config.checkpoint_key_file);
        break;
    case KEY_STRANGER:
        doctor_set(outcome, STATUS_FAIL, "custodyctl rotate-key OLD NEW, or the key that was announced",
                   "%s is no key that this log announced", doctor->config.checkpoint_key_file);
        break;
    }
}

void doctor_check_checkpoint_key(struct doctor *doctor, struct outcome *outcome)
{
    struct signing_key key = {.name = ""}, ack = {.name = ""};
    const char *path = doctor->config.checkpoint_key_file;

    if (!read_key(doctor, "checkpoint_key_file", path, "", &key, outcome))
        return;
    if (doctor->config.ack_key_file[0] && signing_key_read(doctor->config.ack_key_file, &ack, NULL) == 0 &&
        memcmp(ack.pair.public_key, key.pair.public_key, PUBLIC_KEY_BYTES) == 0)
        doctor_set(outcome, STATUS_FAIL, "custodyctl keygen makes one of its own", "%s is the key of ack_key_file",
                   path);
    else if (doctor->has_schema)
        judge_standing(doctor, &key, outcome);
    else
        doctor_set(outcome, STATUS_OK, "", "%s, %s", path, key.name);
    signing_key_forget(&key);
    signing_key_forget(&ack);
}

/* ---- the last signed head */

/* What the database says of a head of that size: its root where it knows it. */
static void compare(struct doctor *doctor, const struct checkpoint *head, struct outcome *outcome)
{
    char sql[300];
    struct rows *rows;
    struct digest root;

    (void)snprintf(sql, sizeof sql,
                   "SELECT h.size, encode(CASE WHEN h.size = %" PRIu64
                   " THEN h.root ELSE c.root END, 'hex') FROM ledger.head AS h "
                   "LEFT JOIN ledger.checkpoint AS c ON c.size = %" PRIu64,
                   head->size, head->size);
    if (!doctor_ask(doctor, sql, outcome, &rows))
        return;
    if (rows_count(rows) != 1 || (uint64_t)rows_i64(rows, 0, 0) < head->size)
        doctor_set(outcome, STATUS_FAIL, "restore the backup that has what was signed; custodyd refuses this database",
                   "the database has %s records, and %" PRIu64 " were signed",
                   rows_count(rows) ? rows_text(rows, 0, 0) : "no", head->size);
    else if (!rows_is_null(rows, 0, 1) && (hex_decode(text_of(rows_text(rows, 0, 1)), root.bytes, SHA256_BYTES) ||
                                           !digest_equal(&root, &head->root)))
        doctor_set(outcome, STATUS_FAIL, "restore the backup that has what was signed; custodyd refuses this database",
                   "of %" PRIu64 " records the database has another root than the one signed", head->size);
    else
        doctor_set(outcome, STATUS_OK, "", "%" PRIu64 " of %s records signed", head->size, rows_text(rows, 0, 0));
    rows_free(rows);
}

static void judge_missing(struct doctor *doctor, struct outcome *outcome)
{
    struct rows *rows;

    if (!doctor_ask(doctor,
                    "SELECT NOT EXISTS (SELECT FROM ledger.checkpoint) AND NOT EXISTS (SELECT FROM ledger.ingest_key)",
                    outcome, &rows))
        return;
    if (rows_text(rows, 0, 0)[0] == 't')
        doctor_set(outcome, STATUS_OK, "", "none yet; custodyd makes it for a new log");
    else
        doctor_set(outcome, STATUS_FAIL, "custodyctl trust-head, when this is the log that it should be",
                   "%s is not there, and the log is not a new one", doctor->config.head_file);
    rows_free(rows);
}

void doctor_check_head_file(struct doctor *doctor, struct outcome *outcome)
{
    struct buffer content;
    struct checkpoint head;
    struct error error = {0};
    int code;

    if (!doctor->has_config || doctor->config.head_file[0] == '\0') {
        doctor_set(outcome, doctor->has_config && doctor->config.checkpoint_key_file[0] ? STATUS_FAIL : STATUS_WARN,
                   "head_file, a path apart from the database and its backups", "head_file is not set");
        return;
    }
    buffer_init(&content, HEAD_FILE_BYTES_MAX);
    code = statefile_read(doctor->config.head_file, &content, &error);
    if (code == ERR_NOT_FOUND)
        judge_missing(doctor, outcome);
    else if (code || head_file_parse(buffer_text(&content), text_of(doctor->config.origin), &head, NULL, &error))
        doctor_set_error(outcome, STATUS_FAIL, &error, "is it the right file?");
    else
        compare(doctor, &head, outcome);
    buffer_fini(&content);
}
