/* fold.c - folds the events of one item, in the order in which they happened, into its state and findings.
 *
 * The life of an event here: does it count (standing.c)? may anything follow at all (C01)? is the thing alive twice
 * (C02)? what does it teach (facts.c)? does custody change hands (handover.c), to whom (C08), and are giver
 * and taker apart (C17)? may the site and the firm do that (C11)? is it the thing that its papers say (C12), and are the
 * papers straight (C14)? do
 * the masses agree (C06, C13, C15)? which way do the machines move (C03, with the guards of C07, C09 and C10)? what becomes of the resale ban (resale.c)? which clocks run (clock.c: C04, C05, C15)? */
#include "core/custody/fold.h"

#include <assert.h>

#include "core/custody/clock.h"
#include "core/custody/facts.h"
#include "core/custody/handover.h"
#include "core/custody/resale.h"
#include "core/custody/rules.h"
#include "core/custody/standing.h"
#include "core/custody/step.h"

static enum item_kind kind_said(const struct history_event *at)
{
    return at->role == ITEM_ROLE_SUBJECT ? at->event->item.kind : at->event->composition.parts[at->part].item.kind;
}

/* The registry's kind; where it knows none, the first that an event names. */
static enum item_kind kind_of(const struct history_event *events, size_t count, const struct surroundings *around)
{
    enum item_kind kind = around->kind;
    for (size_t i = 0; i < count && kind == ITEM_KIND_UNSPECIFIED; i++)
        if (events[i].standing == EVENT_STANDS)
            kind = kind_said(&events[i]);
    return kind;
}

/* A released thing that is collected, or comes out of another waste, starts a new round of custody. */
static bool comes_again(const struct step *step)
{
    const struct item_state *state = step->state;
    bool born = !step_is_subject(step) && step->event->type == EVENT_TYPE_DISMANTLED;
    return physical_state_end(state->physical) == STATE_RELEASED && (born || event_nature(step->event->type)->again);
}

/* When it left custody for good, or until it comes back as waste. */
static void settle_end(struct step *step)
{
    struct item_state *state = step->state;
    bool goes_on = physical_state_end(state->physical) == STATE_GOES_ON;
    if (goes_on)
        state->ended_at_us = 0;
    else if (state->ended_at_us == 0)
        state->ended_at_us = step->event->at_us;
}

static void fold_standing(struct step *step)
{
    rule_c03_kind(step);
    rule_c03_references(step);
    if (rule_c01_after_end(step))
        return;
    if (comes_again(step)) {
        facts_begin_again(step->state);
        step->weighed = (struct mass){0};
    }
    rule_c02_twice(step);
    facts_learn(step);
    handover_step(step);
    rule_c08_buyer(step);
    rule_c17_linked(step);
    rule_c11_licence(step);
    rule_c12_identity(step);
    rule_c07_statement(step);
    rule_c14_certificate(step);
    rule_c06_mass(step);
    rule_c13_balance(step);
    rule_c15_yield(step);
    bool regular = rule_c03_move(step);
    facts_settle(step);
    step->state->terminal = physical_state_end(step->state->physical) == STATE_TERMINAL;
    settle_end(step);
    resale_step(step, regular);
    clock_step(step);
}

static void fold_one(struct step *step)
{
    switch (step->now->standing) {
    case EVENT_STANDS:
        fold_standing(step);
        break;
    case EVENT_DUPLICATE:
        rule_c03_references(step);
        break;
    case EVENT_CORRECTED_BY_REPORTER:
    case EVENT_CORRECTED_BY_AUTHORITY:
        resale_step_corrected(step);
        break;
    }
}

static void check_events(const struct history_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert(events[i].role == ITEM_ROLE_SUBJECT || (events[i].event->detail == EVENT_DETAIL_COMPOSITION &&
                                                       events[i].part < events[i].event->composition.part_count));
}

void custody_fold(struct history_event *events, size_t count, const struct surroundings *around,
                  struct item_state *state, struct findings *findings)
{
    *state = (struct item_state){0};
    if (count == 0)
        return;
    check_events(events, count);
    standing_decide(events, count, around->directory);
    standing_sort(events, count);
    state->kind = kind_of(events, count, around);
    state->event_count = (uint32_t)count;
    state->watched = around->watch_count > 0;
    state->first_event_at_us = events[0].event->at_us;
    state->last_event_at_us = events[count - 1].event->at_us;
    struct step step = {.state = state, .events = events, .count = count, .around = around, .findings = findings};
    for (size_t i = 0; i < count; i++) {
        step_begin(&step, i);
        fold_one(&step);
    }
    rule_c03_police_not_notified(&step);
    clock_judge(&step);
    rule_c12_watched(&step);
    rule_c14_shared(&step);
}
