/* recall.h - what a batch has to ask the database before it is judged, and before it is acknowledged. */
#ifndef CUSTODY_INGEST_RECALL_H
#define CUSTODY_INGEST_RECALL_H

#include "ingest/batch.h"
#include "ingest/transaction.h"

/* What each question needs; all borrowed, and in place until the answer. */
struct recall {
    struct transaction *transaction;
    struct params *params;
    struct batch *batch;
};

/* Streams of older epochs that speak again: they join the batch. */
void recall_older_streams(struct recall *recall);
/* What was said before under seqs that were seen: settles every FATE_SEEN (gate_settle). */
void recall_seen(struct recall *recall);
/* The newest stream of each source of the range, when what we know may be stale: replaces the registry's. */
void recall_newest_streams(struct recall *recall);
/* Log indexes of stream heads that this process does not know: an early envelope stored long ago may have become the highest contiguous
 * one. */
void recall_head_indexes(struct recall *recall);

#endif
