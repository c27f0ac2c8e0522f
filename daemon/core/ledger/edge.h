/* edge.h - the right edge of the log that is appended to: its frontier, and the partial tiles that grow into full ones.
 *
 * An append that completes no tile needs the frontier alone; that is why it is stored, though the partial tiles determine it. One
 * that completes tiles needs the partial ones too (edge_load_tiles), and gives every tile to `write` as it becomes full. The same
 * bytes come from sql/functions/ledger_append.sql, leaf by leaf. C2SP tlog-tiles, height 8. */
#ifndef CUSTODY_CORE_LEDGER_EDGE_H
#define CUSTODY_CORE_LEDGER_EDGE_H

#include <stdbool.h>

#include "base/text.h"
#include "core/ledger/frontier.h"
#include "core/ledger/tile.h"

struct edge {
    struct frontier frontier;
    bool has_tiles; /* tiles[] are those of frontier.size */
    /* By level; of each, tile_width() hashes count. */
    struct digest tiles[TILE_LEVELS][TILE_WIDTH];
};

/* Takes a full tile; its hashes are borrowed until it returns. */
typedef void edge_write_tile(void *context, unsigned level, uint64_t tile_index,
                             const struct digest hashes[TILE_WIDTH]);

/* From the stored head, without tiles. ERR_INVALID unless the frontier fits the size. */
int edge_load(struct edge *edge, uint64_t size, struct text frontier) MUST_USE;
/* The partial tiles of the loaded size, by level, as bytes. ERR_INVALID unless they are as wide as they must be and hash to the
 * frontier: a full tile is for ever. */
int edge_load_tiles(struct edge *edge, const struct text tiles[TILE_LEVELS]) MUST_USE;

/* Whether `count` leaves more complete a tile. */
bool edge_completes(uint64_t size, uint64_t count);
/* The hashes of the partial tile, possibly none. Needs the tiles. */
struct text edge_tile(const struct edge *edge, unsigned level);
/* Appends; where the leaf completes tiles, they must have been loaded, and go to `write`, lowest level first. */
void edge_append(struct edge *edge, const struct digest *leaf_hash, edge_write_tile *write, void *context);

#endif
