/* road.h - road rights 路权: which trucks may be in which area at which hours of the week (the plan's task 四(四): vehicles, areas and hours
 * of recycling trucks). */
#ifndef CUSTODY_CORE_ROUTE_ROAD_H
#define CUSTODY_CORE_ROUTE_ROAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum { TRUCK_CLASS_BYTES = 32, MINUTES_PER_DAY = 1440 };

/* Asia/Shanghai days and minutes (UTC+8, no daylight saving since 1991). */
struct road_right {
    int64_t right_id;
    int64_t fence_id;                      /* area it lets into */
    int64_t vehicle_id;                    /* 0: every truck of the class */
    char truck_class[TRUCK_CLASS_BYTES];   /* "" with vehicle_id 0: every truck */
    uint8_t weekdays;                      /* bit 0 Monday ... bit 6 Sunday, of the day on which the hours begin */
    int from_minute, until_minute;         /* of the day, the second outside; until <= from: over midnight */
    int64_t valid_from_us, valid_until_us; /* the second is outside */
};

struct truck {
    int64_t vehicle_id;
    struct text plate, truck_class; /* as registered; class "" where not known; borrowed */
};

enum road_answer {
    ROAD_UNREGULATED, /* no right concerns this truck: nothing can be said */
    ROAD_PERMITTED,
    ROAD_OUTSIDE_AREA,
    ROAD_OUTSIDE_HOURS, /* inside an area that is open to it at other hours */
};

struct road_rights {
    struct road_right *list; /* owned; by vehicle_id after road_rights_sort */
    size_t count, room;
};

/* Copies. 0 or ERR_NO_MEMORY. */
int road_rights_add(struct road_rights *rights, const struct road_right *right) MUST_USE;
void road_rights_sort(struct road_rights *rights);
void road_rights_fini(struct road_rights *rights);

/* `areas`: fences that the truck is in. */
enum road_answer road_rights_ask(const struct road_rights *rights, const struct truck *truck, const int64_t *areas,
                                 size_t area_count, int64_t at_us);

#endif
