/* test_line.c - lines, numbers and hashes: one text for one value, and nothing else is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "core/ledger/line.h"

static void lines_are_cut_one_by_one(void **state)
{
    struct text rest = TEXT("one\n\nthree\nrest"), line;

    (void)state;
    assert_true(line_take(&rest, &line) && text_equal(line, TEXT("one")));
    assert_true(line_take(&rest, &line) && text_equal(line, TEXT("")));
    assert_true(line_take(&rest, &line) && text_equal(line, TEXT("three")));
    assert_false(line_take(&rest, &line)); /* it does not end */
    assert_true(text_equal(rest, TEXT("rest")));
    rest = text_of(NULL);
    assert_false(line_take(&rest, &line));
}

static void a_prefix_is_cut_only_where_it_stands(void **state)
{
    struct text t = TEXT("old 5");

    (void)state;
    assert_false(line_take_prefix(&t, TEXT("olds")));
    assert_false(line_take_prefix(&t, TEXT("old 55")));
    assert_true(text_equal(t, TEXT("old 5")));
    assert_true(line_take_prefix(&t, TEXT("old ")) && text_equal(t, TEXT("5")));
    assert_true(line_take_prefix(&t, TEXT("")) && text_equal(t, TEXT("5")));
}

static void a_field_is_a_word_one_space_and_a_value(void **state)
{
    struct text rest = TEXT("index 5\nindex  5\nindex\nindexes 5\n index 5\n"), value;

    (void)state;
    assert_true(line_take_field(&rest, "index", &value) && text_equal(value, TEXT("5")));
    assert_true(line_take_field(&rest, "index", &value) && text_equal(value, TEXT(" 5")));
    assert_false(line_take_field(&rest, "index", &value));
    assert_false(line_take_field(&rest, "index", &value));
    assert_false(line_take_field(&rest, "index", &value));
    assert_false(line_take_field(&rest, "index", &value));
}

static void a_number_has_one_text(void **state)
{
    static const char *const wrong[] = {"",
                                        "00",
                                        "01",
                                        "+1",
                                        "-1",
                                        " 1",
                                        "1 ",
                                        "1.0",
                                        "0x1",
                                        "1e3",
                                        "\xef\xbc\x91",
                                        "1_0",
                                        "1,0",
                                        "18446744073709551616",
                                        "18446744073709551625",
                                        "99999999999999999999",
                                        "184467440737095516150"};
    uint64_t number = 77;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (line_to_u64(text_of(wrong[i]), &number))
            fail_msg("accepted: %s", wrong[i]);
    assert_true(number == 77);
    assert_true(line_to_u64(TEXT("0"), &number) && number == 0);
    assert_true(line_to_u64(TEXT("10"), &number) && number == 10);
    assert_true(line_to_u64(TEXT("18446744073709551615"), &number) && number == UINT64_MAX);
}

static void a_hash_is_base64_of_32_bytes(void **state)
{
    static const char *const wrong[] = {
        "",
        "AAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-=",
        " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=AAAA",
    };
    struct digest digest, before;

    (void)state;
    memset(&digest, 7, sizeof digest);
    before = digest;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (line_to_digest(text_of(wrong[i]), &digest))
            fail_msg("accepted: %s", wrong[i]);
    assert_true(digest_equal(&digest, &before));
    assert_true(line_to_digest(TEXT("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), &digest));
    assert_int_equal(digest.bytes[0], 1);
    assert_int_equal(digest.bytes[31], 0);
}

static void base64_of_every_length_is_known_and_nothing_else_is(void **state)
{
    static uint8_t bytes[300];
    char text[BASE64_SIZE(sizeof bytes)];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        base64_encode(bytes, len, text);
        assert_true(line_is_base64(text_of(text)));
        for (size_t at = 0; at < strlen(text); at++) {
            char kept = text[at];

            text[at] = '='; /* padding where none may be */
            if (at + 2 < strlen(text) && line_is_base64(text_of(text)))
                fail_msg("%zu bytes, padding at %zu", len, at);
            text[at] = '\n';
            if (line_is_base64(text_of(text)))
                fail_msg("%zu bytes, newline at %zu", len, at);
            text[at] = kept;
        }
    }
    assert_true(line_is_base64(text_of(NULL)));
    assert_false(line_is_base64(TEXT("AAA")));
    assert_false(line_is_base64(TEXT("AAB=")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_cut_one_by_one),
        cmocka_unit_test(a_prefix_is_cut_only_where_it_stands),
        cmocka_unit_test(a_field_is_a_word_one_space_and_a_value),
        cmocka_unit_test(a_number_has_one_text),
        cmocka_unit_test(a_hash_is_base64_of_32_bytes),
        cmocka_unit_test(base64_of_every_length_is_known_and_nothing_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
