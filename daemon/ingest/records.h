/* records.h - what a range leaves in ledger and telemetry: rows of fixes and readings, the leaves with their records, and the tiles
 * that these complete. */
#ifndef CUSTODY_INGEST_RECORDS_H
#define CUSTODY_INGEST_RECORDS_H

#include "base/buffer.h"
#include "core/ledger/edge.h"
#include "ingest/batch.h"
#include "ingest/transaction.h"

struct records {
    struct buffer fixes, readings, rows, tiles; /* COPY streams */
    size_t tile_count;
    size_t *offsets;            /* where each row of `rows` has its log index; in the batch's work arena */
    struct digest *leaf_hashes; /* in log order; there too */
};

void records_init(struct records *records);
void records_fini(struct records *records);

/* Makes all three streams; leaves are salted and hashed, their log index is still missing. 0, ERR_NO_MEMORY or ERR_TOO_LARGE. */
int records_prepare(struct records *records, struct batch *batch) MUST_USE;
/* Gives every leaf its log index, in the envelopes and in the rows, appends it to the edge, and makes rows of the full tiles. */
void records_number(struct records *records, struct batch *batch, struct edge *edge);

/* So few rows that their insertion goes with another statement in a pipeline, which is quicker than a COPY with its turns. */
bool records_are_few(const struct batch *batch);
/* What records_prepare made, as arrays, one a column of telemetry.fix (10), ledger.record (7) ... */
void records_add_fixes(const struct records *records, struct params *params, const struct batch *batch);
void records_add_leaves(const struct records *records, struct params *params, const struct batch *batch);
/* ... and ledger.ingest_key (5), which says where each source's envelopes are: one row a run of consecutive seqs. */
void records_add_keys(struct params *params, const struct batch *batch);
/* The same copied: readings always, fixes and leaves when they are not few. The leaves' keys go with them. */
void records_copy_telemetry(const struct records *records, struct transaction *transaction, const struct batch *batch);
void records_copy_leaves(const struct records *records, struct transaction *transaction, struct params *params,
                         const struct batch *batch);
/* One statement for all tiles, or none. */
void records_write_tiles(const struct records *records, struct transaction *transaction, struct params *params);
void records_write_dead_letters(struct transaction *transaction, struct params *params, const struct batch *batch);

#endif
