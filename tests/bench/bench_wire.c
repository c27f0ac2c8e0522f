/* bench_wire.c - what decoding costs: split, header and whole decode of reports of one and of ten fixes, and of one
 * event. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "io/wire.h"

#define NOW_US INT64_C(1795000000000000)

enum { ROUNDS = 200000, RUNS = 5, FIXES = 10 };

/* Of this process's CPU, so that others on the machine do not count. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct fix fixes[FIXES];
static struct identifier vin = {.scheme = IDENTIFIER_SCHEME_VIN, .value = {"LSVAU2A34N2183294", 17}};
static struct event events[1];

static struct report sample(size_t fix_count, size_t event_count)
{
    for (size_t i = 0; i < FIXES; i++)
        fixes[i] = (struct fix){.at_us = NOW_US - (int64_t)i * 1000000,
                                .lon_e7 = 1186340000 + (int32_t)i,
                                .lat_e7 = 251180000,
                                .datum = DATUM_WGS84,
                                .has_speed = true,
                                .speed_cm_s = 1234,
                                .has_course = true,
                                .course_cdeg = 9000};
    events[0] = (struct event){.event_id = {1},
                               .type = EVENT_TYPE_PICKED_UP,
                               .at_us = NOW_US,
                               .item = {.kind = ITEM_KIND_VEHICLE, .identifier_count = 1, .identifiers = &vin},
                               .site = TEXT("yard-1"),
                               .mass = {.present = true, .mass_g = 1400000}};
    return (struct report){.source = TEXT("truck-000123"),
                           .epoch = 1,
                           .seq = 123456,
                           .previous = {{1, 2, 3}},
                           .device_time_us = NOW_US,
                           .clock_quality = CLOCK_QUALITY_GNSS,
                           .fix_count = fix_count,
                           .fixes = fixes,
                           .event_count = event_count,
                           .events = events};
}

static double run(struct text envelope_bytes, struct arena *arena)
{
    double start = seconds();
    for (int i = 0; i < ROUNDS; i++) {
        struct envelope envelope;
        struct report_header header;
        struct report report;
        struct error error;
        enum refusal_reason reason = wire_envelope_split(envelope_bytes, &envelope, &error);
        reason = reason ? reason : wire_report_header(envelope.body, &header, &error);
        reason = reason ? reason : wire_report_decode(envelope.body, NOW_US, arena, &report, &error);
        if (reason != REFUSAL_NONE) {
            fprintf(stderr, "refused: %s\n", error.text);
            exit(1);
        }
        if (i % 1000 == 999)
            arena_reset(arena);
    }
    return (seconds() - start) * 1e6 / ROUNDS;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void measure(const char *name, size_t fix_count, size_t event_count)
{
    struct report report = sample(fix_count, event_count);
    struct buffer body, bytes;
    struct arena arena;
    double results[RUNS];
    static const char signature[64] = {1}, key_id[4] = {1};
    buffer_init(&body, ENVELOPE_MAX_BYTES);
    buffer_init(&bytes, ENVELOPE_MAX_BYTES);
    arena_init(&arena, 64 << 20);
    int code = wire_report_encode(&report, &body);
    struct envelope envelope = {buffer_text(&body), {signature, sizeof signature}, {key_id, sizeof key_id}};
    code = code ? code : wire_envelope_encode(&envelope, &bytes);
    if (code != 0) {
        fprintf(stderr, "cannot encode: %s\n", error_words(code));
        exit(1);
    }
    for (int i = 0; i < RUNS; i++)
        results[i] = run(buffer_text(&bytes), &arena);
    qsort(results, RUNS, sizeof results[0], ascending);
    printf("bench %s %.3f us\n", name, results[RUNS / 2]);
    arena_fini(&arena);
    buffer_fini(&body);
    buffer_fini(&bytes);
}

int main(void)
{
    measure("wire_decode_1_fix_us", 1, 0);
    measure("wire_decode_10_fixes_us", FIXES, 0);
    measure("wire_decode_1_event_us", 0, 1);
    return 0;
}
