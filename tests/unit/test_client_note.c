/* test_client_note.c - verifier keys and acknowledgement notes: strict to the byte, against a vector made elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sodium.h>

#include "client/note.h"

/* The key and the signature were made in Python with OpenSSL's Ed25519 from the seed 00 01 02 ... 1f. */
#define NAME "test.example/custody/ack"
#define VKEY NAME "+881eca8d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define SIGNATURE "iB7KjffwMAfiT66cf9p9ibaC6ux+vII3EdgFT7Vh6okx/DTry3ob5GAtLJHe7NvcEs12ewzwxG/hZ+HIbO3ClYp++wE="
#define ZERO "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define TITLE "custody-ack/v1\n"
#define WHO "test.example/custody\nsource truck-001\nepoch 3\n"
#define TAIL "chain " ZERO "\nindex 5\nsize 9\nroot " ZERO "\n"
#define BODY TITLE WHO "seq 7\n" TAIL
#define SIGNED "\n\xe2\x80\x94 " NAME " " SIGNATURE "\n"

static struct note_verifier verifier(void)
{
    struct note_verifier parsed;
    struct error error;
    assert_true(sodium_init() >= 0);
    assert_int_equal(0, note_verifier_parse(TEXT(VKEY), &parsed, &error));
    return parsed;
}

static int read_note(const char *note, struct ack_statement *out)
{
    const struct note_verifier checked = verifier();
    struct error error;
    return ack_note_read(text_of(note), &checked, out, &error);
}

static void a_note_made_elsewhere_is_read_and_holds(void **state)
{
    (void)state;
    struct ack_statement note;
    assert_int_equal(0, read_note(BODY SIGNED, &note));
    assert_true(text_equal(TEXT("test.example/custody"), note.origin));
    assert_true(text_equal(TEXT("truck-001"), note.source));
    assert_int_equal(3, note.epoch);
    assert_int_equal(7, note.seq);
    assert_int_equal(5, note.index);
    assert_int_equal(9, note.size);
    assert_true(digest_is_zero(&note.chain));
}

static void another_signature_before_ours_does_not_matter(void **state)
{
    (void)state;
    struct ack_statement note;
    assert_int_equal(
        0, read_note(BODY "\n\xe2\x80\x94 somebody.else AAAAAAAA\n\xe2\x80\x94 " NAME " " SIGNATURE "\n", &note));
}

static void a_note_that_says_anything_else_does_not_hold(void **state)
{
    (void)state;
    struct ack_statement note;
    assert_int_equal(ERR_SIGNATURE, read_note(TITLE WHO "seq 8\n" TAIL SIGNED, &note));
    assert_int_equal(ERR_SIGNATURE, read_note(BODY "\n\xe2\x80\x94 test.example/custody " SIGNATURE "\n", &note));
    /* the right signature under another key id */
    assert_int_equal(
        ERR_SIGNATURE,
        read_note(BODY
                  "\n\xe2\x80\x94 " NAME
                  " iR7KjffwMAfiT66cf9p9ibaC6ux+vII3EdgFT7Vh6okx/DTry3ob5GAtLJHe7NvcEs12ewzwxG/hZ+HIbO3ClYp++wE=\n",
                  &note));
    assert_int_equal(ERR_SIGNATURE, read_note(BODY "\n\xe2\x80\x94 " NAME " AAAAAAAA\n", &note));
}

static void a_text_that_is_not_such_a_note_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "custody-ack/v2\n" WHO "seq 7\n" TAIL SIGNED,
        TITLE WHO TAIL SIGNED,
        TITLE WHO "seq -1\n" TAIL SIGNED,
        TITLE WHO "seq 7 \n" TAIL SIGNED,
        TITLE WHO "seq 99999999999999999999\n" TAIL SIGNED,
        TITLE WHO "seq 7\nchain AAAA\nindex 5\nsize 9\nroot " ZERO "\n" SIGNED,
        BODY "extension\n" SIGNED,
        BODY,
        BODY "\n",
        BODY "\n\xe2\x80\x94 " NAME " AAAA\n", /* no more than half a key hash */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ack_statement note;
        if (read_note(wrong[i], &note) != ERR_INVALID)
            fail_msg("accepted: %s", wrong[i]);
    }
}

static void without_a_key_the_text_is_read_and_the_signature_is_not_looked_at(void **state)
{
    (void)state;
    const struct note_verifier none = {.has_key = false};
    struct ack_statement note;
    struct error error;
    assert_int_equal(0, ack_note_read(TEXT(BODY "\n\xe2\x80\x94 somebody.else AAAAAAAA\n"), &none, &note, &error));
    assert_int_equal(7, note.seq);
}

static void wrong_verifier_keys_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        NAME,
        NAME "+881eca8d",
        NAME "+881eca8e+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "other+881eca8d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        NAME "+881eca8d+AgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        NAME "+881eca8d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG",
        "+881eca8d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct note_verifier parsed;
        struct error error;
        if (note_verifier_parse(text_of(wrong[i]), &parsed, &error) != ERR_INVALID)
            fail_msg("accepted: %s", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_made_elsewhere_is_read_and_holds),
        cmocka_unit_test(another_signature_before_ours_does_not_matter),
        cmocka_unit_test(a_note_that_says_anything_else_does_not_hold),
        cmocka_unit_test(a_text_that_is_not_such_a_note_is_refused),
        cmocka_unit_test(without_a_key_the_text_is_read_and_the_signature_is_not_looked_at),
        cmocka_unit_test(wrong_verifier_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
