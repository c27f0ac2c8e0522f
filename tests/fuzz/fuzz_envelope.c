/* fuzz_envelope.c - any bytes as an envelope, all the way that a stranger's bytes take: split, header, decode. */
#include <assert.h>
#include <string.h>

#include "io/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_US INT64_C(1795000000000000)

static void check_round_trip(const struct envelope *envelope)
{
    struct buffer bytes;
    struct envelope again;
    struct error error = {0};
    buffer_init(&bytes, 2 * ENVELOPE_MAX_BYTES);
    assert(wire_envelope_encode(envelope, &bytes) == 0);
    assert(wire_envelope_split(buffer_text(&bytes), &again, &error) == REFUSAL_NONE);
    assert(text_equal(envelope->body, again.body) && text_equal(envelope->signature, again.signature) &&
           text_equal(envelope->key_id, again.key_id));
    buffer_fini(&bytes);
}

static void check_body(struct text body)
{
    struct arena arena;
    struct report report;
    struct report_header header;
    struct error error = {0};
    arena_init(&arena, WIRE_REPORT_MEMORY_MAX);
    if (wire_report_header(body, &header, &error) == REFUSAL_NONE &&
        wire_report_decode(body, NOW_US, &arena, &report, &error) == REFUSAL_NONE)
        assert(text_equal(report.source, header.source) && report.epoch == header.epoch && report.seq == header.seq);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text bytes = {(const char *)data, size};
    struct envelope envelope;
    struct error error = {0};
    enum refusal_reason reason = wire_envelope_split(bytes, &envelope, &error);
    assert((reason == REFUSAL_NONE) == (error.text[0] == '\0'));
    if (reason != REFUSAL_NONE)
        return 0;
    check_round_trip(&envelope);
    check_body(envelope.body);
    return 0;
}
