/* limits.h - the thresholds of the rules about trucks: names, whose endings are their units, and what each is for; their values are data
 * (registry.figure, sql/data/route.sql), all of them policy and none of them law. */
#ifndef CUSTODY_CORE_ROUTE_LIMITS_H
#define CUSTODY_CORE_ROUTE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* member; with "route_" before it the name of the figure */
#define ROUTE_LIMIT_TABLE(X)                                                                                           \
    X(laden_min_g)       /* load cell from which a truck is laden */                                                   \
    X(stop_radius_m)     /* within it a truck stands */                                                                \
    X(stop_s)            /* R01: off-site, standing, without a pickup */                                               \
    X(watched_stop_s)    /* R02: standing at a watched site */                                                         \
    X(arrive_s)          /* standing at a site, after which a trip has ended */                                        \
    X(excursion_s)       /* R03, R08: outside without a break */                                                       \
    X(silence_s)         /* R04: off-site without a fix */                                                             \
    X(speed_max_m_s)     /* R05 */                                                                                     \
    X(jump_min_m)        /* R05: less is noise */                                                                      \
    X(pickup_grace_s)    /* a pickup said within it explains a stop or an open door */                                 \
    X(tilt_min_cdeg)     /* R06: the body is tipped */                                                                 \
    X(loss_min_g)        /* R07 */                                                                                     \
    X(loss_min_permille) /* R07: of the load */                                                                        \
    X(accuracy_max_m)    /* fixes less accurate are not judged */                                                      \
    X(site_radius_m)     /* circle around a site that has no fence of its own */                                       \
    X(reorder_window_s)  /* what comes later than this is folded again */                                              \
    X(ahead_max_s)       /* device time this far ahead of ours is not judged */                                        \
    X(late_max_s)        /* device time this far behind ours is not judged */                                          \
    X(trip_max_s)        /* a trip is cut after it */

struct route_limits {
#define X(name) int64_t name; /* 0: not set */
    ROUTE_LIMIT_TABLE(X)
#undef X
};

/* By the name of the figure. False, and nothing set, for the name of another figure or a value below 1. */
bool route_limits_set(struct route_limits *limits, struct text figure, int64_t value);
/* Figure of the first that is not set; NULL when all are. */
const char *route_limits_missing(const struct route_limits *limits);

#endif
