/* judge.h - custody events and sightings within the transaction: items found and locked, folded anew, matched with sightings, flags
 * raised and withdrawn. The rules are in core/; this file brings them their history and keeps what they say. */
#ifndef CUSTODY_INGEST_JUDGE_H
#define CUSTODY_INGEST_JUDGE_H

#include "base/error.h"
#include "ingest/batch.h"
#include "ingest/items.h"
#include "ingest/registry.h"
#include "ingest/transaction.h"

struct judge;

/* One identifier of one sighting of the batch. */
struct sighted {
    struct sighted *next;
    struct batch_envelope *envelope;
    uint16_t ordinal;
    enum identifier_scheme scheme;
    struct text value;
    bool from_text;
};

/* What the rules said of one touched item. */
struct judged {
    struct item *item;
    bool folded;   /* `state` and `custody` are new */
    bool complete; /* everything about it was looked at: flags that nothing supports any more are withdrawn */
    struct item_state state;
    struct findings custody, reentry;
};

/* Histories get at most max_bytes of memory; deadlines are judged *clock_behind_s before now (borrowed). NULL when there is no
 * memory. */
struct judge *judge_new(size_t max_bytes, const int64_t *clock_behind_s);
void judge_free(struct judge *judge);

/* True when the range has anything to judge. */
bool judge_wanted(const struct batch *batch);

/* Steps of the transaction: finds, creates and locks the items of the range's events and sightings, and loads their history; then runs
 * `next`. Failures go the transaction's way. */
void judge_load(struct judge *judge, struct transaction *transaction, struct batch *batch,
                const struct directory *directory, transaction_step next, void *context);
/* The same for items that are folded again though the (empty) batch says nothing of them; they are locked. */
struct refolded {
    int64_t item_id;
    enum item_kind kind;
    bool terminal;
};
void judge_load_again(struct judge *judge, struct transaction *transaction, struct batch *batch,
                      const struct directory *directory, const struct refolded *refolded, size_t count,
                      transaction_step next, void *context);
/* With the head locked and every leaf's log_index set: folds, matches, and queues the writes (the caller says what comes after). */
void judge_write(struct judge *judge, struct transaction *transaction, struct batch *batch,
                 const struct directory *directory);

/* Fills item_ids of those envelopes that have room for them. After judge_load. */
void judge_name_items(const struct judge *judge);

#endif
