/* test_extract.c - identifiers out of listing text: what sellers write, what they hide, and what must stay out. */
#include "normalise.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/reentry/extract.h"

/* The text yields exactly one identifier, read from `source`. */
static void expect_one(const char *text, const char *scheme, const char *value, const char *source)
{
    struct extraction extraction;
    extract_identifiers(text_of(text), &extraction);
    if (extraction.count != 1)
        print_error("\"%s\": %zu found\n", text, extraction.count);
    assert_int_equal(extraction.count, 1);
    assert_string_equal(identifier_scheme_word(extraction.found[0].scheme), scheme);
    assert_string_equal(extraction.found[0].value, value);
    assert_int_equal(extraction.found[0].len, strlen(source));
    assert_memory_equal(text + extraction.found[0].at, source, strlen(source));
}

static void expect_none(const char *text)
{
    struct extraction extraction;
    extract_identifiers(text_of(text), &extraction);
    if (extraction.count > 0)
        print_error("\"%s\": %s %s\n", text, identifier_scheme_word(extraction.found[0].scheme),
                    extraction.found[0].value);
    assert_int_equal(extraction.count, 0);
    assert_int_equal(extraction.dropped, 0);
}

static void expect_found(const struct extraction *extraction, enum identifier_scheme scheme, const char *value)
{
    for (size_t i = 0; i < extraction->count; i++)
        if (extraction->found[i].scheme == scheme && strcmp(extraction->found[i].value, value) == 0)
            return;
    fail_msg("%s %s was not found", identifier_scheme_word(scheme), value);
}

static void a_vin_is_read_whatever_stands_between_its_characters(void **state)
{
    (void)state;
    static const char *const written[] = {
        "LSVAM4187C2184847",
        "lsvam4187c2184847",
        "ＬＳＶＡＭ４１８７Ｃ２１８４８４７",
        "L S V A M 4 1 8 7 C 2 1 8 4 8 4 7",
        "LSVA M418 7C21 84847",
        "LSV-AM4187-C2184847",
        "L.S.V.A.M.4.1.8.7.C.2.1.8.4.8.4.7",
        "LSV·AM4187•C2184847",
        "LSV—AM4187－C2184847",
        "LSV　AM4187　C2184847",
        "LSV\nAM4187\r\nC2184847",
        "LSV\u200BAM4187\u200DC2184847",
        "LSV_AM4187~C2184847",
        "L/S/V/A/M/4/1/8/7/C/2/1/8/4/8/4/7",
        "ｌ－ｓ－ｖ－ａ－ｍ－４－１－８－７－ｃ－２－１－８－４－８－４－７",
    };
    char text[512];
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        expect_one(written[i], "vin", "LSVAM4187C2184847", written[i]);
        snprintf(text, sizeof text, "2012款帕萨特，%s，一手车。", written[i]);
        expect_one(text, "vin", "LSVAM4187C2184847", written[i]);
        snprintf(text, sizeof text, "车架号：%s 公里数8万", written[i]);
        expect_one(text, "vin", "LSVAM4187C2184847", written[i]);
    }
}

static void words_before_and_after_a_vin_do_not_hide_it(void **state)
{
    (void)state;
    expect_one("Passat 2012 LSVAM4187C2184847 1.8T auto", "vin", "LSVAM4187C2184847", "LSVAM4187C2184847");
    expect_one("VINLSVAM4187C2184847", "vin", "LSVAM4187C2184847", "LSVAM4187C2184847");
    expect_one("vin:*LSVAM4187C2184847*", "vin", "LSVAM4187C2184847", "LSVAM4187C2184847");
    expect_one("BMW VIN 1M8GDM9AXKP042788.", "vin", "1M8GDM9AXKP042788", "1M8GDM9AXKP042788");
}

static void a_vin_with_a_wrong_check_digit_needs_a_hint(void **state)
{
    (void)state;
    static const char *const hints[] = {"车架号", "车架号码为：",   "大架号",           "大架",   "VIN ", "ＶＩＮ：",
                                        "Vin码:", "车辆识别代号：", "车 架 号（钢印）", "V.I.N. "};
    char text[256];
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        snprintf(text, sizeof text, "%sWVWZZZ1JZXW000001", hints[i]);
        expect_one(text, "vin", "WVWZZZ1JZXW000001", "WVWZZZ1JZXW000001");
    }
    expect_none("WVWZZZ1JZXW000001");
    expect_none("型号WVWZZZ1JZXW000001");
    expect_none("车架号在第三张图片里请大家自己看 WVWZZZ1JZXW000001");
    expect_none("CALVIN WVWZZZ1JZXW000001");
}

static void what_only_resembles_a_vin_stays_out(void **state)
{
    (void)state;
    expect_none("LSVAM4I87C2184847");
    expect_none("LSVAM4187C218484");
    expect_none("LSVAM4187C21848477");
    expect_none("XLSVAM4187C2184847");
    expect_none("车架号 LSVAM41****184847");
    expect_none("车架号 LSVAM41****184847 2015");
    expect_none("VIN 11111111111111111");
    expect_none("PASSAT 2000 BLACK LE"); /* 17 characters with a right check digit */
    expect_none("车架号后四位4847 13812345678 50");
    expect_none("车架号\xEF\xBC\x9A");
}

static void an_engine_number_is_read_only_directly_after_its_hint(void **state)
{
    (void)state;
    expect_one("发动机号：CEA123456，精品", "engine_number", "CEA123456", "CEA123456");
    expect_one("发动机号码为cea-123456 2015年", "engine_number", "CEA123456", "cea-123456");
    expect_one("发动机号 EA211 123456 2015", "engine_number", "EA211123456", "EA211 123456");
    expect_one("发动机编号：4G18S123456", "engine_number", "4G18S123456", "4G18S123456");
    expect_none("CEA123456");
    expect_none("发动机CEA123456");
    expect_none("发动机号没有，价格500000元");
    expect_none("发动机号：见图 CEA123456");
    expect_none("发动机号：12345，");
    expect_none("发动机号：ABCDEFGH，");
    expect_none("发动机号：A1-23456-78901-23456-78901-23456-78901");
}

static void an_imei_with_a_right_check_digit_is_read(void **state)
{
    (void)state;
    expect_one("490154203237518", "imei", "49015420323751", "490154203237518");
    expect_one("几乎全新 35-209900-176148-1 无拆修", "imei", "35209900176148", "35-209900-176148-1");
    expect_one("IMEI1 490154203237518", "imei", "49015420323751", "490154203237518");
    expect_one("ｉｍｅｉ：４９０１５４２０３２３７５１８", "imei", "49015420323751", "４９０１５４２０３２３７５１８");
    expect_one("串号 49015420323751", "imei", "49015420323751", "49015420323751");
    expect_one("IMEI/SV: 4901542032375101", "imei", "49015420323751", "4901542032375101");
    expect_none("IMEI 490154203237519");
    expect_none("49015420323751");
    expect_none("4901542032375101");
    expect_none("IMEI 000000000000000");
}

static void a_dual_sim_device_yields_both(void **state)
{
    (void)state;
    struct extraction extraction;
    extract_identifiers(TEXT("IMEI1：490154203237518 IMEI2：356938035643809"), &extraction);
    assert_int_equal(extraction.count, 2);
    expect_found(&extraction, IDENTIFIER_SCHEME_IMEI, "49015420323751");
    expect_found(&extraction, IDENTIFIER_SCHEME_IMEI, "35693803564380");
}

static void phone_order_card_and_citizen_numbers_stay_out(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "电话13812345678",
        "138 1234 5678",
        "+86 138-1234-5678 18",
        "138-1234-5678 1234",
        "订单号490154203237518",
        "单号 352099001761481",
        "微信：352099001761481",
        "QQ 352099001761481",
        "订单 12345678901234567",
        "6222021234567890123",
        "身份证350504200002290013",
        "11010519491231002X",
        "价格 50000 电话 13812345678",
        "IMEI：356938035643809X 订单号12345678901234",
        "2026-11-23 08:00:00 0001",
        "SF1234567890123",
        "IMEI：123 货12345678901234",
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        expect_none(numbers[i]);
}

static void a_hint_serves_one_number_only(void **state)
{
    (void)state;
    expect_one("串号356938035643809 13812345678 123", "imei", "35693803564380", "356938035643809");
    expect_one("串号：49015420323751 货 12345678901234", "imei", "49015420323751", "49015420323751");
}

static void a_plate_is_read_in_its_forms(void **state)
{
    (void)state;
    static const char *const plates[][2] = {
        {"闽C12345", "闽C12345"},         {"闽C·12345", "闽C12345"},  {"闽 c 12345", "闽C12345"},
        {"闽Ｃ－１２３４５", "闽C12345"}, {"闽C8K6L2", "闽C8K6L2"},   {"闽CD12345", "闽CD12345"},
        {"闽C·D12345", "闽CD12345"},      {"闽C12345D", "闽C12345D"}, {"闽C1234挂", "闽C1234挂"},
        {"闽C1234学", "闽C1234学"},       {"粤Z1234港", "粤Z1234港"}, {"沪A0023领", "沪A0023领"},
        {"闽C1234 挂", "闽C1234挂"},      {"闽C/12345", "闽C12345"},
    };
    char text[256];
    for (size_t i = 0; i < sizeof plates / sizeof *plates; i++) {
        expect_one(plates[i][0], "plate", plates[i][1], plates[i][0]);
        snprintf(text, sizeof text, "出售%s车况好 2015年", plates[i][0]);
        expect_one(text, "plate", plates[i][1], plates[i][0]);
    }
    expect_one("闽C12345 2015年上牌", "plate", "闽C12345", "闽C12345");
    expect_one("闽C12345学校用车", "plate", "闽C12345", "闽C12345");
    expect_one("车牌闽C 1 2 3 4 5", "plate", "闽C12345", "闽C 1 2 3 4 5");
    expect_one("车牌：闽CABC12", "plate", "闽CABC12", "闽CABC12");
}

static void what_only_resembles_a_plate_stays_out(void **state)
{
    (void)state;
    expect_none("全新X1 2018款");
    expect_none("闽C123456");
    expect_none("闽CI2345");
    expect_none("闽C1234");
    expect_none("闽南C12345");
    expect_none("全新MACPRO");
    expect_none("闽CABCDE");
    expect_none("C12345");
}

static void a_battery_code_is_read_in_its_forms(void **state)
{
    (void)state;
    expect_one("三元电池包 001PE01ABCDEFGD8G0000123", "battery_code", "001PE01ABCDEFGD8G0000123",
               "001PE01ABCDEFGD8G0000123");
    expect_one("001PE01 ABCDEFG D8G 0000123", "battery_code", "001PE01ABCDEFGD8G0000123",
               "001PE01 ABCDEFG D8G 0000123");
    expect_one("电池编码：001PE01D8G0000123", "battery_code", "001PE01D8G0000123", "001PE01D8G0000123");
    expect_one("动力电池编码 001PE01D8G0000123R1", "battery_code", "001PE01D8G0000123R1", "001PE01D8G0000123R1");
    expect_none("001PE01D8G0000123");
    expect_none("001PE01D8G0000123R1");
    expect_none("001XE01ABCDEFGD8G0000123");
    expect_none("001PE01ABCDEFGD8G00001234");
    expect_none("电池编码 001PE01ABCDEFGDDG0000123");
}

static void a_whole_listing_yields_each_identifier_once(void **state)
{
    (void)state;
    struct extraction extraction;
    extract_identifiers(TEXT("【急售】2012款帕萨特 闽C·12345，车架号：LSVAM4187C2184847（VIN LSVA M4187 C2184847），"
                             "发动机号：CEA123456。附赠手机 IMEI 490154203237518，电池编码001PE01ABCDEFGD8G0000123。"
                             "联系电话13812345678，订单号20261123000123456。闽C12345"),
                        &extraction);
    assert_int_equal(extraction.count, 5);
    assert_int_equal(extraction.dropped, 0);
    expect_found(&extraction, IDENTIFIER_SCHEME_PLATE, "闽C12345");
    expect_found(&extraction, IDENTIFIER_SCHEME_VIN, "LSVAM4187C2184847");
    expect_found(&extraction, IDENTIFIER_SCHEME_ENGINE_NUMBER, "CEA123456");
    expect_found(&extraction, IDENTIFIER_SCHEME_IMEI, "49015420323751");
    expect_found(&extraction, IDENTIFIER_SCHEME_BATTERY_CODE, "001PE01ABCDEFGD8G0000123");
}

static void beyond_the_bound_the_strongest_are_kept_and_the_rest_counted(void **state)
{
    (void)state;
    enum { PLATES = EXTRACTED_MAX + 5 };
    char text[PLATES * 16 + 64] = "";
    for (int i = 0; i < PLATES; i++)
        snprintf(text + strlen(text), 16, "闽C%05d，", 10000 + i);
    strcat(text, "LSVAM4187C2184847");
    struct extraction extraction;
    extract_identifiers(text_of(text), &extraction);
    assert_int_equal(extraction.count, EXTRACTED_MAX);
    assert_int_equal(extraction.dropped, PLATES + 1 - EXTRACTED_MAX);
    expect_found(&extraction, IDENTIFIER_SCHEME_VIN, "LSVAM4187C2184847");
}

static void empty_and_broken_text_is_harmless(void **state)
{
    (void)state;
    struct extraction extraction = {.count = 9, .dropped = 9};
    extract_identifiers((struct text){NULL, 0}, &extraction);
    assert_int_equal(extraction.count + extraction.dropped, 0);
    expect_none("\xE9\x97");
    expect_none("\xFF\xFE闽");
    expect_one("\xE9\x97LSVAM4187C2184847\xC3", "vin", "LSVAM4187C2184847", "LSVAM4187C2184847");
}

/* Processor seconds for `pattern` repeated to `size` bytes. */
static double seconds_for(const char *pattern, size_t size)
{
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0, len = strlen(pattern); i < size; i++)
        text[i] = pattern[i % len];
    struct extraction extraction;
    clock_t begin = clock();
    extract_identifiers((struct text){text, size}, &extraction);
    clock_t end = clock();
    free(text);
    return (double)(end - begin) / CLOCKS_PER_SEC;
}

static void hostile_text_of_the_greatest_size_takes_linear_time(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "L",   "L ",   "1 ",       "1",           " ",  "4 9 0 1 5 4 ", "闽",         "闽C",
        "VIN", "VIN ", "V I N L ", "发动机号A1-", "A-", "IMEI35 ",      "车架号L S ", "LSVAM4187C2184847 ",
        "0P ", "\xEF", "*",        "闽C 1 2 3 ",
    };
    enum { SIZE = 64 * 1024 };
    /* Quadratic work would be thousands of times the linear: 4e9 steps, tens of seconds. */
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        assert_true(seconds_for(patterns[i], SIZE) < 2.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vin_is_read_whatever_stands_between_its_characters),
        cmocka_unit_test(words_before_and_after_a_vin_do_not_hide_it),
        cmocka_unit_test(a_vin_with_a_wrong_check_digit_needs_a_hint),
        cmocka_unit_test(what_only_resembles_a_vin_stays_out),
        cmocka_unit_test(an_engine_number_is_read_only_directly_after_its_hint),
        cmocka_unit_test(an_imei_with_a_right_check_digit_is_read),
        cmocka_unit_test(a_dual_sim_device_yields_both),
        cmocka_unit_test(phone_order_card_and_citizen_numbers_stay_out),
        cmocka_unit_test(a_hint_serves_one_number_only),
        cmocka_unit_test(a_plate_is_read_in_its_forms),
        cmocka_unit_test(what_only_resembles_a_plate_stays_out),
        cmocka_unit_test(a_battery_code_is_read_in_its_forms),
        cmocka_unit_test(a_whole_listing_yields_each_identifier_once),
        cmocka_unit_test(beyond_the_bound_the_strongest_are_kept_and_the_rest_counted),
        cmocka_unit_test(empty_and_broken_text_is_harmless),
        cmocka_unit_test(hostile_text_of_the_greatest_size_takes_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
