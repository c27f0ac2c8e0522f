/* test_note.c - signed notes (C2SP signed-note): nothing but the exact form is read. */
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
#define NAME "test.example/custody/ack"
#define BODY "custody-ack/v1\nsome words\n"
#define ZERO "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static uint8_t public_key[NOTE_PUBLIC_KEY_BYTES], secret_key[NOTE_SECRET_KEY_BYTES];
static struct note_signer signer;
static struct buffer note;

static int make_key(void **state)
{
    uint8_t seed[crypto_sign_SEEDBYTES];

    (void)state;
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)i;
    if (sodium_init() < 0)
        return -1;
    (void)crypto_sign_seed_keypair(public_key, secret_key, seed);
    note_signer_init(&signer, NAME, secret_key);
    return 0;
}

static int start(void **state)
{
    (void)state;
    buffer_init(&note, 64 * 1024);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&note);
    return 0;
}

/* A note over `text`, signed rightly. */
static void sign(struct text text)
{
    buffer_clear(&note);
    buffer_put_text(&note, text);
    note_sign(&note, 0, &signer);
    assert_false(note.failed);
}

/* The signature line for BODY, without its newline. */
static struct text signature_line(void)
{
    static char line[512];

    sign(TEXT(BODY));
    (void)text_copy(line, sizeof line,
                    (struct text){(const char *)note.data + sizeof BODY, note.len - sizeof BODY - 1}); /* behind "\n" */
    return text_of(line);
}

static int verify(struct text bytes)
{
    return note_verify(bytes, TEXT(NAME), public_key, NULL);
}

/* ---- vectors made elsewhere ---- */

/* The example in the documentation of Go's sumdb/note package. */
static void the_example_of_another_implementation_verifies(void **state)
{
    static const char example[] =
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n" DASH
        " PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    uint8_t key[1 + NOTE_PUBLIC_KEY_BYTES], key_hash[NOTE_KEY_HASH_BYTES];
    size_t len = sizeof key;
    struct text text;

    (void)state;
    assert_int_equal(base64_decode(TEXT("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), key, &len), 0);
    assert_int_equal(len, sizeof key);
    note_key_hash(TEXT("PeterNeumann"), key + 1, key_hash);
    assert_memory_equal(key_hash, "\xc7\x4f\x20\xa3", NOTE_KEY_HASH_BYTES);
    assert_int_equal(note_verify(TEXT(example), TEXT("PeterNeumann"), key + 1, &text), 0);
    assert_true(text_equal(text, (struct text){example, 99}));
}

/* ---- signing ---- */

static void a_signed_note_verifies_and_gives_its_text_back(void **state)
{
    struct text text = TEXT("");

    (void)state;
    sign(TEXT(BODY));
    assert_int_equal(note_verify(buffer_text(&note), TEXT(NAME), public_key, &text), 0);
    assert_true(text_equal(text, TEXT(BODY)));
}

static void a_note_may_begin_behind_other_bytes(void **state)
{
    (void)state;
    buffer_put_text(&note, TEXT("other bytes"));
    buffer_put_text(&note, TEXT(BODY));
    note_sign(&note, 11, &signer);
    assert_int_equal(verify((struct text){(const char *)note.data + 11, note.len - 11}), 0);
}

static void a_note_that_did_not_fit_is_not_signed(void **state)
{
    (void)state;
    buffer_fini(&note);
    buffer_init(&note, 40);
    buffer_put_text(&note, TEXT(BODY));
    note_sign(&note, 0, &signer);
    assert_true(note.failed);
    assert_int_equal(note.len, sizeof BODY - 1);
    note_sign(&note, 0, &signer);
    assert_int_equal(note.len, sizeof BODY - 1);
}

static void the_name_is_part_of_the_key_hash(void **state)
{
    uint8_t other[NOTE_KEY_HASH_BYTES];

    (void)state;
    note_key_hash(TEXT("test.example/custody"), public_key, other);
    assert_memory_not_equal(signer.key_hash, other, NOTE_KEY_HASH_BYTES);
    note_key_hash(TEXT(NAME), public_key, other);
    assert_memory_equal(signer.key_hash, other, NOTE_KEY_HASH_BYTES);
}

static void a_text_may_hold_blank_lines(void **state)
{
    static const char *const texts[] = {"first\n\nsecond\n", "\nfirst\n",
                                        "first\n\n",         "\n",
                                        "a\n\n\n\nb\n\n\n",  "quoting\n\n" DASH " " NAME " AAAAAAAA\n"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct text text = TEXT("");

        sign(text_of(texts[i]));
        if (note_verify(buffer_text(&note), TEXT(NAME), public_key, &text) || !text_equal(text, text_of(texts[i])))
            fail_msg("text %zu", i);
    }
}

/* ---- notes that are none ---- */

static void build(const char *format, struct text line)
{
    buffer_clear(&note);
    buffer_printf(&note, format, TEXT_ARG(line));
}

static void what_has_not_the_form_of_a_note_is_refused(void **state)
{
    /* %.*s is the right signature line for BODY */
    static const char *const wrong[] = {
        BODY "%.*s\n",               /* no blank line */
        BODY "\n%.*s",               /* the signature line does not end */
        BODY "\n%.*s\n ",            /* something behind it */
        BODY "\n%.*s\n\n",           /* a blank line behind it */
        BODY "\n%.*s\nmore words\n", /* a line that is no signature */
        BODY "\nmore words\n%.*s\n", /* ... before it */
        BODY "\n %.*s\n",            /* indented */
        BODY "\n%.*s \n",            /* a space behind it */
        BODY "\n%.*s\r\n",           /* another system's line end */
        BODY "\r\n\r\n%.*s\r\n",     /* ... everywhere */
        "\n%.*s\n",                  /* no text */
        "%.*s\n",                    /* a signature alone */
    };
    struct text line = signature_line();

    (void)state;
    build(BODY "\n%.*s\n", line);
    assert_int_equal(verify(buffer_text(&note)), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        build(wrong[i], line);
        if (verify(buffer_text(&note)) != ERR_INVALID)
            fail_msg("case %zu", i);
    }
}

static void a_note_without_signatures_is_none(void **state)
{
    (void)state;
    assert_int_equal(verify(TEXT("")), ERR_INVALID);
    assert_int_equal(verify(text_of(NULL)), ERR_INVALID);
    assert_int_equal(verify(TEXT("\n")), ERR_INVALID);
    assert_int_equal(verify(TEXT("\n\n")), ERR_INVALID);
    assert_int_equal(verify(TEXT(BODY)), ERR_INVALID);
    assert_int_equal(verify(TEXT(BODY "\n")), ERR_INVALID);
}

static void a_signature_line_of_another_shape_is_refused(void **state)
{
    static const char *const lines[] = {
        DASH,
        DASH " ",
        DASH " " NAME,
        DASH " " NAME " ",
        DASH "  AAAAAAAA", /* no name */
        DASH NAME " AAAAAAAA",
        "- " NAME " AAAAAAAA",
        "\xe2\x80\x93 " NAME " AAAAAAAA", /* an en dash */
        DASH "\xc2\xa0" NAME " AAAAAAAA",
        DASH " " NAME " AAA",  /* no base64 */
        DASH " " NAME " AAAA", /* less than a key hash */
        DASH " " NAME " AAAAA===",
        DASH " " NAME " AAAA AAAA",
        DASH " " NAME " _____w==",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        build(BODY "\n%.*s\n", text_of(lines[i]));
        if (verify(buffer_text(&note)) == 0)
            fail_msg("accepted: %s", lines[i]);
    }
}

static void bytes_that_are_no_text_are_refused_even_if_they_are_signed(void **state)
{
    static const struct text texts[] = {{"a\xff\n", 3}, {"a\0b\n", 4}, {"\xed\xa0\x80\n", 4}, {"\xe9\x97\n", 3}};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        sign(texts[i]);
        assert_int_equal(verify(buffer_text(&note)), ERR_INVALID);
    }
}

static void control_characters_are_refused_even_if_they_are_signed(void **state)
{
    (void)state;
    for (char c = 1; c < ' '; c++) {
        char text[] = {'a', c, 'b', '\n'};

        sign((struct text){text, sizeof text});
        assert_int_equal(verify(buffer_text(&note)), c == '\n' ? 0 : ERR_INVALID);
    }
}

static void a_note_cut_anywhere_is_refused(void **state)
{
    (void)state;
    sign(TEXT(BODY));
    for (size_t len = 0; len < note.len; len++)
        if (verify((struct text){(const char *)note.data, len}) == 0)
            fail_msg("cut to %zu", len);
}

static void a_note_with_any_bit_changed_is_refused(void **state)
{
    (void)state;
    sign(TEXT(BODY));
    for (size_t at = 0; at < note.len; at++)
        for (int bit = 0; bit < 8; bit++) {
            note.data[at] ^= (uint8_t)(1 << bit);
            if (verify(buffer_text(&note)) == 0)
                fail_msg("byte %zu, bit %d", at, bit);
            note.data[at] ^= (uint8_t)(1 << bit);
        }
    assert_int_equal(verify(buffer_text(&note)), 0);
}

/* ---- whose signature ---- */

static void another_text_under_the_signature_does_not_verify(void **state)
{
    struct text line = signature_line();

    (void)state;
    build("custody-ack/v1\nother words\n\n%.*s\n", line);
    assert_int_equal(verify(buffer_text(&note)), ERR_SIGNATURE);
    build(BODY "\n\n%.*s\n", line); /* one blank line more in the text */
    assert_int_equal(verify(buffer_text(&note)), ERR_SIGNATURE);
}

static void another_name_is_not_ours(void **state)
{
    (void)state;
    sign(TEXT(BODY));
    assert_int_equal(note_verify(buffer_text(&note), TEXT("test.example/custody"), public_key, NULL), ERR_NOT_FOUND);
    assert_int_equal(note_verify(buffer_text(&note), TEXT(NAME "2"), public_key, NULL), ERR_NOT_FOUND);
    assert_int_equal(note_verify(buffer_text(&note), TEXT(""), public_key, NULL), ERR_NOT_FOUND);
}

static void another_key_of_the_same_name_is_not_ours(void **state)
{
    uint8_t other[NOTE_PUBLIC_KEY_BYTES];

    (void)state;
    sign(TEXT(BODY));
    memcpy(other, public_key, sizeof other);
    other[0] ^= 1;
    assert_int_equal(note_verify(buffer_text(&note), TEXT(NAME), other, NULL), ERR_NOT_FOUND);
}

/* Puts `len` bytes behind the key hash of our key (or of none of ours) into a line for NAME. */
static struct text line_with(size_t len, bool our_hash)
{
    static char line[512];
    uint8_t blob[200] = {0};
    char encoded[BASE64_SIZE(sizeof blob)];

    if (our_hash)
        memcpy(blob, signer.key_hash, NOTE_KEY_HASH_BYTES);
    base64_encode(blob, NOTE_KEY_HASH_BYTES + len, encoded);
    (void)snprintf(line, sizeof line, DASH " " NAME " %s", encoded);
    return text_of(line);
}

static void a_signature_of_our_key_that_is_wrong_spoils_the_note(void **state)
{
    char good[512];
    struct text line;

    (void)state;
    (void)text_copy(good, sizeof good, signature_line());
    line = line_with(crypto_sign_BYTES, true);
    build(BODY "\n%.*s\n", line);
    assert_int_equal(verify(buffer_text(&note)), ERR_SIGNATURE);
    buffer_printf(&note, "%s\n", good); /* a good one behind it does not help */
    assert_int_equal(verify(buffer_text(&note)), ERR_SIGNATURE);
    build(BODY "\n%.*s\n", text_of(good));
    buffer_printf(&note, "%.*s\n", TEXT_ARG(line)); /* nor one before it */
    assert_int_equal(verify(buffer_text(&note)), ERR_SIGNATURE);
}

static void a_signature_of_our_key_of_another_length_does_not_verify(void **state)
{
    static const size_t lengths[] = {0, 1, crypto_sign_BYTES - 1, crypto_sign_BYTES + 1, 2 * crypto_sign_BYTES};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        build(BODY "\n%.*s\n", line_with(lengths[i], true));
        assert_int_not_equal(verify(buffer_text(&note)), 0);
    }
}

static void signatures_of_others_are_passed_over(void **state)
{
    char good[512];

    (void)state;
    (void)text_copy(good, sizeof good, signature_line());
    build(BODY "\n%.*s\n", text_of(good));
    buffer_printf(&note, DASH " witness.example/w " ZERO "\n");
    assert_int_equal(verify(buffer_text(&note)), 0);
    build(BODY "\n" DASH " witness.example/w " ZERO "\n%.*s\n", text_of(good));
    assert_int_equal(verify(buffer_text(&note)), 0);
    build(BODY "\n%.*s\n", line_with(crypto_sign_BYTES, false)); /* our name, another key */
    assert_int_equal(verify(buffer_text(&note)), ERR_NOT_FOUND);
    buffer_printf(&note, "%s\n", good);
    assert_int_equal(verify(buffer_text(&note)), 0);
    build(BODY "\n" DASH " witness.example/w " ZERO "\n", text_of("")); /* only others */
    assert_int_equal(verify(buffer_text(&note)), ERR_NOT_FOUND);
}

/* An algorithm that is not known here may sign at greater length, under our name, too. */
static void signatures_of_any_length_by_other_keys_are_passed_over(void **state)
{
    static const size_t lengths[] = {1, 32, 65, 72, 100, 196};
    char good[512];

    (void)state;
    (void)text_copy(good, sizeof good, signature_line());
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        build(BODY "\n%.*s\n", line_with(lengths[i], false));
        buffer_printf(&note, "%s\n", good);
        assert_int_equal(verify(buffer_text(&note)), 0);
    }
}

static void sixteen_signatures_are_read(void **state)
{
    char good[512];

    (void)state;
    (void)text_copy(good, sizeof good, signature_line());
    buffer_clear(&note);
    buffer_printf(&note, "%s\n", BODY);
    for (int i = 0; i < 15; i++)
        buffer_printf(&note, DASH " witness.example/%d " ZERO "\n", i);
    buffer_printf(&note, "%s\n", good);
    assert_int_equal(verify(buffer_text(&note)), 0);
}

static void two_good_signatures_of_our_key_are_as_good_as_one(void **state)
{
    char good[512];

    (void)state;
    (void)text_copy(good, sizeof good, signature_line());
    build(BODY "\n%.*s\n", text_of(good));
    buffer_printf(&note, "%s\n", good);
    assert_int_equal(verify(buffer_text(&note)), 0);
}

static void a_refused_note_gives_no_text(void **state)
{
    struct text text = TEXT("untouched");

    (void)state;
    sign(TEXT(BODY));
    assert_int_equal(note_verify(buffer_text(&note), TEXT("other"), public_key, &text), ERR_NOT_FOUND);
    note.data[0] ^= 1;
    assert_int_equal(note_verify(buffer_text(&note), TEXT(NAME), public_key, &text), ERR_SIGNATURE);
    assert_true(text_equal(text, TEXT("untouched")));
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(the_example_of_another_implementation_verifies),
        TEST_(a_signed_note_verifies_and_gives_its_text_back),
        TEST_(a_note_may_begin_behind_other_bytes),
        TEST_(a_note_that_did_not_fit_is_not_signed),
        TEST_(the_name_is_part_of_the_key_hash),
        TEST_(a_text_may_hold_blank_lines),
        TEST_(what_has_not_the_form_of_a_note_is_refused),
        TEST_(a_note_without_signatures_is_none),
        TEST_(a_signature_line_of_another_shape_is_refused),
        TEST_(bytes_that_are_no_text_are_refused_even_if_they_are_signed),
        TEST_(control_characters_are_refused_even_if_they_are_signed),
        TEST_(a_note_cut_anywhere_is_refused),
        TEST_(a_note_with_any_bit_changed_is_refused),
        TEST_(another_text_under_the_signature_does_not_verify),
        TEST_(another_name_is_not_ours),
        TEST_(another_key_of_the_same_name_is_not_ours),
        TEST_(a_signature_of_our_key_that_is_wrong_spoils_the_note),
        TEST_(a_signature_of_our_key_of_another_length_does_not_verify),
        TEST_(signatures_of_others_are_passed_over),
        TEST_(signatures_of_any_length_by_other_keys_are_passed_over),
        TEST_(sixteen_signatures_are_read),
        TEST_(two_good_signatures_of_our_key_are_as_good_as_one),
        TEST_(a_refused_note_gives_no_text),
    };
    return cmocka_run_group_tests(tests, make_key, NULL);
}
