/* registration_route.h - the fields of fences and road rights: checked, and brought into the form that api.register takes. Each looks at one
 * field, may replace it in `fields`, and gives 0 or ERR_INVALID with words. */
#ifndef CUSTODY_CTL_REGISTRATION_ROUTE_H
#define CUSTODY_CTL_REGISTRATION_ROUTE_H

#include <jansson.h>

#include "base/error.h"

/* A ring as text, "lon,lat lon,lat ..." in degrees, WGS-84, or a GeoJSON Polygon or MultiPolygon, as text or as an object. Becomes GeoJSON
 * text of a valid area. */
int check_geometry(json_t *fields, const char *name, json_t *value, struct error *error) MUST_USE;
/* Digits of the days, 1 Monday ... 7 Sunday, such as "12345". Becomes the sum of 1, 2, 4 ... 64. */
int check_weekdays(json_t *fields, const char *name, json_t *value, struct error *error) MUST_USE;
/* "06:00" to "24:00". "from" becomes from_minute, "until" until_minute. */
int check_time_of_day(json_t *fields, const char *name, json_t *value, struct error *error) MUST_USE;

/* Words, ended by NULL. */
extern const char *const truck_classes[];
extern const char *const fence_kinds[];

#endif
