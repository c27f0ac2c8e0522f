/* leaf.h - what the log commits to: a salted leaf for every record (architecture section 6, RFC 9162 section 2.1). */
#ifndef CUSTODY_CORE_LEDGER_LEAF_H
#define CUSTODY_CORE_LEDGER_LEAF_H

#include <stdint.h>

#include "base/hash.h"
#include "base/text.h"

enum leaf_type {
    LEAF_ENVELOPE = 1,
    LEAF_OPERATOR_ACTION = 2,
    LEAF_DEAD_LETTER = 3,
    LEAF_KEY_EVENT = 4,
    LEAF_ERASURE = 5,
    LEAF_EQUIVOCATION = 6,
    LEAF_SOFTWARE_CHANGE = 7,
};

enum { LEAF_BYTES = 57, SALT_BYTES = 32 };

/* SHA-256("custody-commit/v1\n" || salt || record). */
struct digest leaf_commitment(const uint8_t salt[SALT_BYTES], struct text record);

/* "custody-leaf/v1\n" || type || received_us big-endian || commitment. */
void leaf_encode(enum leaf_type type, int64_t received_us, const struct digest *commitment, uint8_t leaf[LEAF_BYTES]);

/* SHA-256(0x00 || entry): what any tree of RFC 9162 has for a leaf. */
struct digest entry_hash(const void *entry, size_t len);
/* The same of a leaf of the log. */
struct digest leaf_hash(const uint8_t leaf[LEAF_BYTES]);

/* The three in one: the leaf hash of a record. */
struct digest leaf_hash_of_record(enum leaf_type type, int64_t received_us, const uint8_t salt[SALT_BYTES],
                                  struct text record);

#endif
