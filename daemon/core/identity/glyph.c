/* glyph.c - decodes UTF-8 and folds width, white space, dashes and dots, by hand: the few characters that matter here. */
#include "core/identity/glyph.h"

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Shape only: overlong forms and surrogates are refused before text gets here, and are harmless if not. */
static struct glyph decode(const unsigned char *data, size_t len)
{
    static const struct glyph malformed = {0xFFFD, 1};
    if (data[0] < 0x80)
        return (struct glyph){data[0], 1};
    uint32_t count = data[0] >= 0xF0 ? 4 : data[0] >= 0xE0 ? 3 : 2;
    if (data[0] < 0xC2 || data[0] > 0xF4 || count > len)
        return malformed;
    uint32_t code = data[0] & (0x7FU >> count);
    for (uint32_t i = 1; i < count; i++) {
        if (!is_continuation(data[i]))
            return malformed;
        code = code << 6 | (data[i] & 0x3FU);
    }
    return (struct glyph){code, count};
}

/* Code points first..last become `folded`. Ascending. */
static const struct {
    uint32_t first, last, folded;
} classes[] = {
    {'\t', '\r', ' '},
    {0x00A0, 0x00A0, ' '},
    {0x00AD, 0x00AD, GLYPH_INVISIBLE}, /* soft hyphen */
    {0x2000, 0x200A, ' '},
    {0x200B, 0x200F, GLYPH_INVISIBLE}, /* zero-width, direction marks */
    {0x2010, 0x2015, '-'},
    {0x2022, 0x2022, GLYPH_MIDDLE_DOT},
    {0x2027, 0x2027, GLYPH_MIDDLE_DOT},
    {0x2028, 0x2029, ' '},
    {0x202A, 0x202E, GLYPH_INVISIBLE}, /* direction overrides */
    {0x202F, 0x202F, ' '},
    {0x205F, 0x205F, ' '},
    {0x2060, 0x2064, GLYPH_INVISIBLE},
    {0x2212, 0x2212, '-'}, /* minus */
    {0x2219, 0x2219, GLYPH_MIDDLE_DOT},
    {0x22C5, 0x22C5, GLYPH_MIDDLE_DOT},
    {0x3000, 0x3000, ' '}, /* ideographic space */
    {0x30FB, 0x30FB, GLYPH_MIDDLE_DOT},
    {0xFE00, 0xFE0F, GLYPH_INVISIBLE}, /* variation selectors */
    {0xFE58, 0xFE58, '-'},
    {0xFE63, 0xFE63, '-'},
    {0xFEFF, 0xFEFF, GLYPH_INVISIBLE},
    {0xFF65, 0xFF65, GLYPH_MIDDLE_DOT},
};

static uint32_t fold_code(uint32_t code)
{
    if (code > '\r' && code < 0xA0)
        return code;
    if (code >= 0xFF01 && code <= 0xFF5E)
        return code - 0xFF01 + '!';
    for (size_t i = 0; i < sizeof classes / sizeof *classes && classes[i].first <= code; i++)
        if (code <= classes[i].last)
            return classes[i].folded;
    return code;
}

struct glyph glyph_at(struct text t, size_t at)
{
    struct glyph glyph = decode((const unsigned char *)t.data + at, t.len - at);
    glyph.code = fold_code(glyph.code);
    return glyph;
}

static bool is_dropped(uint32_t code, enum glyph_folding folding)
{
    return code == GLYPH_INVISIBLE || code == ' ' || (folding == GLYPH_COMPACT && glyph_is_separator(code));
}

bool glyph_fold(struct text raw, enum glyph_folding folding, char *out, size_t size)
{
    size_t used = 0;
    struct glyph glyph;
    for (size_t at = 0; at < raw.len; at += glyph.len) {
        glyph = glyph_at(raw, at);
        if (is_dropped(glyph.code, folding))
            continue;
        uint32_t code = folding == GLYPH_CASED ? glyph.code : glyph_upper(glyph.code);
        char ascii = (char)code;
        struct text piece = code < 0x80                ? (struct text){&ascii, 1}
                            : code == GLYPH_MIDDLE_DOT ? TEXT("\u00B7")
                                                       : (struct text){raw.data + at, glyph.len};
        if (used + piece.len >= size) {
            out[used] = '\0';
            return false;
        }
        memcpy(out + used, piece.data, piece.len);
        used += piece.len;
    }
    out[used] = '\0';
    return true;
}
