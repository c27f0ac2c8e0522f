/* test_imei.c - IMEIs: the three forms of one device are equal, a wrong check digit is refused. */
#include "normalise.h"

#define IMEI IDENTIFIER_SCHEME_IMEI

static void imeis_with_a_right_check_digit_are_good(void **state)
{
    (void)state;
    expect_good(IMEI, "490154203237518", "49015420323751");
    expect_good(IMEI, "356938035643809", "35693803564380");
    expect_good(IMEI, "352099001761481", "35209900176148");
}

static void the_forms_of_14_15_and_16_digits_are_equal(void **state)
{
    (void)state;
    expect_good(IMEI, "49015420323751", "49015420323751");
    expect_good(IMEI, "490154203237518", "49015420323751");
    expect_good(IMEI, "4901542032375101", "49015420323751");
}

static void a_wrong_check_digit_is_refused(void **state)
{
    (void)state;
    expect_invalid(IMEI, "490154203237519", "wrong check digit");
    expect_invalid(IMEI, "123456789012345", "wrong check digit");
}

static void every_wrong_digit_is_noticed(void **state)
{
    (void)state;
    char imei[] = "490154203237518", out[IDENTIFIER_VALUE_BYTES];
    for (size_t i = 0; i < sizeof imei - 1; i++) {
        char right = imei[i];
        for (char wrong = '0'; wrong <= '9'; wrong++) {
            imei[i] = wrong;
            enum identifier_grade grade = identifier_normalise(IMEI, text_of(imei), out, NULL);
            assert_int_equal(grade, wrong == right ? IDENTIFIER_GOOD : IDENTIFIER_INVALID);
        }
        imei[i] = right;
    }
}

static void fillers_lengths_and_letters_are_refused(void **state)
{
    (void)state;
    expect_invalid(IMEI, "000000000000000", "one digit repeated");
    expect_invalid(IMEI, "00000000000000", "one digit repeated");
    expect_invalid(IMEI, "0000000000000078", "one digit repeated");
    expect_invalid(IMEI, "4901542032375", "14, 15 or 16");
    expect_invalid(IMEI, "49015420323751801", "14, 15 or 16");
    expect_invalid(IMEI, "49015420323751O", "other than digits");
}

static void width_and_separators_do_not_matter(void **state)
{
    (void)state;
    expect_good(IMEI, "49-015420-323751-8", "49015420323751");
    expect_good(IMEI, "４９０１５４ ２０３２３７５１８", "49015420323751");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imeis_with_a_right_check_digit_are_good),
        cmocka_unit_test(the_forms_of_14_15_and_16_digits_are_equal),
        cmocka_unit_test(a_wrong_check_digit_is_refused),
        cmocka_unit_test(every_wrong_digit_is_noticed),
        cmocka_unit_test(fillers_lengths_and_letters_are_refused),
        cmocka_unit_test(width_and_separators_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
