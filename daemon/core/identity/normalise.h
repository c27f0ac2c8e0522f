/* normalise.h - gives every identifier of a report its normalised form, so that one item has one spelling from here on. */
#ifndef CUSTODY_CORE_IDENTITY_NORMALISE_H
#define CUSTODY_CORE_IDENTITY_NORMALISE_H

#include "base/arena.h"
#include "base/error.h"
#include "core/report.h"

/* In place, values in the arena. on_doubt (may be NULL) hears of values that are kept though a check fails, and of identifiers of
 * sightings that cannot be read (left out: what others wrote must not cost the sighting). 0; ERR_INVALID when an event names no item at
 * all or by something that can name none (`error` says which, which value, and a hint); ERR_NO_MEMORY. */
int report_normalise(struct report *report, struct arena *arena, void (*on_doubt)(void *context, const char *words),
                     void *context, struct error *error) MUST_USE;

#endif
