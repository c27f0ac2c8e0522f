/* load.h - load runs: many sources, a wanted rate or as fast as it goes, a known number of envelopes; for bench and
 * fault runs. */
#ifndef CUSTODY_FLEET_LOAD_H
#define CUSTODY_FLEET_LOAD_H

#include "fleet/run.h"
#include "fleet/scenario.h"

enum { LOAD_FIXES_MAX = 600 };

struct load_options {
    double rate;    /* envelopes a second over all sources; 0: as fast as possible */
    uint64_t count; /* envelopes in all; 0: until stopped */
    size_t fixes;   /* in each envelope */
    bool events;    /* each envelope has a custody event, too */
    bool backlog; /* fills the broker's queue: nothing waits for acknowledgements, what the broker took is forgotten */
    uint64_t pending_max; /* most envelopes not acknowledged, over all sources */
};

struct load {
    const struct load_options *options;
    struct run *run;
    uint64_t made;
    size_t next_device;
    struct arena arena;
    struct scenario *stories; /* owned, one a device, with options->events */
    uint64_t next_number;
    struct random random;
    bool failed; /* backlog: a connection was lost and with it what was on its way */
};

/* 0 or ERR_NO_MEMORY. Borrows. */
int load_init(struct load *load, const struct load_options *options, struct run *run) MUST_USE;
void load_fini(struct load *load);
/* The actor's function. */
void load_on_tick(struct run *run, void *load);

#endif
