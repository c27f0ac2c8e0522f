/* head_reading.c - head, edges, tiles and last leaves in three statements.
 *
 * The head's row is one snapshot: size, root and the partial tiles above the leaves. What is full or stored below that size never
 * changes, so the statements after it need no transaction around them. */
#include "ingest/head_reading.h"

#include <string.h>

enum { EDGES = TILE_LEVELS - 1, EDGES_BYTES_MAX = EDGES * TILE_WIDTH * SHA256_BYTES, NOTE_BYTES_MAX = 8192 };

static const struct pg_statement head_statement = {
    0,
    "SELECT h.size, h.root, NOT EXISTS (SELECT FROM ledger.checkpoint) AND NOT EXISTS (SELECT FROM ledger.ingest_key)"
    "   AND NOT EXISTS (SELECT FROM ledger.dead_letter),"
    " (SELECT max(c.size) FROM ledger.checkpoint AS c), s.root, s.note,"
    " h.edge_1, h.edge_2, h.edge_3, h.edge_4, h.edge_5, h.edge_6, h.edge_7"
    " FROM ledger.head AS h LEFT JOIN ledger.checkpoint AS s ON s.size = h.size"};
enum { COLUMN_FRESH = 2, COLUMN_NEWEST = 3, COLUMN_ROOT = 4, COLUMN_NOTE = 5, COLUMN_EDGE = 6 };
static const struct pg_statement tiles_statement = {
    1, "SELECT level, tile_index, hashes FROM ledger.tile"
       " JOIN unnest($1::smallint[], $2::bigint[]) AS w (level, tile_index) USING (level, tile_index)"};
static const struct pg_statement leaves_statement = {
    2,
    "SELECT string_agg(leaf_hash, '' ORDER BY log_index) FROM ledger.record WHERE log_index >= $1 AND log_index < $2"};

void head_reading_init(struct head_reading *reading, struct transaction *transaction, struct params *params)
{
    *reading = (struct head_reading){.transaction = transaction, .params = params};
    buffer_init(&reading->note, NOTE_BYTES_MAX);
    buffer_init(&reading->edges, EDGES_BYTES_MAX);
}

void head_reading_fini(struct head_reading *reading)
{
    buffer_fini(&reading->note);
    buffer_fini(&reading->edges);
}

/* ---- the head */

static bool take_digest(struct text bytes, struct digest *digest)
{
    if (bytes.len != SHA256_BYTES)
        return false;
    memcpy(digest->bytes, bytes.data, SHA256_BYTES);
    return true;
}

/* Each edge at its place, whatever its length: a wrong one makes a wrong tile. */
static void take_edges(struct head_reading *reading, const struct pg_result *result)
{
    static const uint8_t nothing[TILE_WIDTH * SHA256_BYTES];

    buffer_clear(&reading->edges);
    for (size_t i = 0; i < EDGES; i++) {
        struct text edge = pg_bytes(result, 0, COLUMN_EDGE + i);
        size_t len = edge.len < sizeof nothing ? edge.len : sizeof nothing;

        buffer_put(&reading->edges, edge.data, len);
        buffer_put(&reading->edges, nothing, sizeof nothing - len);
    }
}

static void on_head(void *context, const struct pg_result *result)
{
    struct head_reading *reading = context;

    if (pg_rows(result) != 1 || !take_digest(pg_bytes(result, 0, 1), &reading->head.root)) {
        transaction_fail(reading->transaction, ERR_INTERNAL, "head: no head row; hint: the ledger was altered");
        return;
    }
    reading->head.size = (uint64_t)pg_i64(result, 0, 0);
    reading->is_fresh = pg_bool(result, 0, COLUMN_FRESH);
    reading->newest_signed = (uint64_t)pg_i64(result, 0, COLUMN_NEWEST);
    reading->is_signed = take_digest(pg_bytes(result, 0, COLUMN_ROOT), &reading->signed_root);
    buffer_clear(&reading->note);
    buffer_put_text(&reading->note, pg_bytes(result, 0, COLUMN_NOTE));
    take_edges(reading, result);
    if (reading->edges.failed || reading->note.failed)
        transaction_fail(reading->transaction, ERR_NO_MEMORY, "head: out of memory");
}

void head_reading_ask(struct head_reading *reading)
{
    transaction_query(reading->transaction, &head_statement, NULL, on_head, reading);
}

/* ---- its tiles */

static void add_tile(struct head_reading *reading, const struct tile *wanted, struct text bytes)
{
    struct digest *hashes = reading->hashes[reading->tile_count];

    if (bytes.len != wanted->width * sizeof *hashes)
        return; /* a tile that does not fit its place is as good as none */
    memcpy(hashes, bytes.data, bytes.len);
    reading->tiles[reading->tile_count++] = (struct grown_tile){*wanted, hashes};
}

static void on_tiles(void *context, const struct pg_result *result)
{
    struct head_reading *reading = context;

    for (size_t row = 0; row < pg_rows(result); row++)
        for (size_t i = 0; i < reading->wanted_count; i++)
            if (reading->wanted[i].width == TILE_WIDTH && (int64_t)reading->wanted[i].level == pg_i64(result, row, 0) &&
                (int64_t)reading->wanted[i].index == pg_i64(result, row, 1))
                add_tile(reading, &reading->wanted[i], pg_bytes(result, row, 2));
}

static void on_leaves(void *context, const struct pg_result *result)
{
    struct head_reading *reading = context;

    for (size_t i = 0; i < reading->wanted_count; i++)
        if (reading->wanted[i].level == 0 && reading->wanted[i].width < TILE_WIDTH)
            add_tile(reading, &reading->wanted[i], pg_bytes(result, 0, 0));
}

static void ask_full_tiles(struct head_reading *reading)
{
    struct params *params = reading->params;
    size_t full = 0;

    for (size_t i = 0; i < reading->wanted_count; i++)
        full += reading->wanted[i].width == TILE_WIDTH;
    if (!full)
        return;
    (void)PARAMS_BEGIN_ARRAYS(params, full, OID_INT2, OID_INT8);
    for (size_t i = 0; i < reading->wanted_count; i++) {
        if (reading->wanted[i].width < TILE_WIDTH)
            continue;
        copy_put_i16(&params->buffers[0], (int16_t)reading->wanted[i].level);
        copy_put_i64(&params->buffers[1], (int64_t)reading->wanted[i].index);
    }
    transaction_query(reading->transaction, &tiles_statement, params, on_tiles, reading);
}

static void ask_leaves(struct head_reading *reading, const struct tile *tile)
{
    params_clear(reading->params);
    params_add_i64(reading->params, (int64_t)(tile->index * TILE_WIDTH));
    params_add_i64(reading->params, (int64_t)reading->head.size);
    transaction_query(reading->transaction, &leaves_statement, reading->params, on_leaves, reading);
}

void head_reading_ask_tiles(struct head_reading *reading, uint64_t old_size)
{
    reading->tile_count = 0;
    reading->wanted_count = growth_tiles(old_size, reading->head.size, reading->wanted);
    ask_full_tiles(reading);
    for (size_t i = 0; i < reading->wanted_count; i++) {
        const struct tile *tile = &reading->wanted[i];
        size_t bytes = tile->width * sizeof(struct digest);

        if (tile->width == TILE_WIDTH)
            continue;
        if (tile->level == 0)
            ask_leaves(reading, tile);
        else
            add_tile(reading, tile,
                     (struct text){(const char *)reading->edges.data +
                                       (size_t)(tile->level - 1) * TILE_WIDTH * sizeof(struct digest),
                                   bytes});
    }
}
