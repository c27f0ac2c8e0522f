/* map_rows.h - rows of the registry as the map of core/route: figures, fences, road rights. */
#ifndef CUSTODY_INGEST_MAP_ROWS_H
#define CUSTODY_INGEST_MAP_ROWS_H

#include "core/route/map.h"
#include "io/pg.h"

/* What to ask for, in this order; figures with FIGURES_SQL of directory_rows.h. */
#define MAP_FENCES_SQL                                                                                                 \
    "SELECT fence_id, kind, coalesce(site_id, 0), code, geometry, lon_e7, lat_e7, from_at, until_at FROM "             \
    "route.map_fence ORDER BY fence_id"
#define MAP_RIGHTS_SQL                                                                                                 \
    "SELECT right_id, fence_id, vehicle_id, class, weekdays, from_minute, until_minute, from_at, until_at"             \
    " FROM route.map_right ORDER BY right_id"

void map_take_figures(struct route_limits *limits, const struct pg_result *result);
/* A fence that cannot be used is said in the log and left out. */
void map_take_fences(struct route_map *map, const struct route_limits *limits, const struct pg_result *result);
/* False when memory is exhausted. */
bool map_take_rights(struct route_map *map, const struct pg_result *result);

#endif
