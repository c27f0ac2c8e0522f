/* ack.c - one note covers every earlier record of its stream by the chain.
 *
 * A job is a whole acknowledgement but for its note: it owns all it needs, so that the lane may go on while the pool signs. What is
 * signed ahead waits in `acks->ahead` for COMMIT, and is thrown away when that does not come. */
#include "ingest/ack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/wire.h"

enum {
    CHUNK_ACKS = ACK_NOTES_MAX, /* one signature */
    REFUSALS_MAX = 40,          /* told in one acknowledgement, so that it stays below 60 KB with its warnings */
    WARNINGS_MAX = 40,
    ACK_BYTES_MAX = 60 * 1024,
    NOTE_BYTES = 640, /* room for most */
    NOTE_BYTES_MAX = 2048,
    JOB_BLOCK_BYTES = 768, /* a note has some 600 bytes; at the end of a backlog every source waits for one */
    OWED_MAX_US = 500 * 1000,
    OWED_ROUND = 2048, /* told at a time: each waits in memory for the broker to take it */
};

/* One acknowledgement on its way. Owns its texts and arrays. */
struct ack_job {
    struct source *source;
    struct arena arena;
    struct ack ack;
    struct ack_statement statement;
    bool unsignable; /* out of memory: not answered now, the device sends again */
};

struct ack_chunk {
    uv_work_t work;
    struct acks *acks;
    bool in_pool, is_ahead;
    struct ack_chunk *next; /* of those signed ahead */
    bool is_void;           /* what it says did not come true: nothing of it is published */
    size_t count;
    struct ack_job jobs[CHUNK_ACKS];
};

void acks_init(struct acks *acks, uv_loop_t *loop, const char *origin, const struct note_signer *signer,
               struct mqtt *mqtt, struct counters *counters)
{
    *acks = (struct acks){.loop = loop, .origin = origin, .signer = signer, .mqtt = mqtt, .counters = counters};
}

/* ---- in a thread of the pool ---- */

static void ack_on_work(uv_work_t *work)
{
    struct ack_chunk *chunk = work->data;
    struct ack_job *jobs[CHUNK_ACKS];
    const struct ack_statement *statements[CHUNK_ACKS];
    size_t count = 0, ends[CHUNK_ACKS];
    struct buffer notes;

    for (size_t i = 0; i < chunk->count && chunk->acks->signer; i++)
        if (chunk->jobs[i].ack.has_seq) {
            jobs[count] = &chunk->jobs[i];
            statements[count++] = &chunk->jobs[i].statement;
        }
    buffer_init(&notes, CHUNK_ACKS * NOTE_BYTES_MAX);
    (void)buffer_reserve(&notes, count * NOTE_BYTES);
    ack_notes_put(statements, count, chunk->acks->signer, &notes, ends);
    for (size_t i = 0; i < count; i++) {
        size_t begin = i ? ends[i - 1] : 0;

        if (!notes.failed)
            jobs[i]->ack.note = arena_text(&jobs[i]->arena, (struct text){(char *)notes.data + begin, ends[i] - begin});
        jobs[i]->unsignable = !jobs[i]->ack.note.data;
    }
    buffer_fini(&notes);
}

/* ---- on the loop: the way out ---- */

static void publish(struct acks *acks, struct ack_job *job)
{
    char topic[128];
    struct buffer payload;

    (void)snprintf(topic, sizeof topic, "custody/v1/%s/down/%s", job->source->area, job->source->name);
    buffer_init(&payload, ACK_BYTES_MAX);
    /* Not connected any more: the device sends again and is answered again. */
    if (!job->unsignable && wire_ack_encode(&job->ack, &payload) == 0 &&
        mqtt_publish(acks->mqtt, topic, payload.data, payload.len, 0, false) == 0)
        acks->counters->acknowledgements++;
    else
        log_debug("ack_not_sent", "source=%s", job->source->name);
    buffer_fini(&payload);
}

static void free_chunk(struct ack_chunk *chunk)
{
    for (size_t i = 0; i < chunk->count; i++)
        arena_fini(&chunk->jobs[i].arena);
    free(chunk);
}

static void publish_chunk(struct ack_chunk *chunk)
{
    for (size_t i = 0; i < chunk->count; i++)
        publish(chunk->acks, &chunk->jobs[i]);
    free_chunk(chunk);
}

static void finish_chunk(struct acks *acks)
{
    void (*on_done)(void *context) = acks->on_done;

    if (--acks->pending || !on_done)
        return;
    acks->on_done = NULL;
    on_done(acks->context);
}

static void ack_on_done(uv_work_t *work, int status)
{
    struct ack_chunk *chunk = work->data;
    struct acks *acks = chunk->acks;

    (void)status;
    chunk->in_pool = false;
    if (chunk->is_ahead)
        return;
    if (chunk->is_void)
        free_chunk(chunk);
    else
        publish_chunk(chunk);
    finish_chunk(acks);
}

static void queue_chunk(struct ack_chunk *chunk)
{
    chunk->in_pool = true;
    (void)uv_queue_work(chunk->acks->loop, &chunk->work, ack_on_work, ack_on_done);
}

/* ---- on the loop: what each acknowledgement says ---- */

static void add_refusal(struct ack_job *job, const struct batch_envelope *envelope)
{
    struct ack *ack = &job->ack;

    if (!ack->refusals)
        ack->refusals = arena_array(&job->arena, REFUSALS_MAX, sizeof *ack->refusals);
    if (!ack->refusals || ack->refusal_count == REFUSALS_MAX)
        return;
    ack->refusals[ack->refusal_count++] = (struct ack_refusal){
        .epoch = envelope->source ? envelope->header.epoch : 0,
        .seq = envelope->source ? envelope->header.seq : 0,
        .reason = envelope->reason,
        .text = arena_text(&job->arena, envelope->detail),
    };
}

static void add_warnings(struct ack_job *job, const struct batch_envelope *envelope)
{
    struct ack *ack = &job->ack;

    for (const struct envelope_warning *warning = envelope->warnings; warning; warning = warning->next) {
        if (!ack->warnings)
            ack->warnings = arena_array(&job->arena, WARNINGS_MAX, sizeof *ack->warnings);
        if (!ack->warnings || ack->warning_count == WARNINGS_MAX)
            return;
        ack->warnings[ack->warning_count++] = (struct ack_warning){
            envelope->header.epoch, envelope->header.seq, warning->code, arena_text(&job->arena, warning->text)};
    }
}

static void add_ranges(struct ack_job *job, const struct stream *stream)
{
    struct seq_range *ranges;

    if (!stream->range_count)
        return;
    ranges = arena_array(&job->arena, stream->range_count, sizeof *ranges);
    if (!ranges)
        return;
    for (size_t i = 0; i < stream->range_count; i++)
        ranges[i] = (struct seq_range){stream->ranges[i].first_seq, stream->ranges[i].last_seq};
    job->ack.stored_early = ranges;
    job->ack.stored_early_count = stream->range_count;
}

/* Jobs under construction. */
struct building {
    struct acks *acks;
    struct ack_chunk *chunk;
    bool is_ahead;
};

static void send_chunk(struct building *building)
{
    struct ack_chunk *chunk = building->chunk;

    if (!chunk)
        return;
    building->chunk = NULL;
    if (building->is_ahead) {
        chunk->is_ahead = true;
        chunk->next = building->acks->ahead;
        building->acks->ahead = chunk;
    } else {
        building->acks->pending++;
    }
    queue_chunk(chunk);
}

/* NULL without memory: not answered now, the device sends again. */
static struct ack_job *add_job(struct building *building, struct source *source, uint32_t epoch)
{
    struct ack_job *job;

    if (building->chunk && building->chunk->count == CHUNK_ACKS)
        send_chunk(building);
    if (!building->chunk) {
        building->chunk = calloc(1, sizeof *building->chunk);
        if (!building->chunk)
            return NULL;
        building->chunk->acks = building->acks;
        building->chunk->work.data = building->chunk;
    }
    job = &building->chunk->jobs[building->chunk->count++];
    job->source = source;
    arena_init(&job->arena, ACK_BYTES_MAX);
    job->arena.block_bytes = JOB_BLOCK_BYTES;
    job->ack.source = text_of(source->name);
    job->ack.epoch = epoch;
    return job;
}

/* How far a stream has come. */
static struct ack_job *add_progress(struct building *building, struct source *source, uint32_t epoch,
                                    const struct stream *stream, int64_t head_index)
{
    struct ack_job *job = add_job(building, source, epoch);

    if (!job)
        return NULL;
    add_ranges(job, stream);
    if (stream->next_seq > 0 && head_index >= 0) {
        job->ack.has_seq = true;
        job->ack.seq = stream->next_seq - 1;
        job->statement = (struct ack_statement){
            .origin = text_of(building->acks->origin),
            .source = job->ack.source,
            .epoch = epoch,
            .seq = job->ack.seq,
            .chain = stream->head,
            .index = (uint64_t)head_index,
            .size = building->acks->head.size,
            .root = building->acks->head.root,
        };
    }
    return job;
}

static void answer_stream(struct building *building, const struct batch *batch, struct batch_stream *stream)
{
    struct ack_job *job = add_progress(building, stream->source, stream->epoch, &stream->stream, stream->head_index);

    for (size_t i = batch->from; job && stream->has_remarks && i < batch->to; i++) {
        const struct batch_envelope *envelope = batch->envelopes[i];

        if (envelope->stream != stream)
            continue;
        if (envelope->reason != REFUSAL_NONE)
            add_refusal(job, envelope);
        add_warnings(job, envelope);
    }
}

/* A refusal that no stream's acknowledgement carries: wrong topic, or a message that could not be read. */
static void answer_alone(struct building *building, const struct batch_envelope *envelope)
{
    struct source *source = envelope->source ? envelope->source : envelope->answer_to;
    struct ack_job *job;

    if (envelope->stream || !source || envelope->blame == RULE_S04 ||
        (envelope->fate != FATE_SEND_AGAIN && envelope->fate != FATE_DEAD))
        return;
    /* What nobody can be held to names no place in a sequence: the bytes that did may be anybody's. */
    job = add_job(building, source, envelope->source ? envelope->header.epoch : 0);
    if (job)
        add_refusal(job, envelope);
}

static void answer_owed(struct building *building)
{
    struct acks *acks = building->acks;

    for (size_t told = 0; acks->owed && told < OWED_ROUND; told++) {
        struct source *source = acks->owed;

        acks->owed = source->next_owed;
        if (source->owed)
            (void)add_progress(building, source, source->epoch, &source->stream, source->head_index);
        source->owed = false;
        source->next_owed = NULL;
    }
}

static void owe(struct acks *acks, struct source *source, int64_t now_us)
{
    if (source->owed)
        return;
    if (!acks->owed)
        acks->owed_since_us = now_us;
    source->owed = true;
    source->next_owed = acks->owed;
    acks->owed = source;
}

/* Only the newest epoch, as the registry has it, can be told later. */
static bool can_wait(const struct batch_stream *stream)
{
    return !stream->has_remarks && stream->source->version > 0 && stream->epoch == stream->source->epoch;
}

static void mark_remarks(struct batch *batch)
{
    for (size_t i = batch->from; i < batch->to; i++) {
        const struct batch_envelope *envelope = batch->envelopes[i];

        if (envelope->stream && (envelope->reason != REFUSAL_NONE || envelope->warnings))
            envelope->stream->has_remarks = true;
    }
}

void acks_sign_ahead(struct acks *acks, struct batch *batch, const struct tree_head *head)
{
    struct building building = {.acks = acks};

    acks->head = *head;
    mark_remarks(batch);
    building.is_ahead = true;
    for (struct batch_stream *stream = batch->streams; stream; stream = stream->next)
        if (stream->to_acknowledge && stream->touched && !stream->has_remarks && stream->head_index >= 0)
            stream->signed_ahead =
                add_progress(&building, stream->source, stream->epoch, &stream->stream, stream->head_index) != NULL;
    send_chunk(&building);
}

/* What was signed ahead, published or thrown away: at once where it is signed by now, else when it will be, which is waited for. */
static void settle_ahead(struct acks *acks, bool came_true)
{
    struct ack_chunk *next;

    for (struct ack_chunk *chunk = acks->ahead; chunk; chunk = next) {
        next = chunk->next;
        chunk->is_ahead = false;
        chunk->is_void = !came_true;
        if (chunk->in_pool)
            acks->pending++;
        else if (came_true)
            publish_chunk(chunk);
        else
            free_chunk(chunk);
    }
    acks->ahead = NULL;
}

void acks_void(struct acks *acks)
{
    settle_ahead(acks, false);
}

void acks_publish(struct acks *acks, struct batch *batch, const struct tree_head *head, bool may_owe, int64_t now_us,
                  void (*on_done)(void *context), void *context)
{
    struct building building = {.acks = acks};

    acks->head = *head;
    acks->on_done = on_done;
    acks->context = context;
    acks->pending++; /* ours, so that nothing is done before all is queued */
    mark_remarks(batch);
    for (struct batch_stream *stream = batch->streams; stream; stream = stream->next) {
        if (!stream->to_acknowledge || (stream->signed_ahead && !stream->has_remarks))
            continue;
        if (can_wait(stream))
            owe(acks, stream->source, now_us);
        else
            answer_stream(&building, batch, stream);
    }
    settle_ahead(acks, true);
    for (size_t i = batch->from; i < batch->to; i++)
        answer_alone(&building, batch->envelopes[i]);
    if (acks->owed && (!may_owe || now_us - acks->owed_since_us > OWED_MAX_US))
        answer_owed(&building);
    send_chunk(&building);
    finish_chunk(acks);
}

void acks_flush(struct acks *acks, void (*on_done)(void *context), void *context)
{
    struct building building = {.acks = acks};

    acks->on_done = on_done;
    acks->context = context;
    acks->pending++;
    answer_owed(&building);
    send_chunk(&building);
    finish_chunk(acks);
}
