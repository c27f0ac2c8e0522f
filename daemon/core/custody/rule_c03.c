/* rule_c03.c - C03: a step that the item's lifecycle does not allow, or whose guard fails (Decree 715 art 9-13);
 * moves the machines.
 *
 * What happens when the table says no is in lifecycle.h: the state follows the world, forward only, and nothing
 * becomes clearer by it. */
#include <assert.h>
#include <stdio.h>

#include "core/custody/guard.h"
#include "core/custody/rules.h"

/* --- the table ------------------------------------------------------------------------------------------------ */

struct machine_view {
    const struct move *moves;
    size_t count;
    unsigned state;
    const char *word, *zh; /* of the state */
};

static struct machine_view view_of(const struct step *step)
{
    const struct item_state *state = step->state;
    if (event_nature(step->event->type)->machine == MACHINE_LEGAL)
        return (struct machine_view){legal_moves, legal_move_count, (unsigned)state->legal,
                                     legal_state_word(state->legal), legal_state_zh(state->legal)};
    return (struct machine_view){physical_moves, physical_move_count, (unsigned)state->physical,
                                 physical_state_word(state->physical), physical_state_zh(state->physical)};
}

static bool row_concerns(const struct step *step, const struct move *row)
{
    return row->event == step->event->type && row->role == step->now->role &&
           (row->kinds & KIND_BIT(step->state->kind)) != 0 && when_applies(step, row->when);
}

/* First row for the event from the state at hand, or NULL. */
static const struct move *row_from_here(const struct step *step, const struct machine_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if (row_concerns(step, &view->moves[i]) && (view->moves[i].from & STATE_BIT(view->state)) != 0)
            return &view->moves[i];
    return NULL;
}

/* First row for the event from any state, or NULL. `*from`: all states that it may come from. */
static const struct move *row_from_anywhere(const struct step *step, const struct machine_view *view, uint64_t *from)
{
    const struct move *first = NULL;
    *from = 0;
    for (size_t i = 0; i < view->count; i++) {
        if (!row_concerns(step, &view->moves[i]))
            continue;
        *from |= view->moves[i].from;
        if (!first)
            first = &view->moves[i];
    }
    return first;
}

/* --- words ---------------------------------------------------------------------------------------------------- */

static void list_states(const struct step *step, uint64_t states, char *out, size_t size)
{
    bool legal = event_nature(step->event->type)->machine == MACHINE_LEGAL;
    size_t len = 0;
    out[0] = '\0';
    for (unsigned state = 0; state < 64 && len < size; state++) {
        if ((states & STATE_BIT(state)) == 0)
            continue;
        const char *word =
            legal ? legal_state_word((enum legal_state)state) : physical_state_word((enum physical_state)state);
        int put = snprintf(out + len, size - len, "%s%s", len ? ", " : "", word);
        assert(put > 0);
        len += (size_t)put;
    }
}

static void say_not_a_step(struct step *step, const struct machine_view *view, uint64_t from)
{
    char states[96];
    list_states(step, from, states, sizeof states);
    if (step->spoken)
        return;
    if (from == 0)
        step_find(step, RULE_C03, "step",
                  "%s%s is %s (%s): %s is no step of this kind 不适用; hint: is the kind right?",
                  step_is_subject(step) ? "" : "part ", item_kind_word(step->state->kind), view->word, view->zh,
                  event_type_word(step->event->type));
    else
        step_find(step, RULE_C03, "step",
                  "%s%s is %s (%s): %s is not a step from here 流转步骤不符; hint: it follows %s",
                  step_is_subject(step) ? "" : "part ", item_kind_word(step->state->kind), view->word, view->zh,
                  event_type_word(step->event->type), states);
}

/* --- moving --------------------------------------------------------------------------------------------------- */

static void enter_quarantine(struct step *step)
{
    struct item_facts *facts = &step->state->facts;
    facts->legal_behind = step->state->legal;
    facts->police_notified = step->now->party_kind == PARTY_KIND_POLICE;
    step->state->legal = LEGAL_QUARANTINED;
    step->quarantine = step->index;
}

static void leave_quarantine(struct item_state *state)
{
    state->legal = state->facts.legal_behind == LEGAL_NONE ? LEGAL_VERIFIED : state->facts.legal_behind;
    state->facts.legal_behind = LEGAL_NONE;
}

static void move_to(struct step *step, int to)
{
    if (to == MOVE_SAME)
        return;
    if (to == MOVE_BEHIND)
        leave_quarantine(step->state);
    else if (event_nature(step->event->type)->machine == MACHINE_PHYSICAL)
        step->state->physical = (enum physical_state)to;
    else if (to == LEGAL_QUARANTINED)
        enter_quarantine(step);
    else
        step->state->legal = (enum legal_state)to;
}

/* A released thing that is collected again goes back to where collecting leads. */
static bool is_forward_physical(const struct step *step, enum physical_state to)
{
    enum physical_state from = step->state->physical;
    bool again = physical_state_end(from) == STATE_RELEASED && event_nature(step->event->type)->again;
    return again || physical_state_stage(to) > physical_state_stage(from);
}

static void follow_legal(struct step *step, enum legal_state to)
{
    struct item_state *state = step->state;
    bool held = state->legal == LEGAL_QUARANTINED; /* paper that goes on meanwhile does not end it */
    if (to == LEGAL_QUARANTINED) {
        if (!held)
            enter_quarantine(step);
        return;
    }
    enum legal_state *papers = held ? &state->facts.legal_behind : &state->legal;
    if (legal_state_stage(to) > legal_state_stage(*papers))
        *papers = to;
}

/* The table has no such move, or a guard failed: what does the world look like now? */
static void follow(struct step *step, const struct move *row, bool proven)
{
    const struct event_nature *nature = event_nature(step->event->type);
    bool follows = nature->follows == FOLLOWS_ALWAYS || (nature->follows == FOLLOWS_WHEN_PROVEN && proven);
    int to = row && row->to >= 0 ? row->to : nature->to;
    if (!follows || to < 0 || (!row && !step_is_subject(step)))
        return;
    if (nature->machine == MACHINE_LEGAL)
        follow_legal(step, (enum legal_state)to);
    else if (is_forward_physical(step, (enum physical_state)to))
        step->state->physical = (enum physical_state)to;
}

bool rule_c03_move(struct step *step)
{
    if (step->state->terminal && event_nature(step->event->type)->machine == MACHINE_PHYSICAL)
        return true; /* paper after the end (rule C01 let it pass) moves no thing */
    struct machine_view view = view_of(step);
    const struct move *row = row_from_here(step, &view);
    if (row) {
        bool held = guards_check(step, row->guards, true);
        if (held)
            move_to(step, row->to);
        else
            follow(step, row, false);
        return held;
    }
    uint64_t from;
    row = row_from_anywhere(step, &view, &from);
    say_not_a_step(step, &view, from);
    bool proven = row && guards_check(step, row->guards, false);
    follow(step, row, proven);
    return false;
}

/* --- what else is no step ------------------------------------------------------------------------------------- */

void rule_c03_references(struct step *step)
{
    static const struct {
        const char *reason, *text;
    } words[] = {
        [OUTCOME_DIFFERS] = {"duplicate",
                             "an event id that was used before for another event 事件编号重复; hint: it is ignored, "
                             "report it under an id of its own"},
        [OUTCOME_TARGET_UNKNOWN] =
            {"target", "names no event of this item 所指事件不存在; hint: it counts once that event arrives"},
        [OUTCOME_TARGET_FOREIGN] =
            {"target", "names another party's event 非本单位事件; hint: its reporter or the police take it back"},
        [OUTCOME_TARGET_CERTIFICATE] =
            {"target", "a certificate is not taken back by correction 回收证明不得更正; hint: CERT_VOIDED "
                       "by the commerce bureau"},
        [OUTCOME_TARGET_CORRECTION] = {"target",
                                       "a correction is not corrected; hint: report the event again under a new id"},
        [OUTCOME_AWAITS_COUNTERPARTY] = {"agreement",
                                         "takes back a hand-over that the other side confirmed 待对方确认; hint: it "
                                         "counts once that party reports CORRECTED for it, too"},
        [OUTCOME_TARGET_LATER] = {"target", "names an event that happened later; hint: check the clock"},
    };
    enum event_outcome outcome = step->now->outcome;
    if (outcome == OUTCOME_NONE || outcome == OUTCOME_MATCHED)
        return;
    step_find(step, RULE_C03, words[outcome].reason, "%s %s: %s", item_kind_word(step->state->kind),
              event_type_word(step->event->type), words[outcome].text);
}

void rule_c03_kind(struct step *step)
{
    enum item_kind said =
        step_is_subject(step) ? step->event->item.kind : step->event->composition.parts[step->now->part].item.kind;
    if (said != ITEM_KIND_UNSPECIFIED && said != step->state->kind)
        step_find(step, RULE_C03, "kind",
                  "%s names a %s, the item is a %s 品类不符; hint: two things under one identifier, or a slip",
                  event_type_word(step->event->type), item_kind_word(said), item_kind_word(step->state->kind));
}

void rule_c03_police_not_notified(struct step *step)
{
    const struct item_state *state = step->state;
    if (state->legal != LEGAL_QUARANTINED || state->facts.police_notified)
        return;
    step_find_at(step, step->quarantine, RULE_C03, "police_notified",
                 "%s in quarantine 暂扣, police not told 未报告公安; hint: POLICE_NOTIFIED is due (Decree 715 art 10)",
                 item_kind_word(state->kind));
}
