/* rule_c10.c - C10: a thing that stores data is not released for resale before its wipe was verified (GB 46864-2025).
 *
 * A guard of the rows for USED_GOODS_RELEASED and WIPED_RESOLD in lifecycle.c: the last WIPE_VERIFIED of this round
 * of custody must have passed, and no DATA_WIPED may have come after it. A new round of custody starts unwiped. */
#include "core/custody/rules.h"

bool rule_c10_stores_data(const struct step *step)
{
    return step->state->kind == ITEM_KIND_DATA_DEVICE || step->state->facts.stores_data;
}

bool rule_c10_wiped(const struct step *step)
{
    return !rule_c10_stores_data(step) || step->state->facts.wipe_verified;
}
