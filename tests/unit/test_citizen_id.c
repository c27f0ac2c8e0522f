/* test_citizen_id.c - citizen identity numbers: checked, and never shown. */
#include "normalise.h"

#include "core/identity/citizen_id.h"

static void expect_refused(const char *raw, const char *words)
{
    char out[CITIZEN_ID_BYTES];
    struct error error = {0};
    assert_int_equal(citizen_id_normalise(text_of(raw), out, &error), ERR_INVALID);
    assert_string_equal(out, "");
    assert_non_null(strstr(error.text, words));
    assert_true(raw[0] == '\0' || strstr(error.text, raw) == NULL);
}

static void expect_number(const char *raw, const char *value)
{
    char out[CITIZEN_ID_BYTES];
    assert_int_equal(citizen_id_normalise(text_of(raw), out, NULL), 0);
    assert_string_equal(out, value);
}

static void numbers_with_a_right_check_character_are_accepted(void **state)
{
    (void)state;
    expect_number("11010519491231002X", "11010519491231002X"); /* the example of GB 11643 */
    expect_number("440524188001010014", "440524188001010014");
    expect_number("350504200002290013", "350504200002290013");
    expect_number("350504199001010010", "350504199001010010");
    expect_number("350504199001010061", "350504199001010061");
    expect_number("１１０１０５ 19491231 002x", "11010519491231002X");
}

static void a_wrong_check_character_is_refused_without_showing_the_number(void **state)
{
    (void)state;
    expect_refused("110105194912310021", "wrong check character");
    expect_refused("350504200002290014", "wrong check character");
}

static void impossible_birth_dates_are_refused(void **state)
{
    (void)state;
    expect_refused("350504190002290017", "impossible birth date");
    expect_refused("110105194913310020", "impossible birth date");
    expect_refused("110105194900310020", "impossible birth date");
    expect_refused("110105194904310020", "impossible birth date");
    expect_refused("110105194912000020", "impossible birth date");
    expect_refused("110105149912310020", "impossible birth date");
}

static void another_length_or_character_is_refused(void **state)
{
    (void)state;
    expect_refused("", "18 characters");
    expect_refused("110105491231002", "18 characters");
    expect_refused("11010519491231002XX", "18 characters");
    expect_refused("1101051949123100XX", "other than digits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_with_a_right_check_character_are_accepted),
        cmocka_unit_test(a_wrong_check_character_is_refused_without_showing_the_number),
        cmocka_unit_test(impossible_birth_dates_are_refused),
        cmocka_unit_test(another_length_or_character_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
