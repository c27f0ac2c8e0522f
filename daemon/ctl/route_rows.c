/* route_rows.c - rows of text as fences, road rights, trucks and observations. */
#include "ctl/route_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/encoding.h"
#include "core/identity/normalise.h"
#include "io/wire.h"

#define SQL_US(column) "(extract(epoch FROM " column ") * 1000000)::bigint"

enum { ARENA_BYTES = 8 * 1024 * 1024, PAGE_RECORDS = 500, NUMBER_BYTES = 32 };

/* ---- the map ---- */

static int take_limits(struct ctl *ctl, struct route_limits *limits)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl, "SELECT name, value FROM registry.figure", 0, NULL, &rows);
    for (size_t row = 0; exit_code == CTL_OK && row < rows_count(rows); row++)
        (void)route_limits_set(limits, text_of(rows_text(rows, row, 0)), rows_i64(rows, row, 1));
    rows_free(rows);
    return exit_code;
}

static void take_fence(struct route_map *map, const struct route_limits *limits, const struct rows *rows, size_t row)
{
    struct error error = {0};
    struct fence fence = {.fence_id = rows_i64(rows, row, 0),
                          .site_id = rows_i64(rows, row, 2),
                          .valid_from_us = rows_i64(rows, row, 7),
                          .valid_until_us = rows_i64(rows, row, 8)};
    int code;
    (void)text_copy(fence.code, sizeof fence.code, text_of(rows_text(rows, row, 3)));
    if (fence_kind_parse(text_of(rows_text(rows, row, 1)), &fence.kind) != 0)
        return;
    if (rows_is_null(rows, row, 4))
        code = route_map_add_circle(map, &fence,
                                    (struct spot){(int32_t)rows_i64(rows, row, 5), (int32_t)rows_i64(rows, row, 6)},
                                    (double)limits->site_radius_m, &error);
    else
        code = route_map_add(map, &fence, text_of(rows_text(rows, row, 4)), &error);
    (void)code; /* left out, and said in the log of the daemon */
}

static int take_fences(struct ctl *ctl, struct route_map *map, const struct route_limits *limits)
{
    static const char sql[] = "SELECT fence_id, kind, coalesce(site_id, 0), code, geometry, lon_e7, lat_e7, " SQL_US(
        "from_at") ", " SQL_US("until_at") " FROM route.map_fence ORDER BY fence_id";
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl, sql, 0, NULL, &rows);
    for (size_t row = 0; exit_code == CTL_OK && row < rows_count(rows); row++)
        take_fence(map, limits, rows, row);
    rows_free(rows);
    return exit_code;
}

static int take_rights(struct ctl *ctl, struct route_map *map)
{
    static const char sql[] =
        "SELECT right_id, fence_id, vehicle_id, class, weekdays, from_minute, until_minute, " SQL_US(
            "from_at") ", " SQL_US("until_at") " FROM route.map_right ORDER BY right_id";
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl, sql, 0, NULL, &rows);
    for (size_t row = 0; exit_code == CTL_OK && row < rows_count(rows); row++) {
        struct road_right right = {.right_id = rows_i64(rows, row, 0),
                                   .fence_id = rows_i64(rows, row, 1),
                                   .vehicle_id = rows_i64(rows, row, 2),
                                   .weekdays = (uint8_t)rows_i64(rows, row, 4),
                                   .from_minute = (int)rows_i64(rows, row, 5),
                                   .until_minute = (int)rows_i64(rows, row, 6),
                                   .valid_from_us = rows_i64(rows, row, 7),
                                   .valid_until_us = rows_i64(rows, row, 8)};
        (void)text_copy(right.truck_class, sizeof right.truck_class, text_of(rows_text(rows, row, 3)));
        if (route_map_add_right(map, &right) != 0)
            exit_code = ctl_fail(ctl, CTL_TEMPORARY, "road rights: %s", error_words(ERR_NO_MEMORY));
    }
    rows_free(rows);
    return exit_code;
}

int route_map_load(struct ctl *ctl, struct route_map **map)
{
    struct route_limits limits = {0};
    struct error error = {0};
    *map = route_map_new();
    if (!*map)
        return ctl_fail(ctl, CTL_TEMPORARY, "fences: %s", error_words(ERR_NO_MEMORY));
    int exit_code = take_limits(ctl, &limits);
    if (exit_code == CTL_OK)
        exit_code = take_fences(ctl, *map, &limits);
    if (exit_code == CTL_OK)
        exit_code = take_rights(ctl, *map);
    if (exit_code == CTL_OK && route_map_close(*map, &limits, &error) != 0)
        exit_code = ctl_fail_error(ctl, &error);
    return exit_code;
}

/* ---- observations ---- */

struct loading {
    struct ctl *ctl;
    int64_t vehicle_id;
    const struct route_limits *limits;
    const struct directory *directory;
    struct arena arena; /* of one record */
    struct route_observations *found;
    size_t room;
};

/* "ordinal item ordinal item ...": the items of its events. */
static int64_t *item_ids(struct loading *loading, const struct report *report, const char *pairs)
{
    int64_t *ids = arena_array(&loading->arena, report->event_count, sizeof *ids);
    for (char *end; ids; pairs = end) {
        unsigned long ordinal = strtoul(pairs, &end, 10);
        if (end == pairs)
            break;
        pairs = end;
        int64_t item_id = strtoll(pairs, &end, 10);
        if (ordinal < report->event_count)
            ids[ordinal] = item_id;
    }
    return ids;
}

static bool decode(struct loading *loading, const char *hex, int64_t received_us, struct report *report)
{
    struct error error = {0};
    struct envelope envelope;
    size_t len = strlen(hex) / 2;
    uint8_t *bytes = arena_alloc(&loading->arena, len);
    return bytes && hex_decode((struct text){hex, 2 * len}, bytes, len) == 0 &&
           wire_envelope_split((struct text){(const char *)bytes, len}, &envelope, &error) == REFUSAL_NONE &&
           wire_report_decode(envelope.body, received_us, &loading->arena, report, &error) == REFUSAL_NONE &&
           report_normalise(report, &loading->arena, NULL, NULL, &error) == 0;
}

static bool make_room(struct loading *loading, size_t more)
{
    struct route_observations *found = loading->found;
    if (found->count + more <= loading->room)
        return true;
    size_t room = 2 * (found->count + more);
    struct observation *list = realloc(found->list, room * sizeof *list);
    if (!list)
        return false;
    found->list = list;
    loading->room = room;
    return true;
}

enum page_column { PAGE_INDEX, PAGE_RECEIVED, PAGE_RECORD, PAGE_RIDES, PAGE_TRACKS, PAGE_ITEMS };

static int take_record(struct loading *loading, const struct rows *rows, size_t row)
{
    struct report report;
    struct observing observing = {&report,
                                  (uint64_t)rows_i64(rows, row, PAGE_INDEX),
                                  rows_i64(rows, row, PAGE_RECEIVED),
                                  loading->vehicle_id,
                                  rows_i64(rows, row, PAGE_RIDES) != 0,
                                  rows_i64(rows, row, PAGE_TRACKS) != 0,
                                  NULL,
                                  loading->directory};
    struct route_observations *found = loading->found;
    arena_reset(&loading->arena);
    if (rows_is_null(rows, row, PAGE_RECORD)) {
        found->erased++;
        return CTL_OK;
    }
    if (!decode(loading, rows_text(rows, row, PAGE_RECORD), observing.received_us, &report)) {
        found->unreadable++;
        return CTL_OK;
    }
    observing.item_ids = item_ids(loading, &report, rows_text(rows, row, PAGE_ITEMS));
    if (!make_room(loading, observations_most(&report)))
        return ctl_fail(loading->ctl, CTL_TEMPORARY, "observations: %s", error_words(ERR_NO_MEMORY));
    found->count += observations_add(&observing, loading->limits, found->list + found->count);
    return CTL_OK;
}

/* The records after *last. */
static int take_page(struct loading *loading, int64_t *last, size_t *records)
{
    static const char sql[] = "SELECT p.log_index, " SQL_US(
        "r.received_at") ", encode(r.record, 'hex'), p.rides::integer, p.tracks::integer, "
                         "(SELECT string_agg(e.ordinal || ' ' || e.item_id, ' ') FROM custody.event AS e WHERE "
                         "e.log_index = p.log_index "
                         "AND e.part IS NULL) FROM route.report AS p JOIN ledger.record AS r USING (log_index) "
                         "WHERE p.vehicle_id = $1::bigint AND p.log_index > $2::bigint ORDER BY p.log_index LIMIT "
                         "$3::bigint";
    char id[NUMBER_BYTES], after[NUMBER_BYTES], most[NUMBER_BYTES];
    struct rows *rows = NULL;
    snprintf(id, sizeof id, "%" PRId64, loading->vehicle_id);
    snprintf(after, sizeof after, "%" PRId64, *last);
    snprintf(most, sizeof most, "%d", PAGE_RECORDS);
    int exit_code = ctl_query(loading->ctl, sql, 3, (const char *const[]){id, after, most}, &rows);
    *records = exit_code == CTL_OK ? rows_count(rows) : 0;
    for (size_t row = 0; exit_code == CTL_OK && row < *records; row++) {
        exit_code = take_record(loading, rows, row);
        *last = rows_i64(rows, row, PAGE_INDEX);
    }
    rows_free(rows);
    return exit_code;
}

int route_observations_load(struct ctl *ctl, int64_t vehicle_id, const struct route_limits *limits,
                            const struct directory *directory, struct route_observations *observations)
{
    struct loading loading = {
        .ctl = ctl, .vehicle_id = vehicle_id, .limits = limits, .directory = directory, .found = observations};
    int64_t last = -1;
    size_t records = PAGE_RECORDS;
    int exit_code = CTL_OK;
    *observations = (struct route_observations){.count = 0};
    arena_init(&loading.arena, ARENA_BYTES);
    while (exit_code == CTL_OK && records == PAGE_RECORDS)
        exit_code = take_page(&loading, &last, &records);
    arena_fini(&loading.arena);
    if (observations->count)
        observations->count = observations_sort(observations->list, observations->count);
    return exit_code;
}
