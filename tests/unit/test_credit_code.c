/* test_credit_code.c - unified social credit codes: both check characters. */
#include "normalise.h"

#include "core/identity/credit_code.h"

static void expect_code(const char *raw, enum identifier_grade grade, const char *value, const char *words)
{
    char out[CREDIT_CODE_BYTES];
    struct error error = {0};
    assert_int_equal(credit_code_normalise(text_of(raw), out, &error), grade);
    assert_string_equal(out, value);
    assert_non_null(strstr(error.text, words));
}

static void codes_with_right_check_characters_are_good(void **state)
{
    (void)state;
    static const char *const good[] = {
        "914403001922038216", "9144030071526726XG", "91440300708461136T", "91330100799655058B", "91110000802100433B",
        "91110108551385082Q", "91350100M000100Y43", "91110000600037341L", "91350504MA0000T1XH", "91350504MA0000T28H",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        expect_code(good[i], IDENTIFIER_GOOD, good[i], "");
}

static void a_wrong_check_character_is_refused(void **state)
{
    (void)state;
    expect_code("91110000101110602X", IDENTIFIER_INVALID, "", "wrong check character");
    expect_code("914403001922038217", IDENTIFIER_INVALID, "", "wrong check character");
}

static void every_wrong_character_is_noticed(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    char code[] = "91350504MA0000T1XH", out[CREDIT_CODE_BYTES];
    for (size_t i = 0; i < CREDIT_CODE_LEN; i++) {
        char right = code[i];
        for (const char *wrong = alphabet; *wrong; wrong++) {
            code[i] = *wrong;
            enum identifier_grade grade = credit_code_normalise(text_of(code), out, NULL);
            assert_int_equal(grade, *wrong == right ? IDENTIFIER_GOOD : IDENTIFIER_INVALID);
        }
        code[i] = right;
    }
}

static void a_wrong_organisation_code_inside_is_doubtful(void **state)
{
    (void)state;
    /* Position 17 should be X; position 18 is right for what stands there. */
    expect_code("91350504MA0000T11T", IDENTIFIER_DOUBTFUL, "91350504MA0000T11T", "wrong organisation code");
}

static void another_length_or_character_is_refused(void **state)
{
    (void)state;
    expect_code("91440300192203821", IDENTIFIER_INVALID, "", "18 characters");
    expect_code("9144030019220382166", IDENTIFIER_INVALID, "", "too long");
    expect_code("", IDENTIFIER_INVALID, "", "18 characters");
    expect_code("91350504MA0000S1XH", IDENTIFIER_INVALID, "", "a character that is not used");
    expect_code("91350504MA0000T1IH", IDENTIFIER_INVALID, "", "a character that is not used");
    expect_code("91350504MA0000T1X码", IDENTIFIER_INVALID, "", "too long");
}

static void case_width_and_separators_do_not_matter(void **state)
{
    (void)state;
    expect_code("91350504ma0000t1xh", IDENTIFIER_GOOD, "91350504MA0000T1XH", "");
    expect_code("91350504-MA0000T1X-H", IDENTIFIER_GOOD, "91350504MA0000T1XH", "");
    expect_code("９１３５０５０４ＭＡ００００Ｔ１ＸＨ", IDENTIFIER_GOOD, "91350504MA0000T1XH", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_with_right_check_characters_are_good),
        cmocka_unit_test(a_wrong_check_character_is_refused),
        cmocka_unit_test(every_wrong_character_is_noticed),
        cmocka_unit_test(a_wrong_organisation_code_inside_is_doubtful),
        cmocka_unit_test(another_length_or_character_is_refused),
        cmocka_unit_test(case_width_and_separators_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
