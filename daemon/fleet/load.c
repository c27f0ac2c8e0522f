/* load.c - makes envelopes at a rate, or as fast as the rings and the session take them. */
#include "fleet/load.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

enum { ARENA_BYTES = 1 << 20, MADE_A_TICK_MAX = 4096 };
/* Items of load runs and items of the fleet with the same seed have different numbers. */
static const uint64_t first_number = 1000000;

int load_init(struct load *load, const struct load_options *options, struct run *run)
{
    *load = (struct load){.options = options, .run = run, .next_number = first_number};
    load->random = random_named(run->roster->seed, TEXT("load"));
    arena_init(&load->arena, ARENA_BYTES);
    if (!options->events)
        return 0;
    load->stories = calloc(run->device_count, sizeof *load->stories);
    return load->stories == NULL ? ERR_NO_MEMORY : 0;
}

void load_fini(struct load *load)
{
    arena_fini(&load->arena);
    free(load->stories);
    load->stories = NULL;
}

static int put_fixes(struct load *load, int64_t now_us, struct report *report)
{
    struct fix *fixes = arena_array(&load->arena, load->options->fixes, sizeof *fixes);
    if (fixes == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < load->options->fixes; i++)
        fixes[i] = (struct fix){
            .at_us = now_us - (int64_t)(load->options->fixes - 1 - i) * US_PER_S,
            .lon_e7 = 1186200000 + (int32_t)random_below(&load->random, 100000),
            .lat_e7 = 250000000 + (int32_t)random_below(&load->random, 100000),
            .datum = DATUM_WGS84,
            .has_speed = true,
            .speed_cm_s = (uint32_t)random_below(&load->random, 2000),
            .has_course = true,
            .course_cdeg = (uint32_t)random_below(&load->random, 36000),
            .has_accuracy = true,
            .accuracy_cm = 250,
        };
    report->fix_count = load->options->fixes;
    report->fixes = fixes;
    return 0;
}

/* The next event of the item this source is busy with; a new item when that one is through. */
static int put_event(struct load *load, size_t device, int64_t now_us, struct report *report)
{
    struct scenario *story = &load->stories[device];
    struct event *event = arena_alloc(&load->arena, sizeof *event);
    if (event == NULL)
        return ERR_NO_MEMORY;
    if (load->made < load->run->device_count || scenario_over(story))
        scenario_init(story, PLOT_YARD_INTAKE, load->run->roster->seed, load->next_number++, load->run->roster, 0,
                      roster_party_of(load->run->roster, ROLE_YARD)->site, now_us);
    const struct scenario_step *step = scenario_due(story, INT64_MAX);
    const int code = scenario_event(story, step, load->run->roster, now_us, &load->arena, event);
    if (code)
        return code;
    scenario_advance(story);
    report->event_count = 1;
    report->events = event;
    return 0;
}

static int make_one(struct load *load, int64_t now_us)
{
    const size_t device = load->next_device;
    struct report report = {0};
    arena_reset(&load->arena);
    if (load->options->fixes > 0 && put_fixes(load, now_us, &report))
        return ERR_NO_MEMORY;
    if (load->options->events && put_event(load, device, now_us, &report))
        return ERR_NO_MEMORY;
    const int code = device_say(&load->run->devices[device], &report, now_us);
    if (code)
        return code;
    load->made++;
    load->next_device = (device + 1) % load->run->device_count;
    return 0;
}

/* What the broker has is none of our business any more: a backlog of millions must not fill our memory. */
static void forget_what_was_sent(struct load *load)
{
    for (size_t i = 0; i < load->run->device_count; i++)
        device_forget_sent(&load->run->devices[i]);
    if (load->run->statistics.disconnects > 0 && load->made > 0 && !load->failed) {
        load->failed = true;
        log_error("backlog_lost", "connections=%llu hint=\"the broker closed a session; its messages may be lost\"",
                  (unsigned long long)load->run->statistics.disconnects);
    }
}

static bool is_allowed(const struct load *load, uint64_t pending)
{
    const struct load_options *options = load->options;
    if (options->count > 0 && load->made >= options->count)
        return false;
    if (options->rate > 0 && (double)load->made >= options->rate * run_elapsed_s(load->run))
        return false;
    return pending < options->pending_max;
}

static bool all_connected(const struct run *run)
{
    for (size_t i = 0; i < run->link_count; i++)
        if (!link_is_connected(run->links[i]))
            return false;
    return true;
}

void load_on_tick(struct run *run, void *context)
{
    struct load *load = context;
    if (load->made == 0 && !all_connected(run)) { /* the rate counts from the moment everybody is there */
        run->started_ms = uv_now(&run->loop);
        return;
    }
    if (load->options->backlog)
        forget_what_was_sent(load);
    uint64_t pending = run_pending(run);
    for (int i = 0; i < MADE_A_TICK_MAX && is_allowed(load, pending); i++, pending++)
        if (make_one(load, clock_now_us()))
            break;
    if (load->options->count > 0 && load->made >= load->options->count &&
        (!load->options->backlog || pending + run_outstanding(run) == 0))
        run_stop(run);
}
