/* calendar.c - counts days as the Civil Code does. */
#include "core/custody/calendar.h"

#include <assert.h>

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_HOUR (3600 * US_PER_SECOND)
#define US_PER_WHOLE_DAY (24 * US_PER_HOUR)
#define SHANGHAI_US (8 * US_PER_HOUR)
#define YEAR_10000_US (INT64_C(253402300800) * US_PER_SECOND)

enum { CALENDAR_DAYS_MAX = 400 }; /* how far a run of free days is followed */

bool calendar_covers(int64_t at_us)
{
    return at_us >= 0 && at_us < YEAR_10000_US;
}

static int64_t day_of(int64_t at_us)
{
    return (at_us + SHANGHAI_US) / US_PER_WHOLE_DAY;
}

static int64_t midnight_us(int64_t day)
{
    return day * US_PER_WHOLE_DAY - SHANGHAI_US;
}

bool calendar_is_working(const struct directory *directory, int64_t day)
{
    size_t low = 0, high = directory->calendar_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (directory->calendar[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < directory->calendar_count && directory->calendar[low].day == day)
        return directory->calendar[low].working;
    return (day + 3) % 7 < 5; /* 1970-01-01 was a Thursday: Monday is 0 */
}

/* Howard Hinnant, "chrono-compatible low-level date algorithms" (public domain). */
static int64_t day_of_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_of_day(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = days / 146097, of_era = days % 146097;
    int64_t of_era_year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * of_era_year + of_era_year / 4 - of_era_year / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    *day = of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted + (shifted < 10 ? 3 : -9);
    *year = of_era_year + era * 400 + (*month <= 2);
}

static int64_t add_months(int64_t from, int64_t months)
{
    int64_t year, month, day, last_year, last_month, last_day;
    civil_of_day(from, &year, &month, &day);
    month += months - 1;
    year += month / 12;
    month = month % 12 + 1;
    int64_t next_month = month == 12 ? 1 : month + 1, next_year = month == 12 ? year + 1 : year;
    civil_of_day(day_of_civil(next_year, next_month, 1) - 1, &last_year, &last_month, &last_day);
    return day_of_civil(year, month, day < last_day ? day : last_day);
}

static int64_t next_working(const struct directory *directory, int64_t day)
{
    for (int i = 0; i < CALENDAR_DAYS_MAX && !calendar_is_working(directory, day); i++)
        day++;
    return day;
}

static int64_t add_working(const struct directory *directory, int64_t day, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        day = next_working(directory, day + 1);
    return day;
}

int64_t calendar_due_us(const struct directory *directory, int64_t from_us, int32_t count, enum limit_unit unit)
{
    assert(calendar_covers(from_us) && count >= 0);
    int64_t last = day_of(from_us);
    switch (unit) {
    case LIMIT_UNIT_HOUR:
        return from_us + count * US_PER_HOUR;
    case LIMIT_UNIT_DAY:
        last += count;
        break;
    case LIMIT_UNIT_WORKING_DAY:
        last = add_working(directory, last, count);
        break;
    case LIMIT_UNIT_MONTH:
        last = add_months(last, count);
        break;
    }
    return midnight_us(next_working(directory, last) + 1);
}
