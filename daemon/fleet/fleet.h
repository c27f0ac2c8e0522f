/* fleet.h - the ordinary day: trucks fetch items, yards take them in and apart, a marketplace lists things; all of
 * it is said. */
#ifndef CUSTODY_FLEET_FLEET_H
#define CUSTODY_FLEET_FLEET_H

#include "fleet/market.h"
#include "fleet/run.h"
#include "fleet/truck.h"

enum { FLEET_SCENARIOS_MAX = 4096, FLEET_LISTINGS_MAX = 256 };

struct fleet_options {
    double speed;          /* simulated seconds in a second */
    double reentry;        /* chance that an item is offered for sale though it is banned */
    double reentry_before; /* chance that it was offered before the ban (E05) */
    size_t left_alone;     /* the first trucks, which others speak for */
    size_t clones;         /* trucks whose clone drives elsewhere */
    uint32_t disguises;    /* set of enum disguise: how such offers are written; 0: all */
};

enum job_state { JOB_NONE, JOB_TO_PICKUP, JOB_LOADING, JOB_TO_YARD, JOB_UNLOADING };

struct job {
    enum job_state state;
    struct scenario *scenario;
    uint16_t pickup_node, yard_node;
};

/* An offer for sale that will be seen later. */
struct planned_listing {
    struct card card;
    enum disguise disguise;
    int64_t at_us;
};

struct fleet {
    const struct fleet_options *options;
    const struct roster *roster;
    struct run *run;
    struct world world;
    struct arena arena;
    struct random random;
    int64_t start_wall_us, start_us;  /* simulated time begins at start_us */
    int64_t now_us;                   /* simulated; never ahead of the wall */
    struct truck *trucks;             /* owned, one a vehicle */
    struct job *jobs;                 /* owned */
    struct scenario *scenarios;       /* owned, FLEET_SCENARIOS_MAX */
    bool *playing;                    /* owned, of each scenario */
    uint64_t next_number;             /* of items */
    uint64_t tickets;                 /* of the weighbridges */
    struct planned_listing *listings; /* owned, FLEET_LISTINGS_MAX */
    size_t listing_count;
    uint32_t next_disguise;
    int64_t next_listing_us, next_sorting_us, next_camera_us;
    uint64_t events, fixes, sightings, items_done;
};

/* 0 or ERR_NO_MEMORY. Borrows options and the run's roster; times are microseconds since 1970. */
int fleet_init(struct fleet *fleet, const struct fleet_options *options, struct run *run, int64_t wall_now_us,
               double duration_s) MUST_USE;
void fleet_fini(struct fleet *fleet);

/* The actor's function: everything that is due by `wall_now_us`. */
void fleet_tick(struct fleet *fleet, int64_t wall_now_us);
void fleet_on_tick(struct run *run, void *fleet);

#endif
