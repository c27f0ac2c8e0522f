/* test_key_event.c - announcements of keys, and the chain that they make: who signs now, who did, who never may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger/key_event.h"
#include "unit/ledger_keys.h"

#define ORIGIN "test.example/custody"

static struct test_key first, second, third, ack, second_ack, foreign, witness;
static struct buffer out;

static int start(void **state)
{
    (void)state;
    test_key_init(&first, NOTE_ED25519, ORIGIN, 1);
    test_key_init(&second, NOTE_ED25519, ORIGIN, 2);
    test_key_init(&third, NOTE_ED25519, ORIGIN, 3);
    test_key_init(&ack, NOTE_ED25519, ORIGIN "/ack", 4);
    test_key_init(&second_ack, NOTE_ED25519, ORIGIN "/ack", 5);
    test_key_init(&foreign, NOTE_ED25519, "other.example/log", 6);
    test_key_init(&witness, NOTE_COSIGNATURE_V1, ORIGIN, 7);
    buffer_init(&out, KEY_EVENT_BYTES_MAX);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&out);
    return 0;
}

/* The note by which `signer` announces `key` in the log of that name. */
static struct text announce_in(const char *origin, const struct test_key *key, const struct test_key *signer)
{
    struct key_event event = {.origin = text_of(origin)};

    assert_int_equal(verifier_key_parse(text_of(key->words), &event.key, NULL), 0);
    buffer_clear(&out);
    key_event_put_signed(&event, &signer->signer, &out);
    assert_false(out.failed);
    return buffer_text(&out);
}

static struct text announce(const struct test_key *key, const struct test_key *signer)
{
    return announce_in(ORIGIN, key, signer);
}

static struct key_chain chain_about(const struct test_key *key, const struct test_key *ack_key)
{
    struct key_chain chain;

    key_chain_init(&chain, TEXT(ORIGIN), key->public_key, ack_key ? ack_key->public_key : NULL);
    return chain;
}

static void an_announcement_is_three_lines_and_a_signature(void **state)
{
    char wanted[400];
    struct text note = announce(&second, &first), text;

    (void)state;
    (void)snprintf(wanted, sizeof wanted, "custody-key/v1\n" ORIGIN "\n%s\n", second.words);
    assert_int_equal(note_verify(note, TEXT(ORIGIN), first.public_key, &text), 0);
    assert_true(text_equal(text, text_of(wanted)));
}

static void an_announcement_is_read_as_it_was_written(void **state)
{
    struct text note = announce(&second, &first), text, signatures;
    struct key_event event;

    (void)state;
    assert_int_equal(note_split(note, &text, &signatures), 0);
    assert_int_equal(key_event_parse(text, &event, NULL), 0);
    assert_true(text_equal(event.origin, TEXT(ORIGIN)));
    assert_memory_equal(event.key.public_key, second.public_key, NOTE_PUBLIC_KEY_BYTES);
}

static void every_other_text_is_refused(void **state)
{
    static const char *const formats[] = {
        "",
        "custody-key/v1",
        "custody-key/v1\n",
        "custody-key/v2\n" ORIGIN "\n%s\n",
        "custody-key/v1\n\n%s\n",
        "custody-key/v1\na b\n%s\n",
        "custody-key/v1\n" ORIGIN "\n",
        "custody-key/v1\n" ORIGIN "\n%s",
        "custody-key/v1\n" ORIGIN "\n%s\n\n",
        "custody-key/v1\n" ORIGIN "\n%s\nmore\n",
        "custody-key/v1\n" ORIGIN "\nx%s\n",
        "custody-key/v1\n" ORIGIN "\n\n",
        " custody-key/v1\n" ORIGIN "\n%s\n",
    };
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct key_event event;
        struct error error = {0};
        const char *key = strstr(formats[i], "%s");

        (void)snprintf(text, sizeof text, "%.*s%s%s", key ? (int)(key - formats[i]) : (int)strlen(formats[i]),
                       formats[i], key ? first.words : "", key ? key + 2 : "");
        assert_int_equal(key_event_parse(text_of(text), &event, &error), ERR_INVALID);
        assert_true(error.text[0]);
    }
}

static void before_the_first_announcement_no_key_is_a_stranger(void **state)
{
    struct key_chain chain = chain_about(&first, &ack);

    (void)state;
    assert_int_equal(chain.standing, KEY_NONE_YET);
    assert_false(chain.ack_announced);
}

static void the_first_key_announces_itself(void **state)
{
    struct key_chain chain = chain_about(&first, NULL), others = chain_about(&second, NULL);

    (void)state;
    assert_true(key_chain_add(&chain, announce(&first, &first)));
    assert_int_equal(chain.standing, KEY_CURRENT);
    assert_true(key_chain_add(&others, announce(&first, &first)));
    assert_int_equal(others.standing, KEY_STRANGER);
}

static void nobody_else_announces_the_first_key(void **state)
{
    struct key_chain chain = chain_about(&first, NULL);

    (void)state;
    assert_false(key_chain_add(&chain, announce(&first, &second)));
    assert_int_equal(chain.standing, KEY_NONE_YET);
}

static void a_key_hands_over_to_the_next(void **state)
{
    struct key_chain old = chain_about(&first, NULL), new = chain_about(&third, NULL),
                     between = chain_about(&second, NULL);
    struct key_chain *const chains[] = {&old, &new, &between};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(key_chain_add(chains[i], announce(&first, &first)));
        assert_true(key_chain_add(chains[i], announce(&second, &first)));
        assert_true(key_chain_add(chains[i], announce(&third, &second)));
    }
    assert_int_equal(old.standing, KEY_REPLACED);
    assert_int_equal(between.standing, KEY_REPLACED);
    assert_int_equal(new.standing, KEY_CURRENT);
}

static void a_key_that_was_replaced_hands_over_nothing(void **state)
{
    struct key_chain chain = chain_about(&third, NULL);

    (void)state;
    assert_true(key_chain_add(&chain, announce(&first, &first)));
    assert_true(key_chain_add(&chain, announce(&second, &first)));
    assert_false(key_chain_add(&chain, announce(&third, &first)));
    assert_int_equal(chain.standing, KEY_STRANGER);
}

static void a_key_does_not_announce_itself_into_a_chain(void **state)
{
    struct key_chain chain = chain_about(&second, NULL);

    (void)state;
    assert_true(key_chain_add(&chain, announce(&first, &first)));
    assert_false(key_chain_add(&chain, announce(&second, &second)));
    assert_int_equal(chain.standing, KEY_STRANGER);
}

static void the_checkpoint_key_announces_keys_of_acknowledgements(void **state)
{
    struct key_chain chain = chain_about(&second, &second_ack);

    (void)state;
    assert_false(key_chain_add(&chain, announce(&second_ack, &first))); /* nobody signs yet */
    assert_true(key_chain_add(&chain, announce(&first, &first)));
    assert_true(key_chain_add(&chain, announce(&ack, &first)));
    assert_false(chain.ack_announced);
    assert_false(key_chain_add(&chain, announce(&second_ack, &ack)));
    assert_false(key_chain_add(&chain, announce(&second_ack, &second_ack)));
    assert_true(key_chain_add(&chain, announce(&second, &first)));
    assert_false(key_chain_add(&chain, announce(&second_ack, &first)));
    assert_false(chain.ack_announced);
    assert_true(key_chain_add(&chain, announce(&second_ack, &second)));
    assert_true(chain.ack_announced);
    assert_int_equal(chain.standing, KEY_CURRENT);
}

static void a_key_of_acknowledgements_never_signs_checkpoints(void **state)
{
    struct key_chain chain = chain_about(&ack, NULL);

    (void)state;
    assert_true(key_chain_add(&chain, announce(&first, &first)));
    assert_true(key_chain_add(&chain, announce(&ack, &first)));
    assert_int_equal(chain.standing, KEY_STRANGER);
}

static void what_is_about_another_log_counts_for_nothing(void **state)
{
    struct key_chain chain = chain_about(&first, NULL);

    (void)state;
    assert_false(key_chain_add(&chain, announce_in("other.example/log", &foreign, &foreign)));
    assert_false(key_chain_add(&chain, announce(&foreign, &foreign)));
    assert_false(key_chain_add(&chain, announce_in("other.example/log", &first, &first)));
    assert_false(key_chain_add(&chain, announce(&witness, &first)));
    assert_int_equal(chain.standing, KEY_NONE_YET);
    assert_true(key_chain_add(&chain, announce(&first, &first)));
    assert_false(key_chain_add(&chain, announce(&foreign, &first)));
    assert_int_equal(chain.standing, KEY_CURRENT);
}

static void a_note_with_any_bit_flipped_counts_for_nothing(void **state)
{
    struct text note = announce(&second, &first);

    (void)state;
    for (size_t bit = 0; bit < 8 * note.len; bit++) {
        struct key_chain chain = chain_about(&second, NULL);
        char first_note[KEY_EVENT_BYTES_MAX], altered[KEY_EVENT_BYTES_MAX];

        memcpy(altered, note.data, note.len);
        altered[bit / 8] = (char)(altered[bit / 8] ^ (1 << bit % 8));
        memcpy(first_note, note.data, note.len);
        chain.standing = KEY_STRANGER;
        memcpy(chain.current, first.public_key, NOTE_PUBLIC_KEY_BYTES);
        assert_false(key_chain_add(&chain, (struct text){altered, note.len}));
        assert_true(key_chain_add(&chain, (struct text){first_note, note.len}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_announcement_is_three_lines_and_a_signature),
        cmocka_unit_test(an_announcement_is_read_as_it_was_written),
        cmocka_unit_test(every_other_text_is_refused),
        cmocka_unit_test(before_the_first_announcement_no_key_is_a_stranger),
        cmocka_unit_test(the_first_key_announces_itself),
        cmocka_unit_test(nobody_else_announces_the_first_key),
        cmocka_unit_test(a_key_hands_over_to_the_next),
        cmocka_unit_test(a_key_that_was_replaced_hands_over_nothing),
        cmocka_unit_test(a_key_does_not_announce_itself_into_a_chain),
        cmocka_unit_test(the_checkpoint_key_announces_keys_of_acknowledgements),
        cmocka_unit_test(a_key_of_acknowledgements_never_signs_checkpoints),
        cmocka_unit_test(what_is_about_another_log_counts_for_nothing),
        cmocka_unit_test(a_note_with_any_bit_flipped_counts_for_nothing),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
