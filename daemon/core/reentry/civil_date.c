/* civil_date.c - era arithmetic: years begin in March, so that leap days come last. */
#include "core/reentry/civil_date.h"

enum { DAYS_TO_1970 = 719468, ERA_DAYS = 146097, EAST_S = 8 * 3600, DAY_S = 86400 };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct civil_date civil_date_of(int64_t at_us)
{
    int64_t day = floor_div(floor_div(at_us, 1000000) + EAST_S, DAY_S) + DAYS_TO_1970;
    int64_t era = floor_div(day, ERA_DAYS), of_era = day - era * ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    return (struct civil_date){(int)(year + era * 400 + (month >= 10)), (int)(month < 10 ? month + 3 : month - 9),
                               (int)(of_year - (153 * month + 2) / 5 + 1)};
}

int64_t civil_date_us(struct civil_date date)
{
    int64_t year = date.year - (date.month <= 2), era = floor_div(year, 400), of_era = year - era * 400;
    int64_t month = date.month > 2 ? date.month - 3 : date.month + 9, of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day = of_era * 365 + of_era / 4 - of_era / 100 + of_year + era * ERA_DAYS - DAYS_TO_1970;
    return (day * DAY_S - EAST_S) * 1000000;
}
