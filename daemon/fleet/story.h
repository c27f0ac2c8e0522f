/* story.h - a fixed story for the demo and for acceptance: each kind of thing that custodyd must get right, once,
 * step by step.
 *
 * A step is done when custodyd has acknowledged what it said; then it is told in one line, and written as one JSON
 * line with a query that is true once the database shows it. */
#ifndef CUSTODY_FLEET_STORY_H
#define CUSTODY_FLEET_STORY_H

#include <stdio.h>

#include "base/buffer.h"
#include "fleet/market.h"
#include "fleet/run.h"
#include "fleet/stray.h"

enum story_item {
    STORY_CAR,
    STORY_BUS,
    STORY_HANDOVER,
    STORY_LATE,
    STORY_PHONE,
    STORY_BEFORE,
    STORY_FAULTS,
    STORY_ITEM_COUNT
};

struct story_options {
    FILE *tell;           /* one line a step */
    FILE *out;            /* JSON lines {"step", "what", "sql", "identifier"}; NULL: none */
    uint32_t pace_ms;     /* between two steps */
    uint32_t patience_ms; /* an acknowledgement that takes longer is complained of */
};

struct story {
    const struct story_options *options;
    struct run *run;
    struct arena arena;
    struct random random;
    struct scenario items[STORY_ITEM_COUNT];
    struct {
        const struct scenario_step *step; /* NULL: nothing is held back */
        int64_t at_us;
    } held[STORY_ITEM_COUNT];
    size_t at;              /* the step of the story that is being told */
    bool begun;             /* it has said something already */
    struct device *waiting; /* for the acknowledgement of waiting_seq; NULL: not */
    uint64_t waiting_seq, waiting_since_ms, next_ms;
    bool complained;
    int64_t stray_us;     /* when the first truck began to stray; 0: it has not */
    struct buffer events; /* ids of the events said in this step, as a list of SQL literals */
    size_t event_count;
};

/* Plays in the days before wall_now_us. The run needs a clone of its first truck. Borrows. */
void story_init(struct story *story, const struct story_options *options, struct run *run, int64_t wall_now_us);
void story_fini(struct story *story);

size_t story_length(void);
bool story_is_over(const struct story *story);
void story_tick(struct story *story, uint64_t now_ms);

#endif
