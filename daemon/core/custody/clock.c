/* clock.c - which clock runs when, and what is said when it runs out. */
#include "core/custody/clock.h"

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "core/custody/calendar.h"
#include "core/custody/rules.h"

#define K(name) KIND_BIT(ITEM_KIND_##name)
#define ASSEMBLIES (K(ENGINE) | K(STEERING) | K(GEARBOX) | K(FRONT_AXLE) | K(REAR_AXLE) | K(FRAME))
#define WHOLE (K(VEHICLE) | K(FARM_MACHINE))
#define HAZARDOUS (K(LEAD_ACID_BATTERY) | K(CATALYST))
#define KINDS_ALL ((UINT32_C(1) << (ITEM_KIND_LOT + 1)) - 1)
#define US_PER_HOUR (3600 * US_PER_S)

static bool goes_on(const struct item_state *state)
{
    return physical_state_end(state->physical) == STATE_GOES_ON && state->physical != PHYSICAL_NONE &&
           state->physical != PHYSICAL_BOOKED;
}

static bool taken_in(const struct item_state *state)
{
    return goes_on(state) && state->facts.intake_count > 0;
}

static bool is_on_its_way(const struct step *step)
{
    return step->state->physical == PHYSICAL_IN_TRANSIT;
}

static bool is_offered(const struct step *step)
{
    return step->state->offered_party_id != 0;
}

/* Quarantine stops the clocks of a suspect vehicle: the firm may not go on with it. */
static bool lacks_certificate(const struct step *step)
{
    const struct item_state *state = step->state;
    return taken_in(state) && legal_state_stage(state->legal) < legal_state_stage(LEGAL_CERTIFIED) &&
           state->facts.open_certificate_count == 0;
}

static bool is_certified(const struct step *step)
{
    return step->state->legal == LEGAL_CERTIFIED;
}

static bool is_filed(const struct step *step)
{
    return step->state->legal == LEGAL_DEREG_PENDING;
}

static bool lacks_dismantling(const struct step *step)
{
    const struct item_state *state = step->state;
    return taken_in(state) && state->legal != LEGAL_QUARANTINED &&
           physical_state_stage(state->physical) < physical_state_stage(PHYSICAL_DISMANTLED);
}

static bool is_in_store(const struct step *step)
{
    return goes_on(step->state);
}

static bool is_stored_waste(const struct step *step)
{
    const struct item_state *state = step->state;
    return goes_on(state) && state->physical != PHYSICAL_IN_TRANSIT && state->physical != PHYSICAL_MANIFESTED;
}

static bool awaits_receipt(const struct step *step)
{
    return step->state->facts.manifest_open;
}

static bool is_unwiped(const struct step *step)
{
    return taken_in(step->state) && rule_c10_stores_data(step) && !step->state->facts.wiped;
}

/* kind of clock, rule, kinds of item, condition under which it runs (NULL: no condition, see judge_receipt_report) */
static const struct clock_info {
    enum rule rule;
    uint32_t kinds;
    bool (*runs)(const struct step *step);
} clock_infos[CLOCK_KIND_COUNT] = {
    [CLOCK_KIND_OFFER] = {RULE_C04, KINDS_ALL, is_offered},
    [CLOCK_KIND_INTAKE] = {RULE_C05, KINDS_ALL, is_on_its_way},
    [CLOCK_KIND_CERTIFICATE] = {RULE_C05, K(VEHICLE), lacks_certificate},
    [CLOCK_KIND_DEREGISTRATION] = {RULE_C05, WHOLE, is_certified},
    [CLOCK_KIND_OFFICE_DECISION] = {RULE_C05, WHOLE, is_filed},
    [CLOCK_KIND_DISMANTLING] = {RULE_C05, WHOLE, lacks_dismantling},
    [CLOCK_KIND_ASSEMBLY] = {RULE_C05, ASSEMBLIES, is_in_store},
    [CLOCK_KIND_WIPE] = {RULE_C05, K(DATA_DEVICE) | K(APPLIANCE), is_unwiped},
    [CLOCK_KIND_HAZARDOUS_STORAGE] = {RULE_C15, HAZARDOUS, is_stored_waste},
    [CLOCK_KIND_HAZARDOUS_RECEIPT] = {RULE_C15, KINDS_ALL, awaits_receipt},
    [CLOCK_KIND_RECEIPT_REPORT] = {RULE_C05, 0, NULL},
};

static void say(struct step *step, enum clock_kind kind, const char *reason, int severity, const char *what)
{
    const struct clock_limit *limit = &step->around->directory->clocks[kind];
    char due[TIME_TEXT_SIZE];
    size_t before = step->findings->count;
    const char *hint = kind == CLOCK_KIND_RECEIPT_REPORT ? "let devices send as they work, and look at their clocks"
                                                         : "report it with its own time if it was done";
    time_format_local(step->state->clocks[kind].due_at_us, due);
    step_find_at(step, step->clock_opened[kind], clock_infos[kind].rule, reason,
                 "%s %s: %s %d %s, due %s (%s): %s; hint: %s", clock_kind_word(kind), clock_kind_zh(kind),
                 limit->is_law ? "law 法定" : "policy 规定", (int)limit->count, limit_unit_word(limit->unit), due,
                 item_kind_word(step->state->kind), what, hint);
    step_severity(step, before, severity);
}

static void stop(struct step *step, enum clock_kind kind, int64_t at_us)
{
    struct clock_run *run = &step->state->clocks[kind];
    const struct clock_limit *limit = &step->around->directory->clocks[kind];
    char stopped[TIME_TEXT_SIZE], what[TIME_TEXT_SIZE + 32];
    run->stopped_at_us = at_us;
    if (run->stopped_at_us < run->due_at_us)
        return;
    time_format_local(run->stopped_at_us, stopped);
    snprintf(what, sizeof what, "met too late 逾期, %s", stopped);
    say(step, kind, clock_kind_word(kind), limit->severity, what);
}

static void start(struct step *step, enum clock_kind kind)
{
    const struct clock_limit *limit = &step->around->directory->clocks[kind];
    int64_t at_us = step->event->at_us;
    step->state->clocks[kind] =
        (struct clock_run){at_us, calendar_due_us(step->around->directory, at_us, limit->count, limit->unit), 0};
    step->clock_opened[kind] = step->index;
}

static bool is_open(const struct item_state *state, enum clock_kind kind)
{
    return state->clocks[kind].opened_at_us != 0 && state->clocks[kind].stopped_at_us == 0;
}

/* Another offer takes the place of an open one. */
static bool begins_anew(const struct step *step, enum clock_kind kind)
{
    return kind == CLOCK_KIND_OFFER && step->index == step->offer &&
           step->state->clocks[kind].opened_at_us != step->event->at_us;
}

/* The receiver reports the receipt 入场上报: no event ends this clock, but that the record of the intake was received. */
static void judge_receipt_report(struct step *step)
{
    const int64_t at_us = step->event->at_us, received_us = step->now->received_us;
    if (step->event->type != EVENT_TYPE_INTAKE || received_us == 0 ||
        !step->around->directory->clocks[CLOCK_KIND_RECEIPT_REPORT].known)
        return;
    start(step, CLOCK_KIND_RECEIPT_REPORT);
    stop(step, CLOCK_KIND_RECEIPT_REPORT, received_us > at_us ? received_us : at_us);
}

void clock_step(struct step *step)
{
    if (!calendar_covers(step->event->at_us) || step->event->at_us == 0)
        return;
    judge_receipt_report(step);
    for (unsigned i = 0; i < CLOCK_KIND_COUNT; i++) {
        enum clock_kind kind = (enum clock_kind)i;
        const struct clock_info *info = &clock_infos[kind];
        bool concerns = (info->kinds & KIND_BIT(step->state->kind)) != 0 && step->around->directory->clocks[kind].known;
        bool runs = concerns && info->runs(step);
        if (is_open(step->state, kind) && (!runs || begins_anew(step, kind)))
            stop(step, kind, step->event->at_us);
        if (runs && !is_open(step->state, kind))
            start(step, kind);
    }
}

static int64_t too_late_us(const struct clock_limit *limit, const struct clock_run *run)
{
    return run->due_at_us + limit->grace_h * US_PER_HOUR;
}

static int64_t warning_us(const struct clock_limit *limit, const struct clock_run *run)
{
    return run->due_at_us - limit->warn_before_h * US_PER_HOUR;
}

void clock_judge(struct step *step)
{
    enum { SEVERITY_NOTE = 1 };
    for (unsigned i = 0; i < CLOCK_KIND_COUNT; i++) {
        enum clock_kind kind = (enum clock_kind)i;
        const struct clock_run *run = &step->state->clocks[kind];
        const struct clock_limit *limit = &step->around->directory->clocks[kind];
        char reason[FINDING_KEY_BYTES];
        if (!is_open(step->state, kind))
            continue;
        if (step->around->now_us >= too_late_us(limit, run)) {
            say(step, kind, clock_kind_word(kind), limit->severity, "ran out 已超期");
        } else if (step->around->now_us >= warning_us(limit, run)) {
            snprintf(reason, sizeof reason, "%s_soon", clock_kind_word(kind));
            say(step, kind, reason, SEVERITY_NOTE, "runs out soon 即将到期");
        }
    }
}

int64_t clock_alarm_us(const struct directory *directory, const struct item_state *state, enum clock_kind kind,
                       int64_t now_us)
{
    const struct clock_run *run = &state->clocks[kind];
    const struct clock_limit *limit = &directory->clocks[kind];
    if (!is_open(state, kind))
        return 0;
    if (now_us < warning_us(limit, run))
        return warning_us(limit, run);
    return now_us < too_late_us(limit, run) ? too_late_us(limit, run) : 0;
}
