/* test_edge.c - appending to the right edge against a tree in memory that is computed level by level, and, for sizes that no memory
 * holds, against partial tiles that are made up and grown one hash at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger/edge.h"

static uint64_t seed = 20261126;

static uint64_t draw(uint64_t below)
{
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return (seed >> 11) % below;
}

/* ---- a tree in memory */

enum { LEAVES = 200000, SMALL_SIZES = 2048, TREE_LEVELS = 18 };

static struct digest *levels[TREE_LEVELS];

static int make_tree(void **state)
{
    (void)state;
    for (size_t level = 0; level < TREE_LEVELS; level++) {
        size_t count = (size_t)LEAVES >> level;

        levels[level] = calloc(count, sizeof **levels);
        if (!levels[level])
            return -1;
        for (uint64_t i = 0; i < count; i++)
            levels[level][i] =
                level ? node_hash(&levels[level - 1][2 * i], &levels[level - 1][2 * i + 1]) : sha256(&i, sizeof i);
    }
    return 0;
}

static int free_tree(void **state)
{
    (void)state;
    for (size_t level = 0; level < TREE_LEVELS; level++)
        free(levels[level]);
    return 0;
}

/* MTH of RFC 6962 section 2.1 over the first leaves; perfect subtrees are looked up. */
static struct digest plain_root(uint64_t begin, uint64_t end)
{
    uint64_t n = end - begin, k = 1;
    struct digest left, right;

    if (n == 0)
        return sha256("", 0);
    if ((n & (n - 1)) == 0)
        return levels[__builtin_ctzll(n)][begin / n];
    while (2 * k < n)
        k *= 2;
    left = plain_root(begin, begin + k);
    right = plain_root(begin + k, end);
    return node_hash(&left, &right);
}

static size_t plain_frontier(uint64_t size, struct digest nodes[FRONTIER_MAX])
{
    size_t count = 0;
    uint64_t done = 0;

    for (unsigned level = TREE_LEVELS; level-- > 0;)
        if (size >> level & 1) {
            nodes[count++] = levels[level][done >> level];
            done += UINT64_C(1) << level;
        }
    return count;
}

/* The hashes of a level that stand behind its last full tile. */
static struct text plain_tile(uint64_t size, unsigned level)
{
    uint64_t count = size;

    for (unsigned i = 0; i < level; i++)
        count /= TILE_WIDTH;
    if (count % TILE_WIDTH == 0)
        return (struct text){"", 0};
    return (struct text){(const char *)&levels[TILE_HEIGHT * level][count - count % TILE_WIDTH],
                         (size_t)(count % TILE_WIDTH) * SHA256_BYTES};
}

static void load_frontier(struct edge *edge, uint64_t size)
{
    struct digest nodes[FRONTIER_MAX];
    size_t count = plain_frontier(size, nodes);

    memset(edge, 0xa5, sizeof *edge);
    assert_int_equal(edge_load(edge, size, (struct text){(const char *)nodes, count * SHA256_BYTES}), 0);
}

static void load(struct edge *edge, uint64_t size)
{
    struct text tiles[TILE_LEVELS];

    load_frontier(edge, size);
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        tiles[level] = plain_tile(size, level);
    assert_int_equal(edge_load_tiles(edge, tiles), 0);
}

static void check_frontier(const struct frontier *frontier, uint64_t size)
{
    struct digest nodes[FRONTIER_MAX], root = frontier_root(frontier), plain = plain_root(0, size);
    size_t count = plain_frontier(size, nodes);

    if (frontier->size != size || frontier->count != count ||
        memcmp(frontier->nodes, nodes, count * sizeof *nodes) != 0 || !digest_equal(&root, &plain))
        fail_msg("frontier or root of size %llu", (unsigned long long)size);
}

static void check_tiles(const struct edge *edge, uint64_t size)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        struct text tile = edge_tile(edge, level), plain = plain_tile(size, level);

        if (!text_equal(tile, plain))
            fail_msg("partial tile of level %u at size %llu", level, (unsigned long long)size);
    }
}

/* What was written, in order: as many as the sizes say, and each is a piece of its level. */
struct shelf {
    uint64_t next[TILE_LEVELS]; /* index */
    size_t written;
};

static void put_on_shelf(void *context, unsigned level, uint64_t tile_index, const struct digest hashes[TILE_WIDTH])
{
    struct shelf *shelf = context;

    assert_true(level < TILE_LEVELS && tile_index == shelf->next[level]);
    assert_true(level == 0 || (tile_index + 1) * TILE_WIDTH == shelf->next[level - 1]); /* what is below was written */
    assert_memory_equal(hashes, &levels[TILE_HEIGHT * level][TILE_WIDTH * tile_index], TILE_WIDTH * sizeof *hashes);
    shelf->next[level]++;
    shelf->written++;
}

static void grow(struct edge *edge, uint64_t to)
{
    uint64_t from = edge->frontier.size;
    struct tile_span spans[TILE_LEVELS];
    size_t span_count = tiles_completed(from, to, spans), expected = 0;
    struct shelf shelf = {.written = 0};

    assert_int_equal(span_count > 0, edge_completes(from, to - from));
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        shelf.next[level] = from >> (TILE_HEIGHT * (level + 1) - 1) >> 1;
    for (size_t i = 0; i < span_count; i++)
        expected += (size_t)(spans[i].end - spans[i].begin);
    for (uint64_t i = from; i < to; i++)
        edge_append(edge, &levels[0][i], put_on_shelf, &shelf);
    assert_int_equal(shelf.written, expected);
    check_frontier(&edge->frontier, to);
    check_tiles(edge, to);
}

static void every_size_has_the_tiles_of_the_definition(void **state)
{
    struct edge edge;

    (void)state;
    load(&edge, 0);
    for (uint64_t size = 0; size < SMALL_SIZES; size++)
        grow(&edge, size + 1);
}

static void an_edge_goes_on_from_its_stored_form_at_every_size(void **state)
{
    struct edge edge;

    (void)state;
    for (uint64_t size = 0; size <= SMALL_SIZES; size++) {
        load(&edge, size);
        check_tiles(&edge, size);
        grow(&edge, size + 1 + draw(2 * (uint64_t)TILE_WIDTH));
    }
}

static void larger_trees_grow_by_any_number_of_leaves(void **state)
{
    static const uint64_t ends[][2] = {{0, LEAVES}, {65535, 65536}, {65280, 65536}, {65536, 131072}, {131071, 131073}};
    struct edge edge;

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        load(&edge, ends[i][0]);
        grow(&edge, ends[i][1]);
    }
    for (int round = 0; round < 200; round++) {
        uint64_t from = draw(LEAVES), most = LEAVES - from < 3000 ? LEAVES - from : 3000;

        load(&edge, from);
        grow(&edge, from + 1 + draw(most));
    }
}

static void never_write(void *context, unsigned level, uint64_t tile_index, const struct digest hashes[TILE_WIDTH])
{
    (void)context, (void)hashes;
    fail_msg("tile %u/%llu is not full", level, (unsigned long long)tile_index);
}

static void without_tiles_an_edge_grows_to_the_next_full_one(void **state)
{
    struct edge edge;

    (void)state;
    for (uint64_t size = 0; size < SMALL_SIZES; size += 1 + draw(40)) {
        uint64_t at = size;

        load_frontier(&edge, size);
        for (; !edge_completes(at, 1); at++)
            edge_append(&edge, &levels[0][at], never_write, NULL);
        assert_int_equal(at % TILE_WIDTH, TILE_WIDTH - 1);
        check_frontier(&edge.frontier, at);
    }
}

static void tiles_are_completed_by_the_leaf_that_fills_one(void **state)
{
    (void)state;
    assert_false(edge_completes(0, 0));
    assert_false(edge_completes(0, 255));
    assert_true(edge_completes(0, 256));
    assert_false(edge_completes(255, 0));
    assert_true(edge_completes(255, 1));
    assert_false(edge_completes(256, 255));
    assert_true(edge_completes(257, 255));
    assert_true(edge_completes(3, UINT64_MAX - 3));
    assert_false(edge_completes(UINT64_MAX - 2, 2)); /* the last leaf that a size can count fills no tile */
}

/* ---- what is not an edge */

static void a_frontier_of_another_size_is_refused(void **state)
{
    struct digest nodes[FRONTIER_MAX];
    struct edge edge;

    (void)state;
    for (uint64_t size = 1; size < 600; size += 7) {
        size_t len = plain_frontier(size, nodes) * SHA256_BYTES;

        assert_int_equal(edge_load(&edge, size, (struct text){(const char *)nodes, len - SHA256_BYTES}), ERR_INVALID);
        assert_int_equal(edge_load(&edge, size, (struct text){(const char *)nodes, len - 1}), ERR_INVALID);
        assert_int_equal(edge_load(&edge, size, (struct text){(const char *)nodes, len + SHA256_BYTES}), ERR_INVALID);
    }
}

/* 2 * 256^2 + 3 * 256 + 5 leaves: partial tiles on three levels. */
enum { THREE_LEVELS = 2 * 65536 + 3 * 256 + 5 };

static void a_partial_tile_of_another_width_is_refused(void **state)
{
    struct text tiles[TILE_LEVELS];
    struct edge edge;

    (void)state;
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        tiles[level] = plain_tile(THREE_LEVELS, level);
    load_frontier(&edge, THREE_LEVELS);
    assert_int_equal(edge_load_tiles(&edge, tiles), 0);
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        static const ptrdiff_t changes[] = {SHA256_BYTES, -SHA256_BYTES, 1, -1};
        struct text tile = tiles[level];

        for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
            if (changes[i] < 0 && !tile.len)
                continue;
            tiles[level] = (struct text){(const char *)levels[TILE_HEIGHT], tile.len + (size_t)changes[i]};
            assert_int_equal(edge_load_tiles(&edge, tiles), ERR_INVALID);
            assert_false(edge.has_tiles);
        }
        tiles[level] = tile;
    }
}

static void a_partial_tile_that_does_not_hash_to_the_frontier_is_refused(void **state)
{
    struct edge edge;
    char altered[TILE_WIDTH * SHA256_BYTES];

    (void)state;
    load_frontier(&edge, THREE_LEVELS);
    for (unsigned level = 0; level < 3; level++)
        for (size_t at = 0; at < plain_tile(THREE_LEVELS, level).len; at += 13) {
            struct text tiles[TILE_LEVELS];

            for (unsigned other = 0; other < TILE_LEVELS; other++)
                tiles[other] = plain_tile(THREE_LEVELS, other);
            memcpy(altered, tiles[level].data, tiles[level].len);
            altered[at] = (char)(altered[at] ^ 1 << at % 8);
            tiles[level].data = altered;
            if (edge_load_tiles(&edge, tiles) != ERR_INVALID)
                fail_msg("level %u, byte %zu", level, at);
        }
}

/* ---- sizes that no memory holds */

/* Partial tiles by level, kept the obvious way: a full one is written, and its hash stands in the next level. */
struct pile {
    uint64_t counts[TILE_LEVELS]; /* hashes of the whole level */
    struct digest tiles[TILE_LEVELS][TILE_WIDTH];
    struct edge *edge;
    unsigned written;
};

static struct digest pairs_joined(const struct digest *hashes, size_t count)
{
    struct digest left, right;

    if (count == 1)
        return hashes[0];
    left = pairs_joined(hashes, count / 2);
    right = pairs_joined(hashes + count / 2, count / 2);
    return node_hash(&left, &right);
}

static void pile_put(struct pile *pile, unsigned level, const struct digest *hash)
{
    pile->tiles[level][pile->counts[level]++ % TILE_WIDTH] = *hash;
    if (pile->counts[level] % TILE_WIDTH == 0) {
        struct digest above = pairs_joined(pile->tiles[level], TILE_WIDTH);

        pile_put(pile, level + 1, &above);
    }
}

static size_t pile_frontier(const struct pile *pile, struct digest nodes[FRONTIER_MAX])
{
    size_t count = 0;

    for (unsigned level = TILE_LEVELS; level-- > 0;) {
        size_t at = 0;

        for (size_t width = TILE_WIDTH / 2; width > 0; width /= 2)
            if (pile->counts[level] & width) {
                nodes[count++] = pairs_joined(&pile->tiles[level][at], width);
                at += width;
            }
    }
    return count;
}

static void pile_make_up(struct pile *pile, uint64_t size)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++, size /= TILE_WIDTH) {
        pile->counts[level] = size;
        for (size_t i = 0; i < size % TILE_WIDTH; i++) {
            uint64_t word = draw(UINT64_MAX);

            pile->tiles[level][i] = sha256(&word, sizeof word);
        }
    }
}

static struct text pile_tile(const struct pile *pile, unsigned level)
{
    return (struct text){(const char *)pile->tiles[level],
                         (size_t)(pile->counts[level] % TILE_WIDTH) * sizeof(struct digest)};
}

/* Runs before the edge goes on above; the pile has gone on everywhere, but still shows what it had. */
static void compare_with_pile(void *context, unsigned level, uint64_t tile_index,
                              const struct digest hashes[TILE_WIDTH])
{
    struct pile *pile = context;

    assert_true(tile_index == pile->counts[level] / TILE_WIDTH - 1 && pile->counts[level] % TILE_WIDTH == 0);
    assert_memory_equal(hashes, pile->tiles[level], TILE_WIDTH * sizeof *hashes);
    pile->written++;
}

static unsigned grow_made_up(uint64_t size, uint64_t count)
{
    struct pile pile = {.written = 0};
    struct text tiles[TILE_LEVELS];
    struct digest nodes[FRONTIER_MAX];
    struct edge edge;
    size_t node_count;

    pile_make_up(&pile, size);
    node_count = pile_frontier(&pile, nodes);
    assert_int_equal(edge_load(&edge, size, (struct text){(const char *)nodes, node_count * sizeof *nodes}), 0);
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        tiles[level] = pile_tile(&pile, level);
    assert_int_equal(edge_load_tiles(&edge, tiles), 0);
    for (uint64_t i = 0; i < count; i++) {
        struct digest leaf = sha256(&i, sizeof i);

        pile_put(&pile, 0, &leaf);
        edge_append(&edge, &leaf, compare_with_pile, &pile);
    }
    assert_true(edge.frontier.size == size + count);
    node_count = pile_frontier(&pile, nodes);
    assert_int_equal(edge.frontier.count, node_count);
    assert_memory_equal(edge.frontier.nodes, nodes, node_count * sizeof *nodes);
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        assert_true(text_equal(edge_tile(&edge, level), pile_tile(&pile, level)));
    return pile.written;
}

static void the_largest_trees_grow_on_every_level(void **state)
{
    (void)state;
    for (unsigned level = 1; level < TILE_LEVELS; level++) {
        uint64_t size = UINT64_C(1) << (TILE_HEIGHT * level); /* at whose end `level` tiles become full at once */

        assert_int_equal(grow_made_up(size - 1, 1), level);
        assert_int_equal(grow_made_up(size - 1, 300), level + 1);
        assert_int_equal(grow_made_up(255 * (size - 1) + 254, 1) > 0, 1);
    }
    assert_int_equal(grow_made_up(UINT64_MAX - 256, 256), 1);
    assert_int_equal(grow_made_up((UINT64_C(1) << 63) - 1, 2), 7);
    for (int round = 0; round < 100; round++)
        (void)grow_made_up((draw(UINT64_MAX) >> draw(60)) & ~UINT64_C(1023), 1 + draw(700));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_has_the_tiles_of_the_definition),
        cmocka_unit_test(an_edge_goes_on_from_its_stored_form_at_every_size),
        cmocka_unit_test(larger_trees_grow_by_any_number_of_leaves),
        cmocka_unit_test(without_tiles_an_edge_grows_to_the_next_full_one),
        cmocka_unit_test(tiles_are_completed_by_the_leaf_that_fills_one),
        cmocka_unit_test(a_frontier_of_another_size_is_refused),
        cmocka_unit_test(a_partial_tile_of_another_width_is_refused),
        cmocka_unit_test(a_partial_tile_that_does_not_hash_to_the_frontier_is_refused),
        cmocka_unit_test(the_largest_trees_grow_on_every_level),
    };
    return cmocka_run_group_tests(tests, make_tree, free_tree);
}
