/* test_battery_code.c - traction battery codes: structure, years, and what is doubtful rather than refused. */
#include "normalise.h"

#include "core/identity/battery_code.h"

#define BATTERY IDENTIFIER_SCHEME_BATTERY_CODE

static void codes_of_24_characters_are_good(void **state)
{
    (void)state;
    expect_good(BATTERY, "001PE01ABCDEFGD8G0000123", "001PE01ABCDEFGD8G0000123");
    expect_good(BATTERY, "04QCB76G14703JC7F0001234", "04QCB76G14703JC7F0001234");
    expect_good(BATTERY, "001ME02ABCDEFGE1A0000007", "001ME02ABCDEFGE1A0000007");
}

static void codes_of_reused_products_have_17_or_19_characters(void **state)
{
    (void)state;
    expect_good(BATTERY, "001PE01D8G0000123", "001PE01D8G0000123");
    expect_good(BATTERY, "001PE01D8G0000123R1", "001PE01D8G0000123R1");
    expect_doubtful(BATTERY, "001PE01DDG0000123", "001PE01DDG0000123", "month");
    expect_doubtful(BATTERY, "001PE01D8G0000000R1", "001PE01D8G0000000R1", "serial");
}

static void another_length_level_or_character_is_refused(void **state)
{
    (void)state;
    expect_invalid(BATTERY, "001XE01ABCDEFGD8G0000123", "position 4");
    expect_invalid(BATTERY, "001PE01ABCDEFGD8G000012", "24 characters");
    expect_invalid(BATTERY, "001PE01ABCDEFGD8G00001234", "24 characters");
    expect_invalid(BATTERY, "001PE01D8G0000123R", "24 characters");
    expect_invalid(BATTERY, "001PE01ABCDEFGD8G000012#", "characters other than");
}

static void an_impossible_year_month_or_serial_is_doubtful(void **state)
{
    (void)state;
    expect_doubtful(BATTERY, "001PE01ABCDEFGI8G0000123", "001PE01ABCDEFGI8G0000123", "year");
    expect_doubtful(BATTERY, "001PE01ABCDEFGO8G0000123", "001PE01ABCDEFGO8G0000123", "year");
    expect_doubtful(BATTERY, "001PE01ABCDEFGD0G0000123", "001PE01ABCDEFGD0G0000123", "month");
    expect_doubtful(BATTERY, "001PE01ABCDEFGDDG0000123", "001PE01ABCDEFGDDG0000123", "month");
    expect_doubtful(BATTERY, "001PE01ABCDEFGD8G0000000", "001PE01ABCDEFGD8G0000000", "serial");
    expect_doubtful(BATTERY, "001PE01ABCDEFGD8G00O0123", "001PE01ABCDEFGD8G00O0123", "serial");
}

static void the_day_is_never_a_reason(void **state)
{
    (void)state;
    char code[] = "001PE01ABCDEFGD8G0000123";
    for (const char *day = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"; *day; day++) {
        code[16] = *day;
        expect_good(BATTERY, code, code);
    }
}

static void year_letters_skip_i(void **state)
{
    (void)state;
    assert_int_equal(battery_code_year('0'), 2010);
    assert_int_equal(battery_code_year('9'), 2019);
    assert_int_equal(battery_code_year('A'), 2020);
    assert_int_equal(battery_code_year('H'), 2027);
    assert_int_equal(battery_code_year('I'), 0);
    assert_int_equal(battery_code_year('J'), 2028);
    assert_int_equal(battery_code_year('N'), 2032);
    assert_int_equal(battery_code_year('O'), 0);
    assert_int_equal(battery_code_year('P'), 2033);
    assert_int_equal(battery_code_year('\0'), 0);
    assert_int_equal(battery_code_year('#'), 0);
}

static void case_width_and_separators_do_not_matter(void **state)
{
    (void)state;
    expect_good(BATTERY, "001pe01 abcdefg-d8g－0000123", "001PE01ABCDEFGD8G0000123");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_24_characters_are_good),
        cmocka_unit_test(codes_of_reused_products_have_17_or_19_characters),
        cmocka_unit_test(another_length_level_or_character_is_refused),
        cmocka_unit_test(an_impossible_year_month_or_serial_is_doubtful),
        cmocka_unit_test(the_day_is_never_a_reason),
        cmocka_unit_test(year_letters_skip_i),
        cmocka_unit_test(case_width_and_separators_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
