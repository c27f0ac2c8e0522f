/* truck_history.h - what was observed of one truck, out of the records in the log, in the arrangement of core/route. */
#ifndef CUSTODY_INGEST_TRUCK_HISTORY_H
#define CUSTODY_INGEST_TRUCK_HISTORY_H

#include "base/arena.h"
#include "core/route/observation.h"
#include "ingest/transaction.h"

struct truck_history {
    struct observation *list; /* owned; not sorted */
    size_t count, room;
    uint64_t after_index; /* records up to here are in it */
    size_t records;       /* of the last page */
    struct arena arena;   /* of one record */
};

/* Columns of a page: log_index, received_at, record, rides, tracks, item ids of its events as pairs of int2 (ordinal) and int8. */
#define TRUCK_HISTORY_SQL                                                                                              \
    "SELECT p.log_index, r.received_at, r.record, p.rides, p.tracks,"                                                  \
    " (SELECT string_agg(int2send(e.ordinal) || int8send(e.item_id), ''::bytea) FROM custody.event AS e"               \
    "   WHERE e.log_index = p.log_index AND e.part IS NULL)"                                                           \
    " FROM route.report AS p JOIN ledger.record AS r USING (log_index)"                                                \
    " WHERE p.vehicle_id = $1::bigint AND p.last_at > 'epoch'::timestamptz + $2::bigint * interval '1 microsecond'"    \
    " AND p.log_index > $3::bigint"                                                                                    \
    " ORDER BY p.log_index LIMIT 500"
enum { TRUCK_HISTORY_PAGE = 500 };

void truck_history_init(struct truck_history *history);
void truck_history_fini(struct truck_history *history);
void truck_history_clear(struct truck_history *history);

/* Adds what a page says after `after_us` (what is earlier is folded already). 0; ERR_INTERNAL with words for a record that cannot be read;
 * ERR_NO_MEMORY, also for too many. */
int truck_history_take(struct truck_history *history, const struct pg_result *page, int64_t vehicle_id,
                       int64_t after_us, const struct route_limits *limits, const struct directory *directory,
                       struct error *error) MUST_USE;

#endif
