/* frontier.c - appending to the right edge: two equal subtrees become one, as in binary counting. */
#include "core/ledger/frontier.h"

#include <assert.h>
#include <string.h>

struct digest node_hash(const struct digest *left, const struct digest *right)
{
    uint8_t prefixed[1 + 2 * SHA256_BYTES] = {1};

    memcpy(prefixed + 1, left->bytes, SHA256_BYTES);
    memcpy(prefixed + 1 + SHA256_BYTES, right->bytes, SHA256_BYTES);
    return sha256(prefixed, sizeof prefixed);
}

void frontier_init(struct frontier *frontier)
{
    frontier->size = 0;
    frontier->count = 0;
}

size_t frontier_join(struct frontier *frontier, const struct digest *leaf_hash, struct digest joins[FRONTIER_MAX])
{
    struct digest node = *leaf_hash;
    size_t count = 0;

    assert(frontier->size < UINT64_MAX);
    for (uint64_t bits = frontier->size; bits & 1; bits >>= 1) {
        node = node_hash(&frontier->nodes[--frontier->count], &node);
        joins[count++] = node;
    }
    frontier->nodes[frontier->count++] = node;
    frontier->size++;
    return count;
}

void frontier_append(struct frontier *frontier, const struct digest *leaf_hash)
{
    struct digest joins[FRONTIER_MAX];

    (void)frontier_join(frontier, leaf_hash, joins);
}

struct digest frontier_root(const struct frontier *frontier)
{
    struct digest root;

    if (frontier->count == 0)
        return sha256("", 0);
    root = frontier->nodes[frontier->count - 1];
    for (size_t i = frontier->count - 1; i > 0; i--)
        root = node_hash(&frontier->nodes[i - 1], &root);
    return root;
}

int frontier_load(struct frontier *frontier, uint64_t size, const uint8_t *nodes, size_t len)
{
    size_t count = (size_t)__builtin_popcountll(size);

    if (len != count * SHA256_BYTES)
        return ERR_INVALID;
    frontier->size = size;
    frontier->count = count;
    if (len)
        memcpy(frontier->nodes, nodes, len);
    return 0;
}
