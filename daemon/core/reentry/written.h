/* written.h - what sellers write as a VIN, rightly or not: misread, mistyped, with a character too many or too few, or partly hidden. */
#ifndef CUSTODY_CORE_REENTRY_WRITTEN_H
#define CUSTODY_CORE_REENTRY_WRITTEN_H

#include "core/reentry/vin_code.h"

enum { WRITINGS_MAX = 8 };

struct writings {
    size_t count, dropped; /* dropped: beyond WRITINGS_MAX */
    struct written list[WRITINGS_MAX];
};

/* Adds what the text has, each once. Looks through spaces, dashes, line ends, pictures, other alphabets and full width; masks are
 * letter_is_mask, three X or more, three dots or more. Hidden parts stand for as many characters as 17 need, whatever their length, when
 * there is one of them; 11 to 16 characters right after a hint word (车架号, VIN, ...) count as cut. */
void writings_add_text(struct writings *writings, struct text text);
/* Adds a field of its own. */
void writings_add_field(struct writings *writings, struct text value);

#endif
