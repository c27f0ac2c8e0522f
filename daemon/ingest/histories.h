/* histories.h - the stored events and sightings of the items that a range touches, brought back from the records, and what
 * lies around them.
 *
 * What one item can cost is bounded, so that nobody's history makes somebody's valid event unstorable:
 *   - each record is fetched once and only the wanted events of it are decoded: memory follows the items' own events, not what else
 *     their reports said; records come in pages of 4 MB
 *   - all of it lives in an arena of its own (arena_max_bytes), of which one item gets at most half and 50,000 events
 * A range that does not fit is halved by the lane (ERR_NO_MEMORY). What does not fit even for one envelope leaves the item `oversized`:
 * its event is stored and counted, its state stays as it was folded last, sightings are still matched with its stored ban, and the log
 * says so (event=item_not_folded) until custodyctl rebuild, which has more memory, folds it. An ordinary event takes about 1 KB: a
 * source reaches that bound with some tens of thousands of events about one item, or some dozens of the largest that the contract
 * admits. Sightings: the newest 5,000 of an item; beyond that its flags are raised but no longer withdrawn.
 *
 * An item of whose history a record was erased cannot be folded again, ever: it stays as it was folded last, in the same way
 * (event=item_not_folded), and custodyctl rebuild leaves it alone. */
#ifndef CUSTODY_INGEST_HISTORIES_H
#define CUSTODY_INGEST_HISTORIES_H

#include "ingest/items.h"
#include "ingest/surroundings.h"
#include "ingest/transaction.h"

struct loaded_event;

struct histories {
    struct transaction *transaction; /* borrowed while a range is under way, as is all below */
    struct params *params;
    struct items *items;
    bool last_chance; /* the range is one envelope: what does not fit is left out */
    transaction_step next;
    void *next_context;

    struct arena arena;
    struct surroundings_load around;
    struct buffer picked;        /* the body at hand */
    struct loaded_event *events; /* in log order */
    size_t count, at, page_end;
};

void histories_init(struct histories *histories, size_t max_bytes);
void histories_fini(struct histories *histories);

/* Steps of the transaction: reads the stored state of the touched items (sorted, locked) into stored_events and stored_ban, and
 * history and sightings of those to be folded, with room for the events of the range; then runs `next`. */
void histories_load(struct histories *histories, struct transaction *transaction, struct params *params,
                    struct items *items, bool last_chance, transaction_step next, void *context);

/* One more sighting of the item, in `arena`. 0 or ERR_NO_MEMORY. */
int histories_add_sighting(struct arena *arena, struct item *item, const struct matched_sighting *sighting) MUST_USE;

/* The touched items, or those of them to be folded, as the one parameter. */
struct params *histories_ids(struct params *params, const struct items *items, bool to_fold);

#endif
