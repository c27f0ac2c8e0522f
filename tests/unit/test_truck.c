/* test_truck.c - trips, what is on board, when a truck is due, and that order and lateness of what is observed do not matter. */
#include "route_world.h"

#define MORNING (MONDAY + 8 * HOUR)

enum { RANDOM_OBSERVATIONS = 1200, HISTORIES = 200 };

static struct said said;
static struct truck_state state;
static struct observation list[4 * RANDOM_OBSERVATIONS];
static size_t count;
static struct route_map *map;

static int begin(void **unused)
{
    (void)unused;
    memset(&said, 0, sizeof said);
    state = (struct truck_state){0};
    count = 0;
    map = world_map();
    return 0;
}

static int end(void **unused)
{
    (void)unused;
    route_map_free(map);
    return 0;
}

static void see(int64_t at_us, enum observation_kind kind, int64_t value)
{
    list[count] = (struct observation){.at_us = at_us, .kind = kind, .value = value, .log_index = 100 + count};
    count++;
}

static void see_fix(int64_t at_us, struct spot at)
{
    see(at_us, OBSERVED_FIX, 0);
    list[count - 1].lon_e7 = at.lon_e7;
    list[count - 1].lat_e7 = at.lat_e7;
}

static void stand(int64_t from_us, int64_t to_us, const char *place)
{
    for (int64_t at_us = from_us; at_us <= to_us; at_us += 30 * SECOND)
        see_fix(at_us, spot_of_place(place));
}

/* About 100 m a fix, every ten seconds. */
static int64_t drive(int64_t at_us, const char *from, const char *to)
{
    const struct spot a = spot_of_place(from), b = spot_of_place(to);
    const int steps = (int)(earth_distance_m(route_map_earth(map), a, b) / 100) + 1;
    for (int i = 0; i <= steps; i++, at_us += 10 * SECOND)
        see_fix(at_us, (struct spot){a.lon_e7 + (b.lon_e7 - a.lon_e7) / steps * i,
                                     a.lat_e7 + (b.lat_e7 - a.lat_e7) / steps * i});
    return at_us;
}

static void fold(int64_t until_us)
{
    count = observations_sort(list, count);
    world_fold(map, &state, list, count, until_us, &said);
    count = 0;
}

/* ---- trips ---- */

static void a_trip_goes_from_leaving_a_site_to_standing_at_one(void **unused)
{
    (void)unused;
    stand(MONDAY + 8 * HOUR, MONDAY + 8 * HOUR + 10 * MINUTE, "the yard");
    see(MONDAY + 8 * HOUR, OBSERVED_LOAD_CELL, 100000);
    int64_t there = drive(MONDAY + 8 * HOUR + 11 * MINUTE, "the yard", "the customer");
    see(there, OBSERVED_PICKUP, 12);
    see(there, OBSERVED_LOADED, 12);
    see(there, OBSERVED_LOAD_CELL, 1500000);
    int64_t back = drive(there + 10 * MINUTE, "the customer", "the yard");
    stand(back, back + 10 * MINUTE, "the yard");
    fold(back + HOUR);
    assert_int_equal(said.entry_count, 1);
    assert_int_equal(said.trip_count, 1);
    const struct trip *trip = &said.trips[0];
    assert_int_equal(trip->number, 1);
    assert_int_equal(trip->from_site_id, YARD);
    assert_int_equal(trip->to_site_id, YARD);
    assert_int_equal(trip->most_load_g, 1500000);
    assert_in_range(trip->distance_m, 2 * 8450,
                    2 * 8600); /* 8.6 km there and back, less the ends within the stop radius */
    assert_in_range(trip->ended_us - back, 110 * SECOND, 130 * SECOND);
    assert_int_equal(said.finding_count, 0);
    assert_int_equal(state.trip_started_us, 0);
}

static void driving_through_a_site_does_not_end_a_trip(void **unused)
{
    (void)unused;
    int64_t at = drive(MONDAY + 8 * HOUR, "the customer", "the yard");
    at = drive(at, "the yard", "the market");
    fold(at);
    assert_int_equal(said.entry_count, 1);
    assert_int_equal(said.trip_count, 0);
    assert_true(state.trip_started_us > 0);
}

static void a_trip_without_an_end_is_cut_after_a_day(void **unused)
{
    (void)unused;
    for (int64_t at = MONDAY; at < MONDAY + 49 * HOUR; at += 10 * MINUTE)
        see_fix(at, spot_of_place("the roadside"));
    fold(MONDAY + 49 * HOUR);
    assert_int_equal(said.entry_count, 3);
    assert_int_equal(said.trip_count, 2);
    assert_int_equal(said.trips[0].ended_us, MONDAY + 24 * HOUR);
    assert_int_equal(said.trips[0].to_site_id, 0);
    assert_int_equal(said.departures[1].started_us, MONDAY + 24 * HOUR);
}

/* ---- what is on board ---- */

static void items_beyond_those_that_are_named_are_counted(void **unused)
{
    (void)unused;
    for (int i = 1; i <= TRUCK_CARGO_MAX + 3; i++)
        see(MORNING + i, OBSERVED_LOADED, i);
    see(MORNING + 1000, OBSERVED_LOADED, 5); /* again */
    stand(MORNING + HOUR, MORNING + HOUR + 21 * MINUTE, "the roadside");
    fold(MORNING + HOUR + 22 * MINUTE);
    assert_int_equal(state.cargo_count + state.cargo_more, TRUCK_CARGO_MAX + 3);
    assert_int_equal(said.finding_count, 1);
    assert_non_null(strstr(said.findings[0].finding.text, "35 items (item 1, 2, 3, ...)"));
    for (int i = 1; i <= TRUCK_CARGO_MAX + 3; i++)
        see(MORNING + 2 * HOUR + i, OBSERVED_UNLOADED, i);
    see(MORNING + 3 * HOUR, OBSERVED_UNLOADED, 77); /* was never on board */
    fold(MORNING + 4 * HOUR);
    assert_int_equal(state.cargo_count + state.cargo_more, 0);
}

/* ---- findings ---- */

static void evidence_is_the_record_of_the_beginning_and_of_the_end(void **unused)
{
    (void)unused;
    see(MORNING, OBSERVED_LOAD_CELL, 3000000);
    stand(MORNING + HOUR, MORNING + HOUR + 20 * MINUTE, "the roadside");
    fold(MORNING + HOUR + 20 * MINUTE);
    assert_int_equal(said.finding_count, 1);
    assert_int_equal(said.findings[0].evidence_count, 2);
    assert_int_equal(said.findings[0].evidence[0], 101);
    assert_int_equal(said.findings[0].evidence[1], 141);
    assert_string_equal(said.findings[0].finding.key, "2026-11-23T01:00:00.000000Z");
}

static void a_finding_is_met_within_what_is_settled_with_it(void **unused)
{
    (void)unused;
    see(MONDAY, OBSERVED_LOAD_CELL, 3000000);
    stand(MONDAY + HOUR, MONDAY + HOUR + MINUTE, "the roadside");
    see(MONDAY + HOUR + MINUTE, OBSERVED_DOOR, 1);
    fold(MONDAY + HOUR + MINUTE);
    for (int64_t until = MONDAY + HOUR + MINUTE; until < MONDAY + 3 * HOUR; until += 7 * SECOND) {
        const size_t before = said.finding_count;
        fold(until + 7 * SECOND);
        for (size_t i = before; i < said.finding_count; i++)
            assert_true(said.findings[i].finding.at_us > until && said.findings[i].finding.at_us <= until + 7 * SECOND);
    }
    assert_int_equal(said.finding_count, 2); /* R06, R04 */
}

/* ---- due ---- */

static void a_truck_is_due_when_something_waits_or_silence_would_count(void **unused)
{
    (void)unused;
    const int64_t window = world_limits.reorder_window_s * SECOND, silence = world_limits.silence_s * SECOND;
    assert_int_equal(truck_due_us(&state, &world_limits, NULL, 0), 0);
    struct observation waiting = {.at_us = MONDAY, .kind = OBSERVED_FIX};
    assert_int_equal(truck_due_us(&state, &world_limits, &waiting, 1), MONDAY + 2 * window);
    stand(MONDAY, MONDAY + MINUTE, "the roadside");
    fold(MONDAY + MINUTE);
    assert_int_equal(truck_due_us(&state, &world_limits, NULL, 0), 0); /* empty */
    see(MONDAY + 2 * MINUTE, OBSERVED_LOADED, 12);
    fold(MONDAY + 2 * MINUTE);
    assert_int_equal(truck_due_us(&state, &world_limits, NULL, 0), MONDAY + MINUTE + silence + window);
    fold(MONDAY + HOUR);
    assert_int_equal(said.finding_count, 1);
    assert_int_equal(truck_due_us(&state, &world_limits, NULL, 0), 0); /* said */
}

/* ---- order ---- */

static size_t make_history(unsigned seed, struct observation *history)
{
    int64_t at = MONDAY;
    const char *here = "the yard";
    count = 0;
    srandom(seed);
    while (count < RANDOM_OBSERVATIONS - 200) {
        const char *there = world_places[(size_t)random() % WORLD_PLACES].name;
        const int64_t arrived = random() % 8 ? drive(at, here, there) : at + 5 * MINUTE;
        stand(arrived, arrived + random() % (30 * MINUTE), there);
        for (long events = random() % 4; events > 0; events--) {
            static const enum observation_kind kinds[] = {OBSERVED_PICKUP,    OBSERVED_LOADED, OBSERVED_UNLOADED,
                                                          OBSERVED_DOOR,      OBSERVED_TILT,   OBSERVED_LOAD_CELL,
                                                          OBSERVED_LOAD_CELL, OBSERVED_BOOKED};
            const enum observation_kind kind = kinds[random() % 8];
            const int64_t value = kind == OBSERVED_LOAD_CELL ? random() % 4000000
                                  : kind == OBSERVED_TILT    ? random() % 4000
                                  : kind == OBSERVED_DOOR    ? random() % 2
                                  : kind == OBSERVED_BOOKED  ? 1 + random() % 2
                                                             : 1 + random() % 5;
            see(at + random() % (arrived - at + 10 * MINUTE), kind, value);
        }
        here = there;
        at = arrived + 31 * MINUTE + random() % HOUR;
    }
    memcpy(history, list, count * sizeof *list);
    return observations_sort(history, count);
}

static bool same_findings(const struct said *a, const struct said *b)
{
    if (a->finding_count != b->finding_count)
        return false;
    for (size_t i = 0; i < a->finding_count; i++) {
        const struct finding *x = &a->findings[i].finding, *y = &b->findings[i].finding;
        if (x->rule != y->rule || x->at_us != y->at_us || strcmp(x->key, y->key) != 0 || strcmp(x->text, y->text) != 0)
            return false;
    }
    return true;
}

static bool same_trips(const struct said *a, const struct said *b)
{
    return a->trip_count == b->trip_count && a->entry_count == b->entry_count &&
           memcmp(a->trips, b->trips, a->trip_count * sizeof *a->trips) == 0;
}

/* Forgets what was said after the entry from which the truck is folded again, as ingest withdraws it. */
static void take_back(struct said *what, size_t entry)
{
    const int64_t settled_us = entry == SIZE_MAX ? 0 : what->entries[entry].settled_us;
    while (what->finding_count > 0 && what->findings[what->finding_count - 1].finding.at_us > settled_us)
        what->finding_count--;
    while (what->trip_count > 0 && what->trips[what->trip_count - 1].ended_us > settled_us)
        what->trip_count--;
    what->entry_count = entry == SIZE_MAX ? 0 : entry;
}

/* What a late arrival makes of it: folded again from the last trip that had not begun by then, with all that has come. */
static void fold_again(struct truck_state *from, const struct observation *history, size_t history_count,
                       const bool *came, int64_t late_us, struct said *what)
{
    static struct observation again[4 * RANDOM_OBSERVATIONS];
    const int64_t until_us = from->settled_us;
    size_t entry = SIZE_MAX, again_count = 0;
    for (size_t i = 0; i < what->entry_count; i++)
        if (what->entries[i].settled_us < late_us)
            entry = i;
    *from = entry == SIZE_MAX ? (struct truck_state){0} : what->entries[entry];
    take_back(what, entry);
    for (size_t i = 0; i < history_count; i++)
        if (came[i] && history[i].at_us > from->settled_us && history[i].at_us <= until_us)
            again[again_count++] = history[i];
    world_fold(map, from, again, again_count, until_us, what);
}

static void whatever_comes_late_gives_what_order_gives(void **unused)
{
    (void)unused;
    static struct observation history[4 * RANDOM_OBSERVATIONS];
    static struct said in_order, late;
    static bool came[4 * RANDOM_OBSERVATIONS];
    const char *wanted = getenv("TRUCK_HISTORIES");
    const unsigned histories = wanted ? (unsigned)strtoul(wanted, NULL, 10) : HISTORIES;
    unsigned found = 0; /* a history without findings shows little */
    print_message("seeds 1 to %u (TRUCK_HISTORIES=10000: more)\n", histories);
    for (unsigned seed = 1; seed <= histories; seed++) {
        const size_t n = make_history(seed, history);
        const int64_t until_us = history[n - 1].at_us + 2 * HOUR;
        struct truck_state a = {0}, b = {0};
        struct buffer x, y;
        memset(&in_order, 0, sizeof in_order);
        memset(&late, 0, sizeof late);
        world_fold(map, &a, history, n, until_us, &in_order);
        found += in_order.finding_count > 0;
        /* A fifth is held back and comes at the end, one by one, in any order. */
        for (size_t i = 0; i < n; i++)
            came[i] = random() % 5 != 0;
        static struct observation first[4 * RANDOM_OBSERVATIONS];
        size_t first_count = 0;
        for (size_t i = 0; i < n; i++)
            if (came[i])
                first[first_count++] = history[i];
        world_fold(map, &b, first, first_count, until_us, &late);
        for (int batch = 0; batch < 12; batch++) {
            int64_t late_us = INT64_MAX;
            for (size_t i = 0; i < n; i++)
                if (!came[i] && (random() % 3 == 0 || batch == 11)) {
                    came[i] = true;
                    late_us = history[i].at_us < late_us ? history[i].at_us : late_us;
                }
            if (late_us != INT64_MAX)
                fold_again(&b, history, n, came, late_us, &late);
        }
        buffer_init(&x, 1 << 16);
        buffer_init(&y, 1 << 16);
        truck_encode(&a, NULL, 0, &x);
        truck_encode(&b, NULL, 0, &y);
        if (!same_findings(&in_order, &late) || !same_trips(&in_order, &late) ||
            !text_equal(buffer_text(&x), buffer_text(&y)))
            fail_msg("seed %u: %zu findings and %zu trips in order, %zu and %zu late", seed, in_order.finding_count,
                     in_order.trip_count, late.finding_count, late.trip_count);
        buffer_fini(&x);
        buffer_fini(&y);
    }
    assert_true(found * 10 > histories * 9);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_trip_goes_from_leaving_a_site_to_standing_at_one),
        TEST(driving_through_a_site_does_not_end_a_trip),
        TEST(a_trip_without_an_end_is_cut_after_a_day),
        TEST(items_beyond_those_that_are_named_are_counted),
        TEST(evidence_is_the_record_of_the_beginning_and_of_the_end),
        TEST(a_finding_is_met_within_what_is_settled_with_it),
        TEST(a_truck_is_due_when_something_waits_or_silence_would_count),
        TEST(whatever_comes_late_gives_what_order_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
