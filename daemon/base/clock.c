/* clock.c - reading the clocks, and time as text. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

enum { SHANGHAI_OFFSET_S = 8 * 3600 };

int64_t clock_now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

uint64_t clock_monotonic_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static void split(int64_t at_us, struct tm *parts, int *micros)
{
    int64_t seconds = floor_divide(at_us, US_PER_S);
    time_t when = (time_t)seconds;

    *micros = (int)(at_us - seconds * US_PER_S);
    if (!gmtime_r(&when, parts))
        *parts = (struct tm){.tm_year = 70, .tm_mday = 1};
}

void time_format_utc(int64_t at_us, char out[TIME_TEXT_SIZE])
{
    struct tm t;
    int micros;
    size_t used;

    split(at_us, &t, &micros);
    used = strftime(out, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &t);
    (void)snprintf(out + used, TIME_TEXT_SIZE - used, ".%06uZ", (unsigned)micros % 1000000U);
}

void time_format_local(int64_t at_us, char out[TIME_TEXT_SIZE])
{
    struct tm t;
    int micros;

    split(at_us + SHANGHAI_OFFSET_S * US_PER_S, &t, &micros);
    (void)strftime(out, TIME_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &t);
}

/* Reads `digits` decimal digits within [min, max] and moves `at` past them. */
static bool take_number(struct text *at, size_t digits, int64_t min, int64_t max, int *out)
{
    int64_t value;

    if (at->len < digits || at->data[0] == '-' || !text_to_i64((struct text){at->data, digits}, min, max, &value))
        return false;
    *out = (int)value;
    *at = (struct text){at->data + digits, at->len - digits};
    return true;
}

static bool take_char(struct text *at, char c)
{
    if (!at->len || at->data[0] != c)
        return false;
    *at = (struct text){at->data + 1, at->len - 1};
    return true;
}

/* "Z" or "+hh:mm" or "-hh:mm" at the end. */
static bool take_offset(struct text *at, int *offset_s)
{
    int hours, minutes, sign = 1;

    *offset_s = 0;
    if (take_char(at, 'Z'))
        return true;
    if (!take_char(at, '+')) {
        if (!take_char(at, '-'))
            return false;
        sign = -1;
    }
    if (!take_number(at, 2, 0, 14, &hours) || !take_char(at, ':') || !take_number(at, 2, 0, 59, &minutes))
        return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool take_fraction(struct text *at, int *micros)
{
    int scale = 100000;

    *micros = 0;
    if (!take_char(at, '.'))
        return true;
    if (!at->len || at->data[0] < '0' || at->data[0] > '9')
        return false;
    for (; at->len && at->data[0] >= '0' && at->data[0] <= '9'; scale /= 10) {
        *micros += (at->data[0] - '0') * scale;
        *at = (struct text){at->data + 1, at->len - 1};
    }
    return true;
}

int time_parse(struct text t, int64_t *at_us)
{
    struct tm parts = {.tm_mday = 0}, check;
    int year, month, offset_s = SHANGHAI_OFFSET_S, micros = 0;
    time_t seconds;

    if (!take_number(&t, 4, 1970, 9999, &year) || !take_char(&t, '-') || !take_number(&t, 2, 1, 12, &month) ||
        !take_char(&t, '-') || !take_number(&t, 2, 1, 31, &parts.tm_mday))
        return ERR_INVALID;
    if (!text_empty(t)) {
        if (!(take_char(&t, 'T') || take_char(&t, ' ')) || !take_number(&t, 2, 0, 23, &parts.tm_hour) ||
            !take_char(&t, ':') || !take_number(&t, 2, 0, 59, &parts.tm_min) || !take_char(&t, ':') ||
            !take_number(&t, 2, 0, 59, &parts.tm_sec) || !take_fraction(&t, &micros) || !take_offset(&t, &offset_s) ||
            !text_empty(t))
            return ERR_INVALID;
    }
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    check = parts;
    seconds = timegm(&check);
    if (check.tm_mday != parts.tm_mday) /* 30 February became 1 March */
        return ERR_INVALID;
    *at_us = ((int64_t)seconds - offset_s) * US_PER_S + micros;
    return 0;
}
