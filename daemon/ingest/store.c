/* store.c - the ingest transaction.
 *
 *   look up    older epochs, and what was said under seqs that were seen before          (only when the batch has such)
 *   begin      streams compared and swapped by version: who loses starts over
 *   telemetry  fixes and readings copied; leaves salted and hashed meanwhile
 *   items      found, created, locked in order, their history loaded                     (only with events or sightings)
 *   head       locked last: from here to COMMIT nobody else appends
 *   write      items folded and flags moved, records copied with their log index, keys, dead letters, head swapped, COMMIT
 *
 * Everything before the head lock runs beside the other lanes' transactions. */
#include "ingest/store.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/judge.h"

enum { COPY_BYTES_MAX = 512 * 1024 * 1024, PARAM_BYTES_MAX = 64 * 1024 * 1024 };

static const struct pg_statement begin_statement = {0, "BEGIN"};
static const struct pg_statement commit_statement = {1, "COMMIT"};
static const struct pg_statement rollback_statement = {2, "ROLLBACK"};
static const struct pg_statement older_streams_statement = {
    3, "SELECT t.source_id, t.epoch, t.version, t.state FROM unnest($1::bigint[], $2::int[]) AS q (source_id, epoch)"
       " JOIN ledger.stream t ON t.source_id = q.source_id AND t.epoch = q.epoch"};
static const struct pg_statement seen_statement = {
    4,
    "SELECT q.n, k.log_index IS NOT NULL, coalesce(sha256(r.record) = q.hash, false) OR r.record IS NULL,"
    " EXISTS (SELECT FROM ledger.record e WHERE e.type = 6 AND e.source_id = q.source_id AND sha256(e.record) = q.hash)"
    " FROM unnest($1::int[], $2::bigint[], $3::int[], $4::bigint[], $5::bytea[]) AS q (n, source_id, epoch, seq, hash)"
    " LEFT JOIN LATERAL (SELECT i.first_index + (q.seq - i.first_seq) AS log_index FROM ledger.ingest_key i"
    "   WHERE i.source_id = q.source_id AND i.epoch = q.epoch AND i.first_seq <= q.seq AND i.last_seq >= q.seq"
    "   ORDER BY i.first_seq DESC LIMIT 1) k ON true"
    " LEFT JOIN ledger.record r ON r.log_index = k.log_index"};
static const struct pg_statement advance_statement = {
    5, "WITH given AS (SELECT * FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bytea[])"
       "   AS g (source_id, epoch, version, next_seq, state)),"
       " moved AS (UPDATE ledger.stream s SET version = s.version + 1, next_seq = g.next_seq, state = g.state, "
       "updated_at = now()"
       "   FROM given g WHERE s.source_id = g.source_id AND s.epoch = g.epoch AND s.version = g.version RETURNING 1),"
       " added AS (INSERT INTO ledger.stream (source_id, epoch, version, next_seq, state, updated_at)"
       "   SELECT source_id, epoch, 1, next_seq, state, now() FROM given WHERE version = 0 ON CONFLICT DO NOTHING "
       "RETURNING 1)"
       " SELECT (SELECT count(*) FROM moved) + (SELECT count(*) FROM added)"};
static const struct pg_statement lock_head_statement = {6, "SELECT size, frontier FROM ledger.head FOR UPDATE"};
static const struct pg_statement keys_statement = {
    7, "INSERT INTO ledger.ingest_key (source_id, epoch, first_seq, last_seq, first_index)"
       " SELECT * FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[])"};
static const struct pg_statement dead_letters_statement = {
    8, "INSERT INTO ledger.dead_letter (log_index, received_at, topic, source_id, epoch, seq, reason, detail)"
       " SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::bigint[], $5::int[], $6::bigint[], "
       "$7::smallint[], $8::text[])"};
static const struct pg_statement swap_head_statement = {
    9, "UPDATE ledger.head SET size = $1::bigint, frontier = $2::bytea, root = $3::bytea, updated_at = now() WHERE "
       "size = $4::bigint"};
static const struct pg_statement head_index_statement = {
    10,
    "SELECT q.n, i.first_index + (q.seq - i.first_seq) FROM unnest($1::int[], $2::bigint[], $3::int[], $4::bigint[])"
    " AS q (n, source_id, epoch, seq) JOIN ledger.ingest_key i ON i.source_id = q.source_id AND i.epoch = q.epoch"
    " AND i.first_seq <= q.seq AND i.last_seq >= q.seq"};
static const struct pg_statement refresh_statement = {
    11, "SELECT DISTINCT ON (t.source_id) t.source_id, t.epoch, t.version, t.state FROM ledger.stream t"
        " WHERE t.source_id = ANY ($1::bigint[]) ORDER BY t.source_id, t.epoch DESC"};
static const struct pg_statement read_head_statement = {12, "SELECT size, root FROM ledger.head"};

static const char copy_fixes[] =
    "COPY telemetry.fix (at, source_id, seq, epoch, lon_e7, lat_e7, speed_cm_s, accuracy_cm, course_cdeg, datum)"
    " FROM STDIN (FORMAT binary)";
static const char copy_readings[] =
    "COPY telemetry.reading (at, source_id, seq, epoch, kind, mass_g, gross_g, tare_g, tilt_cdeg, door_open,"
    " estimated, scale_class, label, plate, lot) FROM STDIN (FORMAT binary)";
static const char copy_records[] =
    "COPY ledger.record (log_index, type, received_at, source_id, salt, leaf_hash, record) FROM STDIN"
    " (FORMAT binary)";

static void find_streams(void *context);
static void judge_range(void *context);
static void begin(void *context);
static void copy_telemetry(void *context);
static void load_items(void *context);
static void lock_head(void *context);
static void write_all(void *context);
static void committed(void *context);
static void done(void *context);
static void failed(void *context);

int store_init(struct store *store, struct pg *pg, struct gate *gate)
{
    *store = (struct store){.gate = gate, .judge = judge_new()};
    transaction_init(&store->transaction, pg, store, failed);
    params_init(&store->params, PARAM_BYTES_MAX);
    buffer_init(&store->fixes, COPY_BYTES_MAX);
    buffer_init(&store->readings, COPY_BYTES_MAX);
    buffer_init(&store->records, COPY_BYTES_MAX);
    return store->judge ? 0 : ERR_NO_MEMORY;
}

void store_fini(struct store *store)
{
    judge_free(store->judge);
    params_fini(&store->params);
    buffer_fini(&store->fixes);
    buffer_fini(&store->readings);
    buffer_fini(&store->records);
}

/* ---- looking up what this batch needs to know ---- */

struct stream_keys {
    struct params *params;
    size_t count;
};

static void count_missing(void *context, struct source *source, uint32_t epoch)
{
    (void)source;
    (void)epoch;
    ++*(size_t *)context;
}

static void add_missing(void *context, struct source *source, uint32_t epoch)
{
    struct params *params = context;

    copy_put_i64(&params->buffers[0], source->source_id);
    copy_put_i32(&params->buffers[1], (int32_t)epoch);
}

static struct source *source_by_id(const struct batch *batch, int64_t source_id)
{
    for (size_t i = batch->from; i < batch->to; i++)
        if (batch->envelopes[i]->source && batch->envelopes[i]->source->source_id == source_id)
            return batch->envelopes[i]->source;
    return NULL;
}

static void on_older_streams(void *context, const struct pg_result *result)
{
    struct store *store = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct source *source = source_by_id(store->batch, pg_i64(result, row, 0));
        uint32_t epoch = (uint32_t)pg_i64(result, row, 1);
        struct batch_stream *stream = source ? batch_find_stream(source, epoch) : NULL;

        if (!source || stream)
            continue;
        stream = batch_add_stream(store->batch, source, epoch);
        if (!stream || stream_decode(&stream->stream, pg_bytes(result, row, 3))) {
            transaction_fail(&store->transaction, ERR_INTERNAL, "stream: epoch %u of %s is not readable", epoch,
                             source->name);
            return;
        }
        stream->version = pg_i64(result, row, 2);
        stream->older = true;
    }
}

static void find_streams(void *context)
{
    struct store *store = context;
    struct batch *batch = store->batch;
    size_t count = 0;

    (void)gate_missing_streams(batch, count_missing, &count);
    if (count) {
        struct params *params = &store->params;

        params_clear(params);
        array_begin(params_add(params), OID_INT8, count);
        array_begin(params_add(params), OID_INT4, count);
        (void)gate_missing_streams(batch, add_missing, params);
        transaction_query(&store->transaction, &older_streams_statement, params, on_older_streams, store);
    }
    transaction_then(&store->transaction, judge_range, store);
}

static void on_seen(void *context, const struct pg_result *result)
{
    struct store *store = context;

    for (size_t row = 0; row < pg_rows(result); row++)
        gate_settle(store->batch, store->batch->envelopes[pg_i64(result, row, 0)], pg_bool(result, row, 1),
                    pg_bool(result, row, 2), pg_bool(result, row, 3));
}

static void ask_about_seen(struct store *store, size_t count)
{
    struct batch *batch = store->batch;
    struct params *params = &store->params;

    params_clear(params);
    array_begin(params_add(params), OID_INT4, count);
    array_begin(params_add(params), OID_INT8, count);
    array_begin(params_add(params), OID_INT4, count);
    array_begin(params_add(params), OID_INT8, count);
    array_begin(params_add(params), OID_BYTEA, count);
    for (size_t i = batch->from; i < batch->to; i++) {
        const struct batch_envelope *envelope = batch->envelopes[i];

        if (envelope->fate != FATE_SEEN)
            continue;
        copy_put_i32(&params->buffers[0], (int32_t)i);
        copy_put_i64(&params->buffers[1], envelope->source->source_id);
        copy_put_i32(&params->buffers[2], (int32_t)envelope->header.epoch);
        copy_put_i64(&params->buffers[3], (int64_t)envelope->header.seq);
        copy_put_bytes(&params->buffers[4], envelope->hash.bytes, SHA256_BYTES);
    }
    transaction_query(&store->transaction, &seen_statement, params, on_seen, store);
}

static void judge_range(void *context)
{
    struct store *store = context;
    struct batch *batch = store->batch;
    size_t seen = 0;

    if (gate_judge(store->gate, batch))
        transaction_fail(&store->transaction, ERR_NO_MEMORY,
                         "batch: out of memory; hint: raise arena_max_bytes or lower batch_max_envelopes");
    for (size_t i = batch->from; i < batch->to; i++)
        seen += batch->envelopes[i]->fate == FATE_SEEN;
    if (seen)
        ask_about_seen(store, seen);
    transaction_then(&store->transaction, begin, store);
}

/* ---- the transaction ---- */

static void on_advanced(void *context, const struct pg_result *result)
{
    struct store *store = context;
    size_t wanted = 0;

    for (const struct batch_stream *stream = store->batch->streams; stream; stream = stream->next)
        wanted += stream->touched;
    if (pg_i64(result, 0, 0) != (int64_t)wanted)
        transaction_fail(&store->transaction, ERR_CONFLICT,
                         "streams: %zu wanted, %lld advanced: another daemon serves the same sources; "
                         "hint: one client_id a daemon and area",
                         wanted, (long long)pg_i64(result, 0, 0));
}

static void advance_streams(struct store *store)
{
    struct params *params = &store->params;
    struct buffer state;
    size_t count = 0;

    for (const struct batch_stream *stream = store->batch->streams; stream; stream = stream->next)
        count += stream->touched;
    if (!count)
        return;
    params_clear(params);
    array_begin(params_add(params), OID_INT8, count);
    array_begin(params_add(params), OID_INT4, count);
    array_begin(params_add(params), OID_INT8, count);
    array_begin(params_add(params), OID_INT8, count);
    array_begin(params_add(params), OID_BYTEA, count);
    buffer_init(&state, 64 * 1024);
    for (const struct batch_stream *stream = store->batch->streams; stream; stream = stream->next) {
        if (!stream->touched)
            continue;
        buffer_clear(&state);
        stream_encode(&stream->stream, &state);
        copy_put_i64(&params->buffers[0], stream->source->source_id);
        copy_put_i32(&params->buffers[1], (int32_t)stream->epoch);
        copy_put_i64(&params->buffers[2], stream->version);
        copy_put_i64(&params->buffers[3], (int64_t)stream->stream.next_seq);
        copy_put_bytes(&params->buffers[4], state.data, state.len);
    }
    buffer_fini(&state);
    transaction_query(&store->transaction, &advance_statement, params, on_advanced, store);
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
    transaction_query(&store->transaction, &begin_statement, NULL, NULL, NULL);
    advance_streams(store);
    transaction_then(&store->transaction, copy_telemetry, store);
}

static void put_optional_i32(struct buffer *out, bool has, uint32_t value)
{
    if (has)
        copy_put_i32(out, (int32_t)value);
    else
        copy_put_null(out);
}

static void put_optional_text(struct buffer *out, struct text value)
{
    if (value.len)
        copy_put_text(out, value);
    else
        copy_put_null(out);
}

static void put_fixes(struct buffer *out, const struct batch_envelope *envelope)
{
    for (size_t i = 0; i < envelope->report->fix_count; i++) {
        const struct fix *fix = &envelope->report->fixes[i];

        copy_row(out, 10);
        copy_put_time(out, fix->at_us);
        copy_put_i64(out, envelope->source->source_id);
        copy_put_i64(out, (int64_t)envelope->header.seq);
        copy_put_i32(out, (int32_t)envelope->header.epoch);
        copy_put_i32(out, fix->lon_e7);
        copy_put_i32(out, fix->lat_e7);
        put_optional_i32(out, fix->has_speed, fix->speed_cm_s);
        put_optional_i32(out, fix->has_accuracy, fix->accuracy_cm);
        put_optional_i32(out, fix->has_course, fix->course_cdeg);
        copy_put_i16(out, (int16_t)fix->datum);
    }
}

/* Which of the measures a kind of reading has. */
static void put_reading(struct buffer *out, const struct batch_envelope *envelope, const struct reading *reading)
{
    bool weighbridge = reading->kind == READING_WEIGHBRIDGE;
    bool mass = weighbridge || reading->kind == READING_LOAD_CELL || reading->kind == READING_SORTING_MASS;

    copy_row(out, 15);
    copy_put_time(out, reading->at_us);
    copy_put_i64(out, envelope->source->source_id);
    copy_put_i64(out, (int64_t)envelope->header.seq);
    copy_put_i32(out, (int32_t)envelope->header.epoch);
    copy_put_i16(out, (int16_t)reading->kind);
    mass ? copy_put_i64(out, reading->mass_g) : copy_put_null(out);
    weighbridge ? copy_put_i64(out, reading->gross_g) : copy_put_null(out);
    weighbridge ? copy_put_i64(out, reading->tare_g) : copy_put_null(out);
    reading->kind == READING_TILT ? copy_put_i32(out, reading->tilt_cdeg) : copy_put_null(out);
    reading->kind == READING_DOOR ? copy_put_bool(out, reading->door_open) : copy_put_null(out);
    weighbridge ? copy_put_bool(out, reading->estimated) : copy_put_null(out);
    put_optional_text(out, reading->scale_class);
    put_optional_text(out, reading->label);
    put_optional_text(out, reading->plate);
    put_optional_text(out, reading->lot);
}

/* Salts, leaf hashes and rows of the records; the log index is filled in once it is known. */
static int prepare_records(struct store *store)
{
    struct batch *batch = store->batch;
    uint8_t seed[randombytes_SEEDBYTES];
    uint8_t *salts = arena_array(&batch->work, batch->leaf_count, SALT_BYTES);

    store->record_offsets = arena_array(&batch->work, batch->leaf_count, sizeof *store->record_offsets);
    store->leaf_hashes = arena_array(&batch->work, batch->leaf_count, sizeof *store->leaf_hashes);
    if (!salts || !store->record_offsets || !store->leaf_hashes)
        return ERR_NO_MEMORY;
    /* One draw from the system a batch, stretched by ChaCha20: salts are as unpredictable as the seed, which is forgotten here. */
    randombytes_buf(seed, sizeof seed);
    randombytes_buf_deterministic(salts, batch->leaf_count * SALT_BYTES, seed);
    sodium_memzero(seed, sizeof seed);
    buffer_clear(&store->records);
    copy_begin(&store->records);
    for (size_t i = 0; i < batch->leaf_count; i++) {
        const struct batch_envelope *envelope = batch->leaves[i];
        const uint8_t *salt = salts + i * SALT_BYTES;
        enum leaf_type type = envelope_leaf_type(envelope);

        store->leaf_hashes[i] = leaf_hash_of_record(type, envelope->received_us, salt, envelope->bytes);
        copy_row(&store->records, 7);
        store->record_offsets[i] = store->records.len + sizeof(uint32_t);
        copy_put_i64(&store->records, 0);
        copy_put_i16(&store->records, (int16_t)type);
        copy_put_time(&store->records, envelope->received_us);
        if (envelope->source)
            copy_put_i64(&store->records, envelope->source->source_id);
        else
            copy_put_null(&store->records);
        copy_put_bytes(&store->records, salt, SALT_BYTES);
        copy_put_bytes(&store->records, store->leaf_hashes[i].bytes, SHA256_BYTES);
        copy_put_text(&store->records, envelope->bytes);
    }
    copy_end(&store->records);
    return store->records.failed ? ERR_TOO_LARGE : 0;
}

static void copy_telemetry(void *context)
{
    struct store *store = context;
    struct batch *batch = store->batch;

    buffer_clear(&store->fixes);
    buffer_clear(&store->readings);
    copy_begin(&store->fixes);
    copy_begin(&store->readings);
    for (size_t i = 0; i < batch->leaf_count; i++) {
        const struct batch_envelope *envelope = batch->leaves[i];

        if (envelope->fate != FATE_STORED)
            continue;
        put_fixes(&store->fixes, envelope);
        for (size_t k = 0; k < envelope->report->reading_count; k++)
            put_reading(&store->readings, envelope, &envelope->report->readings[k]);
    }
    copy_end(&store->fixes);
    copy_end(&store->readings);
    if (batch->fix_count)
        transaction_copy(&store->transaction, copy_fixes, &store->fixes);
    if (batch->reading_count)
        transaction_copy(&store->transaction, copy_readings, &store->readings);
    if (prepare_records(store))
        transaction_fail(&store->transaction, ERR_NO_MEMORY, "records: out of memory; hint: lower batch_max_envelopes");
    transaction_then(&store->transaction, load_items, store);
}

static void load_items(void *context)
{
    struct store *store = context;

    if (judge_wanted(store->batch))
        judge_load(store->judge, &store->transaction, store->batch, registry_directory(store->gate->registry),
                   lock_head, store);
    else
        lock_head(store);
}

static void on_head(void *context, const struct pg_result *result)
{
    struct store *store = context;
    struct text nodes = pg_bytes(result, 0, 1);

    store->first_index = (uint64_t)pg_i64(result, 0, 0);
    if (pg_rows(result) != 1 ||
        frontier_load(&store->frontier, store->first_index, (const uint8_t *)nodes.data, nodes.len))
        transaction_fail(&store->transaction, ERR_INTERNAL,
                         "head: its frontier does not fit its size; hint: the ledger was altered");
}

static void lock_head(void *context)
{
    struct store *store = context;

    transaction_query(&store->transaction, &lock_head_statement, NULL, on_head, store);
    transaction_then(&store->transaction, write_all, store);
}

static void number_leaves(struct store *store)
{
    struct batch *batch = store->batch;

    for (size_t i = 0; i < batch->leaf_count; i++) {
        batch->leaves[i]->log_index = store->first_index + i;
        store_u64_be(store->records.data + store->record_offsets[i], store->first_index + i);
        frontier_append(&store->frontier, &store->leaf_hashes[i]);
    }
    store->head.size = store->frontier.size;
    store->head.root = frontier_root(&store->frontier);
}

/* True when `next` continues the run that ends with `envelope`. */
static bool continues_run(const struct batch_envelope *envelope, const struct batch_envelope *next)
{
    return next && next->header.seq == envelope->header.seq + 1;
}

static size_t count_runs(const struct batch *batch)
{
    size_t runs = 0;

    for (const struct batch_stream *stream = batch->streams; stream; stream = stream->next)
        for (const struct batch_envelope *envelope = stream->first; envelope; envelope = envelope->next)
            runs += !continues_run(envelope, envelope->next);
    return runs;
}

static void write_keys(struct store *store)
{
    struct params *params = &store->params;
    size_t runs = count_runs(store->batch);

    if (!runs)
        return;
    params_clear(params);
    array_begin(params_add(params), OID_INT8, runs);
    array_begin(params_add(params), OID_INT4, runs);
    for (int i = 0; i < 3; i++)
        array_begin(params_add(params), OID_INT8, runs);
    for (const struct batch_stream *stream = store->batch->streams; stream; stream = stream->next) {
        const struct batch_envelope *first = stream->first;

        for (const struct batch_envelope *envelope = stream->first; envelope; envelope = envelope->next) {
            if (continues_run(envelope, envelope->next))
                continue;
            copy_put_i64(&params->buffers[0], stream->source->source_id);
            copy_put_i32(&params->buffers[1], (int32_t)stream->epoch);
            copy_put_i64(&params->buffers[2], (int64_t)first->header.seq);
            copy_put_i64(&params->buffers[3], (int64_t)envelope->header.seq);
            copy_put_i64(&params->buffers[4], (int64_t)first->log_index);
            first = envelope->next;
        }
    }
    transaction_query(&store->transaction, &keys_statement, params, NULL, NULL);
}

static struct text topic_of(const struct batch_envelope *envelope, char *room, size_t size)
{
    if (envelope->topic.len && !envelope->source)
        return envelope->topic;
    (void)snprintf(room, size, "custody/v1/%s/up/%s", envelope->source->area, envelope->source->name);
    return text_of(room);
}

static void put_dead_letter(struct params *params, const struct batch_envelope *envelope)
{
    const struct source *source = envelope->source ? envelope->source : envelope->answer_to;
    char room[128];

    copy_put_i64(&params->buffers[0], (int64_t)envelope->log_index);
    copy_put_time(&params->buffers[1], envelope->received_us);
    copy_put_text(&params->buffers[2], topic_of(envelope, room, sizeof room));
    source ? copy_put_i64(&params->buffers[3], source->source_id) : copy_put_null(&params->buffers[3]);
    if (envelope->source) {
        copy_put_i32(&params->buffers[4], (int32_t)envelope->header.epoch);
        copy_put_i64(&params->buffers[5], (int64_t)envelope->header.seq);
    } else {
        copy_put_null(&params->buffers[4]);
        copy_put_null(&params->buffers[5]);
    }
    copy_put_i16(&params->buffers[6], (int16_t)envelope->reason);
    copy_put_text(&params->buffers[7], envelope->detail);
}

static void write_dead_letters(struct store *store)
{
    static const enum pg_type_oid types[] = {OID_INT8, OID_TIMESTAMPTZ, OID_TEXT, OID_INT8,
                                             OID_INT4, OID_INT8,        OID_INT2, OID_TEXT};
    struct params *params = &store->params;
    size_t dead = 0;

    for (size_t i = 0; i < store->batch->leaf_count; i++)
        dead += store->batch->leaves[i]->fate == FATE_DEAD;
    if (!dead)
        return;
    params_clear(params);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        array_begin(params_add(params), types[i], dead);
    for (size_t i = 0; i < store->batch->leaf_count; i++)
        if (store->batch->leaves[i]->fate == FATE_DEAD)
            put_dead_letter(params, store->batch->leaves[i]);
    transaction_query(&store->transaction, &dead_letters_statement, params, NULL, NULL);
}

static void on_swapped(void *context, const struct pg_result *result)
{
    struct store *store = context;

    if (pg_affected(result) != 1)
        transaction_fail(&store->transaction, ERR_CONFLICT, "head: somebody else appended under our lock");
}

static void swap_head(struct store *store)
{
    struct params *params = &store->params;

    params_clear(params);
    params_add_i64(params, (int64_t)store->frontier.size);
    params_add_bytes(params, store->frontier.nodes, store->frontier.count * SHA256_BYTES);
    params_add_bytes(params, store->head.root.bytes, SHA256_BYTES);
    params_add_i64(params, (int64_t)store->first_index);
    transaction_query(&store->transaction, &swap_head_statement, params, on_swapped, store);
}

static void write_all(void *context)
{
    struct store *store = context;

    number_leaves(store);
    transaction_copy(&store->transaction, copy_records, &store->records);
    write_keys(store);
    write_dead_letters(store);
    if (judge_wanted(store->batch))
        judge_write(store->judge, &store->transaction, store->batch, registry_directory(store->gate->registry));
    judge_write_source_flags(store->judge, &store->transaction, store->batch);
    swap_head(store);
    transaction_query(&store->transaction, &commit_statement, NULL, NULL, NULL);
    transaction_then(&store->transaction, committed, store);
}

/* ---- afterwards ---- */

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
            break;
        case FATE_DUPLICATE:
            counters->duplicate++;
            break;
        case FATE_SEND_AGAIN:
            counters->dropped++;
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

        for (const struct batch_envelope *envelope = stream->first; envelope; envelope = envelope->next)
            if (envelope->header.seq + 1 == stream->stream.next_seq)
                stream->head_index = (int64_t)envelope->log_index;
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

static void on_head_indexes(void *context, const struct pg_result *result)
{
    struct store *store = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        int64_t n = pg_i64(result, row, 0);

        for (struct batch_stream *stream = store->batch->streams; stream; stream = stream->next)
            if (n-- == 0) {
                stream->head_index = pg_i64(result, row, 1);
                if (stream->epoch == stream->source->epoch)
                    stream->source->head_index = stream->head_index;
            }
    }
}

static bool needs_head_index(const struct batch_stream *stream)
{
    return stream->to_acknowledge && stream->head_index < 0 && stream->stream.next_seq > 0;
}

/* An early envelope stored long ago may have become the highest contiguous one: where is it? */
static void ask_head_indexes(struct store *store)
{
    struct params *params = &store->params;
    size_t count = 0;
    int32_t n = 0;

    for (const struct batch_stream *stream = store->batch->streams; stream; stream = stream->next)
        count += needs_head_index(stream);
    if (!count)
        return;
    params_clear(params);
    array_begin(params_add(params), OID_INT4, count);
    array_begin(params_add(params), OID_INT8, count);
    array_begin(params_add(params), OID_INT4, count);
    array_begin(params_add(params), OID_INT8, count);
    for (const struct batch_stream *stream = store->batch->streams; stream; stream = stream->next, n++) {
        if (!needs_head_index(stream))
            continue;
        copy_put_i32(&params->buffers[0], n);
        copy_put_i64(&params->buffers[1], stream->source->source_id);
        copy_put_i32(&params->buffers[2], (int32_t)stream->epoch);
        copy_put_i64(&params->buffers[3], (int64_t)stream->stream.next_seq - 1);
    }
    transaction_query(&store->transaction, &head_index_statement, params, on_head_indexes, store);
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
}

static void done(void *context)
{
    struct store *store = context;

    keep_streams(store);
    ask_head_indexes(store);
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

void store_run(struct store *store, struct batch *batch, store_on_done on_done, void *context)
{
    store->batch = batch;
    store->on_done = on_done;
    store->context = context;
    store->in_transaction = store->refreshing = false;
    transaction_start(&store->transaction);
    if (!pg_is_connected(store->transaction.pg))
        transaction_fail(&store->transaction, ERR_UNREACHABLE, "database: not connected");
    transaction_then(&store->transaction, find_streams, store);
}

static void on_refreshed(void *context, const struct pg_result *result)
{
    struct store *store = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct source *source = source_by_id(store->batch, pg_i64(result, row, 0));

        if (!source || stream_decode(&source->stream, pg_bytes(result, row, 3)))
            continue;
        source->epoch = (uint32_t)pg_i64(result, row, 1);
        source->version = pg_i64(result, row, 2);
        source->head_index = -1;
    }
}

void store_refresh(struct store *store, struct batch *batch, store_on_done on_done, void *context)
{
    struct params *params = &store->params;
    size_t count = 0;

    store->batch = batch;
    store->on_done = on_done;
    store->context = context;
    store->in_transaction = false;
    store->refreshing = true;
    transaction_start(&store->transaction);
    for (size_t i = batch->from; i < batch->to; i++)
        count += batch->envelopes[i]->source != NULL;
    params_clear(params);
    array_begin(params_add(params), OID_INT8, count);
    for (size_t i = batch->from; i < batch->to; i++)
        if (batch->envelopes[i]->source)
            copy_put_i64(&params->buffers[0], batch->envelopes[i]->source->source_id);
    transaction_query(&store->transaction, &refresh_statement, params, on_refreshed, store);
    transaction_then(&store->transaction, finished, store);
}
