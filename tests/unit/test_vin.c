/* test_vin.c - VINs: check digit, characters, and words that say what is wrong. */
#include "normalise.h"

#include "core/identity/vin.h"

#define VIN IDENTIFIER_SCHEME_VIN

static void vins_with_a_right_check_digit_are_good(void **state)
{
    (void)state;
    static const char *const good[] = {
        "1M8GDM9AXKP042788", "11111111111111111", "5GZCZ43D13S812715", "LVSHCAMB1CE054249",
        "LSVAM4187C2184847", "LGBF5AE00HR276883", "LSGPC52U6AF102554", "LGXC16DF4A0169664",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        expect_good(VIN, good[i], good[i]);
}

static void a_chinese_vin_that_fails_is_kept_for_review_in_strong_words(void **state)
{
    (void)state;
    expect_doubtful(VIN, "LSVHCAMB1CE054249", "LSVHCAMB1CE054249", "check digit 1 where 9 is computed");
    expect_doubtful(VIN, "LSVHCAMB1CE054249", "LSVHCAMB1CE054249", "a Chinese VIN must pass");
}

static void a_foreign_vin_without_check_digit_is_kept_in_mild_words(void **state)
{
    (void)state;
    expect_doubtful(VIN, "WVWZZZ1JZXW000001", "WVWZZZ1JZXW000001", "not every foreign maker");
}

static void every_wrong_character_at_any_place_is_noticed_by_the_check_digit(void **state)
{
    (void)state;
    char vin[] = "LSVAM4187C2184847", out[IDENTIFIER_VALUE_BYTES];
    for (size_t i = 0; i < VIN_LEN; i++) {
        char right = vin[i];
        vin[i] = right == '1' ? '2' : '1'; /* differs in value from every other character but A and J */
        enum identifier_grade grade = identifier_normalise(VIN, text_of(vin), out, NULL);
        if (right != 'A')
            assert_int_not_equal(grade, IDENTIFIER_GOOD);
        vin[i] = right;
    }
}

static void i_o_and_q_are_refused_with_a_suggestion_and_never_corrected(void **state)
{
    (void)state;
    expect_invalid(VIN, "LSVAM4I87C2184847", "perhaps LSVAM4187C2184847, whose check digit is right");
    expect_invalid(VIN, "LVSHCAMB1CEO54249", "perhaps LVSHCAMB1CE054249, whose check digit is right");
    expect_invalid(VIN, "LVSHCAMB1CEQ54249", "perhaps LVSHCAMB1CE054249, whose check digit is right");
    expect_invalid(VIN, "LSVHCAMBICE054249", "whose check digit is wrong too");
}

static void another_length_is_refused(void **state)
{
    (void)state;
    expect_invalid(VIN, "LSVAM4187C218484", "16 characters instead of 17");
    expect_invalid(VIN, "LSVAM4187C218484", "frame_number");
    expect_invalid(VIN, "LSVAM4187C21848477", "18 characters instead of 17");
    expect_invalid(VIN, "", "is empty");
    expect_invalid(VIN, " - ", "is empty");
}

static void other_characters_are_refused(void **state)
{
    (void)state;
    expect_invalid(VIN, "LSVAM4187C218484#", "characters other than");
    expect_invalid(VIN, "LSVAM4I87C218484#", "characters other than");
    expect_invalid(VIN, "LSVAM4187C21848车", "characters");
}

static void case_width_and_separators_do_not_matter(void **state)
{
    (void)state;
    expect_good(VIN, "lsvam4187c2184847", "LSVAM4187C2184847");
    expect_good(VIN, "*LSVAM4187C2184847*", "LSVAM4187C2184847");
    expect_good(VIN, " LSV-AM41 87C2.184847 ", "LSVAM4187C2184847");
    expect_good(VIN, "ＬＳＶＡＭ４１８７Ｃ２１８４８４７", "LSVAM4187C2184847");
    expect_good(VIN, "ｌｓｖ－ａｍ４１８７　ｃ２·１８４８４７", "LSVAM4187C2184847");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vins_with_a_right_check_digit_are_good),
        cmocka_unit_test(a_chinese_vin_that_fails_is_kept_for_review_in_strong_words),
        cmocka_unit_test(a_foreign_vin_without_check_digit_is_kept_in_mild_words),
        cmocka_unit_test(every_wrong_character_at_any_place_is_noticed_by_the_check_digit),
        cmocka_unit_test(i_o_and_q_are_refused_with_a_suggestion_and_never_corrected),
        cmocka_unit_test(another_length_is_refused),
        cmocka_unit_test(other_characters_are_refused),
        cmocka_unit_test(case_width_and_separators_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
