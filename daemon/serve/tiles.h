/* tiles.h - the log for everybody who follows it (C2SP tlog-tiles): GET /checkpoint, /tile/<L>/<N>[.p/<W>], /tile/entries/<N>[.p/<W>].
 *
 * Entries are the 57-byte leaves: the database hashes the records, which never come here. Tiles and entries are served of every width that the
 * newest signed checkpoint has, also where the full one exists; beyond it there is nothing: what is not signed yet may still be
 * denied by nobody.
 *
 * /checkpoint gives the newest checkpoint that the policy's quorum of witnesses cosigned, if that is one of the newest 16, with its
 * cosignatures: the specification lets a checkpoint carry further signatures, and whoever asks for a quorum has no use for one that
 * will have it in a moment. Without a policy, and when witnesses stay away for longer than that, it is the newest: a log whose
 * witnesses are gone must not look as if it stood still. Who needs the quorum sees that it is not there.
 *
 * Reads through a connection of its own, read-only; a standby will do. */
#ifndef CUSTODY_SERVE_TILES_H
#define CUSTODY_SERVE_TILES_H

#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "io/http.h"

struct tiles;

struct tiles_settings {
    const char *conninfo; /* of a role that reads the log, as custody_monitor */
    int64_t statement_timeout_ms;
    const char *origin;
    const char *policy_file; /* "": none. It must name this log. */
};

/* NULL and words when memory or the policy fail. Connects at once. */
struct tiles *tiles_new(uv_loop_t *loop, const struct tiles_settings *settings, struct error *error);
/* Adds the routes. 0, ERR_TOO_LARGE or ERR_NO_MEMORY. */
int tiles_serve(struct tiles *tiles, struct http *http) MUST_USE;
/* Answers what waits; on_closed when the connection is gone, and `tiles` is freed. */
void tiles_close(struct tiles *tiles, void (*on_closed)(void *context), void *context);

#endif
