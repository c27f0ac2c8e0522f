/* identifier.h - the one door to every identifier format: check and normalise by scheme. The formats are in the files beside. */
#ifndef CUSTODY_CORE_IDENTITY_IDENTIFIER_H
#define CUSTODY_CORE_IDENTITY_IDENTIFIER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "core/report.h"

enum { IDENTIFIER_VALUE_BYTES = 129 }; /* longest normalised value with its NUL */

enum identifier_grade {
    IDENTIFIER_INVALID,  /* cannot name an item: refuse */
    IDENTIFIER_DOUBTFUL, /* kept, with a warning: check digit fails, unusual form */
    IDENTIFIER_GOOD,
};

/* Normalises `raw` (case, full-width forms, spaces, dashes) into `out` (NUL-terminated) and grades it. Normalising a normalised
 * value gives the same value. `error` (may be NULL) says what, which value and a hint for anything below GOOD. */
enum identifier_grade identifier_normalise(enum identifier_scheme scheme, struct text raw,
                                           char out[IDENTIFIER_VALUE_BYTES], struct error *error);

/* True where one value can name only one item (VIN, battery code, IMEI, tag, ...); false for hints (plate, engine number:
 * Order 164 art 16, 20, 44). */
bool identifier_scheme_is_proof(enum identifier_scheme scheme);

/* Order in which identifiers decide which item an event is about: higher first; 0 for schemes that never decide. */
int identifier_scheme_strength(enum identifier_scheme scheme);

#endif
