/* resale.c - applies the table of the resale ban, and gives the verdict that people and interfaces ask for. */
#include "core/custody/resale.h"

static void ban(struct item_state *state, enum resale_ban ban, int64_t at_us)
{
    if (state->ban == RESALE_BAN_NONE)
        state->banned_at_us = at_us;
    if (state->ban < ban)
        state->ban = ban;
}

static void lift(struct item_state *state)
{
    if (state->ban == RESALE_BANNED_FOR_GOOD)
        return;
    state->ban = RESALE_BAN_NONE;
    state->banned_at_us = 0;
}

static const struct ban_move *ban_move_for(const struct step *step)
{
    for (size_t i = 0; i < ban_move_count; i++)
        if (ban_moves[i].event == step->event->type && ban_moves[i].role == step->now->role &&
            (ban_moves[i].kinds & KIND_BIT(step->state->kind)) != 0)
            return &ban_moves[i];
    return NULL;
}

/* Somebody has the thing in hand; what happens to it on the way out, once released, is delivery. Lots are material. */
static bool begins_by_custody(const struct step *step)
{
    bool delivery = physical_state_end(step->before) == STATE_RELEASED && step->state->physical == step->before;
    return event_nature(step->event->type)->custody && !delivery && step->state->kind != ITEM_KIND_LOT;
}

void resale_step(struct step *step, bool regular)
{
    struct item_state *state = step->state;
    int64_t at_us = step->event->at_us;
    const struct ban_move *row = ban_move_for(step);
    if (row && row->effect == BAN_LIFTS && regular)
        lift(state);
    else if (row && row->effect == BAN_FOR_GOOD)
        ban(state, RESALE_BANNED_FOR_GOOD, at_us);
    else if ((row && row->effect == BAN_BEGINS) || begins_by_custody(step))
        ban(state, RESALE_BANNED, at_us);
    if (state->terminal)
        ban(state, RESALE_BANNED_FOR_GOOD, at_us);
}

void resale_step_corrected(struct step *step)
{
    const struct event *event = step->event;
    if (!step_is_subject(step))
        return;
    if (event->type == EVENT_TYPE_CERT_ISSUED)
        ban(step->state, RESALE_BANNED_FOR_GOOD, event->at_us);
    bool compulsory = event->type == EVENT_TYPE_PICKED_UP && event->detail == EVENT_DETAIL_PICKUP &&
                      event->pickup.reason == SCRAP_REASON_COMPULSORY;
    if (compulsory && step->now->standing == EVENT_CORRECTED_BY_REPORTER)
        ban(step->state, RESALE_BANNED, event->at_us);
}

/* --- the verdict ---------------------------------------------------------------------------------------------- */

const char *resale_verdict_word(enum resale_verdict verdict)
{
    static const char *const words[] = {
        [RESALE_VERDICT_UNKNOWN] = "unknown", [RESALE_VERDICT_ALLOWED] = "allowed", [RESALE_VERDICT_BANNED] = "banned"};
    return (unsigned)verdict < sizeof words / sizeof words[0] ? words[verdict] : "invalid";
}

struct answer {
    const char *zh, *en;
};

static struct answer why_banned(const struct item_state *state)
{
    if (state->terminal)
        return (struct answer){"已报废处理终结，其标识不应再出现",
                               "it was destroyed or recovered; its identifier must not be seen again"};
    if (state->ban == RESALE_BANNED_FOR_GOOD)
        return (struct answer){"已开具报废机动车回收证明或已拆解，永久禁止交易",
                               "certified as scrap or dismantled: banned for good (Decree 715 art 15)"};
    if (physical_state_end(state->physical) == STATE_RELEASED)
        return (struct answer){"放行手续不全或只能流向特定企业，禁止二手交易",
                               "released under conditions that do not allow second-hand sale, or without meeting them"};
    if (state->legal == LEGAL_QUARANTINED)
        return (struct answer){"涉嫌违法，暂扣待查", "in quarantine as suspect (Decree 715 art 10)"};
    return (struct answer){"已进入报废回收流程，禁止二手交易",
                           "in the scrap chain of custody; second-hand sale is banned"};
}

static struct answer why_allowed(const struct item_state *state)
{
    switch (state->kind) {
    case ITEM_KIND_PART:
        return (struct answer){"已标明“报废机动车回用件”", "part marked for reuse (Decree 715 art 12)"};
    case ITEM_KIND_TRACTION_BATTERY:
        return (struct answer){"综合利用产品，使用新编码，不得用于电动自行车",
                               "reprocessed under a new code; never for e-bikes"};
    case ITEM_KIND_APPLIANCE:
    case ITEM_KIND_DATA_DEVICE:
        return (struct answer){"已按旧货要求放行",
                               "released as used goods, with what it needs (Decree 551 art 12; GB 46864-2025)"};
    case ITEM_KIND_UNSPECIFIED:
    case ITEM_KIND_VEHICLE:
    case ITEM_KIND_ENGINE:
    case ITEM_KIND_STEERING:
    case ITEM_KIND_GEARBOX:
    case ITEM_KIND_FRONT_AXLE:
    case ITEM_KIND_REAR_AXLE:
    case ITEM_KIND_FRAME:
    case ITEM_KIND_LEAD_ACID_BATTERY:
    case ITEM_KIND_CATALYST:
    case ITEM_KIND_FARM_MACHINE:
    case ITEM_KIND_TYRE:
    case ITEM_KIND_LOT:
        break;
    }
    return (struct answer){NULL, NULL};
}

static struct answer why_unknown(const struct item_state *state)
{
    if (state->event_count == 0)
        return (struct answer){"无任何记录，不代表可以交易", "nothing is known of it, which is no clearance"};
    if (state->watched)
        return (struct answer){"列入布控名单，交公安核实", "on a watch list of the police (Decree 715 art 10)"};
    if (state->facts.disputed)
        return (struct answer){"记录有异议，待核实", "an event of its history is contested"};
    if (state->kind == ITEM_KIND_LOT)
        return (struct answer){"材料批次，不适用旧货规定", "a lot is material; second-hand rules do not speak of it"};
    if (state->physical == PHYSICAL_NONE || state->physical == PHYSICAL_BOOKED)
        return (struct answer){"尚未收运，无法判断",
                               "not in custody (not picked up, or taken back); the papers decide, not we"};
    return (struct answer){"无法判断，不代表可以交易", "its state says nothing either way, which is no clearance"};
}

static bool was_released_for_sale(const struct item_state *state)
{
    return state->physical == PHYSICAL_REUSE_MARKED || state->physical == PHYSICAL_USED_GOODS ||
           state->physical == PHYSICAL_WIPED_RESOLD || state->physical == PHYSICAL_REPROCESS_RELEASED;
}

enum resale_verdict item_resale_verdict(const struct item_state *state, const char **reason_zh, const char **reason_en)
{
    enum resale_verdict verdict = RESALE_VERDICT_UNKNOWN;
    struct answer answer = {NULL, NULL};
    if (state->ban != RESALE_BAN_NONE) {
        verdict = RESALE_VERDICT_BANNED;
        answer = why_banned(state);
    } else if (was_released_for_sale(state) && !state->facts.disputed && !state->watched &&
               state->legal != LEGAL_QUARANTINED) {
        verdict = RESALE_VERDICT_ALLOWED;
        answer = why_allowed(state);
    }
    if (!answer.en) {
        verdict = RESALE_VERDICT_UNKNOWN;
        answer = why_unknown(state);
    }
    *reason_zh = answer.zh;
    *reason_en = answer.en;
    return verdict;
}
