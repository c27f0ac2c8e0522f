/* guard.h - what must hold for a move: the predicates behind enum guard, and the words for people when one fails. */
#ifndef CUSTODY_CORE_CUSTODY_GUARD_H
#define CUSTODY_CORE_CUSTODY_GUARD_H

#include "core/custody/step.h"

struct guard_info {
    enum rule rule; /* that speaks when the guard fails: mostly C03 */
    bool (*holds)(const struct step *step);
    const char *lacks; /* what is missing, zh beside en */
    const char *hint;
    /* Names what is missing, in at most `size` bytes; NULL where `lacks` says it all. */
    void (*name)(const struct step *step, char *out, size_t size);
};
extern const struct guard_info guard_infos[GUARD_COUNT];

/* Stable word of a guard, part of finding keys. */
const char *guard_word(enum guard guard);

/* Adds a finding for each guard of the set that fails; those of rule C03 only when `all`. True when every one held. */
bool guards_check(struct step *step, uint64_t guards, bool all);

/* Does a row with this condition apply to the event? */
bool when_applies(const struct step *step, enum move_when when);

/* Mismatch, alteration, a missing VIN, or a hit on the stolen list (Decree 715 art 10). */
bool inspection_is_suspect(const struct event *event);

#endif
