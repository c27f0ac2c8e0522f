/* run.h - a run of simulated devices: the loop, their sessions, the ticks, the end in good order.
 *
 *     running --(duration, signal, run_stop)--> draining --(rings empty, or drain over)--> closing --> over
 *
 * What the devices say is the business of an actor (the fleet, the story, a load): a function that is called at each
 * tick. */
#ifndef CUSTODY_FLEET_RUN_H
#define CUSTODY_FLEET_RUN_H

#include <uv.h>

#include "fleet/link.h"
#include "fleet/roster.h"

struct run_options {
    const char *broker, *username, *password; /* username NULL: each session its first device's name */
    const char *ack_key;                      /* verifier key, or NULL: signatures of notes are not checked */
    const char *journal;                      /* path, or NULL */
    uint32_t epoch;                           /* of every device */
    size_t sessions;                          /* 0: one a device */
    size_t clones;                            /* this many sources have a clone that speaks with the next epoch */
    size_t first_clone;                       /* index among the run's devices */
    uint32_t ack_timeout_ms, window, tick_ms;
    size_t ring_max;
    double duration_s; /* 0: until stopped */
    double drain_s;
    bool until_acknowledged; /* drain until every ring is empty */
    int64_t skew_us;         /* every third device's clock is wrong by this */
    struct faults faults;
};

struct run;

struct run_actor {
    /* Says what is due. Called each tick while running. */
    void (*on_tick)(struct run *run, void *context);
    void *context;
};

enum run_phase { RUN_RUNNING, RUN_DRAINING, RUN_CLOSING };

struct run {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t interrupt, terminate;
    const struct run_options *options;
    const struct roster *roster;
    struct run_actor actor;
    enum run_phase phase;
    uint64_t started_ms, drain_until_ms, flushed_ms; /* uv_now */
    struct device_world world;
    struct statistics statistics;
    struct link_settings link_settings;
    size_t device_count; /* devices[i] speaks for roster source first_source + i */
    size_t first_source;
    struct device *devices;
    size_t clone_count;
    struct device *clones; /* of devices first_clone and on */
    size_t link_count, links_per;
    struct link **links;
    size_t open_handles;
};

/* Devices for the roster's sources [first_source, first_source + count), and their sessions. 0 or a negative code
 * with words. Borrows options and roster. run_fini after any outcome. */
int run_init(struct run *run, const struct run_options *options, const struct roster *roster, size_t first_source,
             size_t count, struct error *error) MUST_USE;
void run_fini(struct run *run);

/* Runs until it is over. */
void run_loop(struct run *run, struct run_actor actor);
/* Ends the running phase. */
void run_stop(struct run *run);

/* The device of a source of the roster, and its session. */
struct device *run_device(struct run *run, size_t source);
struct link *run_link(struct run *run, size_t source);
/* Seconds since run_loop began. */
double run_elapsed_s(const struct run *run);
/* Envelopes that no note covers yet. */
uint64_t run_pending(const struct run *run);
/* Envelopes the broker has not acknowledged. */
uint64_t run_outstanding(const struct run *run);

#endif
