/* vin.c - checks the characters and the check digit of a VIN. */
#include "core/identity/vin.h"

#include <string.h>

enum { CHECK_POSITION = 8 }; /* the ninth character */

/* Value of a character in the sum, GB 16735 annex; -1 for I, O, Q and everything else. */
static int transliterate(char c)
{
    static const signed char letters[26] = {1, 2,  3, 4,  5, 6, 7, 8, -1, 1, 2, 3, 4,
                                            5, -1, 7, -1, 9, 2, 3, 4, 5,  6, 7, 8, 9};
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'Z' ? letters[c - 'A'] : -1;
}

static bool has_only_vin_characters(const char *value)
{
    for (; *value; value++)
        if (transliterate(*value) < 0)
            return false;
    return true;
}

/* The check digit that 17 fitting characters ought to have. */
static char check_digit(const char *vin)
{
    static const int weights[VIN_LEN] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    int sum = 0;
    for (size_t i = 0; i < VIN_LEN; i++)
        sum += weights[i] * transliterate(vin[i]);
    return "0123456789X"[sum % 11];
}

/* I, O and Q are not used in VINs because they are misread; what they were probably read from. */
static enum identifier_grade refuse_characters(const char *value, struct error *error)
{
    char suggestion[IDENTIFIER_VALUE_BYTES];
    for (size_t i = 0; i <= VIN_LEN; i++)
        suggestion[i] = value[i] == 'I' ? '1' : value[i] == 'O' || value[i] == 'Q' ? '0' : value[i];
    if (!has_only_vin_characters(suggestion))
        error_set(error, ERR_INVALID,
                  "VIN (车架号) has characters other than A-Z without I, O, Q and 0-9: %s; hint: read it again", value);
    else
        error_set(error, ERR_INVALID,
                  "VIN (车架号) has I, O or Q, which no VIN has: %s; hint: perhaps %s, whose check digit %s; compare "
                  "with the frame",
                  value, suggestion,
                  check_digit(suggestion) == suggestion[CHECK_POSITION] ? "is right" : "is wrong too");
    return IDENTIFIER_INVALID;
}

enum identifier_grade vin_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    size_t len = strlen(value);
    if (len != VIN_LEN) {
        error_set(error, ERR_INVALID, "VIN (车架号) has %zu characters instead of 17: %s; hint: %s", len, value,
                  len < VIN_LEN ? "an older, shorter number is a frame_number" : "read it again");
        return IDENTIFIER_INVALID;
    }
    if (!has_only_vin_characters(value))
        return refuse_characters(value, error);
    char computed = check_digit(value);
    if (computed == value[CHECK_POSITION])
        return IDENTIFIER_GOOD;
    error_set(error, ERR_INVALID, "VIN (车架号) has check digit %c where %c is computed: %s; hint: %s",
              value[CHECK_POSITION], computed, value,
              value[0] == 'L'
                  ? "a Chinese VIN must pass: misread or altered (疑似涂改), compare with the frame and review"
                  : "not every foreign maker uses a check digit; compare with the frame");
    return IDENTIFIER_DOUBTFUL;
}
