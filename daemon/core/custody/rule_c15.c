/* rule_c15.c - C15: a dismantled vehicle yields the hazardous parts that its class has (solid-waste law art 78; HJ
 * 348-2022): a lead-acid battery, a catalyst, of some mass at least. The figures are data (registry.yield). Deadlines of
 * hazardous waste are in clock.c. */
#include "core/custody/mass.h"
#include "core/custody/rules.h"

enum { SEVERITY_LOOK = 2 };

/* Mass of all parts of the kind; *weighed: each has one. */
static int64_t yielded_g(const struct composition *composition, enum item_kind kind, size_t *count, bool *weighed)
{
    int64_t sum_g = 0;
    *count = 0;
    *weighed = true;
    for (size_t i = 0; i < composition->part_count; i++) {
        if (composition->parts[i].item.kind != kind)
            continue;
        ++*count;
        *weighed &= composition->parts[i].mass.present;
        sum_g += composition->parts[i].mass.mass_g;
    }
    return sum_g;
}

static bool is_declared_missing(const struct composition *composition, enum item_kind kind)
{
    for (size_t i = 0; i < composition->declared_missing_count; i++)
        if (composition->declared_missing[i] == kind)
            return true;
    return false;
}

static void check(struct step *step, const struct yield *yield)
{
    const struct composition *composition = &step->event->composition;
    size_t count, before = step->findings->count;
    bool weighed;
    int64_t sum_g = yielded_g(composition, yield->kind, &count, &weighed);
    bool enough =
        sum_g >= mass_less_g(yield->least_g, step->around->directory->figures[FIGURE_YIELD_SHORTFALL_PERMILLE]);
    bool said = count == 0 && (vehicle_required_kinds(&step->state->facts) & KIND_BIT(yield->kind)) != 0; /* C07 */
    if (said || is_declared_missing(composition, yield->kind) || (count > 0 && (!weighed || enough)))
        return;
    step_find(step, RULE_C15, item_kind_word(yield->kind),
              "%s dismantled: %zu %s of %.1f kg, such a vehicle yields %.1f kg 危险废物产出不足; hint: where is it? "
              "declare it when it was missing",
              vehicle_class_word(step->state->facts.vehicle_class), count, item_kind_word(yield->kind),
              (double)sum_g / 1000, (double)yield->least_g / 1000);
    step_severity(step, before, SEVERITY_LOOK);
}

void rule_c15_yield(struct step *step)
{
    const struct directory *directory = step->around->directory;
    const struct item_facts *facts = &step->state->facts;
    if (!step_is_subject(step) || step->state->kind != ITEM_KIND_VEHICLE ||
        step->event->type != EVENT_TYPE_DISMANTLED || step->event->detail != EVENT_DETAIL_COMPOSITION)
        return;
    for (size_t i = 0; i < directory->yield_count; i++) {
        const struct yield *yield = &directory->yields[i];
        bool has_none = yield->kind == ITEM_KIND_CATALYST && facts->new_energy;
        if (yield->vehicle_class == facts->vehicle_class && !has_none)
            check(step, yield);
    }
}
