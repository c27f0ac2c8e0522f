/* stream.h - one epoch of one source: its sequence, its hash chain, its holes, its clock.
 *
 * Pure: an envelope's header in, a verdict out. The state is what de-duplicates: seq below next_seq, or inside a range that came
 * early, has been dealt with. Stored as ledger.stream.state. */
#ifndef CUSTODY_CORE_SOURCE_STREAM_H
#define CUSTODY_CORE_SOURCE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"

enum { STREAM_RANGES_MAX = 32 };

/* Consecutive seqs that arrived before some seq below them. */
struct stream_range {
    uint64_t first_seq, last_seq;
    struct digest first_previous; /* what its first envelope says it follows */
    struct digest last_hash;
};

struct stream {
    uint64_t next_seq;           /* everything below is dealt with */
    struct digest head;          /* SHA-256 of envelope next_seq - 1; zero at 0 */
    int64_t device_us;           /* device time of the last one that came in order */
    int64_t gap_since_us;        /* when the first hole was seen, or the one before it closed; 0: no hole */
    bool gap_reported;           /* S01 stands for the present hole */
    uint16_t range_count;        /* ascending, disjoint, never adjacent to each other or to next_seq */
    struct stream_range *ranges; /* owned; NULL while range_count is 0 */
};

/* What an envelope's header says about its place. */
struct stream_entry {
    uint64_t seq;
    struct digest previous; /* as stated */
    struct digest hash;     /* of the envelope's bytes */
    int64_t device_us;
    int64_t received_us;
};

enum stream_verdict {
    STREAM_NEXT,    /* the expected one; any early ones behind it are joined */
    STREAM_EARLY,   /* some before it are missing */
    STREAM_SEEN,    /* this seq was dealt with: a duplicate or an equivocation; the state did not change */
    STREAM_TOO_FAR, /* would need more than STREAM_RANGES_MAX ranges; the state did not change */
};

struct stream_bounds {
    int64_t gap_grace_us;
    int64_t clock_skew_max_us;
};

/* What else was noticed while accepting (NEXT and EARLY only). */
struct stream_notes {
    bool broken_chain;   /* a previous that is not the hash before it: here, or at a joint that this envelope closed */
    bool gap_opened;     /* this envelope left a hole behind it */
    bool gap_overdue;    /* a hole has stood longer than the grace: raise S01 (said once a hole) */
    bool gap_closed;     /* the first hole was filled, and S01 had been raised: withdraw it */
    bool clock_ahead;    /* device time is ahead of ours by more than the bound */
    bool clock_backward; /* device time went back by more than the bound */
};

void stream_init(struct stream *stream);
void stream_fini(struct stream *stream);
/* Deep copy into an initialised or zeroed `to`; 0 or ERR_NO_MEMORY (then `to` is unchanged). */
int stream_copy(struct stream *to, const struct stream *from) MUST_USE;

/* 0 or ERR_NO_MEMORY (the state did not change). */
int stream_accept(struct stream *stream, const struct stream_entry *entry, const struct stream_bounds *bounds,
                  enum stream_verdict *verdict, struct stream_notes *notes) MUST_USE;

/* Versioned bytes; equal states give equal bytes. */
void stream_encode(const struct stream *stream, struct buffer *out);
/* Into an initialised stream; 0, ERR_INVALID or ERR_NO_MEMORY. */
int stream_decode(struct stream *stream, struct text bytes) MUST_USE;

#endif
