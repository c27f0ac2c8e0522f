/* test_civil_date.c - days of Asia/Shanghai, to and fro. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/reentry/civil_date.h"

static void expect(int64_t at_s, int year, int month, int day)
{
    struct civil_date date = civil_date_of(at_s * 1000000);

    assert_int_equal(date.year, year);
    assert_int_equal(date.month, month);
    assert_int_equal(date.day, day);
}

static void a_moment_is_on_its_day(void **state)
{
    (void)state;
    expect(0, 1970, 1, 1);
    expect(-8 * 3600, 1970, 1, 1);
    expect(-8 * 3600 - 1, 1969, 12, 31);
    expect(1330444800, 2012, 2, 29);
    expect(1330531199, 2012, 2, 29);
    expect(1330531200, 2012, 3, 1); /* 16:00 UTC */
    expect(951753600, 2000, 2, 29);
    expect(-2208988800, 1900, 1, 1);
}

static void every_day_goes_to_and_fro(void **state)
{
    (void)state;
    for (int64_t day = -30000; day < 50000; day++) {
        int64_t at_us = (day * 86400 - 8 * 3600) * 1000000;

        assert_int_equal(civil_date_us(civil_date_of(at_us)), at_us);
        assert_int_equal(civil_date_us(civil_date_of(at_us + INT64_C(86399999999))), at_us);
    }
}

static void the_29th_of_february_of_a_common_year_is_the_first_of_march(void **state)
{
    struct civil_date date = civil_date_of(civil_date_us((struct civil_date){2013, 2, 29}));

    (void)state;
    assert_int_equal(date.month, 3);
    assert_int_equal(date.day, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_on_its_day),
        cmocka_unit_test(every_day_goes_to_and_fro),
        cmocka_unit_test(the_29th_of_february_of_a_common_year_is_the_first_of_march),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
