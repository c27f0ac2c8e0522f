/* fold.h - the state of one item as the fold of its events in event-time order (ties by log index, then ordinal).
 *
 * Pure: the same events in any order of arrival give the same state and findings. */
#ifndef CUSTODY_CORE_CUSTODY_FOLD_H
#define CUSTODY_CORE_CUSTODY_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "core/custody/lifecycle.h"
#include "core/custody/surroundings.h"
#include "core/directory.h"
#include "core/finding.h"
#include "core/report.h"

/* What the fold makes of an event that it was given. */
enum event_standing {
    EVENT_STANDS = 0,
    EVENT_DUPLICATE,              /* its event_id was reported before (lower log index): ignored */
    EVENT_CORRECTED_BY_REPORTER,  /* taken back by the party that reported it */
    EVENT_CORRECTED_BY_AUTHORITY, /* taken back by the police or, a certificate, by the commerce bureau */
};

/* How an event that refers to another fared: a hand-over to its other half, a correction or dispute to its target. */
enum event_outcome {
    OUTCOME_NONE = 0,            /* refers to nothing, or nothing has come to it (yet) */
    OUTCOME_MATCHED,             /* the other half is there; the correction counts; the contested event stands */
    OUTCOME_DIFFERS,             /* a duplicate that says something else than the event that has its id */
    OUTCOME_TARGET_UNKNOWN,      /* names no event of this item (yet) */
    OUTCOME_TARGET_FOREIGN,      /* only the reporter of an event or the police may take it back */
    OUTCOME_TARGET_CERTIFICATE,  /* a certificate is voided (CERT_VOIDED), or corrected by the commerce bureau */
    OUTCOME_TARGET_CORRECTION,   /* a correction is not corrected: report the event again */
    OUTCOME_TARGET_LATER,        /* names an event that happened after it */
    OUTCOME_AWAITS_COUNTERPARTY, /* takes back a hand-over that the other side has confirmed: it has to agree */
};

/* One event of an item's history, with what the registry knows about its reporter. Borrows everything. */
struct history_event {
    const struct event *event;
    uint64_t log_index;
    int64_t received_us; /* when its record was received; 0: not known */
    uint16_t ordinal;    /* position in its report */
    enum item_role role;
    size_t part; /* index into composition.parts when role is PART */
    int64_t source_id;
    int64_t party_id; /* reporter */
    enum party_kind party_kind;

    /* Written by custody_fold; what was there before does not matter. */
    enum event_standing standing;
    enum event_outcome outcome;
    unsigned agreed; /* who takes back this half of a hand-over (standing.c) */
};

/* The newest run of a clock. */
struct clock_run {
    int64_t opened_at_us;  /* 0: it never ran */
    int64_t due_at_us;     /* the first moment that is too late */
    int64_t stopped_at_us; /* 0: it runs */
};

struct item_state {
    enum item_kind kind;
    enum physical_state physical;
    enum legal_state legal;
    enum resale_ban ban;
    int64_t banned_at_us; /* event time at which the ban in force began; 0 with RESALE_BAN_NONE */
    bool terminal;        /* an end state: nothing but paper may follow (rule C01) */
    int64_t holder_party_id;
    int64_t offered_party_id; /* 0: no open offer */
    int64_t site_id;
    bool has_mass;
    int64_t mass_g; /* last measured or, before any measurement, estimated */
    uint32_t event_count;
    int64_t first_event_at_us, last_event_at_us;
    int64_t ended_at_us; /* event time at which it was released or came to its end; 0: it goes on */
    struct clock_run clocks[CLOCK_KIND_COUNT];
    bool watched;            /* a watch list names it: it never reads as allowed */
    struct item_facts facts; /* the rest, in lifecycle.h */
};

/* What a vehicle's history has to say to stay without findings: PICKED_UP (VIN or plate; a registered truck where one is named; vehicle class, reason),
 * TRANSFER_OFFERED and TRANSFER_ACCEPTED between registered parties, INTAKE (registered site, mass) by the holder,
 * INSPECTED (VIN, engine number, plate), then CERT_ISSUED (number) by a recycler, or SUPERVISION_ATTESTED by the
 * police for the supervised classes; DISMANTLED (photos before and after, every child of vehicle_required_kinds
 * listed or declared missing); now CERT_ISSUED for supervised ones; DEREG_FILED, DEREGISTERED, DESTROYED. Quarantine
 * needs POLICE_NOTIFIED, sales a buyer whose class fits.
 *
 * Findings carry keys "<event id in hex>:<reason>": the same whenever the same history is folded, unique within rule
 * and item.
 *
 * Sorts `events` in place into fold order and folds them, in the light of what lies around the item. `events` may be
 * empty (the state is all zero, kind UNSPECIFIED). Corrected events are skipped, both the correction and what it names
 * stay in the history. A hand-over that its other side has confirmed is taken back when both sides say so: each by a
 * CORRECTED that names the event, or the other half. `findings` gets what the rules found; finding.event indexes the
 * sorted array. Clocks are judged as of around->now_us. */
void custody_fold(struct history_event *events, size_t count, const struct surroundings *around,
                  struct item_state *state, struct findings *findings);

/* The next moment at which a fold would say something else of this clock, if no event comes; 0: none. */
int64_t clock_alarm_us(const struct directory *directory, const struct item_state *state, enum clock_kind kind,
                       int64_t now_us);

/* The facts as the bytes of custody.item.facts: a fixed, versioned layout, equal facts give equal bytes. */
void item_facts_encode(const struct item_facts *facts, struct buffer *out);

enum resale_verdict { RESALE_VERDICT_UNKNOWN, RESALE_VERDICT_ALLOWED, RESALE_VERDICT_BANNED };
const char *resale_verdict_word(enum resale_verdict verdict);

/* May the item be sold second-hand? UNKNOWN is never ALLOWED: an item without events, or one in a state from which
 * nothing follows, is unknown. `reason_zh`/`reason_en` point to static words. */
enum resale_verdict item_resale_verdict(const struct item_state *state, const char **reason_zh, const char **reason_en);

#endif
