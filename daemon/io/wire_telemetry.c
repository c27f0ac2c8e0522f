/* wire_telemetry.c - the shapes of positions, masses and readings. */
#include <assert.h>

#include "core/route/datum.h"
#include "custody/v1/telemetry.pb-c.h"
#include "io/wire_bounds.h"
#include "io/wire_shape.h"

#define LON_RULE(type)                                                                                                 \
    {                                                                                                                  \
        .name = "lon_e7", .kind = RULE_NUMBER, .least = -LON_MAX_E7, .most = LON_MAX_E7, .hint = "1e-7 degrees",       \
        .reason = REFUSAL_IMPOSSIBLE_POSITION, MEMBER(type, lon_e7)                                                    \
    }
#define LAT_RULE(type)                                                                                                 \
    {                                                                                                                  \
        .name = "lat_e7", .kind = RULE_NUMBER, .least = -LAT_MAX_E7, .most = LAT_MAX_E7, .hint = "1e-7 degrees",       \
        .reason = REFUSAL_IMPOSSIBLE_POSITION, MEMBER(type, lat_e7)                                                    \
    }
#define DATUM_RULE(type)                                                                                               \
    {                                                                                                                  \
        .name = "datum", .kind = RULE_DATUM, .least = 1, .most = DATUM_CGCS2000,                                       \
        .hint = "name the datum, DATUM_WGS84 for GNSS", .reason = REFUSAL_IMPOSSIBLE_POSITION, MEMBER(type, datum)     \
    }
#define ACCURACY_RULE(type)                                                                                            \
    {                                                                                                                  \
        .name = "accuracy_cm", .kind = RULE_NUMBER, .most = ACCURACY_MAX_CM, .hint = "centimetres",                    \
        MEMBER(type, accuracy_cm), .has_to = (uint16_t)offsetof(struct type, has_accuracy)                             \
    }

/* Datum conversion moves a point by a kilometre at most, so what was within bounds may leave them only at their very
 * edge. */
static enum refusal_reason check_moved(const struct wire_check *check, const struct wire_path *path, enum datum datum,
                                       int32_t *lon_e7, int32_t *lat_e7)
{
    if (datum_to_wgs84(datum, lon_e7, lat_e7))
        return REFUSAL_NONE;
    return wire_refuse(check, path, REFUSAL_IMPOSSIBLE_POSITION, "%d, %d is no point in %s; hint: name the right datum",
                       *lon_e7, *lat_e7, datum_word(datum));
}

static enum refusal_reason check_position(const struct wire_check *check, const struct wire_path *path, void *value)
{
    struct position *position = value;
    return check_moved(check, path, position->datum, &position->lon_e7, &position->lat_e7);
}

static enum refusal_reason check_fix(const struct wire_check *check, const struct wire_path *path, void *value)
{
    struct fix *fix = value;
    return check_moved(check, path, fix->datum, &fix->lon_e7, &fix->lat_e7);
}

static const struct rule position_rules[] = {
    LON_RULE(position),
    LAT_RULE(position),
    DATUM_RULE(position),
    ACCURACY_RULE(position),
};
const struct shape position_shape = {.descriptor = &custody__v1__position__descriptor,
                                     SHAPE_RULES(position_rules),
                                     .size = sizeof(struct position),
                                     .optional = true,
                                     .check = check_position};

static const struct rule fix_rules[] = {
    {.name = "at_us", .kind = RULE_TIME, MEMBER(fix, at_us)},
    LON_RULE(fix),
    LAT_RULE(fix),
    DATUM_RULE(fix),
    {.name = "speed_cm_s",
     .kind = RULE_NUMBER,
     .most = SPEED_MAX_CM_S,
     .hint = "centimetres a second",
     MEMBER(fix, speed_cm_s),
     .has_to = (uint16_t)offsetof(struct fix, has_speed)},
    {.name = "course_cdeg",
     .kind = RULE_NUMBER,
     .most = COURSE_MAX_CDEG,
     .hint = "hundredths of a degree",
     MEMBER(fix, course_cdeg),
     .has_to = (uint16_t)offsetof(struct fix, has_course)},
    ACCURACY_RULE(fix),
};
const struct shape fix_shape = {.descriptor = &custody__v1__fix__descriptor,
                                SHAPE_RULES(fix_rules),
                                .size = sizeof(struct fix),
                                .check = check_fix};

#define SCALE_CLASS_RULE(type)                                                                                         \
    {                                                                                                                  \
        .name = "scale_class", .kind = RULE_TEXT, .most = SCALE_CLASS_MAX_BYTES, .hint = "I, II, III or IIII",         \
        MEMBER(type, scale_class)                                                                                      \
    }

static const struct rule mass_rules[] = {
    RULE_OF_MASS(mass, mass_g, mass_g),
    RULE_OF_FLAG(mass, estimated),
    SCALE_CLASS_RULE(mass),
};
const struct shape mass_shape = {.descriptor = &custody__v1__mass__descriptor,
                                 SHAPE_RULES(mass_rules),
                                 .size = sizeof(struct mass),
                                 .optional = true};

/* The five values of a reading share struct reading. */
static const struct rule load_cell_rules[] = {
    RULE_OF_MASS(reading, load_g, mass_g),
};
static const struct shape load_cell_shape = {.descriptor = &custody__v1__load_cell__descriptor,
                                             SHAPE_RULES(load_cell_rules)};

static const struct rule door_rules[] = {
    {.name = "open", .kind = RULE_FLAG, MEMBER(reading, door_open)},
    {.name = "name", .kind = RULE_TEXT, .most = NAME_MAX_BYTES, MEMBER(reading, label)},
};
static const struct shape door_shape = {.descriptor = &custody__v1__door__descriptor, SHAPE_RULES(door_rules)};

static const struct rule tilt_rules[] = {
    {.name = "angle_cdeg",
     .kind = RULE_NUMBER,
     .least = -TILT_MAX_CDEG,
     .most = TILT_MAX_CDEG,
     .hint = "hundredths of a degree",
     MEMBER(reading, tilt_cdeg)},
};
static const struct shape tilt_shape = {.descriptor = &custody__v1__tilt__descriptor, SHAPE_RULES(tilt_rules)};

static enum refusal_reason check_weighbridge(const struct wire_check *check, const struct wire_path *path, void *value)
{
    const struct reading *reading = value;
    bool both = reading->gross_g > 0 && reading->tare_g > 0;
    if (!both || reading->mass_g == reading->gross_g - reading->tare_g)
        return REFUSAL_NONE;
    return wire_refuse(check, path, REFUSAL_INVALID_FIELD,
                       "net_g %lld is not gross_g %lld less tare_g %lld; hint: grams", (long long)reading->mass_g,
                       (long long)reading->gross_g, (long long)reading->tare_g);
}

static const struct rule weighbridge_rules[] = {
    RULE_OF_MASS(reading, gross_g, gross_g),
    RULE_OF_MASS(reading, tare_g, tare_g),
    RULE_OF_MASS(reading, net_g, mass_g),
    RULE_OF_FLAG(reading, estimated),
    SCALE_CLASS_RULE(reading),
    {.name = "ticket", .kind = RULE_TEXT, .most = NAME_MAX_BYTES, MEMBER(reading, label)},
    RULE_OF_TEXT(reading, plate, NAME_MAX_BYTES),
};
static const struct shape weighbridge_shape = {
    .descriptor = &custody__v1__weighbridge__descriptor, SHAPE_RULES(weighbridge_rules), .check = check_weighbridge};

static const struct rule sorting_mass_rules[] = {
    {.name = "material",
     .kind = RULE_TEXT,
     .least = 1,
     .most = NAME_MAX_BYTES,
     .hint = "a material code",
     MEMBER(reading, label)},
    RULE_OF_MASS(reading, mass_g, mass_g),
    RULE_OF_TEXT(reading, lot, IDENTIFIER_MAX_BYTES),
};
static const struct shape sorting_mass_shape = {.descriptor = &custody__v1__sorting_mass__descriptor,
                                                SHAPE_RULES(sorting_mass_rules)};

static enum refusal_reason check_reading(const struct wire_check *check, const struct wire_path *path, void *value)
{
    const struct reading *reading = value;
    if (reading->kind != 0)
        return REFUSAL_NONE;
    return wire_refuse(check, path, REFUSAL_INVALID_FIELD, "has no value; hint: say what was measured");
}

#define READING_VALUE(field)                                                                                           \
    {                                                                                                                  \
        .name = #field, .kind = RULE_MESSAGE, .shape = &field##_shape,                                                 \
        .case_to = (uint16_t)offsetof(struct reading, kind)                                                            \
    }

static const struct rule reading_rules[] = {
    {.name = "at_us", .kind = RULE_TIME, MEMBER(reading, at_us)},
    READING_VALUE(load_cell),
    READING_VALUE(door),
    READING_VALUE(tilt),
    READING_VALUE(weighbridge),
    READING_VALUE(sorting_mass),
};
const struct shape reading_shape = {.descriptor = &custody__v1__reading__descriptor,
                                    SHAPE_RULES(reading_rules),
                                    .size = sizeof(struct reading),
                                    .check = check_reading};

static_assert(offsetof(struct position, present) == 0 && offsetof(struct mass, present) == 0,
              "optional shapes start with `present`");
