/* fuzz_stream.c - any bytes as the stored state of a stream: refused, or the same when encoded again, and sound to go on with. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "core/source/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ranges(const struct stream *stream)
{
    uint64_t end = stream->next_seq;
    assert(stream->range_count <= STREAM_RANGES_MAX && (stream->range_count == 0) == (stream->ranges == NULL));
    for (size_t i = 0; i < stream->range_count; i++) {
        assert(stream->ranges[i].first_seq > end && stream->ranges[i].first_seq <= stream->ranges[i].last_seq);
        end = stream->ranges[i].last_seq + 1;
    }
}

static void check_round_trip(const struct stream *stream, struct text bytes)
{
    struct buffer again;
    buffer_init(&again, 1 << 16);
    stream_encode(stream, &again);
    assert(!again.failed && text_equal(buffer_text(&again), bytes));
    buffer_fini(&again);
}

/* Whatever arrives next, in whatever order: each envelope counts once, and the ranges stay apart. */
static void accept_around(struct stream *stream, const uint8_t *data, size_t size)
{
    const struct stream_bounds bounds = {60000000, 5000000};
    for (size_t i = 0; i < size && i < 64; i++) {
        struct stream_entry entry = {
            .seq = stream->next_seq + data[i] % 48, .device_us = INT64_MIN, .received_us = data[i]};
        enum stream_verdict verdict, again;
        struct stream_notes notes;
        if (entry.seq >= INT64_MAX) /* refused before */
            return;
        if (i % 2)
            memcpy(&entry.device_us, data + (size - sizeof entry.device_us) * i / 64, sizeof entry.device_us);
        if (stream_accept(stream, &entry, &bounds, &verdict, &notes))
            abort();
        check_ranges(stream);
        if (stream_accept(stream, &entry, &bounds, &again, &notes))
            abort();
        assert(again == (verdict == STREAM_TOO_FAR ? STREAM_TOO_FAR : STREAM_SEEN));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text bytes = {(const char *)data, size};
    struct stream stream;
    stream_init(&stream);
    if (stream_decode(&stream, bytes) == 0) {
        check_ranges(&stream);
        check_round_trip(&stream, bytes);
        if (stream.gap_since_us >= 0) /* a time of our own clock */
            accept_around(&stream, data, size);
    } else {
        assert(stream.next_seq == 0 && !stream.ranges);
    }
    stream_fini(&stream);
    return 0;
}
