/* cell.c - folds a cell and reads it by hand: strtod and strptime know neither full-width digits nor 年月日. */
#include "core/import/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/identity/glyph.h"

enum { CELL_BYTES = 256, TIME_PARTS = 6, DIGITS_MAX = 15 };

bool cell_fold(struct text cell, char *out, size_t size)
{
    size_t used = 0;
    for (size_t at = 0; at < cell.len;) {
        const struct glyph glyph = glyph_at(cell, at);
        const size_t len = glyph.code == GLYPH_INVISIBLE ? 0 : glyph.code < 0x80 ? 1 : glyph.len;
        if (used + len >= size)
            return false;
        if (len == 1)
            out[used] = (char)glyph.code;
        else
            memcpy(out + used, cell.data + at, len);
        used += len;
        at += glyph.len;
    }
    out[used] = '\0';
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *cell_destroyed(struct text cell)
{
    char folded[CELL_BYTES];
    if (!cell_fold(cell, folded, sizeof folded))
        return NULL;
    const size_t len = strlen(folded);
    if (len > 1 && strspn(folded, "#") == len)
        return "the column was too narrow to show it; hint: widen the column and save again";
    const size_t mantissa = strspn(folded, "0123456789.");
    if (mantissa == 0 || (folded[mantissa] != 'E' && folded[mantissa] != 'e') || folded[mantissa + 1] != '+' ||
        !is_digit(folded[mantissa + 2]) || mantissa + 2 + strspn(folded + mantissa + 2, "0123456789") != len)
        return NULL;
    return "the spreadsheet has destroyed this number; hint: format the column as text 文本, enter it again";
}

/* ---- numbers ---- */

/* Digits and commas between thousands; the number of characters taken, 0: none. */
static size_t take_whole(const char *at, int64_t *value, int *digits)
{
    size_t len = 0;
    *value = 0;
    *digits = 0;
    for (; is_digit(at[len]) || (len > 0 && at[len] == ',' && is_digit(at[len + 1])); len++) {
        if (at[len] == ',')
            continue;
        if (++*digits > DIGITS_MAX)
            return 0;
        *value = *value * 10 + (at[len] - '0');
    }
    return len;
}

const char *cell_decimal(struct text cell, int decimals, int64_t *value)
{
    char folded[CELL_BYTES];
    int digits, behind = 0;
    const char *destroyed = cell_destroyed(cell);
    if (destroyed != NULL)
        return destroyed;
    if (!cell_fold(cell, folded, sizeof folded))
        return "not a number; hint: digits, with a point for decimals";
    size_t at = take_whole(folded, value, &digits);
    if (at == 0)
        return folded[0] == '-' ? "below 0; hint: leave it empty when it is not known"
                                : "not a number; hint: digits, with a point for decimals, and no unit";
    if (folded[at] == '.')
        for (at++; is_digit(folded[at]); at++) {
            if (behind == decimals && folded[at] != '0')
                return "too many decimals; hint: is it in another unit?";
            if (behind < decimals) {
                *value = *value * 10 + (folded[at] - '0');
                behind++;
            }
        }
    if (folded[at] != '\0')
        return "not a number; hint: digits, with a point for decimals, and no unit";
    if (digits + decimals > DIGITS_MAX)
        return "too large; hint: is it in another unit?";
    for (; behind < decimals; behind++)
        *value *= 10;
    return NULL;
}

const char *cell_degrees(struct text cell, double *value)
{
    char folded[CELL_BYTES], *end = NULL;
    if (!cell_fold(cell, folded, sizeof folded))
        return "not a number; hint: decimal degrees, WGS-84, such as 118.6625";
    *value = strtod(folded, &end);
    return end == folded || *end != '\0' ? "not a number; hint: decimal degrees, WGS-84, such as 118.6625" : NULL;
}

/* ---- times ---- */

/* The numbers of a text such as 2026年1月5日 8:30, in their order; 0 when there is something else between them. */
static int take_parts(const char *at, int parts[TIME_PARTS], int *first_digits)
{
    static const char *const between[] = {"-", "/", ".", ":", " ", "年", "月", "日", "时", "分", "秒"};
    int count = 0;
    while (*at != '\0') {
        size_t len = 0;
        if (is_digit(*at)) {
            const size_t digits = strspn(at, "0123456789");
            if (count == TIME_PARTS || digits > 8)
                return 0;
            parts[count++] = (int)strtol(at, NULL, 10);
            if (count == 1)
                *first_digits = (int)digits;
            at += digits;
            continue;
        }
        for (size_t i = 0; i < sizeof between / sizeof between[0] && len == 0; i++)
            if (strncmp(at, between[i], strlen(between[i])) == 0)
                len = strlen(between[i]);
        if (len == 0)
            return 0;
        at += len;
    }
    return count;
}

static bool has_offset(const char *folded)
{
    const size_t len = strlen(folded);
    return len > 19 && folded[10] == 'T' &&
           (folded[len - 1] == 'Z' || folded[len - 6] == '+' || folded[len - 6] == '-');
}

const char *cell_time(struct text cell, bool with_time, int64_t *at_us)
{
    static const char hint_time[] = "not a time; hint: such as 2026-01-05 08:30";
    static const char hint_day[] = "not a day; hint: such as 2026-01-05";
    char folded[CELL_BYTES], normal[TIME_TEXT_SIZE];
    int parts[TIME_PARTS] = {0}, first_digits = 0;
    const char *hint = with_time ? hint_time : hint_day;
    if (!cell_fold(cell, folded, sizeof folded))
        return hint;
    if (with_time && has_offset(folded))
        return time_parse(text_of(folded), at_us) ? hint : NULL;
    char *letter = strchr(folded, 'T');
    if (letter != NULL)
        *letter = ' ';
    int count = take_parts(folded, parts, &first_digits);
    if (count == 1 && first_digits == 8) {
        const int packed = parts[0];
        parts[0] = packed / 10000;
        parts[1] = packed / 100 % 100;
        parts[2] = packed % 100;
        count = 3;
    } else if (count >= 1 && count <= 2 && first_digits == 5) {
        return "a day as the spreadsheet counts it; hint: format the column as a date and save again";
    } else if (count >= 3 && first_digits < 4) {
        return "the year has to come first, with four digits; hint: such as 2026-01-05";
    }
    if (count != 3 && (!with_time || count < 5))
        return hint;
    (void)snprintf(normal, sizeof normal, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", parts[0] % 10000, parts[1] % 100,
                   parts[2] % 100, parts[3] % 100, parts[4] % 100, parts[5] % 100);
    return time_parse(text_of(normal), at_us) ? hint : NULL;
}

/* ---- words ---- */

/* Folded, lower-case, without white space. */
static bool plain(struct text cell, char out[CELL_BYTES])
{
    size_t used = 0;
    if (!cell_fold(cell, out, CELL_BYTES))
        return false;
    for (const char *at = out; *at != '\0'; at++)
        if (*at != ' ')
            out[used++] = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    out[used] = '\0';
    return true;
}

bool cell_is(struct text cell, struct text word)
{
    char a[CELL_BYTES], b[CELL_BYTES];
    return plain(cell, a) && plain(word, b) && strcmp(a, b) == 0;
}

const char *cell_flag(struct text cell, bool *value)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"是", true}, {"否", false}, {"yes", true}, {"no", false}, {"true", true}, {"false", false},
                 {"y", true},  {"n", false},  {"1", true},   {"0", false},  {"有", true},   {"无", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (cell_is(cell, text_of(words[i].word))) {
            *value = words[i].value;
            return NULL;
        }
    return "neither yes nor no; hint: 是 or 否";
}
