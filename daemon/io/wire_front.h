/* wire_front.h - what can be told of a body in one pass without decoding its elements; private to io/wire*. */
#ifndef CUSTODY_IO_WIRE_FRONT_H
#define CUSTODY_IO_WIRE_FRONT_H

#include "io/wire.h"

/* Numbers of the fields of custody.v1.Report and of Fix (checked against the generated descriptors in tests). */
enum report_field {
    REPORT_SOURCE = 1,
    REPORT_EPOCH = 2,
    REPORT_SEQ = 3,
    REPORT_PREVIOUS = 4,
    REPORT_DEVICE_TIME_US = 5,
    REPORT_CLOCK_QUALITY = 6,
    REPORT_FIXES = 10,
    REPORT_READINGS = 11,
    REPORT_EVENTS = 12,
    REPORT_SIGHTINGS = 13,
    REPORT_BIRTH = 14,
};

struct report_front {
    struct report_header header;
    uint64_t clock_quality;
    size_t fix_count;
    bool only_fixes; /* header fields with values that fit, and fixes; nothing else */
};

/* REFUSAL_NONE or MALFORMED (then `error`, which may be NULL). Borrows from `body`. */
enum refusal_reason wire_front_read(struct text body, struct report_front *front, struct error *error);

#endif
