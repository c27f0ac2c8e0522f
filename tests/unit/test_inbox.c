/* test_inbox.c - messages that the pool read, kept in their order and apart from what they were read from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "io/inbox.h"

static void put(struct inbox *inbox, const char *topic, const char *payload, bool is_held)
{
    struct mqtt_message message = {text_of(topic), text_of(payload)};

    inbox_put(inbox, &message, is_held);
}

static void messages_stay_in_order_and_are_copies(void **state)
{
    struct inbox inbox;
    char words[16];
    size_t n = 0;

    (void)state;
    inbox_init(&inbox);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(words, sizeof words, "payload %d", i);
        put(&inbox, "a/topic", words, i % 2);
    }
    assert_int_equal(inbox.count, 1000);
    assert_int_equal(inbox.bytes, 1000 * 7 + 10 * 9 + 90 * 10 + 900 * 11);
    assert_int_equal(inbox.held, 500);
    assert_null(inbox.failure);
    for (const struct inbox_message *entry = inbox.first; entry; entry = entry->next, n++) {
        (void)snprintf(words, sizeof words, "payload %zu", n);
        assert_true(text_equal(entry->message.payload, text_of(words)));
        assert_true(text_equal(entry->message.topic, TEXT("a/topic")));
    }
    assert_int_equal(n, 1000);
    inbox_fini(&inbox);
}

static void an_empty_payload_is_a_message(void **state)
{
    struct inbox inbox;

    (void)state;
    inbox_init(&inbox);
    inbox_put(&inbox, &(struct mqtt_message){TEXT("t"), {NULL, 0}}, true);
    assert_int_equal(inbox.count, 1);
    assert_int_equal(inbox.first->message.payload.len, 0);
    inbox_fini(&inbox);
}

static void nothing_of_one_turn_is_left_in_the_next(void **state)
{
    struct inbox inbox;

    (void)state;
    inbox_init(&inbox);
    put(&inbox, "t", "first", true);
    inbox.published = 3;
    inbox.subscribed = inbox.refused = inbox.drained = true;
    inbox.failure = "gone";
    inbox_clear(&inbox);
    assert_null(inbox.first);
    assert_null(inbox.failure);
    assert_int_equal(inbox.count + inbox.bytes + inbox.held + inbox.published, 0);
    assert_false(inbox.subscribed || inbox.refused || inbox.drained);
    put(&inbox, "t", "second", true);
    assert_true(text_equal(inbox.first->message.payload, TEXT("second")));
    assert_null(inbox.first->next);
    inbox_fini(&inbox);
}

static void a_message_without_memory_loses_the_connection_and_not_the_messages_before_it(void **state)
{
    struct inbox inbox;

    (void)state;
    inbox_init(&inbox);
    inbox.arena.cap_bytes = 4096;
    put(&inbox, "t", "fits", true);
    inbox_put(&inbox, &(struct mqtt_message){TEXT("t"), {(char[8192]){0}, 8192}}, true);
    assert_non_null(inbox.failure);
    assert_int_equal(inbox.count, 1);
    assert_int_equal(inbox.held, 1);
    inbox_fini(&inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_stay_in_order_and_are_copies),
        cmocka_unit_test(an_empty_payload_is_a_message),
        cmocka_unit_test(nothing_of_one_turn_is_left_in_the_next),
        cmocka_unit_test(a_message_without_memory_loses_the_connection_and_not_the_messages_before_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
