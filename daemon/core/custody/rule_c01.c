/* rule_c01.c - C01: an event after an end state (EPCIS CBV 2.0 "destroying": the identifier should not be the subject
 * of subsequent events; such events are likely indicative of error).
 *
 * Paper about the thing that is no more may follow, and only that (event_nature.after_end): corrections and disputes,
 * word to the police, the invoice, the commerce bureau voiding a certificate; deregistration, which the offices
 * finish even where a vehicle was destroyed too early; the receiver's confirmation of a hazardous-waste manifest that
 * was open when the thing ended. */
#include "core/custody/rules.h"

static bool may_follow(const struct step *step)
{
    enum event_type type = step->event->type;
    const struct item_state *state = step->state;
    if (!step_is_subject(step) || !event_nature(type)->after_end)
        return false;
    if (type == EVENT_TYPE_HAZ_MANIFEST_CONFIRMED)
        return state->facts.manifest_open;
    bool registration = type == EVENT_TYPE_DEREG_FILED || type == EVENT_TYPE_DEREGISTERED;
    return !registration || state->kind == ITEM_KIND_VEHICLE || state->kind == ITEM_KIND_FARM_MACHINE;
}

bool rule_c01_after_end(struct step *step)
{
    const struct item_state *state = step->state;
    if (!state->terminal || may_follow(step))
        return false;
    step->spoken = true;
    step_find(step, RULE_C01, "end",
              "%s was %s (%s) and now: %s, reported by party %lld; hint: a clone, a wrong identifier, or an "
              "end that was none",
              item_kind_word(state->kind), physical_state_word(state->physical), physical_state_zh(state->physical),
              event_type_word(step->event->type), (long long)step->now->party_id);
    return true;
}
