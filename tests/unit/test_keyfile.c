/* test_keyfile.c - keys in files, their ids, and signatures over envelopes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "io/keyfile.h"

static char folder[] = "/tmp/custody-keyfile-XXXXXX";
static const char path[] = "a.key";
static struct error error;

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path) == 0 ? 0 : -1;
}

static void write_file(const char *content, size_t len, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* RFC 8032 section 7.1, test 1: empty message. */
static void a_seed_gives_the_public_key_of_the_standard(void **state)
{
    uint8_t seed[SEED_BYTES];
    struct key_pair pair;
    char hex[HEX_SIZE(PUBLIC_KEY_BYTES)];
    (void)state;
    assert_int_equal(
        hex_decode(TEXT("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"), seed, sizeof seed), 0);
    key_pair_from_seed(seed, &pair);
    hex_encode(pair.public_key, PUBLIC_KEY_BYTES, hex);
    assert_string_equal(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

static void random_pairs_differ(void **state)
{
    struct key_pair a, b;
    (void)state;
    key_pair_random(&a);
    key_pair_random(&b);
    assert_memory_not_equal(a.public_key, b.public_key, PUBLIC_KEY_BYTES);
}

static void a_written_key_reads_back_and_is_never_overwritten(void **state)
{
    struct key_pair pair, back;
    struct stat about;
    char name[64];
    (void)state;
    key_pair_random(&pair);
    assert_int_equal(keyfile_write(path, "example.org/log/ack", &pair, &error), 0);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(keyfile_read(path, name, sizeof name, &back, &error), 0);
    assert_string_equal(name, "example.org/log/ack");
    assert_memory_equal(&pair, &back, sizeof pair);
    assert_int_equal(keyfile_write(path, "other", &pair, &error), ERR_EXISTS);
    assert_non_null(strstr(error.text, "never overwritten"));
}

static void a_key_of_mode_0400_is_accepted(void **state)
{
    struct key_pair pair;
    char name[64];
    (void)state;
    const char line[] = "custody-secret-key/v1 x AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    write_file(line, sizeof line - 1, 0400);
    assert_int_equal(keyfile_read(path, name, sizeof name, &pair, &error), 0);
}

static void a_key_that_others_may_touch_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644};
    struct key_pair pair;
    char name[64];
    (void)state;
    const char line[] = "custody-secret-key/v1 x AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_file(line, sizeof line - 1, modes[i]);
        assert_int_equal(keyfile_read(path, name, sizeof name, &pair, &error), ERR_DENIED);
        assert_non_null(strstr(error.text, "hint: chmod 600"));
    }
}

static void a_key_of_another_user_is_refused(void **state)
{
    struct key_pair pair;
    char name[64];
    (void)state;
    const char line[] = "custody-secret-key/v1 x AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    write_file(line, sizeof line - 1, 0600);
    if (chown(path, 12345, (gid_t)-1) != 0) /* only root can make such a file; others cannot even open one */
        return;
    assert_int_equal(keyfile_read(path, name, sizeof name, &pair, &error), ERR_DENIED);
    assert_non_null(strstr(error.text, "belongs to user 12345"));
}

static void a_file_that_holds_no_key_is_refused(void **state)
{
    static const struct {
        const char *content, *words;
    } cases[] = {
        {"", "is not"},
        {"custody-secret-key/v2 x AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "is not"},
        {"custody-secret-key/v1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "is not"},
        {"custody-secret-key/v1  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "is not"},
        {"custody-secret-key/v1 x AAAA\n", "no base64 of 32 bytes"},
        {"custody-secret-key/v1 x AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "no base64 of 32 bytes"},
        {"custody-secret-key/v1 x AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= tail\n", "no base64"},
        {"custody-secret-key/v1 x AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n", "no base64"},
        {"custody-secret-key/v1 \xff AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "name of 1 bytes"},
        {"custody-secret-key/v1 far-too-long-a-name AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
         "name of 19 bytes"},
    };
    struct key_pair pair;
    char name[16];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(cases[i].content, strlen(cases[i].content), 0600);
        assert_int_equal(keyfile_read(path, name, sizeof name, &pair, &error), ERR_INVALID);
        assert_non_null(strstr(error.text, cases[i].words));
        assert_non_null(strstr(error.text, "hint:"));
        assert_null(strstr(error.text, "AAAA"));
    }
}

static void a_file_that_is_too_long_missing_or_a_folder_is_refused(void **state)
{
    struct key_pair pair;
    char name[16], content[600];
    (void)state;
    memset(content, 'a', sizeof content);
    write_file(content, sizeof content, 0600);
    assert_int_equal(keyfile_read(path, name, sizeof name, &pair, &error), ERR_TOO_LARGE);
    assert_int_equal(keyfile_read("no-such.key", name, sizeof name, &pair, &error), ERR_NOT_FOUND);
    assert_non_null(strstr(error.text, "no-such.key"));
    assert_int_equal(keyfile_read(".", name, sizeof name, &pair, &error), ERR_INVALID);
}

static void a_name_with_white_space_or_plus_is_not_written(void **state)
{
    static const char *const names[] = {"", "a b", "a+b", "a\nb", "\xff"};
    struct key_pair pair;
    (void)state;
    key_pair_random(&pair);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(keyfile_write("never.key", names[i], &pair, &error), ERR_INVALID);
    assert_int_not_equal(access("never.key", F_OK), 0);
    assert_int_equal(keyfile_write("no/such/folder.key", "a", &pair, &error), ERR_IO);
}

static void a_key_id_is_the_hash_of_source_and_key(void **state)
{
    uint8_t key_id[KEY_ID_BYTES], public_key[PUBLIC_KEY_BYTES];
    char message[128] = "custody-source/v1\ntruck-1\n\x01";
    (void)state;
    memset(public_key, 7, sizeof public_key);
    size_t len = strlen(message);
    memcpy(message + len, public_key, sizeof public_key);
    struct digest digest = sha256(message, len + sizeof public_key);
    source_key_id(TEXT("truck-1"), public_key, key_id);
    assert_memory_equal(key_id, digest.bytes, KEY_ID_BYTES);
}

static void only_the_signed_source_and_body_verify(void **state)
{
    uint8_t seed[SEED_BYTES] = {1}, signature[SIGNATURE_BYTES];
    struct key_pair pair, other;
    (void)state;
    key_pair_from_seed(seed, &pair);
    seed[0] = 2;
    key_pair_from_seed(seed, &other);
    envelope_sign(TEXT("truck-1"), TEXT("body"), &pair, signature);
    struct text signed_by = {(const char *)signature, sizeof signature};
    assert_int_equal(envelope_verify(TEXT("truck-1"), TEXT("body"), signed_by, pair.public_key), 0);
    assert_int_equal(envelope_verify(TEXT("truck-2"), TEXT("body"), signed_by, pair.public_key), ERR_SIGNATURE);
    assert_int_equal(envelope_verify(TEXT("truck-1"), TEXT("bodY"), signed_by, pair.public_key), ERR_SIGNATURE);
    assert_int_equal(envelope_verify(TEXT("truck-1"), TEXT(""), signed_by, pair.public_key), ERR_SIGNATURE);
    assert_int_equal(envelope_verify(TEXT("truck-1"), TEXT("body"), signed_by, other.public_key), ERR_SIGNATURE);
    for (size_t bit = 0; bit < SIGNATURE_BYTES * 8; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(envelope_verify(TEXT("truck-1"), TEXT("body"), signed_by, pair.public_key), ERR_SIGNATURE);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_signature_of_the_wrong_size_or_over_too_much_is_refused(void **state)
{
    static char large[70000];
    uint8_t seed[SEED_BYTES] = {1}, signature[SIGNATURE_BYTES + 1] = {0};
    struct key_pair pair;
    (void)state;
    key_pair_from_seed(seed, &pair);
    envelope_sign(TEXT("a"), TEXT("body"), &pair, signature);
    assert_int_equal(envelope_verify(TEXT("a"), TEXT("body"), (struct text){(char *)signature, 63}, pair.public_key),
                     ERR_SIGNATURE);
    assert_int_equal(envelope_verify(TEXT("a"), TEXT("body"), (struct text){(char *)signature, 65}, pair.public_key),
                     ERR_SIGNATURE);
    assert_int_equal(envelope_verify(TEXT("a"), TEXT("body"), (struct text){NULL, 0}, pair.public_key), ERR_SIGNATURE);
    assert_int_equal(envelope_verify(TEXT("a"), (struct text){large, sizeof large},
                                     (struct text){(char *)signature, 64}, pair.public_key),
                     ERR_SIGNATURE);
}

/* Signed here by libsodium over bytes put together by hand. */
static void the_signed_bytes_are_context_source_and_body(void **state)
{
    static const char message[] = "custody-envelope/v1\ntruck-1\nbody";
    uint8_t seed[SEED_BYTES] = {1}, ours[SIGNATURE_BYTES], by_hand[SIGNATURE_BYTES];
    struct key_pair pair;
    (void)state;
    key_pair_from_seed(seed, &pair);
    envelope_sign(TEXT("truck-1"), TEXT("body"), &pair, ours);
    crypto_sign_detached(by_hand, NULL, (const uint8_t *)message, sizeof message - 1, pair.secret_key);
    assert_memory_equal(ours, by_hand, SIGNATURE_BYTES);
}

/* ---- passwords, and names of sources ---- */

static void expect_password(const char *content, const char *expected)
{
    char password[9];
    write_file(content, strlen(content), 0600);
    assert_int_equal(password_read(path, password, sizeof password, &error), 0);
    assert_string_equal(password, expected);
}

static void a_password_is_the_first_line_of_its_file(void **state)
{
    char password[9] = "before";
    (void)state;
    expect_password("secret\n", "secret");
    expect_password("secret\r\nmore\n", "secret");
    expect_password("secret", "secret");
    expect_password("\n", "");
    expect_password("eightful", "eightful");
    assert_int_equal(password_read("", password, sizeof password, &error), 0);
    assert_string_equal(password, "");
    assert_int_equal(password_read(NULL, password, sizeof password, &error), 0);
}

static void a_password_that_is_not_there_or_does_not_fit_is_refused_whole(void **state)
{
    char password[9] = "before";
    (void)state;
    write_file("ninechars\n", 10, 0600);
    assert_int_equal(password_read(path, password, sizeof password, &error), ERR_CONFIG);
    assert_string_equal(password, "");
    assert_non_null(strstr(error.text, "hint: one line, the password, of at most 8 bytes"));
    write_file("", 0, 0600);
    assert_int_equal(password_read(path, password, sizeof password, &error), ERR_CONFIG);
    assert_int_equal(password_read("none", password, sizeof password, &error), ERR_CONFIG);
}

static void a_source_is_named_in_lower_case_digits_and_dashes(void **state)
{
    char long_name[66];
    (void)state;
    memset(long_name, 'a', 65);
    long_name[65] = '\0';
    assert_true(source_name_is_valid(TEXT("truck-1")));
    assert_true(source_name_is_valid((struct text){long_name, 64}));
    assert_false(source_name_is_valid(text_of(long_name)));
    assert_false(source_name_is_valid(TEXT("")));
    assert_false(source_name_is_valid(TEXT("Truck")));
    assert_false(source_name_is_valid(TEXT("a/b")));
    assert_false(source_name_is_valid(TEXT("a b")));
    assert_false(source_name_is_valid(TEXT("a\0b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_public_key_of_the_standard),
        cmocka_unit_test(random_pairs_differ),
        cmocka_unit_test_teardown(a_written_key_reads_back_and_is_never_overwritten, remove_file),
        cmocka_unit_test_teardown(a_key_of_mode_0400_is_accepted, remove_file),
        cmocka_unit_test_teardown(a_key_that_others_may_touch_is_refused, remove_file),
        cmocka_unit_test_teardown(a_key_of_another_user_is_refused, remove_file),
        cmocka_unit_test_teardown(a_file_that_holds_no_key_is_refused, remove_file),
        cmocka_unit_test_teardown(a_file_that_is_too_long_missing_or_a_folder_is_refused, remove_file),
        cmocka_unit_test_teardown(a_password_is_the_first_line_of_its_file, remove_file),
        cmocka_unit_test_teardown(a_password_that_is_not_there_or_does_not_fit_is_refused_whole, remove_file),
        cmocka_unit_test(a_source_is_named_in_lower_case_digits_and_dashes),
        cmocka_unit_test(a_name_with_white_space_or_plus_is_not_written),
        cmocka_unit_test(a_key_id_is_the_hash_of_source_and_key),
        cmocka_unit_test(only_the_signed_source_and_body_verify),
        cmocka_unit_test(a_signature_of_the_wrong_size_or_over_too_much_is_refused),
        cmocka_unit_test(the_signed_bytes_are_context_source_and_body),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
