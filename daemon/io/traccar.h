/* traccar.h - a position as Traccar forwards it (forward.type mqtt or json), into a fix.
 *
 * The message is a JSON object of `position` and `device`, as Jackson writes Traccar's PositionData (traccar 5 and 6,
 * org.traccar.forward). Units there: degrees, knots, metres; times are ISO 8601 with an offset, or milliseconds since 1970.
 * JT/T 808's speed (0.1 km/h) has become knots on its way. Pure: time is an argument. */
#ifndef CUSTODY_IO_TRACCAR_H
#define CUSTODY_IO_TRACCAR_H

#include "base/error.h"
#include "base/text.h"
#include "core/report.h"

enum { TRACCAR_ID_BYTES = 65 };

struct traccar_position {
    char unique_id[TRACCAR_ID_BYTES]; /* Traccar's device.uniqueId; of JT/T 808 the terminal's number 终端手机号 */
    struct fix fix;                   /* WGS-84 */
};

/* Of the fix: fixTime, place, speed, course (0 to 360), and the accuracy where one is given. The contract has no place for
 * Traccar's attributes: ignition and motion, alarms, satellites; doors are those of the cab as well as of the load, and
 * weights name no unit. `datum` is what the trackers report in. 0 or ERR_INVALID with words that quote no text of the message: no JSON
 * (duplicate keys and invalid UTF-8 among it), a field that is missing, of another type or out of its bounds, a position that is not
 * from GNSS now (valid false, outdated true, or both coordinates 0), a time before 2000 or more than a day after now_us; numbers that
 * are seconds are so refused, never guessed. */
int traccar_read(struct text json, enum datum datum, int64_t now_us, struct traccar_position *position,
                 struct error *error) MUST_USE;

#endif
