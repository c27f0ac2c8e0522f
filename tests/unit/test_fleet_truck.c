/* test_fleet_truck.c - a truck on the invented roads: 1 Hz fixes, a report every ten, stops, loads, believable
 * speeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fleet/truck.h"

static const int64_t start_us = INT64_C(1763000000) * US_PER_S;
static struct world world;

static struct truck new_truck(uint32_t fix_every_s)
{
    struct truck truck;
    world_init(&world, 4);
    truck_init(&truck, &world, 0, start_us, fix_every_s, (struct random){1});
    return truck;
}

static void a_driving_truck_makes_a_fix_a_second_and_a_report_every_ten(void **state)
{
    (void)state;
    struct truck truck = new_truck(1);
    truck_send(&truck, &world, (uint16_t)(world.node_count / 2));
    for (int report = 1; report <= 5; report++) {
        assert_true(truck_step(&truck, &world, start_us + 1000 * US_PER_S));
        assert_int_equal(10, truck.fix_count);
        assert_int_equal(start_us + report * 10 * US_PER_S, truck.now_us);
        for (size_t i = 1; i < truck.fix_count; i++)
            assert_int_equal(US_PER_S, truck.fixes[i].at_us - truck.fixes[i - 1].at_us);
        truck_said(&truck);
    }
}

static void nothing_is_reported_before_its_time(void **state)
{
    (void)state;
    struct truck truck = new_truck(1);
    truck_send(&truck, &world, (uint16_t)(world.node_count / 2));
    assert_false(truck_step(&truck, &world, start_us + 9 * US_PER_S));
    assert_int_equal(9, truck.fix_count);
    assert_true(truck_step(&truck, &world, start_us + 10 * US_PER_S));
}

static void it_arrives_at_the_place_it_was_sent_to_at_a_believable_speed(void **state)
{
    (void)state;
    struct truck truck = new_truck(1);
    const uint16_t goal = (uint16_t)(world.node_count - 1);
    double metres = 0;
    truck_send(&truck, &world, goal);
    for (size_t i = 0; i + 1 < truck.route.count; i++)
        metres += place_distance_m(world.nodes[truck.route.nodes[i]].at, world.nodes[truck.route.nodes[i + 1]].at);
    while (truck.state == TRUCK_DRIVING) {
        assert_true(truck_step(&truck, &world, start_us + 100000 * US_PER_S));
        for (size_t i = 0; i < truck.fix_count; i++)
            assert_in_range(truck.fixes[i].speed_cm_s, 0, 1400);
        truck_said(&truck);
    }
    assert_int_equal(goal, truck.node);
    assert_int_equal(world.nodes[goal].at.lon_e7, truck.at.lon_e7);
    const double seconds = (double)(truck.now_us - start_us) / US_PER_S;
    assert_true(metres / seconds > 8 && metres / seconds < 14);
}

static void it_sets_out_slowly_and_takes_corners_slowly(void **state)
{
    (void)state;
    struct truck truck = new_truck(1);
    uint32_t slowest = UINT32_MAX, fastest = 0;
    truck_send(&truck, &world, (uint16_t)(world.node_count - 1));
    assert_true(truck_step(&truck, &world, start_us + 10 * US_PER_S));
    assert_in_range(truck.fixes[0].speed_cm_s, 100, 130);
    assert_true(truck.fixes[4].speed_cm_s > truck.fixes[0].speed_cm_s);
    for (truck_said(&truck); truck.leg < 4; truck_said(&truck)) {
        assert_true(truck_step(&truck, &world, start_us + 100000 * US_PER_S));
        for (size_t i = 0; i < truck.fix_count; i++) {
            slowest = truck.fixes[i].speed_cm_s < slowest ? truck.fixes[i].speed_cm_s : slowest;
            fastest = truck.fixes[i].speed_cm_s > fastest ? truck.fixes[i].speed_cm_s : fastest;
        }
    }
    assert_int_equal(1400, fastest);
    assert_true(slowest < 800);
}

static void fixes_lie_on_the_road_within_the_receivers_noise(void **state)
{
    (void)state;
    struct truck truck = new_truck(1);
    truck_send(&truck, &world, (uint16_t)(world.node_count - 1));
    for (int i = 0; i < 50 && truck_step(&truck, &world, start_us + 100000 * US_PER_S); i++) {
        const struct fix *last = &truck.fixes[truck.fix_count - 1];
        assert_true(place_distance_m((struct place){last->lon_e7, last->lat_e7}, truck.at) < 4);
        truck_said(&truck);
    }
}

static void a_standing_truck_says_where_it_is_once_a_minute(void **state)
{
    (void)state;
    struct truck truck = new_truck(1);
    size_t reports = 0;
    while (truck_step(&truck, &world, start_us + 600 * US_PER_S)) {
        assert_int_equal(1, truck.fix_count);
        assert_int_equal(0, truck.fixes[0].speed_cm_s);
        assert_false(truck.fixes[0].has_course);
        truck_said(&truck);
        reports++;
    }
    assert_in_range(reports, 10, 11);
}

static void loading_opens_the_door_closes_it_and_changes_the_load(void **state)
{
    (void)state;
    struct truck truck = new_truck(1);
    truck_work(&truck, 1200000, 300);
    assert_true(truck_step(&truck, &world, start_us + 10 * US_PER_S));
    assert_int_equal(READING_DOOR, truck.readings[0].kind);
    assert_true(truck.readings[0].door_open);
    assert_int_equal(0, truck.load_g);
    truck_said(&truck);
    while (truck.state == TRUCK_WORKING) {
        truck_said(&truck);
        assert_true(truck_step(&truck, &world, start_us + 1000 * US_PER_S));
    }
    assert_int_equal(2, truck.reading_count);
    assert_false(truck.readings[0].door_open);
    assert_int_equal(READING_LOAD_CELL, truck.readings[1].kind);
    assert_int_equal(1200000, truck.readings[1].mass_g);
    assert_int_equal(start_us + 300 * US_PER_S, truck.now_us);
}

static void a_faster_clock_makes_fewer_fixes(void **state)
{
    (void)state;
    struct truck truck = new_truck(60);
    truck_send(&truck, &world, (uint16_t)(world.node_count - 1));
    (void)truck_step(&truck, &world, start_us + 240 * US_PER_S);
    assert_in_range(truck.fix_count, 4, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driving_truck_makes_a_fix_a_second_and_a_report_every_ten),
        cmocka_unit_test(nothing_is_reported_before_its_time),
        cmocka_unit_test(it_arrives_at_the_place_it_was_sent_to_at_a_believable_speed),
        cmocka_unit_test(it_sets_out_slowly_and_takes_corners_slowly),
        cmocka_unit_test(fixes_lie_on_the_road_within_the_receivers_noise),
        cmocka_unit_test(a_standing_truck_says_where_it_is_once_a_minute),
        cmocka_unit_test(loading_opens_the_door_closes_it_and_changes_the_load),
        cmocka_unit_test(a_faster_clock_makes_fewer_fixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
