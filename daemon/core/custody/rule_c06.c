/* rule_c06.c - C06: mass lost between pickup and intake, or an intake far below curb mass 整备质量 (Decree 715 art 13; GB
 * 22128-2019): stripped on the way, or before.
 *
 * Compared are the last mass before the intake and the intake's own. How far they may be apart is the district's
 * tolerance and what either scale, or estimate, may be off. */
#include "core/custody/mass.h"
#include "core/custody/rules.h"

enum { SEVERITY_LOOK = 2 };

static void speak(struct step *step, const char *reason, const char *against, int64_t before_g, bool estimated)
{
    size_t before = step->findings->count;
    step_find(step, RULE_C06, reason, "%s intake %.1f kg, %s %.1f kg%s 质量缺失; hint: what is missing? weigh it again",
              item_kind_word(step->state->kind), (double)step->event->mass.mass_g / 1000, against,
              (double)before_g / 1000, estimated ? " (estimated)" : "");
    if (estimated)
        step_severity(step, before, SEVERITY_LOOK);
}

static void compare_weighed(struct step *step)
{
    const struct directory *directory = step->around->directory;
    const struct mass *before = &step->weighed, *now = &step->event->mass;
    int64_t permille = directory->figures[FIGURE_TRANSPORT_LOSS_PERMILLE] + mass_error_permille(directory, before) +
                       mass_error_permille(directory, now);
    if (before->present && now->mass_g < mass_less_g(before->mass_g, permille))
        speak(step, "lost", "before that", before->mass_g, before->estimated || now->estimated);
}

static void compare_curb(struct step *step)
{
    const struct directory *directory = step->around->directory;
    const struct mass *now = &step->event->mass;
    int64_t curb_g = step->state->facts.curb_mass_g;
    int64_t permille = directory->figures[FIGURE_BELOW_CURB_PERMILLE] + mass_error_permille(directory, now);
    if (curb_g > 0 && now->mass_g < mass_less_g(curb_g, permille))
        speak(step, "curb", "curb mass", curb_g, now->estimated);
}

void rule_c06_mass(struct step *step)
{
    bool whole = physical_state_stage(step->before) <= physical_state_stage(PHYSICAL_AT_YARD);
    if (!step_is_subject(step))
        return;
    if (step->event->type == EVENT_TYPE_INTAKE && step->event->mass.present && whole) {
        compare_weighed(step);
        compare_curb(step);
    }
    if (step->event->mass.present)
        step->weighed = step->event->mass;
}
