/* leaf.c - commitment, leaf, leaf hash. */
#include "core/ledger/leaf.h"

#include <string.h>

#include "base/encoding.h"

struct digest leaf_commitment(const uint8_t salt[SALT_BYTES], struct text record)
{
    static const char domain[] = "custody-commit/v1\n";
    const struct hash_part parts[] = {{domain, sizeof domain - 1}, {salt, SALT_BYTES}, {record.data, record.len}};

    return sha256_parts(parts, 3);
}

void leaf_encode(enum leaf_type type, int64_t received_us, const struct digest *commitment, uint8_t leaf[LEAF_BYTES])
{
    memcpy(leaf, "custody-leaf/v1\n", 16);
    leaf[16] = (uint8_t)type;
    store_u64_be(leaf + 17, (uint64_t)received_us);
    memcpy(leaf + 25, commitment->bytes, SHA256_BYTES);
}

struct digest entry_hash(const void *entry, size_t len)
{
    static const uint8_t prefix = 0x00;
    const struct hash_part parts[] = {{&prefix, 1}, {entry, len}};

    return sha256_parts(parts, 2);
}

struct digest leaf_hash(const uint8_t leaf[LEAF_BYTES])
{
    return entry_hash(leaf, LEAF_BYTES);
}

struct digest leaf_hash_of_record(enum leaf_type type, int64_t received_us, const uint8_t salt[SALT_BYTES],
                                  struct text record)
{
    struct digest commitment = leaf_commitment(salt, record);
    uint8_t leaf[LEAF_BYTES];

    leaf_encode(type, received_us, &commitment, leaf);
    return leaf_hash(leaf);
}
