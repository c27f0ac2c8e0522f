/* test_fleet_fleet.c - the ordinary day without a network: what the parties' devices hold after some simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fleet/fleet.h"

static const int64_t wall_us = INT64_C(1763000000) * US_PER_S;

struct day {
    struct roster roster;
    struct run_options run_options;
    struct run run;
    struct fleet_options options;
    struct fleet fleet;
};

/* Plays `seconds` of wall time in steps of 100 ms. */
static struct day *play(struct fleet_options options, int seconds)
{
    struct day *day = calloc(1, sizeof *day);
    const struct roster_options roster = {.seed = 11, .area = "350504", .vehicles = 3};
    struct error error;
    assert_non_null(day);
    assert_int_equal(0, roster_init(&day->roster, &roster, &error));
    day->run_options = (struct run_options){
        .broker = "unix:/nowhere", .epoch = 1, .ack_timeout_ms = 1000, .window = 10, .ring_max = 100000, .tick_ms = 20};
    assert_int_equal(0, run_init(&day->run, &day->run_options, &day->roster, 0, day->roster.source_count, &error));
    day->options = options;
    assert_int_equal(0, fleet_init(&day->fleet, &day->options, &day->run, wall_us, seconds));
    for (int tick = 0; tick <= seconds * 10; tick++)
        fleet_tick(&day->fleet, wall_us + tick * (US_PER_S / 10));
    return day;
}

static void end(struct day *day)
{
    fleet_fini(&day->fleet);
    run_fini(&day->run);
    roster_fini(&day->roster);
    free(day);
}

/* Calls `look` with every report that any device holds. */
static void for_each_report(struct day *day, void (*look)(const struct report *report, void *context), void *context)
{
    struct arena arena;
    arena_init(&arena, 1 << 22);
    for (size_t i = 0; i < day->run.device_count; i++)
        for (uint64_t seq = 0; seq < day->run.devices[i].next_seq; seq++) {
            const struct ring_entry *entry = device_entry(&day->run.devices[i], seq);
            struct envelope envelope;
            struct report report;
            struct error error;
            arena_reset(&arena);
            assert_int_equal(REFUSAL_NONE, wire_envelope_split((struct text){(const char *)entry->bytes, entry->len},
                                                               &envelope, &error));
            if (wire_report_decode(envelope.body, clock_now_us(), &arena, &report, &error) != REFUSAL_NONE)
                fail_msg("%s: %s", day->run.devices[i].name, error.text);
            look(&report, context);
        }
    arena_fini(&arena);
}

struct count {
    size_t events_of[EVENT_TYPE_GRADED + 1], listings, weighings, fixes;
    int64_t latest_us;
};

static void count_report(const struct report *report, void *context)
{
    struct count *count = context;
    for (size_t i = 0; i < report->event_count; i++) {
        count->events_of[report->events[i].type]++;
        if (report->events[i].at_us > count->latest_us)
            count->latest_us = report->events[i].at_us;
    }
    for (size_t i = 0; i < report->fix_count; i++)
        if (report->fixes[i].at_us > count->latest_us)
            count->latest_us = report->fixes[i].at_us;
    for (size_t i = 0; i < report->reading_count; i++)
        count->weighings += report->readings[i].kind == READING_WEIGHBRIDGE;
    for (size_t i = 0; i < report->sighting_count; i++)
        count->listings += report->sightings[i].listing.present;
    count->fixes += report->fix_count;
}

static void days_of_work_are_said_and_the_contract_holds_for_every_report(void **state)
{
    (void)state;
    struct count count = {0};
    struct day *day = play((struct fleet_options){.speed = 36000}, 30); /* 12 days and a half */
    for_each_report(day, count_report, &count);
    assert_true(count.events_of[EVENT_TYPE_PICKED_UP] > 10);
    assert_true(count.events_of[EVENT_TYPE_INTAKE] > 10);
    assert_true(count.events_of[EVENT_TYPE_DESTROYED] > 0);
    assert_true(count.events_of[EVENT_TYPE_LOT_SOLD] > 0);
    assert_true(count.weighings > 10);
    assert_true(count.fixes > 1000);
    end(day);
}

static void nothing_is_said_before_it_happened(void **state)
{
    (void)state;
    struct count count = {0};
    struct day *day = play((struct fleet_options){.speed = 7200}, 10);
    for_each_report(day, count_report, &count);
    assert_in_range(count.latest_us, wall_us - 600 * US_PER_S, wall_us + 10 * US_PER_S);
    fleet_tick(&day->fleet, wall_us + 60 * US_PER_S); /* the simulated day has caught up with the real one */
    assert_int_equal(wall_us + 60 * US_PER_S, day->fleet.now_us);
    for_each_report(day, count_report, &count);
    assert_true(count.latest_us <= wall_us + 60 * US_PER_S);
    end(day);
}

static void a_truck_is_at_the_customers_when_the_driver_says_so(void **state)
{
    (void)state;
    struct day *day = play((struct fleet_options){.speed = 1}, 1);
    struct fleet *fleet = &day->fleet;
    for (int second = 1; fleet->jobs[0].state != JOB_LOADING; second++) {
        assert_true(second < 7200);
        fleet_tick(fleet, wall_us + second * US_PER_S);
    }
    assert_int_equal(fleet->jobs[0].pickup_node, fleet->trucks[0].node);
    assert_true(fleet->jobs[0].scenario->gate_open[GATE_TRUCK_AT_PICKUP]);
    assert_false(fleet->jobs[0].scenario->gate_open[GATE_TRUCK_AT_YARD]);
    end(day);
}

static void banned_things_are_listed_only_when_they_are_meant_to_be(void **state)
{
    (void)state;
    const struct fleet_options wanted[] = {
        {.speed = 36000}, {.speed = 36000, .reentry = 1}, {.speed = 36000, .reentry_before = 1}};
    struct count counts[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        struct day *day = play(wanted[i], 5);
        for_each_report(day, count_report, &counts[i]);
        end(day);
    }
    assert_true(counts[1].listings > counts[0].listings + 5);
    assert_true(counts[2].listings > counts[0].listings + 5);
}

static void the_same_seed_says_the_same(void **state)
{
    (void)state;
    struct day *one = play((struct fleet_options){.speed = 3600, .reentry = 0.5}, 5);
    struct day *two = play((struct fleet_options){.speed = 3600, .reentry = 0.5}, 5);
    struct count a = {0}, b = {0};
    for_each_report(one, count_report, &a);
    for_each_report(two, count_report, &b);
    assert_memory_equal(&a, &b, sizeof a);
    end(one);
    end(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_of_work_are_said_and_the_contract_holds_for_every_report),
        cmocka_unit_test(nothing_is_said_before_it_happened),
        cmocka_unit_test(a_truck_is_at_the_customers_when_the_driver_says_so),
        cmocka_unit_test(banned_things_are_listed_only_when_they_are_meant_to_be),
        cmocka_unit_test(the_same_seed_says_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
