/* imei.c - checks an IMEI and cuts it to the digits that name the device. */
#include "core/identity/imei.h"

#include <string.h>

#include "core/identity/glyph.h"

enum { WITH_CHECK_DIGIT = 15, WITH_SOFTWARE_VERSION = 16 };

/* Luhn's sum over all digits, the check digit included, is a multiple of 10. */
static bool luhn_fits(const char *digits, size_t len)
{
    int sum = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = digits[len - 1 - i] - '0';
        if (i % 2 == 1)
            digit = digit < 5 ? 2 * digit : 2 * digit - 9;
        sum += digit;
    }
    return sum % 10 == 0;
}

static const char *fault_of(const char *value, size_t len)
{
    if (len < IMEI_LEN || len > WITH_SOFTWARE_VERSION)
        return "has not 14, 15 or 16 digits";
    for (size_t i = 0; i < len; i++)
        if (!glyph_is_digit((unsigned char)value[i]))
            return "has characters other than digits";
    if (strspn(value, (char[]){value[0], '\0'}) >= IMEI_LEN)
        return "is one digit repeated";
    if (len == WITH_CHECK_DIGIT && !luhn_fits(value, len))
        return "has a wrong check digit";
    return NULL;
}

enum identifier_grade imei_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    const char *fault = fault_of(value, strlen(value));
    if (fault) {
        error_set(error, ERR_INVALID, "IMEI (手机串号) %s: %s; hint: dial *#06# and read it again", fault, value);
        return IDENTIFIER_INVALID;
    }
    value[IMEI_LEN] = '\0';
    return IDENTIFIER_GOOD;
}
