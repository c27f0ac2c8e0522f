/* test_verifier_key.c - verifier keys: nothing but the exact text of a key that we can use is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/ledger/verifier_key.h"

/* Computed in Python from the seed 00 01 02 ... 1f. */
#define LOG "test.example/custody+beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define WITNESS "witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
/* The example of the specification. */
#define EXAMPLE "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define EXAMPLE_NOTE                                                                                                   \
    "This is an example message.\n\n\xe2\x80\x94 example.com/foo "                                                     \
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"

static uint8_t public_key[NOTE_PUBLIC_KEY_BYTES];

static int make_key(void **state)
{
    uint8_t seed[crypto_sign_SEEDBYTES], secret_key[NOTE_SECRET_KEY_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)i;
    return sodium_init() < 0 ? -1 : crypto_sign_seed_keypair(public_key, secret_key, seed);
}

static void the_example_of_the_specification_verifies_its_note(void **state)
{
    struct verifier_key key;

    (void)state;
    assert_int_equal(verifier_key_parse(TEXT(EXAMPLE), &key, NULL), 0);
    assert_int_equal(key.algorithm, NOTE_ED25519);
    assert_true(text_equal(key.name, TEXT("example.com/foo")));
    assert_int_equal(note_verify(TEXT(EXAMPLE_NOTE), key.name, key.public_key, NULL), 0);
}

static void check_key(const char *words, enum note_algorithm algorithm, const char *name)
{
    struct verifier_key parsed, made;
    struct buffer out;

    assert_int_equal(verifier_key_parse(text_of(words), &parsed, NULL), 0);
    assert_int_equal(parsed.algorithm, algorithm);
    assert_true(text_equal(parsed.name, text_of(name)));
    assert_memory_equal(parsed.public_key, public_key, sizeof public_key);
    verifier_key_init(&made, algorithm, text_of(name), public_key);
    assert_memory_equal(made.key_hash, parsed.key_hash, NOTE_KEY_HASH_BYTES);
    buffer_init(&out, 1024);
    verifier_key_put(&made, &out);
    assert_true(text_equal(buffer_text(&out), text_of(words)));
    buffer_fini(&out);
}

static void both_algorithms_are_read_and_written(void **state)
{
    (void)state;
    check_key(LOG, NOTE_ED25519, "test.example/custody");
    check_key(WITNESS, NOTE_COSIGNATURE_V1, "witness.example/w1");
}

static void every_other_text_is_refused_with_words(void **state)
{
    static const char *const wrong[] = {
        "",
        "+",
        "++",
        "test.example/custody",
        "test.example/custody+beafbc4a",
        "test.example/custody+beafbc4a+",
        "+beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "test.example/custody++AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "test.example/custody+BEAFBC4A+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", /* upper case */
        "test.example/custody+beafbc4b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", /* another id */
        "test.example/custody+beafbc4+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "test.example/custody+0beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "test.example/custody+beafbc4g+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "test.example/other+beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",   /* another name */
        "test.example/custody+beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG5", /* another key */
        "test.example/custody+beafbc4a+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", /* another algorithm's id */
        "witness.example/w1+e75f6532+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "test.example/custody+beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4AAAA", /* 3 bytes more */
        "test.example/custody+beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTE=",     /* one less */
        "test.example/custody+beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG",
        "test.example/custody+beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4 ",
        " " LOG,
        LOG "\n",
        "test example+beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "test.example/custody+beafbc4a+AQ==",
        "test.example/custody+beafbc4a+====",
        "w+00000000+AgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", /* ECDSA */
        "w+00000000+BgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", /* ML-DSA-44 */
        "w+00000000+/wOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    };
    struct verifier_key key;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};

        if (verifier_key_parse(text_of(wrong[i]), &key, &error) != ERR_INVALID || !error.text[0])
            fail_msg("accepted: %s", wrong[i]);
    }
    assert_int_equal(verifier_key_parse(text_of(NULL), &key, NULL), ERR_INVALID);
}

/* Their key ids fit: the name alone is wrong. */
static void a_name_that_no_signature_line_can_bear_is_refused(void **state)
{
    static const char *const names[] = {"", "a b", "a\tb", "a\nb", "a\xe3\x80\x80", "\xff"};
    struct buffer out;

    (void)state;
    buffer_init(&out, 1024);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct verifier_key key;

        verifier_key_init(&key, NOTE_ED25519, text_of(names[i]), public_key);
        buffer_clear(&out);
        verifier_key_put(&key, &out);
        if (verifier_key_parse(buffer_text(&out), &key, NULL) != ERR_INVALID)
            fail_msg("accepted: %s", names[i]);
    }
    buffer_fini(&out);
}

static void an_algorithm_that_we_do_not_verify_is_named(void **state)
{
    struct verifier_key key;
    struct error error;

    (void)state;
    assert_int_equal(
        verifier_key_parse(TEXT("w+00000000+BgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4AAAA"), &key, &error),
        ERR_INVALID);
    assert_non_null(strstr(error.text, "0x06"));
}

static void a_key_with_any_bit_changed_is_refused(void **state)
{
    char words[] = LOG;
    struct verifier_key key;

    (void)state;
    for (size_t at = 0; at < sizeof words - 1; at++)
        for (int bit = 0; bit < 8; bit++) {
            words[at] = (char)(words[at] ^ 1 << bit);
            if (verifier_key_parse(text_of(words), &key, NULL) == 0)
                fail_msg("byte %zu, bit %d", at, bit);
            words[at] = (char)(words[at] ^ 1 << bit);
        }
}

static void a_signature_is_by_a_key_when_name_and_hash_are(void **state)
{
    struct verifier_key key;
    struct note_signature signature = {.name = TEXT("test.example/custody")};

    (void)state;
    assert_int_equal(verifier_key_parse(TEXT(LOG), &key, NULL), 0);
    memcpy(signature.key_hash, key.key_hash, NOTE_KEY_HASH_BYTES);
    assert_true(verifier_key_signed(&key, &signature));
    signature.key_hash[3] ^= 1;
    assert_false(verifier_key_signed(&key, &signature));
    signature.key_hash[3] ^= 1;
    signature.name.len--;
    assert_false(verifier_key_signed(&key, &signature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_specification_verifies_its_note),
        cmocka_unit_test(both_algorithms_are_read_and_written),
        cmocka_unit_test(every_other_text_is_refused_with_words),
        cmocka_unit_test(a_name_that_no_signature_line_can_bear_is_refused),
        cmocka_unit_test(an_algorithm_that_we_do_not_verify_is_named),
        cmocka_unit_test(a_key_with_any_bit_changed_is_refused),
        cmocka_unit_test(a_signature_is_by_a_key_when_name_and_hash_are),
    };
    return cmocka_run_group_tests(tests, make_key, NULL);
}
