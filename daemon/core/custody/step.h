/* step.h - one event on its way through the fold: what rules and guards may look at, and how they speak. */
#ifndef CUSTODY_CORE_CUSTODY_STEP_H
#define CUSTODY_CORE_CUSTODY_STEP_H

#include "core/custody/fold.h"

/* What went into a lot and came out of it so far, where masses were given. */
struct lot_balance {
    int64_t in_g, out_g;
    int64_t error_permille; /* the worst of the scales */
};

/* Borrows everything. `state` is the state before the event except where a function says otherwise; its facts know
 * the event already once facts_learn has run. */
struct step {
    struct item_state *state;
    struct history_event *events; /* the whole history in fold order */
    size_t count;
    size_t index; /* of the event that is folded now */
    const struct surroundings *around;
    struct findings *findings;
    bool spoken; /* C01 or C02 has said what is wrong with this event: C03 need not repeat it */

    /* Looked up once. */
    const struct history_event *now;
    const struct event *event;
    enum physical_state before;       /* the event */
    int64_t site_id;                  /* 0: none named, or not registered */
    const struct party *counterparty; /* NULL: none named, or not registered */

    /* Carried from step to step: events that began the quarantine, made the offer in force. */
    size_t quarantine, offer;
    struct mass weighed;                   /* last mass of this round of custody (rule C06) */
    struct lot_balance balance;            /* rule C13 */
    bool check_digit_said;                 /* once an item (rule C12) */
    size_t clock_opened[CLOCK_KIND_COUNT]; /* event that began its newest run */
};

/* Turns to the event at `index` of step->events. */
void step_begin(struct step *step, size_t index);

/* Adds a finding about the event at hand, with the key "<event id>:<reason>". `reason` is a short stable word: an
 * event has at most one finding of a rule and reason. */
void step_find(struct step *step, enum rule rule, const char *reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ... about another event of the history. */
void step_find_at(struct step *step, size_t index, enum rule rule, const char *reason, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* ... about the item, met at that event: the key is the caller's and does not move when an earlier event arrives. */
void step_find_keyed(struct step *step, size_t index, enum rule rule, const char *key, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The findings from the `since`th on have this severity instead of their rule's: where the evidence is a hint only. */
void step_severity(struct step *step, size_t since, int severity);

/* SHA-256 of a text, to remember a number without its length. */
struct digest step_digest(struct text t);

static inline bool step_is_subject(const struct step *step)
{
    return step->now->role == ITEM_ROLE_SUBJECT;
}

#endif
