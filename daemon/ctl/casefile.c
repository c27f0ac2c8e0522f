/* casefile.c - gathers what proves a record or an item, in the order in which one need shows the next: records, the leaves that their
 * keys and erasures need, the checkpoint that covers all of them, the keys of the log, the proofs. */
#include "ctl/casefile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "ctl/item_document.h"
#include "ctl/operator_leaf.h"
#include "ctl/lookup.h"
#include "ctl/tree_reader.h"
#include "io/wire.h"

enum { ARENA_CAP_BYTES = 1 << 30, NUMBER_BYTES = 24, INDEX_DIGITS_MAX = 12, SET_BYTES_MAX = 1 << 24 };

/* Log indexes as a PostgreSQL array, without its closing brace; the database sorts them and takes each once. */
struct index_set {
    struct buffer text;
    size_t count;
    uint64_t last;
};

static void index_set_init(struct index_set *set)
{
    *set = (struct index_set){0};
    buffer_init(&set->text, SET_BYTES_MAX);
}

static void index_set_add(struct index_set *set, uint64_t index)
{
    buffer_printf(&set->text, "%c%" PRIu64, set->count++ == 0 ? '{' : ',', index);
    if (index > set->last)
        set->last = index;
}

/* The whole array, NUL behind it, until the next index is added; NULL: too many. */
static const char *index_set_array(struct index_set *set)
{
    size_t len = set->text.len;
    buffer_put(&set->text, set->count == 0 ? "{}" : "}", set->count == 0 ? 3 : 2);
    set->text.len = len;
    return set->text.failed ? NULL : (const char *)set->text.data;
}

static int no_memory(struct ctl *ctl)
{
    return ctl_fail(ctl, CTL_TEMPORARY, "evidence: %s; hint: ask for less at a time", error_words(ERR_NO_MEMORY));
}

/* The bytes of a bytea field in its text form, in the arena. */
static struct text bytes_of(struct arena *arena, const struct rows *rows, size_t row, size_t column)
{
    struct text digits = text_of(rows_text(rows, row, column));
    if (digits.len < 2)
        return (struct text){0};
    uint8_t *bytes = arena_alloc(arena, digits.len / 2);
    if (!bytes || hex_decode((struct text){digits.data + 2, digits.len - 2}, bytes, digits.len / 2 - 1) != 0)
        return (struct text){0};
    return (struct text){(const char *)bytes, digits.len / 2 - 1};
}

/* ---- what was asked for */

static bool is_log_index(const char *target)
{
    size_t len = strlen(target);
    return len >= 1 && len <= INDEX_DIGITS_MAX && strspn(target, "0123456789") == len;
}

static int ask_record(struct ctl *ctl, const char *target, struct index_set *set)
{
    struct rows *rows = NULL;
    uint64_t index = strtoull(target, NULL, 10);
    int exit_code = ctl_query(ctl, "SELECT size FROM ledger.head", 0, NULL, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    uint64_t size = rows_count(rows) == 1 ? (uint64_t)rows_i64(rows, 0, 0) : 0;
    rows_free(rows);
    if (index >= size)
        return ctl_fail(ctl, CTL_NEGATIVE, "log index: %s; hint: the log has %" PRIu64 " records, counted from 0",
                        target, size);
    index_set_add(set, index);
    return CTL_OK;
}

static void add_indexes(const json_t *list, struct index_set *set)
{
    size_t at;
    json_t *object;
    json_array_foreach((json_t *)list, at, object)
        index_set_add(set, (uint64_t)json_integer_value(json_object_get(object, "log_index")));
}

/* Its events, and the sightings of its identifiers. */
static int ask_items(struct ctl *ctl, const struct lookup *lookup, struct casefile *casefile, struct index_set *set)
{
    size_t at;
    json_t *item;
    int exit_code = item_documents(ctl, lookup, &casefile->items);
    if (exit_code != CTL_OK)
        return exit_code;
    json_array_foreach(casefile->items, at, item)
    {
        add_indexes(json_object_get(item, "events"), set);
        add_indexes(json_object_get(item, "sightings"), set);
    }
    return CTL_OK;
}

static int find_item(struct ctl *ctl, const char *target, struct lookup *lookup)
{
    int64_t id;
    *lookup = (struct lookup){.candidates = json_array(), .warnings = json_array()};
    if (!text_to_i64(text_of(target + strlen("item:")), 0, INT64_MAX, &id))
        return ctl_fail(ctl, CTL_USAGE, "%s: no item; hint: item:<number>, as trace shows it", target);
    lookup->items = json_pack("[{s:I, s:b}]", "item_id", (json_int_t)id, "proof", true);
    return CTL_OK;
}

static int ask(struct ctl *ctl, const char *target, const char *scheme, struct casefile *casefile,
               struct index_set *set)
{
    struct lookup lookup;
    struct error error = {0};
    int exit_code;
    if (!scheme && is_log_index(target))
        return ask_record(ctl, target, set);
    if (!scheme && strncmp(target, "item:", 5) == 0)
        exit_code = find_item(ctl, target, &lookup);
    else if (lookup_read(target, scheme, &lookup, &error) != 0)
        exit_code = ctl_fail_error(ctl, &error);
    else
        exit_code = lookup_find(ctl, &lookup);
    if (exit_code == CTL_OK)
        exit_code = ask_items(ctl, &lookup, casefile, set);
    lookup_free(&lookup);
    if (exit_code == CTL_OK && set->count == 0)
        exit_code =
            ctl_fail(ctl, CTL_NEGATIVE, "item: none with %s; hint: no record does not mean that it is clear", target);
    return exit_code;
}

/* ---- records */

static bool is_envelope(enum leaf_type type)
{
    return type == LEAF_ENVELOPE || type == LEAF_EQUIVOCATION;
}

/* Who sent it and which key signed it. What cannot be read has no source, and is proven all the same. */
static void read_envelope(struct casefile_record *record)
{
    struct envelope envelope;
    struct report_header header;
    struct error error;
    if (record->is_erased || !is_envelope(record->type) ||
        wire_envelope_split(record->bytes, &envelope, &error) != REFUSAL_NONE ||
        wire_report_header(envelope.body, &header, &error) != REFUSAL_NONE)
        return;
    record->source = header.source;
    record->is_signed = envelope.signature.len > 0 && envelope.key_id.len == KEY_ID_BYTES;
    if (record->is_signed)
        memcpy(record->key_id, envelope.key_id.data, KEY_ID_BYTES);
}

static bool read_record(struct arena *arena, const struct rows *rows, size_t row, struct casefile_record *record)
{
    record->index = (uint64_t)rows_i64(rows, row, 0);
    record->type = (enum leaf_type)rows_i64(rows, row, 1);
    record->received_us = rows_i64(rows, row, 2);
    record->is_erased = rows_is_null(rows, row, 3);
    if (record->is_erased)
        return true;
    struct text salt = bytes_of(arena, rows, row, 3);
    record->bytes = bytes_of(arena, rows, row, 4);
    if (salt.len != SALT_BYTES || !record->bytes.data)
        return false;
    memcpy(record->salt, salt.data, SALT_BYTES);
    record->commitment = leaf_commitment(record->salt, record->bytes);
    read_envelope(record);
    return true;
}

/* Replaces the records by those of the set. */
static int load_records(struct ctl *ctl, struct casefile *casefile, struct index_set *set)
{
    static const char sql[] =
        "SELECT log_index, type, (extract(epoch FROM received_at) * 1000000)::bigint, salt, record "
        "FROM ledger.record WHERE log_index = ANY ($1::bigint[]) ORDER BY log_index";
    struct rows *rows = NULL;
    const char *array = index_set_array(set);
    int exit_code = array ? ctl_query(ctl, sql, 1, (const char *const[]){array}, &rows) : no_memory(ctl);
    if (exit_code != CTL_OK)
        return exit_code;
    arena_reset(&casefile->arena);
    casefile->record_count = rows_count(rows);
    casefile->records = arena_array(&casefile->arena, casefile->record_count, sizeof casefile->records[0]);
    for (size_t row = 0; exit_code == CTL_OK && row < casefile->record_count; row++)
        if (!casefile->records || !read_record(&casefile->arena, rows, row, &casefile->records[row]))
            exit_code = no_memory(ctl);
    rows_free(rows);
    return exit_code;
}

const struct casefile_record *casefile_record_at(const struct casefile *casefile, uint64_t index)
{
    for (size_t i = 0; i < casefile->record_count; i++)
        if (casefile->records[i].index == index)
            return &casefile->records[i];
    return NULL;
}

/* ---- keys of devices */

static bool is_used(const struct casefile *casefile, const struct device_key_leaf *leaf)
{
    for (size_t i = 0; i < casefile->record_count; i++) {
        const struct casefile_record *record = &casefile->records[i];
        if (record->is_signed && memcmp(record->key_id, leaf->key_id, KEY_ID_BYTES) == 0 &&
            text_equal(record->source, text_of(leaf->source)))
            return true;
    }
    return false;
}

/* Sources of the records as a PostgreSQL array; they are [a-z0-9-] alone. */
static void put_sources(const struct casefile *casefile, struct buffer *out)
{
    buffer_put_u8(out, '{');
    for (size_t i = 0; i < casefile->record_count; i++)
        if (casefile->records[i].is_signed)
            buffer_printf(out, "%s%.*s", out->len > 1 ? "," : "", TEXT_ARG(casefile->records[i].source));
    buffer_put(out, "}", 2);
}

/* Leaves of type 4 that mention a source of the records: few, and each is read before it is believed. */
static int add_registrations(struct ctl *ctl, const struct casefile *casefile, struct index_set *set)
{
    static const char sql[] =
        "SELECT log_index, record FROM ledger.record WHERE type = 4 AND EXISTS (SELECT FROM unnest($1::text[]) AS "
        "source "
        "WHERE position(convert_to('\"' || source || '\"', 'UTF8') IN record) > 0) ORDER BY log_index";
    struct rows *rows = NULL;
    struct arena arena;
    struct buffer sources;
    buffer_init(&sources, SET_BYTES_MAX);
    put_sources(casefile, &sources);
    int exit_code = sources.failed ? no_memory(ctl)
                                   : ctl_query(ctl, sql, 1, (const char *const[]){(const char *)sources.data}, &rows);
    arena_init(&arena, ARENA_CAP_BYTES);
    for (size_t row = 0; exit_code == CTL_OK && row < rows_count(rows); row++) {
        struct device_key_leaf leaf;
        if (operator_leaf_key(bytes_of(&arena, rows, row, 1), &leaf) && is_used(casefile, &leaf))
            index_set_add(set, (uint64_t)rows_i64(rows, row, 0));
    }
    arena_fini(&arena);
    rows_free(rows);
    buffer_fini(&sources);
    return exit_code;
}

static bool has_key(const struct casefile *casefile, const struct device_key_leaf *leaf)
{
    for (size_t i = 0; i < casefile->key_count; i++)
        if (memcmp(casefile->keys[i].key_id, leaf->key_id, KEY_ID_BYTES) == 0 &&
            text_equal(casefile->keys[i].source, text_of(leaf->source)))
            return true;
    return false;
}

/* From the registration leaves among the records; the first one of a key counts. */
static int collect_keys(struct ctl *ctl, struct casefile *casefile)
{
    struct device_key_leaf leaf;
    casefile->key_count = 0;
    casefile->keys = arena_array(&casefile->arena, casefile->record_count, sizeof casefile->keys[0]);
    if (!casefile->keys)
        return no_memory(ctl);
    for (size_t i = 0; i < casefile->record_count; i++) {
        const struct casefile_record *record = &casefile->records[i];
        if (record->type != LEAF_KEY_EVENT || !operator_leaf_key(record->bytes, &leaf) || !is_used(casefile, &leaf) ||
            has_key(casefile, &leaf))
            continue;
        struct casefile_key *key = &casefile->keys[casefile->key_count++];
        key->source = arena_text(&casefile->arena, text_of(leaf.source));
        key->index = record->index;
        memcpy(key->key_id, leaf.key_id, sizeof key->key_id);
        memcpy(key->public_key, leaf.public_key, sizeof key->public_key);
        if (!key->source.data)
            return no_memory(ctl);
    }
    return CTL_OK;
}

/* ---- what was erased */

static size_t erased_count(const struct casefile *casefile)
{
    size_t count = 0;
    for (size_t i = 0; i < casefile->record_count; i++)
        count += casefile->records[i].is_erased;
    return count;
}

static struct casefile_record *erased_record(struct casefile *casefile, uint64_t index)
{
    for (size_t i = 0; i < casefile->record_count; i++)
        if (casefile->records[i].index == index && casefile->records[i].is_erased)
            return &casefile->records[i];
    return NULL;
}

/* Fills the commitments that stand for erased bytes, and adds the leaves that say who erased them. */
static int load_erasures(struct ctl *ctl, struct casefile *casefile, struct index_set *set)
{
    static const char sql[] = "SELECT log_index, erasure_index, commitment FROM ledger.erasure "
                              "WHERE log_index = ANY ($1::bigint[])";
    struct rows *rows = NULL;
    const char *array = index_set_array(set);
    if (erased_count(casefile) == 0)
        return CTL_OK;
    int exit_code = array ? ctl_query(ctl, sql, 1, (const char *const[]){array}, &rows) : no_memory(ctl);
    size_t count = exit_code == CTL_OK ? rows_count(rows) : 0, found = 0;
    for (size_t row = 0; row < count; row++) {
        struct casefile_record *record = erased_record(casefile, (uint64_t)rows_i64(rows, row, 0));
        struct text commitment = bytes_of(&casefile->arena, rows, row, 2);
        if (!record || commitment.len != SHA256_BYTES)
            continue;
        memcpy(record->commitment.bytes, commitment.data, SHA256_BYTES);
        index_set_add(set, (uint64_t)rows_i64(rows, row, 1));
        found++;
    }
    rows_free(rows);
    if (exit_code == CTL_OK && found < erased_count(casefile))
        exit_code = ctl_fail(ctl, CTL_NEGATIVE,
                             "evidence: the bytes of a record are gone and nothing says why; hint: "
                             "custodyctl monitor names it");
    return exit_code;
}

/* ---- the signed head */

static int load_checkpoint(struct ctl *ctl, struct casefile *casefile, uint64_t last, struct buffer *note)
{
    /* Of the newest that cover everything, the one that most witnesses cosigned. */
    static const char sql[] =
        "WITH candidate AS ((SELECT size FROM ledger.checkpoint WHERE size > $1::bigint ORDER BY size DESC LIMIT 16) "
        "UNION "
        "(SELECT size FROM ledger.cosignature WHERE size > $1::bigint ORDER BY size DESC LIMIT 64)) "
        "SELECT c.note || coalesce(w.lines, '') FROM candidate JOIN ledger.checkpoint AS c USING (size), "
        "LATERAL (SELECT count(*) AS witnesses, string_agg(s.line || E'\\n', '' ORDER BY s.witness, s.key_hash) AS "
        "lines "
        "FROM ledger.cosignature AS s WHERE s.size = c.size) AS w ORDER BY w.witnesses DESC, c.size DESC LIMIT 1";
    char number[NUMBER_BYTES];
    struct rows *rows = NULL;
    struct text text, signatures;
    struct error error = {0};
    snprintf(number, sizeof number, "%" PRIu64, last);
    int exit_code = ctl_query(ctl, sql, 1, (const char *const[]){number}, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    if (rows_count(rows) == 0)
        exit_code =
            ctl_fail(ctl, CTL_TEMPORARY,
                     "checkpoint: none covers log index %" PRIu64 " yet; hint: custodyd signs one in a moment; is "
                     "it running, with checkpoint_key_file set?",
                     last);
    else
        buffer_put_text(note, text_of(rows_text(rows, 0, 0)));
    rows_free(rows);
    if (exit_code != CTL_OK)
        return exit_code;
    casefile->note = buffer_text(note);
    if (note_split(casefile->note, &text, &signatures) != 0 || checkpoint_parse(text, &casefile->head, &error) != 0)
        return ctl_fail(ctl, CTL_NEGATIVE, "checkpoint: it does not read: %s; hint: custodyctl monitor", error.text);
    return CTL_OK;
}

/* The keys under the log's own name, oldest first, and the leaves that announced them; one must have signed the checkpoint. */
static int load_log_keys(struct ctl *ctl, struct casefile *casefile, struct index_set *set, struct buffer *keys)
{
    static const char sql[] = "SELECT verifier_key, log_index FROM ledger.signing_key WHERE log_index < $1::bigint "
                              "ORDER BY log_index, verifier_key";
    char number[NUMBER_BYTES];
    struct rows *rows = NULL;
    size_t signed_at = 0, signed_len = 0;
    snprintf(number, sizeof number, "%" PRIu64, casefile->head.size);
    int exit_code = ctl_query(ctl, sql, 1, (const char *const[]){number}, &rows);
    for (size_t row = 0; exit_code == CTL_OK && row < rows_count(rows); row++) {
        struct verifier_key key;
        struct checkpoint head;
        struct text line = text_of(rows_text(rows, row, 0));
        if (verifier_key_parse(line, &key, NULL) != 0 || key.algorithm != NOTE_ED25519 ||
            !text_equal(key.name, casefile->head.origin))
            continue;
        if (checkpoint_open(casefile->note, &key, &head, NULL) == 0) {
            signed_at = keys->len;
            signed_len = line.len;
        }
        buffer_printf(keys, "%.*s\n", TEXT_ARG(line));
        index_set_add(set, (uint64_t)rows_i64(rows, row, 1));
    }
    rows_free(rows);
    if (exit_code == CTL_OK && signed_len == 0)
        exit_code = ctl_fail(ctl, CTL_NEGATIVE,
                             "checkpoint: of size %s, signed by no key that the log announced; hint: "
                             "custodyctl monitor",
                             number);
    casefile->log_keys = buffer_text(keys);
    casefile->log_key = (struct text){casefile->log_keys.data + signed_at, signed_len};
    return exit_code;
}

/* ---- proofs */

static int prove_record(struct ctl *ctl, const struct casefile *casefile, struct tree_reader *reader,
                        struct casefile_record *record)
{
    struct error error = {0};
    uint8_t leaf[LEAF_BYTES];
    if (tree_read_inclusion(reader, record->index, &record->proof, &error) != 0)
        return error.code == ERR_DATA ? ctl_fail(ctl, CTL_NEGATIVE, "%s", error.text) : ctl_fail_error(ctl, &error);
    leaf_encode(record->type, record->received_us, &record->commitment, leaf);
    struct digest hash = leaf_hash(leaf);
    if (!proof_inclusion_holds(record->index, casefile->head.size, &hash, record->proof.hashes, record->proof.count,
                               &casefile->head.root))
        return ctl_fail(ctl, CTL_NEGATIVE,
                        "log index %" PRIu64
                        ": what the database holds does not lead to the signed root of size %" PRIu64
                        "; hint: custodyctl monitor names what was changed",
                        record->index, casefile->head.size);
    return CTL_OK;
}

static int prove_all(struct ctl *ctl, struct casefile *casefile)
{
    struct database *database;
    int exit_code = ctl_database(ctl, &database);
    if (exit_code != CTL_OK)
        return exit_code;
    struct tree_reader *reader = tree_reader_new(database, casefile->head.size);
    if (!reader)
        return no_memory(ctl);
    for (size_t i = 0; exit_code == CTL_OK && i < casefile->record_count; i++)
        exit_code = prove_record(ctl, casefile, reader, &casefile->records[i]);
    casefile->rows_read = tree_reader_rows(reader);
    tree_reader_free(reader);
    return exit_code;
}

/* ---- all together */

/* The buffers' texts move into the arena, which the last loading of records has reset. */
static int keep_texts(struct ctl *ctl, struct casefile *casefile)
{
    size_t key_at = (size_t)(casefile->log_key.data - casefile->log_keys.data);
    struct text text, signatures;
    casefile->note = arena_text(&casefile->arena, casefile->note);
    casefile->log_keys = arena_text(&casefile->arena, casefile->log_keys);
    if (!casefile->note.data || !casefile->log_keys.data)
        return no_memory(ctl);
    casefile->log_key.data = casefile->log_keys.data + key_at;
    if (note_split(casefile->note, &text, &signatures) != 0 || checkpoint_parse(text, &casefile->head, NULL) != 0)
        return no_memory(ctl);
    return CTL_OK;
}

static int gather(struct ctl *ctl, struct casefile *casefile, struct index_set *set, struct buffer *note,
                  struct buffer *keys)
{
    int exit_code = load_records(ctl, casefile, set);
    if (exit_code == CTL_OK)
        exit_code = add_registrations(ctl, casefile, set);
    if (exit_code == CTL_OK)
        exit_code = load_erasures(ctl, casefile, set);
    if (exit_code == CTL_OK)
        exit_code = load_checkpoint(ctl, casefile, set->last, note);
    if (exit_code == CTL_OK)
        exit_code = load_log_keys(ctl, casefile, set, keys);
    if (exit_code == CTL_OK)
        exit_code = load_records(ctl, casefile, set);
    if (exit_code == CTL_OK)
        exit_code = load_erasures(ctl, casefile, set);
    if (exit_code == CTL_OK)
        exit_code = keep_texts(ctl, casefile);
    if (exit_code == CTL_OK)
        exit_code = collect_keys(ctl, casefile);
    return exit_code == CTL_OK ? prove_all(ctl, casefile) : exit_code;
}

int casefile_gather(struct ctl *ctl, const char *target, const char *scheme, struct casefile *casefile)
{
    struct index_set set;
    struct buffer note, keys;
    *casefile = (struct casefile){0};
    arena_init(&casefile->arena, ARENA_CAP_BYTES);
    index_set_init(&set);
    buffer_init(&note, SET_BYTES_MAX);
    buffer_init(&keys, SET_BYTES_MAX);
    int exit_code = item_snapshot(ctl);
    if (exit_code == CTL_OK)
        exit_code = ask(ctl, target, scheme, casefile, &set);
    if (exit_code == CTL_OK)
        exit_code = gather(ctl, casefile, &set, &note, &keys);
    if (exit_code == CTL_OK)
        exit_code = ctl_query(ctl, "COMMIT", 0, NULL, NULL);
    buffer_fini(&keys);
    buffer_fini(&note);
    buffer_fini(&set.text);
    return exit_code;
}

void casefile_fini(struct casefile *casefile)
{
    json_decref(casefile->items);
    arena_fini(&casefile->arena);
    *casefile = (struct casefile){0};
}
