/* traccar.c - Traccar's forwarded positions out of jansson's values. */
#include "io/traccar.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "core/route/datum.h"
#include "io/wire_bounds.h"

#define CM_S_PER_KNOT (185200.0 / 3600.0) /* a nautical mile is 1,852 m */
#define DEGREES_E7 1e7

enum { CDEG = 100, CM_PER_M = 100, US_PER_MS = 1000, TIME_BYTES = 40 };

/* A number of `least` to `most`, or `otherwise` when the field is absent or null; NAN: it must be there. */
static int take_number(const json_t *object, const char *name, double least, double most, double otherwise, double *out,
                       struct error *error)
{
    const json_t *value = json_object_get(object, name);
    if ((value == NULL || json_is_null(value)) && !isnan(otherwise)) {
        *out = otherwise;
        return 0;
    }
    if (!json_is_number(value))
        return error_set(error, ERR_INVALID, "position.%s: is no number; hint: %g to %g", name, least, most);
    *out = json_number_value(value);
    if (*out >= least && *out <= most)
        return 0;
    return error_set(error, ERR_INVALID, "position.%s: %.10g; hint: %g to %g", name, *out, least, most);
}

/* A flag that must be there and be so, or be absent where `may_be_absent`. */
static int expect_flag(const json_t *position, const char *name, bool wanted, bool may_be_absent, struct error *error)
{
    const json_t *value = json_object_get(position, name);
    if (value == NULL && may_be_absent)
        return 0;
    if (!json_is_boolean(value))
        return error_set(error, ERR_INVALID, "position.%s: is no flag; hint: true or false", name);
    if (json_is_true(value) == wanted)
        return 0;
    return error_set(error, ERR_INVALID, "position.%s: %s; hint: this is no GNSS position of now", name,
                     wanted ? "false" : "true");
}

/* Jackson writes the offset without its colon where it is older than 2.11. */
static int parse_iso(struct text written, int64_t *at_us)
{
    char text[TIME_BYTES + 1];
    const size_t len = written.len;
    if (len < 20 || len >= TIME_BYTES) /* a bare date or a time without offset says less than an instant */
        return ERR_INVALID;
    memcpy(text, written.data, len);
    const bool bare = (text[len - 5] == '+' || text[len - 5] == '-') && text[len - 3] != ':';
    if (bare) {
        memmove(text + len - 1, text + len - 2, 2);
        text[len - 2] = ':';
    }
    return time_parse((struct text){text, len + bare}, at_us);
}

static int take_time(const json_t *position, const char *name, int64_t now_us, int64_t *at_us, struct error *error)
{
    const json_t *value = json_object_get(position, name);
    int code = ERR_INVALID;
    if (json_is_string(value)) {
        code = parse_iso((struct text){json_string_value(value), json_string_length(value)}, at_us);
    } else if (json_is_integer(value) && json_integer_value(value) > 0 &&
               json_integer_value(value) < INT64_MAX / US_PER_MS) {
        *at_us = json_integer_value(value) * US_PER_MS;
        code = 0;
    }
    if (code)
        return error_set(error, ERR_INVALID,
                         "position.%s: is no time; hint: ISO 8601 with its offset, or milliseconds since 1970", name);
    if (wire_time_is_possible(*at_us, now_us))
        return 0;
    return error_set(error, ERR_INVALID,
                     "position.%s: %lld ms since 1970; hint: milliseconds, not seconds, from 2000 to a day ahead", name,
                     (long long)(*at_us / US_PER_MS));
}

static int take_place(const json_t *position, enum datum datum, struct fix *fix, struct error *error)
{
    double lat = 0, lon = 0;
    int code = take_number(position, "latitude", -90, 90, NAN, &lat, error);
    if (code == 0)
        code = take_number(position, "longitude", -180, 180, NAN, &lon, error);
    if (code)
        return code;
    if (lat == 0 && lon == 0)
        return error_set(error, ERR_INVALID, "position: 0, 0; hint: the tracker has no position yet");
    fix->lat_e7 = (int32_t)lround(lat * DEGREES_E7);
    fix->lon_e7 = (int32_t)lround(lon * DEGREES_E7);
    fix->datum = datum;
    if (datum_to_wgs84(datum, &fix->lon_e7, &fix->lat_e7))
        return 0;
    return error_set(error, ERR_INVALID, "position: is no point in %s; hint: gateway_datum", datum_word(datum));
}

static int take_motion(const json_t *position, struct fix *fix, struct error *error)
{
    double speed = 0, course = 0, accuracy = 0;
    int code = take_number(position, "speed", 0, SPEED_MAX_CM_S / CM_S_PER_KNOT, -1, &speed, error);
    if (code == 0)
        code = take_number(position, "course", 0, 360, -1, &course, error);
    if (code == 0)
        code = take_number(position, "accuracy", 0, (double)ACCURACY_MAX_CM / CM_PER_M, 0, &accuracy, error);
    if (code)
        return code;
    fix->has_speed = speed >= 0;
    fix->speed_cm_s = fix->has_speed ? (uint32_t)lround(speed * CM_S_PER_KNOT) : 0;
    fix->has_course = course >= 0;
    fix->course_cdeg = fix->has_course ? (uint32_t)lround(course * CDEG) % (COURSE_MAX_CDEG + 1) : 0;
    fix->has_accuracy = accuracy > 0; /* 0 is Traccar's word for not known */
    fix->accuracy_cm = (uint32_t)lround(accuracy * CM_PER_M);
    return 0;
}

static int take_fix(const json_t *position, enum datum datum, int64_t now_us, struct fix *fix, struct error *error)
{
    if (!json_is_object(position))
        return error_set(error, ERR_INVALID, "position: is no object; hint: Traccar's forward.type mqtt");
    int code = expect_flag(position, "valid", true, false, error);
    if (code == 0)
        code = expect_flag(position, "outdated", false, true, error);
    if (code == 0)
        code = take_time(position, "fixTime", now_us, &fix->at_us, error);
    if (code == 0)
        code = take_place(position, datum, fix, error);
    return code ? code : take_motion(position, fix, error);
}

static int take_id(const json_t *device, char out[TRACCAR_ID_BYTES], struct error *error)
{
    const json_t *id = json_object_get(device, "uniqueId");
    const struct text text = {json_string_value(id), json_string_length(id)};
    if (!text_empty(text) && text_copy(out, TRACCAR_ID_BYTES, text))
        return 0;
    return error_set(error, ERR_INVALID, "device.uniqueId: is no id; hint: a text of 1 to %d bytes",
                     TRACCAR_ID_BYTES - 1);
}

int traccar_read(struct text json, enum datum datum, int64_t now_us, struct traccar_position *position,
                 struct error *error)
{
    json_error_t why;
    *position = (struct traccar_position){.unique_id = ""};
    json_t *message = json_loadb(json.data ? json.data : "", json.len, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(message)) {
        const int at = message ? 0 : why.position;
        json_decref(message);
        return error_set(error, ERR_INVALID, "message: no JSON object, from byte %d on; hint: forward.type mqtt", at);
    }
    int code = take_id(json_object_get(message, "device"), position->unique_id, error);
    if (code == 0)
        code = take_fix(json_object_get(message, "position"), datum, now_us, &position->fix, error);
    json_decref(message);
    return code;
}
