/* plate.c - number plates as a table of patterns. */
#include "core/identity/plate.h"

#include <uchar.h>

#include "core/identity/glyph.h"

/* In a pattern: p province, l letter, a letter or digit, d digit, n letter of a new-energy plate, t last character of a regular
 * plate, m arm of service on an old military plate. Letters are never I or O. Anything else stands for itself. */
static const struct {
    const char *pattern;
    enum identifier_grade grade;
} patterns[] = {
    {"plaaaat", IDENTIFIER_GOOD},       /* regular, 挂 trailer, 学 training, 警 police, 港 澳 cross-border */
    {"plnadddd", IDENTIFIER_GOOD},      /* small new-energy vehicle */
    {"pldddddn", IDENTIFIER_GOOD},      /* large new-energy vehicle */
    {"pldddd领", IDENTIFIER_GOOD},      /* consulate */
    {"dddddd使", IDENTIFIER_GOOD},      /* embassy */
    {"plaaaa应急", IDENTIFIER_GOOD},    /* fire and rescue */
    {"WJpdddda", IDENTIFIER_GOOD},      /* armed police of a province */
    {"WJdddda", IDENTIFIER_GOOD},       /* armed police, headquarters */
    {"WJddddddd", IDENTIFIER_DOUBTFUL}, /* armed police, before 2012 */
    {"使dddddd", IDENTIFIER_DOUBTFUL},  /* embassy, abolished */
    {"pOddddd", IDENTIFIER_DOUBTFUL},   /* police, abolished */
    {"mlddddd", IDENTIFIER_DOUBTFUL},   /* military, before 2012 */
    {"llddddd", IDENTIFIER_DOUBTFUL},   /* military */
    {"临plaaaaa", IDENTIFIER_DOUBTFUL}, /* temporary */
    {"plaaaa临", IDENTIFIER_DOUBTFUL},  {"plaaaaa临", IDENTIFIER_DOUBTFUL},
    {"pl临aaaaa", IDENTIFIER_DOUBTFUL}, {"pddaaaaa", IDENTIFIER_DOUBTFUL}, /* farm machine */
};

static bool is_one_of(uint32_t code, const char16_t *set)
{
    while (*set && *set != code)
        set++;
    return *set != 0;
}

bool plate_is_province(uint32_t code)
{
    return is_one_of(code, u"京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼");
}

static bool is_regular_tail(uint32_t code)
{
    return is_one_of(code, u"挂学警港澳");
}

bool plate_is_tail(uint32_t code)
{
    return is_regular_tail(code) || is_one_of(code, u"领");
}

static bool is_letter(uint32_t code)
{
    return glyph_is_letter(code) && code != 'I' && code != 'O';
}

static bool fits(uint32_t code, uint32_t wanted)
{
    bool alnum = is_letter(code) || glyph_is_digit(code);
    switch (wanted) {
    case 'p':
        return plate_is_province(code);
    case 'l':
        return is_letter(code);
    case 'a':
        return alnum;
    case 'd':
        return glyph_is_digit(code);
    case 'n':
        return code >= 'A' && code <= 'K' && is_letter(code);
    case 't':
        return alnum || is_regular_tail(code);
    case 'm':
        return is_one_of(code, u"军海空北沈兰济南广成");
    default:
        return code == wanted;
    }
}

static bool matches(struct text value, struct text pattern)
{
    size_t at = 0, pattern_at = 0;
    while (at < value.len && pattern_at < pattern.len) {
        struct glyph glyph = glyph_at(value, at), wanted = glyph_at(pattern, pattern_at);
        if (!fits(glyph.code, wanted.code))
            return false;
        at += glyph.len;
        pattern_at += wanted.len;
    }
    return at == value.len && pattern_at == pattern.len;
}

static enum identifier_grade grade_of(struct text value)
{
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (matches(value, text_of(patterns[i].pattern)))
            return patterns[i].grade;
    return IDENTIFIER_INVALID;
}

static enum identifier_grade refuse(const char *value, struct error *error)
{
    char suggestion[IDENTIFIER_VALUE_BYTES];
    size_t i = 0;
    for (; value[i]; i++)
        suggestion[i] = value[i] == 'I' ? '1' : value[i] == 'O' ? '0' : value[i];
    suggestion[i] = '\0';
    if (grade_of(text_of(suggestion)) == IDENTIFIER_GOOD)
        error_set(error, ERR_INVALID, "plate (号牌) has I or O, which plates do not use: %s; hint: perhaps %s", value,
                  suggestion);
    else
        error_set(error, ERR_INVALID,
                  "plate (号牌) fits no known pattern: %s; hint: write it like 闽C12345 or 闽CD12345", value);
    return IDENTIFIER_INVALID;
}

enum identifier_grade plate_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    enum identifier_grade grade = grade_of(text_of(value));
    if (grade == IDENTIFIER_INVALID)
        return refuse(value, error);
    if (grade == IDENTIFIER_DOUBTFUL)
        error_set(error, ERR_INVALID,
                  "plate (号牌) is temporary, military, a farm machine's or of an abolished kind: %s; hint: compare "
                  "with the papers",
                  value);
    return grade;
}
