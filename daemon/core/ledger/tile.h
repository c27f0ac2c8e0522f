/* tile.h - the log's hashes in tiles of 256, their names as resources, and the bundles of entries (C2SP tlog-tiles).
 *
 * The hashes of tile level L are the proof nodes of level 8 * L (core/ledger/proof.h); the nodes between are hashed out of a
 * tile. A full tile never changes; a partial one (width below 256) is the beginning of what will be the full one, and is
 * never hashed into the level above.
 *
 * Pure. core/ledger/edge makes the tiles that the ingest transaction stores; by these names they are served and read. */
#ifndef CUSTODY_CORE_LEDGER_TILE_H
#define CUSTODY_CORE_LEDGER_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/ledger/proof.h"

enum {
    TILE_HEIGHT = 8,
    TILE_WIDTH = 256,
    TILE_LEVEL_MAX = 63, /* that a name may have; a tree of 64-bit size has tiles on 8 levels */
    TILE_LEVELS = 8,
    TILE_PATH_SIZE = 64,    /* the longest name, with its NUL */
    TILE_ENTRY_MAX = 65535, /* bytes */
};

enum tile_kind { TILE_HASHES, TILE_ENTRIES };

struct tile {
    enum tile_kind kind;
    unsigned level; /* 0 for entries */
    uint64_t index;
    unsigned width; /* 1 to TILE_WIDTH hashes or entries */
};

/* ---- names */

/* "tile/<L>/<N>[.p/<W>]" or "tile/entries/<N>[.p/<W>]", N in groups of three digits. */
void tile_path(const struct tile *tile, char path[TILE_PATH_SIZE]);
/* Reads exactly what tile_path writes: 0, or ERR_INVALID with words. Whether a tree has such a tile, tile_in_tree tells. */
int tile_path_parse(struct text path, struct tile *tile, struct error *error) MUST_USE;

/* ---- what a tree of `size` leaves has */

/* The number of hashes of the tile at (level, index): 0 (there is none) to TILE_WIDTH. */
unsigned tile_width(unsigned level, uint64_t index, uint64_t size);
/* Whether a tree of that size answers to this name: the tile exists and has at least that width. */
bool tile_in_tree(const struct tile *tile, uint64_t size);

/* Full tiles [begin, end) of one level. */
struct tile_span {
    unsigned level;
    uint64_t begin, end;
};
/* What becomes full when the tree grows from old_size to size >= old_size, lowest level first; returns how many levels. Before
 * tile (L + 1, i) the 256 tiles of level L under it have become full. */
size_t tiles_completed(uint64_t old_size, uint64_t size, struct tile_span spans[TILE_LEVELS]);

/* ---- hashes out of tiles */

/* The tile that the node of a tree of `size` is hashed out of, as wide as that tree has it. ERR_NOT_FOUND unless the node is
 * whole in that tree. */
int tile_of_node(struct tree_node node, uint64_t size, struct tile *tile) MUST_USE;
/* The node's hash out of its tile's hashes. ERR_NOT_FOUND unless they reach so far. */
int tile_node_hash(const struct tile *tile, const struct digest *hashes, struct tree_node node,
                   struct digest *hash) MUST_USE;
/* The hash of a full tile's 256 hashes: what stands in the tile above. */
struct digest tile_hash(const struct digest hashes[TILE_WIDTH]);

/* The tiles that a plan needs from a tree of `size`, each once. ERR_NOT_FOUND when the plan is not of that tree, ERR_TOO_LARGE
 * when there are more than `max`; TILES_OF_PROOF_MAX always do. */
enum { TILES_OF_PROOF_MAX = 2 * TILE_LEVELS };
int tiles_of_plan(const struct proof_plan *plan, uint64_t size, struct tile *tiles, size_t max, size_t *count) MUST_USE;

/* ---- bundles of entries: each entry behind its length in two big-endian bytes */

/* Appends one entry of at most TILE_ENTRY_MAX bytes. */
void tile_entry_put(struct buffer *bundle, const void *entry, size_t len);
/* Cuts the next entry off `rest`; false at the end, and where no whole entry stands: then `rest` is not empty. */
bool tile_entry_take(struct text *rest, struct text *entry);

#endif
