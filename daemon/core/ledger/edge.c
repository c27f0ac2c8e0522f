/* edge.c - appending to the right edge, eight levels of the frontier a tile. */
#include "core/ledger/edge.h"

#include <assert.h>
#include <string.h>

int edge_load(struct edge *edge, uint64_t size, struct text frontier)
{
    edge->has_tiles = false;
    return frontier_load(&edge->frontier, size, (const uint8_t *)frontier.data, frontier.len);
}

/* How many hashes the last, partial tile of a level has. */
static unsigned width_of(uint64_t size, unsigned level)
{
    return (unsigned)(size >> (TILE_HEIGHT * level)) % TILE_WIDTH;
}

/* Every node of the frontier is whole in one partial tile: the one of its level. */
static bool tiles_fit(const struct edge *edge)
{
    struct tree_node nodes[PROOF_NODES_MAX];
    uint64_t size = edge->frontier.size;
    size_t count = size ? proof_nodes((struct leaf_range){0, size}, nodes) : 0;

    for (size_t i = 0; i < count; i++) {
        struct tile tile;
        struct digest hash;

        if (tile_of_node(nodes[i], size, &tile) || tile_node_hash(&tile, edge->tiles[tile.level], nodes[i], &hash) ||
            !digest_equal(&hash, &edge->frontier.nodes[i]))
            return false;
    }
    return true;
}

int edge_load_tiles(struct edge *edge, const struct text tiles[TILE_LEVELS])
{
    edge->has_tiles = false;
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        if (tiles[level].len != width_of(edge->frontier.size, level) * sizeof(struct digest))
            return ERR_INVALID;
        if (tiles[level].len)
            memcpy(edge->tiles[level], tiles[level].data, tiles[level].len);
    }
    edge->has_tiles = tiles_fit(edge);
    return edge->has_tiles ? 0 : ERR_INVALID;
}

bool edge_completes(uint64_t size, uint64_t count)
{
    return count >= TILE_WIDTH - size % TILE_WIDTH;
}

struct text edge_tile(const struct edge *edge, unsigned level)
{
    assert(edge->has_tiles);
    return (struct text){(const char *)edge->tiles[level],
                         width_of(edge->frontier.size, level) * sizeof(struct digest)};
}

void edge_append(struct edge *edge, const struct digest *leaf_hash, edge_write_tile *write, void *context)
{
    uint64_t index = edge->frontier.size;
    struct digest joins[FRONTIER_MAX];
    size_t count = frontier_join(&edge->frontier, leaf_hash, joins);
    const struct digest *hash = leaf_hash;

    assert(edge->has_tiles || !edge_completes(index, 1));
    if (!edge->has_tiles)
        return;
    for (unsigned level = 0;; level++) {
        edge->tiles[level][index % TILE_WIDTH] = *hash;
        if (index % TILE_WIDTH != TILE_WIDTH - 1)
            return;
        index /= TILE_WIDTH;
        write(context, level, index, edge->tiles[level]);
        assert(count >= (level + 1) * TILE_HEIGHT);
        hash = &joins[(level + 1) * TILE_HEIGHT - 1];
    }
}
