/* letter.c - tables of disguises. */
#include "core/reentry/letter.h"

#include "core/identity/glyph.h"

/* Code points first..last become first_folded and on; 0: invisible. Ascending. */
static const struct {
    uint32_t first, last, folded;
} ranges[] = {
    {0x20D0, 0x20F0, GLYPH_INVISIBLE},   /* rings around the character before: keycaps */
    {0x2460, 0x2468, '1'},               /* circled 1 to 9 */
    {0x2474, 0x247C, '1'},               /* parenthesised */
    {0x2488, 0x2490, '1'},               /* with a full stop */
    {0x249C, 0x24B5, 'A'},               /* parenthesised small letters */
    {0x24B6, 0x24CF, 'A'},               /* circled */
    {0x24D0, 0x24E9, 'A'},               /* circled small letters */
    {0x24EA, 0x24EA, '0'},               /* circled 0 */
    {0x2600, 0x26FF, GLYPH_INVISIBLE},   /* pictures */
    {0x2700, 0x2757, GLYPH_INVISIBLE},   /* ornaments */
    {0x2776, 0x277E, '1'},               /* black circled 1 to 9 */
    {0x2780, 0x2788, '1'},               /* sans-serif circled */
    {0x278A, 0x2792, '1'},               /* black sans-serif circled */
    {0x2B50, 0x2B55, GLYPH_INVISIBLE},   /* stars */
    {0x1D400, 0x1D419, 'A'},             /* mathematical bold */
    {0x1D7CE, 0x1D7D7, '0'},             /* mathematical bold digits */
    {0x1F130, 0x1F149, 'A'},             /* squared */
    {0x1F150, 0x1F169, 'A'},             /* black circled */
    {0x1F170, 0x1F189, 'A'},             /* black squared */
    {0x1F1E6, 0x1F1FF, 'A'},             /* regional indicators */
    {0x1F300, 0x1FAFF, GLYPH_INVISIBLE}, /* pictures */
};

/* Letters of other alphabets that look like ours. Ascending. */
static const struct {
    uint32_t code;
    char folded;
} lookalikes[] = {
    {0x0391, 'A'}, {0x0392, 'B'}, {0x0395, 'E'}, {0x0396, 'Z'}, {0x0397, 'H'}, {0x0399, 'I'}, {0x039A, 'K'},
    {0x039C, 'M'}, {0x039D, 'N'}, {0x039F, 'O'}, {0x03A1, 'P'}, {0x03A4, 'T'}, {0x03A5, 'Y'}, {0x03A7, 'X'},
    {0x0405, 'S'}, {0x0406, 'I'}, {0x0408, 'J'}, {0x0410, 'A'}, {0x0412, 'B'}, {0x0415, 'E'}, {0x041A, 'K'},
    {0x041C, 'M'}, {0x041D, 'H'}, {0x041E, 'O'}, {0x0420, 'P'}, {0x0421, 'C'}, {0x0422, 'T'}, {0x0423, 'Y'},
    {0x0425, 'X'}, {0x0430, 'A'}, {0x0435, 'E'}, {0x043E, 'O'}, {0x0440, 'P'}, {0x0441, 'C'}, {0x0443, 'Y'},
    {0x0445, 'X'}, {0x3007, '0'},
};

static uint32_t fold(uint32_t code)
{
    for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes && lookalikes[i].code <= code; i++)
        if (lookalikes[i].code == code)
            return (unsigned char)lookalikes[i].folded;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges && ranges[i].first <= code; i++)
        if (code <= ranges[i].last)
            return ranges[i].folded == GLYPH_INVISIBLE ? GLYPH_INVISIBLE : code - ranges[i].first + ranges[i].folded;
    return code;
}

/* Most of a listing is Han, which no table has. */
static bool may_be_disguised(uint32_t code)
{
    return (code >= 0x0391 && code < 0x3008) || code >= 0x1D400;
}

struct listing_letter listing_letter_at(struct text t, size_t at)
{
    struct glyph glyph = glyph_at(t, at);
    uint32_t code = may_be_disguised(glyph.code) ? fold(glyph.code) : glyph.code;
    return (struct listing_letter){glyph_upper(code), glyph.len};
}

bool letter_is_mask(uint32_t code)
{
    switch (code) {
    case '*':
    case '?':
    case '#':
    case '_':
    case 0x00D7: /* multiplication sign */
    case 0x203B: /* reference mark */
    case 0x25A0: /* squares */
    case 0x25A1:
    case 0x25CB: /* circles */
    case 0x25CF:
    case 0x2588: /* full block */
        return true;
    default:
        return false;
    }
}
