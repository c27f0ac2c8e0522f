/* test_gs1.c - GS1 keys: check digits, the ways of writing them, and only those that name one item. */
#include "normalise.h"

#include "core/identity/gs1.h"

#define GS1 IDENTIFIER_SCHEME_GS1

static void check_digits_of_gtin_and_sscc_fit(void **state)
{
    (void)state;
    static const char *const good[] = {
        "6291041500213",  "4012345123456",  "9501101530003",      "6901234567892",
        "00614141123452", "09506000134352", "106141412345678908", "0614141123452",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(gs1_check_digit_fits(text_of(good[i])));
}

static void a_wrong_check_digit_is_noticed(void **state)
{
    (void)state;
    assert_false(gs1_check_digit_fits(TEXT("6901234567893")));
    assert_false(gs1_check_digit_fits(TEXT("106141412345678907")));
    assert_false(gs1_check_digit_fits(TEXT("69012345678X2")));
    assert_false(gs1_check_digit_fits(TEXT("")));
}

static void an_sscc_is_read_in_three_ways(void **state)
{
    (void)state;
    expect_good(GS1, "106141412345678908", "(00)106141412345678908");
    expect_good(GS1, "00106141412345678908", "(00)106141412345678908");
    expect_good(GS1, "(00)106141412345678908", "(00)106141412345678908");
    expect_good(GS1, "（００） 1 0614141 234567890 8", "(00)106141412345678908");
    expect_invalid(GS1, "(00)106141412345678907", "right check digit");
    expect_invalid(GS1, "106141412345678907", "right check digit");
}

static void an_sgtin_is_read_with_brackets_or_as_scanned(void **state)
{
    (void)state;
    expect_good(GS1, "(01)09506000134352(21)A-1b", "(01)09506000134352(21)A-1b");
    expect_good(GS1, "010950600013435221A-1b", "(01)09506000134352(21)A-1b");
    expect_good(GS1, "(01)6901234567892(21)7", "(01)06901234567892(21)7");
    expect_good(GS1, "(01)09506000134352(21)12345678901234567890", "(01)09506000134352(21)12345678901234567890");
}

static void the_case_of_a_serial_counts(void **state)
{
    (void)state;
    expect_good(GS1, "(01)09506000134352(21)a1", "(01)09506000134352(21)a1");
    expect_good(GS1, "(01)09506000134352(21)A1", "(01)09506000134352(21)A1");
}

static void a_grai_needs_its_serial(void **state)
{
    (void)state;
    expect_good(GS1, "(8003)00614141123452400", "(8003)00614141123452400");
    expect_good(GS1, "800300614141123452400", "(8003)00614141123452400");
    expect_good(GS1, "(8003)006141411234521234567890123456", "(8003)006141411234521234567890123456");
    expect_invalid(GS1, "(8003)00614141123452", "with serial");
    expect_invalid(GS1, "(8003)00614141123453400", "right check digit");
    expect_invalid(GS1, "(8003)10614141123452400", "GRAI");
    expect_invalid(GS1, "(8003)0061414112345212345678901234567", "GRAI");
}

static void a_gtin_alone_names_a_product_not_an_item(void **state)
{
    (void)state;
    expect_invalid(GS1, "6901234567892", "names a product");
    expect_invalid(GS1, "09506000134352", "names a product");
    expect_invalid(GS1, "(01)09506000134352", "with serial");
}

static void broken_sgtins_are_refused(void **state)
{
    (void)state;
    expect_invalid(GS1, "(01)6901234567893(21)7", "right check digit");
    expect_invalid(GS1, "(01)09506000134352(21)", "serial");
    expect_invalid(GS1, "(01)09506000134352(10)A1", "serial");
    expect_invalid(GS1, "(01)09506000134352(21)123456789012345678901", "serial");
    expect_invalid(GS1, "(01)09506000134352(21)序列", "serial");
    expect_invalid(GS1, "(01)9506000134352", "serial");
    expect_invalid(GS1, "(0109506000134352(21)1", "SGTIN");
    expect_invalid(GS1, "6901234567893", "SGTIN");
    expect_invalid(GS1, "(", "SGTIN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_digits_of_gtin_and_sscc_fit),
        cmocka_unit_test(a_wrong_check_digit_is_noticed),
        cmocka_unit_test(an_sscc_is_read_in_three_ways),
        cmocka_unit_test(an_sgtin_is_read_with_brackets_or_as_scanned),
        cmocka_unit_test(the_case_of_a_serial_counts),
        cmocka_unit_test(a_grai_needs_its_serial),
        cmocka_unit_test(a_gtin_alone_names_a_product_not_an_item),
        cmocka_unit_test(broken_sgtins_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
