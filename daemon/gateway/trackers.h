/* trackers.h - which source speaks for which tracker: the table that an operator writes.
 *
 * A line a tracker, "<uniqueId> <source>", blanks between; a comment from # on. Every uniqueId and every source once. */
#ifndef CUSTODY_GATEWAY_TRACKERS_H
#define CUSTODY_GATEWAY_TRACKERS_H

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "client/device.h"
#include "io/traccar.h"

enum { TRACKERS_MAX = 20000, TRACKERS_FILE_MAX_BYTES = 4 << 20 };

struct tracker_name {
    char unique_id[TRACCAR_ID_BYTES];
    char source[DEVICE_NAME_BYTES];
};

struct trackers {
    size_t count;
    struct tracker_name *list; /* owned; by unique_id, ascending */
};

/* `file` is its name, for words. 0; ERR_CONFIG with file, line and hint; ERR_NO_MEMORY. Then trackers_fini is due as well. */
int trackers_parse(struct trackers *trackers, const char *file, struct text content, struct error *error) MUST_USE;
void trackers_fini(struct trackers *trackers);

/* Its place in the list, or -1. */
ptrdiff_t trackers_find(const struct trackers *trackers, const char *unique_id);

#endif
