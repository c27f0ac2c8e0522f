/* standing.h - which events of a history count: duplicates of an event id, and corrections. */
#ifndef CUSTODY_CORE_CUSTODY_STANDING_H
#define CUSTODY_CORE_CUSTODY_STANDING_H

#include "core/custody/fold.h"

/* Device clocks may differ by this much: an acceptance, or a correction, may carry a time that much before what it
 * answers. */
#define CLOCK_SKEW_US (INT64_C(10) * 60 * 1000 * 1000)

/* Microseconds from `earlier` to `later`, which must not be before it; no overflow whatever the clocks say. */
static inline uint64_t time_gap_us(int64_t earlier, int64_t later)
{
    return (uint64_t)later - (uint64_t)earlier;
}

/* The nil UUID names no event: such events are never duplicates and cannot be corrected. */
bool event_id_is_nil(const struct event *event);

/* Sets standing and outcome of all `count` events; leaves them sorted by event id.
 *
 * Of several events with one event id the one with the lowest log index counts: what was recorded first cannot be
 * displaced by repeating its id. A correction counts when its reporter also reported what it names, or is the police;
 * a certificate is corrected by the commerce bureau only; a correction cannot be corrected. A half of a hand-over whose
 * other half is there is taken back by the two parties together, each with a correction of either half, or by the
 * police. */
void standing_decide(struct history_event *events, size_t count, const struct directory *directory);

/* Sorts into fold order: event time, log index, ordinal, role, part. */
void standing_sort(struct history_event *events, size_t count);

#endif
