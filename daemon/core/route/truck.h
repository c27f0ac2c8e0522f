/* truck.h - a truck's way as a fold over what is known of it, by device time: where it stands, what is on board, its trips, and what the
 * rules R01 to R08 find. Pure: observations in, a state, trips and findings out.
 *
 * Terms: what was observed is settled once the newest observation is later by the reorder window, or the clock says so; only what is
 * settled is folded, so the order of arrival within the window is lost. Whatever comes later than that is late: the truck is folded again
 * from the state in which a trip began (its entry), with everything that was observed since, and gives what it would have given in order.
 * A trip goes from leaving a site to standing at one. Laden is a truck whose load cell or whose loaded items say so. */
#ifndef CUSTODY_CORE_ROUTE_TRUCK_H
#define CUSTODY_CORE_ROUTE_TRUCK_H

#include "base/buffer.h"
#include "core/finding.h"
#include "core/route/map.h"
#include "core/route/observation.h"

enum { TRUCK_CARGO_MAX = 32, ROUTE_EVIDENCE_MAX = 2 };

/* Type and name of every member that is kept; 0 where not known. */
#define TRUCK_STATE_TABLE(X)                                                                                           \
    X(int64_t, settled_us) /* all until here is folded */                                                              \
    X(int64_t, fix_at_us)  /* last fix */                                                                              \
    X(int32_t, fix_lon_e7)                                                                                             \
    X(int32_t, fix_lat_e7)                                                                                             \
    X(uint64_t, fix_index) /* its record */                                                                            \
    X(bool, silence_said)  /* R04 was found after it */                                                                \
    X(int64_t, site_id)    /* site it is in or was in last */                                                          \
    X(bool, has_load)      /* it has a load cell */                                                                    \
    X(int64_t, load_g)     /* what that says */                                                                        \
    X(int64_t, load_top_g) /* most since it was at a site or lost some */                                              \
    X(uint64_t, load_top_index)                                                                                        \
    X(uint32_t, cargo_count)                                                                                           \
    X(uint32_t, cargo_more)    /* items on board beyond those in `cargo` */                                            \
    X(int64_t, booked_site_id) /* where the load is booked to */                                                       \
    X(int64_t, pickup_at_us)   /* last one said */                                                                     \
    X(int64_t, stop_since_us)  /* first fix of those within the stop radius of it */                                   \
    X(int32_t, stop_lon_e7)                                                                                            \
    X(int32_t, stop_lat_e7)                                                                                            \
    X(uint64_t, stop_index)                                                                                            \
    X(bool, stop_said)     /* R01 was found, or is explained, for it */                                                \
    X(bool, watched_said)  /* R02 */                                                                                   \
    X(int64_t, open_at_us) /* off-site, not explained yet: R06 waits */                                                \
    X(uint64_t, open_index)                                                                                            \
    X(bool, open_is_tilt)                                                                                              \
    X(int64_t, road_since_us) /* outside of permitted area or hours: R03 */                                            \
    X(uint64_t, road_index)                                                                                            \
    X(bool, road_said)                                                                                                 \
    X(int64_t, abroad_since_us) /* outside the district: R08 */                                                        \
    X(uint64_t, abroad_index)                                                                                          \
    X(bool, abroad_said)                                                                                               \
    X(uint32_t, trip_count)                                                                                            \
    X(int64_t, trip_started_us) /* 0: not on a trip */                                                                 \
    X(int64_t, trip_from_site_id)                                                                                      \
    X(int64_t, trip_cm)                                                                                                \
    X(uint32_t, trip_fixes)                                                                                            \
    X(int64_t, trip_most_load_g)

struct truck_state {
#define X(type, name) type name;
    TRUCK_STATE_TABLE(X)
#undef X
    int64_t cargo[TRUCK_CARGO_MAX]; /* items on board */
};

struct trip {
    uint32_t number;                  /* of the truck's, from 1 */
    int64_t started_us, ended_us;     /* ended 0: it goes on */
    int64_t from_site_id, to_site_id; /* 0: none */
    int64_t distance_m;
    uint32_t fix_count;
    int64_t most_load_g;
};

struct route_finding {
    struct finding
        finding; /* its at_us is when the rule was met: after what was settled before, not after what is settled now */
    uint64_t evidence[ROUTE_EVIDENCE_MAX]; /* log indexes, rising */
    size_t evidence_count;
};

struct route_sink {
    void (*on_finding)(void *context, const struct route_finding *finding);
    /* A trip begins; `entry` is the state before. */
    void (*on_departure)(void *context, const struct trip *trip, const struct truck_state *entry);
    void (*on_arrival)(void *context, const struct trip *trip);
    void *context;
};

/* A truck being folded. */
struct truck_fold {
    const struct route_map *map;
    const struct truck *truck;
    const struct route_sink *sink;
    struct truck_state *state;
    struct whereabouts place; /* of its last fix */
};

/* Of the sorted observations, all later than state->settled_us, folds those until `until_us`, lets time pass until then, and says how
 * many they were. Nothing happens when until_us is not later than what is settled. */
size_t truck_settle(struct truck_fold *fold, const struct observation *list, size_t count, int64_t until_us);

/* Until when to settle: the newest observation less the window. INT64_MIN where there is none. */
int64_t truck_settle_until(const struct route_limits *limits, const struct observation *sorted, size_t count);
/* When the truck has to be looked at again though nothing more was heard: something waits, or it may have fallen silent. 0: never. */
int64_t truck_due_us(const struct truck_state *state, const struct route_limits *limits,
                     const struct observation *waiting, size_t count);

bool truck_is_laden(const struct truck_state *state, const struct route_limits *limits);

/* Versioned bytes of the state and of what waits; equal ones give equal bytes. */
void truck_encode(const struct truck_state *state, const struct observation *waiting, size_t count, struct buffer *out);
/* How many are waiting in these bytes, or ERR_INVALID. */
int truck_waiting_count(struct text bytes, size_t *count) MUST_USE;
/* 0 or ERR_INVALID. `waiting` has room for truck_waiting_count. */
int truck_decode(struct text bytes, struct truck_state *state, struct observation *waiting) MUST_USE;

#endif
