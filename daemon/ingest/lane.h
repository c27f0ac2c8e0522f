/* lane.h - the unit of concurrency: one MQTT session, one PostgreSQL connection, one batch.
 *
 *   CONNECTING -> READING -> VERIFYING -> STORING -> ACKNOWLEDGING -> RELEASING -> READING ...
 *                                         ^     |
 *                                         RETRYING    (a conflict, or the database is away: a pause, then the range again)
 *
 * CONNECTING comes again from RELEASING when broker, database or registry are missing then. The broker's loss ends READING (what was read
 * is stored all the same) and RELEASING (its PUBACKs are gone); in the states between it is noted, and nothing is released. FAILED: an operator
 * has to look; nothing is read any more. STOPPED: after lane_stop.
 *
 * READING ends when a thread of the pool that reads a backlog has handed over what it read. A batch of nothing but throttled messages goes from
 * READING to RELEASING: there is nothing to store.
 *
 * Half-duplex: from VERIFYING to RELEASING nothing is read, so that the PUBACKs queued behind the batch are exactly the batch's.
 */
#ifndef CUSTODY_INGEST_LANE_H
#define CUSTODY_INGEST_LANE_H

#include <stdbool.h>
#include <uv.h>

#include "config.h"
#include "core/ledger/note.h"
#include "ingest/counters.h"
#include "ingest/registry.h"
#include "ingest/sign.h"

struct lane;

struct lane_settings {
    const char *name;                 /* "lane 1" */
    const char *client_id;            /* fixed: the broker keeps the session under it */
    const char *areas;                /* "350504,350505" or "+" */
    const char *broker_password;      /* NULL: none */
    const struct ledger_guard *guard; /* NULL: nothing is signed; borrowed */
};

struct lane_handler {
    void (*on_ready)(void *context);                      /* connected, subscribed, database there: first time */
    void (*on_stopped)(void *context);                    /* after lane_stop */
    void (*on_failed)(void *context, const char *reason); /* an operator has to look; the lane has stopped storing */
};

/* Borrows everything but the settings' texts. NULL and `error` when memory or the settings fail. */
struct lane *lane_new(uv_loop_t *loop, const struct lane_settings *settings, const struct config *config,
                      struct registry *registry, const struct note_signer *signer, struct counters *counters,
                      const struct lane_handler *handler, void *context, struct error *error);
void lane_open(struct lane *lane);
/* Finishes the batch under way, releases its PUBACKs, then stops; on_stopped once. The caller has the deadline: leaving the process at any
 * moment loses nothing, the broker sends the batch again. */
void lane_stop(struct lane *lane);
/* The registry was loaded, or the log found to be the one that was signed: the lane begins to read when both are so. */
void lane_try_reading(struct lane *lane);
/* Nothing may be stored any more: what is under way ends, and on_failed is told. */
void lane_halt(struct lane *lane, const char *reason);
/* After on_stopped. */
void lane_close(struct lane *lane, void (*on_closed)(void *context));

#endif
