/* line.c - lines, numbers and hashes out of text. */
#include "core/ledger/line.h"

#include <string.h>

#include "base/encoding.h"

bool line_take(struct text *rest, struct text *line)
{
    const char *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;

    if (!end)
        return false;
    *line = (struct text){rest->data, (size_t)(end - rest->data)};
    *rest = (struct text){end + 1, rest->len - line->len - 1};
    return true;
}

bool line_take_prefix(struct text *t, struct text prefix)
{
    if (t->len < prefix.len || memcmp(t->data, prefix.data, prefix.len) != 0)
        return false;
    *t = (struct text){t->data + prefix.len, t->len - prefix.len};
    return true;
}

bool line_take_field(struct text *rest, const char *word, struct text *value)
{
    return line_take(rest, value) && line_take_prefix(value, text_of(word)) && line_take_prefix(value, TEXT(" "));
}

bool line_to_u64(struct text t, uint64_t *number)
{
    uint64_t value = 0;

    if (!t.len || (t.len > 1 && t.data[0] == '0'))
        return false;
    for (size_t i = 0; i < t.len; i++) {
        unsigned digit = (unsigned char)t.data[i] - (unsigned)'0';

        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *number = value;
    return true;
}

bool line_to_digest(struct text t, struct digest *digest)
{
    uint8_t bytes[SHA256_BYTES];
    size_t len = sizeof bytes;

    if (base64_decode(t, bytes, &len) || len != sizeof bytes)
        return false;
    memcpy(digest->bytes, bytes, sizeof bytes);
    return true;
}

bool line_is_base64(struct text t)
{
    enum { PIECE_CHARS = 64, PIECE_BYTES = 48 };
    uint8_t bytes[PIECE_BYTES];

    while (t.len) {
        size_t chars = t.len < PIECE_CHARS ? t.len : PIECE_CHARS, len = sizeof bytes;

        if (base64_decode((struct text){t.data, chars}, bytes, &len))
            return false;
        if (chars < t.len && len < sizeof bytes) /* padding ends the whole, not a piece */
            return false;
        t = (struct text){t.data + chars, t.len - chars};
    }
    return true;
}
