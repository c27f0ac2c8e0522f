/* fuzz_traccar.c - any bytes as a message of Traccar: refused with words, or a fix that the daemon takes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "io/traccar.h"
#include "io/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_US INT64_C(1795000000000000)

static void check_accepted(struct traccar_position *position)
{
    struct report report = {
        .source = TEXT("truck-1"), .epoch = 1, .device_time_us = NOW_US, .fix_count = 1, .fixes = &position->fix};
    struct report again;
    struct buffer body;
    struct arena arena;
    struct error error = {.code = 0};
    buffer_init(&body, ENVELOPE_MAX_BYTES);
    arena_init(&arena, WIRE_REPORT_MEMORY_MAX);
    assert(wire_report_encode(&report, &body) == 0);
    assert(wire_report_decode(buffer_text(&body), NOW_US, &arena, &again, &error) == REFUSAL_NONE);
    assert(again.fix_count == 1 && again.fixes[0].at_us == position->fix.at_us);
    arena_fini(&arena);
    buffer_fini(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const enum datum datum = DATUM_WGS84 + (size ? data[size - 1] % 4U : 0);
    struct traccar_position position;
    struct error error = {.code = 0};
    if (traccar_read((struct text){(const char *)data, size}, datum, NOW_US, &position, &error)) {
        assert(error.code == ERR_INVALID && strstr(error.text, "; hint: ") && text_is_clean_utf8(text_of(error.text)));
        return 0;
    }
    assert(*position.unique_id && strlen(position.unique_id) < TRACCAR_ID_BYTES);
    check_accepted(&position);
    return 0;
}
