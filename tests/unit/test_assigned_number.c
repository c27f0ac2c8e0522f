/* test_assigned_number.c - serial numbers, tags, lots and certificates: what cannot name one thing is refused. */
#include "normalise.h"

#define SERIAL IDENTIFIER_SCHEME_SERIAL_NUMBER
#define TAG IDENTIFIER_SCHEME_TAG
#define LOT IDENTIFIER_SCHEME_LOT
#define CERTIFICATE IDENTIFIER_SCHEME_CERTIFICATE_NUMBER

static void serial_numbers_are_brand_model_and_serial(void **state)
{
    (void)state;
    expect_good(SERIAL, "Haier/BCD-216STPT/CE0J10E00", "HAIER/BCD216STPT/CE0J10E00");
    expect_good(SERIAL, " 海尔 ／ bcd 216stpt ／ ＣＥ０Ｊ１０Ｅ００", "海尔/BCD216STPT/CE0J10E00");
    expect_good(SERIAL, "A/B/C1/D2", "A/B/C1/D2");
}

static void serial_numbers_without_all_parts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "CE0J10E00", "HAIER/CE0J10E00", "/BCD/CE0J10E00", "HAIER//CE0J10E00", "HAIER/BCD/", "//", " - /B/C1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_invalid(SERIAL, bad[i], "is not brand/model/serial");
}

static void filler_serial_numbers_are_refused_because_they_make_one_item_of_many(void **state)
{
    (void)state;
    expect_invalid(SERIAL, "HAIER/BCD/N/A", "filler");
    expect_invalid(SERIAL, "HAIER/BCD/000000", "filler");
    expect_invalid(SERIAL, "HAIER/BCD/不详", "filler");
    expect_good(SERIAL, "HAIER/BCD/7", "HAIER/BCD/7");
}

static void control_characters_are_refused(void **state)
{
    (void)state;
    expect_invalid(SERIAL, "HAIER/BCD/\x1b[31m1", "control characters");
    expect_invalid(SERIAL, "HAIER/BCD/1\xc2\x85", "control characters");
    expect_invalid(LOT, "91350504MA0000T1XH/1\x07", "control characters");
    expect_invalid(CERTIFICATE, "35\x7f", "control characters");
    expect_invalid(TAG, "LJ\x01", "ASCII");
}

static void tags_keep_their_dashes_but_not_their_case(void **state)
{
    (void)state;
    expect_good(TAG, "lj-000123", "LJ-000123");
    expect_good(TAG, "ＬＪ—０００１２３ ", "LJ-000123");
    expect_good(TAG, "A-1-11", "A-1-11");
    expect_good(TAG, "A-11-1", "A-11-1");
}

static void short_tags_are_doubtful_and_others_refused(void **state)
{
    (void)state;
    expect_doubtful(TAG, "T1", "T1", "shorter than 4");
    expect_invalid(TAG, "标签12", "ASCII");
    expect_invalid(TAG, "----", "no letters and digits");
}

static void lots_belong_to_a_credit_code(void **state)
{
    (void)state;
    expect_good(LOT, "91350504MA0000T1XH/2026-0001", "91350504MA0000T1XH/2026-0001");
    expect_good(LOT, "91350504-ma0000t1x-h / 废钢-0001", "91350504MA0000T1XH/废钢-0001");
    expect_doubtful(LOT, "91350504MA0000T11T/1", "91350504MA0000T11T/1", "organisation code");
}

static void lots_without_a_right_credit_code_are_refused(void **state)
{
    (void)state;
    expect_invalid(LOT, "2026-0001", "is not credit code/lot");
    expect_invalid(LOT, "91350504MA0000T1XH/", "is not credit code/lot");
    expect_invalid(LOT, "/2026-0001", "18 characters");
    expect_invalid(LOT, "91110000101110602X/2026-0001", "wrong check character");
}

static void certificate_numbers_are_opaque(void **state)
{
    (void)state;
    expect_good(CERTIFICATE, "3505042026000123", "3505042026000123");
    expect_good(CERTIFICATE, "闽报废（２０２６）第 000123 号", "闽报废(2026)第000123号");
    expect_invalid(CERTIFICATE, "无", "no digit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serial_numbers_are_brand_model_and_serial),
        cmocka_unit_test(serial_numbers_without_all_parts_are_refused),
        cmocka_unit_test(filler_serial_numbers_are_refused_because_they_make_one_item_of_many),
        cmocka_unit_test(control_characters_are_refused),
        cmocka_unit_test(tags_keep_their_dashes_but_not_their_case),
        cmocka_unit_test(short_tags_are_doubtful_and_others_refused),
        cmocka_unit_test(lots_belong_to_a_credit_code),
        cmocka_unit_test(lots_without_a_right_credit_code_are_refused),
        cmocka_unit_test(certificate_numbers_are_opaque),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
