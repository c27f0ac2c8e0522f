/* test_fleet_story.c - the story without a network: told in order, only when acknowledged, every step with a query. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/clock.h"
#include "fleet/story.h"

enum { TICKS_MAX = 2000 };

struct stage {
    struct roster roster;
    struct run_options run_options;
    struct run run;
    struct story_options options;
    struct story story;
    char *told, *written;
    size_t told_len, written_len;
    uint64_t now_ms;
};

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    const struct roster_options roster = {.seed = 2, .area = "350504", .vehicles = 2};
    struct error error;
    assert_non_null(stage);
    assert_int_equal(0, roster_init(&stage->roster, &roster, &error));
    stage->run_options = (struct run_options){.broker = "unix:/nowhere",
                                              .epoch = 1,
                                              .clones = 1,
                                              .window = 10,
                                              .first_clone = stage->roster.truck_source,
                                              .ack_timeout_ms = 1000,
                                              .ring_max = 1000,
                                              .tick_ms = 20};
    assert_int_equal(0,
                     run_init(&stage->run, &stage->run_options, &stage->roster, 0, stage->roster.source_count, &error));
    stage->options = (struct story_options){.tell = open_memstream(&stage->told, &stage->told_len),
                                            .out = open_memstream(&stage->written, &stage->written_len),
                                            .pace_ms = 100,
                                            .patience_ms = 5000};
    story_init(&stage->story, &stage->options, &stage->run, clock_now_us());
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    story_fini(&stage->story);
    run_fini(&stage->run);
    roster_fini(&stage->roster);
    (void)fclose(stage->options.tell);
    (void)fclose(stage->options.out);
    free(stage->told);
    free(stage->written);
    free(stage);
    return 0;
}

static void acknowledge(struct device *device)
{
    uint64_t seq;
    while (device_take(device, 0, &seq))
        device_sent(device, seq, 1);
    device_forget_sent(device);
}

static void acknowledge_all(struct stage *stage)
{
    for (size_t i = 0; i < stage->run.device_count; i++)
        acknowledge(&stage->run.devices[i]);
    acknowledge(&stage->run.clones[0]);
}

static void tick(struct stage *stage)
{
    stage->now_ms += 20;
    story_tick(&stage->story, stage->now_ms);
}

static void play(struct stage *stage)
{
    for (int i = 0; i < TICKS_MAX && !story_is_over(&stage->story); i++) {
        tick(stage);
        acknowledge_all(stage);
    }
    assert_true(story_is_over(&stage->story));
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        lines++;
    return lines;
}

static void the_story_comes_to_its_end_when_everything_is_acknowledged(void **state)
{
    struct stage *stage = *state;
    play(stage);
    (void)fflush(stage->options.tell);
    assert_true(lines_of(stage->told) > 20);
    assert_null(strstr(stage->told, "not acknowledged"));
}

static void every_line_told_has_a_line_written_with_one_query(void **state)
{
    struct stage *stage = *state;
    play(stage);
    assert_int_equal(lines_of(stage->told), lines_of(stage->written));
    char *rest = stage->written;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && line[0] != '\0';) {
        json_t *step = json_loads(line, 0, NULL);
        assert_non_null(step);
        const char *sql = json_string_value(json_object_get(step, "sql"));
        assert_non_null(sql);
        assert_memory_equal("SELECT ", sql, 7);
        assert_null(strchr(sql, ';'));
        assert_non_null(json_string_value(json_object_get(step, "what")));
        assert_non_null(json_string_value(json_object_get(step, "identifier")));
        json_decref(step);
    }
}

static void nothing_is_told_before_it_is_acknowledged(void **state)
{
    struct stage *stage = *state;
    for (int i = 0; i < 100; i++)
        tick(stage);
    assert_int_equal(0, stage->told_len);
    assert_int_equal(1, run_pending(&stage->run));
    acknowledge_all(stage);
    tick(stage);
    assert_memory_equal("story listed-before ", stage->told, 20);
}

static void a_missing_acknowledgement_is_complained_of_once(void **state)
{
    struct stage *stage = *state;
    for (int i = 0; i < 1000; i++)
        tick(stage);
    assert_int_equal(1, lines_of(stage->told));
    assert_non_null(strstr(stage->told, "not acknowledged: source market-1, seq 0"));
}

static void steps_keep_their_pace(void **state)
{
    struct stage *stage = *state;
    tick(stage);
    acknowledge_all(stage);
    tick(stage);
    const size_t at = stage->story.at;
    tick(stage);
    assert_int_equal(0, run_pending(&stage->run));
    assert_int_equal(at, stage->story.at);
    stage->now_ms += 100;
    tick(stage);
    assert_int_equal(1, run_pending(&stage->run));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(the_story_comes_to_its_end_when_everything_is_acknowledged),
        T(every_line_told_has_a_line_written_with_one_query),
        T(nothing_is_told_before_it_is_acknowledged),
        T(a_missing_acknowledgement_is_complained_of_once),
        T(steps_keep_their_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
