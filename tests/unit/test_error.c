/* test_error.c - the table of errors, and words that fit or are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

/* Numbers appear in logs: a changed one is a broken promise. */
static const struct {
    int code, number;
    const char *words;
} expected[] = {
    {ERR_INVALID, -1, "invalid value"},
    {ERR_NO_MEMORY, -2, "out of memory"},
    {ERR_TOO_LARGE, -3, "larger than its bound"},
    {ERR_NOT_FOUND, -4, "not found"},
    {ERR_EXISTS, -5, "exists already"},
    {ERR_IO, -6, "input or output failed"},
    {ERR_TIMEOUT, -7, "deadline passed"},
    {ERR_DENIED, -8, "not permitted"},
    {ERR_CONFLICT, -9, "somebody else changed it"},
    {ERR_UNREACHABLE, -10, "peer cannot be reached"},
    {ERR_SCHEMA, -11, "database schema does not fit this program"},
    {ERR_CONFIG, -12, "configuration is wrong"},
    {ERR_STATE, -13, "not possible in this state"},
    {ERR_SIGNATURE, -14, "signature does not verify"},
    {ERR_DATA, -15, "the database refuses the data"},
    {ERR_INTERNAL, -16, "internal error"},
};

static void every_code_keeps_its_number_and_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(expected[i].code, expected[i].number);
        assert_string_equal(error_words(expected[i].code), expected[i].words);
    }
    assert_string_equal(error_words(0), "no error");
}

static void a_code_outside_the_table_has_words_too(void **state)
{
    static const int outside[] = {1, 16, -17, -1000, INT32_MIN, INT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        assert_string_equal(error_words(outside[i]), "unknown error");
}

static void setting_returns_the_code_and_keeps_the_words(void **state)
{
    struct error error;

    (void)state;
    assert_int_equal(error_set(&error, ERR_CONFIG, "lanes: %d; hint: 1..%d", 0, 64), ERR_CONFIG);
    assert_int_equal(error.code, ERR_CONFIG);
    assert_string_equal(error.text, "lanes: 0; hint: 1..64");
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, ERR_IO, "%s", "nobody reads this"), ERR_IO);
    assert_int_equal(error_prefix(NULL, "%s", "nor this"), ERR_INTERNAL);
}

static void words_that_are_too_long_are_cut_and_terminated(void **state)
{
    char text[2 * ERROR_TEXT_BYTES];
    struct error error;

    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(error_set(&error, ERR_INVALID, "%s", text), ERR_INVALID);
    assert_int_equal(strlen(error.text), ERROR_TEXT_BYTES - 1);
    assert_int_equal(error_prefix(&error, "%s", text), ERR_INVALID);
    assert_int_equal(strlen(error.text), ERROR_TEXT_BYTES - 1);
}

static void a_prefix_names_the_place_and_keeps_the_code(void **state)
{
    struct error error;

    (void)state;
    (void)error_set(&error, ERR_DATA, "mass: -1; hint: grams");
    assert_int_equal(error_prefix(&error, "events[%d]", 3), ERR_DATA);
    assert_int_equal(error.code, ERR_DATA);
    assert_string_equal(error.text, "events[3]: mass: -1; hint: grams");
}

static void a_prefix_pushes_the_end_of_long_words_out(void **state)
{
    char text[ERROR_TEXT_BYTES];
    struct error error;

    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)error_set(&error, ERR_INVALID, "%s", text);
    assert_int_equal(error_prefix(&error, "here"), ERR_INVALID);
    assert_int_equal(strlen(error.text), ERROR_TEXT_BYTES - 1);
    assert_memory_equal(error.text, "here: aaa", 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_keeps_its_number_and_its_words),
        cmocka_unit_test(a_code_outside_the_table_has_words_too),
        cmocka_unit_test(setting_returns_the_code_and_keeps_the_words),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(words_that_are_too_long_are_cut_and_terminated),
        cmocka_unit_test(a_prefix_names_the_place_and_keeps_the_code),
        cmocka_unit_test(a_prefix_pushes_the_end_of_long_words_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
