/* operator_leaf.h - what leaves that people and programs made say (records of types 2, 4, 5 and 7: one JSON object each). */
#ifndef CUSTODY_CTL_OPERATOR_LEAF_H
#define CUSTODY_CTL_OPERATOR_LEAF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "io/keyfile.h"

struct device_key_leaf {
    char source[65];
    uint8_t key_id[KEY_ID_BYTES], public_key[PUBLIC_KEY_BYTES];
};

/* Whether the record of a leaf of type 4 registers a device's key, whose id must fit source and key. */
bool operator_leaf_key(struct text record, struct device_key_leaf *leaf);

/* Whether the record of a leaf of type 5 says that the record at `index` was erased. */
bool operator_leaf_erases(struct text record, uint64_t index);

#endif
