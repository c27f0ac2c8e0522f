/* route_rows.h - what core/route needs, out of the database: its map, and what was observed of one truck. */
#ifndef CUSTODY_CTL_ROUTE_ROWS_H
#define CUSTODY_CTL_ROUTE_ROWS_H

#include "core/route/map.h"
#include "core/route/observation.h"
#include "ctl/ctl.h"

/* Each: 0, or an exit code after the error was printed. */

/* The map as the daemon makes it; to be ended by route_map_free. A fence that cannot be used is left out, as there. */
int route_map_load(struct ctl *ctl, struct route_map **map) MUST_USE;

/* All that was observed of a truck. */
struct route_observations {
    struct observation *list; /* malloc'd; sorted */
    size_t count;
    size_t erased, unreadable; /* records that are not in it */
};
int route_observations_load(struct ctl *ctl, int64_t vehicle_id, const struct route_limits *limits,
                            const struct directory *directory, struct route_observations *observations) MUST_USE;

#endif
