/* test_encoding.c - hex, base64 and UUID text: one text for one value, everything else refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/encoding.h"

static void hex_goes_both_ways_for_every_byte(void **state)
{
    uint8_t bytes[256], back[256];
    char hex[HEX_SIZE(256)];

    (void)state;
    for (size_t i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    hex_encode(bytes, 256, hex);
    assert_int_equal(strlen(hex), 512);
    assert_memory_equal(hex + 2 * 0xab, "abacad", 6);
    assert_int_equal(hex_decode(text_of(hex), back, 256), 0);
    assert_memory_equal(bytes, back, 256);
    hex_encode(NULL, 0, hex);
    assert_string_equal(hex, "");
    assert_int_equal(hex_decode(text_of(NULL), back, 0), 0);
}

static void hex_is_read_in_either_case(void **state)
{
    uint8_t back[3];

    (void)state;
    assert_int_equal(hex_decode(TEXT("aBCdEf"), back, 3), 0);
    assert_memory_equal(back, "\xab\xcd\xef", 3);
}

static void hex_of_another_length_is_refused(void **state)
{
    uint8_t back[4];

    (void)state;
    assert_int_equal(hex_decode(TEXT(""), back, 1), ERR_INVALID);
    assert_int_equal(hex_decode(TEXT("a"), back, 1), ERR_INVALID);
    assert_int_equal(hex_decode(TEXT("abc"), back, 1), ERR_INVALID);
    assert_int_equal(hex_decode(TEXT("abcd"), back, 1), ERR_INVALID);
    assert_int_equal(hex_decode(TEXT("ab"), back, 0), ERR_INVALID);
}

static void only_hex_digits_are_hex_digits(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool digit = c && strchr("0123456789abcdefABCDEF", c) != NULL;
        uint8_t back;
        char high[] = {(char)c, '0'}, low[] = {'0', (char)c};

        assert_int_equal(hex_decode((struct text){high, 2}, &back, 1), digit ? 0 : ERR_INVALID);
        assert_int_equal(hex_decode((struct text){low, 2}, &back, 1), digit ? 0 : ERR_INVALID);
    }
}

/* RFC 4648 section 10. */
static const struct {
    const char *bytes, *text;
} base64_vectors[] = {{"", ""},
                      {"f", "Zg=="},
                      {"fo", "Zm8="},
                      {"foo", "Zm9v"},
                      {"foob", "Zm9vYg=="},
                      {"fooba", "Zm9vYmE="},
                      {"foobar", "Zm9vYmFy"},
                      {"\xfb\xff\xbf", "+/+/"}};

static void the_base64_vectors_of_the_standard_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base64_vectors / sizeof *base64_vectors; i++) {
        size_t bytes = strlen(base64_vectors[i].bytes), len = 16;
        char text[BASE64_SIZE(16)];
        uint8_t back[16];

        base64_encode(base64_vectors[i].bytes, bytes, text);
        assert_string_equal(text, base64_vectors[i].text);
        assert_int_equal(strlen(text) + 1, BASE64_SIZE(bytes));
        assert_int_equal(base64_decode(text_of(text), back, &len), 0);
        assert_int_equal(len, bytes);
        assert_memory_equal(back, base64_vectors[i].bytes, bytes);
    }
}

static void base64_goes_both_ways_at_every_length(void **state)
{
    uint8_t bytes[70], back[70];
    char text[BASE64_SIZE(70)];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(251 * i + 17);
    for (size_t bytes_len = 0; bytes_len <= sizeof bytes; bytes_len++) {
        size_t len = bytes_len; /* room to the byte */

        base64_encode(bytes, bytes_len, text);
        assert_int_equal(base64_decode(text_of(text), back, &len), 0);
        assert_int_equal(len, bytes_len);
        assert_memory_equal(back, bytes, bytes_len);
    }
}

static void base64_that_is_not_strict_is_refused(void **state)
{
    static const char *const wrong[] = {
        "Z",          "Zg",       "Zg=",    "Zm9",      "Zm9vY",            /* padding missing */
        "=",          "====",     "Z===",   "A===",     "=Zg=",     "Zg=a", /* padding misplaced */
        "Zg==Zg==",   "Zm8=Zm8=", "Zg==\n", "Zm9v====",                     /* padding before the end, or more of it */
        "Zm 9",       "Zm9\n",    "\nZm9v", "Zm9v\n",   "Zm9v    ",         /* white space */
        "Zm9-",       "Zm9_",     "Zm9.",   "Zm9,",     "Zm9*",             /* other alphabets */
        "Zh==",       "Zn==",     "Zv==",   "Zm9=",     "Zm+=",             /* unused bits set */
        "\xc3\xa9zz", "Zm9\xff",
    };
    uint8_t back[16];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        size_t len = sizeof back;

        if (base64_decode(text_of(wrong[i]), back, &len) != ERR_INVALID)
            fail_msg("accepted: \"%s\"", wrong[i]);
    }
}

static void a_nul_is_no_base64_digit(void **state)
{
    uint8_t back[3];

    (void)state;
    for (size_t at = 0; at < 4; at++) {
        char text[4] = {'Z', 'm', '9', 'v'};
        size_t len = sizeof back;

        text[at] = '\0';
        assert_int_equal(base64_decode((struct text){text, 4}, back, &len), ERR_INVALID);
    }
}

static void every_text_that_is_accepted_is_the_one_that_would_be_written(void **state)
{
    static const char last[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ ";
    unsigned accepted = 0;

    (void)state;
    for (const char *second = last; *second; second++)
        for (const char *third = last; *third; third++)
            for (const char *fourth = last; *fourth; fourth++) {
                char text[5] = {'Q', *second, *third, *fourth, '\0'}, again[BASE64_SIZE(3)];
                uint8_t back[3];
                size_t len = sizeof back;

                if (base64_decode(text_of(text), back, &len))
                    continue;
                base64_encode(back, len, again);
                if (strcmp(text, again) != 0)
                    fail_msg("%s is another text for %s", text, again);
                accepted++;
            }
    assert_int_equal(accepted, 64 * 64 * 64 + 64 * 16 + 4);
}

static void base64_larger_than_its_room_is_refused_before_anything_is_written(void **state)
{
    uint8_t back[4] = {9, 9, 9, 9};
    size_t len = 2;

    (void)state;
    assert_int_equal(base64_decode(TEXT("Zm9v"), back, &len), ERR_TOO_LARGE);
    assert_memory_equal(back, "\x09\x09\x09\x09", 4);
    len = 0;
    assert_int_equal(base64_decode(TEXT("Zg=="), back, &len), ERR_TOO_LARGE);
    assert_int_equal(base64_decode(TEXT(""), back, &len), 0);
    len = 2;
    assert_int_equal(base64_decode(TEXT("Zm8="), back, &len), 0);
    assert_memory_equal(back, "fo\x09\x09", 4);
}

static const uint8_t uuid[UUID_BYTES] = {0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0,
                                         0xa7, 0x65, 0x00, 0xa0, 0xc9, 0x1e, 0x6b, 0xf6};
static const char uuid_text[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"; /* RFC 9562 section 4 */

static void a_uuid_goes_both_ways(void **state)
{
    uint8_t back[UUID_BYTES];
    char text[UUID_TEXT_SIZE];

    (void)state;
    uuid_format(uuid, text);
    assert_string_equal(text, uuid_text);
    assert_int_equal(uuid_parse(text_of(text), back), 0);
    assert_memory_equal(back, uuid, UUID_BYTES);
    assert_int_equal(uuid_parse(TEXT("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"), back), 0);
    assert_memory_equal(back, uuid, UUID_BYTES);
}

static void what_is_no_uuid_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "f81d4fae7dec11d0a76500a0c91e6bf6",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf60",
        "{f81d4fae-7dec-11d0-a765-00a0c91e6bf}",
        "f81d4fae_7dec_11d0_a765_00a0c91e6bf6",
        "f81d4fa-e7dec-11d0-a765-00a0c91e6bf6",
        "g81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        " 81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "f81d4fae-7dec-11d0-a765-00a0c91e6-f6",
    };
    uint8_t back[UUID_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (uuid_parse(text_of(wrong[i]), back) != ERR_INVALID)
            fail_msg("accepted: %s", wrong[i]);
    for (size_t at = 0; at < UUID_TEXT_SIZE - 1; at++) {
        char text[UUID_TEXT_SIZE];

        memcpy(text, uuid_text, sizeof text);
        text[at] = text[at] == '-' ? '0' : '-';
        assert_int_equal(uuid_parse(text_of(text), back), ERR_INVALID);
    }
}

static void a_64_bit_number_goes_both_ways(void **state)
{
    uint8_t bytes[8];

    (void)state;
    store_u64_be(bytes, UINT64_C(0x0123456789abcdef));
    assert_memory_equal(bytes, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
    assert_true(load_u64_be(bytes) == UINT64_C(0x0123456789abcdef));
    store_u64_be(bytes, UINT64_MAX);
    assert_true(load_u64_be(bytes) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_goes_both_ways_for_every_byte),
        cmocka_unit_test(hex_is_read_in_either_case),
        cmocka_unit_test(hex_of_another_length_is_refused),
        cmocka_unit_test(only_hex_digits_are_hex_digits),
        cmocka_unit_test(the_base64_vectors_of_the_standard_hold),
        cmocka_unit_test(base64_goes_both_ways_at_every_length),
        cmocka_unit_test(base64_that_is_not_strict_is_refused),
        cmocka_unit_test(a_nul_is_no_base64_digit),
        cmocka_unit_test(every_text_that_is_accepted_is_the_one_that_would_be_written),
        cmocka_unit_test(base64_larger_than_its_room_is_refused_before_anything_is_written),
        cmocka_unit_test(a_uuid_goes_both_ways),
        cmocka_unit_test(what_is_no_uuid_is_refused),
        cmocka_unit_test(a_64_bit_number_goes_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
