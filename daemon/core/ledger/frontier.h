/* frontier.h - the right edge of the Merkle tree: enough to append leaves and to know the root (RFC 9162 section 2.1).
 *
 * The roots of the perfect subtrees that the size splits into, largest first: at most 64 hashes. */
#ifndef CUSTODY_CORE_LEDGER_FRONTIER_H
#define CUSTODY_CORE_LEDGER_FRONTIER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"

enum { FRONTIER_MAX = 64 };

struct frontier {
    uint64_t size; /* leaves */
    size_t count;  /* population count of size */
    struct digest nodes[FRONTIER_MAX];
};

/* SHA-256(0x01 || left || right). */
struct digest node_hash(const struct digest *left, const struct digest *right);

void frontier_init(struct frontier *frontier);
void frontier_append(struct frontier *frontier, const struct digest *leaf_hash);
/* Appends and tells which subtrees became whole: joins[h] is the root of the 2^(h + 1) leaves that end with this one. Returns how
 * many there are. */
size_t frontier_join(struct frontier *frontier, const struct digest *leaf_hash, struct digest joins[FRONTIER_MAX]);
/* SHA-256 of nothing for size 0. */
struct digest frontier_root(const struct frontier *frontier);

/* From the stored form: `len` must be 32 times the population count of `size`. 0 or ERR_INVALID. */
int frontier_load(struct frontier *frontier, uint64_t size, const uint8_t *nodes, size_t len) MUST_USE;

#endif
