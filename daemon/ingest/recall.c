/* recall.c - look-ups by source, epoch and seq. */
#include "ingest/recall.h"

#include "ingest/gate.h"
#include "io/copy.h"

/* Ids beside those of store.c on the same connection. */
static const struct pg_statement older_streams_statement = {
    3, "SELECT t.source_id, t.epoch, t.version, t.state FROM unnest($1::bigint[], $2::int[]) AS q (source_id, epoch)"
       " JOIN ledger.stream t ON t.source_id = q.source_id AND t.epoch = q.epoch"};
static const struct pg_statement seen_statement = {
    4,
    "SELECT q.n, k.log_index IS NOT NULL, coalesce(sha256(r.record) = q.hash, false) OR r.record IS NULL,"
    " EXISTS (SELECT FROM ledger.record e WHERE e.type = 6 AND e.source_id = q.source_id AND sha256(e.record) = "
    "q.hash),"
    " d.reason, d.detail"
    " FROM unnest($1::int[], $2::bigint[], $3::int[], $4::bigint[], $5::bytea[]) AS q (n, source_id, epoch, seq, hash)"
    " LEFT JOIN LATERAL (SELECT i.first_index + (q.seq - i.first_seq) AS log_index FROM ledger.ingest_key i"
    "   WHERE i.source_id = q.source_id AND i.epoch = q.epoch AND i.first_seq <= q.seq AND i.last_seq >= q.seq"
    "   ORDER BY i.first_seq DESC LIMIT 1) k ON true"
    " LEFT JOIN ledger.record r ON r.log_index = k.log_index"
    " LEFT JOIN ledger.dead_letter d ON d.log_index = k.log_index"};
static const struct pg_statement head_index_statement = {
    10,
    "SELECT q.n, i.first_index + (q.seq - i.first_seq) FROM unnest($1::int[], $2::bigint[], $3::int[], $4::bigint[])"
    " AS q (n, source_id, epoch, seq) JOIN ledger.ingest_key i ON i.source_id = q.source_id AND i.epoch = q.epoch"
    " AND i.first_seq <= q.seq AND i.last_seq >= q.seq"};
static const struct pg_statement refresh_statement = {
    11, "SELECT DISTINCT ON (t.source_id) t.source_id, t.epoch, t.version, t.state FROM ledger.stream t"
        " WHERE t.source_id = ANY ($1::bigint[]) ORDER BY t.source_id, t.epoch DESC"};

static struct source *source_by_id(const struct batch *batch, int64_t source_id)
{
    for (size_t i = batch->from; i < batch->to; i++)
        if (batch->envelopes[i]->source && batch->envelopes[i]->source->source_id == source_id)
            return batch->envelopes[i]->source;
    return NULL;
}

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

static void on_older_streams(void *context, const struct pg_result *result)
{
    struct recall *recall = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct source *source = source_by_id(recall->batch, pg_i64(result, row, 0));
        uint32_t epoch = (uint32_t)pg_i64(result, row, 1);
        struct batch_stream *stream = source ? batch_find_stream(source, epoch) : NULL;

        if (!source || stream)
            continue;
        stream = batch_add_stream(recall->batch, source, epoch);
        if (!stream) {
            transaction_fail(recall->transaction, ERR_NO_MEMORY, "streams: out of memory");
            return;
        }
        if (stream_decode(&stream->stream, pg_bytes(result, row, 3))) {
            transaction_fail(recall->transaction, ERR_INTERNAL, "stream: epoch %u of %s is not readable", epoch,
                             source->name);
            return;
        }
        stream->version = pg_i64(result, row, 2);
        stream->older = true;
    }
}

void recall_older_streams(struct recall *recall)
{
    struct params *params = recall->params;
    size_t count = 0;

    (void)gate_missing_streams(recall->batch, count_missing, &count);
    if (!count)
        return;
    (void)PARAMS_BEGIN_ARRAYS(params, count, OID_INT8, OID_INT4);
    (void)gate_missing_streams(recall->batch, add_missing, params);
    transaction_query(recall->transaction, &older_streams_statement, params, on_older_streams, recall);
}

/* A duplicate of a dead letter is told again why: the answer may have been lost. */
static void repeat_refusal(struct recall *recall, struct batch_envelope *envelope, const struct pg_result *result,
                           size_t row)
{
    if (envelope->fate != FATE_DUPLICATE || pg_is_null(result, row, 4))
        return;
    envelope->reason = (enum refusal_reason)pg_i64(result, row, 4);
    envelope->detail = arena_text(&recall->batch->work, pg_bytes(result, row, 5));
}

static void on_seen(void *context, const struct pg_result *result)
{
    struct recall *recall = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct batch_envelope *envelope = recall->batch->envelopes[pg_i64(result, row, 0)];

        if (!pg_bool(result, row, 1)) {
            transaction_fail(recall->transaction, ERR_INTERNAL,
                             "ledger: seq %llu of %s was dealt with, but no key leads to its record; hint: the "
                             "ledger was altered",
                             (unsigned long long)envelope->header.seq, envelope->source->name);
            return;
        }
        gate_settle(recall->batch, envelope, pg_bool(result, row, 2), pg_bool(result, row, 3));
        repeat_refusal(recall, envelope, result, row);
    }
}

void recall_seen(struct recall *recall)
{
    const struct batch *batch = recall->batch;
    struct params *params = recall->params;
    size_t count = 0;

    for (size_t i = batch->from; i < batch->to; i++)
        count += batch->envelopes[i]->fate == FATE_SEEN;
    if (!count)
        return;
    (void)PARAMS_BEGIN_ARRAYS(params, count, OID_INT4, OID_INT8, OID_INT4, OID_INT8, OID_BYTEA);
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
    transaction_query(recall->transaction, &seen_statement, params, on_seen, recall);
}

static void on_head_indexes(void *context, const struct pg_result *result)
{
    struct recall *recall = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        int64_t n = pg_i64(result, row, 0);

        for (struct batch_stream *stream = recall->batch->streams; stream; stream = stream->next)
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

void recall_head_indexes(struct recall *recall)
{
    struct params *params = recall->params;
    size_t count = 0;
    int32_t n = 0;

    for (const struct batch_stream *stream = recall->batch->streams; stream; stream = stream->next)
        count += needs_head_index(stream);
    if (!count)
        return;
    (void)PARAMS_BEGIN_ARRAYS(params, count, OID_INT4, OID_INT8, OID_INT4, OID_INT8);
    for (const struct batch_stream *stream = recall->batch->streams; stream; stream = stream->next, n++) {
        if (!needs_head_index(stream))
            continue;
        copy_put_i32(&params->buffers[0], n);
        copy_put_i64(&params->buffers[1], stream->source->source_id);
        copy_put_i32(&params->buffers[2], (int32_t)stream->epoch);
        copy_put_i64(&params->buffers[3], (int64_t)stream->stream.next_seq - 1);
    }
    transaction_query(recall->transaction, &head_index_statement, params, on_head_indexes, recall);
}

static void on_refreshed(void *context, const struct pg_result *result)
{
    struct recall *recall = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct source *source = source_by_id(recall->batch, pg_i64(result, row, 0));

        if (!source || stream_decode(&source->stream, pg_bytes(result, row, 3)))
            continue;
        source->epoch = (uint32_t)pg_i64(result, row, 1);
        source->version = pg_i64(result, row, 2);
        source->head_index = -1;
    }
}

void recall_newest_streams(struct recall *recall)
{
    const struct batch *batch = recall->batch;
    struct params *params = recall->params;
    size_t count = 0;

    for (size_t i = batch->from; i < batch->to; i++)
        count += batch->envelopes[i]->source != NULL;
    (void)PARAMS_BEGIN_ARRAYS(params, count, OID_INT8);
    for (size_t i = batch->from; i < batch->to; i++)
        if (batch->envelopes[i]->source)
            copy_put_i64(&params->buffers[0], batch->envelopes[i]->source->source_id);
    transaction_query(recall->transaction, &refresh_statement, params, on_refreshed, recall);
}
