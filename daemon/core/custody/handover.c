/* handover.c - matches offers with acceptances in event time, whichever arrived first. */
#include "core/custody/handover.h"

#include "core/custody/standing.h"

static bool names(const struct step *step, const struct history_event *event, int64_t party_id)
{
    const struct party *party = text_empty(event->event->counterparty)
                                    ? NULL
                                    : directory_party(step->around->directory, event->event->counterparty);
    return party && party->party_id == party_id;
}

/* An offer by `giver` to `taker` that lies after the answer at hand within the skew of clocks, not yet taken; or
 * step->count. */
static size_t offer_just_after(const struct step *step, int64_t giver, int64_t taker)
{
    int64_t answered_at_us = step->event->at_us;
    for (size_t i = step->index + 1; i < step->count; i++) {
        const struct history_event *offer = &step->events[i];
        if (time_gap_us(answered_at_us, offer->event->at_us) > CLOCK_SKEW_US)
            break;
        bool open = offer->standing == EVENT_STANDS && offer->role == ITEM_ROLE_SUBJECT &&
                    offer->event->type == EVENT_TYPE_TRANSFER_OFFERED && offer->outcome == OUTCOME_NONE;
        if (open && offer->party_id == giver && names(step, offer, taker))
            return i;
    }
    return step->count;
}

static void close_offer(struct item_state *state)
{
    state->offered_party_id = 0;
    state->facts.offer_giver_party_id = state->facts.offer_at_us = 0;
}

static void check_giver(struct step *step, size_t offer, int64_t giver)
{
    int64_t holder = step->state->holder_party_id;
    if (holder != 0 && holder != giver)
        step_find_at(step, offer, RULE_C03, "giver",
                     "%s offered by a party that does not hold it 非持有人移交; holder is party %lld; "
                     "hint: the hand-over to the giver is missing",
                     item_kind_word(step->state->kind), (long long)holder);
}

/* Finds the offer that the event at hand answers, closes it and marks both halves. */
static bool answer(struct step *step, int64_t giver, int64_t taker)
{
    struct item_state *state = step->state;
    size_t offer;
    if (state->offered_party_id == taker && state->facts.offer_giver_party_id == giver) {
        offer = step->offer;
        close_offer(state);
    } else {
        offer = offer_just_after(step, giver, taker);
        if (offer == step->count)
            return false;
        check_giver(step, offer, giver); /* now, before custody moves; offered() will find it answered */
    }
    step->events[offer].outcome = step->events[step->index].outcome = OUTCOME_MATCHED;
    return true;
}

static bool counterparty_is_registered(struct step *step, const char *who)
{
    if (step->counterparty)
        return true;
    step_find(step, RULE_C03, "counterparty",
              "%s %s: %s \"%.*s\" is not a registered party 对方未登记; hint: register it",
              item_kind_word(step->state->kind), event_type_word(step->event->type), who,
              TEXT_ARG(step->event->counterparty));
    return false;
}

static void offered(struct step *step)
{
    struct item_state *state = step->state;
    int64_t giver = step->now->party_id;
    if (step->now->outcome == OUTCOME_MATCHED)
        return; /* answered already, by a clock that runs ahead */
    check_giver(step, step->index, giver);
    if (!counterparty_is_registered(step, "taker"))
        return;
    state->offered_party_id = step->counterparty->party_id;
    state->facts.offer_giver_party_id = giver;
    state->facts.offer_at_us = step->event->at_us;
    step->offer = step->index;
}

static void accepted(struct step *step)
{
    struct item_state *state = step->state;
    if (!counterparty_is_registered(step, "giver"))
        return;
    if (!answer(step, step->counterparty->party_id, step->now->party_id)) {
        step_find(step, RULE_C03, "offer",
                  "%s: custody claimed without an offer 无移交要约; taker party %lld, giver %.*s; "
                  "hint: the giver has to report TRANSFER_OFFERED",
                  item_kind_word(state->kind), (long long)step->now->party_id, TEXT_ARG(step->event->counterparty));
        return;
    }
    close_offer(state); /* also one that the giver had made to somebody else */
    state->holder_party_id = step->now->party_id;
    state->facts.on_the_move = true;
}

static void rejected(struct step *step)
{
    if (!counterparty_is_registered(step, "giver"))
        return;
    if (!answer(step, step->counterparty->party_id, step->now->party_id))
        step_find(step, RULE_C03, "offer",
                  "%s: rejects what was not offered 无移交要约; giver %.*s; "
                  "hint: the giver has to report TRANSFER_OFFERED",
                  item_kind_word(step->state->kind), TEXT_ARG(step->event->counterparty));
}

void handover_step(struct step *step)
{
    if (!step_is_subject(step))
        return;
    if (step->event->type == EVENT_TYPE_TRANSFER_OFFERED)
        offered(step);
    else if (step->event->type == EVENT_TYPE_TRANSFER_ACCEPTED)
        accepted(step);
    else if (step->event->type == EVENT_TYPE_TRANSFER_REJECTED)
        rejected(step);
}
