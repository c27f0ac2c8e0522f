/* gs1.c - reads GS1 element strings. */
#include "core/identity/gs1.h"

#include <stdio.h>
#include <string.h>

#include "core/identity/glyph.h"

enum { GTIN_LEN = 14, SSCC_LEN = 18, GRAI_LEN = 14, SGTIN_SERIAL_MAX = 20, GRAI_SERIAL_MAX = 16 };

static bool are_digits(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!glyph_is_digit((unsigned char)t.data[i]))
            return false;
    return t.len > 0;
}

bool gs1_check_digit_fits(struct text digits)
{
    if (!are_digits(digits))
        return false;
    int sum = 0;
    for (size_t i = 0; i < digits.len; i++) /* from the right; the check digit itself has weight 1 */
        sum += (digits.data[digits.len - 1 - i] - '0') * (i % 2 == 1 ? 3 : 1);
    return sum % 10 == 0;
}

/* Character set 82 of the General Specifications, figure 7.11. */
static bool is_serial(const char *serial, size_t max)
{
    static const char allowed[] = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    size_t len = strlen(serial);
    return len > 0 && len <= max && strspn(serial, allowed) == len;
}

/* What follows the application identifier, in brackets or bare; NULL when `value` does not begin with it. */
static const char *after_ai(const char *value, const char *ai)
{
    bool bracketed = *value == '(';
    value += bracketed;
    size_t len = strlen(ai);
    if (strncmp(value, ai, len) != 0 || (bracketed && value[len] != ')'))
        return NULL;
    return value + len + bracketed;
}

/* Each reader writes the normalised form to `out` and returns true when `value` is of its kind and right. */
typedef bool reader(const char *value, char out[IDENTIFIER_VALUE_BYTES]);

static bool read_sscc(const char *value, char out[IDENTIFIER_VALUE_BYTES])
{
    const char *digits = strlen(value) == SSCC_LEN ? value : after_ai(value, "00");
    if (!digits || strlen(digits) != SSCC_LEN || !gs1_check_digit_fits(text_of(digits)))
        return false;
    snprintf(out, IDENTIFIER_VALUE_BYTES, "(00)%s", digits);
    return true;
}

static bool read_grai(const char *value, char out[IDENTIFIER_VALUE_BYTES])
{
    const char *key = after_ai(value, "8003");
    if (!key || strlen(key) <= GRAI_LEN || key[0] != '0' ||
        !gs1_check_digit_fits((struct text){key + 1, GRAI_LEN - 1}) || !is_serial(key + GRAI_LEN, GRAI_SERIAL_MAX))
        return false;
    snprintf(out, IDENTIFIER_VALUE_BYTES, "(8003)%s", key);
    return true;
}

static bool read_sgtin(const char *value, char out[IDENTIFIER_VALUE_BYTES])
{
    const char *gtin = after_ai(value, "01");
    if (!gtin)
        return false;
    size_t len = value[0] == '(' ? strcspn(gtin, "(") : GTIN_LEN;
    if ((len != 8 && len != 12 && len != 13 && len != GTIN_LEN) || strlen(gtin) <= len)
        return false;
    const char *serial = after_ai(gtin + len, "21");
    if (!serial || !gs1_check_digit_fits((struct text){gtin, len}) || !is_serial(serial, SGTIN_SERIAL_MAX))
        return false;
    snprintf(out, IDENTIFIER_VALUE_BYTES, "(01)%.*s%.*s(21)%s", (int)(GTIN_LEN - len), "000000", (int)len, gtin,
             serial);
    return true;
}

enum identifier_grade gs1_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    static reader *const readers[] = {read_sscc, read_grai, read_sgtin};
    char out[IDENTIFIER_VALUE_BYTES];
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (!readers[i](value, out))
            continue;
        memcpy(value, out, strlen(out) + 1);
        return IDENTIFIER_GOOD;
    }
    size_t len = strlen(value);
    if (len >= 8 && len <= GTIN_LEN && gs1_check_digit_fits((struct text){value, len}))
        error_set(error, ERR_INVALID, "GTIN names a product, not one item: %s; hint: add the serial, (01)...(21)...",
                  value);
    else
        error_set(error, ERR_INVALID,
                  "GS1 key is no SGTIN, SSCC or GRAI with serial and right check digit: %s; hint: write it like "
                  "(01)06901234567892(21)A1, (00)106141412345678908 or (8003)00614141123452400",
                  value);
    return IDENTIFIER_INVALID;
}
