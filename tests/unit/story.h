/* story.h - what the readers of tests/scenarios/ have in common. */
#ifndef CUSTODY_TESTS_UNIT_STORY_H
#define CUSTODY_TESTS_UNIT_STORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* "08:20" or "08:20:10" at the beginning of *line, which goes on behind it and the blank. False where there is none. */
static inline bool read_time(const char **line, int64_t day_us, int64_t *at_us)
{
    int hour, minute, second = 0, used = 0;
    if (sscanf(*line, "%2d:%2d%n", &hour, &minute, &used) != 2 || used != 5)
        return false;
    *line += used;
    if (sscanf(*line, ":%2d%n", &second, &used) == 1)
        *line += used;
    *line += **line == ' ';
    *at_us = day_us + ((hour * 60 + minute) * 60 + second) * INT64_C(1000000);
    return true;
}

static inline bool begins(const char **line, const char *words)
{
    size_t len = strlen(words);
    if (strncmp(*line, words, len) != 0)
        return false;
    *line += len;
    return true;
}

#endif
