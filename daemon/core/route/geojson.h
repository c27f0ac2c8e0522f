/* geojson.h - a GeoJSON Polygon or MultiPolygon (RFC 7946) as rings of points.
 *
 * Not GEOS's reader: that of 3.11 reads beyond a position without coordinates. */
#ifndef CUSTODY_CORE_ROUTE_GEOJSON_H
#define CUSTODY_CORE_ROUTE_GEOJSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

struct geojson_ring {
    size_t first, count; /* of the points */
    bool is_outer;       /* begins a polygon; the rings behind it are its holes */
};

struct geojson_point {
    double lon, lat;
};

struct geojson {
    struct geojson_point *points; /* owned */
    struct geojson_ring *rings;   /* owned */
    size_t point_count, ring_count;
    size_t point_room, ring_room;
};

/* 0; ERR_INVALID with words (no JSON, another type, a position that is none, a ring that is open or too short, more than points_max);
 * ERR_NO_MEMORY. geojson_fini after any outcome. */
int geojson_read(struct geojson *geojson, struct text text, size_t points_max, struct error *error) MUST_USE;
void geojson_fini(struct geojson *geojson);

#endif
