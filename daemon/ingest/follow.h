/* follow.h - one pass behind the log: what sightings and bans of a piece of it bring for rules E02, E03, E06, E07 and E08, and invoices for C16. */
#ifndef CUSTODY_INGEST_FOLLOW_H
#define CUSTODY_INGEST_FOLLOW_H

#include "core/directory.h"
#include "core/reentry/vin_index.h"
#include "core/reentry/written.h"
#include "ingest/transaction.h"
#include "io/evidence.h"

struct follow_writing;
struct follow_name;
struct follow_item;
struct follow_trade;
struct sighting_flag;
struct follow_invoice;
struct follow_seller;

struct follow {
    struct transaction transaction;
    struct params params;
    struct arena arena;
    struct vin_index *index;          /* borrowed */
    const uint8_t *phone_key;         /* borrowed; NULL: none */
    const int64_t *budget;            /* flags a source and day; borrowed, may change between passes */
    bool (*make_room)(void *context); /* for one more VIN in the index */
    void (*on_done)(void *context, int code, const struct error *error);
    void *context;

    int64_t from, to, window; /* log indexes of the pass; at most `window` records are looked at */
    bool at_head;             /* nothing is left behind this pass */
    bool in_transaction;
    bool fold_due; /* flags may have been raised since floods were folded last */
    int64_t now_us, folded_at_us;
    uint64_t crowded; /* writings that say too little: some of what they are near to was left out */
    struct follow_writing *writings;
    struct follow_name *names;
    struct follow_item *items;
    struct follow_trade *trades;
    struct sighting_flag *flags; /* of the sources that told of trades */
    size_t writing_count, name_count, item_count;
    struct follow_invoice *invoices, *corrections; /* of sellers.c */
    size_t invoice_count, correction_count;
    struct follow_seller *sellers;
    int64_t figures[FIGURE_COUNT];
    int64_t *changes, *changed_items; /* of reentry.ban_change: numbers, items */
    size_t change_count;
    int64_t *affected; /* sorted, each once */
    size_t affected_count, affected_room, affected_at;
    struct dossiers dossiers;
};

enum { FOLLOW_WINDOW_MAX = 65536 };

/* `max_bytes` bounds what one pass takes. */
void follow_init(struct follow *follow, struct pg *pg, struct vin_index *index, size_t max_bytes);
void follow_fini(struct follow *follow);

/* Runs one pass in one transaction, which moves reentry.progress; on_done once, later. ERR_NO_MEMORY: with half the window again. */
void follow_run(struct follow *follow, int64_t now_us);

#endif
