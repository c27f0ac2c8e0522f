/* batch.h - the envelopes of one lane that are under way together: read, judged, stored and acknowledged as one.
 *
 * What was read lives in `arena` until batch_reset; what was made of it lives in `work` until batch_unjudge. Nothing here outlives the
 * acknowledgement. */
#ifndef CUSTODY_INGEST_BATCH_H
#define CUSTODY_INGEST_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/finding.h"
#include "core/ledger/leaf.h"
#include "ingest/registry.h"
#include "io/wire.h"

/* What becomes of an envelope; gate.c decides. */
enum envelope_fate {
    FATE_PENDING,      /* not judged yet */
    FATE_STORED,       /* leaf of type 1, typed rows */
    FATE_DEAD,         /* leaf of type 3, with a reason */
    FATE_SEEN,         /* its seq was dealt with before: ask the database what was said then */
    FATE_DUPLICATE,    /* the same bytes: nothing to store, acknowledged again */
    FATE_EQUIVOCATION, /* other bytes under a used seq: leaf of type 6 */
    FATE_SEND_AGAIN,   /* refused without being dealt with */
    FATE_DROPPED,      /* unattributable, above the rate */
};

struct envelope_warning {
    struct envelope_warning *next;
    enum warning_code code;
    struct text text;
};

struct batch_envelope {
    struct text bytes;           /* the record: exactly what came */
    struct text topic;           /* only where `source` is NULL or the topic is wrong */
    struct text body, signature; /* within bytes */
    struct report_header header; /* source text within bytes */
    struct digest hash;          /* of bytes */
    int64_t received_us;
    struct source *source;                /* NULL: unattributable */
    struct source *answer_to;             /* whom a refusal may be told when `source` is NULL; may be NULL */
    uint8_t public_key[PUBLIC_KEY_BYTES]; /* a copy: the registry may be loaded anew while the pool verifies */
    bool to_verify;                       /* signed, and not refused on arrival */
    bool signature_good;
    enum envelope_fate fate;
    enum refusal_reason reason; /* DEAD, SEND_AGAIN */
    struct text detail;         /* words for it */
    struct report *report;      /* STORED */
    int64_t *item_ids;          /* of its events, once they are known; NULL where no truck asks for them */
    struct envelope_warning *warnings;
    struct batch_stream *stream;
    struct batch_envelope *next; /* of the same stream, in the order of storing */
    uint64_t log_index;          /* STORED, DEAD, EQUIVOCATION: set when the head is locked */
    bool settled_on_arrival;     /* its fate does not change by judging: unattributable, or on a wrong topic */
    bool undecodable;            /* whatever it says, it is kept as a dead letter, with `reason` and `detail` */
    enum rule blame;             /* unattributable: S04 against `answer_to`; RULE_COUNT: none */
};

/* One epoch of one source within the batch: a working copy of its stream. */
struct batch_stream {
    const struct batch *owner; /* a source's streams belong to one lane's batch at a time */
    struct source *source;
    uint32_t epoch;
    int64_t version;      /* as in the database; 0: no row yet */
    struct stream stream; /* after the batch, once it is stored */
    bool older;           /* not the source's newest epoch */
    bool touched;         /* the state changed: compare and swap */
    bool to_acknowledge;
    bool has_remarks;                    /* some envelope of it was refused or warned about */
    bool signed_ahead;                   /* its note is made while the database commits */
    int64_t head_index;                  /* log index of envelope next_seq - 1; -1: look it up */
    struct batch_envelope *first, *last; /* leaves of this batch, in order */
    struct batch_stream *next;           /* next in the batch */
    struct batch_stream *next_epoch;     /* another epoch of the same source */
};

/* Something a rule says about a source. */
struct source_finding {
    struct source_finding *next;
    struct source *source;
    enum rule rule;
    bool withdraw; /* it no longer holds */
    int64_t at_us;
    const struct batch_envelope *evidence;
    struct text key, text;
};

struct batch {
    struct arena arena, work;
    struct batch_envelope **envelopes; /* in the order of arrival */
    size_t count, room;
    size_t bytes; /* of payload */
    struct batch_stream *streams;
    size_t stream_count;
    struct source_finding *findings;
    size_t event_count, sighting_count, fix_count, reading_count; /* of STORED envelopes in the range under way */
    size_t from, to; /* the range that is judged and stored now: all, or a part of it while a poison record is sought */
    struct batch_envelope **leaves; /* of the range, in log order: streams in order, then what is unattributable */
    size_t leaf_count;
};

/* `room` envelopes at most; each of the two arenas gets half of arena_max_bytes. 0 or ERR_NO_MEMORY. */
int batch_init(struct batch *batch, size_t room, size_t arena_max_bytes) MUST_USE;
void batch_fini(struct batch *batch);
/* Forgets everything; streams of sources are let go. */
void batch_reset(struct batch *batch);
/* Forgets what was judged and keeps what was read. */
void batch_unjudge(struct batch *batch);

/* A new envelope with its bytes copied; NULL when the batch or its arena is full. */
struct batch_envelope *batch_append(struct batch *batch, struct text topic, struct text bytes, int64_t received_us);

/* The working stream of (source, epoch); NULL when the batch has none. */
struct batch_stream *batch_find_stream(const struct source *source, uint32_t epoch);
/* A new one; NULL when memory is exhausted. */
struct batch_stream *batch_add_stream(struct batch *batch, struct source *source, uint32_t epoch);

/* Words are copied. Best effort: without memory the warning or finding is lost and logged. The words of a refusal stay with what was
 * read, since some refusals are said only once. */
void batch_warn(struct batch *batch, struct batch_envelope *envelope, enum warning_code code, const char *format, ...)
    PRINTF_LIKE(4, 5);
void batch_refuse(struct batch *batch, struct batch_envelope *envelope, enum envelope_fate fate,
                  enum refusal_reason reason, const char *format, ...) PRINTF_LIKE(5, 6);
void batch_find(struct batch *batch, struct source *source, enum rule rule, bool withdraw,
                const struct batch_envelope *evidence, const char *key, const char *format, ...) PRINTF_LIKE(7, 8);

/* After judging the range: streams sorted by (source_id, epoch), leaves in log order. 0 or ERR_NO_MEMORY. */
int batch_arrange(struct batch *batch) MUST_USE;

static inline enum leaf_type envelope_leaf_type(const struct batch_envelope *envelope)
{
    return envelope->fate == FATE_DEAD           ? LEAF_DEAD_LETTER
           : envelope->fate == FATE_EQUIVOCATION ? LEAF_EQUIVOCATION
                                                 : LEAF_ENVELOPE;
}

#endif
