/* wire_fix.c - reads the message trucks send all day, header and fixes, in one pass straight into our values: unpacking and
 * converting it takes more than twice as long for one fix, three times for ten. It accepts nothing the long way would refuse. */
#include "io/wire_fix.h"

#include "core/route/datum.h"
#include "io/wire_bounds.h"
#include "io/wire_reader.h"

enum {
    FIX_AT_US = 1,
    FIX_LON_E7 = 2,
    FIX_LAT_E7 = 3,
    FIX_DATUM = 4,
    FIX_SPEED_CM_S = 5,
    FIX_COURSE_CDEG = 6,
    FIX_ACCURACY_CM = 7,
};

static bool take_bounded(uint64_t value, uint32_t most, bool *has, uint32_t *out)
{
    bool first = !*has; /* members of a oneof come once */
    *has = true;
    *out = (uint32_t)value;
    return first && value <= most;
}

static bool take_degrees(uint64_t value, int32_t bound, int32_t *out)
{
    *out = wire_zigzag32((uint32_t)value);
    return value <= UINT32_MAX && *out >= -bound && *out <= bound;
}

static bool take_field(uint32_t number, uint64_t value, struct fix *fix)
{
    switch (number) {
    case FIX_AT_US:
        fix->at_us = (int64_t)value;
        return true;
    case FIX_LON_E7:
        return take_degrees(value, LON_MAX_E7, &fix->lon_e7);
    case FIX_LAT_E7:
        return take_degrees(value, LAT_MAX_E7, &fix->lat_e7);
    case FIX_DATUM:
        fix->datum = (enum datum)value;
        return value <= DATUM_CGCS2000;
    case FIX_SPEED_CM_S:
        return take_bounded(value, SPEED_MAX_CM_S, &fix->has_speed, &fix->speed_cm_s);
    case FIX_COURSE_CDEG:
        return take_bounded(value, COURSE_MAX_CDEG, &fix->has_course, &fix->course_cdeg);
    case FIX_ACCURACY_CM:
        return take_bounded(value, ACCURACY_MAX_CM, &fix->has_accuracy, &fix->accuracy_cm);
    default:
        return false;
    }
}

/* Every field of a Fix is a varint with a tag of one byte. */
static bool take_fix(struct text bytes, int64_t now_us, struct fix *fix)
{
    struct wire_reader reader = wire_reader_of(bytes);
    while (!wire_reader_done(&reader)) {
        uint8_t tag = *reader.at++;
        uint64_t value;
        if (tag >= 0x80 || (tag & 7) != WIRE_VARINT || !wire_read_varint(&reader, &value) ||
            !take_field(tag >> 3, value, fix))
            return false;
    }
    return fix->datum != DATUM_UNSPECIFIED && wire_time_is_possible(fix->at_us, now_us) &&
           datum_to_wgs84(fix->datum, &fix->lon_e7, &fix->lat_e7);
}

static bool take_header(const struct wire_check *check, const struct report_front *front, struct report *report)
{
    const struct report_header *header = &front->header;
    if (!wire_source_is_valid(header->source) || header->epoch < EPOCH_LEAST || header->epoch > EPOCH_MOST ||
        header->seq > INT64_MAX || !wire_time_is_possible(header->device_time_us, check->now_us) ||
        front->clock_quality > CLOCK_QUALITY_GNSS || front->fix_count > FIXES_MAX)
        return false;
    *report = (struct report){.source = arena_text(check->arena, header->source),
                              .epoch = header->epoch,
                              .seq = header->seq,
                              .previous = header->previous,
                              .device_time_us = header->device_time_us,
                              .clock_quality = (enum clock_quality)front->clock_quality,
                              .fix_count = front->fix_count};
    if (front->fix_count > 0)
        report->fixes = arena_array(check->arena, front->fix_count, sizeof(struct fix));
    return report->source.data != NULL && (front->fix_count == 0 || report->fixes != NULL);
}

bool wire_fix_report_decode(const struct wire_check *check, struct text body, const struct report_front *front,
                            struct report *report)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    struct fix *fix = NULL;
    if (!front->only_fixes || !take_header(check, front, report))
        return false;
    for (fix = report->fixes; fix != NULL && fix < report->fixes + report->fix_count;) {
        if (!wire_read_field(&reader, &field))
            return false;
        if (field.number == REPORT_FIXES && !take_fix(field.bytes, check->now_us, fix++))
            return false;
    }
    return true;
}
