/* growth.c - the tiles of root and consistency proof, and the judgement. */
#include "core/ledger/growth.h"

#include <assert.h>
#include <string.h>

#include "core/ledger/proof.h"

static size_t add_tiles(const struct proof_plan *plan, uint64_t size, struct tile *tiles, size_t count)
{
    struct tile wanted[TILES_OF_PROOF_MAX];
    size_t wanted_count, before = count;
    int code = tiles_of_plan(plan, size, wanted, TILES_OF_PROOF_MAX, &wanted_count);

    assert(code == 0); /* plans are of this tree, and the bound always does */
    (void)code;
    for (size_t i = 0; i < wanted_count; i++) {
        bool known = false;

        for (size_t k = 0; k < before && !known; k++)
            known = tiles[k].level == wanted[i].level && tiles[k].index == wanted[i].index;
        if (!known)
            tiles[count++] = wanted[i];
    }
    return count;
}

size_t growth_tiles(uint64_t old_size, uint64_t size, struct tile tiles[GROWTH_TILES_MAX])
{
    struct proof_plan whole = {.count = 1, .ranges = {{0, size}}}, plan;
    size_t count;

    if (size == 0 || size < old_size)
        return 0;
    count = add_tiles(&whole, size, tiles, 0);
    if (old_size > 0 && proof_plan_consistency(old_size, size, &plan) == 0)
        count = add_tiles(&plan, size, tiles, count);
    return count;
}

struct given_tiles {
    uint64_t size;
    const struct grown_tile *tiles;
    size_t count;
};

static int read_node(void *context, struct tree_node node, struct digest *hash)
{
    const struct given_tiles *given = context;
    struct tile wanted;

    if (tile_of_node(node, given->size, &wanted))
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < given->count; i++)
        if (given->tiles[i].tile.level == wanted.level && given->tiles[i].tile.index == wanted.index)
            return tile_node_hash(&given->tiles[i].tile, given->tiles[i].hashes, node, hash);
    return ERR_NOT_FOUND;
}

static bool grows_from(const struct grown_head *before, const struct grown_head *now, struct given_tiles *given)
{
    struct proof_plan plan;
    struct proof proof;

    if (before->size == 0)
        return true;
    return proof_plan_consistency(before->size, now->size, &plan) == 0 &&
           proof_make(&plan, read_node, given, &proof) == 0 &&
           proof_consistency_holds(before->size, now->size, proof.hashes, proof.count, &before->root, &now->root);
}

enum growth_verdict growth_judge(const struct grown_head *before, const struct grown_head *now,
                                 const struct grown_tile *tiles, size_t count)
{
    struct given_tiles given = {now->size, tiles, count};
    struct digest root;

    if (now->size < before->size)
        return GROWTH_BEHIND;
    if (proof_root(now->size, read_node, &given, &root) || !digest_equal(&root, &now->root))
        return GROWTH_DAMAGED;
    return grows_from(before, now, &given) ? GROWTH_HOLDS : GROWTH_FORKED;
}
