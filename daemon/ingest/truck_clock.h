/* truck_clock.h - looks at trucks that nobody reports on when it is time: a silence that has lasted, an open door that nobody explained,
 * or something that came too late, for which the truck is folded again.
 *
 * A timer and a connection of its own. Cost follows what is due: one look into the index of due times a second, then one short transaction a
 * truck. What it takes is locked with SKIP LOCKED, so that several daemons share the work and none waits for a lane. */
#ifndef CUSTODY_INGEST_TRUCK_CLOCK_H
#define CUSTODY_INGEST_TRUCK_CLOCK_H

#include <uv.h>

#include "config.h"
#include "ingest/counters.h"
#include "ingest/registry.h"

struct truck_clock;
struct ledger_guard;

/* NULL when there is no memory. Borrows everything. Nothing is stored before the guard is ready and after it has refused; NULL: nothing is
 * signed. */
struct truck_clock *truck_clock_new(uv_loop_t *loop, const struct config *config, struct registry *registry,
                                    const struct ledger_guard *guard, struct counters *counters);
void truck_clock_open(struct truck_clock *clock);
/* What is under way is rolled back; on_closed runs once, and the clock is freed. */
void truck_clock_close(struct truck_clock *clock, void (*on_closed)(void *context), void *context);

#endif
