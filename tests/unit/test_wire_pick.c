/* test_wire_pick.c - single events out of a body: those that were asked for, as they were, or an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/wire.h"

/* Fields as in custody.v1.Report: epoch 3 and seq 4 as varints, a fix (10), three events (12), a sighting (13), unknown field 15. */
#define HEADER "\x10\x03\x18\x04"
#define FIX "\x52\x01z"
#define EVENT_0                                                                                                        \
    "\x62\x01"                                                                                                         \
    "a"
#define EVENT_1                                                                                                        \
    "\x62\x02"                                                                                                         \
    "bb"
#define EVENT_2 "\x62\x00"
#define SIGHTING "\x6a\x01s"
#define UNKNOWN "\x7a\x01u"
#define BODY HEADER FIX EVENT_0 EVENT_1 SIGHTING EVENT_2 UNKNOWN
#define PICK(...)                                                                                                      \
    pick(TEXT(BODY), (const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

static struct buffer out;

static int start(void **state)
{
    (void)state;
    buffer_init(&out, 1024);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&out);
    return 0;
}

static int pick(struct text body, const uint16_t *ordinals, size_t count)
{
    buffer_clear(&out);
    return wire_report_pick(body, ordinals, count, &out);
}

#define assert_out(literal) assert_true(text_equal(buffer_text(&out), TEXT(literal)))

static void the_header_and_the_events_that_were_asked_for_are_copied_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(PICK(0), 0);
    assert_out(HEADER EVENT_0 UNKNOWN);
    assert_int_equal(PICK(1), 0);
    assert_out(HEADER EVENT_1 UNKNOWN);
    assert_int_equal(PICK(0, 2), 0);
    assert_out(HEADER EVENT_0 EVENT_2 UNKNOWN);
    assert_int_equal(PICK(0, 1, 2), 0);
    assert_out(HEADER EVENT_0 EVENT_1 EVENT_2 UNKNOWN);
    assert_int_equal(pick(TEXT(BODY), NULL, 0), 0);
    assert_out(HEADER UNKNOWN);
}

static void an_event_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(PICK(3), ERR_INVALID);
    assert_int_equal(PICK(0, 65535), ERR_INVALID);
    assert_int_equal(pick(TEXT(""), (const uint16_t[]){0}, 1), ERR_INVALID);
}

static void bytes_that_are_no_protobuf_are_an_error(void **state)
{
    static const char body[] = BODY;

    (void)state;
    assert_int_equal(pick(TEXT("\x62\x05"
                               "ab"),
                          (const uint16_t[]){0}, 1),
                     ERR_INVALID); /* cut off */
    assert_int_equal(pick(TEXT(EVENT_0 "\x07"), (const uint16_t[]){0}, 1), ERR_INVALID);
    for (size_t len = 0; len < sizeof body - 1; len++) /* no prefix holds all three events and its end */
        if (pick((struct text){body, len}, (const uint16_t[]){0, 1, 2}, 3) == 0)
            assert_true(len == sizeof body - 1 - strlen(UNKNOWN));
}

static void a_full_buffer_is_told(void **state)
{
    (void)state;
    buffer_fini(&out);
    buffer_init(&out, 8);
    assert_int_equal(PICK(0, 1), ERR_NO_MEMORY);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(the_header_and_the_events_that_were_asked_for_are_copied_and_nothing_else),
        TEST_(an_event_that_is_not_there_is_an_error),
        TEST_(bytes_that_are_no_protobuf_are_an_error),
        TEST_(a_full_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
