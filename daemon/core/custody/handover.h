/* handover.h - custody changes hands by two events: offered by the giver, accepted by the taker, each naming the
 * other. */
#ifndef CUSTODY_CORE_CUSTODY_HANDOVER_H
#define CUSTODY_CORE_CUSTODY_HANDOVER_H

#include "core/custody/step.h"

/* Does nothing for other events. The holder moves at an acceptance that has its offer: an open one, or one that was
 * made at most CLOCK_SKEW_US later by the giver's clock. Marks both halves OUTCOME_MATCHED. An acceptance without
 * offer moves nothing and leaves C03 until the offer arrives. A new offer takes the place of an open one. */
void handover_step(struct step *step);

#endif
