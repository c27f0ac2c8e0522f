/* rows.h - items, events and sightings of a range as rows: one statement a table, each row an element of its arrays. */
#ifndef CUSTODY_INGEST_ROWS_H
#define CUSTODY_INGEST_ROWS_H

#include "core/directory.h"
#include "ingest/items.h"
#include "ingest/judge.h"
#include "ingest/transaction.h"

/* The states of the items that were folded; of the others with events, their count. */
void rows_write_items(struct transaction *transaction, struct params *params, const struct judged *judged, size_t count,
                      int64_t now_us);
/* The clocks of the items that were folded. */
void rows_write_clocks(struct transaction *transaction, struct params *params, const struct judged *judged,
                       size_t count);
/* The events that the batch brought, for each item they concern. */
void rows_write_events(struct transaction *transaction, struct params *params, const struct items *items,
                       const struct directory *directory);
/* The sightings of the range, and the identifiers that they name. */
void rows_write_sightings(struct transaction *transaction, struct params *params, const struct batch *batch,
                          const struct sighted *sighted_list);

#endif
