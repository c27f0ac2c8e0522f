/* test_fleet_scenario.c - the fleet's stories against the lifecycle they claim to follow: every plot, folded, must
 * be lawful. */
#include "base/clock.h"
#include "fleet/scenario.h"

#include "history.h"

enum { STEPS_MAX = 80, FINDINGS_MAX = 32, VEHICLES = 2, SEED = 7 };
static const int64_t start_us = INT64_C(1763000000) * US_PER_S;

struct stage {
    struct roster roster;
    struct arena arena;
    struct party parties[ROSTER_PARTIES_MAX];
    struct site sites[ROSTER_PARTIES_MAX];
    struct vehicle vehicles[VEHICLES];
    struct permit permits[ROSTER_PARTIES_MAX * PERMIT_KIND_ROAD_ACCESS];
    struct directory directory;
    struct scenario scenario;
    enum role yard; /* plays ROLE_YARD */
    size_t count;
    struct event events[STEPS_MAX];
    const struct scenario_step *steps[STEPS_MAX];
};

static int by_party_code(const void *a, const void *b)
{
    return text_compare(((const struct party *)a)->code, ((const struct party *)b)->code);
}

static int by_site_code(const void *a, const void *b)
{
    return text_compare(((const struct site *)a)->code, ((const struct site *)b)->code);
}

static int by_plate(const void *a, const void *b)
{
    return text_compare(((const struct vehicle *)a)->plate, ((const struct vehicle *)b)->plate);
}

static void fill_directory(struct stage *stage)
{
    for (size_t i = 0; i < stage->roster.party_count; i++) {
        const struct roster_party *party = &stage->roster.parties[i];
        stage->parties[i] = (struct party){(int64_t)i + 1, text_of(party->code), party->kind};
        stage->sites[i] = (struct site){(int64_t)i + 1, (int64_t)i + 1, text_of(party->site_code), party->site.lon_e7,
                                        party->site.lat_e7};
        for (size_t kind = 0; kind < PERMIT_KIND_ROAD_ACCESS; kind++)
            stage->permits[i * PERMIT_KIND_ROAD_ACCESS + kind] =
                (struct permit){(int64_t)i + 1, 0, (enum permit_kind)(kind + 1), 0, INT64_MAX};
    }
    for (size_t i = 0; i < VEHICLES; i++)
        stage->vehicles[i] = (struct vehicle){.vehicle_id = (int64_t)i + 1, .plate = text_of(stage->roster.plates[i])};
    qsort(stage->vehicles, VEHICLES, sizeof(struct vehicle), by_plate);
    qsort(stage->parties, stage->roster.party_count, sizeof(struct party), by_party_code);
    qsort(stage->sites, stage->roster.party_count, sizeof(struct site), by_site_code);
    stage->directory = test_directory; /* its figures, clocks, yields and days */
    stage->directory.parties = stage->parties;
    stage->directory.party_count = stage->roster.party_count;
    stage->directory.sites = stage->sites;
    stage->directory.site_count = stage->roster.party_count;
    stage->directory.vehicles = stage->vehicles;
    stage->directory.vehicle_count = VEHICLES;
    stage->directory.permits = stage->permits;
    stage->directory.permit_count = stage->roster.party_count * PERMIT_KIND_ROAD_ACCESS;
}

/* Plays the whole plot with both gates open. */
static void play(struct stage *stage, enum plot plot)
{
    const struct scenario_step *step;
    scenario_init(&stage->scenario, plot, SEED, 1, &stage->roster, 0, stage->roster.parties[0].site, start_us);
    scenario_open_gate(&stage->scenario, GATE_TRUCK_AT_PICKUP, start_us);
    scenario_open_gate(&stage->scenario, GATE_TRUCK_AT_YARD, start_us);
    stage->scenario.yard = stage->yard;
    stage->count = 0;
    while ((step = scenario_due(&stage->scenario, INT64_MAX)) != NULL) {
        assert_true(stage->count < STEPS_MAX);
        assert_int_equal(0, scenario_event(&stage->scenario, step, &stage->roster, stage->scenario.due_at_us,
                                           &stage->arena, &stage->events[stage->count]));
        stage->steps[stage->count++] = step;
        scenario_advance(&stage->scenario);
    }
}

/* Folds what happened to one item of the plot and fails with the words of whatever was found. */
static struct item_state fold_item(struct stage *stage, enum card_item item, enum item_kind kind)
{
    struct history_event history[STEPS_MAX];
    struct finding list[FINDINGS_MAX];
    struct findings findings = {.list = list, .room = FINDINGS_MAX};
    struct item_state state;
    size_t count = 0;
    for (size_t i = 0; i < stage->count; i++) {
        const struct event *event = &stage->events[i];
        const struct scenario_step *step = stage->steps[i];
        const bool is_part = step->type == EVENT_TYPE_DISMANTLED && item != CARD_SELF;
        size_t part = 0;
        if (step->item != item && !is_part)
            continue;
        while (is_part && event->composition.parts[part].item.kind != kind)
            assert_true(++part < event->composition.part_count);
        const enum role by = step->by == ROLE_YARD ? stage->yard : step->by;
        const size_t party = stage->roster.party_of_role[by];
        history[count++] = (struct history_event){
            .event = event,
            .log_index = i,
            .role = is_part ? ITEM_ROLE_PART : ITEM_ROLE_SUBJECT,
            .part = part,
            .source_id = 1,
            .party_id = (int64_t)party + 1,
            .party_kind = stage->roster.parties[party].kind,
        };
    }
    const struct surroundings around = {
        .kind = kind, .directory = &stage->directory, .now_us = stage->events[stage->count - 1].at_us};
    custody_fold(history, count, &around, &state, &findings);
    for (size_t i = 0; i < findings.count; i++)
        print_error("%s %s: %s: %s\n", plot_word(stage->scenario.card.plot), item_kind_word(kind),
                    rule_infos[list[i].rule].id, list[i].text);
    assert_int_equal(0, findings.count + findings.dropped);
    assert_int_equal(count, state.event_count);
    return state;
}

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    const struct roster_options options = {.seed = SEED, .area = "350504", .vehicles = VEHICLES};
    struct error error;
    assert_non_null(stage);
    assert_int_equal(0, roster_init(&stage->roster, &options, &error));
    arena_init(&stage->arena, 1 << 22);
    fill_directory(stage);
    stage->yard = ROLE_YARD;
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    arena_fini(&stage->arena);
    roster_fini(&stage->roster);
    free(stage);
    return 0;
}

static void every_plot_is_lawful_from_its_first_to_its_last_step(void **state)
{
    struct stage *stage = *state;
    for (enum plot plot = 0; plot < PLOT_COUNT; plot++) {
        play(stage, plot);
        (void)fold_item(stage, CARD_SELF, stage->scenario.card.kind);
    }
}

static void the_second_yard_plays_the_same_plots_in_its_own_name(void **state)
{
    struct stage *stage = *state;
    stage->yard = ROLE_YARD_2;
    play(stage, PLOT_CAR);
    assert_true(fold_item(stage, CARD_SELF, ITEM_KIND_VEHICLE).terminal);
    assert_int_equal(ROLE_YARD_2, scenario_destination(&stage->scenario));
    for (size_t i = 0; i < stage->count; i++)
        if (stage->events[i].type == EVENT_TYPE_INTAKE)
            assert_true(
                text_equal(text_of(roster_party_of(&stage->roster, ROLE_YARD_2)->site_code), stage->events[i].site));
    play(stage, PLOT_APPLIANCE_TREATED);
    assert_int_equal(ROLE_WEEE, scenario_destination(&stage->scenario));
}

static void vehicles_end_destroyed_and_banned_for_good(void **state)
{
    struct stage *stage = *state;
    const enum plot vehicles[] = {PLOT_CAR, PLOT_NEW_ENERGY_CAR, PLOT_BUS};
    for (size_t i = 0; i < 3; i++) {
        play(stage, vehicles[i]);
        const struct item_state end = fold_item(stage, CARD_SELF, ITEM_KIND_VEHICLE);
        assert_int_equal(PHYSICAL_DESTROYED, end.physical);
        assert_int_equal(LEGAL_DEREGISTERED, end.legal);
        assert_int_equal(RESALE_BANNED_FOR_GOOD, end.ban);
        assert_true(end.terminal);
    }
}

static void every_part_of_a_vehicle_goes_a_lawful_way(void **state)
{
    struct stage *stage = *state;
    const struct {
        enum card_item item;
        enum item_kind kind;
        enum physical_state end;
    } parts[] = {
        {CARD_ENGINE, ITEM_KIND_ENGINE, PHYSICAL_REMAN_RELEASED},
        {CARD_GEARBOX, ITEM_KIND_GEARBOX, PHYSICAL_REMAN_RELEASED},
        {CARD_STEERING, ITEM_KIND_STEERING, PHYSICAL_SMELTED},
        {CARD_FRONT_AXLE, ITEM_KIND_FRONT_AXLE, PHYSICAL_SMELTED},
        {CARD_REAR_AXLE, ITEM_KIND_REAR_AXLE, PHYSICAL_SMELTED},
        {CARD_FRAME, ITEM_KIND_FRAME, PHYSICAL_SMELTED},
        {CARD_PART, ITEM_KIND_PART, PHYSICAL_REUSE_MARKED},
        {CARD_LEAD_ACID_BATTERY, ITEM_KIND_LEAD_ACID_BATTERY, PHYSICAL_HAZ_OUT},
    };
    play(stage, PLOT_NEW_ENERGY_CAR);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_int_equal(parts[i].end, fold_item(stage, parts[i].item, parts[i].kind).physical);
    assert_int_equal(PHYSICAL_MATERIAL_RECOVERED,
                     fold_item(stage, CARD_TRACTION_BATTERY, ITEM_KIND_TRACTION_BATTERY).physical);
    play(stage, PLOT_BUS);
    assert_int_equal(PHYSICAL_HAZ_OUT, fold_item(stage, CARD_CATALYST, ITEM_KIND_CATALYST).physical);
}

static void a_resold_phone_may_be_resold(void **state)
{
    struct stage *stage = *state;
    const char *zh, *en;
    play(stage, PLOT_PHONE_RESOLD);
    const struct item_state end = fold_item(stage, CARD_SELF, ITEM_KIND_DATA_DEVICE);
    assert_int_equal(PHYSICAL_WIPED_RESOLD, end.physical);
    assert_int_equal(RESALE_VERDICT_ALLOWED, item_resale_verdict(&end, &zh, &en));
}

static void a_plot_that_skips_the_police_is_found_out(void **state)
{
    struct stage *stage = *state;
    struct finding list[FINDINGS_MAX];
    struct findings findings = {.list = list, .room = FINDINGS_MAX};
    struct history_event history[STEPS_MAX];
    struct item_state end;
    size_t count = 0;
    play(stage, PLOT_BUS);
    for (size_t i = 0; i < stage->count; i++)
        if (stage->steps[i]->item == CARD_SELF && stage->steps[i]->type != EVENT_TYPE_SUPERVISION_ATTESTED)
            history[count++] = (struct history_event){
                .event = &stage->events[i],
                .log_index = i,
                .party_id = (int64_t)stage->roster.party_of_role[stage->steps[i]->by] + 1,
                .party_kind = stage->roster.parties[stage->roster.party_of_role[stage->steps[i]->by]].kind};
    const struct surroundings around = {.kind = ITEM_KIND_VEHICLE, .directory = &stage->directory};
    custody_fold(history, count, &around, &end, &findings);
    bool found = false;
    for (size_t i = 0; i < findings.count; i++)
        found = found || list[i].rule == RULE_C09;
    assert_true(found);
}

static void steps_wait_for_their_time_and_their_gate(void **state)
{
    struct stage *stage = *state;
    struct scenario *scenario = &stage->scenario;
    scenario_init(scenario, PLOT_CAR, SEED, 1, &stage->roster, 0, stage->roster.parties[0].site, start_us);
    assert_null(scenario_due(scenario, start_us - 1));
    assert_non_null(scenario_due(scenario, start_us));
    scenario_advance(scenario);
    assert_int_equal(GATE_TRUCK_AT_PICKUP, scenario_gate(scenario));
    assert_null(scenario_due(scenario, INT64_MAX));
    scenario_open_gate(scenario, GATE_TRUCK_AT_PICKUP, start_us + 3600 * US_PER_S);
    assert_null(scenario_due(scenario, start_us + 3600 * US_PER_S));
    assert_int_equal(EVENT_TYPE_PICKED_UP, scenario_due(scenario, start_us + 3900 * US_PER_S)->type);
}

static void the_same_seed_gives_the_same_item_and_another_seed_another(void **state)
{
    struct stage *stage = *state;
    struct card one, same, other;
    card_init(&one, PLOT_CAR, 1, 5, &stage->roster);
    card_init(&same, PLOT_CAR, 1, 5, &stage->roster);
    card_init(&other, PLOT_CAR, 2, 5, &stage->roster);
    assert_string_equal(one.vin, same.vin);
    assert_string_not_equal(one.vin, other.vin);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_plot_is_lawful_from_its_first_to_its_last_step),
        T(the_second_yard_plays_the_same_plots_in_its_own_name),
        T(vehicles_end_destroyed_and_banned_for_good),
        T(every_part_of_a_vehicle_goes_a_lawful_way),
        T(a_resold_phone_may_be_resold),
        T(a_plot_that_skips_the_police_is_found_out),
        T(steps_wait_for_their_time_and_their_gate),
        T(the_same_seed_gives_the_same_item_and_another_seed_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
