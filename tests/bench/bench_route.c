/* bench_route.c - what the fold of a truck's way costs: a thousand laden trucks on their way among 500 fences, an envelope of ten fixes at
 * a time, sorted, settled, the rest waiting, as ingest does it. One core, CPU time. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/route/truck.h"

#define US_PER_S INT64_C(1000000)
#define START_US INT64_C(1795392000000000)

enum {
    TRUCKS = 1000,
    FENCES = 500,
    FIXES = 10,
    ROUNDS = 200,
    RUNS = 5,
    WAITING_MAX = 128,
    WEST_E7 = 1185600000,
    SOUTH_E7 = 249400000,
    WIDTH_E7 = 1500000,
    HEIGHT_E7 = 3500000
};

struct driven {
    double lon_e7, lat_e7, course;
    struct truck_state state;
    struct observation waiting[WAITING_MAX];
    size_t count;
    struct whereabouts place;
};

static struct driven trucks[TRUCKS];
static struct observation envelopes[TRUCKS][FIXES];
static uint64_t said;

/* Of this process's CPU, so that others on the machine do not count. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double uniform(void)
{
    return (double)random() / ((double)RAND_MAX + 1);
}

static void fail_on(int code, const struct error *error)
{
    if (!code)
        return;
    fprintf(stderr, "bench_route: %s\n", error->text);
    exit(1);
}

static void add_square(struct route_map *map, int64_t id, enum fence_kind kind, double lon, double lat, double half)
{
    char json[512];
    struct error error = {.code = 0};
    struct fence fence = {.fence_id = id,
                          .kind = kind,
                          .site_id = kind == FENCE_SITE ? id : 0,
                          .code = "fence",
                          .valid_until_us = INT64_MAX};
    snprintf(json, sizeof json,
             "{\"type\":\"Polygon\",\"coordinates\":[[[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f]]]}",
             lon - half, lat - half, lon + half, lat - half, lon + half, lat + half, lon - half, lat + half, lon - half,
             lat - half);
    fail_on(route_map_add(map, &fence, text_of(json), &error), &error);
}

/* Half of them circles around sites, some watched squares, a few large areas with rights, one district. */
static struct route_map *make_map(void)
{
    struct route_limits limits = {0};
    struct error error = {.code = 0};
    struct route_map *map = route_map_new();
    assert(map);
#define X(name) limits.name = 600;
    ROUTE_LIMIT_TABLE(X)
#undef X
    limits.stop_radius_m = limits.speed_max_m_s = limits.reorder_window_s = 60;
    limits.jump_min_m = limits.laden_min_g = 1000;
    add_square(map, 1, FENCE_DISTRICT, 118.635, 25.118, 0.19);
    for (int i = 2; i <= FENCES; i++) {
        const double lon = (WEST_E7 + WIDTH_E7 * uniform()) / 1e7, lat = (SOUTH_E7 + HEIGHT_E7 * uniform()) / 1e7;
        struct fence site = {
            .fence_id = i, .kind = FENCE_SITE, .site_id = i, .code = "site", .valid_until_us = INT64_MAX};
        if (i % 50 == 0)
            add_square(map, i, FENCE_AREA, lon, lat, 0.05);
        else if (i % 4 == 0)
            add_square(map, i, FENCE_WATCHED, lon, lat, 0.001);
        else
            fail_on(route_map_add_circle(map, &site, (struct spot){(int32_t)(lon * 1e7), (int32_t)(lat * 1e7)}, 150,
                                         &error),
                    &error);
        const struct road_right right = {
            .right_id = i, .fence_id = i, .truck_class = "light_truck", .weekdays = 0x7F, .valid_until_us = INT64_MAX};
        if (i % 50 == 0)
            fail_on(route_map_add_right(map, &right), &error);
    }
    fail_on(route_map_close(map, &limits, &error), &error);
    return map;
}

/* About 14 m a second, turning now and then, back into the box where they leave it. */
static void drive_all(int round)
{
    for (size_t t = 0; t < TRUCKS; t++)
        for (int i = 0; i < FIXES; i++) {
            struct driven *truck = &trucks[t];
            if (random() % 60 == 0)
                truck->course = 6.2831853 * uniform();
            truck->lon_e7 = fmin(fmax(truck->lon_e7 + 1380 * cos(truck->course) + 100 * (uniform() - 0.5), WEST_E7),
                                 WEST_E7 + WIDTH_E7);
            truck->lat_e7 = fmin(fmax(truck->lat_e7 + 1260 * sin(truck->course) + 100 * (uniform() - 0.5), SOUTH_E7),
                                 SOUTH_E7 + HEIGHT_E7);
            envelopes[t][i] = (struct observation){.at_us = START_US + (int64_t)(round * FIXES + i) * US_PER_S,
                                                   .log_index = (uint64_t)round * TRUCKS + t,
                                                   .kind = OBSERVED_FIX,
                                                   .lon_e7 = (int32_t)truck->lon_e7,
                                                   .lat_e7 = (int32_t)truck->lat_e7};
        }
}

static void on_finding(void *context, const struct route_finding *finding)
{
    (void)context;
    (void)finding;
    said++;
}

static void on_departure(void *context, const struct trip *trip, const struct truck_state *entry)
{
    (void)context;
    (void)trip;
    (void)entry;
}

static void on_arrival(void *context, const struct trip *trip)
{
    (void)context;
    (void)trip;
}

static void fold_all(const struct route_map *map)
{
    static const struct route_sink sink = {on_finding, on_departure, on_arrival, NULL};
    static const struct truck truck = {1, {"bench", 5}, {"light_truck", 11}};
    const struct route_limits *limits = route_map_limits(map);
    for (size_t t = 0; t < TRUCKS; t++) {
        struct driven *driven = &trucks[t];
        struct truck_fold fold = {map, &truck, &sink, &driven->state,
                                  PLACE_UNKNOWN}; /* every envelope looks anew, as in a batch */
        memcpy(driven->waiting + driven->count, envelopes[t], sizeof envelopes[t]);
        driven->count = observations_sort(driven->waiting, driven->count + FIXES);
        size_t done = truck_settle(&fold, driven->waiting, driven->count,
                                   truck_settle_until(limits, driven->waiting, driven->count));
        driven->count -= done;
        memmove(driven->waiting, driven->waiting + done, driven->count * sizeof *driven->waiting);
    }
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int main(void)
{
    double rates[RUNS];
    srandom(17);
    struct route_map *map = make_map();
    assert(route_map_fence_count(map) == FENCES);
    for (size_t t = 0; t < TRUCKS; t++) {
        trucks[t].lon_e7 = WEST_E7 + WIDTH_E7 * uniform();
        trucks[t].lat_e7 = SOUTH_E7 + HEIGHT_E7 * uniform();
        trucks[t].state.cargo_count = 1; /* laden: every rule is asked */
    }
    for (int run = 0, round = 0; run < RUNS; run++) {
        double spent = 0;
        for (int i = 0; i < ROUNDS; i++, round++) {
            drive_all(round);
            const double start = seconds();
            fold_all(map);
            spent += seconds() - start;
        }
        rates[run] = (double)ROUNDS * TRUCKS * FIXES / spent;
    }
    qsort(rates, RUNS, sizeof rates[0], ascending);
    if (said == 0)
        return fprintf(stderr, "bench_route: no rule found anything\n"), 1;
    printf("bench route_fixes %.0f fixes/s\n", rates[RUNS / 2]);
    route_map_free(map);
    return 0;
}
