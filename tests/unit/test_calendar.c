/* test_calendar.c - deadlines as the Civil Code counts them, with holidays and make-up working days. */
#include "core/custody/calendar.h"

#include "base/clock.h"

#include "history.h"

static int64_t at(const char *words)
{
    int64_t at_us;
    assert_int_equal(time_parse(text_of(words), &at_us), 0);
    return at_us;
}

static void assert_due(const char *from, int32_t count, enum limit_unit unit, const char *due)
{
    char text[TIME_TEXT_SIZE];
    time_format_local(calendar_due_us(&test_directory, at(from), count, unit), text);
    assert_string_equal(text, due);
}

static void hours_count_from_the_moment(void **unused)
{
    (void)unused;
    assert_due("2026-09-25T13:30:00+08:00", 24, LIMIT_UNIT_HOUR, "2026-09-26 13:30:00");
}

static void the_first_day_does_not_count_and_the_last_ends_at_midnight(void **unused)
{
    (void)unused;
    assert_due("2026-11-02T00:00:00+08:00", 3, LIMIT_UNIT_DAY, "2026-11-06 00:00:00"); /* Monday: through Thursday */
    assert_due("2026-11-02T23:59:59+08:00", 3, LIMIT_UNIT_DAY, "2026-11-06 00:00:00");
    assert_due("2026-11-02T16:00:00Z", 3, LIMIT_UNIT_DAY, "2026-11-07 00:00:00"); /* Tuesday in Shanghai */
}

static void a_last_day_that_is_free_gives_way_to_the_next_working_day(void **unused)
{
    (void)unused;
    assert_due("2026-11-04T10:00:00+08:00", 3, LIMIT_UNIT_DAY, "2026-11-10 00:00:00"); /* Saturday: Monday */
    assert_due("2026-09-28T10:00:00+08:00", 7, LIMIT_UNIT_DAY, "2026-10-09 00:00:00"); /* in the national holiday */
    assert_due("2026-10-03T10:00:00+08:00", 7, LIMIT_UNIT_DAY, "2026-10-11 00:00:00"); /* Saturday, worked 调休 */
}

static void working_days_leave_out_weekends_and_holidays_and_take_make_up_days(void **unused)
{
    (void)unused;
    assert_due("2026-11-02T10:00:00+08:00", 5, LIMIT_UNIT_WORKING_DAY, "2026-11-10 00:00:00");
    assert_due("2026-09-30T10:00:00+08:00", 1, LIMIT_UNIT_WORKING_DAY, "2026-10-09 00:00:00");
    assert_due("2026-10-08T10:00:00+08:00", 2, LIMIT_UNIT_WORKING_DAY, "2026-10-11 00:00:00"); /* 9th and 10th */
}

static void a_year_later_is_the_same_day_of_the_month_or_its_last(void **unused)
{
    (void)unused;
    assert_due("2026-11-12T10:00:00+08:00", 12, LIMIT_UNIT_MONTH, "2027-11-13 00:00:00");
    assert_due("2028-02-29T10:00:00+08:00", 12, LIMIT_UNIT_MONTH, "2029-03-01 00:00:00"); /* 28 February: Wednesday */
    assert_due("2026-12-31T10:00:00+08:00", 2, LIMIT_UNIT_MONTH, "2027-03-02 00:00:00");  /* Sunday: Monday, 1 March */
}

static void weekdays_are_worked_unless_the_registry_says_otherwise(void **unused)
{
    (void)unused;
    const struct directory none = {.calendar_count = 0};
    int64_t monday = (at("2026-11-02T12:00:00+08:00") + 8 * HOUR) / (24 * HOUR);
    for (int64_t day = 0; day < 7; day++)
        assert_int_equal(calendar_is_working(&none, monday + day), day < 5);
    assert_true(calendar_is_working(&none, 0)); /* Thursday */
}

static void times_out_of_range_have_no_deadline(void **unused)
{
    (void)unused;
    assert_false(calendar_covers(-1));
    assert_false(calendar_covers(INT64_MAX));
    assert_true(calendar_covers(SOME_DAY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_count_from_the_moment),
        cmocka_unit_test(the_first_day_does_not_count_and_the_last_ends_at_midnight),
        cmocka_unit_test(a_last_day_that_is_free_gives_way_to_the_next_working_day),
        cmocka_unit_test(working_days_leave_out_weekends_and_holidays_and_take_make_up_days),
        cmocka_unit_test(a_year_later_is_the_same_day_of_the_month_or_its_last),
        cmocka_unit_test(weekdays_are_worked_unless_the_registry_says_otherwise),
        cmocka_unit_test(times_out_of_range_have_no_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
