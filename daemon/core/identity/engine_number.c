/* engine_number.c - the little that can be said about a stamped number. */
#include "core/identity/engine_number.h"

#include <string.h>

#include "core/identity/glyph.h"
#include "core/identity/vin.h"

enum { USUAL_MIN = 4, ENGINE_USUAL_MAX = 30 };

static enum identifier_grade check_stamp(const char *what, const char *value, size_t usual_max, struct error *error)
{
    size_t len = strlen(value), alnum = 0, digits = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c <= ' ' || c > '~') {
            error_set(error, ERR_INVALID, "%s has characters that no stamp has: %s; hint: give the number alone", what,
                      value);
            return IDENTIFIER_INVALID;
        }
        alnum += glyph_is_alnum(c);
        digits += glyph_is_digit(c);
    }
    if (alnum == len && digits > 0 && len >= USUAL_MIN && len <= usual_max)
        return IDENTIFIER_GOOD;
    error_set(error, ERR_INVALID,
              "%s looks unusual: %s; hint: expected %d to %zu letters and digits, at least one digit", what, value,
              USUAL_MIN, usual_max);
    return IDENTIFIER_DOUBTFUL;
}

enum identifier_grade engine_number_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    return check_stamp("engine number (发动机号)", value, ENGINE_USUAL_MAX, error);
}

enum identifier_grade frame_number_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    return check_stamp("frame number (车架号)", value, VIN_LEN - 1, error);
}
