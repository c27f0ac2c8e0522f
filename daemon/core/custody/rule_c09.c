/* rule_c09.c - C09: large passenger vehicles, trucks, school buses and other operating vehicles are dismantled, and
 * then certified, under police supervision 监销 (Decree 715 art 11; RTSL art 14).
 *
 * A guard of the rows for DISMANTLED, DESTROYED and CERT_ISSUED in lifecycle.c. Only an attestation by a police party
 * counts, and only one whose event time is before: supervision cannot be had afterwards. A hulk that was dismantled
 * unsupervised is not flagged a second time when it is destroyed. */
#include "core/custody/rules.h"

bool rule_c09_supervised(const struct step *step)
{
    const struct item_state *state = step->state;
    bool needs = state->kind == ITEM_KIND_VEHICLE && vehicle_class_supervised(state->facts.vehicle_class);
    if (!needs || state->facts.supervision_attested)
        return true;
    return step->event->type == EVENT_TYPE_DESTROYED && state->physical == PHYSICAL_DISMANTLED;
}
