/* truck.c - the fold: time passes, a fix or a reading or an event comes, the rules are asked. */
#include "core/route/truck.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "core/route/rules.h"

enum { CM_PER_M = 100 };

static const struct route_limits *limits_of(const struct truck_fold *fold)
{
    return route_map_limits(fold->map);
}

bool truck_is_laden(const struct truck_state *state, const struct route_limits *limits)
{
    return state->cargo_count > 0 || state->cargo_more > 0 || (state->has_load && state->load_g >= limits->laden_min_g);
}

const struct whereabouts *fold_place(struct truck_fold *fold, int64_t at_us)
{
    const struct truck_state *state = fold->state;
    if (!state->fix_at_us)
        return NULL;
    route_map_look(fold->map, (struct spot){state->fix_lon_e7, state->fix_lat_e7}, at_us, &fold->place);
    return &fold->place;
}

/* ---- trips ---- */

static struct trip trip_of(const struct truck_state *state)
{
    return (struct trip){.number = state->trip_count,
                         .started_us = state->trip_started_us,
                         .from_site_id = state->trip_from_site_id,
                         .distance_m = state->trip_cm / CM_PER_M,
                         .fix_count = state->trip_fixes,
                         .most_load_g = state->trip_most_load_g};
}

static void end_trip(struct truck_fold *fold, int64_t at_us, int64_t to_site_id)
{
    struct trip trip = trip_of(fold->state);
    trip.ended_us = at_us;
    trip.to_site_id = to_site_id;
    fold->state->trip_started_us = 0;
    fold->sink->on_arrival(fold->sink->context, &trip);
}

static void begin_trip(struct truck_fold *fold, int64_t at_us, const struct truck_state *entry)
{
    struct truck_state *state = fold->state;
    state->trip_count++;
    state->trip_started_us = at_us;
    state->trip_from_site_id = state->site_id;
    state->trip_cm = 0;
    state->trip_fixes = 0;
    state->trip_most_load_g = state->has_load ? state->load_g : 0;
    const struct trip trip = trip_of(state);
    fold->sink->on_departure(fold->sink->context, &trip, entry);
}

/* After the fix is taken over. A trip without an end is cut, so that never too much has to be folded again. */
static void follow_trip(struct truck_fold *fold, const struct observation *fix, const struct truck_state *entry)
{
    struct truck_state *state = fold->state;
    const struct route_limits *limits = limits_of(fold);
    const struct fence *site = fold->place.site;
    if (state->trip_started_us && site && fix->at_us - state->stop_since_us >= limits->arrive_s * US_PER_S)
        end_trip(fold, fix->at_us, site->site_id);
    else if (state->trip_started_us && fix->at_us - state->trip_started_us >= limits->trip_max_s * US_PER_S)
        end_trip(fold, fix->at_us, 0);
    if (!state->trip_started_us && !site)
        begin_trip(fold, fix->at_us, entry);
    if (state->trip_started_us)
        state->trip_fixes++;
    if (site)
        state->site_id = site->site_id;
}

/* ---- what is observed ---- */

static void follow_stop(struct truck_fold *fold, const struct observation *fix)
{
    struct truck_state *state = fold->state;
    const struct spot at = {fix->lon_e7, fix->lat_e7}, stop = {state->stop_lon_e7, state->stop_lat_e7};
    const double moved_m = state->stop_since_us ? earth_distance_m(route_map_earth(fold->map), stop, at) : 0;
    if (state->stop_since_us && moved_m <= (double)limits_of(fold)->stop_radius_m)
        return;
    state->trip_cm += llround(moved_m * CM_PER_M);
    state->stop_since_us = fix->at_us;
    state->stop_lon_e7 = fix->lon_e7;
    state->stop_lat_e7 = fix->lat_e7;
    state->stop_index = fix->log_index;
    state->stop_said = state->watched_said = false;
}

static void take_fix(struct truck_fold *fold, const struct observation *fix, const struct truck_state *entry)
{
    struct truck_state *state = fold->state;
    rule_r05_moves_impossibly(fold, fix);
    state->fix_at_us = fix->at_us;
    state->fix_lon_e7 = fix->lon_e7;
    state->fix_lat_e7 = fix->lat_e7;
    state->fix_index = fix->log_index;
    state->silence_said = false;
    (void)fold_place(fold, fix->at_us);
    follow_stop(fold, fix);
    follow_trip(fold, fix, entry);
    rule_r01_stops_off_site(fold, fix);
    rule_r02_calls_at_watched_site(fold, fix);
    rule_r03_leaves_permitted_area_or_hours(fold, fix);
    rule_r08_leaves_district(fold, fix);
}

static void take_load(struct truck_fold *fold, const struct observation *reading)
{
    struct truck_state *state = fold->state;
    const struct whereabouts *place = fold_place(fold, reading->at_us);
    const bool on_site = place && place->site;
    rule_r07_loses_load_off_site(fold, reading);
    state->has_load = true;
    state->load_g = reading->value;
    if (on_site || reading->value > state->load_top_g) {
        state->load_top_g = reading->value;
        state->load_top_index = reading->log_index;
    }
    if (on_site && reading->value < limits_of(fold)->laden_min_g) { /* emptied where it may be */
        state->cargo_count = state->cargo_more = 0;
        memset(state->cargo, 0, sizeof state->cargo);
        state->booked_site_id = 0;
    }
    if (state->trip_started_us && reading->value > state->trip_most_load_g)
        state->trip_most_load_g = reading->value;
}

static size_t cargo_at(const struct truck_state *state, int64_t item_id)
{
    size_t at = 0;
    while (at < state->cargo_count && state->cargo[at] != item_id)
        at++;
    return at;
}

static void load_item(struct truck_state *state, int64_t item_id)
{
    if (cargo_at(state, item_id) < state->cargo_count)
        return;
    if (state->cargo_count < TRUCK_CARGO_MAX)
        state->cargo[state->cargo_count++] = item_id;
    else
        state->cargo_more++;
}

static void unload_item(struct truck_state *state, int64_t item_id)
{
    size_t at = cargo_at(state, item_id);
    if (at < state->cargo_count) {
        memmove(&state->cargo[at], &state->cargo[at + 1], (state->cargo_count - at - 1) * sizeof *state->cargo);
        state->cargo[--state->cargo_count] = 0;
    } else if (state->cargo_more > 0) {
        state->cargo_more--;
    }
    if (state->cargo_count + state->cargo_more == 0)
        state->booked_site_id = 0;
}

static void take(struct truck_fold *fold, const struct observation *seen, const struct truck_state *entry)
{
    switch (seen->kind) {
    case OBSERVED_FIX:
        take_fix(fold, seen, entry);
        return;
    case OBSERVED_PICKUP:
        fold->state->pickup_at_us = seen->at_us;
        fold->state->open_at_us = 0; /* still waiting: within the grace */
        return;
    case OBSERVED_LOADED:
        load_item(fold->state, seen->value);
        return;
    case OBSERVED_BOOKED:
        fold->state->booked_site_id = seen->value;
        return;
    case OBSERVED_LOAD_CELL:
        take_load(fold, seen);
        return;
    case OBSERVED_DOOR:
    case OBSERVED_TILT:
        rule_r06_opens_off_site(fold, seen);
        return;
    case OBSERVED_UNLOADED:
        unload_item(fold->state, seen->value);
        return;
    }
}

/* ---- time ---- */

static void pass_time(struct truck_fold *fold, int64_t until_us)
{
    if (until_us <= fold->state->settled_us)
        return;
    rule_r04_falls_silent(fold, until_us);
    rule_r06_was_not_explained(fold, until_us);
    fold->state->settled_us = until_us;
}

/* A trip may begin with this one: its entry is the state before anything of its moment. */
static bool may_depart(const struct truck_fold *fold, const struct observation *seen)
{
    const struct truck_state *state = fold->state;
    return seen->kind == OBSERVED_FIX &&
           (!state->trip_started_us || seen->at_us - state->trip_started_us >= limits_of(fold)->trip_max_s * US_PER_S);
}

size_t truck_settle(struct truck_fold *fold, const struct observation *list, size_t count, int64_t until_us)
{
    size_t done = 0;
    struct truck_state entry;
    for (; done < count && list[done].at_us <= until_us; done++) {
        const struct observation *seen = &list[done];
        assert(seen->at_us > fold->state->settled_us || done > 0);
        pass_time(fold, seen->at_us - 1);
        if (may_depart(fold, seen))
            entry = *fold->state;
        rule_r04_falls_silent(fold, seen->at_us);
        rule_r06_was_not_explained(fold, seen->at_us);
        take(fold, seen, &entry);
    }
    pass_time(fold, until_us);
    return done;
}

int64_t truck_settle_until(const struct route_limits *limits, const struct observation *sorted, size_t count)
{
    return count ? sorted[count - 1].at_us - limits->reorder_window_s * US_PER_S : INT64_MIN;
}

static void due_at(int64_t *due_us, int64_t at_us, int64_t settled_us, int64_t wait_us)
{
    if (at_us > settled_us && (*due_us == 0 || at_us + wait_us < *due_us))
        *due_us = at_us + wait_us;
}

int64_t truck_due_us(const struct truck_state *state, const struct route_limits *limits,
                     const struct observation *waiting, size_t count)
{
    const int64_t window_us = limits->reorder_window_s * US_PER_S;
    int64_t due_us = 0;
    if (count)
        due_at(&due_us, waiting[count - 1].at_us, state->settled_us, 2 * window_us);
    if (state->open_at_us)
        due_at(&due_us, state->open_at_us + limits->pickup_grace_s * US_PER_S, state->settled_us, window_us);
    if (state->fix_at_us && !state->silence_said && truck_is_laden(state, limits))
        due_at(&due_us, state->fix_at_us + limits->silence_s * US_PER_S, state->settled_us, window_us);
    return due_us;
}
