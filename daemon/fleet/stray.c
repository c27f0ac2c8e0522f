/* stray.c - the parts as a table of ways. */
#include "fleet/stray.h"

#include <assert.h>

#define MINUTE_US (INT64_C(60) * 1000 * 1000)

enum { FIX_EVERY_S = 30 };

/* Straight from one point to the other, in ten-thousandths of a degree from home. */
static const struct leg {
    enum stray stray;
    int from_min, until_min;
    int from_east, from_north, to_east, to_north;
} legs[] = {
    {STRAY_STOP, 0, 25, 0, 100, 0, 100},
    {STRAY_ABROAD, 26, 40, 0, 100, 1200, 100},
    {STRAY_ABROAD, 40, 45, 1200, 100, 1200, 100},
    {STRAY_SILENCE, 66, 68, 1250, 100, 1250, 100},
};

static void say_leg(const struct leg *leg, struct place home, int64_t begin_us, struct stray_words *words)
{
    const int seconds = (leg->until_min - leg->from_min) * 60;
    for (int s = 0; s < seconds; s += FIX_EVERY_S) {
        assert(words->fix_count < STRAY_FIXES_MAX);
        words->fixes[words->fix_count++] = (struct fix){
            .at_us = begin_us + leg->from_min * MINUTE_US + (int64_t)s * 1000 * 1000,
            .lon_e7 = home.lon_e7 + 1000 * (leg->from_east + (leg->to_east - leg->from_east) * s / seconds),
            .lat_e7 = home.lat_e7 + 1000 * (leg->from_north + (leg->to_north - leg->from_north) * s / seconds),
            .datum = DATUM_WGS84,
        };
    }
}

void stray_say(enum stray stray, struct place home, int64_t begin_us, struct stray_words *words)
{
    *words = (struct stray_words){.fix_count = 0};
    for (size_t i = 0; i < sizeof legs / sizeof legs[0]; i++)
        if (legs[i].stray == stray)
            say_leg(&legs[i], home, begin_us, words);
    if (stray == STRAY_STOP)
        words->readings[words->reading_count++] = (struct reading){
            .at_us = begin_us + 5 * MINUTE_US, .kind = READING_DOOR, .door_open = true, .label = TEXT("tailgate")};
}
