/* encoding.c - hex, base64 and UUID text. */
#include "base/encoding.h"

#include <string.h>

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_encode(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_decode(struct text t, uint8_t *out, size_t len)
{
    if (t.len != 2 * len)
        return ERR_INVALID;
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(t.data[2 * i]), low = hex_digit(t.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return ERR_INVALID;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

void base64_encode(const void *data, size_t len, char *out)
{
    const uint8_t *in = data;

    for (; len >= 3; len -= 3, in += 3) {
        *out++ = base64_digits[in[0] >> 2];
        *out++ = base64_digits[(in[0] & 3) << 4 | in[1] >> 4];
        *out++ = base64_digits[(in[1] & 15) << 2 | in[2] >> 6];
        *out++ = base64_digits[in[2] & 63];
    }
    if (len) {
        *out++ = base64_digits[in[0] >> 2];
        *out++ = base64_digits[(in[0] & 3) << 4 | (len == 2 ? in[1] >> 4 : 0)];
        *out++ = len == 2 ? base64_digits[(in[1] & 15) << 2] : '=';
        *out++ = '=';
    }
    *out = '\0';
}

static int base64_digit(char c)
{
    const char *at = c ? strchr(base64_digits, c) : NULL;

    return at ? (int)(at - base64_digits) : -1;
}

int base64_decode(struct text t, uint8_t *out, size_t *len)
{
    size_t padding = 0, bytes;

    if (t.len % 4)
        return ERR_INVALID;
    while (padding < 2 && padding < t.len && t.data[t.len - 1 - padding] == '=')
        padding++;
    bytes = t.len / 4 * 3 - padding;
    if (bytes > *len)
        return ERR_TOO_LARGE;
    for (size_t group = 0, at = 0; group < t.len; group += 4) {
        uint32_t bits = 0;

        for (size_t i = 0; i < 4; i++) {
            bool pad = group + i >= t.len - padding;
            int digit = pad ? 0 : base64_digit(t.data[group + i]);

            if (digit < 0)
                return ERR_INVALID;
            bits = bits << 6 | (uint32_t)digit;
        }
        for (size_t i = 0; i < 3; i++) {
            uint8_t byte = (uint8_t)(bits >> (16 - 8 * i));

            if (at < bytes)
                out[at++] = byte;
            else if (byte) /* unused bits must be zero: one text for one value */
                return ERR_INVALID;
        }
    }
    *len = bytes;
    return 0;
}

void uuid_format(const uint8_t uuid[UUID_BYTES], char out[UUID_TEXT_SIZE])
{
    char hex[HEX_SIZE(UUID_BYTES)];
    static const size_t group_ends[] = {8, 12, 16, 20, 32};
    size_t at = 0;

    hex_encode(uuid, UUID_BYTES, hex);
    for (size_t group = 0; group < 5; group++) {
        if (group)
            *out++ = '-';
        while (at < group_ends[group])
            *out++ = hex[at++];
    }
    *out = '\0';
}

int uuid_parse(struct text t, uint8_t out[UUID_BYTES])
{
    char hex[2 * UUID_BYTES];
    size_t used = 0;

    if (t.len != UUID_TEXT_SIZE - 1)
        return ERR_INVALID;
    for (size_t i = 0; i < t.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash != (t.data[i] == '-'))
            return ERR_INVALID;
        if (!dash)
            hex[used++] = t.data[i];
    }
    return hex_decode((struct text){hex, used}, out, UUID_BYTES);
}
