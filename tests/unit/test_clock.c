/* test_clock.c - time as text: what is written reads back, and no impossible time is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

/* 2026-11-23T08:00:00Z */
static const int64_t then_us = INT64_C(1795420800) * US_PER_S;

static void a_time_is_written_in_utc_with_microseconds(void **state)
{
    char text[TIME_TEXT_SIZE];

    (void)state;
    time_format_utc(then_us, text);
    assert_string_equal(text, "2026-11-23T08:00:00.000000Z");
    time_format_utc(then_us + 1, text);
    assert_string_equal(text, "2026-11-23T08:00:00.000001Z");
    time_format_utc(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
    time_format_utc(INT64_C(951868799999999), text); /* the leap day of 2000, its last microsecond */
    assert_string_equal(text, "2000-02-29T23:59:59.999999Z");
}

static void a_time_before_1970_counts_down_to_it(void **state)
{
    char text[TIME_TEXT_SIZE];

    (void)state;
    time_format_utc(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    time_format_utc(-US_PER_S, text);
    assert_string_equal(text, "1969-12-31T23:59:59.000000Z");
}

static void people_read_shanghai_time(void **state)
{
    char text[TIME_TEXT_SIZE];

    (void)state;
    time_format_local(then_us, text);
    assert_string_equal(text, "2026-11-23 16:00:00");
    time_format_local(then_us + 8 * 3600 * US_PER_S, text); /* the next day there */
    assert_string_equal(text, "2026-11-24 00:00:00");
}

static void a_time_in_any_allowed_form_is_read(void **state)
{
    static const struct {
        const char *text;
        int64_t after_us; /* then_us */
    } cases[] = {
        {"2026-11-23T08:00:00Z", 0},
        {"2026-11-23 08:00:00Z", 0},
        {"2026-11-23T16:00:00+08:00", 0},
        {"2026-11-23T03:30:00-04:30", 0},
        {"2026-11-23T08:00:00+00:00", 0},
        {"2026-11-23T08:00:00-00:00", 0},
        {"2026-11-23T22:00:00+14:00", 0},
        {"2026-11-22T18:00:00-14:00", 0},
        {"2026-11-23T08:00:00.5Z", 500000},
        {"2026-11-23T08:00:00.000001Z", 1},
        {"2026-11-23T08:00:00.0000019Z", 1}, /* cut, not rounded */
        {"2026-11-23T08:00:00.9999999999999999999999Z", 999999},
        {"2026-11-23", -16 * 3600 * INT64_C(1000000)}, /* midnight in Asia/Shanghai */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t at_us = 0;

        if (time_parse(text_of(cases[i].text), &at_us) || at_us != then_us + cases[i].after_us)
            fail_msg("%s: %lld", cases[i].text, (long long)at_us);
    }
}

static void leap_days_are_those_of_the_calendar(void **state)
{
    int64_t at_us;

    (void)state;
    assert_int_equal(time_parse(TEXT("2024-02-29"), &at_us), 0);
    assert_int_equal(time_parse(TEXT("2000-02-29"), &at_us), 0);
    assert_int_equal(time_parse(TEXT("2026-02-29"), &at_us), ERR_INVALID);
    assert_int_equal(time_parse(TEXT("2100-02-29"), &at_us), ERR_INVALID);
    assert_int_equal(time_parse(TEXT("9999-12-31T23:59:59Z"), &at_us), 0);
    assert_int_equal(time_parse(TEXT("1970-01-01T00:00:00Z"), &at_us), 0);
    assert_int_equal(at_us, 0);
}

static void what_is_no_time_is_refused_and_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "",
        "2026",
        "2026-11",
        "2026-11-2",
        "2026-1-23",
        "26-11-23",
        "20261123",
        "2026/11/23",
        "2026-11-23T",
        "2026-11-23 ",
        " 2026-11-23",
        "2026-11-23X08:00:00Z",
        "2026-11-23T08:00:00", /* no offset: whose time? */
        "2026-11-23T08:00Z",
        "2026-11-23T8:00:00Z",
        "2026-11-23T080000Z",
        "2026-11-23T08:00:00z",
        "2026-11-23T08:00:00ZZ",
        "2026-11-23T08:00:00Z ",
        "2026-11-23T08:00:00.Z",
        "2026-11-23T08:00:00,5Z",
        "2026-11-23T08:00:00.5",
        "2026-11-23T08:00:00.-5Z",
        "2026-11-23T16:00:00+08",
        "2026-11-23T16:00:00+0800",
        "2026-11-23T16:00:00+8:00",
        "2026-11-23T16:00:00 08:00",
        "2026-11-23T16:00:00+15:00",
        "2026-11-23T16:00:00+08:60",
        "1969-12-31",
        "0000-01-01",
        "-026-11-23",
        "+026-11-23",
        "2026-00-23",
        "2026-13-23",
        "2026-11-00",
        "2026-11-31",
        "2026-11-32",
        "2026-02-30",
        "2026-11-23T24:00:00Z",
        "2026-11-23T08:60:00Z",
        "2026-11-23T08:00:60Z",
        "2026-11-23T-1:00:00Z",
        "2026-11-23T-0:00:00Z",
        "2026-11-23T08:-0:00Z",
        "2026-11-23T08:00:-0Z",
        "2026-11-23T16:00:00+-0:00",
        "2026-11-23T16:00:00+08:-0",
        "２０２６-11-23",
    };
    int64_t at_us = 42;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (time_parse(text_of(wrong[i]), &at_us) != ERR_INVALID)
            fail_msg("accepted: \"%s\"", wrong[i]);
    assert_int_equal(time_parse((struct text){"2026-11-23\0", 11}, &at_us), ERR_INVALID);
    assert_int_equal(at_us, 42);
}

static void a_time_cut_anywhere_is_refused_unless_it_is_a_date(void **state)
{
    static const char whole[] = "2026-11-23T16:00:00.123456+08:00";
    int64_t at_us;

    (void)state;
    for (size_t len = 0; len < sizeof whole - 1; len++)
        assert_int_equal(time_parse((struct text){whole, len}, &at_us), len == 10 ? 0 : ERR_INVALID);
    assert_int_equal(time_parse((struct text){whole, sizeof whole - 1}, &at_us), 0);
}

static void what_is_written_reads_back(void **state)
{
    /* A step that is no multiple of a day, an hour or a second. */
    (void)state;
    for (int64_t at_us = 0; at_us < INT64_C(253402300800) * US_PER_S; at_us += INT64_C(12345678901234567)) {
        char text[TIME_TEXT_SIZE];
        int64_t back;

        time_format_utc(at_us, text);
        assert_int_equal(time_parse(text_of(text), &back), 0);
        assert_true(back == at_us);
    }
}

static void the_clocks_agree_on_how_time_passes(void **state)
{
    int64_t us = clock_now_us();
    uint64_t ms = clock_monotonic_ms();

    (void)state;
    assert_true(us > then_us - 3650 * US_PER_DAY);
    assert_true(clock_monotonic_ms() >= ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_written_in_utc_with_microseconds),
        cmocka_unit_test(a_time_before_1970_counts_down_to_it),
        cmocka_unit_test(people_read_shanghai_time),
        cmocka_unit_test(a_time_in_any_allowed_form_is_read),
        cmocka_unit_test(leap_days_are_those_of_the_calendar),
        cmocka_unit_test(what_is_no_time_is_refused_and_changes_nothing),
        cmocka_unit_test(a_time_cut_anywhere_is_refused_unless_it_is_a_date),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(the_clocks_agree_on_how_time_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
