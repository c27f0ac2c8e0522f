/* fleet.c - dispatches trucks, plays the items' stories, and lets every party say its part through its own device.
 *
 * The life of an item: a truck is free -> a story begins and is booked -> the truck drives there (gate opens,
 * PICKED_UP) -> loads -> drives to the yard (gate opens, weighbridge, ARRIVED ... INTAKE) -> the rest is time, said
 * by yards, police, plants. */
#include "fleet/fleet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
    ARENA_BYTES = 1 << 20,
    WORK_S = 600,
    TARE_G = 7500000,
    LOAD_MAX_G = 10000000,
    SPEED_OF_FULL_FIXES = 60,
    PAST_DAYS = 14
};

static const int64_t listing_every_us = 600 * US_PER_S;
static const int64_t sorting_every_us = 600 * US_PER_S;
static const int64_t camera_every_us = 300 * US_PER_S;
static const int64_t reentry_after_us = 4 * 3600 * US_PER_S;

/* How often each plot is drawn, in parts of their sum; lots begin at the sorting centre instead. */
static const struct {
    enum plot plot;
    uint32_t weight;
} draws[] = {
    {PLOT_CAR, 30},
    {PLOT_NEW_ENERGY_CAR, 10},
    {PLOT_BUS, 8},
    {PLOT_APPLIANCE_TREATED, 20},
    {PLOT_APPLIANCE_RESOLD, 8},
    {PLOT_PHONE_RESOLD, 8},
    {PLOT_PHONE_TREATED, 6},
    {PLOT_TRACTION_BATTERY, 5},
    {PLOT_LEAD_ACID_BATTERY, 5},
};

/* ---- life ---- */

int fleet_init(struct fleet *fleet, const struct fleet_options *options, struct run *run, int64_t wall_now_us,
               double duration_s)
{
    const struct roster *roster = run->roster;
    const double past_s = duration_s > 0 ? duration_s * options->speed : (double)PAST_DAYS * 86400;
    *fleet = (struct fleet){.options = options, .roster = roster, .run = run, .start_wall_us = wall_now_us};
    /* Faster than the clock, a run plays in the past, so that nothing is said before it happened. */
    fleet->start_us = fleet->now_us = options->speed > 1 ? wall_now_us - (int64_t)(past_s * US_PER_S) : wall_now_us;
    fleet->next_listing_us = fleet->next_sorting_us = fleet->next_camera_us = fleet->start_us;
    fleet->random = random_named(roster->seed, TEXT("fleet"));
    world_init(&fleet->world, roster->seed);
    arena_init(&fleet->arena, ARENA_BYTES);
    fleet->trucks = calloc(roster->vehicle_count, sizeof *fleet->trucks);
    fleet->jobs = calloc(roster->vehicle_count, sizeof *fleet->jobs);
    fleet->scenarios = calloc(FLEET_SCENARIOS_MAX, sizeof *fleet->scenarios);
    fleet->playing = calloc(FLEET_SCENARIOS_MAX, sizeof *fleet->playing);
    fleet->listings = calloc(FLEET_LISTINGS_MAX, sizeof *fleet->listings);
    if (!fleet->trucks || !fleet->jobs || !fleet->scenarios || !fleet->playing || !fleet->listings)
        return ERR_NO_MEMORY;
    const uint32_t fix_every_s =
        options->speed <= SPEED_OF_FULL_FIXES ? 1 : (uint32_t)(options->speed / SPEED_OF_FULL_FIXES);
    const uint16_t depot = world_nearest(&fleet->world, roster_party_of(roster, ROLE_DRIVER)->site);
    for (size_t i = 0; i < roster->vehicle_count; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "truck %zu", i);
        truck_init(&fleet->trucks[i], &fleet->world, depot, fleet->start_us, fix_every_s,
                   random_named(roster->seed, text_of(name)));
    }
    return 0;
}

void fleet_fini(struct fleet *fleet)
{
    arena_fini(&fleet->arena);
    free(fleet->trucks);
    fleet->trucks = NULL;
    free(fleet->jobs);
    fleet->jobs = NULL;
    free(fleet->scenarios);
    fleet->scenarios = NULL;
    free(fleet->playing);
    fleet->playing = NULL;
    free(fleet->listings);
    fleet->listings = NULL;
}

/* ---- saying ---- */

/* Device time is the wall's: the device is alive now and tells of what it saw before. */
static void say(struct fleet *fleet, size_t source, struct report *report)
{
    const int code = device_say(run_device(fleet->run, source), report, clock_now_us());
    if (code && code != ERR_TOO_LARGE)
        log_warn("report_not_made", "source=%s reason=\"%s\"", fleet->roster->sources[source].name, error_words(code));
}

static void say_event(struct fleet *fleet, size_t source, struct event *event)
{
    struct report report = {.event_count = 1, .events = event};
    say(fleet, source, &report);
    fleet->events++;
}

static void say_sighting(struct fleet *fleet, enum role role, struct sighting *sighting)
{
    struct report report = {.sighting_count = 1, .sightings = sighting};
    say(fleet, fleet->roster->source_of_role[role], &report);
    fleet->sightings++;
}

static void say_reading(struct fleet *fleet, enum role role, struct reading *reading)
{
    struct report report = {.reading_count = 1, .readings = reading};
    say(fleet, fleet->roster->source_of_role[role], &report);
}

/* A clone drives where the truck does not. */
static void say_clone(struct fleet *fleet, size_t vehicle)
{
    struct truck *truck = &fleet->trucks[vehicle];
    struct fix fixes[TRUCK_FIXES_MAX];
    if (vehicle >= fleet->options->clones || truck->fix_count == 0)
        return;
    memcpy(fixes, truck->fixes, truck->fix_count * sizeof fixes[0]);
    for (size_t i = 0; i < truck->fix_count; i++)
        fixes[i].lat_e7 += 500000; /* 5.6 km further north */
    struct report report = {.fix_count = truck->fix_count, .fixes = fixes};
    if (device_say(&fleet->run->clones[vehicle], &report, clock_now_us()))
        log_debug("clone_not_heard", "vehicle=%zu", vehicle);
}

static void say_truck(struct fleet *fleet, size_t vehicle)
{
    struct truck *truck = &fleet->trucks[vehicle];
    struct report report = {.fix_count = truck->fix_count,
                            .fixes = truck->fixes,
                            .reading_count = truck->reading_count,
                            .readings = truck->readings};
    fleet->fixes += truck->fix_count;
    say(fleet, fleet->roster->truck_source + vehicle, &report);
    say_clone(fleet, vehicle);
    truck_said(truck);
}

/* ---- the market ---- */

static enum disguise pick_disguise(struct fleet *fleet)
{
    for (;;) {
        const enum disguise disguise = (enum disguise)(fleet->next_disguise++ % DISGUISE_COUNT);
        if (fleet->options->disguises == 0 || (fleet->options->disguises & 1u << disguise))
            return disguise;
    }
}

static void plan_listing(struct fleet *fleet, const struct card *card, int64_t at_us)
{
    if (fleet->listing_count < FLEET_LISTINGS_MAX)
        fleet->listings[fleet->listing_count++] = (struct planned_listing){*card, pick_disguise(fleet), at_us};
}

static void say_planned_listings(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->listing_count;) {
        struct planned_listing *planned = &fleet->listings[i];
        struct sighting sighting;
        if (planned->at_us > fleet->now_us) {
            i++;
            continue;
        }
        arena_reset(&fleet->arena);
        if (market_listing(&planned->card, planned->disguise, &fleet->random, planned->at_us, &fleet->arena,
                           &sighting) == 0)
            say_sighting(fleet, ROLE_MARKET, &sighting);
        *planned = fleet->listings[--fleet->listing_count];
    }
}

static void say_clean_listing(struct fleet *fleet)
{
    struct sighting sighting;
    arena_reset(&fleet->arena);
    if (market_clean_listing(&fleet->random, fleet->next_listing_us, &fleet->arena, &sighting) == 0)
        say_sighting(fleet, ROLE_MARKET, &sighting);
}

static void say_camera(struct fleet *fleet)
{
    char plate[INVENTED_BYTES];
    invent_plate(&fleet->random, plate);
    struct identifier identifier = {IDENTIFIER_SCHEME_PLATE, text_of(plate)};
    const struct place at = fleet->world.nodes[world_any_node(&fleet->world, &fleet->random)].at;
    struct sighting sighting = {
        .kind = SIGHTING_KIND_ROADSIDE_CAMERA,
        .at_us = fleet->next_camera_us,
        .identifier_count = 1,
        .identifiers = &identifier,
        .item_kind = ITEM_KIND_VEHICLE,
        .position = {.present = true, .lon_e7 = at.lon_e7, .lat_e7 = at.lat_e7, .datum = DATUM_WGS84},
    };
    invent_uuid(&fleet->random, sighting.sighting_id);
    say_sighting(fleet, ROLE_CAMERA, &sighting);
}

/* ---- stories ---- */

static struct scenario *free_scenario(struct fleet *fleet)
{
    for (size_t i = 0; i < FLEET_SCENARIOS_MAX; i++)
        if (!fleet->playing[i]) {
            fleet->playing[i] = true;
            return &fleet->scenarios[i];
        }
    return NULL;
}

static enum plot draw_plot(struct random *random)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < sizeof draws / sizeof draws[0]; i++)
        sum += draws[i].weight;
    uint64_t drawn = random_below(random, sum);
    size_t at = 0;
    for (; drawn >= draws[at].weight; at++)
        drawn -= draws[at].weight;
    return draws[at].plot;
}

/* A ban begins with PICKED_UP; a lot is never banned. */
static void plan_reentry(struct fleet *fleet, const struct scenario *scenario, const struct scenario_step *step)
{
    if (step->item != CARD_SELF || scenario->card.kind == ITEM_KIND_LOT)
        return;
    if (step->type == EVENT_TYPE_BOOKED && random_chance(&fleet->random, fleet->options->reentry_before))
        plan_listing(fleet, &scenario->card, scenario->due_at_us);
    if (step->type == EVENT_TYPE_INTAKE && random_chance(&fleet->random, fleet->options->reentry))
        plan_listing(fleet, &scenario->card, scenario->due_at_us + reentry_after_us);
}

static void play(struct fleet *fleet, struct scenario *scenario)
{
    const struct scenario_step *step;
    while ((step = scenario_due(scenario, fleet->now_us)) != NULL) {
        struct event event;
        arena_reset(&fleet->arena);
        if (scenario_event(scenario, step, fleet->roster, scenario->due_at_us, &fleet->arena, &event) == 0)
            say_event(fleet, scenario_source(scenario, step, fleet->roster), &event);
        plan_reentry(fleet, scenario, step);
        scenario_advance(scenario);
    }
}

static void play_all(struct fleet *fleet)
{
    for (size_t i = 0; i < FLEET_SCENARIOS_MAX; i++) {
        if (!fleet->playing[i])
            continue;
        play(fleet, &fleet->scenarios[i]);
        if (scenario_over(&fleet->scenarios[i])) {
            fleet->playing[i] = false;
            fleet->items_done++;
        }
    }
}

static void begin_lot(struct fleet *fleet)
{
    struct scenario *scenario = free_scenario(fleet);
    if (scenario != NULL)
        scenario_init(scenario, PLOT_LOT, fleet->roster->seed, fleet->next_number++, fleet->roster, 0,
                      (struct place){0}, fleet->now_us);
}

/* ---- jobs ---- */

static void begin_job(struct fleet *fleet, size_t vehicle)
{
    struct job *job = &fleet->jobs[vehicle];
    struct scenario *scenario = free_scenario(fleet);
    if (scenario == NULL)
        return;
    job->pickup_node = world_any_node(&fleet->world, &fleet->random);
    scenario_init(scenario, draw_plot(&fleet->random), fleet->roster->seed, fleet->next_number++, fleet->roster,
                  vehicle, fleet->world.nodes[job->pickup_node].at, fleet->now_us);
    scenario->yard = fleet->next_number % 3 == 0 ? ROLE_YARD_2 : ROLE_YARD;
    job->scenario = scenario;
    job->yard_node = world_nearest(&fleet->world, roster_party_of(fleet->roster, scenario_destination(scenario))->site);
    job->state = JOB_TO_PICKUP;
    truck_send(&fleet->trucks[vehicle], &fleet->world, job->pickup_node);
}

/* Only the yards have a weighbridge. */
static void weigh(struct fleet *fleet, size_t vehicle, enum role yard)
{
    const struct truck *truck = &fleet->trucks[vehicle];
    char ticket[32];
    if (yard != ROLE_YARD && yard != ROLE_YARD_2)
        return;
    (void)snprintf(ticket, sizeof ticket, "T%08llu", (unsigned long long)++fleet->tickets);
    struct reading reading = {
        .at_us = truck->now_us,
        .kind = READING_WEIGHBRIDGE,
        .gross_g = TARE_G + truck->load_g,
        .tare_g = TARE_G,
        .mass_g = truck->load_g,
        .scale_class = TEXT("III"),
        .label = text_of(ticket),
        .plate = text_of(fleet->roster->plates[vehicle]),
    };
    say_reading(fleet, yard == ROLE_YARD ? ROLE_BRIDGE : ROLE_BRIDGE_2, &reading);
}

static void at_pickup(struct fleet *fleet, size_t vehicle)
{
    struct job *job = &fleet->jobs[vehicle];
    struct truck *truck = &fleet->trucks[vehicle];
    const int64_t mass_g = job->scenario->card.mass_g < LOAD_MAX_G ? job->scenario->card.mass_g : LOAD_MAX_G;
    scenario_open_gate(job->scenario, GATE_TRUCK_AT_PICKUP, truck->now_us);
    truck_work(truck, mass_g, WORK_S * 2); /* PICKED_UP and LOADED fall into it */
    job->state = JOB_LOADING;
}

static void at_yard(struct fleet *fleet, size_t vehicle)
{
    struct job *job = &fleet->jobs[vehicle];
    struct truck *truck = &fleet->trucks[vehicle];
    scenario_open_gate(job->scenario, GATE_TRUCK_AT_YARD, truck->now_us);
    weigh(fleet, vehicle, scenario_destination(job->scenario));
    truck_work(truck, 0, WORK_S);
    job->state = JOB_UNLOADING;
}

/* The truck stands: what next? */
static void dispatch(struct fleet *fleet, size_t vehicle)
{
    struct job *job = &fleet->jobs[vehicle];
    switch (job->state) {
    case JOB_NONE:
        begin_job(fleet, vehicle);
        return;
    case JOB_TO_PICKUP:
        at_pickup(fleet, vehicle);
        return;
    case JOB_LOADING:
        truck_send(&fleet->trucks[vehicle], &fleet->world, job->yard_node);
        job->state = JOB_TO_YARD;
        return;
    case JOB_TO_YARD:
        at_yard(fleet, vehicle);
        return;
    case JOB_UNLOADING:
        *job = (struct job){.state = JOB_NONE};
        return;
    }
}

static void drive(struct fleet *fleet, size_t vehicle)
{
    struct truck *truck = &fleet->trucks[vehicle];
    do {
        if (truck->state == TRUCK_PARKED)
            dispatch(fleet, vehicle);
        if (!truck_step(truck, &fleet->world, fleet->now_us))
            return;
        say_truck(fleet, vehicle);
    } while (truck->now_us < fleet->now_us);
}

/* ---- ticking ---- */

static void say_sorting(struct fleet *fleet)
{
    static const struct text materials[] = {
        {"900-001-S17", 11}, {"900-002-S17", 11}, {"900-003-S17", 11}, {"900-004-S17", 11}};
    struct reading reading = {
        .at_us = fleet->next_sorting_us,
        .kind = READING_SORTING_MASS,
        .mass_g = random_between(&fleet->random, 20000, 900000),
        .label = materials[random_below(&fleet->random, 4)],
    };
    say_reading(fleet, ROLE_SORTING, &reading);
    if (random_chance(&fleet->random, 0.05))
        begin_lot(fleet);
}

/* A regular duty of simulated time; after a jump of the clock it is done once for each turn missed. */
static void repeat(struct fleet *fleet, int64_t *next_us, int64_t every_us, void (*duty)(struct fleet *fleet))
{
    for (; *next_us <= fleet->now_us; *next_us += every_us)
        duty(fleet);
}

void fleet_tick(struct fleet *fleet, int64_t wall_now_us)
{
    const int64_t passed_us = (int64_t)((double)(wall_now_us - fleet->start_wall_us) * fleet->options->speed);
    fleet->now_us = fleet->start_us + passed_us < wall_now_us ? fleet->start_us + passed_us : wall_now_us;
    for (size_t i = fleet->options->left_alone; i < fleet->roster->vehicle_count; i++)
        drive(fleet, i);
    play_all(fleet);
    say_planned_listings(fleet);
    repeat(fleet, &fleet->next_listing_us, listing_every_us, say_clean_listing);
    repeat(fleet, &fleet->next_sorting_us, sorting_every_us, say_sorting);
    repeat(fleet, &fleet->next_camera_us, camera_every_us, say_camera);
}

void fleet_on_tick(struct run *run, void *context)
{
    (void)run;
    fleet_tick(context, clock_now_us());
}
