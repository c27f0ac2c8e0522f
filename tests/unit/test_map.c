/* test_map.c - fences: what is taken, what a place says, and that a remembered place says what a fresh look would. */
#include "route_world.h"

#include "core/report.h"

static struct whereabouts look(const struct route_map *map, struct spot at, int64_t at_us)
{
    struct whereabouts place = PLACE_UNKNOWN;
    route_map_look(map, at, at_us, &place);
    return place;
}

static void places_say_which_fences_they_are_in(void **state)
{
    (void)state;
    struct route_map *map = world_map();
    struct whereabouts yard = look(map, spot_of_place("the yard"), MONDAY);
    assert_int_equal(yard.site->site_id, YARD);
    assert_null(yard.watched);
    assert_true(yard.has_district && yard.in_district);
    assert_int_equal(yard.area_count, 1);
    assert_int_equal(yard.areas[0], AREA_FENCE);
    struct whereabouts market = look(map, spot_of_place("the market"), MONDAY);
    assert_null(market.site);
    assert_string_equal(market.watched->code, "watched-11");
    struct whereabouts abroad = look(map, spot_of_place("the next county"), MONDAY);
    assert_true(abroad.has_district && !abroad.in_district);
    assert_int_equal(abroad.area_count, 0);
    route_map_free(map);
}

static void the_edge_is_inside_and_a_step_beyond_it_is_not(void **state)
{
    (void)state;
    struct route_map *map = world_map();
    struct spot corner = spot_at(118.6210, 24.9940);
    assert_non_null(look(map, corner, MONDAY).site);
    assert_null(look(map, (struct spot){corner.lon_e7 - 1, corner.lat_e7}, MONDAY).site);
    assert_null(look(map, (struct spot){corner.lon_e7, corner.lat_e7 - 1}, MONDAY).site);
    route_map_free(map);
}

static bool same_answer(const struct whereabouts *a, const struct whereabouts *b)
{
    return a->site == b->site && a->watched == b->watched && a->has_district == b->has_district &&
           a->in_district == b->in_district && a->area_count == b->area_count &&
           memcmp(a->areas, b->areas, a->area_count * sizeof *a->areas) == 0;
}

static void a_remembered_place_says_what_a_fresh_look_says(void **state)
{
    (void)state;
    const long seed = 4071;
    struct route_map *map = world_map();
    struct whereabouts remembered = PLACE_UNKNOWN;
    struct spot at = spot_of_place("the yard");
    print_message("seed %ld\n", seed);
    srandom((unsigned)seed);
    for (int i = 0; i < 20000; i++) {
        const int32_t step = random() % 10 ? 4000 : 200000;
        at.lon_e7 += (int32_t)(random() % (2 * step + 1)) - step;
        at.lat_e7 += (int32_t)(random() % (2 * step + 1)) - step;
        if (at.lon_e7 < 1185000000 || at.lon_e7 > 1189000000 || at.lat_e7 < 249000000 || at.lat_e7 > 253500000)
            at = spot_of_place(world_places[(size_t)random() % WORLD_PLACES].name);
        route_map_look(map, at, MONDAY + i, &remembered);
        struct whereabouts fresh = look(map, at, MONDAY + i);
        if (!same_answer(&remembered, &fresh))
            fail_msg("seed %ld, step %d: at %d, %d", seed, i, at.lon_e7, at.lat_e7);
    }
    route_map_free(map);
}

static void a_fence_holds_for_its_time_also_for_a_truck_that_stands(void **state)
{
    (void)state;
    struct route_map *map = route_map_new();
    struct error error;
    struct fence fence = {.fence_id = 1,
                          .kind = FENCE_SITE,
                          .site_id = 5,
                          .code = "yard",
                          .valid_from_us = MONDAY + HOUR,
                          .valid_until_us = MONDAY + 2 * HOUR};
    assert_int_equal(route_map_add(map, &fence, text_of(world_box(118, 24, 119, 25)), &error), 0);
    assert_int_equal(route_map_close(map, &world_limits, &error), 0);
    struct whereabouts place = PLACE_UNKNOWN;
    const struct spot at = spot_at(118.5, 24.5);
    static const struct {
        int64_t after_us;
        bool inside;
    } times[] = {{0, false},        {HOUR - 1, false}, {HOUR, true}, {2 * HOUR - 1, true},
                 {2 * HOUR, false}, {3 * HOUR, false}, {HOUR, true}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        route_map_look(map, at, MONDAY + times[i].after_us, &place);
        assert_int_equal(place.site != NULL, times[i].inside);
    }
    route_map_free(map);
}

static void a_circle_is_where_its_radius_says(void **state)
{
    (void)state;
    struct route_map *map = route_map_new();
    struct error error;
    const struct spot middle = {1186340000, 251180000};
    struct fence fence = {.fence_id = 1, .kind = FENCE_SITE, .site_id = 5, .code = "yard", .valid_until_us = INT64_MAX};
    assert_int_equal(route_map_add_circle(map, &fence, middle, 150, &error), 0);
    assert_int_equal(route_map_close(map, &world_limits, &error), 0);
    for (int azimuth = 0; azimuth < 360; azimuth += 7) {
        assert_non_null(look(map, earth_along(route_map_earth(map), middle, azimuth, 149), 0).site);
        assert_null(look(map, earth_along(route_map_earth(map), middle, azimuth, 150.1), 0).site);
    }
    route_map_free(map);
}

static void multipolygons_and_holes_are_taken_as_they_are(void **state)
{
    (void)state;
    struct route_map *map = route_map_new();
    struct error error;
    world_add(
        map, 1, FENCE_DISTRICT,
        "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[1,1],[4,1],[4,4],[1,4],[1,1]],[[2,2],[3,2],[3,3],[2,3],[2,2]]],"
        "[[[8,8],[9,8],[9,9],[8,8]]]]}");
    assert_int_equal(route_map_close(map, &world_limits, &error), 0);
    assert_true(look(map, spot_at(1.5, 1.5), 0).in_district);
    assert_false(look(map, spot_at(2.5, 2.5), 0).in_district);
    assert_true(look(map, spot_at(8.9, 8.5), 0).in_district);
    route_map_free(map);
}

static void what_is_no_area_is_refused_with_words(void **state)
{
    (void)state;
    static const struct {
        const char *json, *words;
    } bad[] = {
        {"", "fence f: "},
        {"118.6,24.9 118.7,24.9", "fence f: "},
        {"{\"type\": \"Polygon\"", "fence f: "},
        {"{\"type\": \"Point\", \"coordinates\": [1, 2]}", "not a polygon"},
        {"{\"type\": \"LineString\", \"coordinates\": [[1, 2], [3, 4]]}", "not a polygon"},
        {"{\"type\": \"Polygon\", \"coordinates\": []}", "empty"},
        {"{\"type\": \"Polygon\", \"coordinates\": [[[0,0],[2,2],[2,0],[0,2],[0,0]]]}",
         "hint: a ring that does not cross itself"},
        {"{\"type\": \"Polygon\", \"coordinates\": [[[24.9,118.6],[25,118.6],[25,118.7],[24.9,118.6]]]}",
         "not on the earth"},
        {"{\"type\": \"Polygon\", \"coordinates\": [[[179,0],[181,0],[181,1],[179,0]]]}", "not on the earth"},
        {"{\"type\": \"Polygon\", \"coordinates\": [[[0,0],[1,0],[1,1]]]}", "fence f: "},
        {"{\"type\": \"Polygon\", \"coordinates\": [[[0,0],[1,0],[1,1],[0,1]]]}", "open"},
        {"{\"type\": \"Polygon\", \"coordinates\": [[[0,0],[1,0],[],[0,0]]]}", "a position"},
        {"{\"type\": \"Polygon\", \"coordinates\": [[[0,0],[1,\"0\"],[1,1],[0,0]]]}", "a position"},
        {"{\"type\": \"Polygon\", \"coordinates\": 5}", "empty"},
        {"{\"type\": \"MultiPolygon\", \"coordinates\": []}", "empty"},
        {"{\"type\": \"MultiPolygon\", \"coordinates\": [[]]}", "empty"},
        {"{\"type\": \"Polygon\", \"coordinates\": [[[0,0],[1e308,0],[1,1],[0,0]]]}", "not on the earth"},
        {"[]", "not a polygon"},
    };
    struct fence fence = {.fence_id = 1, .kind = FENCE_AREA, .code = "f", .valid_until_us = INT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct route_map *map = route_map_new();
        struct error error = {0};
        assert_int_equal(route_map_add(map, &fence, text_of(bad[i].json), &error), ERR_INVALID);
        if (!strstr(error.text, bad[i].words) || !strstr(error.text, "hint:"))
            fail_msg("%s: %s", bad[i].json, error.text);
        assert_int_equal(route_map_fence_count(map), 0);
        route_map_free(map);
    }
}

static void a_map_without_one_of_its_limits_is_refused(void **state)
{
    (void)state;
    struct route_map *map = route_map_new();
    struct route_limits limits = world_limits;
    struct error error = {0};
    limits.silence_s = 0;
    assert_int_equal(route_map_close(map, &limits, &error), ERR_INVALID);
    assert_non_null(strstr(error.text, "silence_s"));
    route_map_free(map);
}

static void of_fences_that_overlap_the_lowest_number_counts(void **state)
{
    (void)state;
    struct route_map *map = route_map_new();
    struct error error;
    world_add(map, 9, FENCE_SITE, world_box(1, 1, 3, 3));
    world_add(map, 4, FENCE_SITE, world_box(2, 2, 4, 4));
    assert_int_equal(route_map_close(map, &world_limits, &error), 0);
    assert_int_equal(look(map, spot_at(2.5, 2.5), 0).site->site_id, 4);
    assert_int_equal(look(map, spot_at(1.5, 1.5), 0).site->site_id, 9);
    route_map_free(map);
}

static void a_site_outside_every_district_is_known_as_such(void **state)
{
    (void)state;
    struct route_map *map = world_map();
    assert_false(route_map_site_is_outside(map, YARD, MONDAY));
    assert_true(route_map_site_is_outside(map, FAR_YARD, MONDAY));
    assert_false(route_map_site_is_outside(map, 999, MONDAY)); /* unknown is not outside */
    route_map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_say_which_fences_they_are_in),
        cmocka_unit_test(the_edge_is_inside_and_a_step_beyond_it_is_not),
        cmocka_unit_test(a_remembered_place_says_what_a_fresh_look_says),
        cmocka_unit_test(a_fence_holds_for_its_time_also_for_a_truck_that_stands),
        cmocka_unit_test(a_circle_is_where_its_radius_says),
        cmocka_unit_test(multipolygons_and_holes_are_taken_as_they_are),
        cmocka_unit_test(what_is_no_area_is_refused_with_words),
        cmocka_unit_test(a_map_without_one_of_its_limits_is_refused),
        cmocka_unit_test(of_fences_that_overlap_the_lowest_number_counts),
        cmocka_unit_test(a_site_outside_every_district_is_known_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
