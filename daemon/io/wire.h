/* wire.h - protobuf bytes to values and back: the only file that knows protobuf-c.
 *
 * Decoding: one descriptor-driven scan of the bytes first (depth, count of elements and unknown fields, UTF-8 and NUL,
 * predicted memory), then unpack with the arena as allocator, then conversion with every bound of the contract
 * checked. */
#ifndef CUSTODY_IO_WIRE_H
#define CUSTODY_IO_WIRE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "core/report.h"

enum {
    ENVELOPE_MAX_BYTES = 60 * 1024,
    /* Most that one wire_report_decode takes from its arena: close a batch before the arena has less left. */
    WIRE_REPORT_MEMORY_MAX = 768 * 1024,
};

/* Numbers of custody.v1.RefusalReason. */
enum refusal_reason {
    REFUSAL_NONE = 0,
    REFUSAL_MALFORMED = 1,
    REFUSAL_OVERSIZE = 2,
    REFUSAL_UNKNOWN_SOURCE = 3,
    REFUSAL_BAD_SIGNATURE = 4,
    REFUSAL_UNKNOWN_KEY = 5,
    REFUSAL_WRONG_TOPIC = 6,
    REFUSAL_INVALID_TEXT = 7,
    REFUSAL_IMPOSSIBLE_POSITION = 8,
    REFUSAL_IMPOSSIBLE_TIME = 9,
    REFUSAL_INVALID_FIELD = 10,
    REFUSAL_INVALID_IDENTIFIER = 11,
    REFUSAL_TOO_FAR_AHEAD = 12,
    REFUSAL_NOT_STORABLE = 13,
};
/* Stable snake_case words ("bad_signature"); never NULL. */
const char *refusal_reason_word(enum refusal_reason reason);

/* Numbers of custody.v1.WarningCode. */
enum warning_code {
    WARNING_SEQUENCE_GAP = 1,
    WARNING_BROKEN_CHAIN = 2,
    WARNING_EQUIVOCATION = 3,
    WARNING_OLD_EPOCH = 4,
    WARNING_CLOCK = 5,
    WARNING_UNKNOWN_ITEM = 6,
    WARNING_STEP_NOT_ALLOWED = 7,
    WARNING_IDENTIFIER = 8,
    WARNING_FLAGGED = 9,
};

/* An envelope taken apart, nothing checked but its shape. Borrows from the bytes it was parsed from. */
struct envelope {
    struct text body, signature, key_id;
};

/* Splits an envelope without allocating. REFUSAL_NONE, MALFORMED or OVERSIZE (then `error`). */
enum refusal_reason wire_envelope_split(struct text bytes, struct envelope *envelope, struct error *error);

/* Who speaks, read from the front of a body without decoding the rest: source, epoch, seq, previous. Fields may stand
 * in any order; the last one of a kind counts, as in protobuf. Allocates nothing; `source` borrows from `body`.
 * REFUSAL_NONE or MALFORMED. Bounds are not checked here: source may be any bytes, epoch 0, seq above INT64_MAX; a
 * `previous` that is not 32 bytes is left zero. wire_report_decode refuses all of that. */
struct report_header {
    struct text source;
    uint32_t epoch;
    uint64_t seq;
    struct digest previous;
    int64_t device_time_us;
};
enum refusal_reason wire_report_header(struct text body, struct report_header *header, struct error *error);

/* Decodes and checks a whole body into the arena. now_us bounds times (2000-01-01 to now + 1 day). Positions are
 * converted to WGS-84. Identifiers stay as sent. On a refusal, `error` says what, which value and a hint, and as much
 * of `report` as was understood (source, epoch, seq) is set. NOT_STORABLE with error code ERR_NO_MEMORY: the arena is
 * full, the envelope may be fine. */
enum refusal_reason wire_report_decode(struct text body, int64_t now_us, struct arena *arena, struct report *report,
                                       struct error *error);

/* Copies a body's header and, of its elements, the events at these ordinals (rising, each once): they decode as in the
 * whole body, in its memory's proportion. 0; ERR_INVALID (no protobuf, or fewer events); ERR_NO_MEMORY. */
int wire_report_pick(struct text body, const uint16_t *ordinals, size_t count, struct buffer *out) MUST_USE;

/* Builds a body from a report (positions are written in WGS-84), for simulated devices, imports and tests. 0 or a
 * negative code. */
int wire_report_encode(const struct report *report, struct buffer *out) MUST_USE;
int wire_envelope_encode(const struct envelope *envelope, struct buffer *out) MUST_USE;

struct ack_refusal {
    uint32_t epoch;
    uint64_t seq;
    enum refusal_reason reason;
    struct text text;
};
struct ack_warning {
    uint32_t epoch;
    uint64_t seq;
    enum warning_code code;
    struct text text;
};
struct seq_range {
    uint64_t first_seq, last_seq;
};
struct ack {
    struct text source;
    uint32_t epoch;
    bool has_seq;
    uint64_t seq;
    struct text note;
    size_t refusal_count, warning_count, stored_early_count;
    struct ack_refusal *refusals;
    struct ack_warning *warnings;
    struct seq_range *stored_early;
};
int wire_ack_encode(const struct ack *ack, struct buffer *out) MUST_USE;
int wire_ack_decode(struct text bytes, struct arena *arena, struct ack *ack, struct error *error) MUST_USE;

#endif
