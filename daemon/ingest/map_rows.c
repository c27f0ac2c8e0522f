/* map_rows.c - figures, fences and road rights from rows. */
#include "ingest/map_rows.h"

#include "base/log.h"

void map_take_figures(struct route_limits *limits, const struct pg_result *result)
{
    for (size_t row = 0; row < pg_rows(result); row++)
        (void)route_limits_set(limits, pg_bytes(result, row, 0), pg_i64(result, row, 1)); /* others are others' */
}

static int take_fence(struct route_map *map, const struct route_limits *limits, const struct pg_result *result,
                      size_t row, struct error *error)
{
    struct fence fence = {.fence_id = pg_i64(result, row, 0),
                          .site_id = pg_i64(result, row, 2),
                          .valid_from_us = pg_time_us(result, row, 7),
                          .valid_until_us = pg_time_us(result, row, 8)};

    (void)text_copy(fence.code, sizeof fence.code, pg_bytes(result, row, 3));
    if (fence_kind_parse(pg_bytes(result, row, 1), &fence.kind))
        return error_set(error, ERR_INVALID, "fence %s: kind unknown; hint: a newer schema", fence.code);
    if (pg_is_null(result, row, 4)) {
        const struct spot middle = {(int32_t)pg_i64(result, row, 5), (int32_t)pg_i64(result, row, 6)};

        return route_map_add_circle(map, &fence, middle, (double)limits->site_radius_m, error);
    }
    return route_map_add(map, &fence, pg_bytes(result, row, 4), error);
}

void map_take_fences(struct route_map *map, const struct route_limits *limits, const struct pg_result *result)
{
    for (size_t row = 0; row < pg_rows(result); row++) {
        struct error error = {.code = 0};

        if (take_fence(map, limits, result, row, &error))
            log_error("fence_left_out", "error=\"%s\"", log_text(text_of(error.text)));
    }
}

bool map_take_rights(struct route_map *map, const struct pg_result *result)
{
    for (size_t row = 0; row < pg_rows(result); row++) {
        struct road_right right = {.right_id = pg_i64(result, row, 0),
                                   .fence_id = pg_i64(result, row, 1),
                                   .vehicle_id = pg_i64(result, row, 2),
                                   .weekdays = (uint8_t)pg_i64(result, row, 4),
                                   .from_minute = (int)pg_i64(result, row, 5),
                                   .until_minute = (int)pg_i64(result, row, 6),
                                   .valid_from_us = pg_time_us(result, row, 7),
                                   .valid_until_us = pg_time_us(result, row, 8)};

        (void)text_copy(right.truck_class, sizeof right.truck_class, pg_bytes(result, row, 3));
        if (route_map_add_right(map, &right))
            return false;
    }
    return true;
}
