/* test_witness.c - what a witness decides: every case of C2SP tlog-witness, and what it keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "core/ledger/frontier.h"
#include "core/ledger/proof.h"
#include "core/ledger/witness.h"
#include "unit/ledger_keys.h"

enum { TEXT_MAX = 1 << 16, SIZE = 40, TIME_S = 1700000000 };

#define ORIGIN "log.example/one"

static struct test_key log_key, next_key, other_log, stranger, witness;
static char policy_text[2048];
static struct policy policy;
static struct verifier_key verifier;
static struct digest leaves[SIZE];
static struct buffer body, note, line, kept;
static struct witness_submission submission;
static struct error error;

static int start(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    test_key_init(&log_key, NOTE_ED25519, ORIGIN, 1);
    test_key_init(&next_key, NOTE_ED25519, ORIGIN, 2);
    test_key_init(&other_log, NOTE_ED25519, "log.example/two", 3);
    test_key_init(&stranger, NOTE_ED25519, "stranger.example", 4);
    test_key_init(&witness, NOTE_COSIGNATURE_V1, "witness.example/w", 5);
    (void)snprintf(policy_text, sizeof policy_text, "log %s\nlog %s\nlog %s\nquorum none\n", other_log.words,
                   log_key.words, next_key.words);
    verifier_key_init(&verifier, NOTE_COSIGNATURE_V1, text_of(witness.name), witness.public_key);
    for (int i = 0; i < SIZE; i++)
        leaves[i] = sha256(&i, sizeof i);
    buffer_init(&body, TEXT_MAX);
    buffer_init(&note, TEXT_MAX);
    buffer_init(&line, TEXT_MAX);
    buffer_init(&kept, TEXT_MAX);
    return policy_parse(text_of(policy_text), &policy, NULL);
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&body);
    buffer_fini(&note);
    buffer_fini(&line);
    buffer_fini(&kept);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    buffer_clear(&body);
    buffer_clear(&note);
    buffer_clear(&line);
    buffer_clear(&kept);
    error = (struct error){0};
    return 0;
}

/* ---- a log of SIZE leaves, and what it sends */

static int read_node(void *context, struct tree_node node, struct digest *hash)
{
    struct digest pair[2];

    (void)context;
    if (node.level == 0) {
        *hash = leaves[node.index];
        return 0;
    }
    for (unsigned i = 0; i < 2; i++)
        (void)read_node(NULL, (struct tree_node){node.level - 1, 2 * node.index + i}, &pair[i]);
    *hash = node_hash(&pair[0], &pair[1]);
    return 0;
}

static struct digest root_of(uint64_t size)
{
    struct digest root;

    assert_int_equal(proof_root(size, read_node, NULL, &root), 0);
    return root;
}

static struct witness_state state_of(uint64_t size)
{
    return (struct witness_state){size, root_of(size)};
}

/* The proof from `old_size`, and the checkpoint of `size` signed by the log. */
static void request(uint64_t old_size, uint64_t size)
{
    struct witness_request made = {.old_size = old_size};
    struct checkpoint checkpoint = {TEXT(ORIGIN), size, root_of(size)};
    struct proof_plan plan;
    struct proof proof;

    if (old_size) {
        assert_int_equal(proof_plan_consistency(old_size, size, &plan), 0);
        assert_int_equal(proof_make(&plan, read_node, NULL, &proof), 0);
        memcpy(made.proof, proof.hashes, proof.count * sizeof *proof.hashes);
        made.proof_count = proof.count;
    }
    clear(NULL);
    checkpoint_put_signed(&checkpoint, &log_key.signer, &note);
    made.note = buffer_text(&note);
    witness_request_put(&made, &body);
}

/* Signs these lines with up to two keys and puts them behind "old 0". */
static void request_text(const char *text, const struct test_key *first, const struct test_key *second)
{
    struct text whole;

    clear(NULL);
    buffer_put_text(&note, text_of(text));
    if (first)
        note_sign(&note, 0, &first->signer);
    if (second) {
        struct buffer again;

        buffer_init(&again, TEXT_MAX);
        buffer_put_text(&again, text_of(text));
        note_sign(&again, 0, &second->signer);
        whole = buffer_text(&again);
        buffer_put(&note, whole.data + strlen(text) + 1, whole.len - strlen(text) - 1);
        buffer_fini(&again);
    }
    buffer_printf(&body, "old 0\n\n%.*s", TEXT_ARG(buffer_text(&note)));
}

static enum witness_status examine(void)
{
    enum witness_status status = witness_examine(buffer_text(&body), &policy, &submission, &error);

    assert_int_equal(status == WITNESS_COSIGN, error.text[0] == '\0');
    return status;
}

static enum witness_status decide(struct witness_state state)
{
    enum witness_status status = examine();

    return status == WITNESS_COSIGN ? witness_decide(&submission, &state, &error) : status;
}

/* ---- the request */

static void every_pair_of_sizes_is_cosigned_with_its_proof(void **state)
{
    (void)state;
    for (uint64_t old_size = 0; old_size < SIZE; old_size++)
        for (uint64_t size = old_size; size <= SIZE; size++) {
            request(old_size, size);
            if (decide(state_of(old_size)) != WITNESS_COSIGN)
                fail_msg("%" PRIu64 " to %" PRIu64 ": %s", old_size, size, error.text);
        }
}

static void a_request_is_read_as_it_was_written(void **state)
{
    struct witness_request read;

    (void)state;
    request(5, 33);
    assert_int_equal(witness_request_parse(buffer_text(&body), &read, &error), 0);
    assert_int_equal(read.old_size, 5);
    assert_true(read.proof_count > 2);
    buffer_clear(&line);
    witness_request_put(&read, &line);
    assert_true(text_equal(buffer_text(&line), buffer_text(&body)));
}

#define HASH "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"

static void malformed_requests_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "\n",
        "old",
        "old 0",
        "old 0\n",
        "old\n\nx\n",
        "old \n\nx\n",
        "old 00\n\nx\n",
        "old 05\n\nx\n",
        "old +5\n\nx\n",
        "old -5\n\nx\n",
        "old 5 \n\nx\n",
        "old  5\n\nx\n",
        "Old 5\n\nx\n",
        "old 5\r\n\r\nx\n",
        "old 18446744073709551616\n\nx\n",
        "old 5\nx\n",
        "old 5\n" HASH,
        "old 5\n" HASH "x\n\nx\n",
        "old 5\n 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nx\n",
        "old 5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n\nx\n",  /* no padding */
        "old 5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n\nx\n", /* unused bits */
        "old 5\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n\nx\n", /* the other alphabet */
        "old 5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==\n\nx\n", /* 31 bytes */
        "old 5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA\n\nx\n", /* 33 bytes */
        "old 5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n\nx\n",
    };
    struct witness_request read;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error words = {0};

        if (witness_request_parse(text_of(wrong[i]), &read, &words) != ERR_INVALID || !words.text[0])
            fail_msg("taken: %s", wrong[i]);
    }
}

static void of_proof_lines_there_are_63_and_no_more(void **state)
{
    struct witness_request read;

    (void)state;
    for (int count = WITNESS_PROOF_MAX; count <= WITNESS_PROOF_MAX + 1; count++) {
        clear(NULL);
        buffer_put_text(&body, TEXT("old 5\n"));
        for (int i = 0; i < count; i++)
            buffer_put_text(&body, TEXT(HASH));
        buffer_put_text(&body, TEXT("\nx\n"));
        assert_int_equal(witness_request_parse(buffer_text(&body), &read, &error),
                         count <= WITNESS_PROOF_MAX ? 0 : ERR_INVALID);
    }
    assert_int_equal(witness_request_parse(TEXT("old 18446744073709551615\n\nx\n"), &read, NULL), 0);
    assert_int_equal(read.old_size, UINT64_MAX);
}

/* ---- whose it is */

#define EMPTY_ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define ONE_LEAF ORIGIN "\n1\n" EMPTY_ROOT "\n"

static void only_a_known_log_with_a_signature_of_its_own_is_heard(void **state)
{
    (void)state;
    request_text(ONE_LEAF, &log_key, NULL);
    assert_int_equal(examine(), WITNESS_COSIGN);
    request_text(ONE_LEAF, &next_key, NULL);
    assert_int_equal(examine(), WITNESS_COSIGN);
    assert_int_equal(submission.log, 1); /* both keys of the origin mean one log */
    request_text(ONE_LEAF, &stranger, &log_key);
    assert_int_equal(examine(), WITNESS_COSIGN);
    request_text("stranger.example\n1\n" EMPTY_ROOT "\n", &stranger, NULL);
    assert_int_equal(examine(), WITNESS_UNKNOWN_LOG);
    request_text("stranger.example\n1\n" EMPTY_ROOT "\n", &log_key, NULL);
    assert_int_equal(examine(), WITNESS_UNKNOWN_LOG);
    request_text(ONE_LEAF, &stranger, NULL);
    assert_int_equal(examine(), WITNESS_UNSIGNED);
    request_text(ONE_LEAF, &other_log, NULL); /* known, of another origin */
    assert_int_equal(examine(), WITNESS_UNSIGNED);
}

static void a_signature_of_a_known_key_that_fails_spoils_the_others(void **state)
{
    (void)state;
    request_text(ONE_LEAF, &log_key, &next_key);
    assert_int_equal(examine(), WITNESS_COSIGN);
    clear(NULL);
    request_text(ONE_LEAF, &log_key, NULL);
    /* The same lines, and a signature of the next key over other ones. */
    {
        struct buffer other;
        struct text lines;

        buffer_init(&other, TEXT_MAX);
        buffer_put_text(&other, TEXT(ORIGIN "\n2\n" EMPTY_ROOT "\n"));
        note_sign(&other, 0, &next_key.signer);
        lines = buffer_text(&other);
        buffer_put(&body, lines.data + sizeof ONE_LEAF, lines.len - sizeof ONE_LEAF);
        buffer_fini(&other);
    }
    assert_int_equal(examine(), WITNESS_UNSIGNED);
}

static void what_is_no_checkpoint_is_malformed(void **state)
{
    static const char *const wrong[] = {
        "\n",
        ORIGIN "\n",
        ORIGIN "\n1\n",
        ORIGIN "\n01\n" EMPTY_ROOT "\n",
        ORIGIN "\n1\nAAAA\n",
        ORIGIN "\n18446744073709551616\n" EMPTY_ROOT "\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        request_text(wrong[i], &log_key, NULL);
        assert_int_equal(examine(), WITNESS_MALFORMED);
    }
    request_text(ONE_LEAF, NULL, NULL); /* unsigned */
    assert_int_equal(examine(), WITNESS_MALFORMED);
    request_text(ONE_LEAF "\nempty extension\n", &log_key, NULL);
    assert_int_equal(examine(), WITNESS_MALFORMED);
    request_text(ONE_LEAF "an extension\nanother\n", &log_key, NULL);
    assert_int_equal(examine(), WITNESS_COSIGN);
}

static void a_checkpoint_that_is_too_long_to_cosign_is_refused(void **state)
{
    char text[COSIGNATURE_CHECKPOINT_MAX + 100];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", ONE_LEAF);

    (void)state;
    memset(text + used, 'x', sizeof text - used - 2);
    memcpy(text + sizeof text - 2, "\n", 2);
    request_text(text, &log_key, NULL);
    assert_int_equal(examine(), WITNESS_MALFORMED);
}

/* ---- what it continues */

static void an_old_size_beyond_the_checkpoint_is_malformed_whatever_is_known(void **state)
{
    (void)state;
    request(0, 7);
    assert_int_equal(examine(), WITNESS_COSIGN);
    submission.request.old_size = 8;
    for (uint64_t size = 0; size < 10; size++) {
        struct witness_state known = state_of(size);

        assert_int_equal(witness_decide(&submission, &known, &error), WITNESS_MALFORMED);
    }
}

static void another_old_size_than_the_latest_is_a_conflict(void **state)
{
    (void)state;
    request(5, 8);
    assert_int_equal(decide(state_of(4)), WITNESS_CONFLICT);
    request(5, 8);
    assert_int_equal(decide(state_of(6)), WITNESS_CONFLICT);
    request(5, 8);
    assert_int_equal(decide(state_of(8)), WITNESS_CONFLICT);
    request(0, 8);
    assert_int_equal(decide(state_of(5)), WITNESS_CONFLICT);
    request(5, 8);
    assert_int_equal(decide(state_of(0)), WITNESS_CONFLICT);
}

static void the_same_size_needs_the_same_root_and_no_proof(void **state)
{
    struct witness_state fork = {5, root_of(6)};

    (void)state;
    request(5, 5);
    assert_int_equal(decide(state_of(5)), WITNESS_COSIGN);
    request(5, 5);
    assert_int_equal(decide(fork), WITNESS_INCONSISTENT);
    request(5, 5);
    assert_int_equal(examine(), WITNESS_COSIGN);
    submission.request.proof_count = 1;
    assert_int_equal(witness_decide(&submission, &(struct witness_state){5, root_of(5)}, &error), WITNESS_INCONSISTENT);
}

static void a_proof_with_any_hash_changed_missing_or_too_many_is_inconsistent(void **state)
{
    const struct witness_state known = state_of(21);

    (void)state;
    request(21, 40);
    assert_int_equal(examine(), WITNESS_COSIGN);
    for (size_t i = 0; i < submission.request.proof_count; i++) {
        submission.request.proof[i].bytes[i] ^= 1;
        assert_int_equal(witness_decide(&submission, &known, &error), WITNESS_INCONSISTENT);
        submission.request.proof[i].bytes[i] ^= 1;
    }
    submission.request.proof_count--;
    assert_int_equal(witness_decide(&submission, &known, &error), WITNESS_INCONSISTENT);
    submission.request.proof_count += 2;
    assert_int_equal(witness_decide(&submission, &known, &error), WITNESS_INCONSISTENT);
    submission.request.proof_count = 0;
    assert_int_equal(witness_decide(&submission, &known, &error), WITNESS_INCONSISTENT);
}

static void a_fork_is_inconsistent(void **state)
{
    struct witness_state fork = {21, root_of(20)};

    (void)state;
    request(21, 40);
    assert_int_equal(decide(fork), WITNESS_INCONSISTENT);
}

static void the_empty_tree_has_one_root_and_needs_no_proof(void **state)
{
    (void)state;
    request(0, 0);
    assert_int_equal(decide(state_of(0)), WITNESS_COSIGN);
    request(0, 7);
    assert_int_equal(decide(state_of(0)), WITNESS_COSIGN);
    submission.request.proof_count = 1;
    assert_int_equal(witness_decide(&submission, &(struct witness_state){0, root_of(0)}, &error), WITNESS_INCONSISTENT);
    request_text(ORIGIN "\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", &log_key, NULL);
    assert_int_equal(decide(state_of(0)), WITNESS_INCONSISTENT);
}

/* ---- what is kept */

static void cosign(void)
{
    assert_int_equal(witness_cosign(&submission, &policy, TIME_S, &witness.signer, &line, &kept), 0);
}

static void what_is_kept_is_read_back_and_holds_no_strangers_signature(void **state)
{
    struct witness_state read;

    (void)state;
    request_text(ONE_LEAF, &stranger, &log_key);
    assert_int_equal(examine(), WITNESS_COSIGN);
    cosign();
    assert_int_equal(witness_state_parse(buffer_text(&kept), TEXT(ORIGIN), &verifier, &read, &error), 0);
    assert_int_equal(read.size, 1);
    assert_true(digest_equal(&read.root, &submission.checkpoint.root));
    assert_null(memmem(kept.data, kept.len, stranger.name, strlen(stranger.name)));
    assert_non_null(memmem(kept.data, kept.len, line.data, line.len));
    assert_int_equal(note_verify(buffer_text(&kept), TEXT(ORIGIN), log_key.public_key, NULL), 0);
}

static void a_changed_byte_of_what_is_kept_is_never_believed(void **state)
{
    struct witness_state read;

    (void)state;
    request(0, 9);
    assert_int_equal(examine(), WITNESS_COSIGN);
    cosign();
    for (size_t i = 0; i < kept.len; i++) {
        /* The log's line is for others to judge, and only its form for us. */
        bool in_log_line = i > submission.text.len && i < kept.len - line.len;

        kept.data[i] ^= 1;
        if (witness_state_parse(buffer_text(&kept), TEXT(ORIGIN), &verifier, &read, NULL) == 0 && !in_log_line)
            fail_msg("believed with byte %zu changed", i);
        kept.data[i] ^= 1;
    }
    for (size_t len = 0; len < kept.len; len++)
        assert_int_not_equal(
            witness_state_parse((struct text){(const char *)kept.data, len}, TEXT(ORIGIN), &verifier, &read, NULL), 0);
}

static void what_is_kept_of_another_log_or_by_another_witness_is_not_believed(void **state)
{
    struct verifier_key other;
    struct witness_state read;

    (void)state;
    request(0, 9);
    assert_int_equal(examine(), WITNESS_COSIGN);
    cosign();
    assert_int_equal(witness_state_parse(buffer_text(&kept), TEXT("log.example/two"), &verifier, &read, NULL),
                     ERR_INVALID);
    verifier_key_init(&other, NOTE_COSIGNATURE_V1, text_of(witness.name), stranger.public_key);
    assert_int_equal(witness_state_parse(buffer_text(&kept), TEXT(ORIGIN), &other, &read, NULL), ERR_SIGNATURE);
}

static void nothing_is_cosigned_at_no_time_or_into_no_room(void **state)
{
    struct buffer small;

    (void)state;
    request(0, 9);
    assert_int_equal(examine(), WITNESS_COSIGN);
    assert_int_equal(witness_cosign(&submission, &policy, 0, &witness.signer, &line, &kept), ERR_INVALID);
    buffer_init(&small, 20);
    assert_int_equal(witness_cosign(&submission, &policy, TIME_S, &witness.signer, &line, &small), ERR_TOO_LARGE);
    buffer_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_pair_of_sizes_is_cosigned_with_its_proof, clear),
        cmocka_unit_test_setup(a_request_is_read_as_it_was_written, clear),
        cmocka_unit_test_setup(malformed_requests_are_refused, clear),
        cmocka_unit_test_setup(of_proof_lines_there_are_63_and_no_more, clear),
        cmocka_unit_test_setup(only_a_known_log_with_a_signature_of_its_own_is_heard, clear),
        cmocka_unit_test_setup(a_signature_of_a_known_key_that_fails_spoils_the_others, clear),
        cmocka_unit_test_setup(what_is_no_checkpoint_is_malformed, clear),
        cmocka_unit_test_setup(a_checkpoint_that_is_too_long_to_cosign_is_refused, clear),
        cmocka_unit_test_setup(an_old_size_beyond_the_checkpoint_is_malformed_whatever_is_known, clear),
        cmocka_unit_test_setup(another_old_size_than_the_latest_is_a_conflict, clear),
        cmocka_unit_test_setup(the_same_size_needs_the_same_root_and_no_proof, clear),
        cmocka_unit_test_setup(a_proof_with_any_hash_changed_missing_or_too_many_is_inconsistent, clear),
        cmocka_unit_test_setup(a_fork_is_inconsistent, clear),
        cmocka_unit_test_setup(the_empty_tree_has_one_root_and_needs_no_proof, clear),
        cmocka_unit_test_setup(what_is_kept_is_read_back_and_holds_no_strangers_signature, clear),
        cmocka_unit_test_setup(a_changed_byte_of_what_is_kept_is_never_believed, clear),
        cmocka_unit_test_setup(what_is_kept_of_another_log_or_by_another_witness_is_not_believed, clear),
        cmocka_unit_test_setup(nothing_is_cosigned_at_no_time_or_into_no_room, clear),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
