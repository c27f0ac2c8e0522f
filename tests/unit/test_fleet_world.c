/* test_fleet_world.c - the invented roads: inside the district, connected, the same for the same seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fleet/world.h"

static struct place at(double lon, double lat)
{
    return (struct place){(int32_t)(lon * 1e7), (int32_t)(lat * 1e7)};
}

static void the_towns_lie_inside_and_their_neighbours_outside(void **state)
{
    (void)state;
    assert_true(world_contains(at(118.664, 24.943)));  /* 万安街道 */
    assert_true(world_contains(at(118.612, 25.072)));  /* 马甲镇 */
    assert_true(world_contains(at(118.640, 25.250)));  /* 虹山乡 */
    assert_false(world_contains(at(118.560, 24.940))); /* inside the bounding box, outside the district */
    assert_false(world_contains(at(118.589, 24.907))); /* Quanzhou's centre */
}

static void every_junction_lies_inside_for_any_seed(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct world world;
        world_init(&world, seed);
        assert_true(world.node_count > 100);
        for (size_t i = 0; i < world.node_count; i++)
            assert_true(world_contains(world.nodes[i].at));
    }
}

static void every_junction_can_be_reached_from_the_first_for_any_seed(void **state)
{
    (void)state;
    struct route *route = malloc(sizeof *route);
    assert_non_null(route);
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct world world;
        world_init(&world, seed);
        for (uint16_t i = 0; i < world.node_count; i++) {
            world_route(&world, 0, i, route);
            assert_true(route->count > 0);
            assert_int_equal(0, route->nodes[0]);
            assert_int_equal(i, route->nodes[route->count - 1]);
        }
    }
    free(route);
}

static void a_route_follows_roads(void **state)
{
    (void)state;
    struct world world;
    struct route route;
    world_init(&world, 3);
    world_route(&world, 0, (uint16_t)(world.node_count - 1), &route);
    for (size_t i = 0; i + 1 < route.count; i++) {
        const struct world_node *node = &world.nodes[route.nodes[i]];
        bool joined = false;
        for (size_t k = 0; k < node->road_count; k++)
            joined = joined || node->roads[k] == route.nodes[i + 1];
        assert_true(joined);
    }
}

static void a_route_to_where_one_is_has_one_node(void **state)
{
    (void)state;
    struct world world;
    struct route route;
    world_init(&world, 3);
    world_route(&world, 7, 7, &route);
    assert_int_equal(1, route.count);
}

static void the_same_seed_gives_the_same_roads_and_another_seed_others(void **state)
{
    (void)state;
    struct world one, same, other;
    world_init(&one, 1);
    world_init(&same, 1);
    world_init(&other, 2);
    assert_memory_equal(&one, &same, sizeof one);
    assert_memory_not_equal(&one, &other, sizeof one);
}

static void distances_and_courses_are_right(void **state)
{
    (void)state;
    const struct place here = at(118.6, 25.1), north = at(118.6, 25.2), east = at(118.7, 25.1);
    assert_in_range((uint64_t)place_distance_m(here, north), 11000, 11150);
    assert_in_range((uint64_t)place_distance_m(here, east), 10050, 10120);
    assert_int_equal(0, place_course_cdeg(here, north));
    assert_int_equal(9000, place_course_cdeg(here, east));
    assert_int_equal(18000, place_course_cdeg(north, here));
    assert_int_equal(27000, place_course_cdeg(east, here));
}

static void a_point_along_a_road_never_overshoots(void **state)
{
    (void)state;
    const struct place from = at(118.6, 25.1), to = at(118.61, 25.11);
    const struct place beyond = place_along(from, to, 1e9), same = place_along(from, from, 5);
    assert_int_equal(to.lon_e7, beyond.lon_e7);
    assert_int_equal(to.lat_e7, beyond.lat_e7);
    assert_int_equal(from.lon_e7, same.lon_e7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_towns_lie_inside_and_their_neighbours_outside),
        cmocka_unit_test(every_junction_lies_inside_for_any_seed),
        cmocka_unit_test(every_junction_can_be_reached_from_the_first_for_any_seed),
        cmocka_unit_test(a_route_follows_roads),
        cmocka_unit_test(a_route_to_where_one_is_has_one_node),
        cmocka_unit_test(the_same_seed_gives_the_same_roads_and_another_seed_others),
        cmocka_unit_test(distances_and_courses_are_right),
        cmocka_unit_test(a_point_along_a_road_never_overshoots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
