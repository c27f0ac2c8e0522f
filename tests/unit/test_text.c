/* test_text.c - borrowed text: order, cutting, numbers, and UTF-8 to the byte (RFC 3629). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void texts_are_ordered_by_bytes_and_the_shorter_comes_first(void **state)
{
    /* ascending */
    static const struct text order[] = {{NULL, 0}, {"\0", 1}, {"A", 1}, {"AB", 2}, {"B", 1}, {"a", 1}, {"\xff", 1}};

    (void)state;
    for (int a = 0; a < 7; a++)
        for (int b = 0; b < 7; b++) {
            assert_int_equal(sign(text_compare(order[a], order[b])), sign(a - b));
            assert_int_equal(text_equal(order[a], order[b]), a == b);
        }
}

static void no_text_is_an_empty_text(void **state)
{
    (void)state;
    assert_true(text_empty(text_of(NULL)));
    assert_true(text_empty(text_of("")));
    assert_true(text_equal(text_of(NULL), TEXT("")));
    assert_false(text_empty(text_of(" ")));
}

static void a_copy_that_does_not_fit_is_cut_terminated_and_says_so(void **state)
{
    char out[4] = "zzz";

    (void)state;
    assert_true(text_copy(out, sizeof out, TEXT("abc")));
    assert_string_equal(out, "abc");
    assert_false(text_copy(out, sizeof out, TEXT("wxyz")));
    assert_string_equal(out, "wxy");
    assert_false(text_copy(out, 1, TEXT("a")));
    assert_string_equal(out, "");
    assert_true(text_copy(out, 1, text_of(NULL)));
    assert_string_equal(out, "");
}

static void a_number_is_read_whole_and_within_its_bounds(void **state)
{
    int64_t value = 0;

    (void)state;
    assert_true(text_to_i64(TEXT("0"), INT64_MIN, INT64_MAX, &value));
    assert_int_equal(value, 0);
    assert_true(text_to_i64(TEXT("9223372036854775807"), INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MAX);
    assert_true(text_to_i64(TEXT("-9223372036854775808"), INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MIN);
    assert_true(text_to_i64(TEXT("-7"), -7, 7, &value));
    assert_true(text_to_i64(TEXT("7"), -7, 7, &value));
}

static void what_is_no_number_or_out_of_bounds_changes_nothing(void **state)
{
    static const struct text wrong[] = {
        {NULL, 0},
        {"-", 1},
        {"+1", 2},
        {" 1", 2},
        {"1 ", 2},
        {"1\0", 2},
        {"--1", 3},
        {"1-", 2},
        {"0x1", 3},
        {"1.0", 3},
        {"1e3", 3},
        {"\xef\xbc\x91", 3}, /* a full-width 1 */
        {"9223372036854775808", 19},
        {"-9223372036854775809", 20},
        {"99999999999999999999", 20},
    };
    int64_t value = 42;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(text_to_i64(wrong[i], INT64_MIN, INT64_MAX, &value));
    assert_false(text_to_i64(TEXT("-8"), -7, 7, &value));
    assert_false(text_to_i64(TEXT("8"), -7, 7, &value));
    assert_int_equal(value, 42);
}

/* The code point in exactly `len` bytes, whether or not that is allowed; false where it does not fit. */
static bool encode_in(uint32_t point, size_t len, char out[4])
{
    static const struct {
        uint32_t limit;
        unsigned char first;
    } forms[] = {{0, 0}, {0x80, 0}, {0x800, 0xc0}, {0x10000, 0xe0}, {0x200000, 0xf0}};

    if (point >= forms[len].limit)
        return false;
    for (size_t i = len; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(forms[len].first | point);
    return true;
}

static size_t shortest(uint32_t point)
{
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

static void a_code_point_is_clean_in_its_shortest_form_only(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 4; len++)
        for (uint32_t point = 0; point < 0x200000; point++) {
            bool allowed = point != 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
            char bytes[4];

            if (!encode_in(point, len, bytes))
                break;
            if (text_is_clean_utf8((struct text){bytes, len}) != (allowed && len == shortest(point)))
                fail_msg("U+%04X in %zu bytes", (unsigned)point, len);
        }
}

static void a_sequence_is_not_clean_when_any_of_its_bytes_is_missing_or_changed(void **state)
{
    static const struct text good[] = {{"\xc2\x80", 2},         {"\xdf\xbf", 2},         {"\xe0\xa0\x80", 3},
                                       {"\xe1\x80\x80", 3},     {"\xec\xbf\xbf", 3},     {"\xed\x9f\xbf", 3},
                                       {"\xee\x80\x80", 3},     {"\xef\xbf\xbf", 3},     {"\xf0\x90\x80\x80", 4},
                                       {"\xf1\x80\x80\x80", 4}, {"\xf3\xbf\xbf\xbf", 4}, {"\xf4\x8f\xbf\xbf", 4}};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char bytes[5];

        assert_true(text_is_clean_utf8(good[i]));
        for (size_t cut = 1; cut < good[i].len; cut++) {
            assert_false(text_is_clean_utf8((struct text){good[i].data, cut}));
            assert_false(text_is_clean_utf8((struct text){good[i].data + cut, good[i].len - cut}));
        }
        for (size_t at = 1; at < good[i].len; at++) {
            static const char no_continuation[] = {'A', 0x7f, (char)0xc2, (char)0xff, 0x00};

            for (size_t wrong = 0; wrong < sizeof no_continuation; wrong++) {
                memcpy(bytes, good[i].data, good[i].len);
                bytes[at] = no_continuation[wrong];
                assert_false(text_is_clean_utf8((struct text){bytes, good[i].len}));
            }
        }
        /* One continuation byte too many. */
        memcpy(bytes, good[i].data, good[i].len);
        bytes[good[i].len] = (char)0x80;
        assert_false(text_is_clean_utf8((struct text){bytes, good[i].len + 1}));
    }
}

static void bytes_that_begin_no_sequence_are_not_clean(void **state)
{
    (void)state;
    for (int first = 0x80; first <= 0xff; first++) {
        char bytes[4] = {(char)first, (char)0x80, (char)0x80, (char)0x80};

        assert_false(text_is_clean_utf8((struct text){bytes, 1}));
        if (first < 0xc2 || first > 0xf4)
            for (size_t len = 2; len <= 4; len++)
                assert_false(text_is_clean_utf8((struct text){bytes, len}));
    }
}

static void a_nul_anywhere_is_not_clean_and_nothing_is(void **state)
{
    (void)state;
    assert_true(text_is_clean_utf8(text_of(NULL)));
    assert_true(text_is_clean_utf8(TEXT("\x01\t\n\x7f")));
    assert_false(text_is_clean_utf8((struct text){"\0", 1}));
    assert_false(text_is_clean_utf8((struct text){"a\0", 2}));
    assert_false(text_is_clean_utf8((struct text){"\0b", 2}));
    assert_true(text_is_clean_utf8(TEXT("闽C12345 報廢 \xf0\x9f\x9a\x9a")));
    assert_false(text_is_clean_utf8(TEXT("闽C12345\xb1\xa8"))); /* the rest in GB 18030 */
}

static void only_the_bytes_that_are_no_text_are_replaced(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"闽C", "闽C"},
        {"\x80", "?"},
        {"a\xff\xfe"
         "b",
         "a??b"},
        {"\xc0\xaf", "??"},           /* overlong slash */
        {"\xed\xa0\x80", "???"},      /* surrogate */
        {"\xf4\x90\x80\x80", "????"}, /* beyond U+10FFFF */
        {"\xe9\x97", "??"},           /* cut short at the end */
        {"\xe9\x97"
         "A",
         "??A"},                                    /* cut short before a letter */
        {"\xe9\x97\xe9\x97\xbd", "??\xe9\x97\xbd"}, /* cut short before a whole one */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[16];

        assert_true(text_copy(text, sizeof text, text_of(cases[i].from)));
        text_make_clean(text);
        assert_string_equal(text, cases[i].to);
    }
}

static void whatever_was_made_clean_is_clean_and_as_long(void **state)
{
    (void)state;
    for (unsigned first = 1; first < 256; first++)
        for (unsigned second = 1; second < 256; second++) {
            static const unsigned char thirds[] = {0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xf0};

            for (size_t third = 0; third < sizeof thirds; third++) {
                char text[5] = {(char)first, (char)second, (char)thirds[third], (char)0xbf, '\0'};

                text_make_clean(text);
                if (strlen(text) != 4 || !text_is_clean_utf8(text_of(text)))
                    fail_msg("%02x %02x %02x bf", first, second, (unsigned)thirds[third]);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_ordered_by_bytes_and_the_shorter_comes_first),
        cmocka_unit_test(no_text_is_an_empty_text),
        cmocka_unit_test(a_copy_that_does_not_fit_is_cut_terminated_and_says_so),
        cmocka_unit_test(a_number_is_read_whole_and_within_its_bounds),
        cmocka_unit_test(what_is_no_number_or_out_of_bounds_changes_nothing),
        cmocka_unit_test(a_code_point_is_clean_in_its_shortest_form_only),
        cmocka_unit_test(a_sequence_is_not_clean_when_any_of_its_bytes_is_missing_or_changed),
        cmocka_unit_test(bytes_that_begin_no_sequence_are_not_clean),
        cmocka_unit_test(a_nul_anywhere_is_not_clean_and_nothing_is),
        cmocka_unit_test(only_the_bytes_that_are_no_text_are_replaced),
        cmocka_unit_test(whatever_was_made_clean_is_clean_and_as_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
