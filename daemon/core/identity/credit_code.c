/* credit_code.c - checks both check characters of a credit code. */
#include "core/identity/credit_code.h"

#include <string.h>

#include "core/identity/glyph.h"

enum { ORGANISATION_AT = 8, ORGANISATION_LEN = 8 };

static int value_of(char c)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY"; /* no I, O, S, V, Z */
    const char *found = c ? strchr(alphabet, c) : NULL;
    return found ? (int)(found - alphabet) : -1;
}

static bool check_character_fits(const char *code)
{
    int sum = 0, weight = 1; /* powers of 3 modulo 31 */
    for (size_t i = 0; i < CREDIT_CODE_LEN - 1; i++) {
        sum += value_of(code[i]) * weight;
        weight = weight * 3 % 31;
    }
    return value_of(code[CREDIT_CODE_LEN - 1]) == (31 - sum % 31) % 31;
}

static bool organisation_code_fits(const char *code)
{
    static const int weights[ORGANISATION_LEN] = {3, 7, 9, 10, 5, 8, 4, 2};
    const char *organisation = code + ORGANISATION_AT;
    int sum = 0;
    for (size_t i = 0; i < ORGANISATION_LEN; i++) {
        char c = organisation[i];
        /* GB 11714 counts the letters without gaps */
        int value = glyph_is_digit((unsigned char)c) ? c - '0' : c - 'A' + 10;
        sum += value * weights[i];
    }
    return organisation[ORGANISATION_LEN] == "0X987654321"[sum % 11];
}

static const char *fault_of(const char *code)
{
    if (strlen(code) != CREDIT_CODE_LEN)
        return "has not 18 characters";
    for (size_t i = 0; i < CREDIT_CODE_LEN; i++)
        if (value_of(code[i]) < 0)
            return "has a character that is not used (I, O, S, V and Z are not)";
    return check_character_fits(code) ? NULL : "has a wrong check character";
}

enum identifier_grade credit_code_normalise(struct text raw, char out[CREDIT_CODE_BYTES], struct error *error)
{
    const char *fault = "is too long";
    if (glyph_fold(raw, GLYPH_COMPACT, out, CREDIT_CODE_BYTES))
        fault = fault_of(out);
    if (fault) {
        error_set(error, ERR_INVALID,
                  "credit code (统一社会信用代码) %s: %s; hint: copy it from the business licence (GB 32100)", fault,
                  out);
        out[0] = '\0';
        return IDENTIFIER_INVALID;
    }
    if (organisation_code_fits(out))
        return IDENTIFIER_GOOD;
    error_set(error, ERR_INVALID,
              "credit code (统一社会信用代码) holds a wrong organisation code: %s; hint: compare with the business "
              "licence",
              out);
    return IDENTIFIER_DOUBTFUL;
}
