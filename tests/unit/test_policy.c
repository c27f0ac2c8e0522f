/* test_policy.c - trust policies: every rule of their form, and every way a checkpoint can miss what they ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/ledger/policy.h"
#include "unit/ledger_keys.h"

enum { WITNESSES = 6, TEXT_MAX = 1 << 16 };

#define ORIGIN "test.example/custody"

static struct test_key log_key, other_log, witnesses[WITNESSES];
static char file[TEXT_MAX];
static struct policy policy;
static struct buffer note;

static int start(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    test_key_init(&log_key, NOTE_ED25519, ORIGIN, 1);
    test_key_init(&other_log, NOTE_ED25519, "other.example/log", 2);
    for (int i = 0; i < WITNESSES; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "witness.example/w%d", i);
        test_key_init(&witnesses[i], NOTE_COSIGNATURE_V1, name, (uint8_t)(10 + i));
    }
    buffer_init(&note, TEXT_MAX);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&note);
    return 0;
}

/* Writes verifier keys for {L} (the log), {O} (another log) and {0} to {5} (witnesses), and reads the result. */
static int parse(const char *words, struct error *error)
{
    size_t used = 0;

    for (const char *at = words; *at; at++) {
        const char *key = NULL;

        if (at[0] == '{' && at[1] && at[2] == '}')
            key = at[1] == 'L' ? log_key.words : at[1] == 'O' ? other_log.words : witnesses[at[1] - '0'].words;
        if (key)
            at += 2;
        used += (size_t)snprintf(file + used, sizeof file - used, "%.*s", key ? 300 : 1, key ? key : at);
    }
    return policy_parse((struct text){file, used}, &policy, error);
}

#define SIX "witness X1 {0}\nwitness X2 {1}\nwitness X3 {2}\nwitness Y1 {3}\nwitness Y2 {4}\nwitness Y3 {5}\n"
/* The shape of the specification's example. */
#define EXAMPLE                                                                                                        \
    "log {L}\n\n" SIX "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n"                                 \
    "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"

/* ---- form */

static void a_policy_is_read_line_by_line(void **state)
{
    (void)state;
    assert_int_equal(parse(EXAMPLE, NULL), 0);
    assert_int_equal(policy.log_count, 1);
    assert_true(text_equal(policy.logs[0].key.name, TEXT(ORIGIN)));
    assert_int_equal(policy.member_count, 9);
    assert_true(text_equal(policy.members[0].name, TEXT("X1")));
    assert_int_equal(policy.members[0].group, 6);
    assert_int_equal(policy.members[6].needed, 2);
    assert_int_equal(policy.members[7].needed, 1);
    assert_int_equal(policy.members[8].needed, 2);
    assert_int_equal(policy.members[8].group, POLICY_NOBODY);
    assert_int_equal(policy.quorum, 8);
}

static void blanks_comments_urls_and_foreign_letters_are_allowed(void **state)
{
    static const char *const right[] = {
        "quorum none\n",
        "\n \t \n# comment\n  \t# \xe6\xb4\x9b\xe6\xb1\x9f \xff\nquorum none\n",
        "\t quorum \t none \t\n",
        "log {L} https://log.example/\nlog\t{O}\nquorum none\n",
        "witness a {0} https://w.example/\nquorum a\n",
        "witness \xe6\xb4\x9b {0}\nwitness \xff {1}\ngroup \xe2\x84\xaa all \xe6\xb4\x9b \xff\nwitness K {2}\nquorum "
        "\xe2\x84\xaa\n",
        "witness a {0}\nwitness b {1}\nquorum a\nwitness c {2}\nlog {L}\n", /* the quorum need not be last */
        "witness any {0}\nwitness all {1}\ngroup 2 all any all\nquorum 2\n",
        "witness a {0}\ngroup g 1 a\ngroup h any g\nquorum h\n",
        "witness a {0}\nwitness b {1}\ngroup g any a\nquorum b\n", /* what is defined need not be used */
    };

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        struct error error = {0};

        if (parse(right[i], &error))
            fail_msg("refused: %s: %s", right[i], error.text);
    }
    assert_int_equal(parse("log {L} https://log.example/\nwitness a {0} https://w.example/\nquorum none\n", NULL), 0);
    assert_true(text_equal(policy.logs[0].url, TEXT("https://log.example/")));
    assert_true(text_equal(policy.members[0].url, TEXT("https://w.example/")));
}

static void every_other_line_is_refused_with_its_number(void **state)
{
    static const struct {
        const char *words;
        int line; /* 0: of the file as a whole */
    } wrong[] = {
        {"", 0},
        {"log {L}\n", 0}, /* no quorum */
        {"# quorum none\n", 0},
        {"quorum none", 0}, /* the line does not end */
        {"quorum none\n#", 0},
        {"quorum none\nquorum none\n", 2},
        {"quorum\n", 1},
        {"quorum none none\n", 1},
        {"quorum none # why\n", 1}, /* comments have lines of their own */
        {"quorum a\nwitness a {0}\n", 1},
        {"quorum nobody\n", 1},
        {"quorum None\n", 1},
        {"Quorum none\n", 1},
        {"quorums none\n", 1},
        {"log\nquorum none\n", 1},
        {"log {L} url more\nquorum none\n", 1},
        {"log words\nquorum none\n", 1},
        {"log {0}\nquorum none\n", 1}, /* a witness's key */
        {"log {L}\nlog {L}\nquorum none\n", 2},
        {"log {L} a\n\nlog {O}\nlog {L} b\nquorum none\n", 4},
        {"witness\nquorum none\n", 1},
        {"witness a\nquorum none\n", 1},
        {"witness {0}\nquorum none\n", 1},
        {"witness a {0} url more\nquorum none\n", 1},
        {"witness a words\nquorum none\n", 1},
        {"witness a {L}\nquorum none\n", 1}, /* a log's key */
        {"witness none {0}\nquorum none\n", 1},
        {"witness a {0}\nwitness a {1}\nquorum none\n", 2},
        {"witness a {0}\nwitness b {0}\nquorum none\n", 2},
        {"group\nquorum none\n", 1},
        {"group g\nquorum none\n", 1},
        {"group g any\nquorum none\n", 1},
        {"group g 0\nquorum none\n", 1},
        {"group none any a\nquorum none\n", 1},
        {"group g any a\nquorum none\n", 1}, /* not defined */
        {"group g any a\nwitness a {0}\nquorum none\n", 1},
        {"group g any g\nquorum none\n", 1},
        {"group g any none\nquorum none\n", 1},
        {"witness a {0}\ngroup a any a\nquorum none\n", 2},
        {"witness a {0}\ngroup g any a\ngroup g any a\nquorum none\n", 3},
        {"witness a {0}\ngroup g any a\nwitness g {1}\nquorum none\n", 3},
        {"witness a {0}\ngroup g any a a\nquorum none\n", 2},
        {"witness a {0}\ngroup g any a\ngroup h any a\nquorum none\n", 3}, /* in two groups */
        {"witness a {0}\ngroup g any a\ngroup h all g a\nquorum none\n", 3},
        {"witness a {0}\ngroup g any a\ngroup h any g\ngroup i any g\nquorum none\n", 4},
        {"witness a {0}\ngroup g 0 a\nquorum none\n", 2},
        {"witness a {0}\ngroup g 2 a\nquorum none\n", 2},
        {"witness a {0}\ngroup g -1 a\nquorum none\n", 2},
        {"witness a {0}\ngroup g +1 a\nquorum none\n", 2},
        {"witness a {0}\ngroup g 01 a\nquorum none\n", 2},
        {"witness a {0}\ngroup g 0x1 a\nquorum none\n", 2},
        {"witness a {0}\ngroup g 18446744073709551617 a\nquorum none\n", 2},
        {"witness a {0}\ngroup g ALL a\nquorum none\n", 2},
        {"witness a {0}\ngroup g some a\nquorum none\n", 2},
        {"witness a {0}\ngroup g a\nquorum none\n", 2},
        {"quorum none\r\n", 1},
        {"# comment\r\nquorum none\n", 1},
        {"# \x0b\nquorum none\n", 1},
        {"# \x7f\nquorum none\n", 1},
        {"quorum none\n\x01\n", 2},
        {"\xef\xbb\xbfquorum none\n", 1}, /* a byte order mark */
        {"quorum\xc2\xa0none\n", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};
        char where[32] = "policy: ";

        if (wrong[i].line)
            (void)snprintf(where, sizeof where, "policy, line %d: ", wrong[i].line);
        if (parse(wrong[i].words, &error) != ERR_INVALID || strncmp(error.text, where, strlen(where)) != 0 ||
            !text_is_clean_utf8(text_of(error.text)))
            fail_msg("%s: %s", wrong[i].words, error.text);
        assert_int_equal(parse(wrong[i].words, NULL), ERR_INVALID);
    }
    assert_int_equal(policy_parse((struct text){"quorum none\n\0\n", 14}, &policy, NULL), ERR_INVALID);
    assert_int_equal(policy_parse(text_of(NULL), &policy, NULL), ERR_INVALID);
}

static size_t put_many(size_t logs, size_t members)
{
    size_t used = 0;
    struct test_key key;
    char name[32];

    for (size_t i = 0; i < logs; i++) {
        (void)snprintf(name, sizeof name, "log.example/%zu", i);
        test_key_init(&key, NOTE_ED25519, name, (uint8_t)(i + 20));
        used += (size_t)snprintf(file + used, sizeof file - used, "log %s\n", key.words);
    }
    for (size_t i = 0; i < members; i++) {
        (void)snprintf(name, sizeof name, "w.example/%zu", i);
        test_key_init(&key, NOTE_COSIGNATURE_V1, name, (uint8_t)(i + 20));
        used += (size_t)snprintf(file + used, sizeof file - used, "witness w%zu %s\n", i, key.words);
    }
    return used + (size_t)snprintf(file + used, sizeof file - used, "quorum none\n");
}

static void the_bounds_are_said_when_they_are_passed(void **state)
{
    static char huge[POLICY_BYTES_MAX + 1];

    (void)state;
    assert_int_equal(policy_parse((struct text){file, put_many(64, 128)}, &policy, NULL), 0);
    assert_int_equal(policy.log_count, 64);
    assert_int_equal(policy.member_count, 128);
    assert_int_equal(policy_parse((struct text){file, put_many(65, 0)}, &policy, NULL), ERR_TOO_LARGE);
    assert_int_equal(policy_parse((struct text){file, put_many(0, 129)}, &policy, NULL), ERR_TOO_LARGE);
    memset(huge, '\n', sizeof huge);
    memcpy(huge, "quorum none\n", 12);
    assert_int_equal(policy_parse((struct text){huge, sizeof huge}, &policy, NULL), ERR_TOO_LARGE);
    assert_int_equal(policy_parse((struct text){huge, sizeof huge - 1}, &policy, NULL), 0);
}

/* ---- quorum */

static void a_quorum_is_met_by_exactly_the_sets_that_it_names(void **state)
{
    (void)state;
    assert_int_equal(parse(EXAMPLE, NULL), 0);
    for (unsigned set = 0; set < 1U << WITNESSES; set++) {
        bool cosigned[POLICY_MEMBERS_MAX] = {false};
        bool wanted = __builtin_popcount(set & 7) >= 2 && (set & 070) != 0;

        for (unsigned i = 0; i < WITNESSES; i++)
            cosigned[i] = set >> i & 1;
        cosigned[6] = cosigned[7] = cosigned[8] = true; /* of groups, nobody is asked */
        assert_true(policy_quorum(&policy, cosigned) == wanted);
    }
}

static bool met(const char *words, unsigned set)
{
    bool cosigned[POLICY_MEMBERS_MAX] = {false};

    assert_int_equal(parse(words, NULL), 0);
    for (unsigned i = 0; i < WITNESSES; i++)
        cosigned[i] = set >> i & 1;
    return policy_quorum(&policy, cosigned);
}

static void a_quorum_may_be_one_witness_or_none(void **state)
{
    (void)state;
    assert_true(met(SIX "quorum none\n", 0));
    assert_true(met(SIX "quorum X2\n", 2));
    assert_false(met(SIX "quorum X2\n", 075));
    assert_true(met(SIX "group all-of-them all X1 X2 X3 Y1 Y2 Y3\nquorum all-of-them\n", 077));
    assert_false(met(SIX "group all-of-them all X1 X2 X3 Y1 Y2 Y3\nquorum all-of-them\n", 076));
    assert_true(met(SIX "group g all X1\ngroup h any g X2\nquorum h\n", 1));
    assert_false(met(SIX "group g all X1 X2\nquorum g\ngroup h any X3\n", 4)); /* another group's witness */
}

/* ---- judging */

static void put_head(const char *origin, uint64_t size, const struct test_key *signer)
{
    const struct checkpoint checkpoint = {.origin = text_of(origin), .size = size, .root = sha256("root", 4)};

    buffer_clear(&note);
    checkpoint_put_signed(&checkpoint, &signer->signer, &note);
}

static struct text signed_text(void)
{
    struct text text, rest;

    assert_int_equal(note_split(buffer_text(&note), &text, &rest), 0);
    return text;
}

/* Witness `at` adds its line over the text as it stands. */
static void cosign(int at, uint64_t time_s)
{
    char text[1024];

    assert_true(text_copy(text, sizeof text, signed_text()));
    assert_int_equal(cosignature_put(text_of(text), time_s, &witnesses[at].signer, &note), 0);
}

static int judge(struct policy_verdict *verdict)
{
    struct error error = {0};
    int code = policy_judge(&policy, buffer_text(&note), verdict, &error);

    assert_true((code == 0) == (error.text[0] == '\0'));
    return code;
}

static void a_checkpoint_with_a_quorum_is_good_and_says_who_signed(void **state)
{
    struct policy_verdict verdict;

    (void)state;
    assert_int_equal(parse("log {O}\n" EXAMPLE, NULL), 0);
    put_head(ORIGIN, 5, &log_key);
    assert_int_equal(judge(&verdict), ERR_DENIED);
    cosign(0, 100);
    cosign(4, 101);
    assert_int_equal(judge(&verdict), ERR_DENIED);
    cosign(2, 102);
    assert_int_equal(judge(&verdict), 0);
    assert_int_equal(verdict.log, 1);
    assert_int_equal(verdict.checkpoint.size, 5);
    assert_true(verdict.cosigned[0] && !verdict.cosigned[1] && verdict.cosigned[2] && verdict.cosigned[4]);
    assert_int_equal(verdict.time_s[2], 102);
    cosign(2, 90);
    cosign(4, 190);
    assert_int_equal(judge(&verdict), 0);
    assert_int_equal(verdict.time_s[2], 102);
    assert_int_equal(verdict.time_s[4], 190);
}

static void one_witness_many_times_counts_once(void **state)
{
    struct policy_verdict verdict;

    (void)state;
    assert_int_equal(parse("log {L}\n" SIX "group g 2 X1 X2 X3\nquorum g\n", NULL), 0);
    put_head(ORIGIN, 5, &log_key);
    cosign(0, 100);
    cosign(0, 101);
    assert_int_equal(judge(&verdict), ERR_DENIED);
    cosign(3, 101); /* known, and not of the group */
    assert_int_equal(judge(&verdict), ERR_DENIED);
    cosign(1, 100);
    assert_int_equal(judge(&verdict), 0);
}

static void a_checkpoint_of_no_known_log_is_not_found(void **state)
{
    struct policy_verdict verdict;

    (void)state;
    assert_int_equal(parse("log {L}\nlog {O}\nquorum none\n", NULL), 0);
    put_head(ORIGIN, 5, &other_log); /* a known log, under another's origin */
    assert_int_equal(judge(&verdict), ERR_NOT_FOUND);
    put_head("third.example", 5, &log_key);
    assert_int_equal(judge(&verdict), ERR_NOT_FOUND);
    put_head(ORIGIN, 5, &witnesses[0]);
    assert_int_equal(judge(&verdict), ERR_NOT_FOUND);
    put_head(ORIGIN, 5, &log_key);
    assert_int_equal(judge(&verdict), 0);
    assert_int_equal(parse("quorum none\n", NULL), 0);
    assert_int_equal(judge(&verdict), ERR_NOT_FOUND);
}

static void cosignatures_do_not_replace_the_logs_signature(void **state)
{
    struct policy_verdict verdict;
    struct test_key as_witness;

    (void)state;
    assert_int_equal(parse("log {L}\n" SIX "quorum X1\n", NULL), 0);
    test_key_init(&as_witness, NOTE_COSIGNATURE_V1, ORIGIN, 1);
    put_head(ORIGIN, 5, &other_log);
    assert_int_equal(cosignature_put(TEXT("x\n"), 5, &as_witness.signer, &note), 0);
    cosign(0, 100);
    assert_int_equal(judge(&verdict), ERR_NOT_FOUND);
}

static void a_known_key_whose_signature_is_wrong_spoils_the_note(void **state)
{
    struct policy_verdict verdict;

    (void)state;
    assert_int_equal(parse("log {L}\n" SIX "quorum X1\n", NULL), 0);
    put_head(ORIGIN, 5, &log_key);
    cosign(0, 100);
    assert_int_equal(judge(&verdict), 0);
    assert_int_equal(cosignature_put(TEXT("another text\n"), 5, &witnesses[5].signer, &note), 0);
    assert_int_equal(judge(&verdict), ERR_SIGNATURE);
    put_head(ORIGIN, 5, &log_key);
    cosign(0, 100);
    uint8_t wrong[64] = {1};
    note_signature_put(&note, TEXT(ORIGIN), log_key.signer.key_hash, wrong, sizeof wrong); /* behind a good one */
    assert_int_equal(judge(&verdict), ERR_SIGNATURE);
}

static void unknown_signers_are_passed_over(void **state)
{
    struct policy_verdict verdict;

    (void)state;
    assert_int_equal(parse("log {L}\nwitness a {0}\nquorum a\n", NULL), 0);
    put_head(ORIGIN, 5, &log_key);
    cosign(1, 100);
    assert_int_equal(judge(&verdict), ERR_DENIED);
    assert_int_equal(cosignature_put(TEXT("another text\n"), 5, &witnesses[2].signer, &note), 0);
    cosign(0, 100);
    assert_int_equal(judge(&verdict), 0);
}

static void what_is_no_signed_checkpoint_is_invalid(void **state)
{
    struct policy_verdict verdict;

    (void)state;
    assert_int_equal(parse("log {L}\nquorum none\n", NULL), 0);
    buffer_clear(&note);
    assert_int_equal(judge(&verdict), ERR_INVALID);
    put_head(ORIGIN, 0, &log_key); /* an empty tree with a root */
    assert_int_equal(judge(&verdict), ERR_INVALID);
    buffer_clear(&note);
    buffer_put_text(&note, TEXT(ORIGIN "\n5\n"));
    note_sign(&note, 0, &log_key.signer);
    assert_int_equal(judge(&verdict), ERR_INVALID);
}

static void a_good_checkpoint_with_any_bit_changed_is_not_good(void **state)
{
    struct policy_verdict verdict;

    (void)state;
    assert_int_equal(parse("log {L}\nwitness a {0}\nquorum a\n", NULL), 0);
    put_head(ORIGIN, 5, &log_key);
    cosign(0, 100);
    for (size_t at = 0; at < note.len; at++)
        for (int bit = 0; bit < 8; bit++) {
            note.data[at] ^= (uint8_t)(1 << bit);
            if (judge(&verdict) == 0)
                fail_msg("byte %zu, bit %d", at, bit);
            note.data[at] ^= (uint8_t)(1 << bit);
        }
    assert_int_equal(judge(&verdict), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_is_read_line_by_line),
        cmocka_unit_test(blanks_comments_urls_and_foreign_letters_are_allowed),
        cmocka_unit_test(every_other_line_is_refused_with_its_number),
        cmocka_unit_test(the_bounds_are_said_when_they_are_passed),
        cmocka_unit_test(a_quorum_is_met_by_exactly_the_sets_that_it_names),
        cmocka_unit_test(a_quorum_may_be_one_witness_or_none),
        cmocka_unit_test(a_checkpoint_with_a_quorum_is_good_and_says_who_signed),
        cmocka_unit_test(one_witness_many_times_counts_once),
        cmocka_unit_test(a_checkpoint_of_no_known_log_is_not_found),
        cmocka_unit_test(cosignatures_do_not_replace_the_logs_signature),
        cmocka_unit_test(a_known_key_whose_signature_is_wrong_spoils_the_note),
        cmocka_unit_test(unknown_signers_are_passed_over),
        cmocka_unit_test(what_is_no_signed_checkpoint_is_invalid),
        cmocka_unit_test(a_good_checkpoint_with_any_bit_changed_is_not_good),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
