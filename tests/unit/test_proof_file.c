/* test_proof_file.c - proof files: written and read in one form only, and good only with leaf, policy and hashes right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/ledger/frontier.h"
#include "core/ledger/proof_file.h"
#include "unit/ledger_keys.h"

#define ORIGIN "test.example/custody"
#define ZERO "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define DASH "\xe2\x80\x94"
#define NOTE ORIGIN "\n9\n" ZERO "\n\n" DASH " " ORIGIN " AAAABAE=\n"
#define TITLE "c2sp.org/tlog-proof@v1\n"

enum { LEAVES = 7, AT = 4 };

static struct test_key log_key, witness;
static struct policy policy;
static struct digest leaves[LEAVES];
static struct proof_extra extra = {.type = LEAF_DEAD_LETTER, .received_us = 1770000000000000};
static struct buffer head, out;
static struct proof_file made;
static char encoded[PROOF_FILE_EXTRA_SIZE];

static int read_node(void *context, struct tree_node node, struct digest *hash)
{
    struct frontier frontier;

    (void)context;
    frontier_init(&frontier);
    for (uint64_t i = node.index << node.level; i < (node.index + 1) << node.level; i++)
        frontier_append(&frontier, &leaves[i]);
    *hash = frontier_root(&frontier);
    return 0;
}

/* Seven leaves, the log's head over them with one cosignature, and the proof of leaf 4. */
static void make_file(void)
{
    struct checkpoint checkpoint = {.origin = TEXT(ORIGIN), .size = LEAVES};
    struct proof_plan plan;
    char text[512];

    for (uint64_t i = 0; i < LEAVES; i++)
        leaves[i] = sha256(&i, sizeof i);
    leaves[AT] = leaf_hash_of_record(extra.type, extra.received_us, extra.salt, TEXT("record"));
    assert_int_equal(proof_root(LEAVES, read_node, NULL, &checkpoint.root), 0);
    checkpoint_put_signed(&checkpoint, &log_key.signer, &head);
    assert_true(text_copy(text, sizeof text, (struct text){(const char *)head.data, strlen(ORIGIN "\n7\n" ZERO "\n")}));
    assert_int_equal(cosignature_put(text_of(text), 1770000001, &witness.signer, &head), 0);
    assert_int_equal(proof_plan_inclusion(AT, LEAVES, &plan), 0);
    assert_int_equal(proof_make(&plan, read_node, NULL, &made.proof), 0);
    proof_file_extra_encode(&extra, encoded);
    made.extra = text_of(encoded);
    made.index = AT;
    made.checkpoint = buffer_text(&head);
}

static int start(void **state)
{
    static char words[1024];

    (void)state;
    if (sodium_init() < 0)
        return -1;
    buffer_init(&head, 1 << 16);
    buffer_init(&out, 1 << 16);
    test_key_init(&log_key, NOTE_ED25519, ORIGIN, 1);
    test_key_init(&witness, NOTE_COSIGNATURE_V1, "witness.example/w", 2);
    (void)snprintf(words, sizeof words, "log %s\nwitness w %s\nquorum w\n", log_key.words, witness.words);
    for (size_t i = 0; i < SALT_BYTES; i++)
        extra.salt[i] = (uint8_t)(i * 3);
    make_file();
    return policy_parse(text_of(words), &policy, NULL);
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&head);
    buffer_fini(&out);
    return 0;
}

static struct text put(const struct proof_file *file)
{
    buffer_clear(&out);
    proof_file_put(file, &out);
    return buffer_text(&out);
}

/* ---- form */

static void a_file_has_the_lines_of_the_specification(void **state)
{
    struct proof_file file = {.index = 8, .checkpoint = TEXT(NOTE)};

    (void)state;
    assert_true(text_equal(put(&file), TEXT(TITLE "index 8\n\n" NOTE)));
    file.extra = TEXT("AQI=");
    file.proof.count = 2;
    assert_true(text_equal(put(&file), TEXT(TITLE "extra AQI=\nindex 8\n" ZERO "\n" ZERO "\n\n" NOTE)));
}

static void a_file_is_read_as_it_was_written(void **state)
{
    struct text written = put(&made);
    struct proof_file file;
    struct proof_extra back;

    (void)state;
    assert_int_equal(proof_file_parse(written, &file, NULL), 0);
    assert_true(text_equal(file.extra, made.extra) && text_equal(file.checkpoint, made.checkpoint));
    assert_int_equal(file.index, AT);
    assert_int_equal(file.proof.count, made.proof.count);
    assert_memory_equal(file.proof.hashes, made.proof.hashes, made.proof.count * SHA256_BYTES);
    assert_int_equal(proof_file_extra_decode(file.extra, &back), 0);
    assert_int_equal(back.type, extra.type);
    assert_true(back.received_us == extra.received_us);
    assert_memory_equal(back.salt, extra.salt, SALT_BYTES);
    assert_int_equal(proof_file_parse(TEXT(TITLE "index 0\n\n" NOTE), &file, NULL), 0);
    assert_true(text_empty(file.extra));
    assert_int_equal(file.proof.count, 0);
}

static void every_other_text_is_refused_with_words(void **state)
{
    static const char *const wrong[] = {
        "",
        TITLE,
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v2\nindex 8\n\n" NOTE,
        "c2sp.org/tlog-proof@v1 \nindex 8\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\r\nindex 8\n\n" NOTE,
        "\n" TITLE "index 8\n\n" NOTE,
        "index 8\n\n" NOTE,
        TITLE "\n" NOTE, /* no index */
        TITLE "extra AQI=\n\n" NOTE,
        TITLE "extra \nindex 8\n\n" NOTE, /* without data, no such line */
        TITLE "extra\nindex 8\n\n" NOTE,
        TITLE "extraAQI=\nindex 8\n\n" NOTE,
        TITLE "extra  AQI=\nindex 8\n\n" NOTE,
        TITLE "extra AQI= \nindex 8\n\n" NOTE,
        TITLE "extra AQI\nindex 8\n\n" NOTE,
        TITLE "extra AQJ=\nindex 8\n\n" NOTE, /* unused bits */
        TITLE "extra AQ-=\nindex 8\n\n" NOTE,
        TITLE "Extra AQI=\nindex 8\n\n" NOTE,
        TITLE "extra AQI=\nextra AQI=\nindex 8\n\n" NOTE,
        TITLE "index 8\nextra AQI=\n\n" NOTE,
        TITLE "other AQI=\nindex 8\n\n" NOTE,
        TITLE "index\n\n" NOTE,
        TITLE "index \n\n" NOTE,
        TITLE "index  8\n\n" NOTE,
        TITLE "index 8 \n\n" NOTE,
        TITLE "index 08\n\n" NOTE,
        TITLE "index +8\n\n" NOTE,
        TITLE "index -8\n\n" NOTE,
        TITLE "index 0x8\n\n" NOTE,
        TITLE "index 18446744073709551616\n\n" NOTE,
        TITLE "index 9\n\n" NOTE, /* the tree has 0 to 8 */
        TITLE "index 18446744073709551615\n\n" NOTE,
        TITLE "index 8\nindex 8\n\n" NOTE,
        TITLE "index 8\n" NOTE,     /* no empty line */
        TITLE "index 8\n\n\n" NOTE, /* two */
        TITLE "index 8\n" ZERO "\n" NOTE,
        TITLE "index 8\n" ZERO " \n\n" NOTE,
        TITLE "index 8\n " ZERO "\n\n" NOTE,
        TITLE "index 8\n\n" ZERO "\n\n" NOTE,
        TITLE "index 8\nAAAA\n\n" NOTE,
        TITLE "index 8\n" ZERO ZERO "\n\n" NOTE,
        TITLE "index 8\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\n" NOTE,
        TITLE "index 8\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\n" NOTE,
        TITLE "index 8\n",
        TITLE "index 8\n" ZERO "\n",
        TITLE "index 8\n\n",
        TITLE "index 8\n\n" ORIGIN "\n9\n" ZERO "\n", /* not signed */
        TITLE "index 8\n\n" ORIGIN "\n9\n" ZERO "\n\n",
        TITLE "index 8\n\n" ORIGIN "\n9\n\n" DASH " " ORIGIN " AAAABAE=\n", /* no root */
        TITLE "index 8\n\n" ORIGIN "\n9\n" ZERO "\nextension\n\n" DASH " " ORIGIN " AAAABAE=\n",
        TITLE "index 8\n\n" NOTE "\n",
        TITLE "index 8\n\n" NOTE "more\n",
        TITLE "index 8\n\n" NOTE DASH " x y\n",
        TITLE "index 8\r\n\r\n" NOTE,
    };
    struct proof_file file;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};

        if (proof_file_parse(text_of(wrong[i]), &file, &error) != ERR_INVALID || !error.text[0])
            fail_msg("accepted: %s", wrong[i]);
    }
    assert_int_equal(proof_file_parse(text_of(NULL), &file, NULL), ERR_INVALID);
}

static void a_file_cut_anywhere_is_refused_or_has_lost_cosignatures(void **state)
{
    struct text written = put(&made);
    struct proof_file file;
    struct policy_verdict verdict;

    (void)state;
    for (size_t len = 0; len < written.len; len++)
        if (proof_file_parse((struct text){written.data, len}, &file, NULL) == 0 &&
            proof_file_verify(&file, &leaves[AT], &policy, &verdict, NULL) != ERR_DENIED)
            fail_msg("cut to %zu", len);
}

static void more_hashes_than_any_proof_has_are_refused(void **state)
{
    struct proof_file file;

    (void)state;
    for (size_t count = PROOF_MAX; count <= PROOF_MAX + 1; count++) {
        buffer_clear(&out);
        buffer_put_text(&out, TEXT(TITLE "index 8\n"));
        for (size_t i = 0; i < count; i++)
            buffer_put_text(&out, TEXT(ZERO "\n"));
        buffer_put_text(&out, TEXT("\n" NOTE));
        assert_int_equal(proof_file_parse(buffer_text(&out), &file, NULL), count > PROOF_MAX ? ERR_TOO_LARGE : 0);
    }
}

/* ---- verification */

static int verify(const struct proof_file *file, const struct digest *leaf)
{
    struct policy_verdict verdict;
    struct error error = {0};
    int code = proof_file_verify(file, leaf, &policy, &verdict, &error);

    assert_true((code == 0) == (error.text[0] == '\0'));
    return code;
}

static void a_record_is_proved_by_its_file_and_the_policy_alone(void **state)
{
    struct proof_file file;
    struct proof_extra back;
    struct digest leaf;

    (void)state;
    assert_int_equal(proof_file_parse(put(&made), &file, NULL), 0);
    assert_int_equal(proof_file_extra_decode(file.extra, &back), 0);
    leaf = leaf_hash_of_record(back.type, back.received_us, back.salt, TEXT("record"));
    assert_int_equal(verify(&file, &leaf), 0);
    leaf = leaf_hash_of_record(back.type, back.received_us, back.salt, TEXT("Record"));
    assert_int_equal(verify(&file, &leaf), ERR_INVALID);
    back.received_us++;
    leaf = leaf_hash_of_record(back.type, back.received_us, back.salt, TEXT("record"));
    assert_int_equal(verify(&file, &leaf), ERR_INVALID);
}

static void a_file_with_another_index_or_hash_does_not_prove(void **state)
{
    struct proof_file file = made;

    (void)state;
    for (file.index = 0; file.index < LEAVES; file.index++)
        assert_int_equal(verify(&file, &leaves[AT]), file.index == AT ? 0 : ERR_INVALID);
    file = made;
    file.proof.hashes[1].bytes[9] ^= 1;
    assert_int_equal(verify(&file, &leaves[AT]), ERR_INVALID);
    file = made;
    file.proof.count--;
    assert_int_equal(verify(&file, &leaves[AT]), ERR_INVALID);
    file = made;
    file.checkpoint = TEXT(NOTE);
    assert_int_equal(verify(&file, &leaves[AT]), ERR_NOT_FOUND);
}

static void a_file_with_any_bit_changed_is_refused_or_its_extra_is_another(void **state)
{
    struct text written = put(&made);
    char copy[4096];
    size_t extra_at = strlen(TITLE "extra "), extra_len = strlen(encoded);

    (void)state;
    assert_true(text_copy(copy, sizeof copy, written));
    for (size_t at = 0; at < written.len; at++)
        for (int bit = 0; bit < 8; bit++) {
            bool in_extra = at >= extra_at && at < extra_at + extra_len;
            struct proof_file file;

            copy[at] = (char)(copy[at] ^ 1 << bit);
            if (proof_file_parse((struct text){copy, written.len}, &file, NULL) == 0) {
                struct proof_extra back = {.type = 0};
                struct digest leaf = leaves[AT];

                if (in_extra && proof_file_extra_decode(file.extra, &back) == 0)
                    leaf = leaf_hash_of_record(back.type, back.received_us, back.salt, TEXT("record"));
                if ((!in_extra || back.type) && verify(&file, &leaf) == 0)
                    fail_msg("byte %zu, bit %d", at, bit);
            }
            copy[at] = (char)(copy[at] ^ 1 << bit);
        }
}

/* ---- our extra */

static void an_extra_that_is_not_ours_is_refused(void **state)
{
    uint8_t bytes[PROOF_FILE_EXTRA_BYTES + 1] = {LEAF_ENVELOPE};
    char words[BASE64_SIZE(sizeof bytes)];
    struct proof_extra back;

    (void)state;
    for (size_t len = 0; len <= sizeof bytes; len++) {
        base64_encode(bytes, len, words);
        assert_int_equal(proof_file_extra_decode(text_of(words), &back),
                         len == PROOF_FILE_EXTRA_BYTES ? 0 : ERR_INVALID);
    }
    for (unsigned type = 0; type < 256; type++) {
        bytes[0] = (uint8_t)type;
        base64_encode(bytes, PROOF_FILE_EXTRA_BYTES, words);
        assert_int_equal(proof_file_extra_decode(text_of(words), &back), type >= 1 && type <= 7 ? 0 : ERR_INVALID);
    }
    assert_int_equal(proof_file_extra_decode(TEXT(""), &back), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_the_lines_of_the_specification),
        cmocka_unit_test(a_file_is_read_as_it_was_written),
        cmocka_unit_test(every_other_text_is_refused_with_words),
        cmocka_unit_test(a_file_cut_anywhere_is_refused_or_has_lost_cosignatures),
        cmocka_unit_test(more_hashes_than_any_proof_has_are_refused),
        cmocka_unit_test(a_record_is_proved_by_its_file_and_the_policy_alone),
        cmocka_unit_test(a_file_with_another_index_or_hash_does_not_prove),
        cmocka_unit_test(a_file_with_any_bit_changed_is_refused_or_its_extra_is_another),
        cmocka_unit_test(an_extra_that_is_not_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
