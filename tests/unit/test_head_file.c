/* test_head_file.c - the last signed head outside the database: read only as it was written, by the log that it is of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger/head_file.h"
#include "unit/ledger_keys.h"

#define ORIGIN "test.example/custody"

static struct test_key ours, others, another_origin, witness;
static struct buffer file;
static struct error error;

static int start(void **state)
{
    struct checkpoint head = {TEXT(ORIGIN), 70000, sha256("root", 4)};

    (void)state;
    test_key_init(&ours, NOTE_ED25519, ORIGIN, 1);
    test_key_init(&others, NOTE_ED25519, ORIGIN, 2);
    test_key_init(&another_origin, NOTE_ED25519, "other.example/log", 1);
    test_key_init(&witness, NOTE_COSIGNATURE_V1, ORIGIN, 1);
    buffer_init(&file, HEAD_FILE_BYTES_MAX);
    head_file_put(&head, &ours.signer, &file);
    return file.failed ? -1 : 0;
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&file);
    return 0;
}

static int parse(struct text t, struct checkpoint *head)
{
    struct text note;

    error = (struct error){0};
    return head_file_parse(t, TEXT(ORIGIN), head, &note, &error);
}

static void a_head_is_read_as_it_was_written(void **state)
{
    struct checkpoint head;
    struct text note;

    (void)state;
    assert_int_equal(head_file_parse(buffer_text(&file), TEXT(ORIGIN), &head, &note, NULL), 0);
    assert_true(text_equal(head.origin, TEXT(ORIGIN)) && head.size == 70000);
    assert_memory_equal(head.root.bytes, sha256("root", 4).bytes, SHA256_BYTES);
    assert_int_equal(note_verify(note, TEXT(ORIGIN), ours.public_key, NULL), 0);
}

static void it_begins_with_its_name_and_the_key_that_proves_it(void **state)
{
    char wanted[300];

    (void)state;
    (void)snprintf(wanted, sizeof wanted, "custody-head/v1\n%s\n" ORIGIN "\n70000\n", ours.words);
    assert_memory_equal(file.data, wanted, strlen(wanted));
}

static void every_bit_that_flips_is_noticed(void **state)
{
    struct checkpoint head;

    (void)state;
    for (size_t bit = 0; bit < 8 * file.len; bit++) {
        file.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_not_equal(parse(buffer_text(&file), &head), 0);
        assert_true(error.text[0] && text_is_clean_utf8(text_of(error.text)));
        file.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(parse(buffer_text(&file), &head), 0);
}

static void what_was_cut_off_is_noticed(void **state)
{
    struct checkpoint head;

    (void)state;
    for (size_t len = 0; len < file.len; len++)
        assert_int_not_equal(parse((struct text){(const char *)file.data, len}, &head), 0);
}

static void the_head_of_another_log_is_named(void **state)
{
    struct checkpoint foreign = {TEXT("other.example/log"), 7, sha256("root", 4)}, head;
    struct buffer out;

    (void)state;
    buffer_init(&out, HEAD_FILE_BYTES_MAX);
    head_file_put(&foreign, &another_origin.signer, &out);
    assert_int_equal(parse(buffer_text(&out), &head), ERR_NOT_FOUND);
    assert_non_null(strstr(error.text, "other.example/log"));
    buffer_fini(&out);
}

static void put_file(struct buffer *out, const char *key, const struct checkpoint *head, const struct test_key *signer)
{
    buffer_clear(out);
    buffer_printf(out, "custody-head/v1\n%s\n", key);
    checkpoint_put_signed(head, &signer->signer, out);
}

static void a_checkpoint_that_its_key_did_not_sign_is_refused(void **state)
{
    struct checkpoint mine = {TEXT(ORIGIN), 7, sha256("root", 4)}, foreign = {TEXT("other.example/log"), 7, mine.root},
                      head;
    struct buffer out;

    (void)state;
    buffer_init(&out, HEAD_FILE_BYTES_MAX);
    put_file(&out, ours.words, &mine, &others);
    assert_int_equal(parse(buffer_text(&out), &head), ERR_SIGNATURE);
    put_file(&out, ours.words, &foreign, &ours);
    assert_int_equal(parse(buffer_text(&out), &head), ERR_SIGNATURE);
    put_file(&out, witness.words, &mine, &ours);
    assert_int_equal(parse(buffer_text(&out), &head), ERR_INVALID);
    put_file(&out, "", &mine, &ours);
    assert_int_equal(parse(buffer_text(&out), &head), ERR_INVALID);
    buffer_fini(&out);
}

static void what_is_too_long_is_no_head_file(void **state)
{
    char content[HEAD_FILE_BYTES_MAX + 1] = "custody-head/v1\n";
    struct checkpoint head;

    (void)state;
    assert_int_equal(parse((struct text){content, sizeof content}, &head), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_read_as_it_was_written),
        cmocka_unit_test(it_begins_with_its_name_and_the_key_that_proves_it),
        cmocka_unit_test(every_bit_that_flips_is_noticed),
        cmocka_unit_test(what_was_cut_off_is_noticed),
        cmocka_unit_test(the_head_of_another_log_is_named),
        cmocka_unit_test(a_checkpoint_that_its_key_did_not_sign_is_refused),
        cmocka_unit_test(what_is_too_long_is_no_head_file),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
