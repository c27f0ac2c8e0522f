/* test_leaf.c - the leaf of a record, to the byte, against values computed elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "core/ledger/leaf.h"

static const int64_t received_us = INT64_C(1700000000123456);
static uint8_t salt[SALT_BYTES];

static int start(void **state)
{
    (void)state;
    for (size_t i = 0; i < SALT_BYTES; i++)
        salt[i] = (uint8_t)i;
    return 0;
}

static void expect_hex(const uint8_t *bytes, size_t len, const char *expected)
{
    char hex[HEX_SIZE(LEAF_BYTES)];

    hex_encode(bytes, len, hex);
    assert_string_equal(hex, expected);
}

/* The expected values were computed with Python's hashlib from the words of the format. */
static void a_leaf_has_the_bytes_of_the_format(void **state)
{
    struct digest commitment = leaf_commitment(salt, TEXT("record")), hash;
    uint8_t leaf[LEAF_BYTES];

    (void)state;
    expect_hex(commitment.bytes, SHA256_BYTES, "c5af6f0db0e429961f721ce94ea429f0a8f00be9daa947911829fce332ad58a7");
    leaf_encode(LEAF_ENVELOPE, received_us, &commitment, leaf);
    expect_hex(leaf, LEAF_BYTES,
               "637573746f64792d6c6561662f76310a0100060a2418202240c5af6f0db0e429961f721ce94ea429f0a8f00be9daa947911829f"
               "ce332ad58a7");
    hash = leaf_hash(leaf);
    expect_hex(hash.bytes, SHA256_BYTES, "260022a419809cc96d95b08ea6529f1c8593d1585969951b8d28a361a3517508");
}

static void a_record_of_nothing_is_committed_to(void **state)
{
    static const uint8_t zeros[SALT_BYTES];
    struct digest commitment = leaf_commitment(zeros, text_of(NULL));

    (void)state;
    expect_hex(commitment.bytes, SHA256_BYTES, "908e40fbfef04e982c3aec084a31e4e9d9d3713d2c5a04911c570bf7ceb1890f");
}

static void the_three_steps_in_one_are_the_same(void **state)
{
    struct digest commitment = leaf_commitment(salt, TEXT("record")), steps, one;
    uint8_t leaf[LEAF_BYTES];

    (void)state;
    leaf_encode(LEAF_DEAD_LETTER, received_us, &commitment, leaf);
    steps = leaf_hash(leaf);
    one = leaf_hash_of_record(LEAF_DEAD_LETTER, received_us, salt, TEXT("record"));
    assert_true(digest_equal(&steps, &one));
}

static void the_types_have_the_numbers_of_the_format(void **state)
{
    static const enum leaf_type types[] = {LEAF_ENVELOPE, LEAF_OPERATOR_ACTION, LEAF_DEAD_LETTER,    LEAF_KEY_EVENT,
                                           LEAF_ERASURE,  LEAF_EQUIVOCATION,    LEAF_SOFTWARE_CHANGE};
    const struct digest commitment = {{0}};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        uint8_t leaf[LEAF_BYTES];

        leaf_encode(types[i], 0, &commitment, leaf);
        assert_int_equal(leaf[16], i + 1);
    }
}

static void anything_that_changes_gives_another_leaf(void **state)
{
    struct digest whole = leaf_hash_of_record(LEAF_ENVELOPE, received_us, salt, TEXT("record")), other;

    (void)state;
    other = leaf_hash_of_record(LEAF_DEAD_LETTER, received_us, salt, TEXT("record"));
    assert_false(digest_equal(&whole, &other));
    other = leaf_hash_of_record(LEAF_ENVELOPE, received_us + 1, salt, TEXT("record"));
    assert_false(digest_equal(&whole, &other));
    other = leaf_hash_of_record(LEAF_ENVELOPE, received_us, salt, TEXT("recorD"));
    assert_false(digest_equal(&whole, &other));
    other = leaf_hash_of_record(LEAF_ENVELOPE, received_us, salt, (struct text){"record\0", 7});
    assert_false(digest_equal(&whole, &other));
    for (size_t i = 0; i < SALT_BYTES; i++) {
        salt[i] ^= 0x80;
        other = leaf_hash_of_record(LEAF_ENVELOPE, received_us, salt, TEXT("record"));
        assert_false(digest_equal(&whole, &other));
        salt[i] ^= 0x80;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_has_the_bytes_of_the_format),
        cmocka_unit_test(a_record_of_nothing_is_committed_to),
        cmocka_unit_test(the_three_steps_in_one_are_the_same),
        cmocka_unit_test(the_types_have_the_numbers_of_the_format),
        cmocka_unit_test(anything_that_changes_gives_another_leaf),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
