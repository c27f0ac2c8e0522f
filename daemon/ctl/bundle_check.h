/* bundle_check.h - judges a bundle by a policy, offline: every proof against the checkpoint, every record against its leaf, every
 * device's signature against a key whose registration is itself proven. */
#ifndef CUSTODY_CTL_BUNDLE_CHECK_H
#define CUSTODY_CTL_BUNDLE_CHECK_H

#include "core/ledger/leaf.h"
#include "core/ledger/policy.h"
#include "ctl/bundle_read.h"
#include "io/keyfile.h"

/* What one record turned out to be. */
enum bundle_standing {
    STANDING_SIGNED,   /* by a device whose key a proven leaf registers */
    STANDING_UNSIGNED, /* from an unsigned source: weaker evidence */
    STANDING_IN_LOG,   /* not a device's word: an operator's action, a key event, a dead letter */
    STANDING_ERASED,   /* its bytes are gone, and a proven leaf says so */
};

struct checked_record {
    uint64_t index;
    enum leaf_type type;
    int64_t received_us;
    enum bundle_standing standing;
    struct text bytes; /* empty when erased; borrowed from the bundle */
    /* Of an envelope; an empty source: of none that can be read. */
    struct text source, body, signature;
    uint8_t key_id[KEY_ID_BYTES];
    uint32_t epoch;
    uint64_t seq;
    struct digest previous, hash; /* hash: of the whole envelope, which the next one names */
    bool chain_is_broken; /* the record before it is here, and it names another: the source contradicts itself */
};

struct checked_bundle {
    struct policy_verdict verdict; /* of the checkpoint; its texts borrow from the bundle */
    size_t record_count, weaker_count, key_count;
    struct checked_record *records; /* by log index; in the bundle's arena */
};

/* 0, or the first difference in words: what, where, and in what it differs. ERR_INVALID, ERR_SIGNATURE, ERR_NOT_FOUND, ERR_DENIED (too
 * few cosignatures) or ERR_NO_MEMORY. */
int bundle_check(struct bundle *bundle, const struct policy *policy, struct checked_bundle *checked,
                 struct error *error) MUST_USE;

#endif
