/* rule_c13.c - C13: more comes out than went in (MOFCOM 8/2007; solid-waste law art 36): a lot's splits, sales and
 * manifests against what it was made of, and the parts of a dismantled vehicle against its own mass.
 *
 * A balance is drawn only where masses were given: what is not known adds nothing on either side, and while nothing is
 * known of what went in, nothing is said. */
#include "core/custody/mass.h"
#include "core/custody/rules.h"

static void add(int64_t *sum_g, int64_t mass_g)
{
    *sum_g = *sum_g > INT64_MAX - mass_g ? INT64_MAX : *sum_g + mass_g;
}

/* Sum of the parts' masses; the worst of their errors joins *error_permille. */
static int64_t parts_g(const struct step *step, int64_t *error_permille)
{
    const struct composition *composition = &step->event->composition;
    int64_t sum_g = 0;
    for (size_t i = 0; step->event->detail == EVENT_DETAIL_COMPOSITION && i < composition->part_count; i++) {
        const struct mass *mass = &composition->parts[i].mass;
        if (!mass->present)
            continue;
        int64_t error = mass_error_permille(step->around->directory, mass);
        *error_permille = error > *error_permille ? error : *error_permille;
        add(&sum_g, mass->mass_g);
    }
    return sum_g;
}

static void speak(struct step *step, int64_t in_g, int64_t out_g)
{
    step_find(step, RULE_C13, "balance",
              "%s %s: %.1f kg out of %.1f kg in 产出大于投入; hint: which input is missing, or whose is it?",
              item_kind_word(step->state->kind), event_type_word(step->event->type), (double)out_g / 1000,
              (double)in_g / 1000);
}

static void check(struct step *step, int64_t in_g, int64_t out_g, int64_t error_permille)
{
    int64_t permille = step->around->directory->figures[FIGURE_OUTPUT_EXCESS_PERMILLE] + error_permille;
    if (in_g > 0 && out_g > mass_more_g(in_g, permille))
        speak(step, in_g, out_g);
}

/* Mass of the item itself in this event; of a part, the part's. */
static const struct mass *own_mass(const struct step *step)
{
    return step_is_subject(step) ? &step->event->mass : &step->event->composition.parts[step->now->part].mass;
}

static void note_error(struct lot_balance *balance, int64_t error_permille)
{
    balance->error_permille = error_permille > balance->error_permille ? error_permille : balance->error_permille;
}

static bool goes_into_the_lot(enum event_type type)
{
    return type == EVENT_TYPE_LOT_CREATED || type == EVENT_TYPE_LOT_MERGED;
}

/* What makes the lot: its parts where they have masses, otherwise its own. */
static void made(struct step *step)
{
    struct lot_balance *balance = &step->balance;
    const struct mass *own = own_mass(step);
    int64_t error = 0, in_g = parts_g(step, &error);
    if (own->present && in_g > 0)
        check(step, in_g, own->mass_g, error + mass_error_permille(step->around->directory, own));
    if (in_g == 0 && own->present && step->event->type == EVENT_TYPE_LOT_CREATED) {
        in_g = own->mass_g;
        error = mass_error_permille(step->around->directory, own);
    }
    note_error(balance, error);
    add(&balance->in_g, in_g);
}

static void born_or_spent(struct step *step)
{
    struct lot_balance *balance = &step->balance;
    const struct mass *own = own_mass(step);
    if (!own->present)
        return;
    note_error(balance, mass_error_permille(step->around->directory, own));
    if (goes_into_the_lot(step->event->type)) /* into another one */
        add(&balance->out_g, own->mass_g);
    else
        add(&balance->in_g, own->mass_g);
}

static void gone_out(struct step *step)
{
    struct lot_balance *balance = &step->balance;
    const struct mass *own = own_mass(step);
    int64_t error = 0;
    if (step->event->type == EVENT_TYPE_LOT_SPLIT)
        add(&balance->out_g, parts_g(step, &error));
    else if (own->present)
        add(&balance->out_g, own->mass_g), error = mass_error_permille(step->around->directory, own);
    note_error(balance, error);
    check(step, balance->in_g, balance->out_g, balance->error_permille);
}

static void balance_lot(struct step *step)
{
    enum event_type type = step->event->type;
    if (!step_is_subject(step))
        born_or_spent(step);
    else if (goes_into_the_lot(type))
        made(step);
    else if (type == EVENT_TYPE_LOT_SPLIT || type == EVENT_TYPE_LOT_SOLD || type == EVENT_TYPE_HAZ_MANIFEST_OPENED)
        gone_out(step);
}

/* A vehicle's parts weigh no more than it did. */
static void balance_vehicle(struct step *step)
{
    const struct item_state *state = step->state;
    int64_t error = state->facts.mass_measured ? 0 : step->around->directory->figures[FIGURE_ESTIMATE_ERROR_PERMILLE];
    if (!step_is_subject(step) || step->event->type != EVENT_TYPE_DISMANTLED || !state->has_mass)
        return;
    int64_t part_error = 0, out_g = parts_g(step, &part_error);
    check(step, state->mass_g, out_g, error + part_error);
}

void rule_c13_balance(struct step *step)
{
    if (step->state->kind == ITEM_KIND_LOT)
        balance_lot(step);
    else
        balance_vehicle(step);
}
