/* glyph.h - one character of text, folded so that the ways of writing one identifier become one. */
#ifndef CUSTODY_CORE_IDENTITY_GLYPH_H
#define CUSTODY_CORE_IDENTITY_GLYPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { GLYPH_INVISIBLE = 0, GLYPH_MIDDLE_DOT = 0xB7 };

struct glyph {
    uint32_t code; /* folded code point; GLYPH_INVISIBLE for zero-width characters */
    uint32_t len;  /* bytes it takes in the text, at least 1 */
};

/* The character at byte `at` < t.len: full-width forms become ASCII, every white space ' ', every dash '-', every middle dot
 * GLYPH_MIDDLE_DOT. A malformed byte is U+FFFD of length 1; never reads past the text. */
struct glyph glyph_at(struct text t, size_t at);

static inline uint32_t glyph_upper(uint32_t code)
{
    return code >= 'a' && code <= 'z' ? code - 'a' + 'A' : code;
}

static inline bool glyph_is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

static inline bool glyph_is_letter(uint32_t code)
{
    return code >= 'A' && code <= 'Z';
}

/* Folded and upper-case: a character that VINs, plates, codes and serial numbers are made of. */
static inline bool glyph_is_alnum(uint32_t code)
{
    return glyph_is_digit(code) || glyph_is_letter(code);
}

/* What people write between the characters of a number without meaning it: ' ' '-' '.' '*' '_' and the middle dot. */
static inline bool glyph_is_separator(uint32_t code)
{
    return code == ' ' || code == '-' || code == '.' || code == '*' || code == '_' || code == GLYPH_MIDDLE_DOT;
}

enum glyph_folding {
    GLYPH_COMPACT, /* upper-case, without separators */
    GLYPH_SPACED,  /* upper-case, without white space */
    GLYPH_CASED,   /* without white space */
};

/* Folds `raw` into `out` with a terminating NUL; false when it does not fit in `size` bytes (then `out` is cut). Folding
 * folded text changes nothing. */
bool glyph_fold(struct text raw, enum glyph_folding folding, char *out, size_t size)
    __attribute__((warn_unused_result));

#endif
