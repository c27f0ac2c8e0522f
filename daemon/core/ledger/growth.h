/* growth.h - may this head be signed after that one? Which tiles tell, and what they say (RFC 9162 section 2.1.4).
 *
 * Whoever signs trusts nothing but the head that it signed before: the new root is hashed anew out of what is stored, and a
 * consistency proof out of the same must lead from the old root to it. At most GROWTH_TILES_MAX tiles are read, whatever the size. */
#ifndef CUSTODY_CORE_LEDGER_GROWTH_H
#define CUSTODY_CORE_LEDGER_GROWTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "core/ledger/tile.h"

/* Those of the proof, and the right edge, which is one tile a level. */
enum { GROWTH_TILES_MAX = TILES_OF_PROOF_MAX + TILE_LEVELS };

struct grown_head {
    uint64_t size; /* 0: nothing was signed before */
    struct digest root;
};

/* A tile as the database returned it: tile.width hashes. */
struct grown_tile {
    struct tile tile;
    const struct digest *hashes;
};

enum growth_verdict {
    GROWTH_HOLDS,
    GROWTH_BEHIND,  /* the tree is smaller than what was signed */
    GROWTH_DAMAGED, /* what is stored does not hash to its own root */
    GROWTH_FORKED,  /* the tree does not begin with what was signed */
};

/* What a growth has to be judged by, each tile once, as wide as the tree of `size` has it; returns how many. None for a tree that is
 * smaller than before. */
size_t growth_tiles(uint64_t old_size, uint64_t size, struct tile tiles[GROWTH_TILES_MAX]);

/* Judges with those tiles. A tile that is missing damages the tree. */
enum growth_verdict growth_judge(const struct grown_head *before, const struct grown_head *now,
                                 const struct grown_tile *tiles, size_t count);

#endif
