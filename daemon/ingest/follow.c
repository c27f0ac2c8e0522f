/* follow.c - one pass.
 *
 *   range    from where the log was followed to its head, or as far as one pass may go
 *   read     items that have events there, or whose ban changed without one; records with sightings there
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
#include "ingest/flags.h"
#include "ingest/follow_read.h"
#include "ingest/sellers.h"

enum {
    PARAM_BYTES_MAX = 16 * 1024 * 1024,
    AFFECTED_MAX = 1024, /* items of one pass; more: half the window, while there is more than one record */
    PIECE = 64,          /* items weighed at once */
    CHANGES_MAX = 1024,  /* in changes_statement too */
    FOLD_INTERVAL_US = 1000000,
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
static const struct pg_statement swap_statement = {
    9, "UPDATE reentry.progress SET followed = $2::bigint WHERE followed = $1::bigint"};
static const struct pg_statement add_banned_statement = {10,
                                                         "INSERT INTO reentry.banned_vin (item_id, vin) SELECT * FROM "
                                                         "unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING"};
static const struct pg_statement add_written_statement = {
    11, "INSERT INTO reentry.written (log_index, ordinal, number, text, phone_hashes)"
        " SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::text[], $5::bytea[]) ON CONFLICT DO "
        "NOTHING"};
static const struct pg_statement add_keys_statement = {
    12, "INSERT INTO reentry.near_key (key, log_index, ordinal, number)"
        " SELECT * FROM unnest($1::text[], $2::bigint[], $3::smallint[], $4::smallint[]) ON CONFLICT DO NOTHING"};
static const struct pg_statement lock_items_statement = {
    13, "SELECT item_id FROM custody.item WHERE item_id = ANY ($1::bigint[]) ORDER BY item_id FOR UPDATE"};
static const struct pg_statement states_statement = {
    14, "SELECT i.item_id, i.kind, i.ban <> 0, i.banned_at, (SELECT min(d.value) FROM custody.identifier d"
        " WHERE d.item_id = i.item_id AND d.scheme + 0 = 1 AND d.proof) FROM custody.item i"
        " WHERE i.item_id = ANY ($1::bigint[]) ORDER BY i.item_id"};
static const struct pg_statement evidence_statement = {
    15, "SELECT item_id, part, log_index, ordinal, scheme, value, proof, phone_hashes, received_at, record"
        " FROM reentry.evidence($1::bigint[], $2::bigint[], $3::text[])"};
static const struct pg_statement fold_statement = {16, "SELECT flag.fold_floods($1::int, $2::int, $3::int)"};

/* Bans that changed without an event. */
static const struct pg_statement changes_statement = {
    18, "SELECT change_id, item_id FROM reentry.ban_change ORDER BY change_id LIMIT 1024"};
static const struct pg_statement drop_changes_statement = {
    19, "DELETE FROM reentry.ban_change WHERE change_id = ANY ($1::bigint[])"};

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

void follow_no_memory(struct follow *follow)
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

static void on_changes(void *context, const struct pg_result *result)
{
    struct follow *follow = context;

    follow->change_count = pg_rows(result);
    follow->at_head = follow->at_head && follow->change_count < CHANGES_MAX;
    follow->changes = arena_array(&follow->arena, follow->change_count, sizeof *follow->changes);
    follow->changed_items = arena_array(&follow->arena, follow->change_count, sizeof *follow->changed_items);
    for (size_t row = 0; follow->changes && follow->changed_items && row < follow->change_count; row++) {
        follow->changes[row] = pg_i64(result, row, 0);
        follow->changed_items[row] = pg_i64(result, row, 1);
    }
    if (!follow->changes || !follow->changed_items)
        follow_no_memory(follow);
}

void follow_run(struct follow *follow, int64_t now_us)
{
    arena_reset(&follow->arena);
    follow->now_us = now_us;
    follow->in_transaction = false;
    follow->writings = NULL;
    follow->names = NULL;
    follow->items = NULL;
    follow->trades = NULL;
    follow->flags = NULL;
    follow->writing_count = follow->name_count = follow->item_count = 0;
    follow->affected = NULL;
    follow->affected_count = follow->affected_room = follow->affected_at = 0;
    transaction_start(&follow->transaction);
    params_clear(&follow->params);
    params_add_i64(&follow->params, follow->window);
    transaction_query(&follow->transaction, &range_statement, &follow->params, on_range, follow);
    transaction_query(&follow->transaction, &changes_statement, NULL, on_changes, follow);
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

static void read_range(void *context)
{
    struct follow *follow = context;

    if (follow->from == follow->to && !follow->change_count) {
        fold_floods(follow);
        transaction_then(&follow->transaction, done, follow);
        return;
    }
    follow_read(follow);
    sellers_read(follow);
    transaction_then(&follow->transaction, match, follow);
}

static void match(void *context)
{
    struct follow *follow = context;

    follow_match(follow);
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
    if (kept <= AFFECTED_MAX)
        return;
    if (follow->to - follow->from > 1) {
        follow_no_memory(follow);
        return;
    }
    follow->crowded += kept - AFFECTED_MAX;
    follow->affected_count = AFFECTED_MAX;
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
    params_clear(&follow->params);
    follow_put_ids(&follow->params, follow->affected + from, to - from);
    return &follow->params;
}

static void drop_changes(struct follow *follow)
{
    if (!follow->change_count)
        return;
    params_clear(&follow->params);
    follow_put_ids(&follow->params, follow->changes, follow->change_count);
    transaction_query(&follow->transaction, &drop_changes_statement, &follow->params, NULL, NULL);
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
    drop_changes(follow);
    add_banned(follow);
    if (follow->writing_count) {
        add_written(follow);
        add_keys(follow);
    }
    flags_settle_sightings(&follow->transaction, &follow->params, follow->flags);
    sellers_judge(follow);
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
        follow_no_memory(follow);
    transaction_query(&follow->transaction, &states_statement, ids_of(follow, follow->affected_at, piece_end(follow)),
                      on_states, follow);
    transaction_then(&follow->transaction, load_piece, follow);
}

/* Judging needs some, too. */
static bool has_memory(const struct follow *follow)
{
    return follow->arena.used_bytes < follow->arena.cap_bytes / 4 * 3;
}

/* A pass over fewer records needs less. What one record brings about is judged by what there is room for, so that nothing stops for it. */
static void starve(struct follow *follow)
{
    if (follow->to - follow->from > 1) {
        follow_no_memory(follow);
        return;
    }
    follow->dossiers.capped = true;
    log_warn("evidence_capped", "log_index=%lld hint=\"raise arena_max_bytes; rebuild looks at all\"",
             (long long)follow->from);
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

        if (!has_memory(follow) || dossiers_add_row(&follow->dossiers, &evidence)) {
            starve(follow);
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
        count += follow_key_count(text_of(dossiers->list[i].dossier.vin));
    params_clear(params);
    array_begin(params_add(params), OID_INT8, dossiers->count);
    array_begin(params_add(params), OID_INT8, count);
    array_begin(params_add(params), OID_TEXT, count);
    for (size_t i = 0; i < dossiers->count; i++) {
        copy_put_i64(&params->buffers[0], dossiers->list[i].item_id);
        follow_put_keys(params, 1, dossiers->list[i].item_id, text_of(dossiers->list[i].dossier.vin));
        dossiers->list[i].dossier.vin[0] = '\0';
    }
    transaction_query(&follow->transaction, &evidence_statement, params, on_evidence, follow);
    transaction_then(&follow->transaction, judge_piece, follow);
}

static void judge_piece(void *context)
{
    struct follow *follow = context;

    if (dossiers_judge(&follow->dossiers))
        follow_no_memory(follow);
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
    sellers_settle(follow);
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
