/* civil_date.h - days, months and years of Asia/Shanghai (UTC+8, no daylight saving since 1991), from and to microseconds. */
#ifndef CUSTODY_CORE_REENTRY_CIVIL_DATE_H
#define CUSTODY_CORE_REENTRY_CIVIL_DATE_H

#include <stdint.h>

struct civil_date {
    int year, month, day; /* month and day from 1 */
};

/* Proleptic Gregorian calendar. */
struct civil_date civil_date_of(int64_t at_us);
/* Midnight at the beginning of that day; a day beyond the month's end runs on into the next. */
int64_t civil_date_us(struct civil_date date);

#endif
