/* text.c - comparing, copying and checking borrowed text. */
#include "base/text.h"

int text_compare(struct text a, struct text b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool text_copy(char *out, size_t size, struct text t)
{
    size_t len = t.len < size ? t.len : size - 1;

    if (len)
        memcpy(out, t.data, len);
    out[len] = '\0';
    return len == t.len;
}

bool text_to_i64(struct text t, int64_t min, int64_t max, int64_t *out)
{
    bool negative = t.len && t.data[0] == '-';
    size_t at = negative ? 1 : 0;
    int64_t value = 0;

    if (at == t.len)
        return false;
    for (; at < t.len; at++) {
        int digit = t.data[at] - '0';

        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

/* Length of the well-formed sequence at `at`, 0 where it is none (RFC 3629 section 4). */
static size_t utf8_sequence(const unsigned char *at, size_t left)
{
    unsigned char first = at[0];
    size_t len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (first < 0xc2 || first > 0xf4 || left < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) || (first == 0xf0 && at[1] < 0x90) ||
        (first == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

void text_make_clean(char *terminated)
{
    unsigned char *at = (unsigned char *)terminated;
    size_t left = strlen(terminated);

    while (left) {
        size_t len = *at < 0x80 ? 1 : utf8_sequence(at, left);

        if (!len) {
            *at = '?';
            len = 1;
        }
        at += len;
        left -= len;
    }
}

bool text_is_made_of(struct text t, const char *characters)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.data[i] == '\0' || !strchr(characters, t.data[i]))
            return false;
    return t.len > 0;
}

bool text_is_clean_utf8(struct text t)
{
    const unsigned char *at = (const unsigned char *)t.data;
    size_t left = t.len;

    while (left) {
        size_t len = *at - 1U < 0x7fU ? 1 : *at ? utf8_sequence(at, left) : 0;

        if (!len)
            return false;
        at += len;
        left -= len;
    }
    return true;
}
