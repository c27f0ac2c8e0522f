/* truck.h - a truck that drives, stops, loads and unloads on the invented roads: a step function from time to
 * reports' content.
 *
 *     parked --truck_send--> driving --(end of the road)--> parked
 *     parked --truck_work--> working (loading, unloading: door open, load changes) --> parked
 *
 * While driving it makes a fix each `fix_every_s` (1 at real speed) and a report each ten of them; while standing a
 * fix a minute. */
#ifndef CUSTODY_FLEET_TRUCK_H
#define CUSTODY_FLEET_TRUCK_H

#include "core/report.h"
#include "fleet/world.h"

enum { TRUCK_FIXES_PER_REPORT = 10, TRUCK_FIXES_MAX = 16, TRUCK_READINGS_MAX = 4 };

enum truck_state { TRUCK_PARKED, TRUCK_DRIVING, TRUCK_WORKING };

struct truck {
    enum truck_state state;
    uint16_t node; /* where it stands, or stood last */
    struct route route;
    size_t leg;   /* it is between route.nodes[leg] and route.nodes[leg + 1] */
    double leg_m; /* metres driven on that leg */
    double speed_m_s;
    int64_t now_us; /* simulated time it has come to */
    int64_t work_until_us;
    int64_t next_fix_at_us;
    int64_t fix_every_us;         /* while driving */
    int64_t load_g, load_after_g; /* on the bed; and once the work under way is done */
    struct place at;
    uint32_t course_cdeg;
    struct random random; /* noise of the receiver */
    struct fix fixes[TRUCK_FIXES_MAX];
    size_t fix_count;
    struct reading readings[TRUCK_READINGS_MAX];
    size_t reading_count;
};

/* Parked empty at `node`. fix_every_s: 1 or more simulated seconds. */
void truck_init(struct truck *truck, const struct world *world, uint16_t node, int64_t now_us, uint32_t fix_every_s,
                struct random random);

/* Sets out; only while parked. */
void truck_send(struct truck *truck, const struct world *world, uint16_t node);
/* Loads or unloads for `duration_s`: the door opens, closes, and the load is `load_g` afterwards. Only while parked. */
void truck_work(struct truck *truck, int64_t load_g, uint32_t duration_s);

/* Moves on, to `until_us` or to the moment a report is due. True when one is: its fixes and readings are in the
 * truck, to be said with device time truck->now_us, until truck_said. Call it again until it returns false. */
bool truck_step(struct truck *truck, const struct world *world, int64_t until_us);
void truck_said(struct truck *truck);

#endif
