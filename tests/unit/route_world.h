/* route_world.h - an invented map for the tests of core/route: named places, fences around some of them, and a truck that is folded. */
#ifndef CUSTODY_TESTS_UNIT_ROUTE_WORLD_H
#define CUSTODY_TESTS_UNIT_ROUTE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/route/truck.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
/* A Monday, 00:00 in Asia/Shanghai: 2026-11-23. */
#define MONDAY INT64_C(1795363200000000)

enum { YARD = 1, FAR_YARD = 2, MARKET_FENCE = 11, DISTRICT_FENCE = 12, AREA_FENCE = 13, TRUCK = 7 };

/* Name, longitude, latitude in degrees, half the side of the fence in degrees (0.001 are about 105 m), kind (-1: no fence), site. */
static const struct world_place {
    const char *name;
    double lon, lat, half;
    int kind;
    int64_t id;
} world_places[] = {
    {"the yard", 118.6220, 24.9950, 0.0010, FENCE_SITE, YARD},
    {"the far yard", 118.8500, 25.0000, 0.0010, FENCE_SITE, FAR_YARD}, /* outside of the district */
    {"the market", 118.6440, 24.9430, 0.0010, FENCE_WATCHED, MARKET_FENCE},
    {"the roadside", 118.6430, 24.9720, 0, -1, 0},
    {"a lane nearby", 118.6480, 24.9720, 0, -1, 0},
    {"the customer", 118.6120, 25.0720, 0, -1, 0},
    {"the forbidden street", 118.6640, 24.9430, 0, -1, 0}, /* outside of the area that trucks may use */
    {"the next county", 118.7600, 25.0000, 0, -1, 0},
};
enum { WORLD_PLACES = sizeof world_places / sizeof world_places[0] };

static inline const struct world_place *world_place(const char *name)
{
    for (size_t i = 0; i < WORLD_PLACES; i++)
        if (strcmp(world_places[i].name, name) == 0)
            return &world_places[i];
    fail_msg("no such place: %s", name);
    return NULL;
}

static inline struct spot spot_at(double lon, double lat)
{
    return (struct spot){(int32_t)(lon * 1e7 + 0.5), (int32_t)(lat * 1e7 + 0.5)};
}

static inline struct spot spot_of_place(const char *name)
{
    const struct world_place *place = world_place(name);
    return spot_at(place->lon, place->lat);
}

static inline const char *world_box(double west, double south, double east, double north)
{
    static char json[512];
    snprintf(
        json, sizeof json,
        "{\"type\": \"Polygon\", \"coordinates\": [[[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f]]]}",
        west, south, east, south, east, north, west, north, west, south);
    return json;
}

static inline void world_add(struct route_map *map, int64_t id, enum fence_kind kind, const char *json)
{
    struct error error = {0};
    struct fence fence = {.fence_id = id, .kind = kind, .valid_until_us = INT64_MAX};
    if (kind == FENCE_SITE)
        fence.site_id = id;
    snprintf(fence.code, sizeof fence.code, "%s-%d", fence_kind_word(kind), (int)id);
    if (route_map_add(map, &fence, text_of(json), &error))
        fail_msg("%s", error.text);
}

/* As in the database, but for what the tests would otherwise wait for. */
static const struct route_limits world_limits = {
    .laden_min_g = 200000,
    .stop_radius_m = 60,
    .stop_s = 1200,
    .watched_stop_s = 180,
    .arrive_s = 120,
    .excursion_s = 120,
    .silence_s = 900,
    .speed_max_m_s = 60,
    .jump_min_m = 1000,
    .pickup_grace_s = 600,
    .tilt_min_cdeg = 1500,
    .loss_min_g = 150000,
    .loss_min_permille = 100,
    .accuracy_max_m = 100,
    .site_radius_m = 150,
    .reorder_window_s = 60,
    .ahead_max_s = 300,
    .late_max_s = 604800,
    .trip_max_s = 86400,
};

/* Trucks of class light_truck may use the area on weekdays from 06:00 to 20:00. */
static inline struct route_map *world_map(void)
{
    struct route_map *map = route_map_new();
    struct error error = {0};
    assert_non_null(map);
    for (size_t i = 0; i < WORLD_PLACES; i++) {
        const struct world_place *place = &world_places[i];
        if (place->kind >= 0)
            world_add(map, place->id, (enum fence_kind)place->kind,
                      world_box(place->lon - place->half, place->lat - place->half, place->lon + place->half,
                                place->lat + place->half));
    }
    world_add(map, DISTRICT_FENCE, FENCE_DISTRICT, world_box(118.55, 24.93, 118.72, 25.31));
    world_add(map, AREA_FENCE, FENCE_AREA, world_box(118.56, 24.94, 118.655, 25.30));
    struct road_right right = {.right_id = 1,
                               .fence_id = AREA_FENCE,
                               .truck_class = "light_truck",
                               .weekdays = 0x1F,
                               .from_minute = 6 * 60,
                               .until_minute = 20 * 60,
                               .valid_until_us = INT64_MAX};
    assert_int_equal(route_map_add_right(map, &right), 0);
    if (route_map_close(map, &world_limits, &error))
        fail_msg("%s", error.text);
    return map;
}

/* What a fold said, in order. */
enum { SAID_MAX = 256 };
struct said {
    size_t finding_count, trip_count, entry_count;
    struct route_finding findings[SAID_MAX];
    struct trip trips[SAID_MAX]; /* that ended */
    struct trip departures[SAID_MAX];
    struct truck_state entries[SAID_MAX];
};

static inline void said_on_finding(void *context, const struct route_finding *finding)
{
    struct said *said = context;
    assert_true(said->finding_count < SAID_MAX);
    said->findings[said->finding_count++] = *finding;
}

static inline void said_on_departure(void *context, const struct trip *trip, const struct truck_state *entry)
{
    struct said *said = context;
    assert_true(said->entry_count < SAID_MAX);
    said->departures[said->entry_count] = *trip;
    said->entries[said->entry_count++] = *entry;
}

static inline void said_on_arrival(void *context, const struct trip *trip)
{
    struct said *said = context;
    assert_true(said->trip_count < SAID_MAX);
    said->trips[said->trip_count++] = *trip;
}

static const struct truck world_truck = {.vehicle_id = TRUCK,
                                         .plate = {"闽C12345", sizeof "闽C12345" - 1},
                                         .truck_class = {"light_truck", sizeof "light_truck" - 1}};

/* Folds all of the sorted list, and time until `until_us`, from `state`. */
static inline void world_fold(const struct route_map *map, struct truck_state *state, const struct observation *list,
                              size_t count, int64_t until_us, struct said *said)
{
    const struct route_sink sink = {said_on_finding, said_on_departure, said_on_arrival, said};
    struct truck_fold fold = {map, &world_truck, &sink, state, PLACE_UNKNOWN};
    assert_int_equal(truck_settle(&fold, list, count, until_us), count);
}

#endif
