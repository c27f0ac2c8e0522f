/* tree_reader.c - tiles fetched when a proof needs one of their nodes, kept in a small table. */
#include "ctl/tree_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"

enum { SLOTS = 64, NUMBER_BYTES = 24 };

struct slot {
    struct tile tile; /* width 0: empty */
    struct digest hashes[TILE_WIDTH];
};

struct tree_reader {
    struct database *database;
    struct error *error; /* of the call under way */
    uint64_t size, rows;
    struct slot slots[SLOTS];
};

struct tree_reader *tree_reader_new(struct database *database, uint64_t size)
{
    struct tree_reader *reader = calloc(1, sizeof *reader);
    if (reader) {
        reader->database = database;
        reader->size = size;
    }
    return reader;
}

void tree_reader_resize(struct tree_reader *reader, uint64_t size)
{
    reader->size = size;
}

void tree_reader_free(struct tree_reader *reader)
{
    free(reader);
}

uint64_t tree_reader_rows(const struct tree_reader *reader)
{
    return reader->rows;
}

/* A tile that is partial in this tree may be full by now; if not, its hashes are those of the leaves, or the head's edge. */
static int ask(struct tree_reader *reader, const struct tile *tile, struct rows **rows)
{
    static const char full[] = "SELECT hashes FROM ledger.tile WHERE level = $1::smallint AND tile_index = $2::bigint";
    static const char leaves[] =
        "SELECT coalesce((SELECT hashes FROM ledger.tile WHERE level = $1::smallint AND tile_index = $2::bigint), "
        "(SELECT string_agg(leaf_hash, '' ORDER BY log_index) FROM ledger.record "
        "WHERE log_index >= $2::bigint * 256 AND log_index < $2::bigint * 256 + $3::bigint))";
    static const char edge[] =
        "SELECT coalesce((SELECT hashes FROM ledger.tile WHERE level = $1::smallint AND tile_index = $2::bigint), "
        "(SELECT (ARRAY[edge_1, edge_2, edge_3, edge_4, edge_5, edge_6, edge_7])[$1::smallint] FROM ledger.head))";
    char level[NUMBER_BYTES], index[NUMBER_BYTES], width[NUMBER_BYTES];
    bool is_full = tile->width == TILE_WIDTH;
    snprintf(level, sizeof level, "%u", tile->level);
    snprintf(index, sizeof index, "%" PRIu64, tile->index);
    snprintf(width, sizeof width, "%u", tile->width);
    reader->rows++;
    return database_query(reader->database,
                          is_full            ? full
                          : tile->level == 0 ? leaves
                                             : edge,
                          !is_full && tile->level == 0 ? 3 : 2, (const char *const[]){level, index, width}, rows,
                          reader->error);
}

/* The first hashes of a bytea field in its text form; false when it has fewer. */
static bool take_hashes(const struct rows *rows, unsigned width, struct digest *hashes)
{
    size_t len = width * sizeof *hashes;
    struct text digits = rows_count(rows) == 1 ? text_of(rows_text(rows, 0, 0)) : TEXT("");
    return digits.len >= 2 + 2 * len &&
           hex_decode((struct text){digits.data + 2, 2 * len}, (uint8_t *)hashes, len) == 0;
}

static int fetch(struct tree_reader *reader, const struct tile *tile, struct slot *slot)
{
    char path[TILE_PATH_SIZE];
    struct rows *rows = NULL;
    int code = ask(reader, tile, &rows);
    if (code != 0)
        return code;
    slot->tile = (struct tile){0};
    if (take_hashes(rows, tile->width, slot->hashes)) {
        slot->tile = *tile;
    } else {
        tile_path(tile, path);
        code = error_set(reader->error, ERR_DATA, "%s: not in the database; hint: custodyctl monitor says why", path);
    }
    rows_free(rows);
    return code;
}

static int load(struct tree_reader *reader, const struct tile *tile, const struct slot **slot)
{
    size_t at = (size_t)(tile->index * TILE_LEVELS + tile->level) % SLOTS;
    *slot = &reader->slots[at];
    if ((*slot)->tile.width == tile->width && (*slot)->tile.level == tile->level && (*slot)->tile.index == tile->index)
        return 0;
    return fetch(reader, tile, &reader->slots[at]);
}

static int read_node(void *context, struct tree_node node, struct digest *hash)
{
    struct tree_reader *reader = context;
    const struct slot *slot;
    struct tile tile;
    int code = tile_of_node(node, reader->size, &tile);
    if (code == 0)
        code = load(reader, &tile, &slot);
    return code != 0 ? code : tile_node_hash(&slot->tile, slot->hashes, node, hash);
}

int tree_read_inclusion(struct tree_reader *reader, uint64_t index, struct proof *proof, struct error *error)
{
    struct proof_plan plan;
    reader->error = error;
    if (proof_plan_inclusion(index, reader->size, &plan) != 0)
        return error_set(error, ERR_INVALID, "log index %" PRIu64 ": not in the tree of size %" PRIu64, index,
                         reader->size);
    return proof_make(&plan, read_node, reader, proof);
}

int tree_read_consistency(struct tree_reader *reader, uint64_t old_size, struct proof *proof, struct error *error)
{
    struct proof_plan plan;
    reader->error = error;
    if (proof_plan_consistency(old_size, reader->size, &plan) != 0)
        return error_set(error, ERR_INVALID, "size %" PRIu64 ": no beginning of the tree of size %" PRIu64, old_size,
                         reader->size);
    return proof_make(&plan, read_node, reader, proof);
}

int tree_read_tile(struct tree_reader *reader, unsigned level, uint64_t index, struct text *hashes, struct error *error)
{
    struct tile tile = {.kind = TILE_HASHES, .level = level, .index = index};
    const struct slot *slot;
    reader->error = error;
    tile.width = tile_width(level, index, reader->size);
    *hashes = TEXT("");
    if (tile.width == 0)
        return 0;
    int code = load(reader, &tile, &slot);
    if (code == 0)
        *hashes = (struct text){(const char *)slot->hashes, tile.width * sizeof slot->hashes[0]};
    return code;
}
