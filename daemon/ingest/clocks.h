/* clocks.h - folds items again that nobody reports on: because something around them changed (custody.refold), or because
 * a deadline of theirs came (custody.clock).
 *
 * A timer and a connection of its own. What it takes is locked with SKIP LOCKED, so that several daemons share the work
 * and none waits for a lane. */
#ifndef CUSTODY_INGEST_CLOCKS_H
#define CUSTODY_INGEST_CLOCKS_H

#include <uv.h>

#include "config.h"
#include "ingest/counters.h"
#include "ingest/registry.h"

struct clocks;
struct ledger_guard;

/* `guard`: nothing is stored before it is ready or once it refused; NULL: nothing is signed. NULL when there is no memory. Borrows
 * everything. */
struct clocks *clocks_new(uv_loop_t *loop, const struct config *config, struct registry *registry,
                          const struct ledger_guard *guard, struct counters *counters);
void clocks_open(struct clocks *clocks);
/* Ends after what is under way is rolled back; on_closed runs once. */
void clocks_close(struct clocks *clocks, void (*on_closed)(void *context), void *context);

#endif
