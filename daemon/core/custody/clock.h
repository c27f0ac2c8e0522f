/* clock.h - deadlines 期限 of an item: opened and stopped by the fold, judged by event time.
 *
 * A clock runs while a condition holds (in transit, offered and not answered, certified and not filed ...), so that
 * whatever order events arrive in, the same history has the same clocks. Its limit, warning and grace are data
 * (registry.clock_kind). What is kept of each kind is its newest run. */
#ifndef CUSTODY_CORE_CUSTODY_CLOCK_H
#define CUSTODY_CORE_CUSTODY_CLOCK_H

#include "core/custody/step.h"

/* After the state has settled: starts and stops. A clock that stops too late leaves its finding (C04, C05, C15). */
void clock_step(struct step *step);

/* At the end of the history, at around->now_us: warns of clocks that run out soon, and finds those that have. A clock has
 * run out when its grace is over, too: what happened in time may still be on its way. */
void clock_judge(struct step *step);

#endif
