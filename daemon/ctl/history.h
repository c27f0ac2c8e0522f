/* history.h - the events of items as they were reported: rows of custody.event joined with the records that hold
 * them, decoded and ready for core/custody to fold. */
#ifndef CUSTODY_CTL_HISTORY_H
#define CUSTODY_CTL_HISTORY_H

#include "base/arena.h"
#include "core/custody/fold.h"
#include "core/directory.h"
#include "core/reentry/match.h"
#include "ctl/ctl.h"

/* One record of the log, decoded. */
struct history_record {
    uint64_t log_index;
    int64_t received_us;
    bool readable;  /* false: erased, or not decodable by this program */
    bool is_erased; /* by two people, as ledger.erasure says */
    bool is_signed; /* it carries a signature, which was checked when it was stored */
    struct report report;
};

struct item_history {
    int64_t item_id;
    enum item_kind kind;
    struct surroundings around; /* but for its directory */
    size_t count, unreadable;   /* events, and how many more could not be read, */
    size_t erased;              /* so many of them because their records were erased */
    struct item_state stored;   /* as it was folded last: only the fields that a verdict needs, without facts */
    struct history_event *events;
    size_t sighting_count;
    struct matched_sighting *sightings; /* of any of its identifiers, in log order */
};

/* Histories of a set of items and what lies around them. Owns everything in it; item histories borrow from its arena. */
struct history {
    struct arena arena;
    size_t item_count, record_count;
    struct item_history *items;     /* sorted by item_id; those of the asked items that exist */
    struct history_record *records; /* sorted by log index */
};

/* `item_ids` is a PostgreSQL array ("{1,2}"). Identifiers are normalised as ingest does it. 0, or an exit code after
 * the error was printed. Always to be ended by history_fini. */
int history_load(struct ctl *ctl, const char *item_ids, struct history *history) MUST_USE;
void history_fini(struct history *history);
/* The bytes of a bytea field in its text form ("\x..."), in the arena; data is NULL when they could not be read. */
struct text history_bytes(struct arena *arena, const char *field);
/* NULL when the record is not among them. */
const struct history_record *history_record_at(const struct history *history, uint64_t log_index);

/* The registry as core/ wants it; `rows` keep the text that it borrows. */
struct registered {
    struct directory directory;
    struct rows *party_rows, *site_rows, *vehicle_rows, *permit_rows, *link_rows;
    struct calendar_day *calendar;
    struct yield *yields;
    struct party *parties;
    struct site *sites;
    struct vehicle *vehicles;
    struct permit *permits;
    struct party_link *links;
};
int registered_load(struct ctl *ctl, struct registered *registered) MUST_USE;
void registered_fini(struct registered *registered);

#endif
