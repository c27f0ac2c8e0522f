/* rule_c08.c - C08: released, sold or handed over to a buyer of the wrong class (Decree 715 art 12, 15, 21; Decree
 * 551 art 6; solid-waste law art 67; NEV battery rule 2026).
 *
 * The registry's kind of the counterparty counts; the class that the seller states counts only where the registry
 * does not know the buyer. At the end of the road (smelted, treated, recovered, manifest confirmed) the reporter
 * itself may be the processor. Custody, other than goods, may also be handed to a carrier or to the police. */
#include "core/custody/rules.h"

#define K(name) KIND_BIT(ITEM_KIND_##name)
#define KINDS_ALL ((UINT32_C(1) << (ITEM_KIND_LOT + 1)) - 1)
#define ASSEMBLIES (K(ENGINE) | K(STEERING) | K(GEARBOX) | K(FRONT_AXLE) | K(REAR_AXLE) | K(FRAME))
#define B(name) (1u << BUYER_CLASS_##name)
#define PARTY(name) (1u << PARTY_KIND_##name)
#define KEEPERS (PARTY(CARRIER) | PARTY(POLICE))
#define OPEN_ROADS (KEEPERS | PARTY(SORTING_CENTRE) | PARTY(RECYCLER))

struct buyer_rule {
    uint32_t kinds;
    enum event_type event;
    uint32_t buyers;  /* set of buyer classes that may have it */
    uint32_t keepers; /* set of party kinds to which custody may be handed; 0: not a hand-over */
    bool reporter;    /* the reporter itself may be the buyer */
    const char *words, *law;
};

#define HAND_OVER(kinds, buyers, keepers, words, law)                                                                  \
    {kinds, EVENT_TYPE_TRANSFER_OFFERED, buyers, keepers, false, words, law},                                          \
    {                                                                                                                  \
        kinds, EVENT_TYPE_TRANSFER_ACCEPTED, buyers, keepers, false, words, law                                        \
    }

/* For each kind and event the first row decides; what has no row may go to anybody. */
static const struct buyer_rule buyer_rules[] = {
    /* No whole scrap vehicle is traded except to a recycler. */
    HAND_OVER(K(VEHICLE) | K(FARM_MACHINE), B(VEHICLE_RECYCLER), KEEPERS,
              "a whole scrap vehicle goes to a vehicle recycler only 报废机动车整车", "Decree 715 art 15"),
    /* The five assemblies: remanufacturer, otherwise steel mill. A recycler may keep them. */
    {ASSEMBLIES, EVENT_TYPE_REMAN_RELEASED, B(REMANUFACTURER), 0, false,
     "an assembly goes to a remanufacturer or a steel mill only 五大总成", "Decree 715 art 12, 21"},
    {ASSEMBLIES, EVENT_TYPE_SMELTED, B(STEEL_MILL), 0, true,
     "an assembly goes to a remanufacturer or a steel mill only 五大总成", "Decree 715 art 12, 21"},
    HAND_OVER(ASSEMBLIES, B(REMANUFACTURER) | B(STEEL_MILL) | B(VEHICLE_RECYCLER), KEEPERS,
              "an assembly goes to a remanufacturer or a steel mill only 五大总成", "Decree 715 art 12, 21"),
    /* Traction battery: processors and recyclers, never an e-bike. */
    {K(TRACTION_BATTERY), EVENT_TYPE_REPROCESS_RELEASED, B(BATTERY_PROCESSOR) | B(VEHICLE_RECYCLER), 0, true,
     "a traction battery goes to a battery processor or recycler only, never into e-bikes 动力电池",
     "NEV battery rule 2026"},
    {K(TRACTION_BATTERY), EVENT_TYPE_MATERIAL_RECOVERED, B(BATTERY_PROCESSOR), 0, true,
     "a traction battery goes to a battery processor or recycler only, never into e-bikes 动力电池",
     "NEV battery rule 2026"},
    HAND_OVER(K(TRACTION_BATTERY), B(BATTERY_PROCESSOR) | B(VEHICLE_RECYCLER), KEEPERS,
              "a traction battery goes to a battery processor or recycler only, never into e-bikes 动力电池",
              "NEV battery rule 2026"),
    /* Hazardous waste: permit holders only, whatever the kind once a manifest is open. */
    HAND_OVER(K(LEAD_ACID_BATTERY) | K(CATALYST), B(HAZARDOUS_WASTE_OPERATOR), KEEPERS,
              "hazardous waste goes to a permit holder only 危险废物", "Decree 408"),
    {KINDS_ALL, EVENT_TYPE_HAZ_MANIFEST_OPENED, B(HAZARDOUS_WASTE_OPERATOR), 0, true,
     "hazardous waste goes to a permit holder only 危险废物", "Decree 408"},
    {KINDS_ALL, EVENT_TYPE_HAZ_MANIFEST_CONFIRMED, B(HAZARDOUS_WASTE_OPERATOR), 0, true,
     "hazardous waste goes to a permit holder only 危险废物", "Decree 408"},
    /* Waste electrical equipment: collected through many channels, treated by licensed firms. */
    {K(APPLIANCE) | K(DATA_DEVICE), EVENT_TYPE_TREATED, B(WEEE_TREATMENT), 0, true,
     "waste electrical equipment is treated by a licensed firm only 废弃电器电子产品", "Decree 551 art 6, 22"},
    HAND_OVER(K(APPLIANCE) | K(DATA_DEVICE), B(WEEE_TREATMENT), OPEN_ROADS,
              "waste electrical equipment goes to collection or licensed treatment only 废弃电器电子产品",
              "Decree 551 art 6"),
};

static const struct buyer_rule *rule_for(const struct step *step)
{
    for (size_t i = 0; i < sizeof buyer_rules / sizeof buyer_rules[0]; i++)
        if ((buyer_rules[i].kinds & KIND_BIT(step->state->kind)) != 0 && buyer_rules[i].event == step->event->type)
            return &buyer_rules[i];
    return NULL;
}

static bool in_set(uint32_t set, unsigned bit)
{
    return bit < 32 && (set >> bit & 1) != 0;
}

/* The buyer as far as anybody knows: the registry first, then the seller's word. */
static enum buyer_class stated_class(const struct step *step)
{
    if (step->counterparty && step->counterparty->kind != PARTY_KIND_UNSPECIFIED)
        return party_kind_buyer_class(step->counterparty->kind);
    return step->event->detail == EVENT_DETAIL_RELEASE ? step->event->release.buyer_class : BUYER_CLASS_UNSPECIFIED;
}

static void speak(struct step *step, const struct buyer_rule *rule, enum buyer_class class)
{
    step_find(step, RULE_C08, "buyer", "%s %s: buyer \"%.*s\" is of class %s; %s (%s)",
              item_kind_word(step->state->kind), event_type_word(step->event->type),
              TEXT_ARG(step->event->counterparty), buyer_class_word(class), rule->words, rule->law);
}

/* A sale: nobody named is no clean sale either. */
static void check_sale(struct step *step, const struct buyer_rule *rule)
{
    enum buyer_class class = stated_class(step);
    enum buyer_class reporter = party_kind_buyer_class(step->now->party_kind);
    bool ends_here = rule->reporter && reporter != BUYER_CLASS_VEHICLE_RECYCLER && in_set(rule->buyers, reporter);
    if (class == BUYER_CLASS_EBIKE && step->state->kind == ITEM_KIND_TRACTION_BATTERY) /* whoever sells it */
        speak(step, rule, class);
    else if (ends_here || in_set(rule->buyers, class))
        return;
    else if (class != BUYER_CLASS_UNSPECIFIED)
        speak(step, rule, class);
    else
        step_find(step, RULE_C03, "buyer", "%s %s: no buyer named 未注明买方; hint: %s (%s)",
                  item_kind_word(step->state->kind), event_type_word(step->event->type), rule->words, rule->law);
}

/* The taker: whom the offer names, or who says that it accepted what was not offered. An offer has been judged when
 * it is met. */
static void check_hand_over(struct step *step, const struct buyer_rule *rule)
{
    bool offer = step->event->type == EVENT_TYPE_TRANSFER_OFFERED;
    if (!offer && step->now->outcome == OUTCOME_MATCHED)
        return;
    if (offer && !step->counterparty)
        return; /* handover.c has said so */
    enum party_kind taker = offer ? step->counterparty->kind : step->now->party_kind;
    if (in_set(rule->keepers, (unsigned)taker) || in_set(rule->buyers, party_kind_buyer_class(taker)))
        return;
    if (offer)
        speak(step, rule, party_kind_buyer_class(taker));
    else
        step_find(step, RULE_C08, "buyer", "%s accepted by party %lld, a %s; %s (%s)",
                  item_kind_word(step->state->kind), (long long)step->now->party_id, party_kind_word(taker),
                  rule->words, rule->law);
}

void rule_c08_buyer(struct step *step)
{
    const struct buyer_rule *rule = step_is_subject(step) ? rule_for(step) : NULL;
    if (!rule)
        return;
    if (rule->keepers)
        check_hand_over(step, rule);
    else
        check_sale(step, rule);
}
