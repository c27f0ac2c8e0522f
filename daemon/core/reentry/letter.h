/* letter.h - one character of a listing, folded further than identifiers are: sellers write for people, and against searching. */
#ifndef CUSTODY_CORE_REENTRY_LETTER_H
#define CUSTODY_CORE_REENTRY_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct listing_letter {
    uint32_t code; /* folded, upper-case; GLYPH_INVISIBLE for what does not count (zero-width, emoji, keycap rings) */
    uint32_t len;  /* bytes it takes in the text, at least 1 */
};

/* The character at byte `at` < t.len, as glyph_at and beyond it: Greek and Cyrillic letters that look Latin become Latin, circled and
 * squared letters and digits become plain ones, pictures become GLYPH_INVISIBLE. */
struct listing_letter listing_letter_at(struct text t, size_t at);

/* What sellers put in the place of a character that they hide: * ? ● × ■ and the like; never a letter. */
bool letter_is_mask(uint32_t code);

#endif
