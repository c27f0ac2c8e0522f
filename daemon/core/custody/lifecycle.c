/* lifecycle.c - the lifecycle of every kind of item, as tables: what each event is, the moves allowed, the resale
 * ban.
 *
 * To be read beside the law. A row says: for these kinds, from these states, this event leads there, if the guards
 * hold; on the right the article. Within one kind and event the first row that fits decides. */
#include "core/custody/lifecycle.h"

#include <assert.h>

#include "core/words.h"

/* --- words and properties of the states ----------------------------------------------------------------------- */

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define PHYSICAL_ENTRY(name, number, stage, end, word, zh) [number] = {stage, end, word, zh},
static const struct {
    int stage;
    enum state_end end;
    const char *word, *zh;
} physical_infos[] = {PHYSICAL_STATE_TABLE(PHYSICAL_ENTRY)};

#define LEGAL_ENTRY(name, number, stage, word, zh) [number] = {stage, word, zh},
static const struct {
    int stage;
    const char *word, *zh;
} legal_infos[] = {LEGAL_STATE_TABLE(LEGAL_ENTRY)};

#define BAN_ENTRY(name, number, word, zh) [number] = {word, zh},
static const struct {
    const char *word, *zh;
} ban_infos[] = {RESALE_BAN_TABLE(BAN_ENTRY)};

_Static_assert(COUNT_OF(physical_infos) <= 64 && COUNT_OF(legal_infos) <= 64, "sets of states are 64-bit masks");
_Static_assert(GUARD_COUNT <= 64, "sets of guards are 64-bit masks");

static const char *word_or_invalid(const char *word)
{
    return word ? word : "invalid";
}

const char *physical_state_word(enum physical_state state)
{
    return word_or_invalid((unsigned)state < COUNT_OF(physical_infos) ? physical_infos[state].word : NULL);
}

const char *physical_state_zh(enum physical_state state)
{
    return word_or_invalid((unsigned)state < COUNT_OF(physical_infos) ? physical_infos[state].zh : NULL);
}

const char *legal_state_word(enum legal_state state)
{
    return word_or_invalid((unsigned)state < COUNT_OF(legal_infos) ? legal_infos[state].word : NULL);
}

const char *legal_state_zh(enum legal_state state)
{
    return word_or_invalid((unsigned)state < COUNT_OF(legal_infos) ? legal_infos[state].zh : NULL);
}

const char *resale_ban_word(enum resale_ban ban)
{
    return word_or_invalid((unsigned)ban < COUNT_OF(ban_infos) ? ban_infos[ban].word : NULL);
}

const char *resale_ban_zh(enum resale_ban ban)
{
    return word_or_invalid((unsigned)ban < COUNT_OF(ban_infos) ? ban_infos[ban].zh : NULL);
}

enum state_end physical_state_end(enum physical_state state)
{
    assert((unsigned)state < COUNT_OF(physical_infos));
    return physical_infos[state].end;
}

int physical_state_stage(enum physical_state state)
{
    assert((unsigned)state < COUNT_OF(physical_infos));
    return physical_infos[state].stage;
}

int legal_state_stage(enum legal_state state)
{
    assert((unsigned)state < COUNT_OF(legal_infos));
    return legal_infos[state].stage;
}

/* --- vehicles ------------------------------------------------------------------------------------------------- */

bool vehicle_class_supervised(enum vehicle_class vehicle_class)
{
    static const uint32_t supervised = 1u << VEHICLE_CLASS_LARGE_PASSENGER | 1u << VEHICLE_CLASS_TRUCK |
                                       1u << VEHICLE_CLASS_SCHOOL_BUS | 1u << VEHICLE_CLASS_OTHER_OPERATING;
    return (unsigned)vehicle_class < 32 && (supervised >> (unsigned)vehicle_class & 1) != 0;
}

uint32_t vehicle_required_kinds(const struct item_facts *facts)
{
    const uint32_t engine = KIND_BIT(ITEM_KIND_ENGINE), gearbox = KIND_BIT(ITEM_KIND_GEARBOX);
    const uint32_t axles = KIND_BIT(ITEM_KIND_FRONT_AXLE) | KIND_BIT(ITEM_KIND_REAR_AXLE);
    const uint32_t frame = KIND_BIT(ITEM_KIND_FRAME), steering = KIND_BIT(ITEM_KIND_STEERING);
    if (facts->vehicle_class == VEHICLE_CLASS_TRAILER)
        return frame | KIND_BIT(ITEM_KIND_REAR_AXLE);
    if (facts->vehicle_class == VEHICLE_CLASS_MOTORCYCLE)
        return frame | engine;
    uint32_t kinds = frame | steering | axles;
    if (!facts->new_energy) /* a battery-electric car has neither, and we cannot tell it from a hybrid */
        kinds |= engine | gearbox | KIND_BIT(ITEM_KIND_CATALYST);
    else if (!facts->battery_swap_model)
        kinds |= KIND_BIT(ITEM_KIND_TRACTION_BATTERY);
    return kinds;
}

/* --- what each type of event is ------------------------------------------------------------------------------- */

#define P MACHINE_PHYSICAL
#define L MACHINE_LEGAL
#define NEVER FOLLOWS_NEVER
#define PROVEN FOLLOWS_WHEN_PROVEN
#define ALWAYS FOLLOWS_ALWAYS

/* machine, custody, again, after the end, follows, to */
static const struct event_nature natures[] = {
    [EVENT_TYPE_UNSPECIFIED] = {P, false, false, false, NEVER, MOVE_SAME},
    [EVENT_TYPE_BOOKED] = {P, false, false, false, ALWAYS, PHYSICAL_BOOKED},
    [EVENT_TYPE_PICKED_UP] = {P, true, true, false, ALWAYS, PHYSICAL_IN_TRANSIT},
    [EVENT_TYPE_WEIGHED] = {P, true, false, false, ALWAYS, PHYSICAL_IN_TRANSIT},
    [EVENT_TYPE_LOADED] = {P, true, false, false, ALWAYS, PHYSICAL_IN_TRANSIT},
    [EVENT_TYPE_DEPARTED] = {P, true, false, false, ALWAYS, PHYSICAL_IN_TRANSIT},
    [EVENT_TYPE_POSITION] = {P, true, false, false, ALWAYS, PHYSICAL_IN_TRANSIT},
    [EVENT_TYPE_ARRIVED] = {P, true, false, false, ALWAYS, PHYSICAL_IN_TRANSIT},
    [EVENT_TYPE_UNLOADED] = {P, true, false, false, ALWAYS, PHYSICAL_IN_TRANSIT},
    [EVENT_TYPE_TRANSFER_OFFERED] = {P, true, false, false, ALWAYS, PHYSICAL_IN_TRANSIT},
    [EVENT_TYPE_TRANSFER_ACCEPTED] = {P, true, false, false, ALWAYS, PHYSICAL_IN_TRANSIT},
    [EVENT_TYPE_TRANSFER_REJECTED] = {P, false, false, false, NEVER, MOVE_SAME},
    [EVENT_TYPE_INTAKE] = {P, true, true, false, ALWAYS, PHYSICAL_AT_YARD},
    [EVENT_TYPE_INSPECTED] = {L, true, false, false, NEVER, MOVE_SAME},
    [EVENT_TYPE_QUARANTINED] = {L, true, false, false, ALWAYS, LEGAL_QUARANTINED},
    [EVENT_TYPE_RELEASED] = {L, false, false, false, NEVER, MOVE_SAME},
    [EVENT_TYPE_POLICE_NOTIFIED] = {L, false, false, true, NEVER, MOVE_SAME}, /* telling the police is never wrong */
    [EVENT_TYPE_DEPOLLUTED] = {P, true, false, false, ALWAYS, PHYSICAL_DEPOLLUTED},
    [EVENT_TYPE_DATA_WIPED] = {P, true, false, false, PROVEN, PHYSICAL_WIPED},
    [EVENT_TYPE_WIPE_VERIFIED] = {P, true, false, false, NEVER, MOVE_SAME},
    [EVENT_TYPE_SUPERVISION_ATTESTED] = {L, false, false, false, PROVEN, LEGAL_SUPERVISED},
    [EVENT_TYPE_DISMANTLED] = {P, true, false, false, ALWAYS, PHYSICAL_DISMANTLED},
    [EVENT_TYPE_DESTROYED] = {P, true, false, false, ALWAYS, PHYSICAL_DESTROYED},
    [EVENT_TYPE_REMAN_RELEASED] = {P, true, false, false, ALWAYS, PHYSICAL_REMAN_RELEASED},
    [EVENT_TYPE_REPROCESS_RELEASED] = {P, true, false, false, ALWAYS, PHYSICAL_REPROCESS_RELEASED},
    [EVENT_TYPE_REUSE_MARKED] = {P, true, false, false, ALWAYS, PHYSICAL_REUSE_MARKED},
    [EVENT_TYPE_LOT_CREATED] = {P, true, false, false, ALWAYS, PHYSICAL_OPEN},
    [EVENT_TYPE_LOT_MERGED] = {P, true, false, false, ALWAYS, PHYSICAL_OPEN},
    [EVENT_TYPE_LOT_SPLIT] = {P, true, false, false, ALWAYS, PHYSICAL_OPEN},
    [EVENT_TYPE_LOT_SOLD] = {P, true, false, false, ALWAYS, PHYSICAL_SOLD_MATERIAL},
    [EVENT_TYPE_HAZ_MANIFEST_OPENED] = {P, true, false, false, ALWAYS, PHYSICAL_MANIFESTED},
    /* after the end: where a manifest was still open (rule_c01.c) */
    [EVENT_TYPE_HAZ_MANIFEST_CONFIRMED] = {P, true, false, true, ALWAYS, PHYSICAL_HAZ_OUT},
    [EVENT_TYPE_CERT_ISSUED] = {L, false, false, false, ALWAYS, LEGAL_CERTIFIED},
    /* after the end: the commerce bureau may find out late */
    [EVENT_TYPE_CERT_VOIDED] = {L, false, false, true, NEVER, MOVE_SAME},
    /* after the end: the offices finish the papers of a vehicle that was destroyed too early (C03 has said so) */
    [EVENT_TYPE_DEREG_FILED] = {L, false, false, true, ALWAYS, LEGAL_DEREG_PENDING},
    [EVENT_TYPE_DEREGISTERED] = {L, false, false, true, ALWAYS, LEGAL_DEREGISTERED},
    [EVENT_TYPE_INVOICED] = {P, false, false, true, NEVER, MOVE_SAME}, /* money follows the goods */
    [EVENT_TYPE_CORRECTED] = {P, false, false, true, NEVER, MOVE_SAME},
    [EVENT_TYPE_DISPUTED] = {P, false, false, true, NEVER, MOVE_SAME},
    [EVENT_TYPE_SMELTED] = {P, true, false, false, ALWAYS, PHYSICAL_SMELTED},
    [EVENT_TYPE_MATERIAL_RECOVERED] = {P, true, false, false, ALWAYS, PHYSICAL_MATERIAL_RECOVERED},
    [EVENT_TYPE_TREATED] = {P, true, false, false, ALWAYS, PHYSICAL_TREATED},
    [EVENT_TYPE_USED_GOODS_RELEASED] = {P, true, false, false, ALWAYS, PHYSICAL_USED_GOODS},
    [EVENT_TYPE_WIPED_RESOLD] = {P, true, false, false, ALWAYS, PHYSICAL_WIPED_RESOLD},
    [EVENT_TYPE_RETREADED] = {P, true, false, false, ALWAYS, PHYSICAL_RETREADED},
    [EVENT_TYPE_GRADED] = {P, true, false, false, PROVEN, PHYSICAL_GRADED},
};
#define COUNT_ONE(name, number, word) +1
_Static_assert(COUNT_OF(natures) == EVENT_TYPE_TABLE(COUNT_ONE), "every type of event has a nature");

const struct event_nature *event_nature(enum event_type type)
{
    assert((unsigned)type < COUNT_OF(natures));
    return &natures[type];
}

/* --- the moves ------------------------------------------------------------------------------------------------ */

#define K(name) KIND_BIT(ITEM_KIND_##name)
#define KINDS_ALL ((UINT32_C(1) << (ITEM_KIND_LOT + 1)) - 1)
#define ASSEMBLIES (K(ENGINE) | K(STEERING) | K(GEARBOX) | K(FRONT_AXLE) | K(REAR_AXLE) | K(FRAME)) /* 五大总成 */
#define WHOLE (K(VEHICLE) | K(FARM_MACHINE))           /* 整车、整机 */
#define ELECTRICAL (K(APPLIANCE) | K(DATA_DEVICE))     /* 废弃电器电子产品 */
#define HAZARDOUS (K(LEAD_ACID_BATTERY) | K(CATALYST)) /* 危险废物 */
#define CHILDREN (KINDS_ALL & ~(WHOLE | K(LOT)))       /* 拆下的零部件 */

#define S(name) STATE_BIT(PHYSICAL_##name)
#define NOWHERE (S(NONE) | S(BOOKED))
#define RELEASED_PARTS (S(REMAN_RELEASED) | S(REUSE_MARKED) | S(RETREADED) | S(USED_GOODS) | S(WIPED_RESOLD))
#define RELEASED_ALL (RELEASED_PARTS | S(REPROCESS_RELEASED) | S(SOLD_MATERIAL))
#define IN_HAND                                                                                                        \
    (S(IN_TRANSIT) | S(AT_YARD) | S(DEPOLLUTED) | S(DISMANTLED) | S(REMOVED) | S(GRADED) | S(WIPED) |                  \
     S(WIPE_VERIFIED) | S(MANIFESTED) | S(OPEN))
#define IN_STORE (S(AT_YARD) | S(REMOVED) | S(GRADED))
#define ANY UINT64_MAX

#define SUBJECT ITEM_ROLE_SUBJECT
#define PART ITEM_ROLE_PART
#define G(name) GUARD_BIT(GUARD_##name)
#define NO_GUARD 0

const struct move physical_moves[] = {
    /* -- Every kind: booked, picked up, brought in. ------------------------------------------------------------ */
    {KINDS_ALL, S(NONE), EVENT_TYPE_BOOKED, SUBJECT, WHEN_ALWAYS, PHYSICAL_BOOKED, NO_GUARD, "policy"},
    {KINDS_ALL, S(BOOKED) | RELEASED_PARTS, EVENT_TYPE_BOOKED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"},
    /* Register model, plate, engine number, VIN of each vehicle. */
    {WHOLE, NOWHERE, EVENT_TYPE_PICKED_UP, SUBJECT, WHEN_ALWAYS, PHYSICAL_IN_TRANSIT, G(VIN_OR_PLATE) | G(TRUCK),
     "Decree 715 art 10"},
    {KINDS_ALL & ~WHOLE, NOWHERE | RELEASED_PARTS, EVENT_TYPE_PICKED_UP, SUBJECT, WHEN_ALWAYS, PHYSICAL_IN_TRANSIT,
     NO_GUARD, "Decree 715 art 10; MOFCOM 8/2007"},
    /* A reprocessed battery that lived on under its new code and is waste again; the dead code never comes back. */
    {K(TRACTION_BATTERY), S(REPROCESS_RELEASED), EVENT_TYPE_PICKED_UP, SUBJECT, WHEN_FREE, PHYSICAL_IN_TRANSIT,
     NO_GUARD, "NEV battery rule 2026"},
    /* A lot brought in is in stock; anything else is in the yard. */
    {K(LOT), S(IN_TRANSIT), EVENT_TYPE_INTAKE, SUBJECT, WHEN_ALWAYS, PHYSICAL_OPEN,
     G(SITE) | G(NEAR_SITE) | G(WEIGHED) | G(HOLDER), "GB 22128-2019"},
    {WHOLE, S(IN_TRANSIT), EVENT_TYPE_INTAKE, SUBJECT, WHEN_ALWAYS, PHYSICAL_AT_YARD,
     G(SITE) | G(NEAR_SITE) | G(WEIGHED) | G(HOLDER), "Decree 715 art 5, 10; GB 22128-2019"},
    {KINDS_ALL, S(IN_TRANSIT), EVENT_TYPE_INTAKE, SUBJECT, WHEN_ALWAYS, PHYSICAL_AT_YARD,
     G(SITE) | G(NEAR_SITE) | G(HOLDER), "policy"},
    /* Further along the way a thing is received again (the hulk at the shredder, a battery at its processor). */
    {KINDS_ALL, IN_HAND & ~(S(IN_TRANSIT) | S(AT_YARD)), EVENT_TYPE_INTAKE, SUBJECT, WHEN_ALWAYS, MOVE_SAME,
     G(SITE) | G(NEAR_SITE) | G(HOLDER), "policy"},

    /* -- Every kind: on the way, weighed, handed over. Leaving the yard before any work puts it on the way again. */
    {KINDS_ALL, S(AT_YARD), EVENT_TYPE_LOADED, SUBJECT, WHEN_ALWAYS, PHYSICAL_IN_TRANSIT, NO_GUARD, "policy"},
    {KINDS_ALL, S(AT_YARD), EVENT_TYPE_DEPARTED, SUBJECT, WHEN_ALWAYS, PHYSICAL_IN_TRANSIT, NO_GUARD, "policy"},
    {KINDS_ALL, IN_HAND | RELEASED_ALL, EVENT_TYPE_LOADED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"},
    {KINDS_ALL, IN_HAND | RELEASED_ALL, EVENT_TYPE_DEPARTED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"},
    {KINDS_ALL, IN_HAND | RELEASED_ALL, EVENT_TYPE_POSITION, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"},
    {KINDS_ALL, IN_HAND | RELEASED_ALL, EVENT_TYPE_ARRIVED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"},
    {KINDS_ALL, IN_HAND | RELEASED_ALL, EVENT_TYPE_UNLOADED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"},
    {KINDS_ALL, IN_HAND | RELEASED_ALL, EVENT_TYPE_WEIGHED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"},
    {KINDS_ALL, IN_HAND | RELEASED_ALL, EVENT_TYPE_TRANSFER_OFFERED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD,
     "policy"},
    {KINDS_ALL, IN_HAND | RELEASED_ALL, EVENT_TYPE_TRANSFER_ACCEPTED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD,
     "policy"},
    {KINDS_ALL, ANY, EVENT_TYPE_TRANSFER_REJECTED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"},

    /* -- Every kind: paper beside the thing. ------------------------------------------------------------------- */
    {KINDS_ALL, ANY, EVENT_TYPE_INVOICED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "SAT 5/2024"},
    {KINDS_ALL, ANY, EVENT_TYPE_CORRECTED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"},
    {KINDS_ALL, ANY, EVENT_TYPE_DISPUTED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"},

    /* -- Vehicle 报废机动车: certified (or supervised), then taken apart, then destroyed. --------------------------- */
    {K(VEHICLE), S(AT_YARD), EVENT_TYPE_DEPOLLUTED, SUBJECT, WHEN_ALWAYS, PHYSICAL_DEPOLLUTED,
     G(NOT_QUARANTINED) | G(CERTIFIED), "Decree 715 art 9, 10"},
    {K(VEHICLE), S(AT_YARD) | S(DEPOLLUTED), EVENT_TYPE_DISMANTLED, SUBJECT, WHEN_SUPERVISED, PHYSICAL_DISMANTLED,
     G(NOT_QUARANTINED) | G(SUPERVISION) | G(PHOTOS) | G(ASSEMBLIES), "Decree 715 art 10-13"},
    {K(VEHICLE), S(AT_YARD) | S(DEPOLLUTED), EVENT_TYPE_DISMANTLED, SUBJECT, WHEN_UNSUPERVISED, PHYSICAL_DISMANTLED,
     G(NOT_QUARANTINED) | G(CLASS_KNOWN) | G(CERTIFIED) | G(PHOTOS) | G(ASSEMBLIES), "Decree 715 art 9-13"},
    {K(VEHICLE), S(DISMANTLED), EVENT_TYPE_DESTROYED, SUBJECT, WHEN_ALWAYS, PHYSICAL_DESTROYED,
     G(NOT_QUARANTINED) | G(SUPERVISION) | G(CHILDREN_ENDED) | G(DEREGISTERED),
     "Decree 715 art 9, 11, 13; Order 164 art 38"},

    /* -- Farm machine 农业机械: destroyed under the county's agricultural machinery authority. --------------------- */
    {K(FARM_MACHINE), S(AT_YARD), EVENT_TYPE_DEPOLLUTED, SUBJECT, WHEN_ALWAYS, PHYSICAL_DEPOLLUTED, G(NOT_QUARANTINED),
     "Reg. 563 art 37"},
    {K(FARM_MACHINE), S(AT_YARD) | S(DEPOLLUTED), EVENT_TYPE_DISMANTLED, SUBJECT, WHEN_ALWAYS, PHYSICAL_DISMANTLED,
     G(NOT_QUARANTINED) | G(AGRI_SUPERVISION) | G(PHOTOS), "Reg. 563 art 37"},
    {K(FARM_MACHINE), S(AT_YARD) | S(DEPOLLUTED) | S(DISMANTLED), EVENT_TYPE_DESTROYED, SUBJECT, WHEN_ALWAYS,
     PHYSICAL_DESTROYED, G(NOT_QUARANTINED) | G(AGRI_SUPERVISION), "Reg. 563 art 35, 37"},

    /* -- Whatever comes out of a dismantled thing is a new item in custody. ------------------------------------ */
    {CHILDREN, S(NONE) | RELEASED_PARTS, EVENT_TYPE_DISMANTLED, PART, WHEN_ALWAYS, PHYSICAL_REMOVED, NO_GUARD,
     "Decree 715 art 13"},
    {K(LOT), S(NONE) | S(OPEN), EVENT_TYPE_DISMANTLED, PART, WHEN_ALWAYS, PHYSICAL_OPEN, NO_GUARD, "policy"},

    /* -- Assembly 五大总成: to a remanufacturer, otherwise to a steel mill as scrap (rule C08 watches the buyer). ---- */
    {ASSEMBLIES, S(AT_YARD) | S(REMOVED), EVENT_TYPE_GRADED, SUBJECT, WHEN_ALWAYS, PHYSICAL_GRADED, NO_GUARD,
     "Decree 715 art 12"},
    {ASSEMBLIES, S(GRADED), EVENT_TYPE_REMAN_RELEASED, SUBJECT, WHEN_ALWAYS, PHYSICAL_REMAN_RELEASED,
     G(NOT_QUARANTINED), "Decree 715 art 12"},
    {ASSEMBLIES, IN_STORE, EVENT_TYPE_SMELTED, SUBJECT, WHEN_ALWAYS, PHYSICAL_SMELTED, G(NOT_QUARANTINED),
     "Decree 715 art 12"},

    /* -- Other part: may be sold when marked 报废机动车回用件, else it is material. --------------------------------- */
    {K(PART), S(AT_YARD) | S(REMOVED), EVENT_TYPE_GRADED, SUBJECT, WHEN_ALWAYS, PHYSICAL_GRADED, NO_GUARD,
     "Decree 715 art 12"},
    {K(PART), IN_STORE, EVENT_TYPE_REUSE_MARKED, SUBJECT, WHEN_ALWAYS, PHYSICAL_REUSE_MARKED,
     G(NOT_QUARANTINED) | G(MARKED), "Decree 715 art 12, 21"},
    {K(PART), IN_STORE, EVENT_TYPE_SMELTED, SUBJECT, WHEN_ALWAYS, PHYSICAL_SMELTED, NO_GUARD, "Decree 715 art 12"},
    {K(PART), IN_STORE, EVENT_TYPE_MATERIAL_RECOVERED, SUBJECT, WHEN_ALWAYS, PHYSICAL_MATERIAL_RECOVERED, NO_GUARD,
     "Decree 715 art 12"},

    /* -- Traction battery 动力电池: tested, then reprocessed under a new code, or its materials recovered. --------- */
    {K(TRACTION_BATTERY), S(AT_YARD) | S(REMOVED), EVENT_TYPE_GRADED, SUBJECT, WHEN_ALWAYS, PHYSICAL_GRADED, NO_GUARD,
     "NEV battery rule 2026"},
    {K(TRACTION_BATTERY), IN_STORE, EVENT_TYPE_DISMANTLED, SUBJECT, WHEN_ALWAYS, PHYSICAL_DISMANTLED, NO_GUARD,
     "NEV battery rule 2026"}, /* pack into modules, module into cells */
    {K(TRACTION_BATTERY), S(GRADED), EVENT_TYPE_REPROCESS_RELEASED, SUBJECT, WHEN_ALWAYS, PHYSICAL_REPROCESS_RELEASED,
     G(NOT_QUARANTINED) | G(NEW_CODE), "NEV battery rule 2026"},
    {K(TRACTION_BATTERY), S(NONE), EVENT_TYPE_REPROCESS_RELEASED, PART, WHEN_ALWAYS, PHYSICAL_REPROCESS_RELEASED,
     NO_GUARD, "NEV battery rule 2026"}, /* the product under its new code */
    {K(TRACTION_BATTERY), IN_STORE | S(DISMANTLED), EVENT_TYPE_MATERIAL_RECOVERED, SUBJECT, WHEN_ALWAYS,
     PHYSICAL_MATERIAL_RECOVERED, NO_GUARD, "NEV battery rule 2026"},

    /* -- Hazardous waste 危险废物: lead-acid battery (HW31), catalyst (HW50), and parts or lots that turn out to be. */
    {HAZARDOUS | K(PART) | ELECTRICAL, IN_STORE | S(IN_TRANSIT), EVENT_TYPE_HAZ_MANIFEST_OPENED, SUBJECT, WHEN_ALWAYS,
     PHYSICAL_MANIFESTED, G(MANIFEST_NUMBER), "Solid-waste law art 82"},
    {K(LOT), S(OPEN) | S(IN_TRANSIT), EVENT_TYPE_HAZ_MANIFEST_OPENED, SUBJECT, WHEN_ALWAYS, PHYSICAL_MANIFESTED,
     G(MANIFEST_NUMBER), "Solid-waste law art 82"},
    {HAZARDOUS | K(PART) | ELECTRICAL | K(LOT), S(MANIFESTED), EVENT_TYPE_HAZ_MANIFEST_CONFIRMED, SUBJECT, WHEN_ALWAYS,
     PHYSICAL_HAZ_OUT, G(MANIFEST_OPEN), "Solid-waste law art 82"},

    /* -- Appliance and data device 废弃电器电子产品: treated by a licensed firm, or resold under conditions. --------- */
    {ELECTRICAL, S(AT_YARD) | S(WIPED) | S(WIPE_VERIFIED) | S(DISMANTLED), EVENT_TYPE_TREATED, SUBJECT, WHEN_ALWAYS,
     PHYSICAL_TREATED, G(NOT_QUARANTINED), "Decree 551 art 6, 22"},
    {ELECTRICAL, S(AT_YARD) | S(WIPED) | S(WIPE_VERIFIED), EVENT_TYPE_DISMANTLED, SUBJECT, WHEN_ALWAYS,
     PHYSICAL_DISMANTLED, G(NOT_QUARANTINED), "Decree 551 art 22"},
    {ELECTRICAL, S(AT_YARD) | S(WIPED) | S(WIPE_VERIFIED), EVENT_TYPE_DATA_WIPED, SUBJECT, WHEN_PASSED, PHYSICAL_WIPED,
     NO_GUARD, "GB 46864-2025"},
    {ELECTRICAL, S(AT_YARD) | S(WIPED) | S(WIPE_VERIFIED), EVENT_TYPE_DATA_WIPED, SUBJECT, WHEN_FAILED,
     PHYSICAL_AT_YARD, NO_GUARD, "GB 46864-2025"}, /* an honest report: it has to be wiped again */
    {ELECTRICAL, S(WIPED) | S(WIPE_VERIFIED), EVENT_TYPE_WIPE_VERIFIED, SUBJECT, WHEN_PASSED, PHYSICAL_WIPE_VERIFIED,
     NO_GUARD, "GB 46864-2025"},
    {ELECTRICAL, S(AT_YARD) | S(WIPED) | S(WIPE_VERIFIED), EVENT_TYPE_WIPE_VERIFIED, SUBJECT, WHEN_FAILED,
     PHYSICAL_AT_YARD, NO_GUARD, "GB 46864-2025"},
    {ELECTRICAL, S(AT_YARD) | S(WIPED) | S(WIPE_VERIFIED), EVENT_TYPE_GRADED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD,
     "policy"},
    {ELECTRICAL, S(AT_YARD) | S(WIPED) | S(WIPE_VERIFIED), EVENT_TYPE_USED_GOODS_RELEASED, SUBJECT, WHEN_ALWAYS,
     PHYSICAL_USED_GOODS, G(NOT_QUARANTINED) | G(MARKED) | G(SAFE) | G(WIPED) | G(WIPE_VERIFIED),
     "Decree 551 art 12; GB 46864-2025"},
    {ELECTRICAL, S(AT_YARD) | S(WIPED) | S(WIPE_VERIFIED), EVENT_TYPE_WIPED_RESOLD, SUBJECT, WHEN_ALWAYS,
     PHYSICAL_WIPED_RESOLD, G(NOT_QUARANTINED) | G(WIPED) | G(WIPE_VERIFIED), "GB 46864-2025"},
    {K(DATA_DEVICE), IN_HAND, EVENT_TYPE_DESTROYED, SUBJECT, WHEN_ALWAYS, PHYSICAL_SHREDDED, G(NOT_QUARANTINED),
     "GB 46864-2025"},

    /* -- Tyre 废轮胎. --------------------------------------------------------------------------------------------- */
    {K(TYRE), IN_STORE, EVENT_TYPE_GRADED, SUBJECT, WHEN_ALWAYS, PHYSICAL_GRADED, NO_GUARD, "policy"},
    {K(TYRE), IN_STORE, EVENT_TYPE_RETREADED, SUBJECT, WHEN_ALWAYS, PHYSICAL_RETREADED, NO_GUARD, "policy"},
    {K(TYRE), IN_STORE, EVENT_TYPE_MATERIAL_RECOVERED, SUBJECT, WHEN_ALWAYS, PHYSICAL_MATERIAL_RECOVERED, NO_GUARD,
     "policy"},

    /* -- Lots 批次: what goes in is a part of the lot's event, and so is what comes out (mass balance is C13's). ---- */
    {K(LOT), NOWHERE, EVENT_TYPE_LOT_CREATED, SUBJECT, WHEN_ALWAYS, PHYSICAL_OPEN, NO_GUARD, "policy"},
    {K(LOT), NOWHERE | S(OPEN), EVENT_TYPE_LOT_MERGED, SUBJECT, WHEN_ALWAYS, PHYSICAL_OPEN, NO_GUARD, "policy"},
    {K(LOT), S(OPEN), EVENT_TYPE_LOT_SPLIT, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "policy"}, /* the rest stays */
    {K(LOT), S(NONE), EVENT_TYPE_LOT_SPLIT, PART, WHEN_ALWAYS, PHYSICAL_OPEN, NO_GUARD, "policy"},
    {K(LOT), S(OPEN), EVENT_TYPE_LOT_CREATED, PART, WHEN_ALWAYS, PHYSICAL_IN_LOT, NO_GUARD, "policy"},
    {K(LOT), S(OPEN), EVENT_TYPE_LOT_MERGED, PART, WHEN_ALWAYS, PHYSICAL_IN_LOT, NO_GUARD, "policy"},
    {K(PART) | K(TYRE) | HAZARDOUS, IN_STORE, EVENT_TYPE_LOT_CREATED, PART, WHEN_ALWAYS, PHYSICAL_IN_LOT, NO_GUARD,
     "policy"},
    {K(LOT), S(OPEN), EVENT_TYPE_LOT_SOLD, SUBJECT, WHEN_ALWAYS, PHYSICAL_SOLD_MATERIAL, G(WEIGHED), "MOFCOM 8/2007"},
    {K(LOT), S(OPEN) | S(SOLD_MATERIAL), EVENT_TYPE_SMELTED, SUBJECT, WHEN_ALWAYS, PHYSICAL_SMELTED, NO_GUARD,
     "policy"},
    {K(LOT), S(OPEN) | S(SOLD_MATERIAL), EVENT_TYPE_MATERIAL_RECOVERED, SUBJECT, WHEN_ALWAYS,
     PHYSICAL_MATERIAL_RECOVERED, NO_GUARD, "policy"},
};
const size_t physical_move_count = COUNT_OF(physical_moves);

#undef S
#define S(name) STATE_BIT(LEGAL_##name)
#define NOT_HELD (ANY & ~S(QUARANTINED))

const struct move legal_moves[] = {
    /* -- Compared with its papers; suspicion goes to the police, and only they let go. ------------------------- */
    {KINDS_ALL, NOT_HELD, EVENT_TYPE_INSPECTED, SUBJECT, WHEN_SUSPECT, LEGAL_QUARANTINED, NO_GUARD,
     "Decree 715 art 10"},
    {KINDS_ALL, S(QUARANTINED), EVENT_TYPE_INSPECTED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "Decree 715 art 10"},
    /* VIN, engine number and plate as in the papers; frame, engine, and an electric vehicle's battery are there. */
    {K(VEHICLE), S(NONE), EVENT_TYPE_INSPECTED, SUBJECT, WHEN_CLEAN, LEGAL_VERIFIED,
     G(IN_YARD) | G(IDENTITY) | G(WHOLE), "Decree 715 art 10; Order 2/2020"},
    {K(FARM_MACHINE), S(NONE), EVENT_TYPE_INSPECTED, SUBJECT, WHEN_CLEAN, LEGAL_VERIFIED, G(IN_YARD),
     "Reg. 563 art 37"},
    {KINDS_ALL, S(NONE), EVENT_TYPE_INSPECTED, SUBJECT, WHEN_CLEAN, LEGAL_VERIFIED, G(IN_CUSTODY), "MOFCOM 8/2007"},
    {KINDS_ALL, NOT_HELD, EVENT_TYPE_INSPECTED, SUBJECT, WHEN_CLEAN, MOVE_SAME, NO_GUARD, "policy"},
    {KINDS_ALL, NOT_HELD, EVENT_TYPE_QUARANTINED, SUBJECT, WHEN_ALWAYS, LEGAL_QUARANTINED, G(IN_CUSTODY),
     "Decree 715 art 10"},
    {KINDS_ALL, S(QUARANTINED), EVENT_TYPE_QUARANTINED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "Decree 715 art 10"},
    {KINDS_ALL, S(QUARANTINED), EVENT_TYPE_RELEASED, SUBJECT, WHEN_ALWAYS, MOVE_BEHIND, G(BY_POLICE),
     "Decree 715 art 10"},
    {KINDS_ALL, ANY, EVENT_TYPE_POLICE_NOTIFIED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "Decree 715 art 10"},

    /* -- Supervision 监销. --------------------------------------------------------------------------------------- */
    {K(VEHICLE), S(VERIFIED), EVENT_TYPE_SUPERVISION_ATTESTED, SUBJECT, WHEN_SUPERVISED, LEGAL_SUPERVISED, G(BY_POLICE),
     "Decree 715 art 11; RTSL art 14"},
    {K(VEHICLE), S(SUPERVISED), EVENT_TYPE_SUPERVISION_ATTESTED, SUBJECT, WHEN_SUPERVISED, MOVE_SAME, G(BY_POLICE),
     "Decree 715 art 11"}, /* a second session */
    {K(VEHICLE), ANY, EVENT_TYPE_SUPERVISION_ATTESTED, SUBJECT, WHEN_UNSUPERVISED, MOVE_SAME, G(BY_POLICE),
     "Decree 715 art 11"}, /* the police may watch any vehicle */
    {K(FARM_MACHINE), S(NONE) | S(VERIFIED), EVENT_TYPE_SUPERVISION_ATTESTED, SUBJECT, WHEN_ALWAYS, LEGAL_SUPERVISED,
     G(BY_AGRICULTURE), "Reg. 563 art 37"},
    {K(FARM_MACHINE), S(SUPERVISED) | S(CERTIFIED), EVENT_TYPE_SUPERVISION_ATTESTED, SUBJECT, WHEN_ALWAYS, MOVE_SAME,
     G(BY_AGRICULTURE), "Reg. 563 art 37"},

    /* -- Certificate 报废机动车回收证明. Supervised vehicles: printed only after dismantling. -------------------------- */
    {K(VEHICLE), S(VERIFIED) | S(SUPERVISED), EVENT_TYPE_CERT_ISSUED, SUBJECT, WHEN_SUPERVISED, LEGAL_CERTIFIED,
     G(BY_RECYCLER) | G(CERT_NUMBER) | G(NOT_MORTGAGED) | G(WHOLE) | G(SUPERVISION) | G(DISMANTLED_FIRST),
     "Decree 715 art 9, 11; Order 2/2020; Order 164 art 42"},
    {K(VEHICLE), S(VERIFIED), EVENT_TYPE_CERT_ISSUED, SUBJECT, WHEN_UNSUPERVISED, LEGAL_CERTIFIED,
     G(BY_RECYCLER) | G(CERT_NUMBER) | G(NOT_MORTGAGED) | G(WHOLE) | G(CLASS_KNOWN),
     "Decree 715 art 9; Order 2/2020; Order 164 art 42"},
    {K(FARM_MACHINE), S(VERIFIED) | S(SUPERVISED), EVENT_TYPE_CERT_ISSUED, SUBJECT, WHEN_ALWAYS, LEGAL_CERTIFIED,
     G(CERT_NUMBER), "Reg. 563 art 35"},
    /* Printed again under its number; another number is rule C02's. */
    {WHOLE, S(CERTIFIED) | S(DEREG_PENDING) | S(DEREGISTERED), EVENT_TYPE_CERT_ISSUED, SUBJECT, WHEN_ALWAYS, MOVE_SAME,
     G(CERT_NUMBER), "Decree 715 art 9, 20"},
    {WHOLE, S(CERTIFIED) | S(DEREG_PENDING), EVENT_TYPE_CERT_VOIDED, SUBJECT, WHEN_ATTESTED, LEGAL_SUPERVISED,
     G(BY_COMMERCE) | G(CERT_OPEN), "Order 2/2020"},
    {WHOLE, S(CERTIFIED) | S(DEREG_PENDING), EVENT_TYPE_CERT_VOIDED, SUBJECT, WHEN_ALWAYS, LEGAL_VERIFIED,
     G(BY_COMMERCE) | G(CERT_OPEN), "Order 2/2020"},

    /* -- Deregistration 注销登记: filed within 7 days (clock, rule C05), decided by the vehicle office. ------------ */
    {WHOLE, S(CERTIFIED), EVENT_TYPE_DEREG_FILED, SUBJECT, WHEN_ALWAYS, LEGAL_DEREG_PENDING, NO_GUARD,
     "Order 164 art 38"},
    {WHOLE, S(DEREG_PENDING), EVENT_TYPE_DEREG_FILED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "Order 164 art 38"},
    {WHOLE, S(DEREG_PENDING), EVENT_TYPE_DEREGISTERED, SUBJECT, WHEN_ALWAYS, LEGAL_DEREGISTERED, NO_GUARD,
     "Order 164 art 38"},
    {WHOLE, S(DEREGISTERED), EVENT_TYPE_DEREGISTERED, SUBJECT, WHEN_ALWAYS, MOVE_SAME, NO_GUARD, "Order 164 art 38"},
};
const size_t legal_move_count = COUNT_OF(legal_moves);

/* --- the resale ban ------------------------------------------------------------------------------------------- */

/* Beside these rows: any event that puts the thing in somebody's hand begins the ban (event_nature.custody), and any
 * end state makes it final. A lot is material, not goods: it is not under the ban unless it turns out to be hazardous
 * waste. */
const struct ban_move ban_moves[] = {
    /* No whole scrap vehicle may be traded except to a recycler; final from the certificate on. */
    {KINDS_ALL, EVENT_TYPE_CERT_ISSUED, SUBJECT, BAN_FOR_GOOD, "Decree 715 art 15; RTSL art 100"},
    {KINDS_ALL & ~K(LOT), EVENT_TYPE_DISMANTLED, SUBJECT, BAN_FOR_GOOD, "Decree 715 art 15"},
    /* What comes out of a scrap vehicle is banned until an allowed way out. */
    {KINDS_ALL & ~K(LOT), EVENT_TYPE_DISMANTLED, PART, BAN_BEGINS, "Decree 715 art 12, 15"},
    {K(PART), EVENT_TYPE_REUSE_MARKED, SUBJECT, BAN_LIFTS, "Decree 715 art 12"},
    {ELECTRICAL, EVENT_TYPE_USED_GOODS_RELEASED, SUBJECT, BAN_LIFTS, "Decree 551 art 12"},
    {ELECTRICAL, EVENT_TYPE_WIPED_RESOLD, SUBJECT, BAN_LIFTS, "GB 46864-2025"},
    /* The product under its new code was never under the ban; BAN_LIFTS says that its birth does not begin one. */
    {K(TRACTION_BATTERY), EVENT_TYPE_REPROCESS_RELEASED, PART, BAN_LIFTS, "NEV battery rule 2026"},
    {K(LOT), EVENT_TYPE_HAZ_MANIFEST_OPENED, SUBJECT, BAN_BEGINS, "Solid-waste law art 82"},
};
const size_t ban_move_count = COUNT_OF(ban_moves);
