/* test_written.c - VINs as sellers write them: misread, cut, hidden, disguised; and what is no VIN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/reentry/written.h"

static void expect_one(const char *text, const char *written)
{
    struct writings writings = {.count = 0};

    writings_add_text(&writings, text_of(text));
    if (writings.count != 1 || strcmp(writings.list[0].text, written) != 0)
        print_error("\"%s\": %zu, %s\n", text, writings.count, writings.count ? writings.list[0].text : "");
    assert_int_equal(writings.count, 1);
    assert_string_equal(writings.list[0].text, written);
}

static void expect_none(const char *text)
{
    struct writings writings = {.count = 0};

    writings_add_text(&writings, text_of(text));
    if (writings.count)
        print_error("\"%s\": %s\n", text, writings.list[0].text);
    assert_int_equal(writings.count, 0);
}

static void a_whole_vin_is_read_however_it_is_spread(void **state)
{
    (void)state;
    expect_one("LSVAM4187C2184847", "LSVAM4187C2184847");
    expect_one("车架号：lsvam4187c2184847，手续齐全", "LSVAM4187C2184847");
    expect_one("帕萨特 2012 L S V A M 4 1 8 7 C 2 1 8 4 8 4 7 1.8T", "LSVAM4187C2184847");
    expect_one("大架号\nLSVAM\n4187C\n2184847", "LSVAM4187C2184847");
    expect_one("ＬＳＶＡＭ４１８７Ｃ２１８４８４７", "LSVAM4187C2184847");
    expect_one("VINLSVAM4187C2184847", "LSVAM4187C2184847");
    expect_one("L🚗S🚗V🚗AM4187C2184847", "LSVAM4187C2184847");
    expect_one("LSVAM4①⑧⑦C2184847", "LSVAM4187C2184847");
    expect_one("LSVАМ4187С2184847", "LSVAM4187C2184847"); /* Cyrillic A, M, C */
    expect_one("L*S*V*A*M*4*1*8*7*C*2*1*8*4*8*4*7", "LSVAM4187C2184847");
    expect_one("LSV.AM4187.C2184847", "LSVAM4187C2184847");
}

static void misread_characters_stay_as_written(void **state)
{
    (void)state;
    expect_one("车架号 LSVAM4I87C2I84847", "LSVAM4I87C2I84847");
    expect_one("识别代码：LSVAM4187C218484O", "LSVAM4187C218484O");
    expect_one("vin LSVAM4187C21848477", "LSVAM4187C21848477");
    expect_one("LSVAM4187C218487", "LSVAM4187C218487");
}

static void what_is_hidden_is_aligned(void **state)
{
    (void)state;
    expect_one("LSVAM4187C2******", "LSVAM4187C2??????");
    expect_one("车架号LSVAM4187C2●●●●●●", "LSVAM4187C2??????");
    expect_one("车架号LSVAM4187C2xxxxxx", "LSVAM4187C2??????");
    expect_one("车架号LSVAM4187C2××××××", "LSVAM4187C2??????");
    expect_one("LSVAM4187C2......", "LSVAM4187C2??????");
    expect_one("LSVAM4187C2…", "LSVAM4187C2??????");
    expect_one("LSV***4187C2184847", "LSV??4187C2184847"); /* more masks than characters */
    expect_one("LSV**87C2184847", "LSV????87C2184847");    /* fewer */
    expect_one("LS?AM4187C218?84?", "LS?AM4187C218?84?");
    expect_one("LSVAM4187C2 ______", "LSVAM4187C2??????");
    expect_one("车架号 LSVAM4187C2", "LSVAM4187C2??????"); /* cut */
    expect_one("******87C21848472"
               "",
               "??????87C21848472");
}

static void what_is_no_vin_is_left_alone(void **state)
{
    (void)state;
    expect_none("");
    expect_none("12345678901234567");
    expect_none("订单号20240512345678901");
    expect_none("TheQuickBrownFoxJumps");
    expect_none("ABCDEFGHJKLMNPRST");
    expect_none("电话 138-0013-8000 微信同号");
    expect_none("LSVAM4187C*******"); /* seven hidden */
    expect_none("LSV*M4*87C2*");      /* two parts hidden, not aligned */
    expect_none("LSVAM4187C2");       /* cut, and nothing says that it is a VIN */
    expect_none("XXXXXXXXXXXXXXXXX");
    expect_none("*****************");
    expect_none("................................");
}

static void each_is_read_once_and_they_are_bounded(void **state)
{
    struct writings writings = {.count = 0};
    char text[64];

    (void)state;
    for (int i = 0; i < 2; i++)
        writings_add_text(&writings, TEXT("LSVAM4187C2184847，LSVAM4187C2184847"));
    assert_int_equal(writings.count, 1);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(text, sizeof text, "LSVAM4187C21848%02d", i);
        writings_add_text(&writings, text_of(text));
    }
    assert_int_equal(writings.count, WRITINGS_MAX);
    assert_int_equal(writings.dropped, 21 - WRITINGS_MAX);
}

static void a_long_run_is_read_in_pieces(void **state)
{
    char text[4096] = "";

    (void)state;
    for (int i = 0; i < 400; i++)
        strcat(text, "ab12 ");
    strcat(text, "LSVAM4187C2184847");
    struct writings writings = {.count = 0};
    writings_add_text(&writings, text_of(text));
    bool found = false;
    for (size_t i = 0; i < writings.count; i++)
        found |= strcmp(writings.list[i].text, "LSVAM4187C2184847") == 0;
    assert_true(found || writings.dropped > 0);
}

static void a_field_needs_no_hint(void **state)
{
    struct writings writings = {.count = 0};

    (void)state;
    writings_add_field(&writings, TEXT("LSVAM4187C2"));
    assert_int_equal(writings.count, 1);
    assert_int_equal(writings.list[0].hidden, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_vin_is_read_however_it_is_spread),
        cmocka_unit_test(misread_characters_stay_as_written),
        cmocka_unit_test(what_is_hidden_is_aligned),
        cmocka_unit_test(what_is_no_vin_is_left_alone),
        cmocka_unit_test(each_is_read_once_and_they_are_bounded),
        cmocka_unit_test(a_long_run_is_read_in_pieces),
        cmocka_unit_test(a_field_needs_no_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
