/* facts.c - keeps struct item_facts, and the plain parts of struct item_state, up to date with one event. */
#include "core/custody/facts.h"

#include <string.h>

struct text event_certificate_number(const struct event *event)
{
    return event->detail == EVENT_DETAIL_CERTIFICATE ? event->certificate.number : (struct text){NULL, 0};
}

int facts_certificate_at(const struct item_facts *facts, struct text number)
{
    if (text_empty(number))
        return -1;
    struct digest digest = step_digest(number);
    for (uint32_t i = 0; i < facts->open_certificate_count; i++)
        if (digest_equal(&facts->open_certificates[i], &digest))
            return (int)i;
    return -1;
}

static uint32_t kinds_of(const enum item_kind *kinds, size_t count)
{
    uint32_t set = 0;
    for (size_t i = 0; i < count; i++)
        set |= KIND_BIT(kinds[i]);
    return set;
}

static void learn_pickup(struct item_facts *facts, const struct pickup *pickup)
{
    if (pickup->reason != SCRAP_REASON_UNSPECIFIED)
        facts->scrap_reason = pickup->reason;
    if (pickup->vehicle_class != VEHICLE_CLASS_UNSPECIFIED)
        facts->vehicle_class = pickup->vehicle_class;
    facts->new_energy |= pickup->new_energy;
    facts->battery_swap_model |= pickup->battery_swap_model;
    facts->mortgaged = pickup->mortgaged; /* may be cleared between booking and pickup */
    facts->stores_data |= pickup->stores_data;
    if (pickup->curb_mass_g > 0)
        facts->curb_mass_g = pickup->curb_mass_g;
}

/* From FIGURE_BATTERY_BELONGS_SINCE_S on a missing traction battery makes a vehicle incomplete, statement or not
 * 车电一体报废; before, the owner's written statement was enough. */
static void learn_inspection(struct item_facts *facts, const struct event *event, int64_t battery_belongs_since_s)
{
    const struct inspection *inspection = &event->inspection;
    uint32_t missing = kinds_of(inspection->missing, inspection->missing_count);
    if (inspection->owner_statement && event->at_us / 1000000 < battery_belongs_since_s)
        missing &= ~KIND_BIT(ITEM_KIND_TRACTION_BATTERY);
    facts->missing_kinds = missing;
}

static void learn_composition(struct item_facts *facts, const struct event *event)
{
    if (event->type != EVENT_TYPE_DISMANTLED)
        return;
    const struct composition *composition = &event->composition;
    for (size_t i = 0; i < composition->part_count; i++)
        facts->child_kinds |= KIND_BIT(composition->parts[i].item.kind);
    facts->child_count += (uint32_t)composition->part_count;
    facts->declared_missing_kinds |= kinds_of(composition->declared_missing, composition->declared_missing_count);
}

static void learn_detail(struct step *step)
{
    struct item_facts *facts = &step->state->facts;
    const struct event *event = step->event;
    if (event->detail == EVENT_DETAIL_PICKUP)
        learn_pickup(facts, &event->pickup);
    else if (event->detail == EVENT_DETAIL_INSPECTION)
        learn_inspection(facts, event, step->around->directory->figures[FIGURE_BATTERY_BELONGS_SINCE_S]);
    else if (event->detail == EVENT_DETAIL_COMPOSITION)
        learn_composition(facts, event);
}

static void learn_evidence(struct item_facts *facts, const struct event *event)
{
    for (size_t i = 0; i < event->evidence_count; i++) {
        facts->photo_before |= event->evidence[i].kind == EVIDENCE_KIND_PHOTO_BEFORE;
        facts->photo_after |= event->evidence[i].kind == EVIDENCE_KIND_PHOTO_AFTER;
    }
}

static void learn_mass(struct item_state *state, const struct mass *mass)
{
    if (!mass->present || (mass->estimated && state->facts.mass_measured))
        return;
    state->has_mass = true;
    state->mass_g = mass->mass_g;
    state->facts.mass_measured = !mass->estimated;
}

/* Only the authority whose supervision the kind needs can attest it. */
static bool attests(const struct step *step)
{
    enum party_kind authority =
        step->state->kind == ITEM_KIND_FARM_MACHINE ? PARTY_KIND_AGRICULTURE_BUREAU : PARTY_KIND_POLICE;
    return step->event->type == EVENT_TYPE_SUPERVISION_ATTESTED && step->now->party_kind == authority;
}

static void learn_wipe(struct item_facts *facts, const struct event *event)
{
    bool passed = event->detail == EVENT_DETAIL_WIPE && event->wipe.passed;
    if (event->type == EVENT_TYPE_DATA_WIPED) {
        facts->wiped = passed;
        facts->wipe_verified = false; /* to be verified again */
    } else if (event->type == EVENT_TYPE_WIPE_VERIFIED) {
        facts->wipe_verified = passed;
    }
}

void facts_learn(struct step *step)
{
    struct item_state *state = step->state;
    if (!step_is_subject(step)) {
        learn_mass(state, &step->event->composition.parts[step->now->part].mass);
        return;
    }
    learn_detail(step);
    learn_evidence(&state->facts, step->event);
    learn_mass(state, &step->event->mass);
    learn_wipe(&state->facts, step->event);
    state->facts.supervision_attested |= attests(step);
    state->facts.police_notified |= step->event->type == EVENT_TYPE_POLICE_NOTIFIED;
    state->facts.disputed |= step->event->type == EVENT_TYPE_DISPUTED && step->now->outcome == OUTCOME_MATCHED;
}

/* --- after the move ------------------------------------------------------------------------------------------- */

static void settle_certificate_issued(struct item_facts *facts, const struct event *event)
{
    struct text number = event_certificate_number(event);
    if (facts_certificate_at(facts, number) >= 0)
        return; /* printed again */
    facts->certificates_issued++;
    if (facts->open_certificate_count == OPEN_CERTIFICATES_MAX) {
        memmove(&facts->open_certificates[0], &facts->open_certificates[1],
                (OPEN_CERTIFICATES_MAX - 1) * sizeof facts->open_certificates[0]);
        facts->open_certificate_count--;
    }
    facts->open_certificates[facts->open_certificate_count++] = step_digest(number);
}

/* Whoever else says so, only the commerce bureau voids. */
static void settle_certificate_voided(struct item_facts *facts, const struct step *step)
{
    int at = facts_certificate_at(facts, event_certificate_number(step->event));
    if (at < 0 || step->now->party_kind != PARTY_KIND_COMMERCE_BUREAU)
        return;
    facts->certificates_voided++;
    facts->open_certificate_count--;
    for (uint32_t i = (uint32_t)at; i < facts->open_certificate_count; i++)
        facts->open_certificates[i] = facts->open_certificates[i + 1];
    facts->open_certificates[facts->open_certificate_count] = (struct digest){{0}};
}

static void settle_manifest(struct item_facts *facts, const struct event *event)
{
    if (event->detail != EVENT_DETAIL_HAZARDOUS_MANIFEST)
        return;
    struct digest number = step_digest(event->hazardous_manifest.number);
    if (event->type == EVENT_TYPE_HAZ_MANIFEST_OPENED) {
        facts->manifest_open = true;
        facts->manifest = number;
    } else if (event->type == EVENT_TYPE_HAZ_MANIFEST_CONFIRMED && digest_equal(&facts->manifest, &number)) {
        facts->manifest_open = false;
    }
}

static void settle_intake(struct item_facts *facts, const struct step *step)
{
    facts->intake_count++;
    facts->intake_at_us = step->event->at_us;
    if (step->site_id != 0)
        facts->intake_site_id = step->site_id;
    facts->on_the_move = false;
}

static void settle_place(struct step *step)
{
    struct item_state *state = step->state;
    enum event_type type = step->event->type;
    if (type == EVENT_TYPE_PICKED_UP)
        state->facts.pickup_count++;
    if (type == EVENT_TYPE_PICKED_UP || type == EVENT_TYPE_LOADED || type == EVENT_TYPE_DEPARTED)
        state->facts.on_the_move = true;
    if (type == EVENT_TYPE_DEPARTED)
        state->site_id = 0;
    else if (event_nature(type)->custody && step->site_id != 0)
        state->site_id = step->site_id;
    if (type == EVENT_TYPE_INTAKE)
        settle_intake(&state->facts, step);
}

/* Who has it: the first who had it in hand, then by hand-over only (handover.c); the buyer after a release; nobody at
 * the end. */
static void settle_holder(struct step *step)
{
    struct item_state *state = step->state;
    bool first = state->holder_party_id == 0 && event_nature(step->event->type)->custody;
    enum state_end end = physical_state_end(state->physical);
    if (end == STATE_GOES_ON && first)
        state->holder_party_id = step->now->party_id;
    if (end == STATE_GOES_ON || state->physical == step->before)
        return;
    bool sold = end == STATE_RELEASED && step->counterparty;
    state->holder_party_id = sold ? step->counterparty->party_id : 0;
    state->offered_party_id = state->site_id = 0;
}

void facts_settle(struct step *step)
{
    struct item_facts *facts = &step->state->facts;
    if (step_is_subject(step)) {
        if (step->event->type == EVENT_TYPE_CERT_ISSUED)
            settle_certificate_issued(facts, step->event);
        else if (step->event->type == EVENT_TYPE_CERT_VOIDED)
            settle_certificate_voided(facts, step);
        settle_manifest(facts, step->event);
        settle_place(step);
    } else if (step->site_id != 0) {
        step->state->site_id = step->site_id;
    }
    settle_holder(step);
}

void facts_begin_again(struct item_state *state)
{
    const struct item_facts last = state->facts;
    bool held = state->legal == LEGAL_QUARANTINED; /* only the police end that */
    state->facts = (struct item_facts){.disputed = last.disputed, .police_notified = held && last.police_notified};
    state->legal = held ? LEGAL_QUARANTINED : LEGAL_NONE;
    state->holder_party_id = state->offered_party_id = state->site_id = 0;
}
