/* test_note_parts.c - a note taken apart without knowing a key: names, bytes and signature lines of C2SP signed-note. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/encoding.h"
#include "core/ledger/note.h"

#define DASH "\xe2\x80\x94"
#define SIGNATURE "AAAABAE="
#define LINE DASH " a.example/w " SIGNATURE "\n"

static uint8_t public_key[NOTE_PUBLIC_KEY_BYTES], secret_key[NOTE_SECRET_KEY_BYTES];
static struct buffer note;

static int start(void **state)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = {9};

    (void)state;
    if (sodium_init() < 0)
        return -1;
    (void)crypto_sign_seed_keypair(public_key, secret_key, seed);
    buffer_init(&note, 1 << 20);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&note);
    return 0;
}

static void a_name_has_neither_space_nor_plus(void **state)
{
    static const char *const wrong[] = {
        "",
        "a b",
        " a",
        "a ",
        "a+b",
        "+",
        "a\tb",
        "a\nb",
        "a\rb",
        "a\x0b",
        "a\x1f",
        "a\xc2\x85",
        "a\xc2\xa0z",
        "\xe1\x9a\x80",
        "\xe2\x80\x80",
        "\xe2\x80\x8a",
        "\xe2\x80\xa8",
        "\xe2\x80\xa9",
        "\xe2\x80\xaf",
        "\xe2\x81\x9f",
        "a\xe3\x80\x80",
        "\xff",
        "a\xc2",
        "\xed\xa0\x80",
    };
    static const char *const right[] = {"a",
                                        "example.com/log42",
                                        "\xe6\xb4\x9b\xe6\xb1\x9f",
                                        "a-b_c!\"#$%&'()*,/",
                                        "\xe2\x80\x8b",
                                        "\xe2\x80\xa7",
                                        "\xe2\x80\x94",
                                        "\x7f"};
    char longest[NOTE_NAME_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (note_name_is_valid(text_of(wrong[i])))
            fail_msg("accepted: %zu", i);
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        if (!note_name_is_valid(text_of(right[i])))
            fail_msg("refused: %s", right[i]);
    memset(longest, 'n', sizeof longest);
    assert_true(note_name_is_valid((struct text){longest, NOTE_NAME_MAX}));
    assert_false(note_name_is_valid((struct text){longest, NOTE_NAME_MAX + 1}));
    assert_false(note_name_is_valid(text_of(NULL)));
}

static void control_characters_other_than_newlines_stand_in_no_note(void **state)
{
    (void)state;
    for (int c = 0; c < ' '; c++) {
        const char text[] = {'a', (char)c, 'b'};

        assert_true(note_bytes_are_valid((struct text){text, 3}) == (c == '\n'));
        buffer_clear(&note);
        buffer_put(&note, text, 3);
        buffer_put_text(&note, TEXT("\n\n" LINE));
        struct text body, signatures;
        assert_true((note_split(buffer_text(&note), &body, &signatures) == 0) == (c == '\n'));
    }
    assert_true(note_bytes_are_valid(TEXT("\x7f\xe6\xb4\x9b")));
    assert_false(note_bytes_are_valid(TEXT("\xe6\xb4")));
}

static void a_signed_text_with_a_control_character_does_not_verify(void **state)
{
    struct note_signer signer;

    (void)state;
    note_signer_init(&signer, "a.example", secret_key);
    buffer_clear(&note);
    buffer_put_text(&note, TEXT("tab\there\n"));
    note_sign(&note, 0, &signer);
    assert_int_equal(note_verify(buffer_text(&note), TEXT("a.example"), public_key, NULL), ERR_INVALID);
}

static void a_note_is_text_a_blank_line_and_signatures(void **state)
{
    struct text text, rest;
    struct note_signature signature;

    (void)state;
    assert_int_equal(note_split(TEXT("one\n\ntwo\n\n" LINE DASH " b " SIGNATURE "\n"), &text, &rest), 0);
    assert_true(text_equal(text, TEXT("one\n\ntwo\n")));
    assert_true(note_signature_take(&rest, &signature));
    assert_true(text_equal(signature.name, TEXT("a.example/w")));
    assert_memory_equal(signature.key_hash, "\0\0\0\x04", NOTE_KEY_HASH_BYTES);
    uint8_t bytes[NOTE_SIGNATURE_MAX];
    assert_false(note_signature_bytes(&signature, bytes, 0));
    assert_false(note_signature_bytes(&signature, bytes, 2));
    assert_true(note_signature_bytes(&signature, bytes, 1));
    assert_int_equal(bytes[0], 1);
    assert_true(note_signature_take(&rest, &signature) && text_equal(signature.name, TEXT("b")));
    assert_false(note_signature_take(&rest, &signature));
    assert_true(text_empty(rest));
}

static void a_line_of_another_form_spoils_the_note_whosesoever_it_is(void **state)
{
    static const char *const lines[] = {
        DASH "\n",
        DASH " \n",
        DASH " b\n",
        DASH " b \n",
        DASH "  " SIGNATURE "\n",
        DASH " b  " SIGNATURE "\n",
        DASH " b " SIGNATURE " \n",
        DASH " b " SIGNATURE " more\n",
        DASH " b+c " SIGNATURE "\n",
        DASH " b\xc2\xa0"
             "c " SIGNATURE "\n",
        DASH " b AAAA\n",     /* 3 bytes */
        DASH " b AAAAAA==\n", /* a key hash and no signature */
        DASH " b AAAABAE\n",  /* no padding */
        DASH " b AAAABAF=\n", /* unused bits */
        DASH " b AAAAB-E=\n",
        DASH " b AAAABAE=AAAA\n", /* padding within */
        "- b " SIGNATURE "\n",
        "\xe2\x80\x93 b " SIGNATURE "\n",
        "words\n",
        DASH " b " SIGNATURE,
    };
    struct text text = TEXT("kept"), rest;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        for (int first = 0; first < 2; first++) {
            buffer_clear(&note);
            buffer_printf(&note, "body\n\n%s%s", first ? lines[i] : LINE, first ? LINE : lines[i]);
            if (note_split(buffer_text(&note), &text, &rest) != ERR_INVALID)
                fail_msg("accepted: %s", lines[i]);
        }
    assert_true(text_equal(text, TEXT("kept")));
}

static void a_note_has_at_most_its_bound_of_signatures(void **state)
{
    struct text text, rest;

    (void)state;
    buffer_clear(&note);
    buffer_put_text(&note, TEXT("body\n\n"));
    for (int i = 0; i < NOTE_SIGNATURES_MAX; i++)
        buffer_put_text(&note, TEXT(LINE));
    assert_int_equal(note_split(buffer_text(&note), &text, &rest), 0);
    buffer_put_text(&note, TEXT(LINE));
    assert_int_equal(note_split(buffer_text(&note), &text, &rest), ERR_INVALID);
}

/* A log may sign with a second algorithm under its own name; those signatures are longer than ours. */
static void another_algorithm_under_our_name_is_passed_over(void **state)
{
    static const uint8_t large[2424] = {1};
    char encoded[BASE64_SIZE(sizeof large)];
    struct note_signer signer;
    struct text text;

    (void)state;
    base64_encode(large, sizeof large, encoded);
    note_signer_init(&signer, "a.example", secret_key);
    buffer_clear(&note);
    buffer_put_text(&note, TEXT("body\n"));
    note_sign(&note, 0, &signer);
    buffer_printf(&note, DASH " a.example %s\n", encoded);
    assert_int_equal(note_verify(buffer_text(&note), TEXT("a.example"), public_key, &text), 0);
}

static void a_signature_line_is_read_as_it_was_written(void **state)
{
    static const uint8_t key_hash[NOTE_KEY_HASH_BYTES] = {1, 2, 3, 4};
    uint8_t bytes[NOTE_SIGNATURE_MAX], back[NOTE_SIGNATURE_MAX];
    struct note_signature signature;

    (void)state;
    memset(bytes, 0xc3, sizeof bytes);
    for (size_t len = 1; len <= NOTE_SIGNATURE_MAX; len++) {
        buffer_clear(&note);
        note_signature_put(&note, TEXT("b"), key_hash, bytes, len);
        struct text rest = buffer_text(&note);
        assert_true(note_signature_take(&rest, &signature) && text_empty(rest));
        assert_memory_equal(signature.key_hash, key_hash, sizeof key_hash);
        assert_true(note_signature_bytes(&signature, back, len));
        assert_memory_equal(back, bytes, len);
    }
}

static void the_algorithm_is_part_of_the_key_hash(void **state)
{
    uint8_t plain[NOTE_KEY_HASH_BYTES], same[NOTE_KEY_HASH_BYTES], other[NOTE_KEY_HASH_BYTES];

    (void)state;
    note_key_hash(TEXT("b"), public_key, plain);
    note_key_hash_of(NOTE_ED25519, TEXT("b"), public_key, same);
    note_key_hash_of(NOTE_COSIGNATURE_V1, TEXT("b"), public_key, other);
    assert_memory_equal(plain, same, NOTE_KEY_HASH_BYTES);
    assert_memory_not_equal(plain, other, NOTE_KEY_HASH_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_neither_space_nor_plus),
        cmocka_unit_test(control_characters_other_than_newlines_stand_in_no_note),
        cmocka_unit_test(a_signed_text_with_a_control_character_does_not_verify),
        cmocka_unit_test(a_note_is_text_a_blank_line_and_signatures),
        cmocka_unit_test(a_line_of_another_form_spoils_the_note_whosesoever_it_is),
        cmocka_unit_test(a_note_has_at_most_its_bound_of_signatures),
        cmocka_unit_test(another_algorithm_under_our_name_is_passed_over),
        cmocka_unit_test(a_signature_line_is_read_as_it_was_written),
        cmocka_unit_test(the_algorithm_is_part_of_the_key_hash),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
