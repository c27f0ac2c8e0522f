/* bundle_check.c - the checks of a bundle in the order in which each rests on the one before: checkpoint, proofs, keys of the
 * log, erasures, signatures, registered keys, chains. */
#include "ctl/bundle_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "core/ledger/key_event.h"
#include "core/ledger/line.h"
#include "core/ledger/proof_file.h"
#include "ctl/operator_leaf.h"
#include "io/wire.h"

struct check {
    struct bundle *bundle;
    const struct policy *policy;
    struct checked_bundle *checked;
    struct error *error;
};

/* ---- the log */

static int check_checkpoint(struct check *check)
{
    struct text note = bundle_file(check->bundle, BUNDLE_CHECKPOINT);
    return policy_judge(check->policy, note, &check->checked->verdict, check->error);
}

/* ---- proofs */

static int differ(struct check *check, const struct checked_record *record, const char *words)
{
    return error_set(check->error, ERR_INVALID, "record %" PRIu64 ": %s", record->index, words);
}

/* A leaf is read back out of its 57 bytes by writing it again. */
static int read_leaf(struct check *check, struct checked_record *record, struct text leaf, struct digest *hash)
{
    uint8_t again[LEAF_BYTES];
    struct digest commitment;
    if (leaf.len != LEAF_BYTES)
        return differ(check, record, "its leaf has not 57 bytes");
    record->type = (enum leaf_type)(uint8_t)leaf.data[16];
    record->received_us = (int64_t)load_u64_be((const uint8_t *)leaf.data + 17);
    memcpy(commitment.bytes, leaf.data + 25, SHA256_BYTES);
    leaf_encode(record->type, record->received_us, &commitment, again);
    if (memcmp(again, leaf.data, LEAF_BYTES) != 0 || record->type < LEAF_ENVELOPE ||
        record->type > LEAF_SOFTWARE_CHANGE)
        return differ(check, record, "its leaf is none of this log");
    record->standing = STANDING_ERASED;
    *hash = leaf_hash(again);
    return 0;
}

static int read_record(struct check *check, struct checked_record *record, struct text bytes, struct text extra,
                       struct digest *hash)
{
    struct proof_extra known;
    if (proof_file_extra_decode(extra, &known) != 0)
        return differ(check, record, "its proof lacks type, time and salt");
    record->type = known.type;
    record->received_us = known.received_us;
    record->standing = STANDING_IN_LOG;
    record->bytes = bytes;
    *hash = leaf_hash_of_record(known.type, known.received_us, known.salt, bytes);
    return 0;
}

static int check_proof(struct check *check, const struct proof_file *file, const struct digest *hash)
{
    const struct checkpoint *head = &check->checked->verdict.checkpoint;
    return proof_inclusion_holds(file->index, head->size, hash, file->proof.hashes, file->proof.count, &head->root)
               ? 0
               : error_set(check->error, ERR_INVALID,
                           "record %" PRIu64
                           ": its proof does not lead from these bytes to the checkpoint's root; hint: "
                           "the record, its type, time or salt, or the proof was changed",
                           file->index);
}

static int check_record(struct check *check, const struct bundle_entry *entry, struct text bytes,
                        struct checked_record *record)
{
    char path[BUNDLE_PATH_SIZE];
    struct proof_file file;
    struct digest hash;
    int code;
    *record = (struct checked_record){.index = entry->name.index};
    snprintf(path, sizeof path, "proofs/%" PRIu64 ".tlog-proof", record->index);
    code = proof_file_parse(bundle_file(check->bundle, path), &file, check->error);
    if (code != 0)
        return error_prefix(check->error, "%s", path);
    if (file.index != record->index)
        return differ(check, record, "its proof is of another index");
    if (!text_equal(file.checkpoint, bundle_file(check->bundle, BUNDLE_CHECKPOINT)))
        return differ(check, record, "its proof holds another checkpoint than the file checkpoint");
    if (entry->name.kind == BUNDLE_LEAF && file.extra.len > 0)
        return differ(check, record, "its proof has a salt, and the record is said to be erased");
    code = entry->name.kind == BUNDLE_LEAF ? read_leaf(check, record, bytes, &hash)
                                           : read_record(check, record, bytes, file.extra, &hash);
    return code != 0 ? code : check_proof(check, &file, &hash);
}

static int compare_records(const void *left, const void *right)
{
    const struct checked_record *a = left, *b = right;
    return (a->index > b->index) - (a->index < b->index);
}

static int check_records(struct check *check)
{
    struct checked_bundle *checked = check->checked;
    checked->records = arena_array(&check->bundle->arena, check->bundle->count, sizeof checked->records[0]);
    if (!checked->records)
        return error_set(check->error, ERR_NO_MEMORY, "bundle: %s", error_words(ERR_NO_MEMORY));
    for (size_t i = 0; i < check->bundle->count; i++) {
        const struct bundle_entry *entry = &check->bundle->entries[i];
        if (entry->name.kind != BUNDLE_RECORD && entry->name.kind != BUNDLE_LEAF)
            continue;
        int code = check_record(check, entry, check->bundle->files[i], &checked->records[checked->record_count]);
        if (code != 0)
            return code;
        checked->record_count++;
    }
    if (checked->record_count == 0)
        return error_set(check->error, ERR_INVALID, "bundle: no record in it");
    qsort(checked->records, checked->record_count, sizeof checked->records[0], compare_records);
    return 0;
}

/* Every erasure is a leaf of its own, and it must be here. */
static int check_erasures(struct check *check)
{
    const struct checked_bundle *checked = check->checked;
    for (size_t i = 0; i < checked->record_count; i++) {
        bool said = checked->records[i].standing != STANDING_ERASED;
        for (size_t k = 0; !said && k < checked->record_count; k++)
            said = checked->records[k].type == LEAF_ERASURE &&
                   operator_leaf_erases(checked->records[k].bytes, checked->records[i].index);
        if (!said)
            return differ(check, &checked->records[i], "its bytes are missing, and no erasure in the bundle names it");
    }
    return 0;
}

/* ---- the log's keys */

/* Whether a proven leaf announces the key, as a note signed by itself or by one that came before it. */
static bool is_announced(const struct checked_bundle *checked, const struct verifier_key *keys, size_t at)
{
    for (size_t i = 0; i < checked->record_count; i++) {
        struct text note = checked->records[i].bytes, text, signatures;
        struct key_event event;
        if (checked->records[i].type != LEAF_KEY_EVENT || note_split(note, &text, &signatures) != 0 ||
            key_event_parse(text, &event, NULL) != 0 || !text_equal(event.origin, keys[at].name) ||
            memcmp(event.key.public_key, keys[at].public_key, sizeof keys[at].public_key) != 0)
            continue;
        for (size_t by = 0; by <= at; by++)
            if (note_verify(note, keys[by].name, keys[by].public_key, NULL) == 0)
                return true;
    }
    return false;
}

static int check_log_key(struct check *check, struct text line, struct verifier_key *keys, size_t at)
{
    const struct verifier_key *signer = &check->policy->logs[check->checked->verdict.log].key;
    if (at == POLICY_LOGS_MAX)
        return error_set(check->error, ERR_TOO_LARGE, "%s: more than %d keys", BUNDLE_LOG_KEYS, POLICY_LOGS_MAX);
    if (verifier_key_parse(line, &keys[at], check->error) != 0)
        return error_prefix(check->error, "%s line %zu", BUNDLE_LOG_KEYS, at + 1);
    if (!text_equal(keys[at].name, signer->name) || keys[at].algorithm != NOTE_ED25519)
        return error_set(check->error, ERR_INVALID, "%s line %zu: a key of another log", BUNDLE_LOG_KEYS, at + 1);
    return is_announced(check->checked, keys, at)
               ? 0
               : error_set(check->error, ERR_NOT_FOUND, "%s line %zu: no proven leaf announces this key",
                           BUNDLE_LOG_KEYS, at + 1);
}

/* Every line a key of this log, each announced by the one before it, and the one that signed among them. */
static int check_log_keys(struct check *check)
{
    struct text rest = bundle_file(check->bundle, BUNDLE_LOG_KEYS), line;
    const struct verifier_key *signer = &check->policy->logs[check->checked->verdict.log].key;
    struct verifier_key keys[POLICY_LOGS_MAX];
    bool found = false;
    for (size_t at = 0; line_take(&rest, &line); at++) {
        int code = check_log_key(check, line, keys, at);
        if (code != 0)
            return code;
        found = found || memcmp(keys[at].public_key, signer->public_key, sizeof signer->public_key) == 0;
    }
    if (rest.len > 0 || !found)
        return error_set(check->error, ERR_INVALID, "%s: %s", BUNDLE_LOG_KEYS,
                         found ? "its last line has no end" : "the key that signed the checkpoint is not there");
    return 0;
}

/* ---- devices */

/* The registration among the proven records. */
static bool find_registration(const struct checked_bundle *checked, struct text source,
                              const uint8_t key_id[KEY_ID_BYTES], struct device_key_leaf *leaf)
{
    for (size_t i = 0; i < checked->record_count; i++)
        if (checked->records[i].type == LEAF_KEY_EVENT && operator_leaf_key(checked->records[i].bytes, leaf) &&
            text_equal(text_of(leaf->source), source) && memcmp(leaf->key_id, key_id, KEY_ID_BYTES) == 0)
            return true;
    return false;
}

/* A key file is exactly the registered key: it is there for those who check with openssl. */
static int check_device_key(struct check *check, const struct bundle_entry *entry, struct text bytes)
{
    struct device_key_leaf leaf;
    struct buffer pem;
    if (!find_registration(check->checked, entry->name.source, entry->name.key_id, &leaf))
        return error_set(check->error, ERR_NOT_FOUND, "%.*s: no proven leaf registers this key", TEXT_ARG(entry->path));
    buffer_init(&pem, BUNDLE_PATH_SIZE * 2);
    bundle_key_put(leaf.public_key, &pem);
    bool same = !pem.failed && text_equal(buffer_text(&pem), bytes);
    buffer_fini(&pem);
    check->checked->key_count++;
    return same ? 0
                : error_set(check->error, ERR_INVALID, "%.*s: differs from the key that the log registers",
                            TEXT_ARG(entry->path));
}

static int check_device_keys(struct check *check)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < check->bundle->count; i++)
        if (check->bundle->entries[i].name.kind == BUNDLE_DEVICE_KEY)
            code = check_device_key(check, &check->bundle->entries[i], check->bundle->files[i]);
    return code;
}

/* Who sent it. An envelope in the log that this program cannot read is an error: it was read when it was stored. */
static int read_envelope(struct check *check, struct checked_record *record)
{
    struct envelope envelope;
    struct report_header header;
    struct error why = {0};
    if (wire_envelope_split(record->bytes, &envelope, &why) != REFUSAL_NONE ||
        wire_report_header(envelope.body, &header, &why) != REFUSAL_NONE)
        return error_set(check->error, ERR_INVALID, "record %" PRIu64 ": no envelope: %s", record->index, why.text);
    record->source = header.source;
    record->body = envelope.body;
    record->signature = envelope.signature;
    record->epoch = header.epoch;
    record->seq = header.seq;
    record->previous = header.previous;
    record->hash = sha256(record->bytes.data, record->bytes.len);
    record->standing = envelope.signature.len == 0 ? STANDING_UNSIGNED : STANDING_SIGNED;
    if (record->standing == STANDING_SIGNED && envelope.key_id.len != KEY_ID_BYTES)
        return differ(check, record, "its key id has not 4 bytes");
    if (record->standing == STANDING_SIGNED)
        memcpy(record->key_id, envelope.key_id.data, KEY_ID_BYTES);
    return 0;
}

static int check_signature(struct check *check, const struct checked_record *record)
{
    struct device_key_leaf leaf;
    char id[HEX_SIZE(KEY_ID_BYTES)];
    hex_encode(record->key_id, KEY_ID_BYTES, id);
    if (!find_registration(check->checked, record->source, record->key_id, &leaf))
        return error_set(check->error, ERR_NOT_FOUND,
                         "record %" PRIu64
                         ": no proven leaf registers key %s of %.*s, which signed it; hint: the log must "
                         "say whose key it is",
                         record->index, id, TEXT_ARG(record->source));
    if (envelope_verify(record->source, record->body, record->signature, leaf.public_key) != 0)
        return error_set(check->error, ERR_SIGNATURE,
                         "record %" PRIu64 ": its signature does not verify with key %s of %.*s", record->index, id,
                         TEXT_ARG(record->source));
    return 0;
}

static int check_envelopes(struct check *check)
{
    struct checked_bundle *checked = check->checked;
    for (size_t i = 0; i < checked->record_count; i++) {
        struct checked_record *record = &checked->records[i];
        if (record->standing == STANDING_ERASED || (record->type != LEAF_ENVELOPE && record->type != LEAF_EQUIVOCATION))
            continue;
        int code = read_envelope(check, record);
        if (code == 0 && record->standing == STANDING_SIGNED)
            code = check_signature(check, record);
        if (code != 0)
            return code;
    }
    return 0;
}

/* ---- chains */

static int compare_seqs(const void *left, const void *right)
{
    const struct checked_record *a = *(struct checked_record *const *)left, *b = *(struct checked_record *const *)right;
    int order = text_compare(a->source, b->source);
    if (order == 0)
        order = (a->epoch > b->epoch) - (a->epoch < b->epoch);
    return order != 0 ? order : (a->seq > b->seq) - (a->seq < b->seq);
}

/* Where both ends of a link are here. A broken one is the source's doing, not the log's: it is shown, and counts as weaker. */
static int check_chains(struct check *check)
{
    struct checked_bundle *checked = check->checked;
    struct checked_record **order = arena_array(&check->bundle->arena, checked->record_count, sizeof *order);
    size_t count = 0;
    if (!order)
        return error_set(check->error, ERR_NO_MEMORY, "bundle: %s", error_words(ERR_NO_MEMORY));
    for (size_t i = 0; i < checked->record_count; i++)
        if (checked->records[i].type == LEAF_ENVELOPE && checked->records[i].standing != STANDING_ERASED)
            order[count++] = &checked->records[i];
    if (count > 0)
        qsort(order, count, sizeof *order, compare_seqs);
    for (size_t i = 1; i < count; i++) {
        const struct checked_record *before = order[i - 1];
        order[i]->chain_is_broken = text_equal(before->source, order[i]->source) && before->epoch == order[i]->epoch &&
                                    before->seq + 1 == order[i]->seq &&
                                    !digest_equal(&before->hash, &order[i]->previous);
    }
    return 0;
}

static void count_weaker(struct checked_bundle *checked)
{
    for (size_t i = 0; i < checked->record_count; i++)
        checked->weaker_count +=
            checked->records[i].standing == STANDING_UNSIGNED || checked->records[i].chain_is_broken;
}

int bundle_check(struct bundle *bundle, const struct policy *policy, struct checked_bundle *checked,
                 struct error *error)
{
    static int (*const steps[])(struct check *) = {
        check_checkpoint, check_records,     check_log_keys, check_erasures,
        check_envelopes,  check_device_keys, check_chains,
    };
    struct check check = {bundle, policy, checked, error};
    int code = 0;
    *checked = (struct checked_bundle){0};
    for (size_t i = 0; code == 0 && i < sizeof steps / sizeof *steps; i++)
        code = steps[i](&check);
    if (code == 0)
        count_weaker(checked);
    return code;
}
