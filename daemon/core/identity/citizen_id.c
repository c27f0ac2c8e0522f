/* citizen_id.c - checks a citizen identity number without ever showing it. */
#include "core/identity/citizen_id.h"

#include <stdbool.h>

#include "core/identity/glyph.h"

enum { BIRTH_AT = 6 }; /* YYYYMMDD */

static int number_at(const char *digits, size_t count)
{
    int number = 0;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (digits[i] - '0');
    return number;
}

static bool is_birth_date(const char *digits)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = number_at(digits, 4), month = number_at(digits + 4, 2), day = number_at(digits + 6, 2);
    if (year < 1800 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap);
}

static char check_character(const char *digits)
{
    int sum = 0, weight = 2; /* powers of 2 modulo 11, from the right */
    for (size_t i = CITIZEN_ID_LEN - 1; i-- > 0;) {
        sum += (digits[i] - '0') * weight;
        weight = weight * 2 % 11;
    }
    return "10X98765432"[sum % 11];
}

static const char *fault_of(const char *number)
{
    if (strlen(number) != CITIZEN_ID_LEN)
        return "has not 18 characters";
    for (size_t i = 0; i < CITIZEN_ID_LEN - 1; i++)
        if (!glyph_is_digit((unsigned char)number[i]))
            return "has characters other than digits";
    if (!is_birth_date(number + BIRTH_AT))
        return "has an impossible birth date";
    return number[CITIZEN_ID_LEN - 1] == check_character(number) ? NULL : "has a wrong check character";
}

int citizen_id_normalise(struct text raw, char out[CITIZEN_ID_BYTES], struct error *error)
{
    const char *fault = "has not 18 characters";
    if (glyph_fold(raw, GLYPH_COMPACT, out, CITIZEN_ID_BYTES))
        fault = fault_of(out);
    if (!fault)
        return 0;
    out[0] = '\0';
    return error_set(error, ERR_INVALID,
                     "citizen identity number (公民身份号码) %s; hint: read the card again (the number is not shown)",
                     fault);
}
