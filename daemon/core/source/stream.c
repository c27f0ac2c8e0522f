/* stream.c - accepting envelopes in any order, exactly once each. */
#include "core/source/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"

void stream_init(struct stream *stream)
{
    *stream = (struct stream){.next_seq = 0};
}

void stream_fini(struct stream *stream)
{
    free(stream->ranges);
    *stream = (struct stream){.ranges = NULL};
}

int stream_copy(struct stream *to, const struct stream *from)
{
    struct stream_range *ranges = NULL;

    if (from->range_count) {
        ranges = malloc(from->range_count * sizeof *ranges);
        if (!ranges)
            return ERR_NO_MEMORY;
        memcpy(ranges, from->ranges, from->range_count * sizeof *ranges);
    }
    free(to->ranges);
    *to = *from;
    to->ranges = ranges;
    return 0;
}

/* Index of the first range whose last_seq is not below seq. */
static size_t range_at(const struct stream *stream, uint64_t seq)
{
    size_t at = 0;

    while (at < stream->range_count && stream->ranges[at].last_seq < seq)
        at++;
    return at;
}

static bool is_seen(const struct stream *stream, uint64_t seq)
{
    size_t at = range_at(stream, seq);

    return seq < stream->next_seq || (at < stream->range_count && stream->ranges[at].first_seq <= seq);
}

static void remove_range(struct stream *stream, size_t at)
{
    memmove(&stream->ranges[at], &stream->ranges[at + 1], (stream->range_count - at - 1U) * sizeof *stream->ranges);
    if (--stream->range_count == 0) {
        free(stream->ranges);
        stream->ranges = NULL;
    }
}

/* After next_seq moved: takes in the early ranges that now follow; false when there was none. */
static bool join_ranges(struct stream *stream, struct stream_notes *notes)
{
    bool joined = false;

    while (stream->range_count && stream->ranges[0].first_seq == stream->next_seq) {
        const struct stream_range *range = &stream->ranges[0];

        notes->broken_chain |= !digest_equal(&range->first_previous, &stream->head);
        stream->next_seq = range->last_seq + 1;
        stream->head = range->last_hash;
        remove_range(stream, 0);
        joined = true;
    }
    return joined;
}

static void accept_next(struct stream *stream, const struct stream_entry *entry, const struct stream_bounds *bounds,
                        struct stream_notes *notes)
{
    notes->broken_chain |= !digest_equal(&entry->previous, &stream->head);
    /* A device may claim any time: nothing is before the earliest by more than the bound. */
    notes->clock_backward = stream->next_seq > 0 && stream->device_us > INT64_MIN + bounds->clock_skew_max_us &&
                            entry->device_us < stream->device_us - bounds->clock_skew_max_us;
    stream->next_seq = entry->seq + 1;
    stream->head = entry->hash;
    stream->device_us = entry->device_us;
    if (join_ranges(stream, notes)) {
        /* The first hole is closed; the next one, if there is one, begins its own grace. */
        notes->gap_closed = stream->gap_reported;
        stream->gap_since_us = stream->range_count ? entry->received_us : 0;
        stream->gap_reported = false;
    }
}

static int insert_range(struct stream *stream, size_t at, const struct stream_entry *entry)
{
    struct stream_range *ranges = realloc(stream->ranges, (stream->range_count + 1U) * sizeof *ranges);

    if (!ranges)
        return ERR_NO_MEMORY;
    memmove(&ranges[at + 1], &ranges[at], (stream->range_count - at) * sizeof *ranges);
    ranges[at] = (struct stream_range){entry->seq, entry->seq, entry->previous, entry->hash};
    stream->ranges = ranges;
    stream->range_count++;
    return 0;
}

/* Puts an early seq into the ranges: grows the one before, the one after, both into one, or starts a new one. */
static int accept_early(struct stream *stream, const struct stream_entry *entry, enum stream_verdict *verdict,
                        struct stream_notes *notes)
{
    size_t at = range_at(stream, entry->seq);
    struct stream_range *before =
        at > 0 && stream->ranges[at - 1].last_seq + 1 == entry->seq ? &stream->ranges[at - 1] : NULL;
    struct stream_range *after =
        at < stream->range_count && entry->seq + 1 == stream->ranges[at].first_seq ? &stream->ranges[at] : NULL;

    if (before)
        notes->broken_chain |= !digest_equal(&entry->previous, &before->last_hash);
    if (after)
        notes->broken_chain |= !digest_equal(&after->first_previous, &entry->hash);
    if (before && after) {
        before->last_seq = after->last_seq;
        before->last_hash = after->last_hash;
        remove_range(stream, at);
    } else if (before) {
        before->last_seq = entry->seq;
        before->last_hash = entry->hash;
    } else if (after) {
        after->first_seq = entry->seq;
        after->first_previous = entry->previous;
    } else if (stream->range_count == STREAM_RANGES_MAX) {
        *verdict = STREAM_TOO_FAR;
        return 0;
    } else {
        notes->gap_opened = at == stream->range_count;
        if (insert_range(stream, at, entry))
            return ERR_NO_MEMORY;
    }
    if (!stream->gap_since_us)
        stream->gap_since_us = entry->received_us;
    return 0;
}

int stream_accept(struct stream *stream, const struct stream_entry *entry, const struct stream_bounds *bounds,
                  enum stream_verdict *verdict, struct stream_notes *notes)
{
    *notes = (struct stream_notes){.broken_chain = false};
    if (entry->seq == stream->next_seq) {
        *verdict = STREAM_NEXT;
        accept_next(stream, entry, bounds, notes);
    } else if (is_seen(stream, entry->seq)) {
        *verdict = STREAM_SEEN;
        return 0;
    } else {
        int code;

        *verdict = STREAM_EARLY;
        code = accept_early(stream, entry, verdict, notes);
        if (code || *verdict == STREAM_TOO_FAR)
            return code;
    }
    notes->clock_ahead = entry->device_us > entry->received_us + bounds->clock_skew_max_us;
    if (stream->gap_since_us && !stream->gap_reported &&
        entry->received_us - stream->gap_since_us > bounds->gap_grace_us) {
        stream->gap_reported = true;
        notes->gap_overdue = true;
    }
    return 0;
}

/* Layout 1: version, head, device_us, gap_since_us, gap_reported, count, then each range. next_seq is a column of its own and is
 * repeated here so that the bytes stand alone. */
enum { STREAM_LAYOUT = 1, STREAM_FIXED_BYTES = 1 + 8 + 32 + 8 + 8 + 1 + 2, STREAM_RANGE_BYTES = 8 + 8 + 32 + 32 };

void stream_encode(const struct stream *stream, struct buffer *out)
{
    buffer_put_u8(out, STREAM_LAYOUT);
    buffer_put_u64_be(out, stream->next_seq);
    buffer_put(out, stream->head.bytes, SHA256_BYTES);
    buffer_put_u64_be(out, (uint64_t)stream->device_us);
    buffer_put_u64_be(out, (uint64_t)stream->gap_since_us);
    buffer_put_u8(out, stream->gap_reported);
    buffer_put_u16_be(out, stream->range_count);
    for (size_t i = 0; i < stream->range_count; i++) {
        const struct stream_range *range = &stream->ranges[i];

        buffer_put_u64_be(out, range->first_seq);
        buffer_put_u64_be(out, range->last_seq);
        buffer_put(out, range->first_previous.bytes, SHA256_BYTES);
        buffer_put(out, range->last_hash.bytes, SHA256_BYTES);
    }
}

static void decode_range(const uint8_t *at, struct stream_range *range)
{
    range->first_seq = load_u64_be(at);
    range->last_seq = load_u64_be(at + 8);
    memcpy(range->first_previous.bytes, at + 16, SHA256_BYTES);
    memcpy(range->last_hash.bytes, at + 16 + SHA256_BYTES, SHA256_BYTES);
}

int stream_decode(struct stream *stream, struct text bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.data;
    struct stream decoded = {.next_seq = 0};
    uint64_t least;

    if (bytes.len < STREAM_FIXED_BYTES || at[0] != STREAM_LAYOUT)
        return ERR_INVALID;
    decoded.next_seq = load_u64_be(at + 1);
    memcpy(decoded.head.bytes, at + 9, SHA256_BYTES);
    decoded.device_us = (int64_t)load_u64_be(at + 41);
    decoded.gap_since_us = (int64_t)load_u64_be(at + 49);
    decoded.gap_reported = at[57] != 0;
    decoded.range_count = (uint16_t)(at[58] << 8 | at[59]);
    if (at[57] > 1 || decoded.range_count > STREAM_RANGES_MAX ||
        bytes.len != STREAM_FIXED_BYTES + (size_t)decoded.range_count * STREAM_RANGE_BYTES)
        return ERR_INVALID;
    if (decoded.range_count) {
        decoded.ranges = malloc(decoded.range_count * sizeof *decoded.ranges);
        if (!decoded.ranges)
            return ERR_NO_MEMORY;
    }
    least = decoded.next_seq;
    for (size_t i = 0; i < decoded.range_count; i++) {
        decode_range(at + STREAM_FIXED_BYTES + i * STREAM_RANGE_BYTES, &decoded.ranges[i]);
        if (decoded.ranges[i].first_seq <= least || decoded.ranges[i].last_seq < decoded.ranges[i].first_seq ||
            decoded.ranges[i].last_seq == UINT64_MAX) {
            free(decoded.ranges);
            return ERR_INVALID;
        }
        least = decoded.ranges[i].last_seq + 1;
    }
    stream_fini(stream);
    *stream = decoded;
    return 0;
}
