/* battery_code.c - checks the structure of a battery code; it has no check digit. */
#include "core/identity/battery_code.h"

#include <string.h>

#include "core/identity/glyph.h"

enum {
    CODE_LEN = 24,
    REUSED_LEN = 17,
    REUSED_SUFFIXED_LEN = 19,
    LEVEL_AT = 3,
    TRACE_LEN = 7,
    DATE_AT = 14, /* year, month, day */
    SERIAL_AT = 17,
    SERIAL_LEN = 7,
};

int battery_code_year(char c)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ";
    if (c >= '0' && c <= '9')
        return 2010 + (c - '0');
    const char *found = c ? strchr(letters, c) : NULL;
    return found ? 2020 + (int)(found - letters) : 0;
}

static bool is_month(char c)
{
    return (c >= '1' && c <= '9') || (c >= 'A' && c <= 'C');
}

static bool is_serial(const char *serial)
{
    bool nonzero = false;
    for (size_t i = 0; i < SERIAL_LEN; i++) {
        if (!glyph_is_digit((unsigned char)serial[i]))
            return false;
        nonzero |= serial[i] != '0';
    }
    return nonzero;
}

static const char *structure_fault(const char *value, size_t len)
{
    if (len != CODE_LEN && len != REUSED_LEN && len != REUSED_SUFFIXED_LEN)
        return "has not 24 characters (17 or 19 for a re-used product)";
    for (size_t i = 0; i < len; i++)
        if (!glyph_is_alnum((unsigned char)value[i]))
            return "has characters other than A-Z and 0-9";
    return strchr("PMC", value[LEVEL_AT]) ? NULL : "has no P (pack), M (module) or C (cell) at position 4";
}

enum identifier_grade battery_code_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    size_t len = strlen(value);
    const char *fault = structure_fault(value, len);
    if (fault) {
        error_set(error, ERR_INVALID, "battery code (动力电池编码) %s: %s; hint: read the label again (GB/T 34014)",
                  fault, value);
        return IDENTIFIER_INVALID;
    }
    size_t missing = len == CODE_LEN ? 0 : TRACE_LEN;
    const char *date = value + DATE_AT - missing;
    if (battery_code_year(date[0]) && is_month(date[1]) && is_serial(value + SERIAL_AT - missing))
        return IDENTIFIER_GOOD;
    error_set(
        error, ERR_INVALID,
        "battery code (动力电池编码) has an impossible year, month or serial number: %s; hint: compare with the label, "
        "O for 0 and I for 1 are usual misreadings",
        value);
    return IDENTIFIER_DOUBTFUL;
}
