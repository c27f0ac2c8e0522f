/* rules.h - R01 to R08, each asked by the fold at its moment: what a laden truck must not do. All thresholds are policy (limits.h). */
#ifndef CUSTODY_CORE_ROUTE_RULES_H
#define CUSTODY_CORE_ROUTE_RULES_H

#include "core/route/truck.h"

/* Before a fix is taken over: `fold->place` and the state are of the one before. */
void rule_r05_moves_impossibly(struct truck_fold *fold, const struct observation *fix);
/* After it: the state and the place are its own. */
void rule_r01_stops_off_site(struct truck_fold *fold, const struct observation *fix);
void rule_r02_calls_at_watched_site(struct truck_fold *fold, const struct observation *fix);
void rule_r03_leaves_permitted_area_or_hours(struct truck_fold *fold, const struct observation *fix);
void rule_r08_leaves_district(struct truck_fold *fold, const struct observation *fix);
/* When time passes, until `until_us`. */
void rule_r04_falls_silent(struct truck_fold *fold, int64_t until_us);
void rule_r06_was_not_explained(struct truck_fold *fold, int64_t until_us);
/* Before the reading is taken over. */
void rule_r06_opens_off_site(struct truck_fold *fold, const struct observation *reading);
void rule_r07_loses_load_off_site(struct truck_fold *fold, const struct observation *reading);

/* The place of the last fix as it is at `at_us`; NULL where there was no fix. */
const struct whereabouts *fold_place(struct truck_fold *fold, int64_t at_us);
static inline bool is_off_site(const struct whereabouts *place)
{
    return place && !place->site;
}

#endif
