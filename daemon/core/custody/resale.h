/* resale.h - the resale ban: when it begins, when it is final, and the few ways in which it lifts. */
#ifndef CUSTODY_CORE_CUSTODY_RESALE_H
#define CUSTODY_CORE_CUSTODY_RESALE_H

#include "core/custody/step.h"

/* After the move. `regular`: the table had the move and all its guards held; nothing else lifts a ban. */
void resale_step(struct step *step, bool regular);

/* For an event that was taken back: what a correction cannot undo. A certificate that was ever issued bans for good,
 * and only the police lift the ban of a compulsory scrapping 强制报废; voluntary scrapping is undone by correcting before
 * the certificate. */
void resale_step_corrected(struct step *step);

#endif
