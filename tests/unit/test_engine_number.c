/* test_engine_number.c - engine and frame numbers: hardly anything is refused, unusual forms are doubtful. */
#include "normalise.h"

#define ENGINE IDENTIFIER_SCHEME_ENGINE_NUMBER
#define FRAME IDENTIFIER_SCHEME_FRAME_NUMBER

static void separators_stars_case_and_width_do_not_matter(void **state)
{
    (void)state;
    expect_good(ENGINE, "CEA123456", "CEA123456");
    expect_good(ENGINE, "*cea-123 456*", "CEA123456");
    expect_good(ENGINE, "ＥＡ２１１　１２３４５６", "EA211123456");
}

static void unusual_forms_are_doubtful(void **state)
{
    (void)state;
    expect_doubtful(ENGINE, "A12", "A12", "unusual");
    expect_doubtful(ENGINE, "ABCDEF", "ABCDEF", "at least one digit");
    expect_doubtful(ENGINE, "CEA/123456", "CEA/123456", "unusual");
    expect_doubtful(ENGINE, "1234567890123456789012345678901", "1234567890123456789012345678901", "unusual");
}

static void what_no_stamp_has_is_refused(void **state)
{
    (void)state;
    expect_invalid(ENGINE, "见铭牌", "no stamp has");
    expect_invalid(ENGINE,
                   "CEA\x01"
                   "123",
                   "no stamp has");
    expect_invalid(ENGINE, "***", "is empty");
}

static void short_frame_numbers_are_good_and_long_ones_doubtful(void **state)
{
    (void)state;
    expect_good(FRAME, "jn1-tanz 500 123", "JN1TANZ500123");
    expect_good(FRAME, "1234567890123456", "1234567890123456");
    expect_doubtful(FRAME, "LSVAM4187C2184847", "LSVAM4187C2184847", "4 to 16");
    expect_invalid(FRAME, "不详", "no stamp has");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_stars_case_and_width_do_not_matter),
        cmocka_unit_test(unusual_forms_are_doubtful),
        cmocka_unit_test(what_no_stamp_has_is_refused),
        cmocka_unit_test(short_frame_numbers_are_good_and_long_ones_doubtful),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
