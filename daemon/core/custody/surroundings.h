/* surroundings.h - what lies around an item and bears on its fold: the registry, watch lists, its children, and others
 * that carry its certificate's number. Brought by ingest and ctl from the database; by tests as they like. */
#ifndef CUSTODY_CORE_CUSTODY_SURROUNDINGS_H
#define CUSTODY_CORE_CUSTODY_SURROUNDINGS_H

#include "core/directory.h"
#include "core/report.h"

/* One entry of a watch list (stolen, seized) that names the item and has not been lifted. */
struct watch_hit {
    int64_t entry_id;
    struct text list; /* "stolen", "seized", ... */
    enum identifier_scheme scheme;
    struct text value;
    bool proof; /* the identifier decides which item it is (a VIN); false: a hint (a plate) */
};

/* An item that came out of this one. */
struct child {
    int64_t item_id;
    int64_t ended_at_us; /* event time of its release or end; 0: it goes on */
};

/* Another item for which a certificate with a number of this one was issued. */
struct shared_certificate {
    struct digest number; /* SHA-256 of the normalised number (core/identity) */
    int64_t item_id;
};

/* All zero but the directory: nothing is known. Borrows everything. */
struct surroundings {
    enum item_kind kind; /* the registry's; UNSPECIFIED: the first that an event names */
    const struct directory *directory;
    int64_t now_us; /* as of which clocks are judged; 0: none has run out unless an event says so */
    const struct watch_hit *watch;
    size_t watch_count;
    const struct child *children;
    size_t child_count;
    const struct shared_certificate *certificates;
    size_t certificate_count;
};

#endif
