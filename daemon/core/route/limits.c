/* limits.c - thresholds by their names. */
#include "core/route/limits.h"

#include <stddef.h>

static const struct {
    const char *name, *unit;
    size_t offset;
} entries[] = {
#define X(name, unit) {#name, unit, offsetof(struct route_limits, name)},
    ROUTE_LIMIT_TABLE(X)
#undef X
};
enum { ENTRY_COUNT = sizeof entries / sizeof entries[0] };

static int64_t *value_at(struct route_limits *limits, size_t entry)
{
    return (int64_t *)(void *)((char *)limits + entries[entry].offset);
}

int route_limits_set(struct route_limits *limits, struct text name, struct text unit, int64_t value)
{
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (!text_equal(text_of(entries[i].name), name))
            continue;
        if (!text_equal(text_of(entries[i].unit), unit) || value < 1)
            return ERR_INVALID;
        *value_at(limits, i) = value;
        return 0;
    }
    return ERR_INVALID;
}

const char *route_limits_missing(const struct route_limits *limits)
{
    struct route_limits copy = *limits;
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        if (*value_at(&copy, i) == 0)
            return entries[i].name;
    return NULL;
}
