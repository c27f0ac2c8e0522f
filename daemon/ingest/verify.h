/* verify.h - signatures of a batch checked in the thread pool while the lane goes on reading. */
#ifndef CUSTODY_INGEST_VERIFY_H
#define CUSTODY_INGEST_VERIFY_H

#include <stddef.h>
#include <uv.h>

#include "ingest/batch.h"

enum { VERIFY_CHUNK = 32 }; /* signatures a piece of work: about a millisecond */

struct verify_chunk;

struct verify {
    uv_loop_t *loop;
    struct verify_chunk *filling;
    unsigned pending;               /* chunks in the pool */
    void (*on_idle)(void *context); /* the last chunk came back */
    void *context;
};

void verify_init(struct verify *verify, uv_loop_t *loop, void (*on_idle)(void *context), void *context);

/* Takes an envelope that has a public key. Its bytes must stay until the pool is idle. */
void verify_add(struct verify *verify, struct batch *batch, struct batch_envelope *envelope);
/* Sends what has been collected; then verify->pending says whether there is anything to wait for. */
void verify_flush(struct verify *verify);

#endif
