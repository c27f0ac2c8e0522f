/* limits.c - thresholds by the names of their figures. */
#include "core/route/limits.h"

#include <stddef.h>

static const struct {
    const char *figure;
    size_t offset;
} entries[] = {
#define X(name) {"route_" #name, offsetof(struct route_limits, name)},
    ROUTE_LIMIT_TABLE(X)
#undef X
};
enum { ENTRY_COUNT = sizeof entries / sizeof entries[0] };

static int64_t *value_at(struct route_limits *limits, size_t entry)
{
    return (int64_t *)(void *)((char *)limits + entries[entry].offset);
}

bool route_limits_set(struct route_limits *limits, struct text figure, int64_t value)
{
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (!text_equal(text_of(entries[i].figure), figure))
            continue;
        if (value < 1)
            return false;
        *value_at(limits, i) = value;
        return true;
    }
    return false;
}

const char *route_limits_missing(const struct route_limits *limits)
{
    struct route_limits copy = *limits;
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        if (*value_at(&copy, i) == 0)
            return entries[i].figure;
    return NULL;
}
