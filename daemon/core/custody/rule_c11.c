/* rule_c11.c - C11: handled by a site or firm without a licence valid for it at that moment (Decree 715 art 5, 19; Decree
 * 551 art 6; Decree 408; solid-waste law art 67; NEV battery rule 2026).
 *
 * Each row names who needs the licence: who does it, or who gets it. At the end of the road (treated, recovered, manifest
 * confirmed) either side may report; then the party whose kind is the processor's is asked. A licence that is limited to
 * a site counts there only. Whether the buyer is of the right class at all is C08's. */
#include "core/custody/rules.h"

#define K(name) KIND_BIT(ITEM_KIND_##name)
#define ASSEMBLIES (K(ENGINE) | K(STEERING) | K(GEARBOX) | K(FRONT_AXLE) | K(REAR_AXLE) | K(FRAME))
#define ELECTRICAL (K(APPLIANCE) | K(DATA_DEVICE))
#define HAZARDOUS (K(LEAD_ACID_BATTERY) | K(CATALYST))
#define KINDS_ALL ((UINT32_C(1) << (ITEM_KIND_LOT + 1)) - 1)

enum who { DOER, TAKER, EITHER };

static const struct licence_rule {
    uint32_t kinds;
    enum event_type event;
    enum who who;
    enum party_kind party; /* TAKER, EITHER: asked only of parties of this kind */
    enum permit_kind permit;
    const char *law;
} licence_rules[] = {
#define V(event)                                                                                                       \
    {                                                                                                                  \
        K(VEHICLE), EVENT_TYPE_##event, DOER, PARTY_KIND_RECYCLER, PERMIT_KIND_VEHICLE_DISMANTLING,                    \
            "Decree 715 art 5, 19"                                                                                     \
    }
    V(INTAKE),
    V(DEPOLLUTED),
    V(DISMANTLED),
    V(DESTROYED),
    V(CERT_ISSUED),
#undef V
    {K(VEHICLE), EVENT_TYPE_TRANSFER_OFFERED, TAKER, PARTY_KIND_RECYCLER, PERMIT_KIND_VEHICLE_DISMANTLING,
     "Solid-waste law art 67"},
    {ASSEMBLIES, EVENT_TYPE_REMAN_RELEASED, TAKER, PARTY_KIND_REMANUFACTURER, PERMIT_KIND_REMANUFACTURING,
     "Decree 715 art 12"},
    {K(TRACTION_BATTERY), EVENT_TYPE_REPROCESS_RELEASED, EITHER, PARTY_KIND_BATTERY_PROCESSOR,
     PERMIT_KIND_BATTERY_PROCESSING, "NEV battery rule 2026"},
    {K(TRACTION_BATTERY), EVENT_TYPE_MATERIAL_RECOVERED, EITHER, PARTY_KIND_BATTERY_PROCESSOR,
     PERMIT_KIND_BATTERY_PROCESSING, "NEV battery rule 2026"},
    {K(TRACTION_BATTERY), EVENT_TYPE_TRANSFER_OFFERED, TAKER, PARTY_KIND_BATTERY_PROCESSOR,
     PERMIT_KIND_BATTERY_PROCESSING, "NEV battery rule 2026"},
    {KINDS_ALL, EVENT_TYPE_HAZ_MANIFEST_OPENED, EITHER, PARTY_KIND_HAZARDOUS_WASTE_OPERATOR,
     PERMIT_KIND_HAZARDOUS_WASTE, "Decree 408"},
    {KINDS_ALL, EVENT_TYPE_HAZ_MANIFEST_CONFIRMED, EITHER, PARTY_KIND_HAZARDOUS_WASTE_OPERATOR,
     PERMIT_KIND_HAZARDOUS_WASTE, "Decree 408"},
    {HAZARDOUS, EVENT_TYPE_TRANSFER_OFFERED, TAKER, PARTY_KIND_HAZARDOUS_WASTE_OPERATOR, PERMIT_KIND_HAZARDOUS_WASTE,
     "Decree 408"},
    {ELECTRICAL, EVENT_TYPE_TREATED, EITHER, PARTY_KIND_WEEE_TREATMENT, PERMIT_KIND_WEEE_TREATMENT,
     "Decree 551 art 6, 22"},
    {ELECTRICAL, EVENT_TYPE_DISMANTLED, DOER, PARTY_KIND_WEEE_TREATMENT, PERMIT_KIND_WEEE_TREATMENT,
     "Decree 551 art 6, 22"},
    {ELECTRICAL, EVENT_TYPE_TRANSFER_OFFERED, TAKER, PARTY_KIND_WEEE_TREATMENT, PERMIT_KIND_WEEE_TREATMENT,
     "Decree 551 art 6"},
};

static const struct licence_rule *rule_for(const struct step *step)
{
    for (size_t i = 0; i < sizeof licence_rules / sizeof licence_rules[0]; i++)
        if ((licence_rules[i].kinds & KIND_BIT(step->state->kind)) != 0 && licence_rules[i].event == step->event->type)
            return &licence_rules[i];
    return NULL;
}

/* Who needs the licence, and where; false where this row asks nobody. */
static bool who_needs_it(const struct step *step, const struct licence_rule *rule, int64_t *party_id, int64_t *site_id)
{
    bool taker_fits = step->counterparty && step->counterparty->kind == rule->party;
    *site_id = 0;
    if (rule->who == DOER || (rule->who == EITHER && step->now->party_kind == rule->party)) {
        *party_id = step->now->party_id;
        *site_id = step->site_id ? step->site_id : step->state->site_id;
        return true;
    }
    *party_id = taker_fits ? step->counterparty->party_id : 0;
    return taker_fits;
}

/* A hulk that is received again on its way to the shredder is no longer a vehicle to be dismantled; authorities keep what
 * they hold as evidence; who is no recycler at all may not certify, which the guard of the certificate says. */
static bool is_exempt(const struct step *step)
{
    if (step->event->type == EVENT_TYPE_CERT_ISSUED)
        return step->now->party_kind != PARTY_KIND_RECYCLER;
    bool again = physical_state_stage(step->before) >= physical_state_stage(PHYSICAL_DISMANTLED);
    return step->event->type == EVENT_TYPE_INTAKE && (again || step->now->party_kind >= PARTY_KIND_POLICE);
}

void rule_c11_licence(struct step *step)
{
    const struct licence_rule *rule = step_is_subject(step) ? rule_for(step) : NULL;
    int64_t party_id, site_id;
    if (!rule || is_exempt(step) || !who_needs_it(step, rule, &party_id, &site_id) ||
        directory_permitted(step->around->directory, party_id, rule->permit, site_id, step->event->at_us))
        return;
    step_find(step, RULE_C11, "licence",
              "%s %s: party %lld has no valid licence %s (%s) for it then; hint: register the licence, or stop it (%s)",
              item_kind_word(step->state->kind), event_type_word(step->event->type), (long long)party_id,
              permit_kind_word(rule->permit), permit_kind_zh(rule->permit), rule->law);
}
