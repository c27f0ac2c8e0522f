/* proof.c - planning, making and checking proofs. */
#include "core/ledger/proof.h"

#include <assert.h>

#include "core/ledger/frontier.h"

/* The largest power of two below n: where the tree of n > 1 leaves is split. */
static uint64_t split_of(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static bool is_power_of_two(uint64_t n)
{
    return n && (n & (n - 1)) == 0;
}

static void plan_add(struct proof_plan *plan, uint64_t begin, uint64_t end)
{
    assert(plan->count < PROOF_MAX);
    plan->ranges[plan->count++] = (struct leaf_range){begin, end};
}

/* We go down from the root; a proof is written from the bottom up. */
static void plan_turn(struct proof_plan *plan)
{
    for (size_t i = 0; 2 * i + 1 < plan->count; i++) {
        struct leaf_range kept = plan->ranges[i];

        plan->ranges[i] = plan->ranges[plan->count - 1 - i];
        plan->ranges[plan->count - 1 - i] = kept;
    }
}

int proof_plan_inclusion(uint64_t index, uint64_t size, struct proof_plan *plan)
{
    uint64_t begin = 0, end = size;

    plan->count = 0;
    if (index >= size)
        return ERR_INVALID;
    while (end - begin > 1) {
        uint64_t middle = begin + split_of(end - begin);

        if (index < middle) {
            plan_add(plan, middle, end);
            end = middle;
        } else {
            plan_add(plan, begin, middle);
            begin = middle;
        }
    }
    plan_turn(plan);
    return 0;
}

int proof_plan_consistency(uint64_t old_size, uint64_t size, struct proof_plan *plan)
{
    uint64_t begin = 0, end = size;

    plan->count = 0;
    if (old_size == 0 || old_size > size)
        return ERR_INVALID;
    while (end != old_size) { /* the old tree ends within [begin, end) */
        uint64_t middle = begin + split_of(end - begin);

        if (old_size <= middle) {
            plan_add(plan, middle, end);
            end = middle;
        } else {
            plan_add(plan, begin, middle);
            begin = middle;
        }
    }
    if (begin > 0) /* otherwise what is left is the old tree itself, whose root is known */
        plan_add(plan, begin, end);
    plan_turn(plan);
    return 0;
}

/* ---- making */

size_t proof_nodes(struct leaf_range range, struct tree_node nodes[PROOF_NODES_MAX])
{
    size_t count = 0;

    assert(range.begin < range.end);
    for (uint64_t at = range.begin; at < range.end;) {
        unsigned level = 63 - (unsigned)__builtin_clzll(range.end - at);

        assert((at & ((UINT64_C(1) << level) - 1)) == 0 &&
               count < PROOF_NODES_MAX); /* a subtree of no tree otherwise */
        nodes[count++] = (struct tree_node){level, at >> level};
        at += UINT64_C(1) << level;
    }
    return count;
}

struct digest proof_join(const struct digest *hashes, size_t count)
{
    struct digest joined;

    assert(count > 0);
    joined = hashes[count - 1];
    for (size_t i = count - 1; i > 0; i--)
        joined = node_hash(&hashes[i - 1], &joined);
    return joined;
}

static int range_hash(struct leaf_range range, node_read *read, void *context, struct digest *hash)
{
    struct tree_node nodes[PROOF_NODES_MAX];
    struct digest hashes[PROOF_NODES_MAX];
    size_t count = proof_nodes(range, nodes);

    for (size_t i = 0; i < count; i++) {
        int code = read(context, nodes[i], &hashes[i]);

        if (code)
            return code;
    }
    *hash = proof_join(hashes, count);
    return 0;
}

int proof_make(const struct proof_plan *plan, node_read *read, void *context, struct proof *proof)
{
    proof->count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        int code = range_hash(plan->ranges[i], read, context, &proof->hashes[i]);

        if (code)
            return code;
    }
    proof->count = plan->count;
    return 0;
}

int proof_root(uint64_t size, node_read *read, void *context, struct digest *root)
{
    if (size == 0) {
        *root = sha256("", 0);
        return 0;
    }
    return range_hash((struct leaf_range){0, size}, read, context, root);
}

/* ---- checking */

/* Where we are on the way up: the node's index in its level, and the index of the level's last node. */
struct climb {
    uint64_t at, last;
};

/* Whether the sibling stands to the left; the climb then skips the levels where a last node without sibling is lifted. */
static bool climb_from_right(struct climb *climb)
{
    if (!(climb->at & 1) && climb->at != climb->last)
        return false;
    while (!(climb->at & 1) && climb->at != 0) {
        climb->at >>= 1;
        climb->last >>= 1;
    }
    return true;
}

static void climb_up(struct climb *climb)
{
    climb->at >>= 1;
    climb->last >>= 1;
}

bool proof_inclusion_root(uint64_t index, uint64_t size, const struct digest *leaf_hash, const struct digest *hashes,
                          size_t count, struct digest *root)
{
    struct climb climb = {index, size - 1};
    struct digest reached = *leaf_hash;

    if (index >= size)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (climb.last == 0)
            return false;
        reached = climb_from_right(&climb) ? node_hash(&hashes[i], &reached) : node_hash(&reached, &hashes[i]);
        climb_up(&climb);
    }
    *root = reached;
    return climb.last == 0;
}

bool proof_inclusion_holds(uint64_t index, uint64_t size, const struct digest *leaf_hash, const struct digest *hashes,
                           size_t count, const struct digest *root)
{
    struct digest reached;

    return proof_inclusion_root(index, size, leaf_hash, hashes, count, &reached) && digest_equal(&reached, root);
}

/* Both trees grow from the largest node that ends where the old tree ends. */
static bool roots_grow(struct climb climb, struct digest seed, const struct digest *hashes, size_t count,
                       const struct digest *old_root, const struct digest *root)
{
    struct digest before = seed, after = seed;

    for (size_t i = 0; i < count; i++) {
        if (climb.last == 0)
            return false;
        if (climb_from_right(&climb)) {
            before = node_hash(&hashes[i], &before);
            after = node_hash(&hashes[i], &after);
        } else {
            after = node_hash(&after, &hashes[i]);
        }
        climb_up(&climb);
    }
    return climb.last == 0 && digest_equal(&before, old_root) && digest_equal(&after, root);
}

bool proof_consistency_holds(uint64_t old_size, uint64_t size, const struct digest *hashes, size_t count,
                             const struct digest *old_root, const struct digest *root)
{
    struct climb climb = {old_size - 1, size - 1};

    if (old_size == 0 || old_size > size)
        return false;
    if (old_size == size)
        return count == 0 && digest_equal(old_root, root);
    if (count == 0)
        return false;
    while (climb.at & 1)
        climb_up(&climb);
    if (is_power_of_two(old_size)) /* the old tree is itself that node */
        return roots_grow(climb, *old_root, hashes, count, old_root, root);
    return roots_grow(climb, hashes[0], hashes + 1, count - 1, old_root, root);
}
