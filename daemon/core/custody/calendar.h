/* calendar.h - days and deadlines in Asia/Shanghai (UTC+8, no daylight saving): calendar days, working days with the
 * holidays and make-up working days 调休 of the registry, months. */
#ifndef CUSTODY_CORE_CUSTODY_CALENDAR_H
#define CUSTODY_CORE_CUSTODY_CALENDAR_H

#include "core/directory.h"

/* Times outside of it have no deadline: 1970 to 9999. */
bool calendar_covers(int64_t at_us);

/* Is the day (days since 1970-01-01 in Asia/Shanghai) worked? Weekdays are, but for what the registry says otherwise. */
bool calendar_is_working(const struct directory *directory, int64_t day);

/* Until when something that began at `from_us` has to be done: the first moment that is too late. Hours count from the
 * moment. With the other units the day of the beginning does not count, and the last day ends at midnight; where that is
 * no working day, it ends with the next one (Civil Code art 201, 203). A month later is the same day of the month, or its
 * last. `from_us` is covered. */
int64_t calendar_due_us(const struct directory *directory, int64_t from_us, int32_t count, enum limit_unit unit);

#endif
