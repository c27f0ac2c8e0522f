/* trucks.h - the trucks that a range says something of, within the ingest transaction: their states locked and loaded, folded on with what
 * came, and written. A range that says nothing of any truck costs a look at each of its leaves.
 *
 * What comes too late is only noted here; the truck is folded again when that falls due (due.h). */
#ifndef CUSTODY_INGEST_TRUCKS_H
#define CUSTODY_INGEST_TRUCKS_H

#include "ingest/batch.h"
#include "ingest/registry.h"
#include "ingest/truck_rows.h"

struct trucks {
    struct transaction *transaction;
    struct batch *batch;
    struct telling *tellings; /* by vehicle, then in log order */
    size_t telling_count;
    struct stored_truck *stored; /* by vehicle */
    size_t stored_count;
    struct truck_rows rows;
};

/* Which trucks the range's leaves say something of. False when it is none. Failures go the transaction's way. */
bool trucks_gather(struct trucks *trucks, struct transaction *transaction, struct batch *batch,
                   const struct directory *directory);
/* Makes and locks the rows of those trucks, in order, and reads them; the caller says what comes after. */
void trucks_load(struct trucks *trucks, struct params *params);
/* With every leaf's log_index set, and item_ids of the events: folds and queues the writes. */
void trucks_write(struct trucks *trucks, struct params *params, const struct registry *registry, int64_t now_us);

#endif
