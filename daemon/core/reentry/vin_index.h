/* vin_index.h - every banned VIN in memory, to be asked what a writing is near to: one character edited, confused, or up to six hidden.
 *
 * 16 bytes of number and 4 of order an identifier, sorted twice: by its symbols from the left, and by the last eight from the right.
 * Whatever single edit was made leaves the first nine or the last eight symbols whole, and what is hidden leaves a run at one end; from there the
 * sorted numbers are descended as a tree, so no search looks at all of them. New ones are appended and searched one by one until
 * vin_index_settle sorts them in. Banned VINs only join: whether a ban still stands the database says.
 *
 * The memory is the caller's. Not for two threads at once, but any one may settle. */
#ifndef CUSTODY_CORE_REENTRY_VIN_INDEX_H
#define CUSTODY_CORE_REENTRY_VIN_INDEX_H

#include "core/reentry/vin_code.h"

struct vin_index {
    vin_code *codes; /* borrowed room for `room` numbers; those below `settled` are sorted */
    uint32_t *order; /* borrowed room: places of the settled numbers, sorted from the right */
    size_t room, count, settled;
};

/* Moves to other memory (the first time from none), to which the caller has copied what was there. */
void vin_index_use(struct vin_index *index, vin_code *codes, uint32_t *order, size_t room);

/* The caller keeps room; one that is there already, settled, is not added again. False when there is no room. */
bool vin_index_add(struct vin_index *index, vin_code code) MUST_USE;

/* True when so many are not sorted in that searching them costs more than sorting. */
bool vin_index_is_unsettled(const struct vin_index *index);
/* Sorts all in, some 0.3 s a million. `scratch`: room for `count` numbers, used meanwhile. */
void vin_index_settle(struct vin_index *index, uint32_t *scratch);

enum { VIN_FOUND_MAX = 64 };
struct vin_found {
    size_t count;
    bool crowded; /* there may be more: the writing says too little */
    vin_code codes[VIN_FOUND_MAX];
};

/* What the writing is near to (vin_compare), the same included. */
void vin_index_search(const struct vin_index *index, const struct written *written, struct vin_found *found);

#endif
