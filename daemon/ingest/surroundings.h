/* surroundings.h - what lies around the items of a range that are folded: watch lists, children, shared certificates; and
 * which other items have to be folded again because of what these became. */
#ifndef CUSTODY_INGEST_SURROUNDINGS_H
#define CUSTODY_INGEST_SURROUNDINGS_H

#include "ingest/items.h"
#include "ingest/judge.h"
#include "ingest/transaction.h"

struct surroundings_load {
    struct arena *arena; /* borrowed while a range is under way, as is all below */
    struct items *items;
    struct transaction *transaction;
};

/* Queues the statements that fill item->around of the items that are folded; sorted and locked, their identifiers and
 * parents stored. */
void surroundings_ask(struct surroundings_load *load, struct transaction *transaction, struct params *params,
                      struct items *items, struct arena *arena);

/* Children of the item that were folded in this range are known better than the database has them. Called when the
 * children of this range have been folded. 0 or ERR_NO_MEMORY. */
int surroundings_refresh(struct items *items, struct item *item, struct arena *arena) MUST_USE;

/* Queues the wishes of the range: parents of what came to an end, or no longer is at it, and holders of a certificate's
 * number that was given to another item. */
void surroundings_wish(struct transaction *transaction, struct params *params, const struct items *items);

#endif
