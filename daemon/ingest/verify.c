/* verify.c - chunks of signatures for the pool. */
#include "ingest/verify.h"

#include "io/keyfile.h"

struct verify_chunk {
    uv_work_t work;
    struct verify *verify;
    size_t count;
    struct batch_envelope *envelopes[VERIFY_CHUNK];
};

void verify_init(struct verify *verify, uv_loop_t *loop, void (*on_idle)(void *context), void *context)
{
    *verify = (struct verify){.loop = loop, .on_idle = on_idle, .context = context};
}

/* In a thread of the pool. */
static void verify_on_work(uv_work_t *work)
{
    struct verify_chunk *chunk = work->data;

    for (size_t i = 0; i < chunk->count; i++) {
        struct batch_envelope *envelope = chunk->envelopes[i];

        envelope->signature_good =
            envelope_verify(envelope->header.source, envelope->body, envelope->signature, envelope->public_key) == 0;
    }
}

static void verify_on_done(uv_work_t *work, int status)
{
    struct verify_chunk *chunk = work->data;
    struct verify *verify = chunk->verify;

    (void)status; /* nothing cancels it */
    if (--verify->pending == 0 && !verify->filling)
        verify->on_idle(verify->context);
}

void verify_flush(struct verify *verify)
{
    struct verify_chunk *chunk = verify->filling;

    if (!chunk)
        return;
    verify->filling = NULL;
    verify->pending++;
    (void)uv_queue_work(verify->loop, &chunk->work, verify_on_work, verify_on_done);
}

void verify_add(struct verify *verify, struct batch *batch, struct batch_envelope *envelope)
{
    if (!verify->filling) {
        verify->filling = arena_alloc(&batch->arena, sizeof *verify->filling);
        if (!verify->filling) {
            /* No room to do it beside: here and now. */
            envelope->signature_good = envelope_verify(envelope->header.source, envelope->body, envelope->signature,
                                                       envelope->public_key) == 0;
            return;
        }
        verify->filling->verify = verify;
        verify->filling->work.data = verify->filling;
    }
    verify->filling->envelopes[verify->filling->count++] = envelope;
    if (verify->filling->count == VERIFY_CHUNK)
        verify_flush(verify);
}
