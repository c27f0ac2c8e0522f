/* follower.h - follows the log and raises what needs more than one sighting or more than an exact match: E02, E03, E06, E07, E08.
 *
 *   AWAY -> STANDBY (another daemon follows) -> LOADING (banned VINs, a page at a time) -> SETTLING (sorting, in the pool)
 *        -> FOLLOWING: pass after pass until the head, then a look every quarter of a second; SETTLING again when many are new
 *
 * One follower a database, by a lock of its session; whoever has it loads the index. What is stored while the index is not complete
 * waits in the log: reentry.progress says how far it was followed, so nothing is skipped and nothing is followed twice. Storing does
 * not wait for any of it. */
#ifndef CUSTODY_INGEST_FOLLOWER_H
#define CUSTODY_INGEST_FOLLOWER_H

#include <uv.h>

#include "config.h"
#include "ingest/counters.h"
#include "ingest/sign.h"

struct follower;

/* Borrows config, counters and the guard (NULL: nobody signs): nothing is stored while the ledger is not the one that was signed. `phone_key`
 * (may be NULL) is copied. NULL when memory is exhausted. */
struct follower *follower_new(uv_loop_t *loop, const struct config *config, const uint8_t *phone_key,
                              const struct ledger_guard *guard, struct counters *counters);
void follower_open(struct follower *follower);
/* Follows to the head as it is then, unless it is still loading or the database is away, for half of drain_timeout_ms at most: the next start
 * follows on. on_stopped once. */
void follower_stop(struct follower *follower, void (*on_stopped)(void *context), void *context);
/* After on_stopped. */
void follower_close(struct follower *follower, void (*on_closed)(void *context), void *context);

#endif
