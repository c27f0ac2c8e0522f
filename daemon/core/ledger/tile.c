/* tile.c - names, widths and hashes of tiles. */
#include "core/ledger/tile.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/ledger/frontier.h"
#include "core/ledger/line.h"

/* ---- names */

enum { GROUP_DIGITS = 3, GROUP = 1000, PATH_QUOTED_MAX = 80 };

/* 1234067 is x001/x234/067. */
static int put_index(char *out, size_t size, uint64_t index)
{
    unsigned groups[7]; /* of three digits each, the last first: 21 digits hold 64 bits */
    size_t count = 0;
    int used = 0;

    do {
        groups[count++] = (unsigned)(index % GROUP);
        index /= GROUP;
    } while (index);
    while (count-- > 1)
        used += snprintf(out + used, size - (size_t)used, "x%03u/", groups[count]);
    return used + snprintf(out + used, size - (size_t)used, "%03u", groups[0]);
}

void tile_path(const struct tile *tile, char path[TILE_PATH_SIZE])
{
    int used = tile->kind == TILE_ENTRIES ? snprintf(path, TILE_PATH_SIZE, "tile/entries/")
                                          : snprintf(path, TILE_PATH_SIZE, "tile/%u/", tile->level);

    used += put_index(path + used, TILE_PATH_SIZE - (size_t)used, tile->index);
    if (tile->width < TILE_WIDTH)
        used += snprintf(path + used, TILE_PATH_SIZE - (size_t)used, ".p/%u", tile->width);
    assert(used < TILE_PATH_SIZE);
}

/* Cuts what stands before the next slash, and the slash. */
static bool take_element(struct text *rest, struct text *element)
{
    const char *slash = rest->len ? memchr(rest->data, '/', rest->len) : NULL;

    if (!slash)
        return false;
    *element = (struct text){rest->data, (size_t)(slash - rest->data)};
    *rest = (struct text){slash + 1, rest->len - element->len - 1};
    return true;
}

static bool take_level(struct text *rest, struct tile *tile)
{
    struct text element;
    uint64_t level = 0;

    if (!line_take_prefix(rest, TEXT("tile/")) || !take_element(rest, &element))
        return false;
    tile->kind = text_equal(element, TEXT("entries")) ? TILE_ENTRIES : TILE_HASHES;
    if (tile->kind == TILE_HASHES && (!line_to_u64(element, &level) || level > TILE_LEVEL_MAX))
        return false;
    tile->level = (unsigned)level;
    return true;
}

/* Cuts three digits off and puts them behind the number. */
static bool take_group(struct text *rest, uint64_t *index)
{
    uint64_t group = 0;

    if (rest->len < GROUP_DIGITS)
        return false;
    for (size_t i = 0; i < GROUP_DIGITS; i++) {
        unsigned digit = (unsigned char)rest->data[i] - (unsigned)'0';

        if (digit > 9)
            return false;
        group = group * 10 + digit;
    }
    *rest = (struct text){rest->data + GROUP_DIGITS, rest->len - GROUP_DIGITS};
    return !__builtin_mul_overflow(*index, GROUP, index) && !__builtin_add_overflow(*index, group, index);
}

static bool take_index(struct text *rest, uint64_t *index)
{
    *index = 0;
    for (bool first = true; line_take_prefix(rest, TEXT("x")); first = false)
        if (!take_group(rest, index) || !line_take_prefix(rest, TEXT("/")) || (first && *index == 0))
            return false; /* a group of zeros in front would be a second name */
    return take_group(rest, index);
}

static bool take_width(struct text *rest, unsigned *width)
{
    uint64_t number = TILE_WIDTH;

    if (rest->len &&
        (!line_take_prefix(rest, TEXT(".p/")) || !line_to_u64(*rest, &number) || number == 0 || number >= TILE_WIDTH))
        return false;
    *width = (unsigned)number;
    return true;
}

int tile_path_parse(struct text path, struct tile *tile, struct error *error)
{
    struct text rest = path;

    if (take_level(&rest, tile) && take_index(&rest, &tile->index) && take_width(&rest, &tile->width))
        return 0;
    if (error) {
        (void)error_set(error, ERR_INVALID, "tile: %.*s; hint: as tile/<level>/x001/x234/067 or tile/entries/067.p/8",
                        (int)(path.len < PATH_QUOTED_MAX ? path.len : PATH_QUOTED_MAX), path.data ? path.data : "");
        text_make_clean(error->text);
    }
    return ERR_INVALID;
}

/* ---- what a tree has */

/* How many hashes a level has in all. */
static uint64_t level_width(unsigned level, uint64_t size)
{
    return level < TILE_LEVELS ? size >> (TILE_HEIGHT * level) : 0;
}

unsigned tile_width(unsigned level, uint64_t index, uint64_t size)
{
    uint64_t hashes = level_width(level, size);

    if (index > hashes / TILE_WIDTH)
        return 0;
    hashes -= index * TILE_WIDTH;
    return hashes < TILE_WIDTH ? (unsigned)hashes : TILE_WIDTH;
}

bool tile_in_tree(const struct tile *tile, uint64_t size)
{
    return tile->width > 0 && tile->width <= tile_width(tile->level, tile->index, size);
}

size_t tiles_completed(uint64_t old_size, uint64_t size, struct tile_span spans[TILE_LEVELS])
{
    size_t count = 0;

    assert(old_size <= size);
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        uint64_t begin = level_width(level, old_size) / TILE_WIDTH, end = level_width(level, size) / TILE_WIDTH;

        if (begin == end) /* nothing above either */
            break;
        spans[count++] = (struct tile_span){level, begin, end};
    }
    return count;
}

/* ---- hashes out of tiles */

int tile_of_node(struct tree_node node, uint64_t size, struct tile *tile)
{
    unsigned level = node.level / TILE_HEIGHT, height = node.level % TILE_HEIGHT;

    if (node.level >= TILE_LEVELS * TILE_HEIGHT || node.index >= size >> node.level)
        return ERR_NOT_FOUND;
    *tile = (struct tile){.kind = TILE_HASHES, .level = level, .index = node.index >> (TILE_HEIGHT - height)};
    tile->width = tile_width(level, tile->index, size);
    return 0;
}

/* Hashes pairs until one is left. `count` is a power of two. */
static struct digest join_pairs(const struct digest *hashes, size_t count)
{
    struct digest level[TILE_WIDTH];

    assert(count > 0 && count <= TILE_WIDTH && (count & (count - 1)) == 0);
    memcpy(level, hashes, count * sizeof *level);
    for (; count > 1; count /= 2)
        for (size_t i = 0; i < count / 2; i++)
            level[i] = node_hash(&level[2 * i], &level[2 * i + 1]);
    return level[0];
}

int tile_node_hash(const struct tile *tile, const struct digest *hashes, struct tree_node node, struct digest *hash)
{
    unsigned height = node.level % TILE_HEIGHT;
    uint64_t first = (node.index << height) % TILE_WIDTH, count = UINT64_C(1) << height;

    if (tile->kind != TILE_HASHES || node.level / TILE_HEIGHT != tile->level ||
        node.index >> (TILE_HEIGHT - height) != tile->index || first + count > tile->width)
        return ERR_NOT_FOUND;
    *hash = join_pairs(hashes + first, (size_t)count);
    return 0;
}

struct digest tile_hash(const struct digest hashes[TILE_WIDTH])
{
    return join_pairs(hashes, TILE_WIDTH);
}

static bool has_tile(const struct tile *tiles, size_t count, const struct tile *tile)
{
    for (size_t i = 0; i < count; i++)
        if (tiles[i].level == tile->level && tiles[i].index == tile->index)
            return true;
    return false;
}

static int add_range(struct leaf_range range, uint64_t size, struct tile *tiles, size_t max, size_t *count)
{
    struct tree_node nodes[PROOF_NODES_MAX];
    size_t node_count = proof_nodes(range, nodes);

    for (size_t i = 0; i < node_count; i++) {
        struct tile tile;

        if (tile_of_node(nodes[i], size, &tile))
            return ERR_NOT_FOUND;
        if (has_tile(tiles, *count, &tile))
            continue;
        if (*count == max)
            return ERR_TOO_LARGE;
        tiles[(*count)++] = tile;
    }
    return 0;
}

int tiles_of_plan(const struct proof_plan *plan, uint64_t size, struct tile *tiles, size_t max, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        int code = add_range(plan->ranges[i], size, tiles, max, count);

        if (code)
            return code;
    }
    return 0;
}

/* ---- bundles */

void tile_entry_put(struct buffer *bundle, const void *entry, size_t len)
{
    assert(len <= TILE_ENTRY_MAX);
    buffer_put_u16_be(bundle, (uint16_t)len);
    buffer_put(bundle, entry, len);
}

bool tile_entry_take(struct text *rest, struct text *entry)
{
    size_t len;

    if (rest->len < 2)
        return false;
    len = (size_t)(unsigned char)rest->data[0] << 8 | (unsigned char)rest->data[1];
    if (rest->len - 2 < len)
        return false;
    *entry = (struct text){rest->data + 2, len};
    *rest = (struct text){rest->data + 2 + len, rest->len - 2 - len};
    return true;
}
