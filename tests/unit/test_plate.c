/* test_plate.c - number plates: each pattern, and what fits none. */
#include "normalise.h"

#include "core/identity/plate.h"

#define PLATE IDENTIFIER_SCHEME_PLATE

static void plates_of_the_patterns_in_force_are_good(void **state)
{
    (void)state;
    static const char *const good[] = {
        "闽C12345",  "闽C8K6L2",    "闽C1234挂", "闽C1234学", "闽CD12345", "闽CF12345",
        "闽CDA1234", "闽C12345D",   "粤Z1234港", "粤Z1234澳", "闽C1234警", "沪A0023领",
        "224578使",  "闽X1234应急", "WJ闽12345", "WJ闽1234X", "WJ12345",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        expect_good(PLATE, good[i], good[i]);
}

static void plates_of_all_31_provinces_are_good(void **state)
{
    (void)state;
    static const char provinces[] = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
    enum { HAN_BYTES = 3 };
    assert_int_equal(sizeof provinces - 1, 31 * HAN_BYTES);
    for (size_t at = 0; at < sizeof provinces - 1; at += HAN_BYTES) {
        char plate[] = "闽C12345";
        memcpy(plate, provinces + at, HAN_BYTES);
        expect_good(PLATE, plate, plate);
    }
}

static void special_and_abolished_plates_are_doubtful(void **state)
{
    (void)state;
    static const char *const doubtful[] = {
        "临闽C12345", "闽C1234临", "闽C12345临", "使014578",  "闽O12345",
        "海A12345",   "VA12345",   "WJ0112345",  "闽0512345",
    };
    for (size_t i = 0; i < sizeof doubtful / sizeof *doubtful; i++)
        expect_doubtful(PLATE, doubtful[i], doubtful[i], "compare with the papers");
}

static void i_and_o_are_refused_with_a_suggestion(void **state)
{
    (void)state;
    expect_invalid(PLATE, "闽CI2345", "perhaps 闽C12345");
    expect_invalid(PLATE, "闽CO1234", "perhaps 闽C01234");
}

static void what_fits_no_pattern_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "闽C123456", "闽C1234", "闽C12345D6", "闽CL12345", "闽CDABC34", "闽C1234D5",
        "门C12345",  "C12345",  "闽",         "闽C1234车", "挂闽C1234",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_invalid(PLATE, bad[i], "fits no known pattern");
}

static void dots_spaces_dashes_case_and_width_do_not_matter(void **state)
{
    (void)state;
    expect_good(PLATE, "闽C·12345", "闽C12345");
    expect_good(PLATE, "闽C•12345", "闽C12345");
    expect_good(PLATE, "闽 c-12345", "闽C12345");
    expect_good(PLATE, "闽Ｃ－ｄ１２３４５", "闽CD12345");
    expect_good(PLATE, "闽C—12345", "闽C12345");
    expect_good(PLATE, "wj闽12345", "WJ闽12345");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plates_of_the_patterns_in_force_are_good),
        cmocka_unit_test(plates_of_all_31_provinces_are_good),
        cmocka_unit_test(special_and_abolished_plates_are_doubtful),
        cmocka_unit_test(i_and_o_are_refused_with_a_suggestion),
        cmocka_unit_test(what_fits_no_pattern_is_refused),
        cmocka_unit_test(dots_spaces_dashes_case_and_width_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
