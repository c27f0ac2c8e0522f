/* test_observation.c - what a report says of a truck, and the order in which it is folded. */
#include "route_world.h"

#define NOW (MONDAY + 8 * HOUR)

static struct observation list[32];

static const struct vehicle vehicles[] = {{.vehicle_id = TRUCK, .plate = TEXT("闽C12345")},
                                          {.vehicle_id = 8, .plate = TEXT("闽C99999")}};
static const struct site sites[] = {{.site_id = 31, .code = TEXT("far-yard")}};
static const struct directory directory = {.vehicles = vehicles, .vehicle_count = 2, .sites = sites, .site_count = 1};

static size_t observe(struct report *report, bool rides, bool tracks, const int64_t *item_ids)
{
    assert_true(observations_most(report) <= 32);
    return observations_add(&(struct observing){report, 55, NOW, TRUCK, rides, tracks, item_ids, &directory},
                            &world_limits, list);
}

static void fixes_and_readings_count_where_the_source_is_fixed_to_the_truck(void **unused)
{
    (void)unused;
    struct fix fix = {.at_us = NOW, .lon_e7 = 5, .lat_e7 = 6};
    struct reading readings[] = {{.at_us = NOW, .kind = READING_LOAD_CELL, .mass_g = 700},
                                 {.at_us = NOW, .kind = READING_DOOR, .door_open = true},
                                 {.at_us = NOW, .kind = READING_TILT, .tilt_cdeg = -900},
                                 {.at_us = NOW, .kind = READING_WEIGHBRIDGE, .mass_g = 1},
                                 {.at_us = NOW, .kind = READING_SORTING_MASS, .mass_g = 1}};
    struct report report = {.fix_count = 1, .fixes = &fix, .reading_count = 5, .readings = readings};
    assert_int_equal(observe(&report, true, false, NULL), 0); /* a handheld is carried about */
    assert_int_equal(observe(&report, true, true, NULL), 4);
    assert_int_equal(list[0].kind, OBSERVED_FIX);
    assert_int_equal(list[0].lon_e7, 5);
    assert_int_equal(list[0].log_index, 55);
    assert_int_equal(list[1].value, 700);
    assert_int_equal(list[2].value, 1);
    assert_int_equal(list[3].value, -900);
}

static void what_the_clock_cannot_have_said_is_left_out(void **unused)
{
    (void)unused;
    struct fix fixes[] = {{.at_us = NOW + 300 * SECOND},
                          {.at_us = NOW + 300 * SECOND + 1},
                          {.at_us = NOW - 604800 * SECOND},
                          {.at_us = NOW - 604800 * SECOND - 1}};
    struct report report = {.fix_count = 4, .fixes = fixes};
    assert_int_equal(observe(&report, true, true, NULL), 2);
    assert_int_equal(list[0].at_us, fixes[0].at_us);
    assert_int_equal(list[1].at_us, fixes[2].at_us);
}

static void coarse_fixes_are_left_out(void **unused)
{
    (void)unused;
    struct fix fixes[] = {{.at_us = NOW, .has_accuracy = true, .accuracy_cm = 10000},
                          {.at_us = NOW, .has_accuracy = true, .accuracy_cm = 10001},
                          {.at_us = NOW, .accuracy_cm = 999999}};
    struct report report = {.fix_count = 3, .fixes = fixes};
    assert_int_equal(observe(&report, true, true, NULL), 2);
}

static void events_count_where_the_truck_is_named_or_the_source_rides_on_it(void **unused)
{
    (void)unused;
    struct event events[] = {
        {.type = EVENT_TYPE_PICKED_UP, .conveyance = TEXT("闽c 12345")}, /* normalised like any plate */
        {.type = EVENT_TYPE_LOADED},
        {.type = EVENT_TYPE_UNLOADED, .conveyance = TEXT("container 5")},
        {.type = EVENT_TYPE_DEPARTED, .site = TEXT("far-yard")},
        {.type = EVENT_TYPE_BOOKED, .site = TEXT("nowhere")},
        {.type = EVENT_TYPE_INTAKE, .site = TEXT("far-yard")},
        {.type = EVENT_TYPE_LOADED, .conveyance = TEXT("闽C99999")}};
    static const int64_t item_ids[] = {1, 2, 3, 4, 5, 6, 7};
    static const struct {
        enum observation_kind kind;
        int64_t value;
    } expected[] = {{OBSERVED_PICKUP, 1},
                    {OBSERVED_PICKUP, 2},
                    {OBSERVED_LOADED, 2},
                    {OBSERVED_UNLOADED, 3},
                    {OBSERVED_BOOKED, 31}};
    struct report report = {.event_count = 7, .events = events};
    for (size_t i = 0; i < 7; i++)
        events[i].at_us = NOW;
    assert_int_equal(observe(&report, true, false, item_ids), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(list[i].kind, expected[i].kind);
        assert_int_equal(list[i].value, expected[i].value);
    }
    assert_int_equal(observe(&report, false, false, item_ids), 1); /* only what names it */
    assert_int_equal(list[0].value, 1);
    assert_int_equal(observe(&report, true, false, NULL), 0);
}

static void order_is_by_time_and_content_and_what_came_twice_is_there_once(void **unused)
{
    (void)unused;
    struct observation given[] = {
        {.at_us = 2, .kind = OBSERVED_FIX, .lon_e7 = 1, .log_index = 9},
        {.at_us = 2, .kind = OBSERVED_FIX, .lon_e7 = 1, .log_index = 4},
        {.at_us = 2, .kind = OBSERVED_FIX, .lon_e7 = 0, .log_index = 9},
        {.at_us = 1, .kind = OBSERVED_DOOR, .value = 1, .log_index = 8},
        {.at_us = 1, .kind = OBSERVED_DOOR, .value = 0, .log_index = 9},
        {.at_us = 1, .kind = OBSERVED_FIX, .log_index = 9},
    };
    assert_int_equal(observations_sort(given, 6), 5);
    assert_int_equal(given[0].kind, OBSERVED_FIX);
    assert_int_equal(given[1].value, 0);
    assert_int_equal(given[2].value, 1);
    assert_int_equal(given[3].lon_e7, 0);
    assert_int_equal(given[4].log_index, 4);
    assert_int_equal(observations_sort(given, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixes_and_readings_count_where_the_source_is_fixed_to_the_truck),
        cmocka_unit_test(what_the_clock_cannot_have_said_is_left_out),
        cmocka_unit_test(coarse_fixes_are_left_out),
        cmocka_unit_test(events_count_where_the_truck_is_named_or_the_source_rides_on_it),
        cmocka_unit_test(order_is_by_time_and_content_and_what_came_twice_is_there_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
