/* match.h - rules E01 and E05: an identifier of a banned item was seen outside (Decree 715 art 15; 杜绝重新流入市场).
 *
 * Exact matches only. The caller brings every sighting that carries one of the item's identifiers, whichever came first. */
#ifndef CUSTODY_CORE_REENTRY_MATCH_H
#define CUSTODY_CORE_REENTRY_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/finding.h"
#include "core/report.h"

/* The ban of one item, as its fold left it. */
struct item_ban {
    bool stands;
    int64_t banned_at_us;  /* event time at which it began */
    uint64_t banned_index; /* log index of the event that began it */
};

/* One sighting that carries one of the item's identifiers. */
struct matched_sighting {
    uint64_t log_index;
    uint16_t ordinal;
    int64_t seen_at_us;
    enum sighting_kind kind;
    enum identifier_scheme scheme;
    struct text value;
    bool proof;     /* the identifier decides which item it is; otherwise a hint (Order 164 art 16, 20, 44) */
    bool from_text; /* taken out of free text */

    /* Written by reentry_match: which of the findings it is evidence for; NO_FINDING where there is no ban or no room. */
    size_t finding;
};

#define NO_FINDING SIZE_MAX

/* One finding for each rule and identifier while the ban stands, so that any number of sightings of one identifier takes
 * room for two; each sighting says which finding it is evidence for. E05 where the sighting was made or stored before the
 * ban: the offer may be older than the scrapping and has to be looked at; E01 otherwise. The key names the identifier.
 * A hint has severity 2.
 *
 * Sorts `sightings` in place by log index and ordinal, the rest of them breaking ties, so that the order of arrival decides
 * nothing. What a finding says of a sighting (time, kind, finding.event: its index in the sorted array) it says of the
 * first. */
void reentry_match(const struct item_ban *ban, struct matched_sighting *sightings, size_t count,
                   struct findings *findings);

#endif
