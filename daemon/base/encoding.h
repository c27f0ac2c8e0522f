/* encoding.h - hex, base64 (RFC 4648 section 4, padded) and UUID text (RFC 9562), both ways. */
#ifndef CUSTODY_BASE_ENCODING_H
#define CUSTODY_BASE_ENCODING_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* Bytes of output, the terminating NUL included. */
#define HEX_SIZE(n) (2 * (n) + 1)
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)
enum { UUID_BYTES = 16, UUID_TEXT_SIZE = 37 };

/* `out` holds HEX_SIZE(len), lower case. */
void hex_encode(const void *data, size_t len, char *out);
/* Exactly `len` bytes from 2*len digits of either case; 0 or ERR_INVALID. */
int hex_decode(struct text t, uint8_t *out, size_t len) MUST_USE;

/* `out` holds BASE64_SIZE(len). */
void base64_encode(const void *data, size_t len, char *out);
/* Strict: padding required, no white space, unused bits zero. *len: room in, bytes out. 0, ERR_INVALID, ERR_TOO_LARGE. */
int base64_decode(struct text t, uint8_t *out, size_t *len) MUST_USE;

void uuid_format(const uint8_t uuid[UUID_BYTES], char out[UUID_TEXT_SIZE]);
int uuid_parse(struct text t, uint8_t out[UUID_BYTES]) MUST_USE;

static inline void store_u64_be(uint8_t *out, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        out[i] = (uint8_t)v;
}
static inline uint32_t load_u32_be(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}
static inline uint64_t load_u64_be(const uint8_t *in)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | in[i];
    return v;
}

#endif
