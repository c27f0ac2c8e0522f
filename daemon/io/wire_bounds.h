/* wire_bounds.h - the bounds of the contract that its field types do not give; private to io/. */
#ifndef CUSTODY_IO_WIRE_BOUNDS_H
#define CUSTODY_IO_WIRE_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

#define LON_MAX_E7 INT32_C(1800000000)
#define LAT_MAX_E7 INT32_C(900000000)
#define MASS_MAX_G INT64_C(1000000000000)      /* a million tonnes */
#define MONEY_MAX_FEN INT64_C(100000000000000) /* a million million yuan */
#define ODOMETER_MAX_M INT64_C(100000000000)
#define FIRST_REGISTRATION_LEAST_US INT64_C(-2208988800000000) /* 1900-01-01 */
#define FIRST_REGISTRATION_MOST_US INT64_C(4102444800000000)   /* 2100-01-01 */

/* The database counts epochs in 32 bits with a sign. */
#define EPOCH_LEAST 1
#define EPOCH_MOST INT32_MAX

enum {
    FIXES_MAX = 600,
    READINGS_MAX = 600,
    EVENTS_MAX = 200,
    SIGHTINGS_MAX = 200,
    EVIDENCE_MAX = 16,
    PARTS_MAX = 64,
    KINDS_MAX = 32,          /* lists of item kinds */
    ACK_REFUSALS_MAX = 2000, /* what a daemon answers at once, bounded by the payload */
    STORED_EARLY_MAX = 64,

    SPEED_MAX_CM_S = 100000, /* 3,600 km/h: no truck, and no reading of a whole GNSS receiver */
    COURSE_MAX_CDEG = 35999,
    ACCURACY_MAX_CM = 2000000000, /* 20,000 km: half around the earth */
    TILT_MAX_CDEG = 36000,
    YEAR_MAX = 2100,

    SCALE_CLASS_MAX_BYTES = 8,
    NAME_MAX_BYTES = 128,
    CODE_MAX_BYTES = 64,
    IDENTIFIER_MAX_BYTES = 128,
    LAST4_MAX_BYTES = 16, /* four characters */
    URI_MAX_BYTES = 1000,
    NOTE_MAX_BYTES = 2000,
    LISTING_TEXT_MAX_BYTES = 16 * 1024,
    ACK_NOTE_MAX_BYTES = 4096,
    UNTRANSLATED_MAX_BYTES = 60 * 1024, /* the envelope is the bound */
};

/* From 2000 to a day after now. */
bool wire_time_is_possible(int64_t at_us, int64_t now_us);

#endif
