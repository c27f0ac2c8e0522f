/* trucks_rebuild.h - the trucks' part of custodyctl rebuild: folds each truck's way again, from the records as they were received, and compares
 * with its stored state, trips and flags. */
#ifndef CUSTODY_CTL_TRUCKS_REBUILD_H
#define CUSTODY_CTL_TRUCKS_REBUILD_H

#include <jansson.h>

#include "core/directory.h"
#include "ctl/ctl.h"

struct trucks_rebuild {
    struct ctl *ctl;
    bool check;                        /* false: what differs is given to the daemon to be folded again */
    const struct directory *directory; /* borrowed; with its sites and vehicles */
    json_t *list;                      /* with --json: the differences; borrowed */
    int64_t trucks, differences;       /* what it says */
};

/* All trucks that are not waiting to be folded again. 0, or an exit code after the error was printed. */
int trucks_rebuild(struct trucks_rebuild *rebuild) MUST_USE;

#endif
