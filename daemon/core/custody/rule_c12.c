/* rule_c12.c - C12: the thing is not what its papers say, or it is wanted (Decree 715 art 10; SPC/SPP interpretation of
 * 2007: a visible alteration of VIN or engine number is a ground to presume knowledge).
 *
 * An altered number and a VIN that differs are urgent. An engine may legally have been replaced (Order 164 art 16) and a
 * plate changed (art 20): those are to be looked at. Chinese makers' VINs carry a right check digit (GB 16735); one that
 * fails was misread or made up. A hit on a watch list of the police asks for quarantine. */
#include <stdio.h>
#include <string.h>

#include "core/custody/rules.h"
#include "core/identity/vin.h"

enum { SEVERITY_LOOK = 2, SEVERITY_URGENT = 4 };

static void compare(struct step *step, const char *what, const char *zh, enum inspection_result result, int mismatch)
{
    bool differs = result == INSPECTION_RESULT_MISMATCH;
    size_t before = step->findings->count;
    if (!differs && result != INSPECTION_RESULT_ALTERED)
        return;
    step_find(step, RULE_C12, what, "%s inspected: %s %s %s; hint: quarantine it and tell the police",
              item_kind_word(step->state->kind), what, differs ? "differs from the papers" : "shows alteration", zh);
    step_severity(step, before, differs ? mismatch : SEVERITY_URGENT);
}

static void inspected(struct step *step)
{
    const struct inspection *inspection = &step->event->inspection;
    compare(step, "vin", "车架号不符或凿改", inspection->vin, SEVERITY_URGENT);
    compare(step, "engine_number", "发动机号不符或凿改", inspection->engine_number, SEVERITY_LOOK);
    compare(step, "plate", "号牌不符或涂改", inspection->plate, SEVERITY_LOOK);
    if (inspection->vin == INSPECTION_RESULT_MISSING)
        step_find(step, RULE_C12, "vin", "%s inspected: no VIN on it 无车架号; hint: quarantine it and tell the police",
                  item_kind_word(step->state->kind));
    if (inspection->stolen_hit)
        step_find(step, RULE_C12, "stolen",
                  "%s inspected: on a stolen list 命中盗抢信息; hint: quarantine, and tell the police",
                  item_kind_word(step->state->kind));
}

static bool check_digit_fails(const struct identifier *identifier)
{
    char value[IDENTIFIER_VALUE_BYTES];
    struct error error = {.code = 0};
    return identifier->scheme == IDENTIFIER_SCHEME_VIN && !text_empty(identifier->value) &&
           identifier->value.data[0] == 'L' && text_copy(value, sizeof value, identifier->value) &&
           vin_check(value, &error) == IDENTIFIER_DOUBTFUL;
}

/* Once an item, at the first event that names the VIN. */
static void check_vin(struct step *step)
{
    const struct item_ref *item = &step->event->item;
    for (size_t i = 0; i < item->identifier_count && !step->check_digit_said; i++) {
        if (!check_digit_fails(&item->identifiers[i]))
            continue;
        step->check_digit_said = true;
        step_find_keyed(
            step, step->index, RULE_C12, "check_digit",
            "VIN %.*s: wrong check digit for a Chinese maker 校验位不符; hint: read it again; a made-up VIN?",
            TEXT_ARG(item->identifiers[i].value));
    }
}

void rule_c12_identity(struct step *step)
{
    if (!step_is_subject(step))
        return;
    if (step->event->detail == EVENT_DETAIL_INSPECTION && step->event->type == EVENT_TYPE_INSPECTED)
        inspected(step);
    if (step->state->kind == ITEM_KIND_VEHICLE)
        check_vin(step);
}

/* First event that put it into somebody's hand; step->count: none. */
static size_t first_in_hand(const struct step *step)
{
    size_t i = 0;
    while (i < step->count &&
           (step->events[i].standing != EVENT_STANDS || !event_nature(step->events[i].event->type)->custody))
        i++;
    return i;
}

void rule_c12_watched(struct step *step)
{
    size_t at = step->around->watch_count ? first_in_hand(step) : step->count;
    if (at == step->count)
        return;
    for (size_t i = 0; i < step->around->watch_count; i++) {
        const struct watch_hit *hit = &step->around->watch[i];
        char key[FINDING_KEY_BYTES];
        size_t before = step->findings->count;
        snprintf(key, sizeof key, "watch:%lld", (long long)hit->entry_id);
        step_find_keyed(
            step, at, RULE_C12, key,
            "%s %.*s is on the list \"%.*s\" 布控命中; hint: quarantine it and tell the police; they release it",
            identifier_scheme_word(hit->scheme), TEXT_ARG(hit->value), TEXT_ARG(hit->list));
        step_severity(step, before, hit->proof ? SEVERITY_URGENT : SEVERITY_LOOK);
    }
}
