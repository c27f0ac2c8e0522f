/* ack.c - one note a stream a batch: it covers every earlier record of that stream by its chain. */
#include "ingest/ack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/wire.h"

enum {
    CHUNK_ACKS = 32,      /* a signature takes some 25 us: about a millisecond a piece of work */
    REFUSALS_MAX = 64,    /* told in one acknowledgement; all are dead letters anyway */
    WARNINGS_MAX = 64,
    ACK_BYTES_MAX = 60 * 1024,
    NOTE_BYTES_MAX = 2048,
};

/* One acknowledgement on its way. */
struct ack_job {
    struct source *source;
    struct ack ack;
    struct ack_statement statement;
    struct buffer payload;
};

struct ack_chunk {
    uv_work_t work;
    struct acks *acks;
    size_t count;
    struct ack_job jobs[CHUNK_ACKS];
};

void acks_init(struct acks *acks, uv_loop_t *loop, const char *origin, const struct note_signer *signer, struct mqtt *mqtt,
               struct counters *counters)
{
    *acks = (struct acks){.loop = loop, .origin = origin, .signer = signer, .mqtt = mqtt, .counters = counters};
}

/* ---- in a thread of the pool ---- */

static void ack_on_work(uv_work_t *work)
{
    struct ack_chunk *chunk = work->data;
    struct buffer note;

    buffer_init(&note, NOTE_BYTES_MAX);
    for (size_t i = 0; i < chunk->count; i++) {
        struct ack_job *job = &chunk->jobs[i];

        buffer_clear(&note);
        if (job->ack.has_seq && chunk->acks->signer) {
            ack_statement_put(&job->statement, &note);
            note_sign(&note, 0, chunk->acks->signer);
        }
        job->ack.note = buffer_text(&note);
        buffer_init(&job->payload, ACK_BYTES_MAX);
        if (note.failed || wire_ack_encode(&job->ack, &job->payload))
            buffer_clear(&job->payload);
    }
    buffer_fini(&note);
}

static void publish(struct acks *acks, struct ack_job *job)
{
    char topic[128];

    (void)snprintf(topic, sizeof topic, "custody/v1/%s/down/%s", job->source->area, job->source->name);
    /* Not connected any more: the device sends again and is answered again. */
    if (job->payload.len && mqtt_publish(acks->mqtt, topic, job->payload.data, job->payload.len, 0, false) == 0)
        acks->counters->acknowledgements++;
    else
        log_debug("ack_not_sent", "source=%s", job->source->name);
    buffer_fini(&job->payload);
}

static void finish_chunk(struct acks *acks)
{
    if (--acks->pending == 0)
        acks->on_done(acks->context);
}

static void ack_on_done(uv_work_t *work, int status)
{
    struct ack_chunk *chunk = work->data;
    struct acks *acks = chunk->acks;

    (void)status;
    for (size_t i = 0; i < chunk->count; i++)
        publish(acks, &chunk->jobs[i]);
    free(chunk);
    finish_chunk(acks);
}

/* ---- on the loop: what each acknowledgement says ---- */

static void add_refusal(struct arena *arena, struct ack *ack, const struct batch_envelope *envelope)
{
    if (!ack->refusals)
        ack->refusals = arena_array(arena, REFUSALS_MAX, sizeof *ack->refusals);
    if (!ack->refusals || ack->refusal_count == REFUSALS_MAX)
        return;
    ack->refusals[ack->refusal_count++] =
        (struct ack_refusal){envelope->header.epoch, envelope->header.seq, envelope->reason, envelope->detail};
}

static void add_warnings(struct arena *arena, struct ack *ack, const struct batch_envelope *envelope)
{
    for (const struct envelope_warning *warning = envelope->warnings; warning; warning = warning->next) {
        if (!ack->warnings)
            ack->warnings = arena_array(arena, WARNINGS_MAX, sizeof *ack->warnings);
        if (!ack->warnings || ack->warning_count == WARNINGS_MAX)
            return;
        ack->warnings[ack->warning_count++] =
            (struct ack_warning){envelope->header.epoch, envelope->header.seq, warning->code, warning->text};
    }
}

static void add_ranges(struct arena *arena, struct ack *ack, const struct stream *stream)
{
    if (!stream->range_count)
        return;
    ack->stored_early = arena_array(arena, stream->range_count, sizeof *ack->stored_early);
    if (!ack->stored_early)
        return;
    for (size_t i = 0; i < stream->range_count; i++)
        ack->stored_early[i] = (struct seq_range){stream->ranges[i].first_seq, stream->ranges[i].last_seq};
    ack->stored_early_count = stream->range_count;
}

struct building {
    struct acks *acks;
    struct batch *batch;
    const struct tree_head *head;
    struct ack_chunk *chunk;
};

static void send_chunk(struct building *building)
{
    struct ack_chunk *chunk = building->chunk;

    if (!chunk)
        return;
    building->chunk = NULL;
    building->acks->pending++;
    (void)uv_queue_work(building->acks->loop, &chunk->work, ack_on_work, ack_on_done);
}

static struct ack_job *add_job(struct building *building, struct source *source)
{
    struct ack_job *job;

    if (!building->chunk) {
        building->chunk = calloc(1, sizeof *building->chunk);
        if (!building->chunk)
            return NULL; /* not answered now: the device sends again */
        building->chunk->acks = building->acks;
        building->chunk->work.data = building->chunk;
    }
    job = &building->chunk->jobs[building->chunk->count++];
    job->source = source;
    job->ack.source = text_of(source->name);
    return job;
}

static void send_full_chunk(struct building *building)
{
    if (building->chunk && building->chunk->count == CHUNK_ACKS)
        send_chunk(building);
}

static void answer_stream(struct building *building, struct batch_stream *stream)
{
    struct ack_job *job = add_job(building, stream->source);
    struct arena *arena = &building->batch->work;

    if (!job)
        return;
    job->ack.epoch = stream->epoch;
    add_ranges(arena, &job->ack, &stream->stream);
    if (stream->stream.next_seq > 0 && stream->head_index >= 0) {
        job->ack.has_seq = true;
        job->ack.seq = stream->stream.next_seq - 1;
        job->statement = (struct ack_statement){
            .origin = text_of(building->acks->origin),
            .source = job->ack.source,
            .epoch = stream->epoch,
            .seq = job->ack.seq,
            .chain = stream->stream.head,
            .index = (uint64_t)stream->head_index,
            .size = building->head->size,
            .root = building->head->root,
        };
    }
    for (size_t i = building->batch->from; stream->has_remarks && i < building->batch->to; i++) {
        const struct batch_envelope *envelope = building->batch->envelopes[i];

        if (envelope->stream != stream)
            continue;
        if (envelope->fate == FATE_DEAD || envelope->fate == FATE_SEND_AGAIN)
            add_refusal(arena, &job->ack, envelope);
        add_warnings(arena, &job->ack, envelope);
    }
    send_full_chunk(building);
}

/* A refusal that no stream's acknowledgement carries: wrong topic, or a message that could not be read. */
static void answer_alone(struct building *building, const struct batch_envelope *envelope)
{
    struct source *source = envelope->source ? envelope->source : envelope->answer_to;
    struct ack_job *job;

    if (envelope->stream || !source || envelope->blame == RULE_S04 ||
        (envelope->fate != FATE_SEND_AGAIN && !(envelope->fate == FATE_DEAD && !envelope->source)))
        return;
    job = add_job(building, source);
    if (!job)
        return;
    job->ack.epoch = envelope->header.epoch;
    add_refusal(&building->batch->work, &job->ack, envelope);
    send_full_chunk(building);
}

void acks_publish(struct acks *acks, struct batch *batch, const struct tree_head *head, void (*on_done)(void *context), void *context)
{
    struct building building = {acks, batch, head, NULL};

    acks->on_done = on_done;
    acks->context = context;
    acks->pending = 1; /* ours, so that nothing is done before all is queued */
    for (size_t i = batch->from; i < batch->to; i++) {
        const struct batch_envelope *envelope = batch->envelopes[i];

        if (envelope->stream && (envelope->reason != REFUSAL_NONE || envelope->warnings))
            envelope->stream->has_remarks = true;
    }
    for (struct batch_stream *stream = batch->streams; stream; stream = stream->next)
        if (stream->to_acknowledge)
            answer_stream(&building, stream);
    for (size_t i = batch->from; i < batch->to; i++)
        answer_alone(&building, batch->envelopes[i]);
    send_chunk(&building);
    finish_chunk(acks);
}
