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
#include "core/custody/surroundings.h"
#include "core/identity/identifier.h"
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
    bool refold;  /* folded again without events of its own: something around it changed */
    bool terminal;
    enum item_kind kind;
    size_t number;                       /* of its finding, rising: known ones by item_id, then new ones */
    size_t search;                       /* the newest search by hints that met it, */
    unsigned agreement;                  /* and how many identifiers it shares with what was searched for */
    struct item *parent;                 /* of the batch; NULL: none named */
    struct item_identifier *identifiers; /* to be added */
    struct item_event *events, **last_event, *newest_event;

    /* filled by histories.c */
    bool oversized;        /* its history does not fit: it stays as it is */
    bool erased;           /* a record of its history was erased: it stays as it is, for good */
    bool sightings_capped; /* some are left out */
    uint32_t stored_events;
    struct item_ban stored_ban; /* as folded last */
    int64_t stored_ended_at_us; /* 0: it went on */
    int64_t stored_parent_id;   /* 0: none known */
    size_t history_bytes;
    struct history_event *history; /* of those to be folded */
    size_t history_count, history_room;
    struct surroundings around; /* of those to be folded (surroundings.c); points to: */
    struct watch_hit *watch;
    struct child *children;
    struct shared_certificate *certificates;
    struct matched_sighting *sightings; /* all, of those to be folded; otherwise those of the batch */
    size_t sighting_count, sighting_room;

    /* filled by judge.c */
    struct item *first_child, *next_child; /* of the batch, by item.parent */
    bool folded;                           /* in this range, to: */
    int64_t ended_at_us;
};

/* How many of the items that share a hint (a plate that was used again, a careless engine number) count: the newest. An event names
 * an item by hints only where nothing better is known, and means the newest; a sighting of such a hint is a lead for people to look at.
 * Proof-grade identifiers name one item and are never left out, so no ban that one proves is missed. */
enum { HINT_HOLDERS_MAX = 32 };

struct items {
    struct arena *arena; /* the batch's; borrowed */
    const uint8_t *key;  /* of the table: nobody outside can choose what collides; borrowed */
    struct item *list, **last, *newest;
    size_t count, new_count, searches;
    struct items_name **slots; /* chains of the names, (scheme, value) */
    size_t slot_count, name_count;
    size_t capped;       /* holders of hints that were left out */
    struct item **by_id; /* sorted by item_id, after items_sort */
};

/* What was only sighted keeps its state. */
static inline bool item_is_folded(const struct item *item)
{
    return (item->events || item->refold) && !item->oversized && !item->erased;
}

/* True where this identifier decides which item of this kind it is: an assembly carries its parent's VIN as a hint. */
bool identifier_is_proof(enum identifier_scheme scheme, enum item_kind kind);

/* 0 or ERR_NO_MEMORY. `expected` identifiers or so; `key` is random and borrowed. */
enum { ITEMS_KEY_BYTES = 16 };
int items_init(struct items *items, struct arena *arena, size_t expected, const uint8_t key[ITEMS_KEY_BYTES]) MUST_USE;

/* The database knows this identifier as one of this item's. Called in the order of item_id. Of those that share a hint the newest
 * HINT_HOLDERS_MAX stay. */
int items_known(struct items *items, enum identifier_scheme scheme, struct text value, bool proof, int64_t item_id,
                enum item_kind kind, bool terminal) MUST_USE;

/* Finds or makes the items of one event and of its parts. Warnings go to the envelope. */
int items_add_event(struct items *items, struct batch *batch, struct batch_envelope *envelope, size_t ordinal) MUST_USE;

/* An item to be folded again, without any name. Called in the order of item_id. */
int items_add_refold(struct items *items, int64_t item_id, enum item_kind kind, bool terminal) MUST_USE;

/* The number of the certificate that an event issues, normalised in `value`: a hint of its item from then on. Empty: none. */
struct text items_certificate(const struct event *event, char value[IDENTIFIER_VALUE_BYTES]);

/* Calls back for every item that has this identifier; marks them touched. */
void items_sighted(struct items *items, enum identifier_scheme scheme, struct text value,
                   void (*each)(void *context, struct item *item, bool proof), void *context);

/* After all new items have their item_id: for items_find. 0 or ERR_NO_MEMORY. */
int items_sort(struct items *items) MUST_USE;
struct item *items_find(const struct items *items, int64_t item_id);

#endif
