/* rule_c17.c - C17: giver and taker are one, or linked (registry.party_link): a hand-over or a sale on paper only. The
 * district knows links from the business registry; a link is a reason to look, not an offence. */
#include "core/custody/rules.h"

enum { SEVERITY_LOOK = 2 };

/* A sale and an invoice name the buyer; an offer its taker. A reverse invoice 反向开票 names nobody: its seller is a natural
 * person, known by a keyed hash alone (PIPL). An acceptance that has its offer was judged there. */
static bool names_the_other_side(const struct step *step)
{
    if (step->event->type == EVENT_TYPE_TRANSFER_ACCEPTED)
        return step->now->outcome != OUTCOME_MATCHED;
    return step->event->type == EVENT_TYPE_TRANSFER_OFFERED || step->event->type == EVENT_TYPE_HAZ_MANIFEST_OPENED ||
           step->event->type == EVENT_TYPE_INVOICED || step->event->detail == EVENT_DETAIL_RELEASE;
}

void rule_c17_linked(struct step *step)
{
    if (!step_is_subject(step) || !step->counterparty || !names_the_other_side(step))
        return;
    int64_t giver = step->now->party_id, taker = step->counterparty->party_id;
    if (giver == taker) {
        step_find(step, RULE_C17, "same",
                  "%s %s: party %lld deals with itself 交接双方为同一主体; hint: name the real other side",
                  item_kind_word(step->state->kind), event_type_word(step->event->type), (long long)giver);
        return;
    }
    const struct party_link *link = directory_link(step->around->directory, giver, taker, step->event->at_us);
    size_t before = step->findings->count;
    if (!link)
        return;
    step_find(step, RULE_C17, "linked",
              "%s %s: parties %lld and %lld are linked (%.*s) 关联交易; hint: compare masses and prices with others",
              item_kind_word(step->state->kind), event_type_word(step->event->type), (long long)giver, (long long)taker,
              TEXT_ARG(link->kind));
    step_severity(step, before, SEVERITY_LOOK);
}
