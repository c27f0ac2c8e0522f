/* test_ack_note.c - acknowledgement notes: the exact text is read, and a signature over many holds for each of them and for nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/encoding.h"
#include "core/ledger/ack_note.h"

#define DASH "\xe2\x80\x94"
#define NAME "test.example/custody/ack"

static uint8_t public_key[NOTE_PUBLIC_KEY_BYTES], secret_key[NOTE_SECRET_KEY_BYTES];
static struct note_signer signer;
static struct buffer note, notes[ACK_NOTES_MAX];

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
    for (size_t i = 0; i < ACK_NOTES_MAX; i++)
        buffer_init(&notes[i], 64 * 1024);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&note);
    for (size_t i = 0; i < ACK_NOTES_MAX; i++)
        buffer_fini(&notes[i]);
    return 0;
}

static struct ack_statement statement_of(uint64_t seq)
{
    return (struct ack_statement){.origin = TEXT("test.example/custody"),
                                  .source = TEXT("truck-001"),
                                  .epoch = 3,
                                  .seq = seq,
                                  .index = 5,
                                  .size = 9};
}

/* notes[0 ... count - 1], of seq 0 and on, signed together. */
static void sign(size_t count)
{
    struct ack_statement statements[ACK_NOTES_MAX];
    const struct ack_statement *list[ACK_NOTES_MAX];
    size_t ends[ACK_NOTES_MAX];

    for (size_t i = 0; i < count; i++) {
        statements[i] = statement_of(i);
        list[i] = &statements[i];
    }
    buffer_clear(&note);
    ack_notes_put(list, count, &signer, &note, ends);
    for (size_t i = 0, begin = 0; i < count; begin = ends[i++]) {
        buffer_clear(&notes[i]);
        buffer_put(&notes[i], note.data + begin, ends[i] - begin);
    }
}

static int verify(struct text t)
{
    return ack_note_verify(t, TEXT(NAME), public_key, NULL);
}

/* ---- one alone ---- */

/* Signed in Python with OpenSSL's Ed25519 by the same seed, 00 01 02 ... 1f. */
static void our_signature_is_the_one_that_others_make(void **state)
{
#define ZERO "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    static const char expected[] =
        "custody-ack/v1\ntest.example/custody\nsource truck-001\nepoch 3\nseq 7\nchain " ZERO
        "\nindex 5\nsize 9\nroot " ZERO "\n\n" DASH " " NAME
        " iB7KjffwMAfiT66cf9p9ibaC6ux+vII3EdgFT7Vh6okx/DTry3ob5GAtLJHe7NvcEs12ewzwxG/hZ+HIbO3ClYp++wE=\n";
    const struct ack_statement statement = statement_of(7);
    size_t end;

    (void)state;
    buffer_put_text(&note, TEXT("other bytes"));
    ack_notes_put((const struct ack_statement *const[]){&statement}, 1, &signer, &note, &end);
    assert_int_equal(end, note.len);
    assert_true(text_equal((struct text){(const char *)note.data + 11, end - 11}, TEXT(expected)));
    assert_int_equal(verify(TEXT(expected)), 0);
}

/* ---- many together ---- */

/* Made in Python with hashlib and OpenSSL's Ed25519, by the words of ack_note.h alone. */
static void a_batch_is_signed_as_others_sign_it(void **state)
{
    static const char *const expected[] = {
        DASH " " NAME " "
             "V5yltgADAAB00CKg8hkFn4UwFDj40VVzR4yp0rEc3Lzi4Mve5q5lIsOMHhnTvdgWpspYhQ0m0QPtSb5EqrQTgDQ6"
             "A7/KDWgGsD3Hgc73WT6Keh26cqssd6Pq4x6+EaEfnbF0PjFVniO7+ezvpJFB66C8ShbdDHYZDOOu7ikwqYV660L5"
             "GJ77bg=="
             "\n",
        DASH " " NAME " "
             "V5yltgADAAF00CKg8hkFn4UwFDj40VVzR4yp0rEc3Lzi4Mve5q5lIsOMHhnTvdgWpspYhQ0m0QPtSb5EqrQTgDQ6"
             "A7/KDWgG+eAGeWf3yU5rkPNiNPmr04P5dqZxLbaD3mCdywafO5+7+ezvpJFB66C8ShbdDHYZDOOu7ikwqYV660L5"
             "GJ77bg=="
             "\n",
        DASH " " NAME " "
             "V5yltgADAAJ00CKg8hkFn4UwFDj40VVzR4yp0rEc3Lzi4Mve5q5lIsOMHhnTvdgWpspYhQ0m0QPtSb5EqrQTgDQ6"
             "A7/KDWgGhwaozPs+a3uzxQXHxTDKh5M4XxDs0+mH5t29+nVfWnY="
             "\n",
    };

    (void)state;
    sign(3);
    for (size_t i = 0; i < 3; i++) {
        struct text text, lines;

        assert_int_equal(note_split(buffer_text(&notes[i]), &text, &lines), 0);
        assert_true(text_equal(lines, text_of(expected[i])));
    }
}

static void each_note_of_a_batch_of_any_size_verifies_and_gives_its_text_back(void **state)
{
    (void)state;
    for (size_t count = 1; count <= ACK_NOTES_MAX; count++) {
        sign(count);
        for (size_t i = 0; i < count; i++) {
            struct ack_statement statement;
            struct text text;

            assert_int_equal(ack_note_verify(buffer_text(&notes[i]), TEXT(NAME), public_key, &text), 0);
            assert_int_equal(ack_statement_parse(text, &statement), 0);
            assert_int_equal(statement.seq, i);
        }
    }
}

static void a_note_with_any_bit_changed_is_refused(void **state)
{
    (void)state;
    sign(5);
    for (size_t i = 0; i < 5; i++)
        for (size_t bit = 0; bit < notes[i].len * 8; bit++) {
            notes[i].data[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (verify(buffer_text(&notes[i])) == 0)
                fail_msg("note %zu holds with bit %zu changed", i, bit);
            notes[i].data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
}

static void another_text_under_the_signature_of_a_batch_does_not_verify(void **state)
{
    struct text text, lines;

    (void)state;
    sign(4);
    for (size_t from = 0; from < 4; from++)
        for (size_t to = 0; to < 4; to++) {
            assert_int_equal(note_split(buffer_text(&notes[from]), &text, &lines), 0);
            buffer_clear(&note);
            buffer_put_text(&note, text);
            buffer_put_text(&note, TEXT("\n"));
            assert_int_equal(note_split(buffer_text(&notes[to]), &text, &lines), 0);
            buffer_put_text(&note, lines);
            assert_int_equal(verify(buffer_text(&note)), from == to ? 0 : ERR_SIGNATURE);
        }
}

/* notes[at] with `len` bytes of its signature, some of them others. */
static struct text with_signature(size_t at, size_t len, size_t change, uint8_t value)
{
    struct text text, lines;
    struct note_signature signature;
    uint8_t bytes[NOTE_SIGNATURE_MAX] = {0}, key_hash[NOTE_KEY_HASH_BYTES];

    assert_int_equal(note_split(buffer_text(&notes[at]), &text, &lines), 0);
    assert_true(note_signature_take(&lines, &signature));
    memcpy(key_hash, signature.key_hash, sizeof key_hash);
    assert_true(note_signature_read(&signature, bytes) > 0);
    bytes[change] = value;
    buffer_clear(&note);
    buffer_put_text(&note, text);
    buffer_put_text(&note, TEXT("\n"));
    note_signature_put(&note, TEXT(NAME), key_hash, bytes, len);
    return buffer_text(&note);
}

static void a_place_that_the_path_does_not_lead_from_does_not_verify(void **state)
{
    enum { WHOLE = 4 + 64 + 2 * SHA256_BYTES };

    (void)state;
    sign(4);
    assert_int_equal(verify(with_signature(1, WHOLE, 3, 1)), 0); /* as it was */
    for (unsigned value = 0; value < 256; value++) {
        if (value != 1)
            assert_int_equal(verify(with_signature(1, WHOLE, 3, (uint8_t)value)), ERR_SIGNATURE); /* index */
        if (value != 4)
            assert_int_equal(verify(with_signature(1, WHOLE, 1, (uint8_t)value)), ERR_SIGNATURE); /* size */
        if (value != 0) {
            assert_int_equal(verify(with_signature(1, WHOLE, 0, (uint8_t)value)), ERR_SIGNATURE);
            assert_int_equal(verify(with_signature(1, WHOLE, 2, (uint8_t)value)), ERR_SIGNATURE);
        }
    }
}

static void a_signature_of_another_length_does_not_verify(void **state)
{
    enum { WHOLE = 4 + 64 + 2 * SHA256_BYTES };

    (void)state;
    sign(4);
    for (size_t len = 1; len <= NOTE_SIGNATURE_MAX; len++)
        assert_int_equal(verify(with_signature(1, len, 3, 1)), len == WHOLE ? 0 : ERR_SIGNATURE);
}

static void a_batch_of_another_key_or_name_is_not_ours(void **state)
{
    uint8_t other[NOTE_PUBLIC_KEY_BYTES];

    (void)state;
    sign(2);
    memcpy(other, public_key, sizeof other);
    other[0] ^= 1;
    assert_int_equal(ack_note_verify(buffer_text(&notes[0]), TEXT(NAME), other, NULL), ERR_NOT_FOUND);
    assert_int_equal(ack_note_verify(buffer_text(&notes[0]), TEXT(NAME "2"), public_key, NULL), ERR_NOT_FOUND);
    assert_int_equal(ack_note_verify(TEXT("no note"), TEXT(NAME), public_key, NULL), ERR_INVALID);
}

/* For whoever knows nothing of batches it is a note by somebody else, not one with a wrong signature. */
static void a_reader_of_plain_notes_passes_over_it(void **state)
{
    (void)state;
    sign(2);
    assert_int_equal(note_verify(buffer_text(&notes[0]), TEXT(NAME), public_key, NULL), ERR_NOT_FOUND);
}

static void a_plain_signature_that_is_wrong_spoils_a_note_of_a_batch(void **state)
{
    uint8_t key_hash[NOTE_KEY_HASH_BYTES];
    const uint8_t wrong[crypto_sign_BYTES] = {1};

    (void)state;
    sign(2);
    note_key_hash(TEXT(NAME), public_key, key_hash);
    note_signature_put(&notes[0], TEXT(NAME), key_hash, wrong, sizeof wrong);
    assert_int_equal(verify(buffer_text(&notes[0])), ERR_SIGNATURE);
}

static void notes_that_do_not_fit_are_none(void **state)
{
    const struct ack_statement statement = statement_of(0), *const list[] = {&statement, &statement};
    size_t ends[2];

    (void)state;
    for (size_t count = 1; count <= 2; count++) {
        struct buffer small;

        buffer_init(&small, 700);
        ack_notes_put(list, count, &signer, &small, ends);
        assert_int_equal(small.failed, count == 2);
        buffer_fini(&small);
    }
}

/* What the key signs for a batch is the text of no acknowledgement, nor the other way round. */
static void what_is_signed_for_a_batch_is_no_acknowledgement(void **state)
{
    struct ack_statement statement;

    (void)state;
    assert_int_equal(ack_statement_parse(TEXT("custody-ack-batch/v1\n" NAME "\n1\n" ZERO "\n"), &statement),
                     ERR_INVALID);
}

/* ---- the text of an acknowledgement ---- */

#define ONE "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define LINE_1 "custody-ack/v1\n"
#define LINE_2 "test.example/custody\n"
#define LINE_3 "source truck-001\n"
#define LINE_4 "epoch 3\n"
#define LINE_5 "seq 7\n"
#define LINE_6 "chain " ONE "\n"
#define LINE_7 "index 5\n"
#define LINE_8 "size 9\n"
#define LINE_9 "root " ZERO "\n"

static const char *const lines[] = {LINE_1, LINE_2, LINE_3, LINE_4, LINE_5, LINE_6, LINE_7, LINE_8, LINE_9};

static int parse(struct text text)
{
    struct ack_statement statement;

    return ack_statement_parse(text, &statement);
}

/* The nine lines with line `at` (from 0) in other words; NULL leaves it out. */
static struct text with_line(size_t at, const char *words)
{
    buffer_clear(&note);
    for (size_t i = 0; i < 9; i++)
        if (i != at)
            buffer_put_text(&note, text_of(lines[i]));
        else if (words)
            buffer_put_text(&note, text_of(words));
    return buffer_text(&note);
}

static void a_statement_is_read_as_it_was_written(void **state)
{
    struct ack_statement statement, extreme = {.origin = TEXT("o"),
                                               .source = TEXT("s"),
                                               .epoch = UINT32_MAX,
                                               .seq = UINT64_MAX,
                                               .index = UINT64_MAX,
                                               .size = UINT64_MAX};

    (void)state;
    assert_int_equal(ack_statement_parse(with_line(9, NULL), &statement), 0);
    assert_true(text_equal(statement.origin, TEXT("test.example/custody")));
    assert_true(text_equal(statement.source, TEXT("truck-001")));
    assert_int_equal(statement.epoch, 3);
    assert_int_equal(statement.seq, 7);
    assert_int_equal(statement.chain.bytes[0], 1);
    assert_int_equal(statement.index, 5);
    assert_int_equal(statement.size, 9);
    assert_true(digest_is_zero(&statement.root));
    memset(extreme.chain.bytes, 0xff, SHA256_BYTES);
    buffer_clear(&note);
    ack_statement_put(&extreme, &note);
    assert_int_equal(ack_statement_parse(buffer_text(&note), &statement), 0);
    assert_int_equal(statement.epoch, UINT32_MAX);
    assert_true(statement.seq == UINT64_MAX && statement.index == UINT64_MAX && statement.size == UINT64_MAX);
    assert_true(digest_equal(&statement.chain, &extreme.chain));
}

static void a_statement_without_one_of_its_lines_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(parse(with_line(i, NULL)), ERR_INVALID);
    assert_int_equal(parse(text_of(NULL)), ERR_INVALID);
}

static void a_statement_with_a_line_more_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 9; i++) {
        char twice[256];

        (void)snprintf(twice, sizeof twice, "%s%s", lines[i], lines[i]);
        assert_int_equal(parse(with_line(i, twice)), ERR_INVALID);
        (void)snprintf(twice, sizeof twice, "%s\n", lines[i]);
        assert_int_equal(parse(with_line(i, twice)), ERR_INVALID);
        (void)snprintf(twice, sizeof twice, "\n%s", lines[i]);
        assert_int_equal(parse(with_line(i, twice)), ERR_INVALID);
    }
    assert_int_equal(parse(with_line(8, LINE_9 "extension\n")), ERR_INVALID);
    assert_int_equal(parse(with_line(8, LINE_9 " ")), ERR_INVALID);
}

static void a_statement_in_another_order_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < 9; i++) {
        buffer_clear(&note);
        for (size_t k = 0; k < 9; k++)
            buffer_put_text(&note, text_of(lines[k == i ? i + 1 : k == i + 1 ? i : k]));
        assert_int_equal(parse(buffer_text(&note)), ERR_INVALID);
    }
}

static void a_statement_cut_anywhere_is_refused(void **state)
{
    struct text whole = with_line(9, NULL);

    (void)state;
    for (size_t len = 0; len < whole.len; len++)
        assert_int_equal(parse((struct text){whole.data, len}), ERR_INVALID);
}

static void a_line_in_any_other_words_is_refused(void **state)
{
    static const struct {
        size_t at;
        const char *words;
    } wrong[] = {
        {0, "custody-ack/v2\n"},
        {0, "custody-ack/v1 \n"},
        {0, "custody-ack/v1\r\n"},
        {2, "source\n"},
        {2, "sourcetruck-001\n"},
        {2, "Source truck-001\n"},
        {2, " source truck-001\n"},
        {3, "epoch\n"},
        {3, "epoch \n"},
        {3, "epoch  3\n"},
        {3, "epoch 3 \n"},
        {3, "epoch 03\n"},
        {3, "epoch 00\n"},
        {3, "epoch +3\n"},
        {3, "epoch -3\n"},
        {3, "epoch 3.0\n"},
        {3, "epoch 0x3\n"},
        {3, "epoch three\n"},
        {3, "epoch \xef\xbc\x93\n"},
        {3, "epoch 4294967296\n"},
        {3, "epoch 18446744073709551619\n"}, /* 3 beyond 64 bits */
        {4, "seq 07\n"},
        {4, "seq -1\n"},
        {4, "seq 18446744073709551616\n"},
        {4, "seq 99999999999999999999999\n"},
        {4, "seq 7\t\n"},
        {5, "chain \n"},
        {5, "chain AAAA\n"},
        {5, "chain " ZERO ZERO "\n"},
        {5, "chain AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"},  /* no padding */
        {5, "chain AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n"}, /* unused bits */
        {5, "chain AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"}, /* 31 bytes */
        {5, "chain AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"}, /* 33 bytes */
        {5, "chain AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-=\n"},
        {6, "index 05\n"},
        {6, "index 18446744073709551616\n"},
        {7, "size 09\n"},
        {7, "size 18446744073709551616\n"},
        {8, "root \n"},
        {8, "root AAAA\n"},
        {8, "root " ZERO " \n"},
        {8, "root " ZERO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (parse(with_line(wrong[i].at, wrong[i].words)) != ERR_INVALID)
            fail_msg("accepted: %s", wrong[i].words);
    assert_int_equal(parse(with_line(3, "epoch 0\n")), 0);
    assert_int_equal(parse(with_line(3, "epoch 4294967295\n")), 0);
    assert_int_equal(parse(with_line(4, "seq 18446744073709551615\n")), 0);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(our_signature_is_the_one_that_others_make),
        TEST_(a_batch_is_signed_as_others_sign_it),
        TEST_(each_note_of_a_batch_of_any_size_verifies_and_gives_its_text_back),
        TEST_(a_note_with_any_bit_changed_is_refused),
        TEST_(another_text_under_the_signature_of_a_batch_does_not_verify),
        TEST_(a_place_that_the_path_does_not_lead_from_does_not_verify),
        TEST_(a_signature_of_another_length_does_not_verify),
        TEST_(a_batch_of_another_key_or_name_is_not_ours),
        TEST_(a_reader_of_plain_notes_passes_over_it),
        TEST_(a_plain_signature_that_is_wrong_spoils_a_note_of_a_batch),
        TEST_(notes_that_do_not_fit_are_none),
        TEST_(what_is_signed_for_a_batch_is_no_acknowledgement),
        TEST_(a_statement_is_read_as_it_was_written),
        TEST_(a_statement_without_one_of_its_lines_is_refused),
        TEST_(a_statement_with_a_line_more_is_refused),
        TEST_(a_statement_in_another_order_is_refused),
        TEST_(a_statement_cut_anywhere_is_refused),
        TEST_(a_line_in_any_other_words_is_refused),
    };

    return cmocka_run_group_tests(tests, make_key, NULL);
}
