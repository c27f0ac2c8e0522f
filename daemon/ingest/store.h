/* store.h - one range of a batch into the database, in one transaction. */
#ifndef CUSTODY_INGEST_STORE_H
#define CUSTODY_INGEST_STORE_H

#include "base/error.h"
#include "core/ledger/edge.h"
#include "ingest/batch.h"
#include "ingest/gate.h"
#include "ingest/recall.h"
#include "ingest/records.h"
#include "ingest/transaction.h"
#include "ingest/trucks.h"

struct judge;
struct ledger_guard;

/* The tree after the last transaction. */
struct tree_head {
    uint64_t size;
    struct digest root;
};

/* code 0: stored; streams of sources are as committed. ERR_CONFLICT, ERR_UNREACHABLE: repeat the range (call store_refresh first). ERR_DATA: the
 * database refuses something in it. Anything else: an operator has to look. */
typedef void (*store_on_done)(void *context, int code, const struct error *error);
/* The range has its log indexes, the streams theirs, and store->head is the tree with it: all but COMMIT, which is on its way. */
typedef void (*store_on_numbered)(void *context);

struct store {
    struct transaction transaction;
    struct gate *gate;                /* borrowed */
    const struct ledger_guard *guard; /* borrowed; NULL: nothing is signed */
    struct judge *judge;
    struct trucks trucks;
    bool moves_trucks;   /* the range says something of a truck */
    bool at_once;        /* its streams are advanced by the statement that swaps the head */
    struct batch *batch; /* borrowed while a range is under way */
    store_on_numbered on_numbered;
    store_on_done on_done;
    void *context;
    bool in_transaction; /* BEGIN was sent */
    bool refreshing;

    struct params params;
    struct recall recall;
    struct records records;
    struct edge edge;
    unsigned alone; /* so many times running the head was as we had left it */
    struct tree_head head;
};

/* Histories of items get at most judge_max_bytes. 0 or ERR_NO_MEMORY. */
int store_init(struct store *store, struct pg *pg, struct gate *gate, size_t judge_max_bytes) MUST_USE;
void store_fini(struct store *store);

/* Stores batch->from .. batch->to, whose signatures have been checked. on_done runs later, once; on_numbered before it, unless nothing is written
 * or it fails earlier. */
void store_run(struct store *store, struct batch *batch, store_on_numbered on_numbered, store_on_done on_done,
               void *context);
/* Reads the streams of the range's sources again, after a failure whose outcome is unknown or a lost compare-and-swap. */
void store_refresh(struct store *store, struct batch *batch, store_on_done on_done, void *context);

#endif
