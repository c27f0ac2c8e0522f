/* clock.h - the two clocks, for io/ and above; core/ takes time as an argument. */
#ifndef CUSTODY_BASE_CLOCK_H
#define CUSTODY_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define US_PER_S INT64_C(1000000)
#define US_PER_DAY (INT64_C(86400) * US_PER_S)

/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_now_us(void);
/* Monotonic milliseconds. */
uint64_t clock_monotonic_ms(void);

enum { TIME_TEXT_SIZE = 40 };
/* "2026-11-23T08:00:00.000000Z" */
void time_format_utc(int64_t at_us, char out[TIME_TEXT_SIZE]);
/* Asia/Shanghai wall time for people: "2026-11-23 16:00:00" (UTC+8, no daylight saving since 1991). */
void time_format_local(int64_t at_us, char out[TIME_TEXT_SIZE]);
/* "2026-11-23", "2026-11-23T16:00:00+08:00", "...Z"; a bare date is midnight in Asia/Shanghai. 0 or ERR_INVALID. */
int time_parse(struct text t, int64_t *at_us) MUST_USE;

#endif
