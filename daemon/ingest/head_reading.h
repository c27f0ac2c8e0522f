/* head_reading.h - the head as the database returns it, and the tiles that it is to be proved by (core/ledger/growth.h). */
#ifndef CUSTODY_INGEST_HEAD_READING_H
#define CUSTODY_INGEST_HEAD_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "core/ledger/growth.h"
#include "ingest/transaction.h"

struct head_reading {
    struct transaction *transaction; /* borrowed */
    struct params *params;           /* borrowed */

    struct grown_head head;
    bool is_fresh;          /* nothing of any source is stored, and nothing was ever signed */
    uint64_t newest_signed; /* size of the largest checkpoint in the database; 0: none */
    bool is_signed;         /* there is one of this very size: */
    struct digest signed_root;
    struct buffer note; /* and its note */

    struct tile wanted[GROWTH_TILES_MAX];
    size_t wanted_count;
    struct grown_tile tiles[GROWTH_TILES_MAX]; /* those that came, as wide as they must be */
    size_t tile_count;
    struct digest hashes[GROWTH_TILES_MAX][TILE_WIDTH];
    struct buffer edges; /* the partial tiles of levels 1 to 7, one after the other */
};

void head_reading_init(struct head_reading *reading, struct transaction *transaction, struct params *params);
void head_reading_fini(struct head_reading *reading);

/* Queues the question for the head. */
void head_reading_ask(struct head_reading *reading);
/* Once that is answered: queues the questions for the tiles that prove it from a head of old_size. */
void head_reading_ask_tiles(struct head_reading *reading, uint64_t old_size);

#endif
