/* truck_history.c - records decoded again, one at a time, into observations. */
#include "ingest/truck_history.h"

#include <stdlib.h>

#include "base/encoding.h"
#include "core/identity/normalise.h"
#include "io/wire.h"

enum {
    OBSERVATIONS_MAX = 2 * 1000 * 1000,
    RECORD_ARENA_BYTES = 8 * 1024 * 1024,
    NAMED_BYTES = 2 + 8 /* ordinal, item */
};

void truck_history_init(struct truck_history *history)
{
    *history = (struct truck_history){.count = 0};
    arena_init(&history->arena, RECORD_ARENA_BYTES);
}

void truck_history_fini(struct truck_history *history)
{
    free(history->list);
    arena_fini(&history->arena);
    *history = (struct truck_history){.list = NULL};
}

void truck_history_clear(struct truck_history *history)
{
    history->count = 0;
    history->after_index = 0;
    history->records = 0;
}

static int make_room(struct truck_history *history, size_t more, struct error *error)
{
    size_t room = history->room ? history->room : 4096;
    struct observation *list;

    while (room < history->count + more)
        room *= 2;
    if (room == history->room)
        return 0;
    list = room <= OBSERVATIONS_MAX ? realloc(history->list, room * sizeof *list) : NULL;
    if (!list)
        return error_set(error, ERR_NO_MEMORY,
                         "more than %d observations since the trip began; hint: is its device's "
                         "clock set back?",
                         OBSERVATIONS_MAX);
    history->list = list;
    history->room = room;
    return 0;
}

static int decode(struct truck_history *history, struct text record, int64_t received_us, struct report *report,
                  struct error *error)
{
    struct envelope envelope;

    arena_reset(&history->arena);
    if (wire_envelope_split(record, &envelope, error) != REFUSAL_NONE ||
        wire_report_decode(envelope.body, received_us, &history->arena, report, error) != REFUSAL_NONE ||
        report_normalise(report, &history->arena, NULL, NULL, error))
        return ERR_INTERNAL;
    return 0;
}

/* `named` are pairs of ordinal and item. */
static int64_t *item_ids(struct truck_history *history, const struct report *report, struct text named)
{
    int64_t *ids = arena_array(&history->arena, report->event_count, sizeof *ids);

    for (size_t at = 0; ids && at + NAMED_BYTES <= named.len; at += NAMED_BYTES) {
        const uint8_t *bytes = (const uint8_t *)named.data + at;
        size_t ordinal = (size_t)bytes[0] << 8 | bytes[1];

        if (ordinal < report->event_count)
            ids[ordinal] = (int64_t)load_u64_be(bytes + 2);
    }
    return ids;
}

static void keep_later(struct truck_history *history, size_t from, int64_t after_us)
{
    size_t kept = from;

    for (size_t i = from; i < history->count; i++)
        if (history->list[i].at_us > after_us)
            history->list[kept++] = history->list[i];
    history->count = kept;
}

int truck_history_take(struct truck_history *history, const struct pg_result *page, int64_t vehicle_id,
                       int64_t after_us, const struct route_limits *limits, const struct directory *directory,
                       struct error *error)
{
    history->records = pg_rows(page);
    for (size_t row = 0; row < pg_rows(page); row++) {
        struct report report;
        struct observing observing = {&report,
                                      (uint64_t)pg_i64(page, row, 0),
                                      pg_time_us(page, row, 1),
                                      vehicle_id,
                                      pg_bool(page, row, 3),
                                      pg_bool(page, row, 4),
                                      NULL,
                                      directory};
        size_t before = history->count;
        int code;

        history->after_index = observing.log_index;
        if (pg_is_null(page, row, 2)) /* erased: what is left is what can be folded */
            continue;
        code = decode(history, pg_bytes(page, row, 2), observing.received_us, &report, error);

        if (!code)
            code = make_room(history, observations_most(&report), error);
        if (code) {
            (void)error_prefix(error, "record %llu", (unsigned long long)observing.log_index);
            return code;
        }
        observing.item_ids = item_ids(history, &report, pg_bytes(page, row, 5));
        history->count += observations_add(&observing, limits, history->list + history->count);
        keep_later(history, before, after_us);
    }
    return 0;
}
