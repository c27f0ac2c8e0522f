/* records.c - rows for COPY, leaves, tiles, keys and dead letters. */
#include "ingest/records.h"

#include <sodium.h>
#include <stdio.h>

#include "base/encoding.h"
#include "core/ledger/leaf.h"
#include "io/copy.h"

enum { COPY_BYTES_MAX = 512 * 1024 * 1024, FEW_ROWS = 128 };

/* Ids beside those of store.c on the same connection. */
static const struct pg_statement keys_statement = {
    7, "INSERT INTO ledger.ingest_key (source_id, epoch, first_seq, last_seq, first_index)"
       " SELECT * FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[])"};
static const struct pg_statement dead_letters_statement = {
    8, "INSERT INTO ledger.dead_letter (log_index, received_at, topic, source_id, epoch, seq, reason, detail)"
       " SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::bigint[], $5::int[], $6::bigint[], "
       "$7::smallint[], $8::text[])"};

static const struct pg_statement insert_tiles_statement = {
    15, "INSERT INTO ledger.tile (level, tile_index, hashes)"
        " SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])"};

static const char copy_fixes[] =
    "COPY telemetry.fix (at, source_id, seq, epoch, lon_e7, lat_e7, speed_cm_s, accuracy_cm, course_cdeg, datum)"
    " FROM STDIN (FORMAT binary)";
static const char copy_readings[] =
    "COPY telemetry.reading (at, source_id, seq, epoch, kind, mass_g, gross_g, tare_g, tilt_cdeg, door_open,"
    " estimated, scale_class, label, plate, lot) FROM STDIN (FORMAT binary)";
static const char copy_records[] =
    "COPY ledger.record (log_index, type, received_at, source_id, salt, leaf_hash, record) FROM STDIN"
    " (FORMAT binary)";

void records_init(struct records *records)
{
    buffer_init(&records->fixes, COPY_BYTES_MAX);
    buffer_init(&records->readings, COPY_BYTES_MAX);
    buffer_init(&records->rows, COPY_BYTES_MAX);
    buffer_init(&records->tiles, COPY_BYTES_MAX);
}

void records_fini(struct records *records)
{
    buffer_fini(&records->fixes);
    buffer_fini(&records->readings);
    buffer_fini(&records->rows);
    buffer_fini(&records->tiles);
}

static void put_optional_i32(struct buffer *out, bool has, uint32_t value)
{
    if (has)
        copy_put_i32(out, (int32_t)value);
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
    copy_put_text_or_null(out, reading->scale_class);
    copy_put_text_or_null(out, reading->label);
    copy_put_text_or_null(out, reading->plate);
    copy_put_text_or_null(out, reading->lot);
}

/* Salts, leaf hashes and rows of the records; the log index is filled in once it is known. */
static int put_records(struct records *records, struct batch *batch)
{
    uint8_t seed[randombytes_SEEDBYTES];
    uint8_t *salts = arena_array(&batch->work, batch->leaf_count, SALT_BYTES);

    records->offsets = arena_array(&batch->work, batch->leaf_count, sizeof *records->offsets);
    records->leaf_hashes = arena_array(&batch->work, batch->leaf_count, sizeof *records->leaf_hashes);
    if (!salts || !records->offsets || !records->leaf_hashes)
        return ERR_NO_MEMORY;
    /* One draw from the system a batch, stretched by ChaCha20: salts are as unpredictable as the seed, which is forgotten here. */
    randombytes_buf(seed, sizeof seed);
    randombytes_buf_deterministic(salts, batch->leaf_count * SALT_BYTES, seed);
    sodium_memzero(seed, sizeof seed);
    buffer_clear(&records->rows);
    copy_begin(&records->rows);
    for (size_t i = 0; i < batch->leaf_count; i++) {
        const struct batch_envelope *envelope = batch->leaves[i];
        const uint8_t *salt = salts + i * SALT_BYTES;
        enum leaf_type type = envelope_leaf_type(envelope);

        records->leaf_hashes[i] = leaf_hash_of_record(type, envelope->received_us, salt, envelope->bytes);
        copy_row(&records->rows, 7);
        records->offsets[i] = records->rows.len + sizeof(uint32_t);
        copy_put_i64(&records->rows, 0);
        copy_put_i16(&records->rows, (int16_t)type);
        copy_put_time(&records->rows, envelope->received_us);
        if (envelope->source)
            copy_put_i64(&records->rows, envelope->source->source_id);
        else
            copy_put_null(&records->rows);
        copy_put_bytes(&records->rows, salt, SALT_BYTES);
        copy_put_bytes(&records->rows, records->leaf_hashes[i].bytes, SHA256_BYTES);
        copy_put_text(&records->rows, envelope->bytes);
    }
    copy_end(&records->rows);
    return records->rows.failed ? ERR_TOO_LARGE : 0;
}

static void put_telemetry(struct records *records, const struct batch *batch)
{
    buffer_clear(&records->fixes);
    buffer_clear(&records->readings);
    copy_begin(&records->fixes);
    copy_begin(&records->readings);
    for (size_t i = 0; i < batch->leaf_count; i++) {
        const struct batch_envelope *envelope = batch->leaves[i];

        if (envelope->fate != FATE_STORED)
            continue;
        put_fixes(&records->fixes, envelope);
        for (size_t k = 0; k < envelope->report->reading_count; k++)
            put_reading(&records->readings, envelope, &envelope->report->readings[k]);
    }
    copy_end(&records->fixes);
    copy_end(&records->readings);
}

int records_prepare(struct records *records, struct batch *batch)
{
    put_telemetry(records, batch);
    return put_records(records, batch);
}

static void put_tile(void *context, unsigned level, uint64_t tile_index, const struct digest hashes[TILE_WIDTH])
{
    struct records *records = context;

    copy_row(&records->tiles, 3);
    copy_put_i16(&records->tiles, (int16_t)level);
    copy_put_i64(&records->tiles, (int64_t)tile_index);
    copy_put_bytes(&records->tiles, hashes, TILE_WIDTH * sizeof *hashes);
    records->tile_count++;
}

void records_number(struct records *records, struct batch *batch, struct edge *edge)
{
    records->tile_count = 0;
    buffer_clear(&records->tiles);
    copy_begin(&records->tiles);
    for (size_t i = 0; i < batch->leaf_count; i++) {
        uint64_t index = edge->frontier.size;

        batch->leaves[i]->log_index = index;
        store_u64_be(records->rows.data + records->offsets[i], index);
        edge_append(edge, &records->leaf_hashes[i], put_tile, records);
    }
    copy_end(&records->tiles);
}

bool records_are_few(const struct batch *batch)
{
    return batch->leaf_count <= FEW_ROWS && batch->fix_count <= FEW_ROWS;
}

void records_add_fixes(const struct records *records, struct params *params, const struct batch *batch)
{
    static const enum pg_type_oid types[] = {OID_TIMESTAMPTZ, OID_INT8, OID_INT8, OID_INT4, OID_INT4,
                                             OID_INT4,        OID_INT4, OID_INT4, OID_INT4, OID_INT2};

    params_add_rows(params, types, sizeof types / sizeof *types, batch->fix_count, &records->fixes);
}

void records_add_leaves(const struct records *records, struct params *params, const struct batch *batch)
{
    static const enum pg_type_oid types[] = {OID_INT8,  OID_INT2,  OID_TIMESTAMPTZ, OID_INT8,
                                             OID_BYTEA, OID_BYTEA, OID_BYTEA};

    params_add_rows(params, types, sizeof types / sizeof *types, batch->leaf_count, &records->rows);
}

void records_copy_telemetry(const struct records *records, struct transaction *transaction, const struct batch *batch)
{
    if (batch->fix_count && !records_are_few(batch))
        transaction_copy(transaction, copy_fixes, &records->fixes);
    if (batch->reading_count)
        transaction_copy(transaction, copy_readings, &records->readings);
}

void records_copy_leaves(const struct records *records, struct transaction *transaction, struct params *params,
                         const struct batch *batch)
{
    transaction_copy(transaction, copy_records, &records->rows);
    params_clear(params);
    records_add_keys(params, batch);
    transaction_query(transaction, &keys_statement, params, NULL, NULL);
}

void records_write_tiles(const struct records *records, struct transaction *transaction, struct params *params)
{
    static const enum pg_type_oid types[] = {OID_INT2, OID_INT8, OID_BYTEA};

    if (!records->tile_count)
        return;
    params_clear(params);
    params_add_rows(params, types, sizeof types / sizeof *types, records->tile_count, &records->tiles);
    transaction_query(transaction, &insert_tiles_statement, params, NULL, NULL);
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

void records_add_keys(struct params *params, const struct batch *batch)
{
    static const enum pg_type_oid types[] = {OID_INT8, OID_INT4, OID_INT8, OID_INT8, OID_INT8};
    struct buffer *columns = params_add_arrays(params, types, sizeof types / sizeof *types, count_runs(batch));

    for (const struct batch_stream *stream = batch->streams; stream; stream = stream->next) {
        const struct batch_envelope *first = stream->first;

        for (const struct batch_envelope *envelope = stream->first; envelope; envelope = envelope->next) {
            if (continues_run(envelope, envelope->next))
                continue;
            copy_put_i64(&columns[0], stream->source->source_id);
            copy_put_i32(&columns[1], (int32_t)stream->epoch);
            copy_put_i64(&columns[2], (int64_t)first->header.seq);
            copy_put_i64(&columns[3], (int64_t)envelope->header.seq);
            copy_put_i64(&columns[4], (int64_t)first->log_index);
            first = envelope->next;
        }
    }
}

static struct text topic_of(const struct batch_envelope *envelope, char *room, size_t size)
{
    if (!envelope->source || envelope->topic.len)
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

void records_write_dead_letters(struct transaction *transaction, struct params *params, const struct batch *batch)
{
    static const enum pg_type_oid types[] = {OID_INT8, OID_TIMESTAMPTZ, OID_TEXT, OID_INT8,
                                             OID_INT4, OID_INT8,        OID_INT2, OID_TEXT};
    size_t dead = 0;

    for (size_t i = 0; i < batch->leaf_count; i++)
        dead += batch->leaves[i]->fate == FATE_DEAD;
    if (!dead)
        return;
    params_clear(params);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        array_begin(params_add(params), types[i], dead);
    for (size_t i = 0; i < batch->leaf_count; i++)
        if (batch->leaves[i]->fate == FATE_DEAD)
            put_dead_letter(params, batch->leaves[i]);
    transaction_query(transaction, &dead_letters_statement, params, NULL, NULL);
}
