/* batch.c - collecting envelopes, and putting them into log order. */
#include "ingest/batch.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { ARENA_BLOCK_BYTES = 1024 * 1024 };

int batch_init(struct batch *batch, size_t room, size_t arena_max_bytes)
{
    *batch = (struct batch){.room = room};
    arena_init(&batch->arena, arena_max_bytes / 2);
    arena_init(&batch->work, arena_max_bytes / 2);
    batch->arena.block_bytes = batch->work.block_bytes = ARENA_BLOCK_BYTES;
    batch->envelopes = malloc(room * sizeof(struct batch_envelope *));
    return batch->envelopes ? 0 : ERR_NO_MEMORY;
}

static void let_go_of_streams(struct batch *batch)
{
    for (struct batch_stream *stream = batch->streams; stream; stream = stream->next) {
        stream_fini(&stream->stream);
        stream->source->active = NULL;
    }
    batch->streams = NULL;
    batch->stream_count = 0;
}

void batch_fini(struct batch *batch)
{
    let_go_of_streams(batch);
    arena_fini(&batch->arena);
    arena_fini(&batch->work);
    free(batch->envelopes);
    *batch = (struct batch){.count = 0};
}

void batch_unjudge(struct batch *batch)
{
    let_go_of_streams(batch);
    batch->findings = NULL;
    batch->leaves = NULL;
    batch->leaf_count = 0;
    batch->event_count = batch->sighting_count = batch->fix_count = batch->reading_count = 0;
    arena_reset(&batch->work);
}

void batch_reset(struct batch *batch)
{
    batch_unjudge(batch);
    arena_reset(&batch->arena);
    batch->count = batch->bytes = 0;
    batch->from = batch->to = 0;
}

struct batch_envelope *batch_append(struct batch *batch, struct text topic, struct text bytes, int64_t received_us)
{
    struct batch_envelope *envelope;

    if (batch->count == batch->room)
        return NULL;
    envelope = arena_alloc(&batch->arena, sizeof *envelope);
    if (!envelope)
        return NULL;
    envelope->bytes = arena_text(&batch->arena, bytes);
    if (!envelope->bytes.data)
        return NULL;
    envelope->topic = topic; /* gate copies it where it is needed longer than this call */
    envelope->received_us = received_us;
    envelope->blame = RULE_COUNT;
    batch->envelopes[batch->count++] = envelope;
    batch->bytes += bytes.len;
    return envelope;
}

struct batch_stream *batch_find_stream(const struct source *source, uint32_t epoch)
{
    struct batch_stream *stream = source->active;

    while (stream && stream->epoch != epoch)
        stream = stream->next_epoch;
    return stream;
}

struct batch_stream *batch_add_stream(struct batch *batch, struct source *source, uint32_t epoch)
{
    struct batch_stream *stream = arena_alloc(&batch->work, sizeof *stream);

    if (!stream)
        return NULL;
    stream->owner = batch;
    stream->source = source;
    stream->epoch = epoch;
    stream->head_index = -1;
    stream_init(&stream->stream);
    stream->next = batch->streams;
    batch->streams = stream;
    batch->stream_count++;
    stream->next_epoch = source->active;
    source->active = stream;
    return stream;
}

static struct text format_text(struct arena *arena, const char *format, va_list arguments)
{
    char words[ERROR_TEXT_BYTES];
    struct text text;

    (void)vsnprintf(words, sizeof words, format, arguments);
    text_make_clean(words);
    text = arena_text(arena, text_of(words));
    return text.data ? text : TEXT("out of memory");
}

void batch_warn(struct batch *batch, struct batch_envelope *envelope, enum warning_code code, const char *format, ...)
{
    struct envelope_warning *warning = arena_alloc(&batch->work, sizeof *warning);
    va_list arguments;

    if (!warning) {
        log_warn("warning_lost", "source=%s hint=\"raise arena_max_bytes\"",
                 envelope->source ? envelope->source->name : "");
        return;
    }
    warning->code = code;
    va_start(arguments, format);
    warning->text = format_text(&batch->work, format, arguments);
    va_end(arguments);
    warning->next = envelope->warnings;
    envelope->warnings = warning;
}

void batch_refuse(struct batch *batch, struct batch_envelope *envelope, enum envelope_fate fate,
                  enum refusal_reason reason, const char *format, ...)
{
    va_list arguments;

    envelope->fate = fate;
    envelope->reason = reason;
    va_start(arguments, format);
    envelope->detail = format_text(&batch->arena, format, arguments);
    va_end(arguments);
}

void batch_find(struct batch *batch, struct source *source, enum rule rule, bool withdraw,
                const struct batch_envelope *evidence, const char *key, const char *format, ...)
{
    struct source_finding *finding = arena_alloc(&batch->work, sizeof *finding);
    va_list arguments;

    if (!finding) {
        log_error("finding_lost", "source=%s rule=%s hint=\"raise arena_max_bytes\"", source->name,
                  rule_infos[rule].id);
        return;
    }
    *finding = (struct source_finding){.next = batch->findings,
                                       .source = source,
                                       .rule = rule,
                                       .withdraw = withdraw,
                                       .at_us = evidence->received_us,
                                       .evidence = evidence,
                                       .key = arena_text(&batch->work, text_of(key))};
    va_start(arguments, format);
    finding->text = format_text(&batch->work, format, arguments);
    va_end(arguments);
    batch->findings = finding;
}

static int by_source_and_epoch(const void *a, const void *b)
{
    const struct batch_stream *left = *(struct batch_stream *const *)a, *right = *(struct batch_stream *const *)b;

    if (left->source->source_id != right->source->source_id)
        return left->source->source_id < right->source->source_id ? -1 : 1;
    return (left->epoch > right->epoch) - (left->epoch < right->epoch);
}

/* One order for all lanes and daemons, so that they hardly ever wait for each other in a circle; where they do, the batch is repeated. */
static int sort_streams(struct batch *batch)
{
    struct batch_stream **sorted = arena_array(&batch->work, batch->stream_count, sizeof *sorted);
    size_t count = 0;

    if (!sorted)
        return ERR_NO_MEMORY;
    for (struct batch_stream *stream = batch->streams; stream; stream = stream->next)
        sorted[count++] = stream;
    qsort(sorted, count, sizeof(struct batch_stream *), by_source_and_epoch);
    batch->streams = NULL;
    while (count) {
        struct batch_stream *stream = sorted[--count];

        stream->next = batch->streams;
        batch->streams = stream;
    }
    return 0;
}

static bool is_leaf(const struct batch_envelope *envelope)
{
    return envelope->fate == FATE_STORED || envelope->fate == FATE_DEAD || envelope->fate == FATE_EQUIVOCATION;
}

int batch_arrange(struct batch *batch)
{
    int code = sort_streams(batch);

    batch->leaves = arena_array(&batch->work, batch->to - batch->from, sizeof(struct batch_envelope *));
    if (code || !batch->leaves)
        return ERR_NO_MEMORY;
    batch->leaf_count = 0;
    for (struct batch_stream *stream = batch->streams; stream; stream = stream->next)
        for (struct batch_envelope *envelope = stream->first; envelope; envelope = envelope->next)
            batch->leaves[batch->leaf_count++] = envelope;
    /* What belongs to no sequence: dead letters of nobody or on a wrong topic, equivocations. */
    for (size_t i = batch->from; i < batch->to; i++) {
        struct batch_envelope *envelope = batch->envelopes[i];

        if (is_leaf(envelope) && (!envelope->stream || envelope->fate == FATE_EQUIVOCATION))
            batch->leaves[batch->leaf_count++] = envelope;
    }
    return 0;
}
