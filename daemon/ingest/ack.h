/* ack.h - acknowledgements of a stored range: built and signed in the thread pool, published by the lane. */
#ifndef CUSTODY_INGEST_ACK_H
#define CUSTODY_INGEST_ACK_H

#include <uv.h>

#include "core/ledger/note.h"
#include "ingest/batch.h"
#include "ingest/store.h"
#include "io/mqtt.h"

struct ack_chunk;

struct acks {
    uv_loop_t *loop;
    const char *origin;               /* borrowed */
    const struct note_signer *signer; /* borrowed; NULL: notes are not signed, and none is sent */
    struct mqtt *mqtt;
    struct counters *counters;
    unsigned pending;
    void (*on_done)(void *context);
    void *context;
};

void acks_init(struct acks *acks, uv_loop_t *loop, const char *origin, const struct note_signer *signer, struct mqtt *mqtt,
               struct counters *counters);

/* Answers every stream of the range, and every refusal that belongs to none. Published messages wait for mqtt_release. on_done runs
 * later, once. The batch stays as it is until then. */
void acks_publish(struct acks *acks, struct batch *batch, const struct tree_head *head, void (*on_done)(void *context), void *context);

#endif
