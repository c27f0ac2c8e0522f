/* witness.h - the witness role over HTTP (C2SP tlog-witness): POST /add-checkpoint, and GET /<origin hash>/checkpoint for monitors.
 *
 * The life of a submission: judged without state (core/ledger/witness) -> its log's turn -> judged against the state -> cosigned ->
 * the new state on disk, in the thread pool -> answered. One submission of a log at a time from the state's check to its being
 * stored, so that of two that continue the same head one wins. A cosignature leaves only when the state that says so is on disk; one
 * that could not be stored is never sent, and the state is read from disk again.
 *
 * The state of a log is one file, <SHA-256 of its origin>.checkpoint: the note that monitors are given. It is the witness's memory: who
 * loses it may cosign a fork. A file that is damaged or of another witness key is refused, never overwritten. */
#ifndef CUSTODY_SERVE_WITNESS_H
#define CUSTODY_SERVE_WITNESS_H

#include <uv.h>

#include "base/error.h"
#include "io/http.h"

struct witness;

struct witness_settings {
    const char *key_file, *state_dir, *policy_file; /* borrowed until witness_new returns */
};

/* Reads key, policy (its log lines) and all states, and locks the directory against a second witness. NULL and words (ERR_CONFIG) when
 * one of them is missing or bad. */
struct witness *witness_new(uv_loop_t *loop, const struct witness_settings *settings, struct error *error);
/* Adds the routes. 0, ERR_TOO_LARGE or ERR_NO_MEMORY. */
int witness_serve(struct witness *witness, struct http *http) MUST_USE;
/* Answers what waits; on_closed when what is being stored is stored, and `witness` is freed. */
void witness_close(struct witness *witness, void (*on_closed)(void *context), void *context);

#endif
