/* test_hash.c - SHA-256 against the standard's vectors, whole and in parts; the table hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "base/hash.h"

static void expect_digest(struct digest digest, const char *hex)
{
    char got[HEX_SIZE(SHA256_BYTES)];

    hex_encode(digest.bytes, SHA256_BYTES, got);
    assert_string_equal(got, hex);
}

/* FIPS 180-4 examples. */
static void the_vectors_of_the_standard_hold(void **state)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    char *million = malloc(1000000);

    (void)state;
    expect_digest(sha256(NULL, 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_digest(sha256("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_digest(sha256(two_blocks, sizeof two_blocks - 1),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_non_null(million);
    memset(million, 'a', 1000000);
    expect_digest(sha256(million, 1000000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void parts_hash_as_the_whole_wherever_it_is_cut(void **state)
{
    uint8_t message[130];
    struct digest whole;

    (void)state;
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(i * 31);
    whole = sha256(message, sizeof message);
    for (size_t first = 0; first <= sizeof message; first++)
        for (size_t second = first; second <= sizeof message; second += 7) {
            const struct hash_part parts[] = {{message, first},
                                              {NULL, 0},
                                              {message + first, second - first},
                                              {message + second, sizeof message - second}};
            struct digest joined = sha256_parts(parts, 4);

            assert_true(digest_equal(&whole, &joined));
        }
    expect_digest(sha256_parts(NULL, 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void one_hash_leaves_nothing_behind_for_the_next(void **state)
{
    struct digest first = sha256("abc", 3), second;

    (void)state;
    (void)sha256("something else entirely", 23);
    second = sha256("abc", 3);
    assert_true(digest_equal(&first, &second));
}

static sem_t done;

/* Stays, as the threads of a pool do: each keeps its context for good. */
static void *hash_many(void *wrong)
{
    for (int i = 0; i < 2000; i++) {
        struct digest digest = sha256("abc", 3);

        if (digest.bytes[0] != 0xba || digest.bytes[31] != 0xad)
            *(int *)wrong = 1;
    }
    (void)sem_post(&done);
    while (pause())
        ;
    return NULL;
}

static void threads_hash_beside_each_other(void **state)
{
    static int wrong[4];

    (void)state;
    assert_int_equal(sem_init(&done, 0, 0), 0);
    for (int i = 0; i < 4; i++) {
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, hash_many, &wrong[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        while (sem_wait(&done))
            ;
    for (int i = 0; i < 4; i++)
        assert_int_equal(wrong[i], 0);
}

static void only_all_zeros_are_zero(void **state)
{
    struct digest digest = {{0}}, other = {{0}};

    (void)state;
    assert_true(digest_is_zero(&digest));
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        digest.bytes[i] = 1;
        assert_false(digest_is_zero(&digest));
        assert_false(digest_equal(&digest, &other));
        digest.bytes[i] = 0;
    }
    assert_true(digest_equal(&digest, &other));
}

/* What a table needs: the same for the same bytes, spread in the low bits for names that differ in one digit. */
static void the_table_hash_spreads_names_that_are_alike(void **state)
{
    unsigned chains[256] = {0}, longest = 0;

    (void)state;
    assert_true(hash64(text_of(NULL)) == hash64(TEXT("")));
    assert_true(hash64(TEXT("a")) != hash64((struct text){"a\0", 2}));
    for (unsigned i = 0; i < 256; i++) {
        char name[16];
        size_t slot;

        (void)snprintf(name, sizeof name, "truck-%05u", i);
        assert_true(hash64(text_of(name)) == hash64(text_of(name)));
        slot = hash64(text_of(name)) % 256;
        chains[slot]++;
        longest = chains[slot] > longest ? chains[slot] : longest;
    }
    assert_in_range(longest, 1, 8); /* 256 balls in 256 boxes: more than 8 in one has a chance of about 1 in 10,000 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_standard_hold),
        cmocka_unit_test(parts_hash_as_the_whole_wherever_it_is_cut),
        cmocka_unit_test(one_hash_leaves_nothing_behind_for_the_next),
        cmocka_unit_test(threads_hash_beside_each_other),
        cmocka_unit_test(only_all_zeros_are_zero),
        cmocka_unit_test(the_table_hash_spreads_names_that_are_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
