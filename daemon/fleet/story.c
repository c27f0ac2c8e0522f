/* story.c - the story as a table of steps, what each step says, and the query that finds it in the database. */
#include "fleet/story.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { ARENA_BYTES = 1 << 20, SQL_BYTES = 32768, FIRST_NUMBER = 900001, DUPLICATES = 20, STORY_DAYS = 13 };

enum action {
    PLAY,      /* the item's events up to and including `until` */
    HOLD,      /* keeps the item's next event back */
    TELL_HELD, /* says the event that was kept back, with its own time */
    LIST,      /* the marketplace lists the item, written as `disguise` */
    REPEAT,    /* PLAY, each envelope sent DUPLICATES times more */
    FORGE,     /* PLAY, with a copy before it that is signed with a wrong key */
    CORRUPT,   /* PLAY, with bytes flipped on the way */
    TRUCK,     /* the first truck says where it is; from here on they are a truck's */
    CLONE,     /* its clone says where it is */
    STOP,      /* the first truck, laden, stands beside the road and opens */
    ABROAD,    /* leaves the district */
    SILENCE,   /* falls silent */
};

/* What the database must show after the step. */
enum check {
    CHECK_EVENTS, /* each event said is stored once */
    CHECK_BANNED,
    CHECK_BANNED_FOR_GOOD,
    CHECK_PARTS,     /* items that came out of the item */
    CHECK_TERMINAL,  /* ... and no flag stands against it */
    CHECK_HOLDER,    /* the yard has it, nothing is offered */
    CHECK_WITHDRAWN, /* C03 was raised and is withdrawn */
    CHECK_C03,       /* C03 was raised */
    CHECK_QUIET,     /* no flag stands against it */
    CHECK_SIGHTED,
    CHECK_E01,
    CHECK_E05,
    CHECK_FORGED,
    CHECK_CORRUPT,
    CHECK_CLONE,
    CHECK_STOP, /* R01 and R06 were raised against the truck */
    CHECK_ABROAD,
    CHECK_SILENCE,
    CHECK_NOTHING,
};

static const struct story_step {
    const char *name;
    enum story_item item;
    enum action action;
    enum event_type until;
    enum disguise disguise;
    enum check check;
    const char *words; /* "" : not told */
} steps[] = {
    {"listed-before", STORY_BEFORE, LIST, 0, DISGUISE_SPACED, CHECK_SIGHTED,
     "is offered on a marketplace 二手平台 while nobody has scrapped it: noted, no flag"},
    {"picked-up", STORY_CAR, PLAY, EVENT_TYPE_PICKED_UP, 0, CHECK_BANNED,
     "is booked and picked up 收运; from now on it must not be resold 禁售"},
    {"taken-in", STORY_CAR, PLAY, EVENT_TYPE_INTAKE, 0, CHECK_EVENTS,
     "is loaded, driven, handed over 交接, weighed and taken into the yard 入场"},
    {"certified", STORY_CAR, PLAY, EVENT_TYPE_CERT_ISSUED, 0, CHECK_BANNED_FOR_GOOD,
     "agrees with its papers 核验 and gets its scrap certificate 报废机动车回收证明: the ban is for good"},
    {"deregistered", STORY_CAR, PLAY, EVENT_TYPE_DEREGISTERED, 0, CHECK_EVENTS,
     "is reported to the vehicle office within 7 days and deregistered 注销登记"},
    {"dismantled", STORY_CAR, PLAY, EVENT_TYPE_DISMANTLED, 0, CHECK_PARTS,
     "is drained and dismantled 拆解 into the five assemblies 五大总成, a battery, a catalyst and parts, each an item "
     "of its own"},
    {"destroyed", STORY_CAR, PLAY, EVENT_TYPE_DESTROYED, 0, CHECK_TERMINAL,
     "its assemblies go to the remanufacturer 再制造 and the steel mill 钢厂, the hulk is destroyed 破碎"},
    {"bus-taken-in", STORY_BUS, PLAY, EVENT_TYPE_INSPECTED, 0, CHECK_EVENTS,
     "a large bus 大型客车: no certificate before the police have watched it being dismantled"},
    {"bus-supervised", STORY_BUS, PLAY, EVENT_TYPE_SUPERVISION_ATTESTED, 0, CHECK_EVENTS,
     "the traffic police attest that they supervise its dismantling 监销"},
    {"bus-destroyed", STORY_BUS, PLAY, EVENT_TYPE_DESTROYED, 0, CHECK_TERMINAL,
     "dismantled, certified, deregistered and destroyed, in this order, without a flag"},
    {"", STORY_HANDOVER, PLAY, EVENT_TYPE_UNLOADED, 0, CHECK_NOTHING, ""},
    {"", STORY_HANDOVER, HOLD, 0, 0, CHECK_NOTHING, ""},
    {"accepted-first", STORY_HANDOVER, PLAY, EVENT_TYPE_TRANSFER_ACCEPTED, 0, CHECK_EVENTS,
     "the yard says it accepts 接收 the car; the driver's offer 移交 has not arrived yet"},
    {"offered-after", STORY_HANDOVER, TELL_HELD, 0, 0, CHECK_HOLDER,
     "the driver's offer arrives: the hand-over 交接 is complete whichever came first"},
    {"", STORY_LATE, PLAY, EVENT_TYPE_BOOKED, 0, CHECK_NOTHING, ""},
    {"", STORY_LATE, HOLD, 0, 0, CHECK_NOTHING, ""},
    {"gap", STORY_LATE, PLAY, EVENT_TYPE_INTAKE, 0, CHECK_C03,
     "a refrigerator is taken in that nobody picked up: stored, and flagged C03 流转步骤不符"},
    {"late-event", STORY_LATE, TELL_HELD, 0, 0, CHECK_WITHDRAWN,
     "the pickup arrives late 迟到事件, with its own time: the item is folded again and the flag withdrawn"},
    {"wiped", STORY_PHONE, PLAY, EVENT_TYPE_WIPE_VERIFIED, 0, CHECK_EVENTS,
     "a phone is taken in, its data erased 信息清除 and the erasure verified"},
    {"resold", STORY_PHONE, PLAY, EVENT_TYPE_WIPED_RESOLD, 0, CHECK_QUIET,
     "it is resold 再售, as the law allows after a verified wipe: no flag"},
    {"duplicates", STORY_FAULTS, REPEAT, EVENT_TYPE_BOOKED, 0, CHECK_EVENTS,
     "one envelope arrives 21 times: stored once, acknowledged each time"},
    {"forged", STORY_FAULTS, FORGE, EVENT_TYPE_PICKED_UP, 0, CHECK_FORGED,
     "somebody signs with a wrong key 伪造签名: a dead letter; the driver's true report is stored"},
    {"corrupt", STORY_FAULTS, CORRUPT, EVENT_TYPE_LOADED, 0, CHECK_CORRUPT,
     "bytes are flipped on the way 数据损坏: a dead letter; the handheld gets no acknowledgement, sends again, and it "
     "is stored"},
    {"truck-stops", STORY_FAULTS, STOP, 0, 0, CHECK_STOP,
     "with its load on board it stands beside the road for 25 minutes and opens, and nobody reports a pickup: R01 "
     "场外停留, R06 场外开启"},
    {"truck-leaves", STORY_FAULTS, ABROAD, 0, 0, CHECK_ABROAD,
     "it drives out of the district, booked nowhere: R08 未预约驶出辖区"},
    {"truck-silent", STORY_FAULTS, SILENCE, 0, 0, CHECK_SILENCE, "it gives no position for 21 minutes: R04 失联"},
    {"", STORY_FAULTS, TRUCK, 0, 0, CHECK_NOTHING, ""},
    {"", STORY_FAULTS, CLONE, 0, 0, CHECK_NOTHING, ""},
    {"", STORY_FAULTS, TRUCK, 0, 0, CHECK_NOTHING, ""},
    {"clone", STORY_FAULTS, CLONE, 0, 0, CHECK_CLONE,
     "two terminals speak with one truck's key 克隆设备: both are kept, S05 疑似克隆设备 is raised"},
    {"sighted-before", STORY_BEFORE, PLAY, EVENT_TYPE_PICKED_UP, 0, CHECK_E05,
     "the car that was listed is now picked up for scrap: the ban finds the earlier listing, E05 禁售前已有线索"},
    {"sighted", STORY_CAR, LIST, 0, DISGUISE_FULL_WIDTH, CHECK_E01,
     "the destroyed car's VIN 车架号 is for sale again, in full-width characters in free text: E01 禁售物品再现"},
    {"sighted-bus", STORY_BUS, LIST, 0, DISGUISE_DASHED, CHECK_E01,
     "the bus too, in lower case with dashes: E01 禁售物品再现"},
};
enum { STEP_COUNT = sizeof steps / sizeof steps[0] };

size_t story_length(void)
{
    return STEP_COUNT;
}

/* ---- life ---- */

void story_init(struct story *story, const struct story_options *options, struct run *run, int64_t wall_now_us)
{
    static const enum plot plots[STORY_ITEM_COUNT] = {
        [STORY_CAR] = PLOT_CAR,
        [STORY_BUS] = PLOT_BUS,
        [STORY_HANDOVER] = PLOT_CAR,
        [STORY_LATE] = PLOT_APPLIANCE_TREATED,
        [STORY_PHONE] = PLOT_PHONE_RESOLD,
        [STORY_BEFORE] = PLOT_CAR,
        [STORY_FAULTS] = PLOT_APPLIANCE_RESOLD,
    };
    const struct place customer = roster_party_of(run->roster, ROLE_TRADER)->site;
    *story = (struct story){.options = options, .run = run};
    story->random = random_named(run->roster->seed, TEXT("story"));
    arena_init(&story->arena, ARENA_BYTES);
    buffer_init(&story->events, SQL_BYTES);
    for (enum story_item item = 0; item < STORY_ITEM_COUNT; item++) {
        scenario_init(&story->items[item], plots[item], run->roster->seed, FIRST_NUMBER + (uint64_t)item, run->roster,
                      0, customer, wall_now_us - STORY_DAYS * US_PER_DAY + (int64_t)item * 600 * US_PER_S);
        scenario_open_gate(&story->items[item], GATE_TRUCK_AT_PICKUP, 0);
        scenario_open_gate(&story->items[item], GATE_TRUCK_AT_YARD, 0);
    }
}

void story_fini(struct story *story)
{
    arena_fini(&story->arena);
    buffer_fini(&story->events);
}

bool story_is_over(const struct story *story)
{
    return story->at >= STEP_COUNT;
}

/* ---- saying ---- */

static void wait_for(struct story *story, struct device *device, uint64_t now_ms)
{
    story->waiting = device;
    story->waiting_seq = device->next_seq - 1;
    story->waiting_since_ms = now_ms;
    story->complained = false;
}

static void say(struct story *story, struct device *device, struct report *report, uint64_t now_ms)
{
    const int code = device_say(device, report, clock_now_us());
    if (code)
        log_warn("story_not_said", "source=%s reason=\"%s\"", device->name, error_words(code));
    else
        wait_for(story, device, now_ms);
}

static void say_step(struct story *story, enum story_item item, const struct scenario_step *step, int64_t at_us,
                     uint64_t now_ms)
{
    const struct roster *roster = story->run->roster;
    struct scenario *scenario = &story->items[item];
    struct event event;
    char uuid[UUID_TEXT_SIZE];
    arena_reset(&story->arena);
    if (scenario_event(scenario, step, roster, at_us, &story->arena, &event))
        return;
    uuid_format(event.event_id, uuid);
    buffer_printf(&story->events, "%s'%s'", story->event_count++ ? ", " : "", uuid);
    struct report report = {.event_count = 1, .events = &event};
    say(story, run_device(story->run, scenario_source(scenario, step, roster)), &report, now_ms);
}

/* The link of the device that will say the item's next event. */
static struct link *next_link(struct story *story, enum story_item item)
{
    const struct scenario_step *step = scenario_due(&story->items[item], INT64_MAX);
    assert(step != NULL);
    return run_link(story->run, scenario_source(&story->items[item], step, story->run->roster));
}

static void say_listing(struct story *story, const struct story_step *step, uint64_t now_ms)
{
    const struct roster *roster = story->run->roster;
    const int64_t at_us =
        step->check == CHECK_SIGHTED ? story->items[step->item].due_at_us - US_PER_DAY : clock_now_us();
    struct sighting sighting;
    arena_reset(&story->arena);
    if (market_listing(&story->items[step->item].card, step->disguise, &story->random, at_us, &story->arena, &sighting))
        return;
    struct report report = {.sighting_count = 1, .sightings = &sighting};
    say(story, run_device(story->run, roster->source_of_role[ROLE_MARKET]), &report, now_ms);
}

static void say_position(struct story *story, struct device *device, int32_t north_e7, uint64_t now_ms)
{
    const struct place depot = roster_party_of(story->run->roster, ROLE_DRIVER)->site;
    struct fix fix = {
        .at_us = clock_now_us(), .lon_e7 = depot.lon_e7, .lat_e7 = depot.lat_e7 + north_e7, .datum = DATUM_WGS84};
    struct report report = {.fix_count = 1, .fixes = &fix};
    say(story, device, &report, now_ms);
}

static void say_stray(struct story *story, enum stray stray, uint64_t now_ms)
{
    struct stray_words words;
    if (story->stray_us == 0)
        story->stray_us = clock_now_us() - STRAY_DURATION_US;
    stray_say(stray, roster_party_of(story->run->roster, ROLE_DRIVER)->site, story->stray_us, &words);
    struct report report = {.fix_count = words.fix_count,
                            .fixes = words.fixes,
                            .reading_count = words.reading_count,
                            .readings = words.readings};
    say(story, run_device(story->run, story->run->roster->truck_source), &report, now_ms);
}

/* Says the next event of the item's plot; true when that was the last one of this step. */
static bool play_one(struct story *story, const struct story_step *step, uint64_t now_ms)
{
    struct scenario *scenario = &story->items[step->item];
    const struct scenario_step *next = scenario_due(scenario, INT64_MAX);
    assert(next != NULL);
    say_step(story, step->item, next, scenario->due_at_us, now_ms);
    scenario_advance(scenario);
    /* A part's event does not end a step that waits for the item's own. */
    return next->type == step->until && next->item == CARD_SELF;
}

static void hold(struct story *story, enum story_item item)
{
    struct scenario *scenario = &story->items[item];
    story->held[item].step = scenario_due(scenario, INT64_MAX);
    story->held[item].at_us = scenario->due_at_us;
    scenario_advance(scenario);
}

/* True when the step has said all it has to say. */
static bool act(struct story *story, const struct story_step *step, uint64_t now_ms)
{
    switch (step->action) {
    case REPEAT:
        link_duplicate_next(next_link(story, step->item), DUPLICATES);
        return play_one(story, step, now_ms);
    case FORGE:
        link_forge_next(next_link(story, step->item));
        return play_one(story, step, now_ms);
    case CORRUPT:
        link_corrupt_next(next_link(story, step->item));
        return play_one(story, step, now_ms);
    case PLAY:
        return play_one(story, step, now_ms);
    case HOLD:
        hold(story, step->item);
        return true;
    case TELL_HELD:
        say_step(story, step->item, story->held[step->item].step, story->held[step->item].at_us, now_ms);
        return true;
    case LIST:
        say_listing(story, step, now_ms);
        return true;
    case TRUCK:
        say_position(story, run_device(story->run, story->run->roster->truck_source), 0, now_ms);
        return true;
    case CLONE:
        say_position(story, &story->run->clones[0], 1000000, now_ms);
        return true;
    case STOP:
        say_stray(story, STRAY_STOP, now_ms);
        return true;
    case ABROAD:
        say_stray(story, STRAY_ABROAD, now_ms);
        return true;
    case SILENCE:
        say_stray(story, STRAY_SILENCE, now_ms);
        return true;
    }
    return true;
}

/* ---- telling ---- */

/* The item by its strongest identifier, as a condition on item_id. */
static void put_item(const struct story *story, enum story_item item, struct buffer *sql)
{
    const struct identifier identifier = card_strongest(&story->items[item].card);
    /* An IMEI is kept without its check digit; a serial number may be folded: both are found by the tag as well. */
    const bool as_it_is = identifier.scheme == IDENTIFIER_SCHEME_VIN;
    const struct text value = as_it_is ? identifier.value : text_of(story->items[item].card.tag);
    buffer_printf(sql, "(SELECT item_id FROM custody.identifier WHERE scheme = %d AND value = '%.*s')",
                  as_it_is ? (int)identifier.scheme : (int)IDENTIFIER_SCHEME_TAG, TEXT_ARG(value));
}

/* But for reports of receipt that came late: the story tells today what happened in the days before. */
static void put_flags(const struct story *story, enum story_item item, struct buffer *sql)
{
    buffer_printf(sql, "flag.flag WHERE key NOT LIKE '%%:receipt_report' AND item_id IN ");
    put_item(story, item, sql);
}

static void put_truck_flags(const struct story *story, enum story_item item, struct buffer *sql)
{
    (void)item;
    buffer_printf(sql, "flag.flag WHERE state <> 'withdrawn' AND subject = 'vehicle:%s'",
                  story->run->roster->plates[0]);
}

/* Each event that the step said is stored once; true where it said none. */
static void put_events(const struct story *story, enum story_item item, struct buffer *sql)
{
    (void)item;
    if (story->event_count == 0)
        buffer_printf(sql, "true");
    else
        buffer_printf(sql, "(SELECT count(*) = %zu FROM custody.event WHERE part IS NULL AND event_id IN (%.*s))",
                      story->event_count, (int)story->events.len, (const char *)story->events.data);
}

static void put_yard(const struct story *story, enum story_item item, struct buffer *sql)
{
    (void)item;
    buffer_printf(sql, "'%s'", roster_party_of(story->run->roster, ROLE_YARD)->code);
}

static void put_truck(const struct story *story, enum story_item item, struct buffer *sql)
{
    (void)item;
    buffer_printf(sql, "'%s'", story->run->roster->sources[story->run->roster->truck_source].name);
}

static void put_topic(const struct story *story, enum story_item item, struct buffer *sql)
{
    (void)item;
    buffer_printf(sql, "'%%/up/%s'", story->run->roster->sources[story->run->roster->driver_source].name);
}

static void put_vin(const struct story *story, enum story_item item, struct buffer *sql)
{
    buffer_printf(sql, "'%s'", story->items[item].card.vin);
}

/* What stands in braces below. */
static const struct check_part {
    const char *name;
    void (*put)(const struct story *story, enum story_item item, struct buffer *sql);
} check_parts[] = {{"{item}", put_item},     {"{flags}", put_flags}, {"{truck_flags}", put_truck_flags},
                   {"{events}", put_events}, {"{yard}", put_yard},   {"{truck}", put_truck},
                   {"{topic}", put_topic},   {"{vin}", put_vin}};

/* What the database shows once the step came through: one row, one boolean. */
static const char *const checks[] = {
    [CHECK_EVENTS] = "SELECT {events}",
    [CHECK_BANNED] = "SELECT coalesce(bool_and(ban >= 1), false) FROM custody.item WHERE item_id IN {item}",
    [CHECK_BANNED_FOR_GOOD] = "SELECT coalesce(bool_and(ban = 2), false) FROM custody.item WHERE item_id IN {item}",
    [CHECK_PARTS] = "SELECT count(*) >= 8 FROM custody.item WHERE parent_item_id IN {item}",
    [CHECK_TERMINAL] = "SELECT coalesce(bool_and(terminal), false) FROM custody.item WHERE item_id IN {item}"
                       " AND NOT EXISTS (SELECT FROM {flags} AND rule ^@ 'C' AND state <> 'withdrawn')",
    [CHECK_HOLDER] = "SELECT count(*) = 1 FROM custody.item AS i JOIN registry.party AS p"
                     " ON p.party_id = i.holder_party_id"
                     " WHERE i.offered_party_id IS NULL AND p.code = {yard} AND i.item_id IN {item}",
    [CHECK_WITHDRAWN] = "SELECT EXISTS (SELECT FROM {flags} AND rule = 'C03' AND state = 'withdrawn')"
                        " AND NOT EXISTS (SELECT FROM {flags} AND rule = 'C03' AND state <> 'withdrawn')",
    [CHECK_C03] = "SELECT EXISTS (SELECT FROM {flags} AND rule = 'C03')",
    [CHECK_QUIET] = "SELECT {events} AND NOT EXISTS (SELECT FROM {flags} AND state <> 'withdrawn')",
    [CHECK_SIGHTED] = "SELECT count(*) >= 1 FROM reentry.sighted_identifier WHERE scheme = 1 AND value = {vin}",
    [CHECK_E01] = "SELECT EXISTS (SELECT FROM {flags} AND rule = 'E01' AND state <> 'withdrawn')",
    [CHECK_E05] = "SELECT EXISTS (SELECT FROM {flags} AND rule = 'E05' AND state <> 'withdrawn')",
    [CHECK_FORGED] = "SELECT count(*) >= 1 AND {events} FROM ledger.dead_letter WHERE topic LIKE {topic}",
    [CHECK_CORRUPT] = "SELECT count(*) >= 2 AND {events} FROM ledger.dead_letter WHERE topic LIKE {topic}",
    [CHECK_CLONE] = "SELECT count(*) >= 1 FROM flag.flag AS f JOIN registry.source AS s USING (source_id)"
                    " WHERE f.rule = 'S05' AND s.name = {truck}",
    [CHECK_STOP] = "SELECT count(DISTINCT rule) = 2 FROM {truck_flags} AND rule IN ('R01', 'R06')",
    [CHECK_ABROAD] = "SELECT count(*) >= 1 FROM {truck_flags} AND rule = 'R08'",
    [CHECK_SILENCE] = "SELECT count(*) >= 1 FROM {truck_flags} AND rule = 'R04'",
    [CHECK_NOTHING] = "",
};

static const struct check_part *part_at(const char *at)
{
    size_t i = 0;
    while (strncmp(check_parts[i].name, at, strlen(check_parts[i].name)) != 0) {
        i++;
        assert(i < sizeof check_parts / sizeof check_parts[0]);
    }
    return &check_parts[i];
}

static void put_check(const struct story *story, const struct story_step *step, struct buffer *sql)
{
    size_t len;
    for (const char *at = checks[step->check]; *at != '\0'; at += len) {
        const struct check_part *part = *at == '{' ? part_at(at) : NULL;
        len = part ? strlen(part->name) : strcspn(at, "{");
        if (part)
            part->put(story, step->item, sql);
        else
            buffer_put(sql, at, len);
    }
}

static void tell(struct story *story, const struct story_step *step)
{
    const struct card *card = &story->items[step->item].card;
    const bool of_truck = step->action >= TRUCK;
    const char *truck = story->run->roster->sources[story->run->roster->truck_source].name;
    const struct text subject = of_truck ? text_of(truck) : card_strongest(card).value;
    const char *plate = of_truck ? story->run->roster->plates[0] : card->plate;
    struct buffer sql;
    if (step->words[0] == '\0')
        return;
    fprintf(story->options->tell, "story %-14s %.*s%s%s%s %s\n", step->name, TEXT_ARG(subject), plate[0] ? " (" : "",
            plate, plate[0] ? ")" : "", step->words);
    (void)fflush(story->options->tell);
    if (story->options->out == NULL)
        return;
    buffer_init(&sql, SQL_BYTES);
    put_check(story, step, &sql);
    fprintf(story->options->out, "{\"step\": \"%s\", \"what\": \"%s\", \"identifier\": \"%.*s\", \"sql\": \"%.*s\"}\n",
            step->name, step->words, TEXT_ARG(subject), (int)sql.len, (const char *)sql.data);
    (void)fflush(story->options->out);
    buffer_fini(&sql);
}

static void finish_step(struct story *story, const struct story_step *step, uint64_t now_ms)
{
    tell(story, step);
    buffer_clear(&story->events);
    story->event_count = 0;
    story->begun = false;
    story->at++;
    story->next_ms = step->words[0] == '\0' ? now_ms : now_ms + story->options->pace_ms;
}

/* False while the acknowledgement is awaited. */
static bool is_answered(struct story *story, uint64_t now_ms)
{
    if (story->waiting == NULL)
        return true;
    if (story->waiting->head_seq > story->waiting_seq) {
        story->waiting = NULL;
        return true;
    }
    if (!story->complained && now_ms - story->waiting_since_ms > story->options->patience_ms) {
        story->complained = true;
        fprintf(story->options->tell, "story %-14s is not acknowledged: source %s, seq %" PRIu64 "; waiting\n",
                steps[story->at].name, story->waiting->name, story->waiting_seq);
        (void)fflush(story->options->tell);
    }
    return false;
}

void story_tick(struct story *story, uint64_t now_ms)
{
    while (!story_is_over(story) && now_ms >= story->next_ms && is_answered(story, now_ms)) {
        const struct story_step *step = &steps[story->at];
        if (story->begun) { /* all was said and answered */
            finish_step(story, step, now_ms);
            continue;
        }
        story->begun = act(story, step, now_ms);
    }
}
