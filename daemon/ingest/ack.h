/* ack.h - acknowledgements: notes signed in the thread pool, published by the lane. */
#ifndef CUSTODY_INGEST_ACK_H
#define CUSTODY_INGEST_ACK_H

#include <uv.h>

#include "core/ledger/ack_note.h"
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
    struct source *owed; /* sources whose newest progress was not told yet */
    int64_t owed_since_us;
    struct tree_head head;   /* newest that we know */
    unsigned pending;        /* pieces of work in the pool that are to be published or thrown away */
    struct ack_chunk *ahead; /* signed before COMMIT: a list; NULL: nothing */
    void (*on_done)(void *context);
    void *context;
};

void acks_init(struct acks *acks, uv_loop_t *loop, const char *origin, const struct note_signer *signer,
               struct mqtt *mqtt, struct counters *counters);

/* Signs what the range will be answered with once it is stored, while the database does that. `head` is the tree with the range in it. Followed
 * by acks_publish, or by acks_void when the range was not stored. */
void acks_sign_ahead(struct acks *acks, struct batch *batch, const struct tree_head *head);
void acks_void(struct acks *acks);
/* Answers what the range stored. A note has to be made and sent, and the newest covers all before it: while a backlog pours in (`may_owe`), a
 * source may wait for its note up to half a second, and then some more where thousands do; refusals and warnings never wait. Published messages
 * wait for mqtt_release. on_done (may be NULL) runs later, once, when nothing is in the pool; the batch may go before that. */
void acks_publish(struct acks *acks, struct batch *batch, const struct tree_head *head, bool may_owe, int64_t now_us,
                  void (*on_done)(void *context), void *context);
/* Answers those who wait, some thousands at most: `owed` says whether others still do. on_done as above. */
void acks_flush(struct acks *acks, void (*on_done)(void *context), void *context);

#endif
