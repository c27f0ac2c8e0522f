/* map.c - fences in GEOS's STR tree, prepared for "is it inside" and "how far is its edge".
 *
 * A truck's next fix is metres from its last one, and edges are mostly far: each look-up also learns how far the nearest edge is, and
 * until the truck has moved that far the answer stands without a look. */
#include "core/route/map.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GEOS_USE_ONLY_R_API
#include <geos_c.h>

#include "core/route/geojson.h"
#include "core/words.h"

WORDS_DEFINE(fence_kind, FENCE_KIND_TABLE)
WORDS_DEFINE_WORD(fence_kind)
WORDS_DEFINE_PARSE(fence_kind)

enum { NODE_FENCES = 10, CIRCLE_CORNERS = 48 };

#define CLEAR_MAX_DEG 0.004 /* about 400 m, half a minute of driving: as far as a look-up looks for edges */

struct fenced {
    struct fence fence;
    GEOSGeometry *area, *edge;
    const GEOSPreparedGeometry *inside, *border;
};

struct route_map {
    GEOSContextHandle_t geos;
    char message[ERROR_TEXT_BYTES]; /* GEOS's last */
    struct fenced **fences;         /* districts first */
    size_t count, room, district_count;
    GEOSSTRtree *tree; /* once closed */
    struct road_rights rights;
    struct route_limits limits;
    struct earth earth;
};

static void map_on_message(const char *message, void *context)
{
    struct route_map *map = context;
    (void)text_copy(map->message, sizeof map->message, text_of(message));
    text_make_clean(map->message);
}

struct route_map *route_map_new(void)
{
    struct route_map *map = calloc(1, sizeof *map);
    if (!map)
        return NULL;
    map->geos = GEOS_init_r();
    if (!map->geos) {
        free(map);
        return NULL;
    }
    (void)GEOSContext_setErrorMessageHandler_r(map->geos, map_on_message, map);
    earth_init(&map->earth);
    return map;
}

static void free_fenced(struct route_map *map, struct fenced *fenced)
{
    if (fenced->inside)
        GEOSPreparedGeom_destroy_r(map->geos, fenced->inside);
    if (fenced->border)
        GEOSPreparedGeom_destroy_r(map->geos, fenced->border);
    if (fenced->area)
        GEOSGeom_destroy_r(map->geos, fenced->area);
    if (fenced->edge)
        GEOSGeom_destroy_r(map->geos, fenced->edge);
    free(fenced);
}

void route_map_free(struct route_map *map)
{
    if (!map)
        return;
    if (map->tree)
        GEOSSTRtree_destroy_r(map->geos, map->tree);
    for (size_t i = 0; i < map->count; i++)
        free_fenced(map, map->fences[i]);
    free(map->fences);
    road_rights_fini(&map->rights);
    GEOS_finish_r(map->geos);
    free(map);
}

/* ---- filling ---- */

static int refuse(struct error *error, const struct fence *fence, const char *why, const char *hint)
{
    return error_set(error, ERR_INVALID, "fence %s: %s; hint: %s", fence->code, why, hint);
}

static bool is_on_earth(const struct route_map *map, const GEOSGeometry *area)
{
    double west, east, south, north;
    return GEOSGeom_getXMin_r(map->geos, area, &west) && GEOSGeom_getXMax_r(map->geos, area, &east) &&
           GEOSGeom_getYMin_r(map->geos, area, &south) && GEOSGeom_getYMax_r(map->geos, area, &north) && west >= -180 &&
           east <= 180 && south >= -90 && north <= 90;
}

static int check_area(struct route_map *map, const struct fence *fence, const GEOSGeometry *area, struct error *error)
{
    if (!area)
        return refuse(error, fence, map->message[0] ? map->message : "no geometry", "a GeoJSON Polygon (RFC 7946)");
    if (!is_on_earth(map, area))
        return refuse(error, fence, "not on the earth", "longitude before latitude, degrees, WGS-84");
    if (GEOSisValid_r(map->geos, area) != 1)
        return refuse(error, fence, map->message[0] ? map->message : "it crosses itself",
                      "a ring that does not cross itself");
    return 0;
}

static bool make_room(struct route_map *map)
{
    if (map->count < map->room)
        return true;
    size_t room = map->room ? map->room * 2 : 64;
    struct fenced **fences = realloc(map->fences, room * sizeof(struct fenced *));
    if (!fences)
        return false;
    map->fences = fences;
    map->room = room;
    return true;
}

static void place_fence(struct route_map *map, struct fenced *fenced)
{
    map->fences[map->count++] = fenced;
    if (fenced->fence.kind != FENCE_DISTRICT)
        return;
    map->fences[map->count - 1] = map->fences[map->district_count];
    map->fences[map->district_count++] = fenced;
}

/* Takes `area`. */
static int add_area(struct route_map *map, const struct fence *fence, GEOSGeometry *area, struct error *error)
{
    struct fenced *fenced = calloc(1, sizeof *fenced);
    assert(!map->tree);
    if (!fenced || !make_room(map)) {
        if (area)
            GEOSGeom_destroy_r(map->geos, area);
        free(fenced);
        return error_set(error, ERR_NO_MEMORY, "fence %s: out of memory", fence->code);
    }
    *fenced = (struct fenced){.fence = *fence, .area = area};
    int code = check_area(map, fence, area, error);
    if (!code) {
        fenced->inside = GEOSPrepare_r(map->geos, area);
        fenced->edge = GEOSBoundary_r(map->geos, area);
        fenced->border = fenced->edge ? GEOSPrepare_r(map->geos, fenced->edge) : NULL;
        if (!fenced->inside || !fenced->border)
            code = error_set(error, ERR_NO_MEMORY, "fence %s: %s", fence->code, map->message);
    }
    if (code)
        free_fenced(map, fenced);
    else
        place_fence(map, fenced);
    return code;
}

static GEOSGeometry *ring_of(struct route_map *map, const struct geojson *geojson, const struct geojson_ring *ring)
{
    GEOSCoordSequence *points = GEOSCoordSeq_create_r(map->geos, (unsigned)ring->count, 2);
    if (!points)
        return NULL;
    for (size_t i = 0; i < ring->count; i++)
        (void)GEOSCoordSeq_setXY_r(map->geos, points, (unsigned)i, geojson->points[ring->first + i].lon,
                                   geojson->points[ring->first + i].lat);
    return GEOSGeom_createLinearRing_r(map->geos, points);
}

/* The polygon that begins with ring `at`. */
static GEOSGeometry *polygon_of(struct route_map *map, const struct geojson *geojson, size_t at, size_t end)
{
    GEOSGeometry *outer = ring_of(map, geojson, &geojson->rings[at]);
    GEOSGeometry **holes = calloc(end - at, sizeof(GEOSGeometry *));
    unsigned count = 0;
    bool good = outer && holes;
    for (size_t i = at + 1; good && i < end; i++) {
        holes[count] = ring_of(map, geojson, &geojson->rings[i]);
        good = holes[count] != NULL;
        count += good;
    }
    GEOSGeometry *polygon = good ? GEOSGeom_createPolygon_r(map->geos, outer, holes, count) : NULL;
    for (unsigned i = 0; !good && i < count; i++)
        GEOSGeom_destroy_r(map->geos, holes[i]);
    if (!good && outer)
        GEOSGeom_destroy_r(map->geos, outer);
    free(holes);
    return polygon;
}

static size_t polygon_end(const struct geojson *geojson, size_t at)
{
    for (at++; at < geojson->ring_count && !geojson->rings[at].is_outer; at++) {
    }
    return at;
}

/* NULL when GEOS makes no geometry of it; map->message says why. */
static GEOSGeometry *area_of(struct route_map *map, const struct geojson *geojson)
{
    GEOSGeometry **polygons = calloc(geojson->ring_count, sizeof(GEOSGeometry *));
    unsigned count = 0;
    bool good = polygons != NULL;
    for (size_t at = 0; good && at < geojson->ring_count; at = polygon_end(geojson, at)) {
        polygons[count] = polygon_of(map, geojson, at, polygon_end(geojson, at));
        good = polygons[count] != NULL;
        count += good;
    }
    GEOSGeometry *area = good ? GEOSGeom_createCollection_r(map->geos, GEOS_MULTIPOLYGON, polygons, count) : NULL;
    for (unsigned i = 0; !good && i < count; i++)
        GEOSGeom_destroy_r(map->geos, polygons[i]);
    free(polygons);
    return area;
}

int route_map_add(struct route_map *map, const struct fence *fence, struct text geometry, struct error *error)
{
    struct geojson geojson;
    map->message[0] = '\0';
    int code = geojson_read(&geojson, geometry, FENCE_POINTS_MAX, error);
    if (code)
        error_prefix(error, "fence %s", fence->code);
    else
        code = add_area(map, fence, area_of(map, &geojson), error);
    geojson_fini(&geojson);
    return code;
}

int route_map_add_circle(struct route_map *map, const struct fence *fence, struct spot middle, double radius_m,
                         struct error *error)
{
    GEOSCoordSequence *corners = GEOSCoordSeq_create_r(map->geos, CIRCLE_CORNERS + 1, 2);
    GEOSGeometry *ring;
    if (!corners)
        return error_set(error, ERR_NO_MEMORY, "fence %s: out of memory", fence->code);
    for (unsigned i = 0; i <= CIRCLE_CORNERS; i++) {
        struct spot corner = earth_along(&map->earth, middle, 360.0 * (i % CIRCLE_CORNERS) / CIRCLE_CORNERS, radius_m);
        (void)GEOSCoordSeq_setXY_r(map->geos, corners, i, corner.lon_e7 / 1e7, corner.lat_e7 / 1e7);
    }
    ring = GEOSGeom_createLinearRing_r(map->geos, corners);
    return add_area(map, fence, ring ? GEOSGeom_createPolygon_r(map->geos, ring, NULL, 0) : NULL, error);
}

int route_map_add_right(struct route_map *map, const struct road_right *right)
{
    return road_rights_add(&map->rights, right);
}

int route_map_close(struct route_map *map, const struct route_limits *limits, struct error *error)
{
    const char *missing = route_limits_missing(limits);
    if (missing)
        return error_set(error, ERR_INVALID,
                         "figure %s is not set; hint: a row of registry.figure; custodyctl migrate enters it", missing);
    map->limits = *limits;
    map->tree = GEOSSTRtree_create_r(map->geos, NODE_FENCES);
    if (!map->tree)
        return error_set(error, ERR_NO_MEMORY, "fences: out of memory");
    for (size_t i = 0; i < map->count; i++)
        GEOSSTRtree_insert_r(map->geos, map->tree, map->fences[i]->area, map->fences[i]);
    road_rights_sort(&map->rights);
    return 0;
}

const struct route_limits *route_map_limits(const struct route_map *map)
{
    return &map->limits;
}

const struct earth *route_map_earth(const struct route_map *map)
{
    return &map->earth;
}

size_t route_map_fence_count(const struct route_map *map)
{
    return map->count;
}

/* ---- asking ---- */

struct look {
    const struct route_map *map;
    const GEOSGeometry *point;
    int64_t at_us;
    double clear_deg;
    struct whereabouts *place;
};

static const struct fence *lower(const struct fence *a, const struct fence *b)
{
    return !a || b->fence_id < a->fence_id ? b : a;
}

static void be_inside(struct whereabouts *place, const struct fence *fence)
{
    switch (fence->kind) {
    case FENCE_SITE:
        place->site = lower(place->site, fence);
        return;
    case FENCE_WATCHED:
        place->watched = lower(place->watched, fence);
        return;
    case FENCE_DISTRICT:
        place->in_district = true;
        return;
    case FENCE_AREA:
        if (place->area_count < PLACE_AREAS_MAX)
            place->areas[place->area_count++] = fence->fence_id;
        return;
    }
}

/* True when the fence is in force; either way, the answer holds no longer than that stays so. */
static bool is_in_force(const struct fence *fence, int64_t at_us, struct whereabouts *place)
{
    const int64_t from = fence->valid_from_us, until = fence->valid_until_us;
    if (at_us < from) {
        place->until_us = from < place->until_us ? from : place->until_us;
        return false;
    }
    place->from_us = from > place->from_us ? from : place->from_us;
    if (at_us >= until) {
        place->from_us = until > place->from_us ? until : place->from_us;
        return false;
    }
    place->until_us = until < place->until_us ? until : place->until_us;
    return true;
}

static void look_on_fence(void *item, void *context)
{
    const struct fenced *fenced = item;
    struct look *look = context;
    double edge_deg = 0;
    if (!is_in_force(&fenced->fence, look->at_us, look->place))
        return;
    if (GEOSPreparedDistance_r(look->map->geos, fenced->border, look->point, &edge_deg) != 1)
        edge_deg = 0; /* then it is looked at again each time */
    look->clear_deg = edge_deg < look->clear_deg ? edge_deg : look->clear_deg;
    if (GEOSPreparedIntersects_r(look->map->geos, fenced->inside, look->point) == 1)
        be_inside(look->place, &fenced->fence);
}

static bool still_holds(const struct whereabouts *place, struct spot at, int64_t at_us)
{
    const int64_t dx = (int64_t)at.lon_e7 - place->at.lon_e7, dy = (int64_t)at.lat_e7 - place->at.lat_e7;
    return at_us >= place->from_us && at_us < place->until_us && dx * dx + dy * dy < place->clear_e7_squared;
}

/* Whether there is one is asked wherever the truck is. */
static bool any_district(const struct route_map *map, int64_t at_us, struct whereabouts *place)
{
    bool any = false;
    for (size_t i = 0; i < map->district_count; i++)
        any |= is_in_force(&map->fences[i]->fence, at_us, place);
    return any;
}

void route_map_look(const struct route_map *map, struct spot at, int64_t at_us, struct whereabouts *place)
{
    assert(map->tree);
    if (still_holds(place, at, at_us))
        return;
    const double lon = at.lon_e7 / 1e7, lat = at.lat_e7 / 1e7;
    *place = (struct whereabouts){.at = at, .from_us = INT64_MIN, .until_us = INT64_MAX};
    place->has_district = any_district(map, at_us, place);
    GEOSGeometry *point = GEOSGeom_createPointFromXY_r(map->geos, lon, lat);
    GEOSGeometry *box = GEOSGeom_createRectangle_r(map->geos, lon - CLEAR_MAX_DEG, lat - CLEAR_MAX_DEG,
                                                   lon + CLEAR_MAX_DEG, lat + CLEAR_MAX_DEG);
    struct look look = {map, point, at_us, CLEAR_MAX_DEG, place};
    if (!point || !box)
        abort(); /* GEOS has no memory for a point */
    GEOSSTRtree_query_r(map->geos, map->tree, box, look_on_fence, &look);
    GEOSGeom_destroy_r(map->geos, box);
    GEOSGeom_destroy_r(map->geos, point);
    const double clear_e7 = floor(look.clear_deg * 1e7) - 1; /* rounding never brings it over an edge */
    place->clear_e7_squared = clear_e7 > 0 ? (int64_t)(clear_e7 * clear_e7) : 0;
}

enum road_answer route_map_road(const struct route_map *map, const struct truck *truck, const struct whereabouts *place,
                                int64_t at_us)
{
    if (map->rights.count == 0)
        return ROAD_UNREGULATED;
    return road_rights_ask(&map->rights, truck, place->areas, place->area_count, at_us);
}

bool route_map_site_is_outside(const struct route_map *map, int64_t site_id, int64_t at_us)
{
    struct whereabouts place = PLACE_UNKNOWN;
    double lon, lat;
    for (size_t i = 0; i < map->count; i++) {
        const struct fenced *fenced = map->fences[i];
        if (fenced->fence.kind != FENCE_SITE || fenced->fence.site_id != site_id)
            continue;
        GEOSGeometry *middle = GEOSPointOnSurface_r(map->geos, fenced->area);
        bool known =
            middle && GEOSGeomGetX_r(map->geos, middle, &lon) == 1 && GEOSGeomGetY_r(map->geos, middle, &lat) == 1;
        if (middle)
            GEOSGeom_destroy_r(map->geos, middle);
        if (!known)
            return false;
        route_map_look(map, (struct spot){(int32_t)lround(lon * 1e7), (int32_t)lround(lat * 1e7)}, at_us, &place);
        return place.has_district && !place.in_district;
    }
    return false;
}
