/* test_checkpoint.c - checkpoints: three lines, read only in the one form they are written in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/ledger/checkpoint.h"

#define DASH "\xe2\x80\x94"
#define ORIGIN "test.example/custody"
#define ROOT "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I="
#define EMPTY_ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define BODY ORIGIN "\n20852163\n" ROOT "\n"
/* Key and signature made in Python with OpenSSL's Ed25519, seed 00 01 02 ... 1f. */
#define LOG ORIGIN "+beafbc4a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define SIGNATURE                                                                                                      \
    DASH " " ORIGIN " vq+8Sp8OvqQACyyrjLGb0N2+mm/qx5KRY8SA7ifkbjPhh2RFZce/PdLbxvKCRnFg6kSqMQLD7zQg5f0jisETlC2H8Ag=\n"

static uint8_t public_key[NOTE_PUBLIC_KEY_BYTES], secret_key[NOTE_SECRET_KEY_BYTES];
static struct verifier_key log_key;
static struct buffer out;

static int start(void **state)
{
    uint8_t seed[crypto_sign_SEEDBYTES];

    (void)state;
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)i;
    buffer_init(&out, 1 << 16);
    if (sodium_init() < 0 || crypto_sign_seed_keypair(public_key, secret_key, seed))
        return -1;
    return verifier_key_parse(TEXT(LOG), &log_key, NULL);
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&out);
    return 0;
}

static struct checkpoint head(void)
{
    return (struct checkpoint){.origin = TEXT(ORIGIN), .size = 20852163, .root = sha256("root", 4)};
}

static void a_signed_checkpoint_is_the_one_that_others_make(void **state)
{
    struct checkpoint checkpoint = head();
    struct note_signer signer;

    (void)state;
    note_signer_init(&signer, ORIGIN, secret_key);
    buffer_clear(&out);
    buffer_put_text(&out, TEXT("before"));
    checkpoint_put_signed(&checkpoint, &signer, &out);
    assert_true(text_equal(buffer_text(&out), TEXT("before" BODY "\n" SIGNATURE)));
}

static void a_checkpoint_is_read_as_it_was_written(void **state)
{
    static const uint64_t sizes[] = {1, 9, 10, INT64_MAX, UINT64_MAX};
    struct checkpoint wanted = head(), got;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        wanted.size = sizes[i];
        buffer_clear(&out);
        checkpoint_put(&wanted, &out);
        assert_int_equal(checkpoint_parse(buffer_text(&out), &got, NULL), 0);
        assert_true(text_equal(got.origin, wanted.origin) && got.size == wanted.size);
        assert_true(digest_equal(&got.root, &wanted.root));
    }
    assert_int_equal(checkpoint_parse(TEXT("any words + signs \xe6\xb4\x9b\n0\n" EMPTY_ROOT "\n"), &got, NULL), 0);
    assert_true(text_equal(got.origin, TEXT("any words + signs \xe6\xb4\x9b")));
}

static void every_other_text_is_refused_with_words(void **state)
{
    static const char *const wrong[] = {
        "",
        "\n",
        ORIGIN,
        ORIGIN "\n",
        ORIGIN "\n20852163",
        ORIGIN "\n20852163\n",
        ORIGIN "\n20852163\n" ROOT,
        "\n20852163\n" ROOT "\n", /* no origin */
        "20852163\n" ROOT "\n",
        ORIGIN "\n\n" ROOT "\n",
        ORIGIN "\n" ROOT "\n",
        ORIGIN "\n020852163\n" ROOT "\n",
        ORIGIN "\n00\n" EMPTY_ROOT "\n",
        ORIGIN "\n+1\n" ROOT "\n",
        ORIGIN "\n-1\n" ROOT "\n",
        ORIGIN "\n 1\n" ROOT "\n",
        ORIGIN "\n1 \n" ROOT "\n",
        ORIGIN "\n1.0\n" ROOT "\n",
        ORIGIN "\n0x1\n" ROOT "\n",
        ORIGIN "\none\n" ROOT "\n",
        ORIGIN "\n18446744073709551616\n" ROOT "\n",
        ORIGIN "\n20852163\n\n",
        ORIGIN "\n20852163\n " ROOT "\n",
        ORIGIN "\n20852163\n" ROOT " \n",
        ORIGIN "\n20852163\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I\n",  /* no padding */
        ORIGIN "\n20852163\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7J=\n", /* unused bits */
        ORIGIN "\n20852163\nSBNJTRN-FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n", /* the other alphabet */
        ORIGIN "\n20852163\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2dw==\n", /* 31 bytes */
        ORIGIN "\n20852163\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7Kt\n", /* 33 bytes */
        BODY "\n",                                                           /* a blank line */
        BODY "extension\n",                                                  /* an extension line */
        BODY "extension",
        BODY " ",
        "\n" BODY,
        ORIGIN "\r\n20852163\r\n" ROOT "\r\n",
        "tab\there\n1\n" ROOT "\n",
        "\xff\n1\n" ROOT "\n",
        ORIGIN "\n0\n" ROOT "\n", /* an empty tree with a root */
    };
    struct checkpoint checkpoint;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};

        if (checkpoint_parse(text_of(wrong[i]), &checkpoint, &error) != ERR_INVALID || !error.text[0])
            fail_msg("accepted: %s", wrong[i]);
    }
    assert_int_equal(checkpoint_parse(text_of(NULL), &checkpoint, NULL), ERR_INVALID);
    assert_int_equal(checkpoint_parse((struct text){"o\0\n1\n" ROOT "\n", 50}, &checkpoint, NULL), ERR_INVALID);
}

static int open_note(const char *note)
{
    struct checkpoint checkpoint;
    struct error error = {0};
    int code = checkpoint_open(text_of(note), &log_key, &checkpoint, &error);

    assert_true((code == 0) == (error.text[0] == '\0'));
    return code;
}

static void a_signed_checkpoint_opens_with_the_logs_key(void **state)
{
    (void)state;
    assert_int_equal(open_note(BODY "\n" SIGNATURE), 0);
    assert_int_equal(open_note(BODY "\n" DASH " other.example AAAAAAAA\n" SIGNATURE DASH " " ORIGIN " AAAAAAAA\n"), 0);
    assert_int_equal(open_note(BODY "\n" DASH " other.example AAAAAAAA\n"), ERR_NOT_FOUND);
    assert_int_equal(open_note(BODY), ERR_INVALID);
    assert_int_equal(open_note(ORIGIN "\n20852164\n" ROOT "\n\n" SIGNATURE), ERR_SIGNATURE);
}

static int open_signed(const char *text)
{
    struct note_signer signer;

    note_signer_init(&signer, ORIGIN, secret_key);
    buffer_clear(&out);
    buffer_put_text(&out, text_of(text));
    note_sign(&out, 0, &signer);
    buffer_put_u8(&out, 0);
    return open_note((const char *)out.data);
}

static void what_the_log_signed_and_is_no_checkpoint_of_it_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_signed(BODY), 0);
    assert_int_equal(open_signed("other.example\n1\n" ROOT "\n"), ERR_NOT_FOUND);
    assert_int_equal(open_signed(BODY "extension\n"), ERR_INVALID);
    assert_int_equal(open_signed("custody-ack/v1\n" BODY), ERR_INVALID);
}

static void a_signed_checkpoint_with_any_bit_changed_is_refused(void **state)
{
    char note[] = BODY "\n" SIGNATURE;

    (void)state;
    for (size_t at = 0; at < sizeof note - 1; at++)
        for (int bit = 0; bit < 8; bit++) {
            note[at] = (char)(note[at] ^ 1 << bit);
            if (open_note(note) == 0)
                fail_msg("byte %zu, bit %d", at, bit);
            note[at] = (char)(note[at] ^ 1 << bit);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_checkpoint_is_the_one_that_others_make),
        cmocka_unit_test(a_checkpoint_is_read_as_it_was_written),
        cmocka_unit_test(every_other_text_is_refused_with_words),
        cmocka_unit_test(a_signed_checkpoint_opens_with_the_logs_key),
        cmocka_unit_test(what_the_log_signed_and_is_no_checkpoint_of_it_is_refused),
        cmocka_unit_test(a_signed_checkpoint_with_any_bit_changed_is_refused),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
