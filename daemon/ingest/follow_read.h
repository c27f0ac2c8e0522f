/* follow_read.h - what is in a piece of the log for the follower: read, matched, and the items that it may concern. */
#ifndef CUSTODY_INGEST_FOLLOW_READ_H
#define CUSTODY_INGEST_FOLLOW_READ_H

#include "core/reentry/scrap_age.h"
#include "core/reentry/written.h"
#include "ingest/follow.h"

struct follow_writing {
    struct follow_writing *next;
    uint64_t log_index;
    uint16_t ordinal, number;
    struct written written;
    struct text phones;
};

/* An identifier that was sighted, or a banned VIN that a writing is near to. */
struct follow_name {
    struct follow_name *next;
    enum identifier_scheme scheme;
    struct text value;
};

/* An item that has events in the range. */
struct follow_item {
    struct follow_item *next;
    int64_t item_id;
    bool banned;
    struct text vin; /* empty: none */
};

/* A sighting that says how old a vehicle is, and what it is used for. */
struct follow_trade {
    struct follow_trade *next;
    int64_t source_id;
    uint64_t log_index;
    uint16_t ordinal;
    const struct sighting *sighting;
};

/* Queue what they ask; the caller says what comes after. Reading fills writings, names, items and trades; matching puts new bans into the
 * index, searches it, and fills `affected` and `flags`. */
void follow_read(struct follow *follow);
void follow_match(struct follow *follow);

void follow_no_memory(struct follow *follow);
/* One more parameter: an array of ids. */
void follow_put_ids(struct params *params, const int64_t *ids, size_t count);
/* Rows (item, key) of one VIN into two arrays, and how many there will be. */
void follow_put_keys(struct params *params, size_t column, int64_t item_id, struct text vin);
size_t follow_key_count(struct text vin);

#endif
