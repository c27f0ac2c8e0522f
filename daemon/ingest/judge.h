/* judge.h - custody events and sightings within the transaction: items found and locked, folded anew, matched with sightings, flags
 * raised and withdrawn. The rules are in core/; this file brings them their history and keeps what they say. */
#ifndef CUSTODY_INGEST_JUDGE_H
#define CUSTODY_INGEST_JUDGE_H

#include "base/error.h"
#include "ingest/batch.h"
#include "ingest/counters.h"
#include "ingest/registry.h"
#include "ingest/transaction.h"

struct judge;

struct judge *judge_new(void);
void judge_free(struct judge *judge);

/* True when the range has anything to judge. */
bool judge_wanted(const struct batch *batch);

/* Steps of the transaction: finds, creates and locks the items of the range's events and sightings, and loads their history; then runs
 * `next`. Failures go the transaction's way. */
void judge_load(struct judge *judge, struct transaction *transaction, struct batch *batch,
                const struct directory *directory, transaction_step next, void *context);
/* With the head locked and every leaf's log_index set: folds, matches, and queues the writes (the caller says what comes after). */
void judge_write(struct judge *judge, struct transaction *transaction, struct batch *batch,
                 const struct directory *directory);
/* Queues the flags of sources (rules S01-S05); also for ranges without events. */
void judge_write_source_flags(struct judge *judge, struct transaction *transaction, struct batch *batch);

#endif
