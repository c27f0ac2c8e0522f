/* test_bundle.c - the names that a bundle may hold, and its manifest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/ledger/bundle.h"

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define LINE(path) DIGEST "  " path "\n"
#define SMALLEST LINE("checkpoint") LINE("keys/log.vkeys") LINE("proofs/7.tlog-proof") LINE("records/7.bin")

enum { ROOM = 16 };

static struct bundle_entry entries[ROOM];
static size_t count;
static struct error error;

static int parse(const char *manifest)
{
    error = (struct error){0};
    int code = bundle_manifest_parse(text_of(manifest), entries, ROOM, &count, &error);
    assert_int_equal(code == 0, error.text[0] == '\0');
    return code;
}

static void assert_refused(const char *manifest, const char *words)
{
    assert_int_equal(parse(manifest), ERR_INVALID);
    assert_non_null(strstr(error.text, words));
}

/* ---- names */

static void records_leaves_and_proofs_are_named_by_their_log_index(void **state)
{
    static const struct {
        const char *path;
        enum bundle_kind kind;
        uint64_t index;
    } good[] = {
        {"records/0.bin", BUNDLE_RECORD, 0},
        {"records/18446744073709551615.bin", BUNDLE_RECORD, UINT64_MAX},
        {"records/12.leaf", BUNDLE_LEAF, 12},
        {"proofs/12.tlog-proof", BUNDLE_PROOF, 12},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct bundle_name name;
        assert_int_equal(bundle_name_parse(text_of(good[i].path), &name), 0);
        assert_int_equal(name.kind, good[i].kind);
        assert_int_equal(name.index, good[i].index);
    }
}

static void a_device_key_is_named_by_source_and_key_id(void **state)
{
    struct bundle_name name;
    (void)state;
    assert_int_equal(bundle_name_parse(TEXT("keys/truck-1.0a1b2c3d.pem"), &name), 0);
    assert_int_equal(name.kind, BUNDLE_DEVICE_KEY);
    assert_true(text_equal(name.source, TEXT("truck-1")));
    assert_memory_equal(name.key_id, "\x0a\x1b\x2c\x3d", 4);
}

static void a_source_may_be_called_log(void **state)
{
    struct bundle_name name;
    (void)state;
    assert_int_equal(bundle_name_parse(TEXT("keys/log.0a1b2c3d.pem"), &name), 0);
    assert_int_equal(name.kind, BUNDLE_DEVICE_KEY);
    assert_int_equal(bundle_name_parse(TEXT("keys/log.vkeys"), &name), 0);
    assert_int_equal(name.kind, BUNDLE_KEYS_OF_LOG);
}

static void texts_for_people_have_fixed_names(void **state)
{
    static const char *const good[] = {"README.md", "account.zh.md", "account.en.md", "policy",
                                       "proto/custody/v1/envelope.proto"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct bundle_name name;
        assert_int_equal(bundle_name_parse(text_of(good[i]), &name), 0);
        assert_int_equal(name.kind, BUNDLE_TEXT);
    }
}

static void every_other_path_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "/",
        "/etc/passwd",
        "../records/1.bin",
        "records/../checkpoint",
        "./checkpoint",
        "records//1.bin",
        "records/1.bin/",
        "records/.bin",
        "records/01.bin",
        "records/-1.bin",
        "records/+1.bin",
        "records/1 .bin",
        "records/18446744073709551616.bin",
        "records/1.BIN",
        "records/1.leaf.bin",
        "records/1.tlog-proof",
        "proofs/1.bin",
        "proofs/1",
        "keys/.0a1b2c3d.pem",
        "keys/truck-1.0A1B2C3D.pem",
        "keys/truck-1.0a1b2c3.pem",
        "keys/Truck.0a1b2c3d.pem",
        "keys/a/b.0a1b2c3d.pem",
        "keys/../a.0a1b2c3d.pem",
        "keys/truck-1-0a1b2c3d.pem",
        "keys/0a1b2c3d.pem",
        "keys/log.vkey",
        "readme.md",
        "SHA256SUMS",
        "proto/custody/v1/../x.proto",
        "proto/custody/v1/.proto",
        "proto/custody/v2/a.proto",
        "proto/custody/v1/a/b.proto",
        "checkpoint\n",
        "checkpoint ",
    };
    struct bundle_name name;
    char longest[BUNDLE_PATH_SIZE + 32];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (bundle_name_parse(text_of(bad[i]), &name) == 0)
            fail_msg("accepted: %s", bad[i]);
    assert_int_equal(bundle_name_parse((struct text){"records/1\0.bin", 14}, &name), ERR_INVALID);
    snprintf(longest, sizeof longest, "keys/%065d.0a1b2c3d.pem", 1);
    assert_int_equal(bundle_name_parse(text_of(longest), &name), ERR_INVALID);
    snprintf(longest, sizeof longest, "proto/custody/v1/%0*d.proto", BUNDLE_PATH_SIZE - 23, 0);
    for (char *at = longest + 17; *at == '0'; at++)
        *at = 'a';
    assert_int_equal(bundle_name_parse(text_of(longest), &name), ERR_INVALID);
}

/* ---- manifest */

static void the_smallest_manifest_is_one_record_its_proof_and_what_they_rest_on(void **state)
{
    (void)state;
    assert_int_equal(parse(SMALLEST), 0);
    assert_int_equal(count, 4);
    assert_true(text_equal(entries[3].path, TEXT("records/7.bin")));
    assert_int_equal(entries[3].sha256.bytes[1], 0x11);
}

static void paths_stand_in_the_order_of_their_bytes(void **state)
{
    (void)state;
    assert_int_equal(parse(LINE("checkpoint") LINE("keys/log.vkeys") LINE("proofs/10.tlog-proof")
                               LINE("proofs/9.tlog-proof") LINE("records/10.bin") LINE("records/9.bin")),
                     0);
    assert_refused(LINE("checkpoint") LINE("keys/log.vkeys") LINE("proofs/9.tlog-proof") LINE("proofs/10.tlog-proof")
                       LINE("records/10.bin") LINE("records/9.bin"),
                   "out of order or twice: proofs/10");
}

static void a_path_stands_once(void **state)
{
    (void)state;
    assert_refused(SMALLEST LINE("records/7.bin"), "out of order or twice: records/7.bin");
}

static void checkpoint_and_keys_of_the_log_must_be_there(void **state)
{
    (void)state;
    assert_refused("", "missing: checkpoint");
    assert_refused(LINE("keys/log.vkeys"), "missing: checkpoint");
    assert_refused(LINE("checkpoint"), "missing: keys/log.vkeys");
}

static void a_record_has_a_proof_and_a_proof_a_record(void **state)
{
    (void)state;
    assert_refused(LINE("checkpoint") LINE("keys/log.vkeys") LINE("records/7.bin"),
                   "not one record and one proof: records/7.bin");
    assert_refused(LINE("checkpoint") LINE("keys/log.vkeys") LINE("proofs/7.tlog-proof"),
                   "not one record and one proof");
    assert_refused(LINE("checkpoint") LINE("keys/log.vkeys") LINE("proofs/8.tlog-proof") LINE("records/7.bin"),
                   "not one record and one proof");
}

static void a_record_that_is_there_and_erased_is_two_answers(void **state)
{
    (void)state;
    assert_refused(SMALLEST LINE("records/7.leaf"), "not one record and one proof");
}

static void lines_have_one_form(void **state)
{
    (void)state;
    assert_refused("checkpoint\n", "not <64 hex digits>");
    assert_refused(DIGEST " checkpoint\n", "not <64 hex digits>");
    assert_refused(DIGEST " *checkpoint\n", "not <64 hex digits>");
    assert_refused("0" LINE("checkpoint"), "not <64 hex digits>");
    assert_refused("00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff  checkpoint\n",
                   "not <64 hex digits>");
    assert_refused(LINE("../checkpoint"), "no file of a bundle: ../checkpoint");
    assert_refused(SMALLEST "\n", "not <64 hex digits>");
    assert_refused(SMALLEST "x", "its last line has no end");
}

static void words_about_hostile_paths_are_clean_text(void **state)
{
    (void)state;
    assert_int_equal(parse(DIGEST "  \xff\xfe\x80\n"), ERR_INVALID);
    assert_true(text_is_clean_utf8(text_of(error.text)));
}

static void more_files_than_there_is_room_for_are_too_many(void **state)
{
    (void)state;
    assert_int_equal(bundle_manifest_parse(text_of(SMALLEST), entries, 3, &count, &error), ERR_TOO_LARGE);
    assert_int_equal(bundle_manifest_parse(text_of(SMALLEST), entries, 4, &count, NULL), 0);
}

static void a_key_is_written_as_openssl_reads_it(void **state)
{
    /* The example of RFC 8410 section 10.1. */
    static const uint8_t key[32] = {0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba,
                                    0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30, 0xb6,
                                    0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1};
    struct buffer out;
    (void)state;
    buffer_init(&out, 1024);
    bundle_key_put(key, &out);
    assert_true(text_equal(buffer_text(&out), TEXT("-----BEGIN PUBLIC KEY-----\n"
                                                   "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                                                   "-----END PUBLIC KEY-----\n")));
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_leaves_and_proofs_are_named_by_their_log_index),
        cmocka_unit_test(a_device_key_is_named_by_source_and_key_id),
        cmocka_unit_test(a_source_may_be_called_log),
        cmocka_unit_test(texts_for_people_have_fixed_names),
        cmocka_unit_test(every_other_path_is_refused),
        cmocka_unit_test(the_smallest_manifest_is_one_record_its_proof_and_what_they_rest_on),
        cmocka_unit_test(paths_stand_in_the_order_of_their_bytes),
        cmocka_unit_test(a_path_stands_once),
        cmocka_unit_test(checkpoint_and_keys_of_the_log_must_be_there),
        cmocka_unit_test(a_record_has_a_proof_and_a_proof_a_record),
        cmocka_unit_test(a_record_that_is_there_and_erased_is_two_answers),
        cmocka_unit_test(lines_have_one_form),
        cmocka_unit_test(words_about_hostile_paths_are_clean_text),
        cmocka_unit_test(more_files_than_there_is_room_for_are_too_many),
        cmocka_unit_test(a_key_is_written_as_openssl_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
