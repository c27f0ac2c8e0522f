/* observation.h - what is known of a truck at one moment: a fix, a reading, or an event of custody that names it. */
#ifndef CUSTODY_CORE_ROUTE_OBSERVATION_H
#define CUSTODY_CORE_ROUTE_OBSERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/directory.h"
#include "core/report.h"
#include "core/route/limits.h"

/* In the order in which those of one moment are folded. What `value` is. */
enum observation_kind {
    OBSERVED_FIX = 1,   /* 0; lon_e7 and lat_e7 are set */
    OBSERVED_PICKUP,    /* item: PICKED_UP or LOADED, which explains a stop */
    OBSERVED_LOADED,    /* item_id that is on board from now on */
    OBSERVED_BOOKED,    /* site_id to which a booking or departure goes */
    OBSERVED_LOAD_CELL, /* g */
    OBSERVED_DOOR,      /* 1 open, 0 shut */
    OBSERVED_TILT,      /* hundredths of a degree */
    OBSERVED_UNLOADED,  /* item_id that is not on board any more */
};

struct observation {
    int64_t at_us;
    uint64_t log_index; /* record that says so */
    int64_t value;
    int32_t lon_e7, lat_e7;
    enum observation_kind kind;
};

/* Sorts by time, then by content, so that the order in which they came is lost; of equal ones the first in the log stays. The new count. */
size_t observations_sort(struct observation *list, size_t count);

/* What a report says of one truck. */
struct observing {
    const struct report *report; /* normalised */
    uint64_t log_index;
    int64_t received_us;
    int64_t vehicle_id;      /* the truck */
    bool rides;              /* the source is on it: events without another conveyance are the truck's */
    bool tracks;             /* and fixed to it: its fixes and readings are the truck's */
    const int64_t *item_ids; /* of each event; 0 where not known. NULL: there are no events of a truck in it */
    const struct directory *directory; /* vehicles by plate, sites by code */
};

/* The types of events that say something of a truck. */
bool event_concerns_trucks(enum event_type type);
/* The truck of an event: the one whose plate is its conveyance, or else the one that its source rides on (0: none). 0: none. */
int64_t observed_vehicle(const struct event *event, int64_t riding_vehicle_id, const struct directory *directory);

/* Adds at most observations_most(report) to `list`; how many. Left out: what is too far ahead of the time it was received, or too far
 * behind it, and fixes that are too coarse. */
size_t observations_most(const struct report *report);
size_t observations_add(const struct observing *observing, const struct route_limits *limits, struct observation *list);

#endif
