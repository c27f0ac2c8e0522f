/* truck_rows.h - what the fold of trucks says, as rows: states, trips, the records they rest on, flags. Shared by the ingest transaction and
 * by what falls due. */
#ifndef CUSTODY_INGEST_TRUCK_ROWS_H
#define CUSTODY_INGEST_TRUCK_ROWS_H

#include "base/arena.h"
#include "core/route/truck.h"
#include "ingest/transaction.h"

/* A truck as the database has it, its row locked. */
struct stored_truck {
    struct truck truck;
    struct text state;             /* bytes of truck_encode; "": nothing is known */
    int64_t stale_from_us, due_us; /* 0: not */
    int64_t behind_us;             /* how far its newest observation was behind our clock when it came */
};

struct truck_rows {
    struct arena *arena; /* of everything here; borrowed */
    struct state_row *states, **last_state;
    struct trip_row *departures, **last_departure, *arrivals, **last_arrival;
    struct report_row *reports;
    struct finding_row *findings, **last_finding;
    struct again_row *again;
    size_t state_count, departure_count, arrival_count, report_count, evidence_count, again_count;
    int64_t vehicle_id; /* whose fold is under way */
    bool failed;        /* the arena is exhausted */
};

/* Columns of the query that fills a stored_truck, from route.truck_state AS t JOIN registry.vehicle AS v. */
#define STORED_TRUCK_COLUMNS                                                                                           \
    "t.vehicle_id, t.state, t.stale_from, t.due_at, t.behind_us, v.plate, coalesce(v.class, '')"
/* Texts are copied into the arena. False when memory is exhausted. */
bool stored_truck_take(struct stored_truck *stored, struct arena *arena, const struct pg_result *result, size_t row);

void truck_rows_begin(struct truck_rows *rows, struct arena *arena);
/* A record says something of the truck, the latest at last_us. */
void truck_rows_report(struct truck_rows *rows, int64_t vehicle_id, int64_t last_us, uint64_t log_index, bool rides,
                       bool tracks);
/* The truck is folded again from here: its flags met since and its trips above this number are what comes of it now. */
void truck_rows_again(struct truck_rows *rows, int64_t vehicle_id, int64_t since_us, uint32_t trips);
/* Something came too late: it is folded again when due. */
void truck_rows_stale(struct truck_rows *rows, const struct stored_truck *stored, int64_t from_us, int64_t due_us);
/* Settles the sorted list, which goes on from the state, until then, and keeps what comes of it. `due_us`: an earlier or equal
 * time to be looked at may stay as it is; 0: none is set. */
void truck_rows_fold(struct truck_rows *rows, const struct route_map *map, const struct stored_truck *stored,
                     struct truck_state *state, struct observation *list, size_t count, int64_t until_us);

/* One statement a kind of row. */
void truck_rows_write(const struct truck_rows *rows, struct transaction *transaction, struct params *params);

#endif
