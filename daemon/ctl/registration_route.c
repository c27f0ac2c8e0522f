/* registration_route.c - geometry, days and hours. */
#include "ctl/registration_route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "core/route/map.h"

enum { GEOMETRY_BYTES_MAX = 1024 * 1024, DAYS = 7 };

const char *const truck_classes[] = {"mini_truck", "light_truck", "medium_truck", "heavy_truck", "three_wheeler",
                                     "special",    NULL};
const char *const fence_kinds[] = {"site", "watched", "district", "area", NULL};

static int refuse(struct error *error, const char *name, const char *text, const char *hint)
{
    return error_set(error, ERR_INVALID, "%s: %.60s; hint: %s", name, text, hint);
}

/* ---- geometry ---- */

/* One "lon,lat" at *at, which goes on behind it and blanks. False where there is none. */
static bool read_point(const char **at, double *lon, double *lat)
{
    char *end;
    *lon = strtod(*at, &end);
    if (end == *at || *end != ',')
        return false;
    const char *second = end + 1;
    *lat = strtod(second, &end);
    if (end == second || (*end != '\0' && !strchr(" \t\r\n", *end)))
        return false;
    *at = end + strspn(end, " \t\r\n");
    return true;
}

/* The ring is closed where it is not. False for text that is no ring. */
static bool ring_to_geojson(const char *ring, struct buffer *out)
{
    double lon, lat, first_lon = 0, first_lat = 0, last_lon = 0, last_lat = 0;
    size_t count = 0;
    ring += strspn(ring, " \t\r\n");
    buffer_printf(out, "{\"type\": \"Polygon\", \"coordinates\": [[");
    for (; *ring; count++) {
        if (!read_point(&ring, &lon, &lat))
            return false;
        if (count == 0) {
            first_lon = lon;
            first_lat = lat;
        }
        buffer_printf(out, "%s[%.7f, %.7f]", count ? ", " : "", lon, lat);
        last_lon = lon;
        last_lat = lat;
    }
    if (count > 0 && (first_lon != last_lon || first_lat != last_lat))
        buffer_printf(out, ", [%.7f, %.7f]", first_lon, first_lat);
    buffer_printf(out, "]]}");
    return count >= 3 && !out->failed;
}

static int check_area_of(struct text geojson, struct error *error)
{
    const struct fence fence = {.kind = FENCE_AREA, .code = "geometry"};
    struct route_map *map = route_map_new();
    int code =
        map ? route_map_add(map, &fence, geojson, error) : error_set(error, ERR_NO_MEMORY, "geometry: out of memory");
    route_map_free(map);
    return code;
}

int check_geometry(json_t *fields, const char *name, json_t *value, struct error *error)
{
    struct buffer geojson;
    buffer_init(&geojson, GEOMETRY_BYTES_MAX);
    if (json_is_object(value)) {
        char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(12));
        buffer_put_text(&geojson, text_of(text));
        free(text);
    } else if (json_is_string(value) && strchr(json_string_value(value), '{')) {
        buffer_put_text(&geojson, text_of(json_string_value(value)));
    } else if (!json_is_string(value) || !ring_to_geojson(json_string_value(value), &geojson)) {
        buffer_fini(&geojson);
        return refuse(error, name, json_is_string(value) ? json_string_value(value) : "neither text nor an object",
                      "a ring, \"118.62,24.99 118.63,24.99 118.63,25.00\", or a GeoJSON Polygon");
    }
    int code = geojson.failed ? refuse(error, name, "too large", "1 MiB at most")
                              : check_area_of(buffer_text(&geojson), error);
    if (code == 0)
        code = json_object_set_new(fields, name, json_stringn((const char *)geojson.data, geojson.len));
    buffer_fini(&geojson);
    return code;
}

/* ---- days and hours ---- */

int check_weekdays(json_t *fields, const char *name, json_t *value, struct error *error)
{
    const char *text = json_string_value(value);
    int days = 0;
    for (const char *at = text; *at; at++) {
        int bit = *at >= '1' && *at < '1' + DAYS ? 1 << (*at - '1') : 0;
        if (bit == 0 || (days & bit) != 0)
            return refuse(error, name, text, "each day once, 1 Monday ... 7 Sunday, such as 12345");
        days |= bit;
    }
    if (days == 0)
        return refuse(error, name, "none", "each day once, 1 Monday ... 7 Sunday, such as 12345");
    return json_object_set_new(fields, name, json_integer(days));
}

int check_time_of_day(json_t *fields, const char *name, json_t *value, struct error *error)
{
    const char *text = json_string_value(value);
    const bool until = strcmp(name, "until") == 0;
    int hour, minute, used = 0;
    char minute_name[16];
    if (strlen(text) != 5 || sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2 || used != 5 || hour < 0 ||
        minute < 0 || minute > 59 || hour * 60 + minute > (until ? MINUTES_PER_DAY : MINUTES_PER_DAY - 1))
        return refuse(error, name, text, "a time of the day, such as 06:00");
    snprintf(minute_name, sizeof minute_name, "%s_minute", name);
    json_object_del(fields, name);
    return json_object_set_new(fields, minute_name, json_integer(hour * 60 + minute));
}
