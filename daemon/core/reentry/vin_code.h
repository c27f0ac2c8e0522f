/* vin_code.h - a VIN as one 128-bit number in which look-alike characters are equal, and what was written as one.
 *
 * I, O and Q never stand in a VIN, and people, cameras and OCR confuse 0 with D and O, 1 with L and I, 8 with B, 5 with S, 2 with Z,
 * 6 with G, U with V. The number holds, from the highest bit: 17 symbols of 5 bits each, equal for characters that are confused; 17 bits
 * that tell those apart; zeros. Hence comparing numbers sorts by symbols, and one XOR compares two VINs. */
#ifndef CUSTODY_CORE_REENTRY_VIN_CODE_H
#define CUSTODY_CORE_REENTRY_VIN_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "core/identity/vin.h"

__extension__ typedef unsigned __int128 vin_code;

enum {
    VIN_SYMBOL_BITS = 5,
    VIN_CHECK_AT = 8,   /* position of the check digit */
    VIN_MASKED_MAX = 6, /* characters that may be hidden */
    WRITTEN_MAX = VIN_LEN + 1,
    WRITTEN_BYTES = WRITTEN_MAX + 1,
    WRITTEN_HIDDEN = '?',
};

/* What somebody wrote as a VIN: 16 to 18 letters and digits, or 17 of which up to VIN_MASKED_MAX are WRITTEN_HIDDEN. */
struct written {
    char text[WRITTEN_BYTES];
    uint8_t len, hidden;
};

/* 17 characters of a VIN; 0 or ERR_INVALID. */
int vin_code_of(struct text vin, vin_code *code) MUST_USE;
void vin_code_text(vin_code code, char vin[VIN_LEN + 1]);

/* Symbol at a position, 1..31. */
static inline unsigned vin_code_symbol(vin_code code, size_t position)
{
    return (unsigned)(code >> (123 - VIN_SYMBOL_BITS * position)) & 31U;
}
/* Symbol of a letter or digit (I, O, Q too); 0 for WRITTEN_HIDDEN and everything else. */
unsigned vin_symbol(char c);
/* The smallest number with these symbols, and a mask of those that are not 0. */
void vin_code_of_symbols(const uint8_t symbols[VIN_LEN], vin_code *code, vin_code *mask);
/* How many symbols differ under the mask. */
unsigned vin_code_distance(vin_code a, vin_code b, vin_code mask);

/* Symbols under which a table of stored writings is searched, so that whatever is near shares a key with what it is near to. Each is
 * terminated text: a letter for its shape, then symbols. */
enum { NEAR_KEY_BYTES = 20, WRITTEN_KEYS_MAX = 2, VIN_KEYS_MAX = 8 };
/* Keys to store a writing under: 1 or 2. */
size_t written_keys(const struct written *written, char keys[WRITTEN_KEYS_MAX][NEAR_KEY_BYTES]);
/* Keys to look a VIN up by: whatever is near it is stored under one of them. 0 keys when it is no VIN. */
size_t vin_keys(struct text vin, char keys[VIN_KEYS_MAX][NEAR_KEY_BYTES]);

enum near_kind {
    NEAR_NOT,
    NEAR_SAME,
    NEAR_LOOKALIKE,   /* only characters that are confused differ */
    NEAR_SUBSTITUTED, /* one character is another */
    NEAR_INSERTED,    /* one character too many */
    NEAR_LOST,        /* one is missing */
    NEAR_MASKED,      /* what is not hidden agrees */
};
enum { NEAR_LOOKALIKES_MAX = 4 };

struct nearness {
    enum near_kind kind;
    size_t at;         /* position of the edit in the VIN, where there is one */
    size_t lookalikes; /* confusions: O for 0 counts once, however often it was written; NEAR_LOOKALIKES_MAX at most */
};

/* `vin` has 17 characters. */
struct nearness vin_compare(const char *vin, const struct written *written);

#endif
