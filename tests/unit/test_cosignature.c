/* test_cosignature.c - cosignatures: what a witness signs, and that nothing else passes for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/encoding.h"
#include "core/ledger/cosignature.h"

#define DASH "\xe2\x80\x94"
#define BODY "test.example/custody\n20852163\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"
#define TIME_S 1679315147
/* Key and signature made in Python with OpenSSL's Ed25519, seed 00 01 02 ... 1f. */
#define WITNESS "witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define SIGNATURE                                                                                                      \
    DASH " witness.example/w1 "                                                                                        \
         "519lMgAAAABkGFDLl7N7vJxffvnL9OM/xupaVRfXuz3t1JbhQq31vr4Tof2Bu8hKYTU78RbxgeG/kji0ia6hpv82d5TRpiaHcwL8BA==\n"

static uint8_t public_key[NOTE_PUBLIC_KEY_BYTES], secret_key[NOTE_SECRET_KEY_BYTES];
static struct verifier_key witness;
static struct note_signer signer;
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
    cosignature_signer_init(&signer, "witness.example/w1", secret_key);
    return verifier_key_parse(TEXT(WITNESS), &witness, NULL);
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&out);
    return 0;
}

static struct note_signature line_of(struct text line)
{
    struct note_signature signature;

    assert_true(note_signature_take(&line, &signature));
    return signature;
}

static void a_cosignature_is_the_one_that_others_make(void **state)
{
    struct note_signature signature;
    uint64_t time_s = 0;

    (void)state;
    buffer_clear(&out);
    assert_int_equal(cosignature_put(TEXT(BODY), TIME_S, &signer, &out), 0);
    assert_true(text_equal(buffer_text(&out), TEXT(SIGNATURE)));
    signature = line_of(TEXT(SIGNATURE));
    assert_true(verifier_key_signed(&witness, &signature));
    assert_int_equal(cosignature_verify(TEXT(BODY), &signature, &witness, &time_s), 0);
    assert_int_equal(time_s, TIME_S);
}

static void a_cosignature_is_over_that_checkpoint_alone(void **state)
{
    struct note_signature signature = line_of(TEXT(SIGNATURE));
    char other[] = BODY;
    uint64_t time_s = 77;

    (void)state;
    for (size_t at = 0; at < sizeof other - 1; at++) {
        other[at] = (char)(other[at] ^ 1);
        assert_int_equal(cosignature_verify(text_of(other), &signature, &witness, &time_s), ERR_SIGNATURE);
        other[at] = (char)(other[at] ^ 1);
    }
    assert_int_equal(cosignature_verify(TEXT(BODY "extension\n"), &signature, &witness, &time_s), ERR_SIGNATURE);
    assert_int_equal(cosignature_verify(TEXT(""), &signature, &witness, &time_s), ERR_SIGNATURE);
    assert_int_equal(time_s, 77);
}

/* A signature line of our witness over `bytes`, behind `time_s` as it says. */
static struct note_signature forged(const void *bytes, size_t len, uint64_t time_s, size_t blob_len)
{
    uint8_t blob[COSIGNATURE_BYTES + 8] = {0};

    store_u64_be(blob, time_s);
    (void)crypto_sign_detached(blob + 8, NULL, bytes, len, secret_key);
    buffer_clear(&out);
    note_signature_put(&out, TEXT("witness.example/w1"), witness.key_hash, blob, blob_len);
    return line_of(buffer_text(&out));
}

static int verify_forged(const char *bytes, uint64_t time_s, size_t blob_len)
{
    struct note_signature signature = forged(bytes, strlen(bytes), time_s, blob_len);
    uint64_t time;

    return cosignature_verify(TEXT(BODY), &signature, &witness, &time);
}

static void the_time_and_the_header_are_signed(void **state)
{
    (void)state;
    assert_int_equal(verify_forged("cosignature/v1\ntime 5\n" BODY, 5, COSIGNATURE_BYTES), 0);
    assert_int_equal(verify_forged("cosignature/v1\ntime 5\n" BODY, 6, COSIGNATURE_BYTES), ERR_SIGNATURE);
    assert_int_equal(verify_forged("cosignature/v1\ntime 05\n" BODY, 5, COSIGNATURE_BYTES), ERR_SIGNATURE);
    assert_int_equal(verify_forged("cosignature/v2\ntime 5\n" BODY, 5, COSIGNATURE_BYTES), ERR_SIGNATURE);
    assert_int_equal(verify_forged("time 5\n" BODY, 5, COSIGNATURE_BYTES), ERR_SIGNATURE);
    assert_int_equal(verify_forged(BODY, 5, COSIGNATURE_BYTES), ERR_SIGNATURE); /* a plain note signature */
}

static void a_time_of_zero_or_beyond_63_bits_is_refused(void **state)
{
    (void)state;
    assert_int_equal(verify_forged("cosignature/v1\ntime 0\n" BODY, 0, COSIGNATURE_BYTES), ERR_SIGNATURE);
    assert_int_equal(verify_forged("cosignature/v1\ntime 9223372036854775807\n" BODY, INT64_MAX, COSIGNATURE_BYTES), 0);
    assert_int_equal(
        verify_forged("cosignature/v1\ntime 9223372036854775808\n" BODY, (uint64_t)INT64_MAX + 1, COSIGNATURE_BYTES),
        ERR_SIGNATURE);
    buffer_clear(&out);
    assert_int_equal(cosignature_put(TEXT(BODY), 0, &signer, &out), ERR_INVALID);
    assert_int_equal(cosignature_put(TEXT(BODY), COSIGNATURE_TIME_MAX + 1, &signer, &out), ERR_INVALID);
    assert_int_equal(out.len, 0);
    assert_int_equal(cosignature_put(TEXT(BODY), COSIGNATURE_TIME_MAX, &signer, &out), 0);
}

static void a_cosignature_of_another_length_is_refused(void **state)
{
    (void)state;
    for (size_t len = 1; len <= COSIGNATURE_BYTES + 8; len++)
        assert_int_equal(verify_forged("cosignature/v1\ntime 5\n" BODY, 5, len),
                         len == COSIGNATURE_BYTES ? 0 : ERR_SIGNATURE);
}

static void a_checkpoint_that_is_too_long_is_not_signed(void **state)
{
    static char longest[COSIGNATURE_CHECKPOINT_MAX + 1];
    struct note_signature signature;
    uint64_t time_s;

    (void)state;
    memset(longest, 'a', sizeof longest);
    buffer_clear(&out);
    assert_int_equal(cosignature_put((struct text){longest, sizeof longest}, 5, &signer, &out), ERR_TOO_LARGE);
    assert_int_equal(out.len, 0);
    assert_int_equal(cosignature_put((struct text){longest, sizeof longest - 1}, 5, &signer, &out), 0);
    signature = line_of(buffer_text(&out));
    assert_int_equal(cosignature_verify((struct text){longest, sizeof longest - 1}, &signature, &witness, &time_s), 0);
    assert_int_equal(cosignature_verify((struct text){longest, sizeof longest}, &signature, &witness, &time_s),
                     ERR_SIGNATURE);
}

static void another_witness_did_not_sign(void **state)
{
    struct note_signature signature = line_of(TEXT(SIGNATURE));
    struct verifier_key other = witness;
    uint64_t time_s;

    (void)state;
    other.public_key[0] ^= 1;
    assert_int_equal(cosignature_verify(TEXT(BODY), &signature, &other, &time_s), ERR_SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cosignature_is_the_one_that_others_make),
        cmocka_unit_test(a_cosignature_is_over_that_checkpoint_alone),
        cmocka_unit_test(the_time_and_the_header_are_signed),
        cmocka_unit_test(a_time_of_zero_or_beyond_63_bits_is_refused),
        cmocka_unit_test(a_cosignature_of_another_length_is_refused),
        cmocka_unit_test(a_checkpoint_that_is_too_long_is_not_signed),
        cmocka_unit_test(another_witness_did_not_sign),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
