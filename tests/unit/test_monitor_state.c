/* test_monitor_state.c - what a monitor remembers, written and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/ledger/monitor_state.h"

#define NODE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define NOTE(size) "example.org/log\n" size "\n" NODE "\n\n\u2014 example.org/log AAAAAAA=\n"

static struct monitor_state state;
static struct error error;

static int parse(const char *text)
{
    error = (struct error){0};
    int code = monitor_state_parse(text_of(text), &state, &error);
    assert_int_equal(code == 0, error.text[0] == '\0');
    return code;
}

static void assert_same_again(const char *text)
{
    struct buffer out;
    assert_int_equal(parse(text), 0);
    buffer_init(&out, MONITOR_STATE_BYTES_MAX);
    monitor_state_put(&state, &out);
    assert_true(text_equal(buffer_text(&out), text_of(text)));
    buffer_fini(&out);
}

static void the_beginning_is_an_empty_tree_and_no_note(void **unused)
{
    (void)unused;
    assert_same_again("custody-monitor/v1\nseen 1\nsize 0\n\n");
    assert_true(text_empty(state.note));
}

static void a_state_has_a_node_for_every_bit_of_its_size(void **unused)
{
    (void)unused;
    assert_same_again("custody-monitor/v1\nseen 1780000000000000\nsize 5\n" NODE "\n" NODE "\n\n" NOTE("5"));
    assert_int_equal(state.frontier.count, 2);
    assert_int_equal(state.signed_head.size, 5);
    assert_int_equal(parse("custody-monitor/v1\nseen 1\nsize 5\n" NODE "\n\n"), ERR_INVALID);
    assert_int_equal(parse("custody-monitor/v1\nseen 1\nsize 4\n" NODE "\n" NODE "\n\n"), ERR_INVALID);
}

static void a_signed_head_is_not_ahead_of_the_tree(void **unused)
{
    (void)unused;
    assert_int_equal(parse("custody-monitor/v1\nseen 1\nsize 4\n" NODE "\n\n" NOTE("4")), 0);
    assert_int_equal(parse("custody-monitor/v1\nseen 1\nsize 4\n" NODE "\n\n" NOTE("5")), ERR_INVALID);
    assert_non_null(strstr(error.text, "ahead"));
}

static void everything_else_is_refused(void **unused)
{
    static const char *const bad[] = {
        "",
        "custody-monitor/v2\nseen 1\nsize 0\n\n",
        "custody-monitor/v1\nseen -1\nsize 0\n\n",
        "custody-monitor/v1\nseen 01\nsize 0\n\n",
        "custody-monitor/v1\nseen 9223372036854775808\nsize 0\n\n",
        "custody-monitor/v1\nsize 0\n\n",
        "custody-monitor/v1\nseen 1\nsize x\n\n",
        "custody-monitor/v1\nseen 1\nsize 1\n" NODE,
        "custody-monitor/v1\nseen 1\nsize 1\n" NODE "\n",
        "custody-monitor/v1\nseen 1\nsize 1\nAAAA\n\n",
        "custody-monitor/v1\nseen 1\nsize 0\n",
        "custody-monitor/v1\nseen 1\nsize 0\n\n\n",
        "custody-monitor/v1\nseen 1\nsize 0\n\nsomething",
        "custody-monitor/v1\nseen 1\nsize 0\n\nexample.org/log\nnote\n\n\u2014 example.org/log AAAAAAA=\n",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(bad[i]) != ERR_INVALID)
            fail_msg("accepted: %s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_beginning_is_an_empty_tree_and_no_note),
        cmocka_unit_test(a_state_has_a_node_for_every_bit_of_its_size),
        cmocka_unit_test(a_signed_head_is_not_ahead_of_the_tree),
        cmocka_unit_test(everything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
