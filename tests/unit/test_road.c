/* test_road.c - road rights: class or truck, area, days and hours of Asia/Shanghai. */
#include "route_world.h"

static struct road_rights rights;
static const int64_t inside[] = {AREA_FENCE}, elsewhere[] = {99};

static void allow(struct road_right right)
{
    right.valid_until_us = right.valid_until_us ? right.valid_until_us : INT64_MAX;
    right.fence_id = AREA_FENCE;
    assert_int_equal(road_rights_add(&rights, &right), 0);
    road_rights_sort(&rights);
}

static enum road_answer ask(int64_t at_us)
{
    return road_rights_ask(&rights, &world_truck, inside, 1, at_us);
}

static int begin(void **state)
{
    (void)state;
    road_rights_fini(&rights);
    return 0;
}

static void without_a_right_nothing_is_said(void **state)
{
    (void)state;
    assert_int_equal(ask(MONDAY), ROAD_UNREGULATED);
    allow((struct road_right){.right_id = 1, .truck_class = "heavy_truck", .weekdays = 0x7F, .until_minute = 0});
    allow((struct road_right){.right_id = 2, .vehicle_id = TRUCK + 1, .weekdays = 0x7F});
    assert_int_equal(ask(MONDAY), ROAD_UNREGULATED);
}

static void the_hours_begin_inside_and_end_outside(void **state)
{
    (void)state;
    allow((struct road_right){
        .right_id = 1, .truck_class = "light_truck", .weekdays = 0x1F, .from_minute = 360, .until_minute = 1200});
    assert_int_equal(ask(MONDAY + 6 * HOUR - 1), ROAD_OUTSIDE_HOURS);
    assert_int_equal(ask(MONDAY + 6 * HOUR), ROAD_PERMITTED);
    assert_int_equal(ask(MONDAY + 20 * HOUR - 1), ROAD_PERMITTED);
    assert_int_equal(ask(MONDAY + 20 * HOUR), ROAD_OUTSIDE_HOURS);
    assert_int_equal(ask(MONDAY + 4 * 24 * HOUR + 12 * HOUR), ROAD_PERMITTED);
    assert_int_equal(ask(MONDAY + 5 * 24 * HOUR + 12 * HOUR), ROAD_OUTSIDE_HOURS); /* Saturday */
    assert_int_equal(ask(MONDAY - HOUR), ROAD_OUTSIDE_HOURS);                      /* Sunday, 23:00 */
}

static void hours_over_midnight_belong_to_the_day_on_which_they_begin(void **state)
{
    (void)state;
    allow((struct road_right){.right_id = 1, .weekdays = 0x01, .from_minute = 1320, .until_minute = 300});
    assert_int_equal(ask(MONDAY + 4 * HOUR), ROAD_OUTSIDE_HOURS); /* begun on Sunday */
    assert_int_equal(ask(MONDAY + 23 * HOUR), ROAD_PERMITTED);
    assert_int_equal(ask(MONDAY + 28 * HOUR), ROAD_PERMITTED);
    assert_int_equal(ask(MONDAY + 29 * HOUR), ROAD_OUTSIDE_HOURS);
    assert_int_equal(ask(MONDAY + 47 * HOUR), ROAD_OUTSIDE_HOURS);
}

static void outside_of_every_area_is_told_apart_from_outside_the_hours(void **state)
{
    (void)state;
    allow((struct road_right){.right_id = 1, .weekdays = 0x7F, .from_minute = 0, .until_minute = 1});
    assert_int_equal(road_rights_ask(&rights, &world_truck, elsewhere, 1, MONDAY), ROAD_OUTSIDE_AREA);
    assert_int_equal(road_rights_ask(&rights, &world_truck, NULL, 0, MONDAY), ROAD_OUTSIDE_AREA);
    assert_int_equal(ask(MONDAY + HOUR), ROAD_OUTSIDE_HOURS);
}

static void a_right_of_the_truck_itself_counts_beside_those_of_its_class(void **state)
{
    (void)state;
    allow((struct road_right){
        .right_id = 1, .truck_class = "light_truck", .weekdays = 0x7F, .from_minute = 0, .until_minute = 60});
    allow((struct road_right){
        .right_id = 2, .vehicle_id = TRUCK, .weekdays = 0x7F, .from_minute = 60, .until_minute = 120});
    assert_int_equal(ask(MONDAY + 30 * MINUTE), ROAD_PERMITTED);
    assert_int_equal(ask(MONDAY + 90 * MINUTE), ROAD_PERMITTED);
    assert_int_equal(ask(MONDAY + 150 * MINUTE), ROAD_OUTSIDE_HOURS);
}

static void a_right_that_is_not_in_force_says_nothing(void **state)
{
    (void)state;
    allow((struct road_right){.right_id = 1,
                              .weekdays = 0x7F,
                              .from_minute = 0,
                              .until_minute = 0,
                              .valid_from_us = MONDAY,
                              .valid_until_us = MONDAY + HOUR});
    assert_int_equal(ask(MONDAY - 1), ROAD_UNREGULATED);
    assert_int_equal(ask(MONDAY), ROAD_PERMITTED);
    assert_int_equal(ask(MONDAY + HOUR), ROAD_UNREGULATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_right_nothing_is_said, begin, begin),
        cmocka_unit_test_setup_teardown(the_hours_begin_inside_and_end_outside, begin, begin),
        cmocka_unit_test_setup_teardown(hours_over_midnight_belong_to_the_day_on_which_they_begin, begin, begin),
        cmocka_unit_test_setup_teardown(outside_of_every_area_is_told_apart_from_outside_the_hours, begin, begin),
        cmocka_unit_test_setup_teardown(a_right_of_the_truck_itself_counts_beside_those_of_its_class, begin, begin),
        cmocka_unit_test_setup_teardown(a_right_that_is_not_in_force_says_nothing, begin, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
