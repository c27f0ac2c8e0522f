/* geojson.c - polygons out of jansson's values. */
#include "core/route/geojson.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { RING_POINTS_MIN = 4 };

static void *grown(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    size_t wanted = *room ? 2 * *room : 16;
    void *larger = realloc(list, wanted * size);
    if (larger)
        *room = wanted;
    return larger;
}

static int read_point(struct geojson *geojson, const json_t *position, size_t points_max, struct error *error)
{
    const json_t *lon = json_array_get(position, 0), *lat = json_array_get(position, 1);
    if (!json_is_number(lon) || !json_is_number(lat))
        return error_set(error, ERR_INVALID, "a position is no longitude and latitude; hint: [118.62, 24.99]");
    if (geojson->point_count == points_max)
        return error_set(error, ERR_INVALID, "more than %zu points; hint: simplify it", points_max);
    struct geojson_point *points =
        grown(geojson->points, geojson->point_count, &geojson->point_room, sizeof *geojson->points);
    if (!points)
        return error_set(error, ERR_NO_MEMORY, "out of memory");
    geojson->points = points;
    geojson->points[geojson->point_count++] = (struct geojson_point){json_number_value(lon), json_number_value(lat)};
    return 0;
}

static int read_ring(struct geojson *geojson, const json_t *ring, bool is_outer, size_t points_max, struct error *error)
{
    const size_t first = geojson->point_count, count = json_array_size(ring);
    int code = 0;
    if (count < RING_POINTS_MIN)
        return error_set(error, ERR_INVALID, "a ring of %zu positions; hint: at least 4, the last as the first", count);
    for (size_t i = 0; i < count && code == 0; i++)
        code = read_point(geojson, json_array_get(ring, i), points_max, error);
    if (code)
        return code;
    const struct geojson_point *begin = &geojson->points[first], *end = &geojson->points[first + count - 1];
    if (begin->lon != end->lon || begin->lat != end->lat)
        return error_set(error, ERR_INVALID, "a ring is open; hint: the last position as the first");
    struct geojson_ring *rings =
        grown(geojson->rings, geojson->ring_count, &geojson->ring_room, sizeof *geojson->rings);
    if (!rings)
        return error_set(error, ERR_NO_MEMORY, "out of memory");
    geojson->rings = rings;
    geojson->rings[geojson->ring_count++] = (struct geojson_ring){first, count, is_outer};
    return 0;
}

static int read_polygon(struct geojson *geojson, const json_t *polygon, size_t points_max, struct error *error)
{
    int code = 0;
    if (json_array_size(polygon) == 0)
        return error_set(error, ERR_INVALID, "empty, a polygon without a ring; hint: at least 4 positions");
    for (size_t i = 0; i < json_array_size(polygon) && code == 0; i++)
        code = read_ring(geojson, json_array_get(polygon, i), i == 0, points_max, error);
    return code;
}

static int read_area(struct geojson *geojson, const json_t *object, size_t points_max, struct error *error)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    const json_t *coordinates = json_object_get(object, "coordinates");
    int code = 0;
    if (type && strcmp(type, "Polygon") == 0)
        return read_polygon(geojson, coordinates, points_max, error);
    if (!type || strcmp(type, "MultiPolygon") != 0)
        return error_set(error, ERR_INVALID, "not a polygon; hint: a GeoJSON Polygon or MultiPolygon (RFC 7946)");
    if (json_array_size(coordinates) == 0)
        return error_set(error, ERR_INVALID, "empty, no polygon; hint: at least one");
    for (size_t i = 0; i < json_array_size(coordinates) && code == 0; i++)
        code = read_polygon(geojson, json_array_get(coordinates, i), points_max, error);
    return code;
}

int geojson_read(struct geojson *geojson, struct text text, size_t points_max, struct error *error)
{
    json_error_t trouble;
    *geojson = (struct geojson){.point_count = 0};
    json_t *object = json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES, &trouble);
    if (!object)
        return error_set(error, ERR_INVALID, "not JSON: %s; hint: a GeoJSON Polygon (RFC 7946)", trouble.text);
    int code = read_area(geojson, object, points_max, error);
    json_decref(object);
    return code;
}

void geojson_fini(struct geojson *geojson)
{
    free(geojson->points);
    free(geojson->rings);
    *geojson = (struct geojson){.points = NULL};
}
