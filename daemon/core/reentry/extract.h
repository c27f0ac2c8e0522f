/* extract.h - takes identifiers out of the free text of a listing: full-width forms and other disguises
 * (letter.h) folded, spaces, dashes and pictures skipped. */
#ifndef CUSTODY_CORE_REENTRY_EXTRACT_H
#define CUSTODY_CORE_REENTRY_EXTRACT_H

#include <stddef.h>

#include "base/text.h"
#include "core/identity/identifier.h"

enum { EXTRACTED_MAX = 32 };

struct extracted_identifier {
    enum identifier_scheme scheme;
    char value[IDENTIFIER_VALUE_BYTES]; /* normalised */
    size_t at, len;                     /* bytes of the text it was read from */
};

struct extraction {
    size_t count;
    size_t dropped; /* found beyond EXTRACTED_MAX; counted, the strongest schemes are kept */
    struct extracted_identifier found[EXTRACTED_MAX];
};

/* `text` is clean UTF-8 of at most 64 KB. Finds VINs, battery codes, IMEIs and plates; each (scheme, value) once. A run of
 * characters is reported only where it is plausible for its scheme (a VIN with a right check digit, or 17 fitting characters
 * beside a hint such as 车架号, 大架号, VIN; an IMEI with a right Luhn digit; ...), so that phone and order numbers stay out. */
void extract_identifiers(struct text text, struct extraction *extraction);

#endif
