/* proof.h - inclusion and consistency proofs of the log: which hashes they are made of, making them, checking them
 * (RFC 9162 sections 2.1.3 and 2.1.4, which hash as RFC 6962 does).
 *
 * A *node* is a perfect subtree: the 2^level leaves from index * 2^level on. Nodes never change once they are whole, so
 * they are what is stored. A *range* is any run of leaves that the tree of some size has as a subtree; it is made of at
 * most 64 nodes. A *plan* lists the ranges whose hashes are the proof, so that whoever stores nodes can fetch what is
 * needed before anything is computed.
 *
 * Pure; 64-bit sizes. Whoever makes or checks a proof uses it; core/ledger/edge takes the nodes of a whole tree from it. */
#ifndef CUSTODY_CORE_LEDGER_PROOF_H
#define CUSTODY_CORE_LEDGER_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"

/* 64 steps from a leaf to the root, and the old root's own node in a consistency proof. */
enum { PROOF_MAX = 65, PROOF_NODES_MAX = 64 };

struct tree_node {
    unsigned level; /* 0: a leaf hash */
    uint64_t index; /* within the level */
};

struct leaf_range {
    uint64_t begin, end; /* leaves [begin, end), not empty */
};

struct proof_plan {
    size_t count;
    struct leaf_range ranges[PROOF_MAX];
};

/* From the leaf's sibling up, as the proof stands in a file. */
struct proof {
    size_t count;
    struct digest hashes[PROOF_MAX];
};

/* Gives the hash of one node: 0 or a code, which comes back from whoever asked. */
typedef int node_read(void *context, struct tree_node node, struct digest *hash);

/* What proves that leaf `index` is in the tree of `size`. ERR_INVALID unless index < size. */
int proof_plan_inclusion(uint64_t index, uint64_t size, struct proof_plan *plan) MUST_USE;
/* What proves that the tree of `size` begins with the tree of `old_size`; nothing where they are equal. ERR_INVALID unless
 * 0 < old_size <= size: everything begins with the empty tree, and no proof says so. */
int proof_plan_consistency(uint64_t old_size, uint64_t size, struct proof_plan *plan) MUST_USE;

/* The nodes that make up a range, from the left; returns their number. */
size_t proof_nodes(struct leaf_range range, struct tree_node nodes[PROOF_NODES_MAX]);
/* The hash of a range out of its nodes' hashes, in the order of proof_nodes. `count` > 0. */
struct digest proof_join(const struct digest *hashes, size_t count);

/* Reads all nodes of the plan and computes the proof; the first code of `read` that is not 0 ends it. */
int proof_make(const struct proof_plan *plan, node_read *read, void *context, struct proof *proof) MUST_USE;
/* The root of the tree of `size`; the hash of nothing for 0. */
int proof_root(uint64_t size, node_read *read, void *context, struct digest *root) MUST_USE;

/* The root that the hashes, one after the other, lead to from the leaf hash; false when they are not as many as the way has steps. */
bool proof_inclusion_root(uint64_t index, uint64_t size, const struct digest *leaf_hash, const struct digest *hashes,
                          size_t count, struct digest *root) MUST_USE;
/* True when that root is this one. */
bool proof_inclusion_holds(uint64_t index, uint64_t size, const struct digest *leaf_hash, const struct digest *hashes,
                           size_t count, const struct digest *root);
/* True when the hashes lead to both roots. False when old_size is 0: a caller for whom the empty tree is a beginning (a
 * witness that meets a log for the first time) has nothing to check and must say so itself. */
bool proof_consistency_holds(uint64_t old_size, uint64_t size, const struct digest *hashes, size_t count,
                             const struct digest *old_root, const struct digest *root);

#endif
