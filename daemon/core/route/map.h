/* map.h - where a truck is, legally: fences of sites, watched markets, districts and permitted areas in an index, with the road rights that
 * hold in them, the thresholds and the ellipsoid.
 *
 * Terms: a fence is a named polygon in force for a time; whereabouts are what the map says of one point at one time. Filled once, then only
 * read: a change of the registry makes a new map. Polygons are GEOS's; a point on the edge is inside. */
#ifndef CUSTODY_CORE_ROUTE_MAP_H
#define CUSTODY_CORE_ROUTE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "core/route/earth.h"
#include "core/route/limits.h"
#include "core/route/road.h"

#define FENCE_KIND_TABLE(X)                                                                                            \
    X(FENCE_SITE, 0, "site")         /* 场所: a registered yard, centre, collection point */                         \
    X(FENCE_WATCHED, 1, "watched")   /* 关注场所: a market or yard where scrapped things turned up */              \
    X(FENCE_DISTRICT, 2, "district") /* 辖区 */                                                                      \
    X(FENCE_AREA, 3, "area")         /* 通行区域: what road rights refer to */

enum fence_kind {
#define X(name, number, word) name = (number),
    FENCE_KIND_TABLE(X)
#undef X
};
const char *fence_kind_word(enum fence_kind kind);
int fence_kind_parse(struct text word, enum fence_kind *kind) MUST_USE;

enum { FENCE_CODE_BYTES = 65, FENCE_POINTS_MAX = 10000 };

struct fence {
    int64_t fence_id; /* of those that overlap the lowest counts */
    enum fence_kind kind;
    int64_t site_id; /* FENCE_SITE; 0: none */
    char code[FENCE_CODE_BYTES];
    int64_t valid_from_us, valid_until_us; /* the second is outside */
};

enum { PLACE_AREAS_MAX = 8 };
struct whereabouts {
    const struct fence *site, *watched; /* NULL: none; the map's */
    bool has_district, in_district;     /* whether any is in force; whether it is inside of one */
    size_t area_count;
    int64_t areas[PLACE_AREAS_MAX]; /* ids of the areas it is in */

    /* How far the answer holds: no edge within the distance, no fence begins or ends within the time (until_us is outside). */
    struct spot at;
    int64_t clear_e7_squared, from_us, until_us;
};
/* Holds nowhere: the next look asks the index. */
#define PLACE_UNKNOWN ((struct whereabouts){.clear_e7_squared = -1})

struct route_map;

/* Empty; NULL when memory is exhausted. */
struct route_map *route_map_new(void);
void route_map_free(struct route_map *map); /* NULL is fine */

/* `geometry` is a GeoJSON Polygon or MultiPolygon (RFC 7946), WGS-84. 0; ERR_INVALID with words (no polygon, crossing itself, too many
 * points, not on the earth); ERR_NO_MEMORY. */
int route_map_add(struct route_map *map, const struct fence *fence, struct text geometry, struct error *error) MUST_USE;
/* A circle on the ellipsoid, as a polygon with corners on it. */
int route_map_add_circle(struct route_map *map, const struct fence *fence, struct spot middle, double radius_m,
                         struct error *error) MUST_USE;
/* Copies. 0 or ERR_NO_MEMORY. */
int route_map_add_right(struct route_map *map, const struct road_right *right) MUST_USE;
/* After the last addition, before the first question. 0, or ERR_INVALID with words where one of the limits is missing. */
int route_map_close(struct route_map *map, const struct route_limits *limits, struct error *error) MUST_USE;

const struct route_limits *route_map_limits(const struct route_map *map);
const struct earth *route_map_earth(const struct route_map *map);
size_t route_map_fence_count(const struct route_map *map);

/* Brings `place` (an earlier answer of this map, or PLACE_UNKNOWN) up to date. Costs next to nothing as long as no edge was near. */
void route_map_look(const struct route_map *map, struct spot at, int64_t at_us, struct whereabouts *place);
/* May this truck be at this place at this time? */
enum road_answer route_map_road(const struct route_map *map, const struct truck *truck, const struct whereabouts *place,
                                int64_t at_us);
/* True for a site whose fence lies outside of every district, where there is one. */
bool route_map_site_is_outside(const struct route_map *map, int64_t site_id, int64_t at_us);

#endif
