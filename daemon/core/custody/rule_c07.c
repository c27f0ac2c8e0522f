/* rule_c07.c - C07: one of the five assemblies 五大总成, a traction battery or a catalyst is not accounted for (Decree 715
 * art 12, 13; Order 2/2020; NEV battery rule 2026).
 *
 * Two guards: without frame, engine and (electric) battery a vehicle is incomplete 缺件 and gets no certificate; and when
 * it is dismantled every kind of vehicle_required_kinds came out of it or was declared missing. Beside them: whatever
 * else an inspection finds missing needs the owner's written statement. */
#include <stdio.h>

#include "core/custody/rules.h"

static uint32_t vital_missing(const struct step *step)
{
    const struct item_facts *facts = &step->state->facts;
    const uint32_t vital =
        KIND_BIT(ITEM_KIND_FRAME) | KIND_BIT(ITEM_KIND_ENGINE) | KIND_BIT(ITEM_KIND_TRACTION_BATTERY);
    return facts->missing_kinds & vital & vehicle_required_kinds(facts);
}

static uint32_t unaccounted(const struct step *step)
{
    const struct item_facts *facts = &step->state->facts;
    return vehicle_required_kinds(facts) & ~(facts->child_kinds | facts->declared_missing_kinds);
}

static void name_kinds(uint32_t kinds, char *out, size_t size)
{
    size_t len = 0;
    for (unsigned kind = 0; kind <= ITEM_KIND_LOT && len < size; kind++) {
        if ((kinds & KIND_BIT(kind)) == 0)
            continue;
        int put = snprintf(out + len, size - len, "%s%s", len ? ", " : ": ", item_kind_word((enum item_kind)kind));
        len += put > 0 ? (size_t)put : size;
    }
}

bool rule_c07_whole(const struct step *step)
{
    return vital_missing(step) == 0;
}

bool rule_c07_accounted(const struct step *step)
{
    return unaccounted(step) == 0;
}

void rule_c07_name_vital(const struct step *step, char *out, size_t size)
{
    name_kinds(vital_missing(step), out, size);
}

void rule_c07_name_unaccounted(const struct step *step, char *out, size_t size)
{
    name_kinds(unaccounted(step), out, size);
}

void rule_c07_statement(struct step *step)
{
    const struct item_facts *facts = &step->state->facts;
    if (step->state->kind != ITEM_KIND_VEHICLE || !step_is_subject(step) ||
        step->event->detail != EVENT_DETAIL_INSPECTION || step->event->inspection.owner_statement)
        return;
    uint32_t missing = facts->missing_kinds & vehicle_required_kinds(facts) & ~vital_missing(step);
    char names[128] = "";
    name_kinds(missing, names, sizeof names);
    if (missing)
        step_find(step, RULE_C07, "statement",
                  "vehicle inspected: parts missing without the owner's statement 缺件无书面说明%s; hint: keep the "
                  "statement and say so",
                  names);
}
