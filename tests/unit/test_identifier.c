/* test_identifier.c - the table of schemes: proof, strength, and what no scheme accepts. */
#include "normalise.h"

#define LAST_SCHEME IDENTIFIER_SCHEME_GS1

static void what_names_one_item_is_proof_and_the_rest_are_hints(void **state)
{
    (void)state;
    static const bool proof[] = {
        [IDENTIFIER_SCHEME_VIN] = true,  [IDENTIFIER_SCHEME_BATTERY_CODE] = true,
        [IDENTIFIER_SCHEME_IMEI] = true, [IDENTIFIER_SCHEME_SERIAL_NUMBER] = true,
        [IDENTIFIER_SCHEME_TAG] = true,  [IDENTIFIER_SCHEME_LOT] = true,
        [IDENTIFIER_SCHEME_GS1] = true,
    };
    assert_int_equal(sizeof proof / sizeof *proof, LAST_SCHEME + 1);
    for (int scheme = 0; scheme <= LAST_SCHEME; scheme++)
        assert_int_equal(identifier_scheme_is_proof((enum identifier_scheme)scheme), proof[scheme]);
}

static void proof_decides_in_a_strict_order_and_hints_never_do(void **state)
{
    (void)state;
    for (int a = 0; a <= LAST_SCHEME; a++) {
        int strength = identifier_scheme_strength((enum identifier_scheme)a);
        assert_int_equal(strength > 0, identifier_scheme_is_proof((enum identifier_scheme)a));
        for (int b = 0; b < a; b++)
            assert_true(strength == 0 || strength != identifier_scheme_strength((enum identifier_scheme)b));
    }
}

static void what_is_stamped_is_stronger_than_what_was_attached(void **state)
{
    (void)state;
    int tag = identifier_scheme_strength(IDENTIFIER_SCHEME_TAG);
    assert_true(identifier_scheme_strength(IDENTIFIER_SCHEME_VIN) > tag);
    assert_true(identifier_scheme_strength(IDENTIFIER_SCHEME_BATTERY_CODE) > tag);
    assert_true(identifier_scheme_strength(IDENTIFIER_SCHEME_IMEI) > tag);
    assert_true(identifier_scheme_strength(IDENTIFIER_SCHEME_SERIAL_NUMBER) > tag);
}

static void unknown_schemes_are_refused(void **state)
{
    (void)state;
    expect_invalid(IDENTIFIER_SCHEME_UNSPECIFIED, "LSVAM4187C2184847", "no known scheme: 0");
    expect_invalid((enum identifier_scheme)(LAST_SCHEME + 1), "LSVAM4187C2184847", "no known scheme: 12");
    expect_invalid((enum identifier_scheme) - 1, "LSVAM4187C2184847", "no known scheme");
    assert_false(identifier_scheme_is_proof((enum identifier_scheme)(LAST_SCHEME + 1)));
}

static void no_scheme_accepts_nothing_too_much_or_broken_text(void **state)
{
    (void)state;
    char long_value[IDENTIFIER_VALUE_BYTES + 1];
    memset(long_value, '1', sizeof long_value - 1);
    long_value[sizeof long_value - 1] = '\0';
    for (int scheme = 1; scheme <= LAST_SCHEME; scheme++) {
        expect_invalid((enum identifier_scheme)scheme, "", "is empty");
        expect_invalid((enum identifier_scheme)scheme, "\u3000\u200B", "is empty");
        expect_invalid((enum identifier_scheme)scheme, long_value, "longer than 128 bytes");
        expect_invalid((enum identifier_scheme)scheme, "LSVAM4187C2184847\xff", "clean UTF-8");
    }
}

static void a_nul_inside_is_refused(void **state)
{
    (void)state;
    char out[IDENTIFIER_VALUE_BYTES];
    struct text raw = {"49015420323751\0", 15};
    assert_int_equal(identifier_normalise(IDENTIFIER_SCHEME_IMEI, raw, out, NULL), IDENTIFIER_INVALID);
    assert_string_equal(out, "");
}

static void separators_do_not_count_towards_the_length(void **state)
{
    (void)state;
    char spread[2 * IDENTIFIER_VALUE_BYTES] = "";
    for (const char *c = "LSVAM4187C2184847"; *c; c++) {
        strncat(spread, c, 1);
        strcat(spread, "           ");
    }
    expect_good(IDENTIFIER_SCHEME_VIN, spread, "LSVAM4187C2184847");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_names_one_item_is_proof_and_the_rest_are_hints),
        cmocka_unit_test(proof_decides_in_a_strict_order_and_hints_never_do),
        cmocka_unit_test(what_is_stamped_is_stronger_than_what_was_attached),
        cmocka_unit_test(unknown_schemes_are_refused),
        cmocka_unit_test(no_scheme_accepts_nothing_too_much_or_broken_text),
        cmocka_unit_test(a_nul_inside_is_refused),
        cmocka_unit_test(separators_do_not_count_towards_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
