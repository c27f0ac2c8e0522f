/* fuzz_report.c - any bytes as a report's body: refused with clean words, or accepted, and then the same after encoding it again;
 * the short way through fixes never accepts what the long way refuses. */
#include <assert.h>
#include <string.h>

#include "io/wire.h"
#include "io/wire_fix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_US INT64_C(1795000000000000)

static void check_round_trip(const struct report *report, struct arena *arena)
{
    struct buffer once, twice;
    struct report again;
    struct error error = {0};
    buffer_init(&once, 1 << 24);
    buffer_init(&twice, 1 << 24);
    assert(wire_report_encode(report, &once) == 0);
    assert(wire_report_decode(buffer_text(&once), NOW_US, arena, &again, &error) == REFUSAL_NONE);
    assert(wire_report_encode(&again, &twice) == 0);
    assert(text_equal(buffer_text(&once), buffer_text(&twice)));
    buffer_fini(&once);
    buffer_fini(&twice);
}

static void check_both_ways(struct text body, struct arena *arena)
{
    struct error error = {0};
    const struct wire_check check = {NOW_US, arena, &error};
    struct report_front front;
    struct report short_way = {0}, long_way = {0};
    if (wire_front_read(body, &front, NULL) != REFUSAL_NONE ||
        !wire_fix_report_decode(&check, body, &front, &short_way))
        return;
    assert(wire_shape_decode(&check, &report_shape, body, &long_way) == REFUSAL_NONE);
    assert(short_way.epoch == long_way.epoch && short_way.seq == long_way.seq);
    assert(short_way.device_time_us == long_way.device_time_us && short_way.clock_quality == long_way.clock_quality);
    assert(text_equal(short_way.source, long_way.source) && digest_equal(&short_way.previous, &long_way.previous));
    assert(short_way.fix_count == long_way.fix_count);
    assert(short_way.fix_count == 0 ||
           memcmp(short_way.fixes, long_way.fixes, short_way.fix_count * sizeof(struct fix)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text body = {(const char *)data, size};
    struct arena arena;
    struct report report;
    struct report_header header;
    struct error error = {0}, header_error = {0};
    arena_init(&arena, 4 * WIRE_REPORT_MEMORY_MAX);
    enum refusal_reason shape = wire_report_header(body, &header, &header_error);
    enum refusal_reason reason = wire_report_decode(body, NOW_US, &arena, &report, &error);
    assert(arena.used_bytes <= WIRE_REPORT_MEMORY_MAX);
    assert(shape == REFUSAL_NONE || reason == shape);
    assert((reason == REFUSAL_NONE) == (error.text[0] == '\0'));
    assert(text_is_clean_utf8(text_of(error.text)));
    assert(reason == REFUSAL_NONE || strstr(error.text, "hint:") != NULL);
    assert(reason != REFUSAL_NOT_STORABLE);
    if (reason == REFUSAL_NONE)
        check_round_trip(&report, &arena);
    check_both_ways(body, &arena);
    arena_fini(&arena);
    return 0;
}
