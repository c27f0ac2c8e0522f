/* follow.c - one pass.
 *
 *   range    from where the log was followed to its head, or as far as one pass may go
 *   read     items that have events there; records with sightings there
 *   match    (memory) new bans join the index; writings are searched in it
 *   resolve  candidates and identifiers to items; banned items to stored writings that share a key
 *   begin    ONE transaction: progress compared and swapped, writings and keys added, affected items locked in order
 *   weigh    piece by piece: evidence loaded, judged, flags raised, supported, withdrawn
 *   commit
 *
 * Everything before `begin` only proposes items; their dossiers are read under their locks. A proposed item too many costs a look. */
#include "ingest/follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/identity/normalise.h"
#include "core/reentry/extract.h"
#include "ingest/flags.h"

enum {
    PARAM_BYTES_MAX = 16 * 1024 * 1024,
    AFFECTED_MAX = 1024, /* items of one pass; more: half the window, while there is more than one record */
    PIECE = 64,          /* items weighed at once */
    FOLD_INTERVAL_US = 1000000,
};

struct follow_writing {
    struct follow_writing *next;
    uint64_t log_index;
    uint16_t ordinal, number;
    struct written written;
    struct text phones;
};

/* An identifier that was sighted, or a banned VIN that a writing is near to. */
struct follow_name {
    struct follow_name *next;
    enum identifier_scheme scheme;
    struct text value;
};

/* An item that has events in the range. */
struct follow_item {
    struct follow_item *next;
    int64_t item_id;
    bool banned;
    struct text vin; /* empty: none */
};

static const struct pg_statement begin_statement = {0, "BEGIN"};
static const struct pg_statement commit_statement = {1, "COMMIT"};
static const struct pg_statement rollback_statement = {2, "ROLLBACK"};
/* At most 128 sightings and 2048 events a pass, and the records that hold them whole. */
static const struct pg_statement range_statement = {
    3,
    "SELECT p.followed, h.size, least(h.size, p.followed + $1::bigint,"
    " (SELECT s.log_index + 1 FROM reentry.sighting s WHERE s.log_index >= p.followed ORDER BY s.log_index, s.ordinal"
    "    OFFSET 127 LIMIT 1),"
    " (SELECT e.log_index + 1 FROM custody.event e WHERE e.log_index >= p.followed ORDER BY e.log_index OFFSET 2047 "
    "LIMIT 1))"
    " FROM reentry.progress p, ledger.head h"};
static const struct pg_statement items_statement = {4,
                                                    "SELECT i.item_id, i.ban <> 0, (SELECT min(d.value) FROM "
                                                    "custody.identifier d WHERE d.item_id = i.item_id AND d.scheme = 1"
                                                    " AND d.proof) FROM custody.item i WHERE i.item_id IN (SELECT "
                                                    "e.item_id FROM custody.event e WHERE e.log_index >= $1::bigint"
                                                    " AND e.log_index < $2::bigint)"};
static const struct pg_statement records_statement = {
    5, "SELECT r.log_index, r.received_at, r.record FROM ledger.record r WHERE r.log_index IN (SELECT s.log_index FROM"
       " reentry.sighting s WHERE s.log_index >= $1::bigint AND s.log_index < $2::bigint) ORDER BY r.log_index"};
static const struct pg_statement named_statement = {
    6, "SELECT DISTINCT i.item_id FROM unnest($1::smallint[], $2::text[]) AS g (scheme, value)"
       " JOIN custody.identifier i ON i.scheme = g.scheme AND i.value = g.value WHERE i.proof"};
static const struct pg_statement keyed_statement = {
    7, "SELECT DISTINCT g.item_id FROM unnest($1::bigint[], $2::text[]) AS g (item_id, key)"
       " JOIN reentry.near_key k ON k.key = g.key"};
/* Of the items with events: those that something was sighted of, or that have a flag of ours. */
static const struct pg_statement known_statement = {
    8, "SELECT q.item_id FROM unnest($1::bigint[]) AS q (item_id) WHERE EXISTS (SELECT FROM custody.identifier i"
       "   JOIN reentry.sighted_identifier s ON s.scheme = i.scheme AND s.value = i.value WHERE i.item_id = q.item_id "
       "AND i.proof)"
       " OR EXISTS (SELECT FROM flag.flag f WHERE f.subject = 'item:' || q.item_id"
       "   AND f.rule IN ('E02', 'E03', 'E06', 'E07', 'E08'))"};
static const struct pg_statement swap_statement = {
    9, "UPDATE reentry.progress SET followed = $2::bigint WHERE followed = $1::bigint"};
static const struct pg_statement add_banned_statement = {10,
                                                         "INSERT INTO reentry.banned_vin (item_id, vin) SELECT * FROM "
                                                         "unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING"};
static const struct pg_statement add_written_statement = {
    11, "INSERT INTO reentry.written (log_index, ordinal, number, text, phone_hashes)"
        " SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::text[], $5::bytea[])"};
static const struct pg_statement add_keys_statement = {
    12, "INSERT INTO reentry.near_key (key, log_index, ordinal, number)"
        " SELECT * FROM unnest($1::text[], $2::bigint[], $3::smallint[], $4::smallint[]) ON CONFLICT DO NOTHING"};
static const struct pg_statement lock_items_statement = {
    13, "SELECT item_id FROM custody.item WHERE item_id = ANY ($1::bigint[]) ORDER BY item_id FOR UPDATE"};
static const struct pg_statement states_statement = {
    14, "SELECT i.item_id, i.kind, i.ban <> 0, i.banned_at, (SELECT min(d.value) FROM custody.identifier d WHERE "
        "d.item_id = i.item_id"
        " AND d.scheme = 1 AND d.proof) FROM custody.item i WHERE i.item_id = ANY ($1::bigint[]) ORDER BY i.item_id"};
static const struct pg_statement evidence_statement = {
    15, "SELECT item_id, part, log_index, ordinal, scheme, value, proof, phone_hashes, received_at, record"
        " FROM reentry.evidence($1::bigint[], $2::bigint[], $3::text[])"};
static const struct pg_statement fold_statement = {16, "SELECT flag.fold_floods($1::int, $2::int, $3::int)"};

static void read_range(void *context);
static void match(void *context);
static void begin(void *context);
static void weigh_piece(void *context);
static void load_piece(void *context);
static void judge_piece(void *context);
static void commit(void *context);
static void done(void *context);
static void failed(void *context);

void follow_init(struct follow *follow, struct pg *pg, struct vin_index *index, size_t max_bytes)
{
    transaction_init(&follow->transaction, pg, follow, failed);
    params_init(&follow->params, PARAM_BYTES_MAX);
    arena_init(&follow->arena, max_bytes);
    follow->index = index;
    follow->window = FOLLOW_WINDOW_MAX;
}

void follow_fini(struct follow *follow)
{
    params_fini(&follow->params);
    arena_fini(&follow->arena);
}

static void no_memory(struct follow *follow)
{
    transaction_fail(&follow->transaction, ERR_NO_MEMORY, "follower: out of memory; hint: raise arena_max_bytes");
}

/* ---- range ---- */

static void on_range(void *context, const struct pg_result *result)
{
    struct follow *follow = context;

    follow->from = pg_i64(result, 0, 0);
    follow->to = pg_i64(result, 0, 2);
    follow->at_head = follow->to == pg_i64(result, 0, 1);
}

void follow_run(struct follow *follow, int64_t now_us)
{
    arena_reset(&follow->arena);
    follow->now_us = now_us;
    follow->in_transaction = false;
    follow->writings = NULL;
    follow->names = NULL;
    follow->items = NULL;
    follow->writing_count = follow->name_count = follow->item_count = 0;
    follow->affected = NULL;
    follow->affected_count = follow->affected_room = follow->affected_at = 0;
    transaction_start(&follow->transaction);
    params_clear(&follow->params);
    params_add_i64(&follow->params, follow->window);
    transaction_query(&follow->transaction, &range_statement, &follow->params, on_range, follow);
    transaction_then(&follow->transaction, read_range, follow);
}

/* What the lanes raised counts, too: their sightings are followed here. Not with every pass, for it looks at the day's flags. */
static void fold_floods(struct follow *follow)
{
    struct params *params = &follow->params;

    if (!follow->fold_due || follow->now_us - follow->folded_at_us < FOLD_INTERVAL_US)
        return;
    follow->fold_due = false;
    follow->folded_at_us = follow->now_us;
    params_clear(params);
    params_add_i32(params, (int32_t)*follow->budget);
    params_add_i32(params, rule_infos[RULE_S06].version);
    params_add_i32(params, rule_infos[RULE_S06].severity);
    transaction_query(&follow->transaction, &fold_statement, params, NULL, NULL);
}

/* ---- read ---- */

static void on_items(void *context, const struct pg_result *result)
{
    struct follow *follow = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct follow_item *item = arena_alloc(&follow->arena, sizeof *item);

        if (!item) {
            no_memory(follow);
            return;
        }
        *item = (struct follow_item){follow->items, pg_i64(result, row, 0), pg_bool(result, row, 1),
                                     arena_text(&follow->arena, pg_bytes(result, row, 2))};
        follow->items = item;
        follow->item_count++;
    }
}

static void add_name(struct follow *follow, enum identifier_scheme scheme, struct text value)
{
    struct follow_name *name = arena_alloc(&follow->arena, sizeof *name);

    if (!name) {
        no_memory(follow);
        return;
    }
    *name = (struct follow_name){follow->names, scheme, arena_text(&follow->arena, value)};
    follow->names = name;
    follow->name_count++;
    if (!name->value.data)
        no_memory(follow);
}

static void add_writings(struct follow *follow, uint64_t log_index, uint16_t ordinal, const struct sighting *sighting,
                         const struct writings *writings)
{
    struct clues clues;

    if (!writings->count)
        return;
    clues_of_sighting(sighting, follow->phone_key, &clues);
    for (size_t i = 0; i < writings->count; i++) {
        struct follow_writing *writing = arena_alloc(&follow->arena, sizeof *writing);

        if (!writing) {
            no_memory(follow);
            return;
        }
        *writing = (struct follow_writing){
            follow->writings,
            log_index,
            ordinal,
            (uint16_t)i,
            writings->list[i],
            arena_text(&follow->arena, (struct text){(const char *)clues.phones, clues.phone_count * SHA256_BYTES})};
        follow->writings = writing;
        follow->writing_count++;
    }
}

static void read_sighting(struct follow *follow, uint64_t log_index, uint16_t ordinal, const struct sighting *sighting)
{
    struct writings writings = {.count = 0};

    for (size_t i = 0; i < sighting->identifier_count; i++)
        if (sighting->identifiers[i].scheme == IDENTIFIER_SCHEME_VIN)
            writings_add_field(&writings, sighting->identifiers[i].value);
    writings_add_text(&writings, sighting->listing.title);
    writings_add_text(&writings, sighting->listing.text);
    add_writings(follow, log_index, ordinal, sighting, &writings);
}

static void add_extracted(struct follow *follow, struct text text)
{
    struct extraction extraction;

    extract_identifiers(text, &extraction);
    for (size_t i = 0; i < extraction.count; i++)
        add_name(follow, extraction.found[i].scheme, text_of(extraction.found[i].value));
}

static void read_names(struct follow *follow, const struct sighting *sighting)
{
    for (size_t i = 0; i < sighting->identifier_count; i++)
        add_name(follow, sighting->identifiers[i].scheme, sighting->identifiers[i].value);
    add_extracted(follow, sighting->listing.title);
    add_extracted(follow, sighting->listing.text);
}

/* What was written as a VIN is read before normalising: what cannot be normalised is what this is about. */
static void on_records(void *context, const struct pg_result *result)
{
    struct follow *follow = context;
    struct error error = {.code = 0};

    for (size_t row = 0; row < pg_rows(result) && !follow->transaction.code; row++) {
        int code;
        struct report *report =
            evidence_decode(pg_bytes(result, row, 2), pg_time_us(result, row, 1), &follow->arena, &code);

        if (code)
            no_memory(follow);
        if (!report)
            continue;
        for (size_t i = 0; i < report->sighting_count; i++)
            read_sighting(follow, (uint64_t)pg_i64(result, row, 0), (uint16_t)i, &report->sightings[i]);
        if (report_normalise(report, &follow->arena, NULL, NULL, &error) == ERR_NO_MEMORY)
            no_memory(follow);
        for (size_t i = 0; i < report->sighting_count; i++)
            read_names(follow, &report->sightings[i]);
    }
}

static void read_range(void *context)
{
    struct follow *follow = context;
    struct params *params = &follow->params;

    if (follow->from == follow->to) {
        fold_floods(follow);
        transaction_then(&follow->transaction, done, follow);
        return;
    }
    params_clear(params);
    params_add_i64(params, follow->from);
    params_add_i64(params, follow->to);
    transaction_query(&follow->transaction, &items_statement, params, on_items, follow);
    transaction_query(&follow->transaction, &records_statement, params, on_records, follow);
    transaction_then(&follow->transaction, match, follow);
}

/* ---- match ---- */

static void add_to_index(struct follow *follow, struct text vin)
{
    vin_code code;

    if (vin_code_of(vin, &code))
        return;
    if (follow->index->count == follow->index->room && !follow->make_room(follow->context)) {
        no_memory(follow);
        return;
    }
    if (!vin_index_add(follow->index, code))
        no_memory(follow);
}

/* Every clue agrees: can it be enough? Without clues most of what is near by chance is not worth a look. */
static bool may_be_enough(const char *vin, const struct follow_writing *writing)
{
    static const struct clue_weight all = {.tenths = 600};
    struct nearness nearness = vin_compare(vin, &writing->written);

    return near_score(vin, &writing->written, &nearness, &all) >= NEAR_ENOUGH;
}

static void search(struct follow *follow, const struct follow_writing *writing)
{
    struct vin_found found;

    vin_index_search(follow->index, &writing->written, &found);
    follow->crowded += found.crowded;
    for (size_t i = 0; i < found.count; i++) {
        char vin[VIN_LEN + 1];

        vin_code_text(found.codes[i], vin);
        if (may_be_enough(vin, writing))
            add_name(follow, IDENTIFIER_SCHEME_VIN, text_of(vin));
    }
}

static void on_affected(void *context, const struct pg_result *result)
{
    struct follow *follow = context;
    size_t wanted = follow->affected_count + pg_rows(result);

    if (wanted > follow->affected_room) {
        int64_t *list = arena_array(&follow->arena, 2 * wanted, sizeof *list);

        if (!list) {
            no_memory(follow);
            return;
        }
        if (follow->affected_count)
            memcpy(list, follow->affected, follow->affected_count * sizeof *list);
        follow->affected = list;
        follow->affected_room = 2 * wanted;
    }
    for (size_t row = 0; row < pg_rows(result); row++)
        follow->affected[follow->affected_count++] = pg_i64(result, row, 0);
}

static void ask_named(struct follow *follow)
{
    struct params *params;

    if (!follow->name_count)
        return;
    params = PARAMS_BEGIN_ARRAYS(&follow->params, follow->name_count, OID_INT2, OID_TEXT);
    for (const struct follow_name *name = follow->names; name; name = name->next) {
        copy_put_i16(&params->buffers[0], (int16_t)name->scheme);
        copy_put_text(&params->buffers[1], name->value);
    }
    transaction_query(&follow->transaction, &named_statement, params, on_affected, follow);
}

/* Rows (item, key) of one VIN. */
static void put_keys(struct params *params, size_t column, int64_t item_id, struct text vin)
{
    char keys[VIN_KEYS_MAX][NEAR_KEY_BYTES];
    size_t count = vin_keys(vin, keys);

    for (size_t i = 0; i < count; i++) {
        copy_put_i64(&params->buffers[column], item_id);
        copy_put_text(&params->buffers[column + 1], text_of(keys[i]));
    }
}

static size_t key_count(struct text vin)
{
    char keys[VIN_KEYS_MAX][NEAR_KEY_BYTES];

    return vin_keys(vin, keys);
}

static void ask_keyed(struct follow *follow)
{
    struct params *params;
    size_t count = 0;

    for (const struct follow_item *item = follow->items; item; item = item->next)
        count += item->banned ? key_count(item->vin) : 0;
    if (!count)
        return;
    params = PARAMS_BEGIN_ARRAYS(&follow->params, count, OID_INT8, OID_TEXT);
    for (const struct follow_item *item = follow->items; item; item = item->next)
        if (item->banned)
            put_keys(params, 0, item->item_id, item->vin);
    transaction_query(&follow->transaction, &keyed_statement, params, on_affected, follow);
}

static void ask_known(struct follow *follow)
{
    struct params *params;

    if (!follow->item_count)
        return;
    params = PARAMS_BEGIN_ARRAYS(&follow->params, follow->item_count, OID_INT8);
    for (const struct follow_item *item = follow->items; item; item = item->next)
        copy_put_i64(&params->buffers[0], item->item_id);
    transaction_query(&follow->transaction, &known_statement, params, on_affected, follow);
}

static void match(void *context)
{
    struct follow *follow = context;

    for (const struct follow_item *item = follow->items; item; item = item->next)
        if (item->banned)
            add_to_index(follow, item->vin);
    for (const struct follow_writing *writing = follow->writings; writing; writing = writing->next)
        search(follow, writing);
    ask_named(follow);
    ask_keyed(follow);
    ask_known(follow);
    transaction_then(&follow->transaction, begin, follow);
}

/* ---- the transaction ---- */

static int compare_ids(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void sort_affected(struct follow *follow)
{
    size_t kept = 0;

    if (follow->affected_count)
        qsort(follow->affected, follow->affected_count, sizeof *follow->affected, compare_ids);
    for (size_t i = 0; i < follow->affected_count; i++)
        if (kept == 0 || follow->affected[kept - 1] != follow->affected[i])
            follow->affected[kept++] = follow->affected[i];
    follow->affected_count = kept;
    if (kept > AFFECTED_MAX && follow->to - follow->from > 1)
        no_memory(follow);
}

static void on_swapped(void *context, const struct pg_result *result)
{
    struct follow *follow = context;

    if (pg_affected(result) != 1)
        transaction_fail(&follow->transaction, ERR_CONFLICT, "follower: another daemon follows the same log");
}

static void add_banned(struct follow *follow)
{
    struct params *params;
    size_t count = 0;

    for (const struct follow_item *item = follow->items; item; item = item->next)
        count += item->banned && item->vin.len == VIN_LEN;
    if (!count)
        return;
    params = PARAMS_BEGIN_ARRAYS(&follow->params, count, OID_INT8, OID_TEXT);
    for (const struct follow_item *item = follow->items; item; item = item->next)
        if (item->banned && item->vin.len == VIN_LEN) {
            copy_put_i64(&params->buffers[0], item->item_id);
            copy_put_text(&params->buffers[1], item->vin);
        }
    transaction_query(&follow->transaction, &add_banned_statement, params, NULL, NULL);
}

static void add_written(struct follow *follow)
{
    struct params *params =
        PARAMS_BEGIN_ARRAYS(&follow->params, follow->writing_count, OID_INT8, OID_INT2, OID_INT2, OID_TEXT, OID_BYTEA);

    for (const struct follow_writing *writing = follow->writings; writing; writing = writing->next) {
        copy_put_i64(&params->buffers[0], (int64_t)writing->log_index);
        copy_put_i16(&params->buffers[1], (int16_t)writing->ordinal);
        copy_put_i16(&params->buffers[2], (int16_t)writing->number);
        copy_put_text(&params->buffers[3], text_of(writing->written.text));
        copy_put_bytes(&params->buffers[4], writing->phones.data, writing->phones.len);
    }
    transaction_query(&follow->transaction, &add_written_statement, params, NULL, NULL);
}

static void add_keys(struct follow *follow)
{
    char keys[WRITTEN_KEYS_MAX][NEAR_KEY_BYTES];
    struct params *params;
    size_t count = 0;

    for (const struct follow_writing *writing = follow->writings; writing; writing = writing->next)
        count += written_keys(&writing->written, keys);
    params = PARAMS_BEGIN_ARRAYS(&follow->params, count, OID_TEXT, OID_INT8, OID_INT2, OID_INT2);
    for (const struct follow_writing *writing = follow->writings; writing; writing = writing->next) {
        count = written_keys(&writing->written, keys);
        for (size_t i = 0; i < count; i++) {
            copy_put_text(&params->buffers[0], text_of(keys[i]));
            copy_put_i64(&params->buffers[1], (int64_t)writing->log_index);
            copy_put_i16(&params->buffers[2], (int16_t)writing->ordinal);
            copy_put_i16(&params->buffers[3], (int16_t)writing->number);
        }
    }
    transaction_query(&follow->transaction, &add_keys_statement, params, NULL, NULL);
}

static struct params *ids_of(struct follow *follow, size_t from, size_t to)
{
    struct params *params = PARAMS_BEGIN_ARRAYS(&follow->params, to - from, OID_INT8);

    for (size_t i = from; i < to; i++)
        copy_put_i64(&params->buffers[0], follow->affected[i]);
    return params;
}

static void begin(void *context)
{
    struct follow *follow = context;
    struct params *params = &follow->params;

    sort_affected(follow);
    if (follow->transaction.code) {
        transaction_then(&follow->transaction, done, follow);
        return;
    }
    follow->in_transaction = true;
    transaction_query(&follow->transaction, &begin_statement, NULL, NULL, NULL);
    params_clear(params);
    params_add_i64(params, follow->from);
    params_add_i64(params, follow->to);
    transaction_query(&follow->transaction, &swap_statement, params, on_swapped, follow);
    add_banned(follow);
    if (follow->writing_count) {
        add_written(follow);
        add_keys(follow);
    }
    if (follow->affected_count)
        transaction_query(&follow->transaction, &lock_items_statement, ids_of(follow, 0, follow->affected_count), NULL,
                          NULL);
    transaction_then(&follow->transaction, weigh_piece, follow);
}

/* ---- weighing ---- */

static size_t piece_end(const struct follow *follow)
{
    size_t end = follow->affected_at + PIECE;

    return end < follow->affected_count ? end : follow->affected_count;
}

static void on_states(void *context, const struct pg_result *result)
{
    struct follow *follow = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        const struct item_ban ban = {pg_bool(result, row, 2), pg_time_us(result, row, 3), 0};
        struct item_dossier *item = &follow->dossiers.list[follow->dossiers.count];

        dossiers_add_item(&follow->dossiers, pg_i64(result, row, 0), (enum item_kind)pg_i64(result, row, 1), &ban);
        /* The VIN asks for the keys below; its row comes again with the evidence. */
        (void)text_copy(item->dossier.vin, sizeof item->dossier.vin, pg_bytes(result, row, 4));
    }
}

static void weigh_piece(void *context)
{
    struct follow *follow = context;

    if (follow->affected_at == follow->affected_count) {
        transaction_then(&follow->transaction, commit, follow);
        return;
    }
    if (dossiers_init(&follow->dossiers, &follow->arena, piece_end(follow) - follow->affected_at))
        no_memory(follow);
    transaction_query(&follow->transaction, &states_statement, ids_of(follow, follow->affected_at, piece_end(follow)),
                      on_states, follow);
    transaction_then(&follow->transaction, load_piece, follow);
}

static void on_evidence(void *context, const struct pg_result *result)
{
    struct follow *follow = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        const struct evidence_row evidence = {
            .item_id = pg_i64(result, row, 0),
            .part = (enum evidence_part)pg_i64(result, row, 1),
            .log_index = (uint64_t)pg_i64(result, row, 2),
            .ordinal = (uint16_t)pg_i64(result, row, 3),
            .scheme = (enum identifier_scheme)pg_i64(result, row, 4),
            .value = pg_bytes(result, row, 5),
            .proof = pg_bool(result, row, 6),
            .phone_hashes = pg_bytes(result, row, 7),
            .received_us = pg_time_us(result, row, 8),
            .record = pg_bytes(result, row, 9),
        };

        if (dossiers_add_row(&follow->dossiers, &evidence)) {
            no_memory(follow);
            return;
        }
    }
}

static void load_piece(void *context)
{
    struct follow *follow = context;
    struct dossiers *dossiers = &follow->dossiers;
    struct params *params = &follow->params;
    size_t count = 0;

    for (size_t i = 0; i < dossiers->count; i++)
        count += key_count(text_of(dossiers->list[i].dossier.vin));
    params_clear(params);
    array_begin(params_add(params), OID_INT8, dossiers->count);
    array_begin(params_add(params), OID_INT8, count);
    array_begin(params_add(params), OID_TEXT, count);
    for (size_t i = 0; i < dossiers->count; i++) {
        copy_put_i64(&params->buffers[0], dossiers->list[i].item_id);
        put_keys(params, 1, dossiers->list[i].item_id, text_of(dossiers->list[i].dossier.vin));
        dossiers->list[i].dossier.vin[0] = '\0';
    }
    transaction_query(&follow->transaction, &evidence_statement, params, on_evidence, follow);
    transaction_then(&follow->transaction, judge_piece, follow);
}

static void judge_piece(void *context)
{
    struct follow *follow = context;

    if (dossiers_judge(&follow->dossiers))
        no_memory(follow);
    else
        flags_settle_dossiers(&follow->transaction, &follow->params, &follow->dossiers);
    follow->affected_at = piece_end(follow);
    transaction_then(&follow->transaction, weigh_piece, follow);
}

/* ---- the end ---- */

static void commit(void *context)
{
    struct follow *follow = context;

    follow->fold_due |= follow->name_count || follow->affected_count;
    fold_floods(follow);
    transaction_query(&follow->transaction, &commit_statement, NULL, NULL, NULL);
    transaction_then(&follow->transaction, done, follow);
}

static void done(void *context)
{
    struct follow *follow = context;

    follow->in_transaction = false;
    follow->on_done(follow->context, 0, NULL);
}

static void report_failure(void *context)
{
    struct follow *follow = context;

    follow->on_done(follow->context, follow->transaction.error.code, &follow->transaction.error);
}

static void failed(void *context)
{
    struct follow *follow = context;
    struct transaction *transaction = &follow->transaction;
    struct error error = transaction->error;

    error.code = transaction->code;
    transaction_start(transaction);
    if (follow->in_transaction && pg_is_connected(transaction->pg)) {
        follow->in_transaction = false;
        transaction_query(transaction, &rollback_statement, NULL, NULL, NULL);
    }
    transaction->error = error;
    transaction->on_failed =
        report_failure; /* a ROLLBACK that fails means the connection is gone: that rolls back too */
    transaction_then(transaction, report_failure, follow);
    transaction->on_failed = failed;
}
