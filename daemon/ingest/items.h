/* items.h - which item is an event about? Finds the items that the identifiers of a range name, and decides which are new.
 *
 * The strongest proof-grade identifier decides (a VIN before a tag); hints (a plate, an engine number) only where there is no
 * other. Pure but for its memory: the database's answers come in as calls. */
#ifndef CUSTODY_INGEST_ITEMS_H
#define CUSTODY_INGEST_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/custody/fold.h"
#include "core/reentry/match.h"
#include "ingest/batch.h"

/* An identifier that an item gets in this batch, or has. */
struct item_identifier {
    struct item_identifier *next;
    enum identifier_scheme scheme;
    struct text value;
    bool proof;
};

/* One event of the batch that concerns an item. */
struct item_event {
    struct item_event *next;
    struct batch_envelope *envelope;
    uint16_t ordinal;
    bool is_part;
    uint16_t part;
};

/* An item that the batch touches. */
struct item {
    struct item *next;
    int64_t item_id; /* 0: to be created */
    bool is_new;
    bool touched; /* has events or sightings in this batch: to be judged; others are only candidates */
    bool terminal;
    enum item_kind kind;
    struct item *parent;                 /* of the batch; NULL: none named */
    struct item_identifier *identifiers; /* to be added */
    struct item_event *events, **last_event, *newest_event;

    /* filled by judge.c */
    struct history_event *history;
    struct batch_envelope **history_envelopes; /* envelope of the batch beside each event; NULL: stored before */
    size_t history_count, history_room;
    struct matched_sighting *sightings;
    size_t sighting_count, sighting_room;
};

struct items {
    struct arena *arena; /* the batch's; borrowed */
    struct item *list, **last, *newest;
    size_t count, new_count;
    struct items_slot *slots; /* (scheme, value) to items */
    size_t slot_count, slot_used;
    struct item **by_id; /* sorted by item_id, after items_sort */
};

/* True where this identifier decides which item of this kind it is: an assembly carries its parent's VIN as a hint. */
bool identifier_is_proof(enum identifier_scheme scheme, enum item_kind kind);

/* 0 or ERR_NO_MEMORY. `expected` identifiers at most. */
int items_init(struct items *items, struct arena *arena, size_t expected) MUST_USE;

/* The database knows this identifier as one of this item's. Called in the order of item_id. */
int items_known(struct items *items, enum identifier_scheme scheme, struct text value, bool proof, int64_t item_id,
                enum item_kind kind, bool terminal) MUST_USE;

/* Finds or makes the items of one event and of its parts. Warnings go to the envelope. */
int items_add_event(struct items *items, struct batch *batch, struct batch_envelope *envelope, size_t ordinal) MUST_USE;

/* Calls back for every item that has this identifier; marks them touched. */
void items_sighted(struct items *items, enum identifier_scheme scheme, struct text value,
                   void (*each)(void *context, struct item *item, bool proof), void *context);

/* After all new items have their item_id: for items_find. 0 or ERR_NO_MEMORY. */
int items_sort(struct items *items) MUST_USE;
struct item *items_find(const struct items *items, int64_t item_id);

#endif
