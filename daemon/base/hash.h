/* hash.h - SHA-256 (FIPS 180-4) as a value, and a fast keyless hash for tables in memory. */
#ifndef CUSTODY_BASE_HASH_H
#define CUSTODY_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

enum { SHA256_BYTES = 32 };

struct digest {
    uint8_t bytes[SHA256_BYTES];
};

static inline bool digest_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, SHA256_BYTES) == 0;
}
bool digest_is_zero(const struct digest *digest);

/* One part of a message that is hashed without being joined. */
struct hash_part {
    const void *data;
    size_t len;
};

struct digest sha256(const void *data, size_t len);
struct digest sha256_parts(const struct hash_part *parts, size_t count);

/* FNV-1a with a final mix, 64 bits: for tables in memory only, never stored or sent. */
uint64_t hash64(struct text t);

#endif
