/* rule_c02.c - C02: one strong identifier alive twice (Decree 715 art 9, 15): picked up or taken in a second time by
 * somebody who was never handed it, at two sites at once, or certified under a second number. */
#include "core/custody/facts.h"
#include "core/custody/rules.h"
#include "core/custody/standing.h"

/* Two intakes at different sites closer than this are two things (policy: yards of one district, loading and
 * weighing). */
#define TWO_SITES_APART_US (INT64_C(10) * 60 * 1000 * 1000)

static void speak(struct step *step, const char *reason, const char *what)
{
    step->spoken = true;
    step_find(step, RULE_C02, reason,
              "%s %s by party %lld: %s; hint: one of the two has a false or copied identifier 疑似套牌",
              item_kind_word(step->state->kind), event_type_word(step->event->type), (long long)step->now->party_id,
              what);
}

/* Neither holds it nor is being offered it. */
static bool by_stranger(const struct step *step)
{
    const struct item_state *state = step->state;
    int64_t reporter = step->now->party_id;
    return state->holder_party_id != 0 && reporter != state->holder_party_id && reporter != state->offered_party_id;
}

static void picked_up(struct step *step)
{
    if (step->state->facts.pickup_count + step->state->facts.intake_count > 0 && by_stranger(step))
        speak(step, "pickup", "it is in another party's custody, without a hand-over 重复收运");
}

static void taken_in(struct step *step)
{
    const struct item_facts *facts = &step->state->facts;
    if (facts->intake_count == 0)
        return;
    bool elsewhere = step->site_id != 0 && facts->intake_site_id != 0 && step->site_id != facts->intake_site_id;
    if (elsewhere && time_gap_us(facts->intake_at_us, step->event->at_us) < TWO_SITES_APART_US)
        speak(step, "places", "taken in at another site less than 10 minutes before 同时出现于两地");
    else if (by_stranger(step))
        speak(step, "intake", "taken in before by another party, without a hand-over 重复入场");
    else if (elsewhere && !facts->on_the_move)
        speak(step, "intake", "taken in before at another site, which it never left 重复入场");
}

static void certified(struct step *step)
{
    const struct item_facts *facts = &step->state->facts;
    struct text number = event_certificate_number(step->event);
    if (facts->open_certificate_count > 0 && !text_empty(number) && facts_certificate_at(facts, number) < 0)
        speak(step, "certificate", "a certificate with another number is open and was not voided 重复开具回收证明");
}

void rule_c02_twice(struct step *step)
{
    if (!step_is_subject(step))
        return;
    if (step->event->type == EVENT_TYPE_PICKED_UP)
        picked_up(step);
    else if (step->event->type == EVENT_TYPE_INTAKE)
        taken_in(step);
    else if (step->event->type == EVENT_TYPE_CERT_ISSUED)
        certified(step);
}
