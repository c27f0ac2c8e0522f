/* store.c - the ingest transaction.
 *
 *   look up    older epochs, and what was said under seqs that were seen before          (only when the batch has such)
 *   begin      streams compared and swapped by version: who loses starts over
 *   telemetry  fixes and readings copied; leaves salted and hashed meanwhile
 *   items      found, created, locked in order, their history loaded                     (only with events or sightings)
 *   trucks     their states locked, in order                                             (only with what trucks said)
 *   head       locked last: from here to COMMIT nobody else appends; its partial tiles read when the batch completes one
 *              (left out by a lane that seems to be alone with the head)
 *   write      head compared and swapped, records copied with their log index, tiles, keys, dead letters, items folded and flags
 *              moved, trucks folded on, COMMIT
 *
 * Everything before the head lock runs beside the other lanes' transactions. A small batch copies nothing but readings: its fixes go with the streams, its
 * records and keys with the swap of the head, and without events, of a lane that is alone, all of that is one statement in one turn. */
#include "ingest/store.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/flags.h"
#include "ingest/judge.h"
#include "ingest/sign.h"

enum { PARAM_BYTES_MAX = 64 * 1024 * 1024, ALONE_AFTER = 16 };

static const struct pg_statement begin_statement = {0, "BEGIN"};
static const struct pg_statement commit_statement = {1, "COMMIT"};
static const struct pg_statement rollback_statement = {2, "ROLLBACK"};
/* What a live batch brings goes in as few statements as its locks allow: to start one costs the server more than its rows do. A lane that is
 * alone with the head needs one; else the streams, with the fixes, go before the items, and the records, with the keys, with the head. Arrays
 * are unnested in the list of what is selected, not in FROM, where each of them would get a store of its own, 16 KB that are taken from the
 * system and given back with every statement. Common table expressions that change something run in the order in which the last SELECT asks
 * for them: streams before the head. */
#define STREAMS_ADVANCED(source, epoch, version, next_seq, state)                                                      \
    "given AS (SELECT unnest($" #source "::bigint[]) AS source_id, unnest($" #epoch "::int[]) AS epoch,"               \
    "   unnest($" #version "::bigint[]) AS version, unnest($" #next_seq "::bigint[]) AS next_seq,"                     \
    "   unnest($" #state "::bytea[]) AS state),"                                                                       \
    " moved AS (UPDATE ledger.stream s SET version = s.version + 1, next_seq = g.next_seq, state = g.state, "          \
    "updated_at = now()"                                                                                               \
    "   FROM given g WHERE s.source_id = g.source_id AND s.epoch = g.epoch AND s.version = g.version RETURNING 1),"    \
    " added AS (INSERT INTO ledger.stream (source_id, epoch, version, next_seq, state, updated_at)"                    \
    "   SELECT source_id, epoch, 1, next_seq, state, now() FROM given WHERE version = 0 ON CONFLICT DO NOTHING "       \
    "RETURNING 1)"
/* The function is called only to complain: two calls cost a small batch a twentieth. */
#define STREAMS_EXPECTED(count)                                                                                        \
    "CASE WHEN count(*) <> $" #count "::bigint THEN ledger.expect(count(*), $" #count "::bigint, 'streams') END"
#define FROM_STREAMS " FROM (SELECT 1 FROM moved UNION ALL SELECT 1 FROM added) AS advanced"
#define FIXES_ADDED(at, source, seq, epoch, lon, lat, speed, accuracy, course, datum)                                  \
    ", fixes AS (INSERT INTO telemetry.fix"                                                                            \
    " (at, source_id, seq, epoch, lon_e7, lat_e7, speed_cm_s, accuracy_cm, course_cdeg, datum)"                        \
    " SELECT unnest($" #at "::timestamptz[]), unnest($" #source "::bigint[]), unnest($" #seq "::bigint[]),"            \
    " unnest($" #epoch "::int[]), unnest($" #lon "::int[]), unnest($" #lat "::int[]), unnest($" #speed "::int[]),"     \
    " unnest($" #accuracy "::int[]), unnest($" #course "::int[]), unnest($" #datum "::smallint[]))"
/* `edges` is "" or EDGES_MOVED. */
#define HEAD_SWAPPED(edges)                                                                                            \
    "swapped AS (UPDATE ledger.head SET size = $1::bigint, frontier = $2::bytea, root = $3::bytea, updated_at = "      \
    "now()" edges " WHERE size = $4::bigint AND frontier = $5::bytea RETURNING 1)"
/* An edge that is not given keeps its place out of line. */
#define EDGES_MOVED(edges)                                                                                             \
    ", edge_1 = coalesce(($" #edges "::bytea[])[1], edge_1), edge_2 = coalesce(($" #edges "::bytea[])[2], edge_2),"    \
    " edge_3 = coalesce(($" #edges "::bytea[])[3], edge_3), edge_4 = coalesce(($" #edges "::bytea[])[4], edge_4),"     \
    " edge_5 = coalesce(($" #edges "::bytea[])[5], edge_5), edge_6 = coalesce(($" #edges "::bytea[])[6], edge_6),"     \
    " edge_7 = coalesce(($" #edges "::bytea[])[7], edge_7)"
#define HEAD_EXPECTED "SELECT CASE WHEN count(*) <> 1 THEN ledger.expect(count(*), 1, 'head') END FROM swapped"
/* Nothing is inserted but for a head that was swapped: who has lost it must not trip over another's log indexes. */
#define RECORDS_APPENDED                                                                                               \
    ", records AS (INSERT INTO ledger.record (log_index, type, received_at, source_id, salt, leaf_hash, record)"       \
    " SELECT unnest($6::bigint[]), unnest($7::smallint[]), unnest($8::timestamptz[]), unnest($9::bigint[]),"           \
    " unnest($10::bytea[]), unnest($11::bytea[]), unnest($12::bytea[]) FROM swapped),"                                 \
    " keys AS (INSERT INTO ledger.ingest_key (source_id, epoch, first_seq, last_seq, first_index)"                     \
    " SELECT unnest($13::bigint[]), unnest($14::int[]), unnest($15::bigint[]), unnest($16::bigint[]),"                 \
    " unnest($17::bigint[]) FROM swapped)"
static const struct pg_statement advance_statement = {
    5, "WITH " STREAMS_ADVANCED(1, 2, 3, 4, 5) " SELECT " STREAMS_EXPECTED(6) FROM_STREAMS};
static const struct pg_statement advance_with_fixes_statement = {
    13, "WITH " STREAMS_ADVANCED(1, 2, 3, 4, 5)
            FIXES_ADDED(7, 8, 9, 10, 11, 12, 13, 14, 15, 16) " SELECT " STREAMS_EXPECTED(6) FROM_STREAMS};
static const struct pg_statement swap_head_statement = {9, "WITH " HEAD_SWAPPED(EDGES_MOVED(6)) " " HEAD_EXPECTED};
static const struct pg_statement swap_head_and_append_statement = {14, "WITH " HEAD_SWAPPED(EDGES_MOVED(18))
                                                                           RECORDS_APPENDED " " HEAD_EXPECTED};
static const struct pg_statement all_at_once_statement = {
    17, "WITH " STREAMS_ADVANCED(18, 19, 20, 21, 22)
            FIXES_ADDED(24, 25, 26, 27, 28, 29, 30, 31, 32, 33) ", " HEAD_SWAPPED("") RECORDS_APPENDED
    " SELECT " STREAMS_EXPECTED(23) ", (" HEAD_EXPECTED ")" FROM_STREAMS};
static const struct pg_statement lock_head_statement = {6, "SELECT size, frontier FROM ledger.head FOR UPDATE"};
/* After the lock and apart from it, because only a new statement sees the records of whoever held it before. The bound above
 * matters to the planner alone: without it a third of the records would be expected, and all of them read. */
static const struct pg_statement read_tiles_statement = {
    16, "SELECT (SELECT string_agg(r.leaf_hash, '' ORDER BY r.log_index) FROM ledger.record AS r"
        "   WHERE r.log_index BETWEEN h.size - h.size % 256 AND h.size),"
        " h.edge_1, h.edge_2, h.edge_3, h.edge_4, h.edge_5, h.edge_6, h.edge_7"
        " FROM ledger.head AS h WHERE h.size % 256 + $1::bigint >= 256"};
static const struct pg_statement read_head_statement = {12, "SELECT size, root FROM ledger.head"};

static void find_streams(void *context);
static void judge_range(void *context);
static void begin(void *context);
static void copy_telemetry(void *context);
static void load_items(void *context);
static void load_trucks(void *context);
static void lock_head(void *context);
static void write_all(void *context);
static void committed(void *context);
static void done(void *context);
static void failed(void *context);

int store_init(struct store *store, struct pg *pg, struct gate *gate, size_t judge_max_bytes)
{
    *store = (struct store){.gate = gate, .judge = judge_new(judge_max_bytes, &gate->config->clock_behind_s)};
    transaction_init(&store->transaction, pg, store, failed);
    params_init(&store->params, PARAM_BYTES_MAX);
    records_init(&store->records);
    return store->judge ? 0 : ERR_NO_MEMORY;
}

void store_fini(struct store *store)
{
    judge_free(store->judge);
    params_fini(&store->params);
    records_fini(&store->records);
}

/* ---- looking up what this batch needs to know ---- */

static void find_streams(void *context)
{
    struct store *store = context;

    recall_older_streams(&store->recall);
    transaction_then(&store->transaction, judge_range, store);
}

static void judge_range(void *context)
{
    struct store *store = context;

    if (gate_judge(store->gate, store->batch))
        transaction_fail(&store->transaction, ERR_NO_MEMORY,
                         "batch: out of memory; hint: raise arena_max_bytes or lower batch_max_envelopes");
    recall_seen(&store->recall);
    transaction_then(&store->transaction, begin, store);
}

/* ---- the transaction ---- */

static size_t count_touched_streams(const struct batch *batch)
{
    size_t count = 0;

    for (const struct batch_stream *stream = batch->streams; stream; stream = stream->next)
        count += stream->touched;
    return count;
}

/* The streams' arrays and how many they are. */
static void add_streams(struct store *store)
{
    static const enum pg_type_oid types[] = {OID_INT8, OID_INT4, OID_INT8, OID_INT8, OID_BYTEA};
    size_t count = count_touched_streams(store->batch);
    struct buffer *columns = params_add_arrays(&store->params, types, sizeof types / sizeof *types, count);
    struct buffer state;

    buffer_init(&state, 64 * 1024);
    for (const struct batch_stream *stream = store->batch->streams; stream; stream = stream->next) {
        if (!stream->touched)
            continue;
        buffer_clear(&state);
        stream_encode(&stream->stream, &state);
        copy_put_i64(&columns[0], stream->source->source_id);
        copy_put_i32(&columns[1], (int32_t)stream->epoch);
        copy_put_i64(&columns[2], stream->version);
        copy_put_i64(&columns[3], (int64_t)stream->stream.next_seq);
        copy_put_bytes(&columns[4], state.data, state.len);
    }
    buffer_fini(&state);
    params_add_i64(&store->params, (int64_t)count);
}

/* With the fixes of a batch that has few; the others are copied. */
static void advance_streams(struct store *store)
{
    bool with_fixes = store->batch->fix_count && records_are_few(store->batch);

    if (!count_touched_streams(store->batch))
        return;
    params_clear(&store->params);
    add_streams(store);
    if (with_fixes)
        records_add_fixes(&store->records, &store->params, store->batch);
    transaction_query(&store->transaction, with_fixes ? &advance_with_fixes_statement : &advance_statement,
                      &store->params, NULL, NULL);
}

static bool completes_tiles(const struct store *store)
{
    return edge_completes(store->edge.frontier.size, store->batch->leaf_count);
}

/* Whoever has found the head as they left it a few times running seems to be alone with it, and does without a turn to the
 * server: the swap finds out. */
static bool head_is_ours(const struct store *store)
{
    return store->alone >= ALONE_AFTER && (store->edge.has_tiles || !completes_tiles(store));
}

static void prepare_records(struct store *store)
{
    if (records_prepare(&store->records, store->batch))
        transaction_fail(&store->transaction, ERR_NO_MEMORY, "records: out of memory; hint: lower batch_max_envelopes");
}

/* Items or trucks have to be read between the streams and the head. */
static bool looks_first(const struct store *store)
{
    return judge_wanted(store->batch) || store->moves_trucks;
}

/* Nothing has to be asked before all is written, no edge moves, and there is something of a stream in it. */
static bool goes_at_once(const struct store *store)
{
    return head_is_ours(store) && !completes_tiles(store) && !looks_first(store) && count_touched_streams(store->batch);
}

static void begin(void *context)
{
    struct store *store = context;

    if (batch_arrange(store->batch))
        transaction_fail(&store->transaction, ERR_NO_MEMORY, "batch: out of memory");
    if (!store->transaction.code && store->batch->leaf_count == 0) {
        /* Only duplicates: nothing to write, but the acknowledgement names the tree as it is. */
        done(store);
        return;
    }
    store->in_transaction = true;
    store->at_once = false;
    store->moves_trucks = !store->transaction.code && trucks_gather(&store->trucks, &store->transaction, store->batch,
                                                                    registry_directory(store->gate->registry));
    transaction_query(&store->transaction, &begin_statement, NULL, NULL, NULL);
    if (!records_are_few(store->batch)) {
        advance_streams(store);
        transaction_then(&store->transaction, copy_telemetry, store);
        return;
    }
    /* A live batch: all that needs no answer goes in one pipeline. Whoever loses the streams rolls the rest back. */
    prepare_records(store);
    store->at_once = goes_at_once(store);
    if (!store->at_once)
        advance_streams(store);
    records_copy_telemetry(&store->records, &store->transaction, store->batch);
    if (looks_first(store))
        transaction_then(&store->transaction, load_items, store);
    else
        lock_head(store);
}

static void copy_telemetry(void *context)
{
    struct store *store = context;

    prepare_records(store);
    records_copy_telemetry(&store->records, &store->transaction, store->batch);
    transaction_then(&store->transaction, load_items, store);
}

static void load_items(void *context)
{
    struct store *store = context;

    if (judge_wanted(store->batch))
        judge_load(store->judge, &store->transaction, store->batch, registry_directory(store->gate->registry),
                   load_trucks, store);
    else
        load_trucks(store);
}

static void load_trucks(void *context)
{
    struct store *store = context;

    if (!store->moves_trucks) {
        lock_head(store);
        return;
    }
    trucks_load(&store->trucks, &store->params);
    transaction_then(&store->transaction, lock_head, store);
}

/* A head that is smaller than what was signed is that of a backup: what is built on it would be a fork. */
static void check_against_signed(struct store *store, uint64_t size)
{
    if (store->guard && size < store->guard->signed_size)
        transaction_fail(&store->transaction, ERR_STATE,
                         "head: %" PRIu64 " leaves, and %" PRIu64 " were signed; hint: a backup was restored", size,
                         store->guard->signed_size);
}

static void on_head(void *context, const struct pg_result *result)
{
    struct store *store = context;
    uint64_t size = (uint64_t)pg_i64(result, 0, 0);

    store->alone = size == store->edge.frontier.size ? store->alone + 1 : 0;
    if (pg_rows(result) != 1 || edge_load(&store->edge, size, pg_bytes(result, 0, 1)))
        transaction_fail(&store->transaction, ERR_INTERNAL,
                         "head: its frontier does not fit its size; hint: the ledger was altered");
    check_against_signed(store, size);
}

static void on_tiles(void *context, const struct pg_result *result)
{
    struct store *store = context;
    struct text tiles[TILE_LEVELS];

    if (pg_rows(result) == 0 && !edge_completes(store->edge.frontier.size, store->batch->leaf_count))
        return;
    for (unsigned level = 0; level < TILE_LEVELS && pg_rows(result) == 1; level++)
        tiles[level] = pg_bytes(result, 0, level);
    if (pg_rows(result) != 1 || edge_load_tiles(&store->edge, tiles))
        transaction_fail(&store->transaction, ERR_INTERNAL,
                         "head: its edges, or the last records, do not fit its frontier; hint: the ledger was altered");
}

static void lock_head(void *context)
{
    struct store *store = context;

    if (head_is_ours(store)) {
        write_all(store);
        return;
    }
    transaction_query(&store->transaction, &lock_head_statement, NULL, on_head, store);
    params_clear(&store->params);
    params_add_i64(&store->params, (int64_t)store->batch->leaf_count);
    transaction_query(&store->transaction, &read_tiles_statement, &store->params, on_tiles, store);
    transaction_then(&store->transaction, write_all, store);
}

/* The edges above the tiles that became full; NULL for those that stay. */
static void put_edges(struct buffer *edges, const struct edge *edge, uint64_t old_size)
{
    struct tile_span spans[TILE_LEVELS];
    size_t moved = tiles_completed(old_size, edge->frontier.size, spans);

    array_begin(edges, OID_BYTEA, TILE_LEVELS - 1);
    for (unsigned level = 1; level < TILE_LEVELS; level++) {
        if (level <= moved)
            copy_put_text(edges, edge_tile(edge, level));
        else
            copy_put_null(edges);
    }
}

static void add_head(struct store *store, const struct frontier *before)
{
    const struct frontier *frontier = &store->edge.frontier;
    struct params *params = &store->params;

    params_add_i64(params, (int64_t)frontier->size);
    params_add_bytes(params, frontier->nodes, frontier->count * SHA256_BYTES);
    params_add_bytes(params, store->head.root.bytes, SHA256_BYTES);
    params_add_i64(params, (int64_t)before->size);
    params_add_bytes(params, before->nodes, before->count * SHA256_BYTES);
}

static void append_few(struct store *store, const struct frontier *before)
{
    records_add_leaves(&store->records, &store->params, store->batch);
    records_add_keys(&store->params, store->batch);
    if (store->at_once) {
        add_streams(store);
        records_add_fixes(&store->records, &store->params, store->batch);
    } else {
        put_edges(params_add(&store->params), &store->edge, before->size);
    }
    transaction_query(&store->transaction, store->at_once ? &all_at_once_statement : &swap_head_and_append_statement,
                      &store->params, NULL, NULL);
}

/* `before` is what the head must still be. */
static void append_records(struct store *store, const struct frontier *before)
{
    params_clear(&store->params);
    add_head(store, before);
    if (records_are_few(store->batch)) {
        append_few(store, before);
    } else {
        put_edges(params_add(&store->params), &store->edge, before->size);
        transaction_query(&store->transaction, &swap_head_statement, &store->params, NULL, NULL);
        records_copy_leaves(&store->records, &store->transaction, &store->params, store->batch);
    }
    records_write_tiles(&store->records, &store->transaction, &store->params);
}

/* Where the newest envelope of each stream lies in the log. */
static void find_heads(const struct batch *batch)
{
    for (struct batch_stream *stream = batch->streams; stream; stream = stream->next)
        for (const struct batch_envelope *envelope = stream->first; envelope; envelope = envelope->next)
            if (envelope->header.seq + 1 == stream->stream.next_seq)
                stream->head_index = (int64_t)envelope->log_index;
}

/* The head first: who has lost it writes nothing under indexes that are another's. COMMIT travels with the rest: every
 * statement that may find something else than it expects fails in the server, and then COMMIT is not reached. */
static void write_all(void *context)
{
    struct store *store = context;
    struct frontier before = store->edge.frontier;

    if (store->guard && store->guard->refused) {
        transaction_fail(&store->transaction, ERR_STATE, "head: the log is not the one that was signed");
        transaction_then(&store->transaction, committed, store);
        return;
    }
    records_number(&store->records, store->batch, &store->edge);
    find_heads(store->batch);
    store->head.size = store->edge.frontier.size;
    store->head.root = frontier_root(&store->edge.frontier);
    append_records(store, &before);
    records_write_dead_letters(&store->transaction, &store->params, store->batch);
    if (judge_wanted(store->batch))
        judge_write(store->judge, &store->transaction, store->batch, registry_directory(store->gate->registry));
    flags_settle_sources(&store->transaction, &store->params, store->batch);
    if (store->moves_trucks) {
        if (judge_wanted(store->batch))
            judge_name_items(store->judge);
        trucks_write(&store->trucks, &store->params, store->gate->registry, clock_now_us());
    }
    transaction_query(&store->transaction, &commit_statement, NULL, NULL, NULL);
    transaction_then(&store->transaction, committed, store);
    store->on_numbered(store->context);
}

/* ---- afterwards ---- */

/* Once, when its fate is sealed; what is unattributable was logged on arrival. */
static void log_refusal(const struct batch_envelope *envelope)
{
    if (envelope->source)
        log_warn("refused", "reason=%s source=%s epoch=%" PRIu32 " seq=%" PRIu64 " error=\"%s\" kept=%s",
                 refusal_reason_word(envelope->reason), envelope->source->name, envelope->header.epoch,
                 envelope->header.seq, log_text(envelope->detail), envelope->fate == FATE_DEAD ? "dead_letter" : "no");
}

static void count_stored(struct store *store)
{
    struct counters *counters = store->gate->counters;
    const struct batch *batch = store->batch;

    for (size_t i = batch->from; i < batch->to; i++) {
        switch (batch->envelopes[i]->fate) {
        case FATE_STORED:
        case FATE_EQUIVOCATION:
            counters->stored++;
            break;
        case FATE_DEAD:
            counters->dead_lettered++;
            log_refusal(batch->envelopes[i]);
            break;
        case FATE_DUPLICATE:
            counters->duplicate++;
            break;
        case FATE_SEND_AGAIN:
            counters->dropped++;
            log_refusal(batch->envelopes[i]);
            break;
        case FATE_DROPPED: /* counted on arrival */
        case FATE_PENDING:
        case FATE_SEEN:
            break;
        }
    }
    counters->fixes += batch->fix_count;
    counters->events += batch->event_count;
    counters->sightings += batch->sighting_count;
    counters->batches++;
}

/* What is committed becomes what the registry knows. */
static void keep_streams(struct store *store)
{
    for (struct batch_stream *stream = store->batch->streams; stream; stream = stream->next) {
        struct source *source = stream->source;

        if (!stream->touched || (source->version && stream->epoch < source->epoch))
            continue;
        if (stream_copy(&source->stream, &stream->stream)) {
            source->version = -1; /* cannot match: the next batch reads it from the database */
            continue;
        }
        source->epoch = stream->epoch;
        source->version = stream->version + 1;
        source->head_index = stream->head_index;
    }
}

static void committed(void *context)
{
    struct store *store = context;

    store->in_transaction = false;
    done(store);
}

static void finished(void *context)
{
    struct store *store = context;

    if (store->refreshing)
        store->refreshing = false;
    else
        count_stored(store);
    store->on_done(store->context, 0, NULL);
}

static void on_read_head(void *context, const struct pg_result *result)
{
    struct store *store = context;
    struct text root = pg_bytes(result, 0, 1);

    if (pg_rows(result) != 1 || root.len != SHA256_BYTES) {
        transaction_fail(&store->transaction, ERR_INTERNAL, "head: no head row; hint: the ledger was altered");
        return;
    }
    store->head.size = (uint64_t)pg_i64(result, 0, 0);
    memcpy(store->head.root.bytes, root.data, SHA256_BYTES);
    check_against_signed(store, store->head.size);
}

static void done(void *context)
{
    struct store *store = context;

    keep_streams(store);
    recall_head_indexes(&store->recall);
    if (store->batch->leaf_count == 0)
        transaction_query(&store->transaction, &read_head_statement, NULL, on_read_head, store);
    transaction_then(&store->transaction, finished, store);
}

static void report_failure(void *context)
{
    struct store *store = context;

    store->on_done(store->context, store->transaction.error.code, &store->transaction.error);
}

/* Whatever failed: nothing of it stays. */
static void failed(void *context)
{
    struct store *store = context;
    struct transaction *transaction = &store->transaction;
    struct error error = transaction->error;

    error.code = transaction->code;
    store->alone = 0; /* the edge may be ahead of what is stored */
    transaction_start(transaction);
    if (store->in_transaction && pg_is_connected(transaction->pg)) {
        store->in_transaction = false;
        transaction_query(transaction, &rollback_statement, NULL, NULL, NULL);
    }
    transaction->error = error;
    /* A ROLLBACK that fails means the connection is gone: that rolls back too. */
    transaction->on_failed = report_failure;
    transaction_then(transaction, report_failure, store);
    transaction->on_failed = failed;
}

void store_run(struct store *store, struct batch *batch, store_on_numbered on_numbered, store_on_done on_done,
               void *context)
{
    store->batch = batch;
    store->recall = (struct recall){&store->transaction, &store->params, batch};
    store->on_numbered = on_numbered;
    store->on_done = on_done;
    store->context = context;
    store->in_transaction = store->refreshing = false;
    transaction_start(&store->transaction);
    if (!pg_is_connected(store->transaction.pg))
        transaction_fail(&store->transaction, ERR_UNREACHABLE, "database: not connected");
    transaction_then(&store->transaction, find_streams, store);
}

void store_refresh(struct store *store, struct batch *batch, store_on_done on_done, void *context)
{
    store->batch = batch;
    store->recall = (struct recall){&store->transaction, &store->params, batch};
    store->on_done = on_done;
    store->context = context;
    store->in_transaction = false;
    store->refreshing = true;
    transaction_start(&store->transaction);
    recall_newest_streams(&store->recall);
    transaction_then(&store->transaction, finished, store);
}
