/* test_import_cell.c - numbers, days and times as people and spreadsheets write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "core/import/cell.h"

static void expect_time(const char *cell, const char *utc)
{
    int64_t at_us = 0;
    char text[TIME_TEXT_SIZE];
    const char *trouble = cell_time(text_of(cell), true, &at_us);
    if (trouble != NULL)
        fail_msg("%s: %s", cell, trouble);
    time_format_utc(at_us, text);
    assert_string_equal(utc, text);
}

static void expect_no_time(const char *cell, bool with_time, const char *words)
{
    int64_t at_us = 0;
    const char *trouble = cell_time(text_of(cell), with_time, &at_us);
    if (trouble == NULL || strstr(trouble, words) == NULL || strstr(trouble, "; hint: ") == NULL)
        fail_msg("%s: %s", cell, trouble ? trouble : "was taken");
}

static void times_are_read_as_they_are_written(void **state)
{
    (void)state;
    static const char *const same[] = {"2026-01-05 08:30",     "2026/1/5 8:30",
                                       "2026-1-5 8:30:00",     "2026.1.5 8:30",
                                       "2026年1月5日 8时30分", "２０２６－０１－０５　０８：３０",
                                       "2026-01-05T08:30:00",  "2026-01-05T08:30:00+08:00",
                                       "2026-01-05T00:30:00Z", "20260105 08:30"};
    for (size_t i = 0; i + 1 < sizeof same / sizeof same[0]; i++)
        expect_time(same[i], "2026-01-05T00:30:00.000000Z");
    expect_time("2026/1/5", "2026-01-04T16:00:00.000000Z");
    expect_time("20260105", "2026-01-04T16:00:00.000000Z");
}

static void what_is_no_time_says_why(void **state)
{
    (void)state;
    expect_no_time("昨天", true, "not a time");
    expect_no_time("", true, "not a time");
    expect_no_time("2026-13-05 08:30", true, "not a time");
    expect_no_time("2026-02-30", true, "not a time");
    expect_no_time("2026-01-05 25:00", true, "not a time");
    expect_no_time("2026-01-05 8", true, "not a time");
    expect_no_time("2026-01", true, "not a time");
    expect_no_time("5/1/2026", true, "the year has to come first");
    expect_no_time("26-01-05", true, "the year has to come first");
    expect_no_time("46027.354", true, "as the spreadsheet counts it");
    expect_no_time("46027", false, "as the spreadsheet counts it");
    expect_no_time("2026-01-05 08:30", false, "not a day");
    expect_no_time("2026-01-05 08:30:00:00:00:00:00:00", true, "not a time");
    expect_no_time("999999999999999999", true, "not a time");
}

static void numbers_are_read_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        int decimals;
        int64_t value;
    } good[] = {
        {"1250", 3, 1250000}, {"1,250.5", 3, 1250500}, {"0.001", 3, 1},     {"１２５０．５", 3, 1250500}, {"0", 3, 0},
        {"12.3400", 2, 1234}, {"2012", 0, 2012},       {"2012.0", 0, 2012}, {"1,234,567", 2, 123456700}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value = -1;
        const char *trouble = cell_decimal(text_of(good[i].cell), good[i].decimals, &value);
        if (trouble != NULL || value != good[i].value)
            fail_msg("%s: %lld %s", good[i].cell, (long long)value, trouble ? trouble : "");
    }
}

static void what_is_no_number_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        const char *words;
    } bad[] = {{"", "not a number"},   {"1.25t", "not a number"},       {"1250kg", "not a number"},
               {"-5", "below 0"},      {"1.2345", "too many decimals"}, {"8.6E+14", "destroyed"},
               {"####", "too narrow"}, {"1e5", "not a number"},         {".5", "not a number"},
               {"1,", "not a number"}, {"9999999999999", "too large"},  {"99999999999999999999", "not a number"},
               {"inf", "not a number"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 0;
        const char *trouble = cell_decimal(text_of(bad[i].cell), 3, &value);
        if (trouble == NULL || strstr(trouble, bad[i].words) == NULL || strstr(trouble, "; hint: ") == NULL)
            fail_msg("%s: %s", bad[i].cell, trouble ? trouble : "was taken");
    }
}

static void only_what_a_spreadsheet_shortened_is_destroyed(void **state)
{
    (void)state;
    assert_non_null(cell_destroyed(TEXT("8.60123E+14")));
    assert_non_null(cell_destroyed(TEXT("８.６Ｅ＋１４")));
    assert_non_null(cell_destroyed(TEXT("1e+20")));
    assert_non_null(cell_destroyed(TEXT("########")));
    assert_null(cell_destroyed(TEXT("860123456789012")));
    assert_null(cell_destroyed(TEXT("1E14")));
    assert_null(cell_destroyed(TEXT("LSVAM4187C2184847")));
    assert_null(cell_destroyed(TEXT("#")));
    assert_null(cell_destroyed(TEXT("")));
}

static void flags_are_yes_or_no_in_both_languages(void **state)
{
    (void)state;
    bool value = false;
    assert_null(cell_flag(TEXT("是"), &value));
    assert_true(value);
    assert_null(cell_flag(TEXT(" No "), &value));
    assert_false(value);
    assert_null(cell_flag(TEXT("１"), &value));
    assert_true(value);
    assert_non_null(cell_flag(TEXT("也许"), &value));
}

static void degrees_are_numbers_and_nothing_behind_them(void **state)
{
    (void)state;
    double value = 0;
    assert_null(cell_degrees(TEXT("-118.6625"), &value));
    assert_true(value == -118.6625);
    assert_non_null(cell_degrees(TEXT("118°39'"), &value));
    assert_non_null(cell_degrees(TEXT(""), &value));
}

static void words_are_the_same_but_for_width_case_and_white_space(void **state)
{
    (void)state;
    assert_true(cell_is(TEXT("整备质量（ＫＧ）"), TEXT("整备质量(kg)")));
    assert_true(cell_is(TEXT(" 车辆 识别代号"), TEXT("车辆识别代号")));
    assert_false(cell_is(TEXT("整备质量(t)"), TEXT("整备质量(kg)")));
    assert_false(cell_is(TEXT(""), TEXT("vin")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_as_they_are_written),
        cmocka_unit_test(what_is_no_time_says_why),
        cmocka_unit_test(numbers_are_read_exactly),
        cmocka_unit_test(what_is_no_number_says_why),
        cmocka_unit_test(only_what_a_spreadsheet_shortened_is_destroyed),
        cmocka_unit_test(flags_are_yes_or_no_in_both_languages),
        cmocka_unit_test(degrees_are_numbers_and_nothing_behind_them),
        cmocka_unit_test(words_are_the_same_but_for_width_case_and_white_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
