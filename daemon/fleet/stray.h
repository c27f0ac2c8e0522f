/* stray.h - what a laden truck must not do, as fixes and readings to be said: it stands beside the road and opens, leaves the district, falls
 * silent. Pure: time is an argument. */
#ifndef CUSTODY_FLEET_STRAY_H
#define CUSTODY_FLEET_STRAY_H

#include "core/report.h"
#include "fleet/world.h"

enum { STRAY_FIXES_MAX = 64, STRAY_READINGS_MAX = 1 };

/* In this order, one after the other. */
enum stray {
    STRAY_STOP,    /* 25 minutes beside the road a kilometre from `home`, the tailgate opens */
    STRAY_ABROAD,  /* 12 km to the east, out of the district */
    STRAY_SILENCE, /* 21 minutes later it is heard again */
};
/* How long all of it takes. */
#define STRAY_DURATION_US (INT64_C(68) * 60 * 1000 * 1000)

struct stray_words {
    struct fix fixes[STRAY_FIXES_MAX];
    struct reading readings[STRAY_READINGS_MAX];
    size_t fix_count, reading_count;
};

/* What it says in this part; `begin_us` is the beginning of the first. */
void stray_say(enum stray stray, struct place home, int64_t begin_us, struct stray_words *words);

#endif
