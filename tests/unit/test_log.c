/* test_log.c - log lines on stderr: one line each, whatever is quoted in them, and not too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"

static FILE *caught;
static int real_stderr;

static int catch_stderr(void **state)
{
    (void)state;
    caught = tmpfile();
    real_stderr = dup(STDERR_FILENO);
    log_set_level(LOG_INFO);
    return caught && real_stderr >= 0 && dup2(fileno(caught), STDERR_FILENO) >= 0 ? 0 : -1;
}

static int release_stderr(void **state)
{
    (void)state;
    (void)dup2(real_stderr, STDERR_FILENO);
    (void)close(real_stderr);
    return fclose(caught);
}

/* What was written since the last call; returns the number of lines. */
static size_t lines(char *out, size_t size)
{
    static char everything[128 * 1024];
    size_t len, count = 0;

    assert_int_equal(fseek(caught, 0, SEEK_SET), 0);
    len = fread(everything, 1, sizeof everything - 1, caught);
    everything[len] = '\0';
    assert_int_equal(ftruncate(fileno(caught), 0), 0);
    assert_int_equal(lseek(fileno(caught), 0, SEEK_SET), 0);
    (void)snprintf(out, size, "%s", everything);
    for (const char *at = everything; (at = strchr(at, '\n')); at++)
        count++;
    assert_true(len == 0 || everything[len - 1] == '\n');
    return count;
}

static void a_line_has_time_level_event_and_its_pairs(void **state)
{
    char text[512];
    int64_t at_us;

    (void)state;
    log_info("ready", "lanes=%d broker=\"%s\"", 2, "a b");
    assert_int_equal(lines(text, sizeof text), 1);
    assert_memory_equal(text, "time=", 5);
    assert_int_equal(time_parse((struct text){text + 5, 27}, &at_us), 0);
    assert_string_equal(text + 32, " level=info event=ready lanes=2 broker=\"a b\"\n");
}

static void a_line_without_pairs_ends_after_its_event(void **state)
{
    char text[512];

    (void)state;
    log_error("drained", "%s", "");
    assert_int_equal(lines(text, sizeof text), 1);
    assert_string_equal(text + 32, " level=error event=drained\n");
}

static void what_is_below_the_level_is_not_written(void **state)
{
    static const struct {
        enum log_level level;
        size_t count;
    } cases[] = {{LOG_DEBUG, 4}, {LOG_INFO, 3}, {LOG_WARN, 2}, {LOG_ERROR, 1}};
    char text[2048];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        log_set_level(cases[i].level);
        log_debug("level_test_a", "n=1");
        log_info("level_test_b", "n=2");
        log_warn("level_test_c", "n=3");
        log_error("level_test_d", "n=4");
        assert_int_equal(lines(text, sizeof text), cases[i].count);
    }
}

static void only_the_words_of_the_levels_are_levels(void **state)
{
    static const char *const wrong[] = {"", "INFO", "information", "inf", "info ", "3"};
    enum log_level level = LOG_WARN;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(log_level_parse(wrong[i], &level), ERR_INVALID);
    assert_int_equal(level, LOG_WARN);
    assert_int_equal(log_level_parse("debug", &level), 0);
    assert_int_equal(level, LOG_DEBUG);
    assert_int_equal(log_level_parse("info", &level), 0);
    assert_int_equal(level, LOG_INFO);
    assert_int_equal(log_level_parse("warn", &level), 0);
    assert_int_equal(level, LOG_WARN);
    assert_int_equal(log_level_parse("error", &level), 0);
    assert_int_equal(level, LOG_ERROR);
}

static void no_quoted_bytes_can_begin_another_line_or_move_a_terminal(void **state)
{
    char text[512];

    (void)state;
    log_info("quoted_bytes", "topic=\"%s\"", "a\nevent=forged\r\x1b[2J\x7f\t");
    assert_int_equal(lines(text, sizeof text), 1);
    for (const char *at = text; at[1]; at++)
        assert_true((unsigned char)*at >= ' ' && *at != 0x7f);
    assert_null(strchr(text, '\x1b'));
}

static void bytes_that_are_no_text_are_written_as_question_marks(void **state)
{
    char text[512];

    (void)state;
    log_info("no_text", "topic=\"%s\"", "\xff闽\xe9\x97");
    assert_int_equal(lines(text, sizeof text), 1);
    assert_non_null(strstr(text, "topic=\"?闽??\""));
}

static void a_line_that_is_too_long_is_cut_and_stays_a_line(void **state)
{
    char text[8192], word[4096];

    (void)state;
    for (size_t i = 0; i + 3 < sizeof word; i += 3)
        memcpy(word + i, "闽", 3);
    word[sizeof word - 2] = '\0';
    log_info("long_line", "x=%s", word);
    log_info("long_line", ".x=%s", word); /* cut within a character */
    log_info("long_line", "..x=%s", word);
    assert_int_equal(lines(text, sizeof text), 3);
    assert_true(strlen(text) < 3 * 2048 + 1);
    assert_true(text_is_clean_utf8(text_of(text)));
}

static void wait_for_second_to_begin(void)
{
    while (clock_monotonic_ms() % 1000 > 300)
        (void)nanosleep(&(struct timespec){0, 20000000}, NULL);
}

static void repeats_beyond_the_budget_are_counted_and_said_once(void **state)
{
    char text[16384];

    (void)state;
    wait_for_second_to_begin();
    for (int i = 0; i < 50; i++)
        log_warn("storm", "i=%d", i);
    log_info("calm", "%s", ""); /* another event has its own budget */
    assert_int_equal(lines(text, sizeof text), 21);
    assert_non_null(strstr(text, "event=calm"));
    (void)nanosleep(&(struct timespec){1, 0}, NULL);
    log_warn("storm", "i=%d", 50);
    log_warn("storm", "i=%d", 51);
    assert_int_equal(lines(text, sizeof text), 3);
    assert_non_null(strstr(text, "level=warn event=repeats_suppressed of=storm count=30\n"));
    assert_non_null(strstr(text, "event=storm i=50\n"));
    assert_non_null(strstr(text, "event=storm i=51\n"));
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, catch_stderr, release_stderr)
    const struct CMUnitTest tests[] = {
        TEST_(a_line_has_time_level_event_and_its_pairs),
        TEST_(a_line_without_pairs_ends_after_its_event),
        TEST_(what_is_below_the_level_is_not_written),
        TEST_(only_the_words_of_the_levels_are_levels),
        TEST_(no_quoted_bytes_can_begin_another_line_or_move_a_terminal),
        TEST_(bytes_that_are_no_text_are_written_as_question_marks),
        TEST_(a_line_that_is_too_long_is_cut_and_stays_a_line),
        TEST_(repeats_beyond_the_budget_are_counted_and_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
