/* test_growth.c - may this head be signed after that one: judged against trees in memory, whole, damaged and forked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger/frontier.h"
#include "core/ledger/growth.h"

/* Two full tiles of level 1 would be 131,072 leaves: enough to have three levels at work. */
#define LEAVES UINT64_C(140000)
enum { LEVELS = 3 };

/* Every hash of every tile level, as a database would keep them. */
static struct digest *stored[LEVELS];
static struct digest *roots; /* by size */

static int plant(void **state)
{
    struct frontier frontier;

    (void)state;
    roots = calloc(LEAVES + 1, sizeof *roots);
    for (unsigned level = 0; level < LEVELS; level++)
        stored[level] = calloc((LEAVES >> (8 * level)) + 1, sizeof **stored);
    frontier_init(&frontier);
    roots[0] = frontier_root(&frontier);
    for (uint64_t i = 0; i < LEAVES; i++) {
        stored[0][i] = sha256(&i, sizeof i);
        frontier_append(&frontier, &stored[0][i]);
        roots[i + 1] = frontier_root(&frontier);
    }
    for (unsigned level = 1; level < LEVELS; level++)
        for (uint64_t i = 0; i < LEAVES >> (8 * level); i++)
            stored[level][i] = tile_hash(&stored[level - 1][i * TILE_WIDTH]);
    return 0;
}

static int fell(void **state)
{
    (void)state;
    for (unsigned level = 0; level < LEVELS; level++)
        free(stored[level]);
    free(roots);
    return 0;
}

static size_t read_tiles(uint64_t old_size, uint64_t size, struct grown_tile *tiles)
{
    struct tile wanted[GROWTH_TILES_MAX];
    size_t count = growth_tiles(old_size, size, wanted);

    assert_true(count <= GROWTH_TILES_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_true(tile_in_tree(&wanted[i], size) && wanted[i].level < LEVELS);
        tiles[i] = (struct grown_tile){wanted[i], &stored[wanted[i].level][wanted[i].index * TILE_WIDTH]};
    }
    return count;
}

static enum growth_verdict judge(uint64_t old_size, uint64_t size, const struct digest *old_root,
                                 const struct digest *root)
{
    struct grown_tile tiles[GROWTH_TILES_MAX];
    struct grown_head before = {old_size, *old_root}, now = {size, *root};

    return growth_judge(&before, &now, tiles, read_tiles(old_size, size, tiles));
}

static void trees_of_some_hundred_leaves_grow_from_every_smaller_one(void **state)
{
    static const uint64_t sizes[] = {0, 1, 2, 3, 7, 8, 100, 255, 256, 257, 300, 511, 512, 513, 600};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (uint64_t old_size = 0; old_size <= sizes[i]; old_size++)
            assert_int_equal(judge(old_size, sizes[i], &roots[old_size], &roots[sizes[i]]), GROWTH_HOLDS);
}

static void so_do_large_trees_at_the_seams_of_their_tiles(void **state)
{
    static const uint64_t sizes[] = {1,     255,    256,    257,    65535,  65536, 65537,
                                     65792, 131071, 131072, 131073, 139999, 140000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k <= i; k++)
            assert_int_equal(judge(sizes[k], sizes[i], &roots[sizes[k]], &roots[sizes[i]]), GROWTH_HOLDS);
}

static void each_tile_is_asked_for_once(void **state)
{
    struct tile tiles[GROWTH_TILES_MAX];
    size_t count = growth_tiles(131073, 140000, tiles);

    (void)state;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(tiles[i].level == tiles[k].level && tiles[i].index == tiles[k].index);
    assert_true(growth_tiles(1, UINT64_MAX, tiles) <= GROWTH_TILES_MAX);
}

static void a_smaller_tree_is_behind(void **state)
{
    struct tile tiles[GROWTH_TILES_MAX];

    (void)state;
    assert_int_equal(growth_tiles(300, 299, tiles), 0);
    assert_int_equal(judge(300, 299, &roots[300], &roots[299]), GROWTH_BEHIND);
    assert_int_equal(judge(1, 0, &roots[1], &roots[0]), GROWTH_BEHIND);
}

static void another_history_of_the_same_size_is_a_fork(void **state)
{
    (void)state;
    assert_int_equal(judge(300, 300, &roots[299], &roots[300]), GROWTH_FORKED);
}

static void a_tree_that_does_not_begin_with_the_old_one_is_a_fork(void **state)
{
    (void)state;
    for (uint64_t old_size = 1; old_size < 300; old_size++)
        assert_int_equal(judge(old_size, 300, &roots[old_size + 1], &roots[300]), GROWTH_FORKED);
}

static void an_altered_root_or_size_is_damage(void **state)
{
    (void)state;
    assert_int_equal(judge(100, 300, &roots[100], &roots[299]), GROWTH_DAMAGED);
    assert_int_equal(judge(0, 0, &roots[0], &roots[1]), GROWTH_DAMAGED);
}

/* A tree of three levels where one hash that counts was changed. */
static enum growth_verdict judge_altered(unsigned level, uint64_t index)
{
    enum growth_verdict verdict;

    stored[level][index].bytes[31] ^= 1;
    verdict = judge(70000, LEAVES, &roots[70000], &roots[LEAVES]);
    stored[level][index].bytes[31] ^= 1;
    return verdict;
}

static void an_altered_hash_of_the_right_edge_is_damage(void **state)
{
    (void)state;
    assert_int_equal(judge_altered(0, LEAVES - 1), GROWTH_DAMAGED);
    assert_int_equal(judge_altered(0, LEAVES / 256 * 256), GROWTH_DAMAGED);
    assert_int_equal(judge_altered(1, LEAVES / 65536 * 256), GROWTH_DAMAGED);
    assert_int_equal(judge_altered(2, 0), GROWTH_DAMAGED);
}

static void an_altered_hash_where_the_old_tree_ended_is_a_fork(void **state)
{
    (void)state;
    assert_int_equal(judge_altered(0, 69999), GROWTH_FORKED);
    assert_int_equal(judge_altered(0, 70000), GROWTH_FORKED);
    assert_int_equal(judge_altered(1, 256), GROWTH_FORKED);
}

static void a_tile_that_is_missing_is_damage_or_a_fork_and_never_nothing(void **state)
{
    struct grown_tile tiles[GROWTH_TILES_MAX], fewer[GROWTH_TILES_MAX];
    struct grown_head before = {70000, roots[70000]}, now = {LEAVES, roots[LEAVES]};
    size_t count = read_tiles(before.size, now.size, tiles);

    (void)state;
    for (size_t missing = 0; missing < count; missing++) {
        memcpy(fewer, tiles, sizeof fewer);
        memmove(fewer + missing, fewer + missing + 1, (count - missing - 1) * sizeof *fewer);
        assert_int_not_equal(growth_judge(&before, &now, fewer, count - 1), GROWTH_HOLDS);
    }
    assert_int_equal(growth_judge(&before, &now, tiles, count), GROWTH_HOLDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_of_some_hundred_leaves_grow_from_every_smaller_one),
        cmocka_unit_test(so_do_large_trees_at_the_seams_of_their_tiles),
        cmocka_unit_test(each_tile_is_asked_for_once),
        cmocka_unit_test(a_smaller_tree_is_behind),
        cmocka_unit_test(another_history_of_the_same_size_is_a_fork),
        cmocka_unit_test(a_tree_that_does_not_begin_with_the_old_one_is_a_fork),
        cmocka_unit_test(an_altered_root_or_size_is_damage),
        cmocka_unit_test(an_altered_hash_of_the_right_edge_is_damage),
        cmocka_unit_test(an_altered_hash_where_the_old_tree_ended_is_a_fork),
        cmocka_unit_test(a_tile_that_is_missing_is_damage_or_a_fork_and_never_nothing),
    };

    return cmocka_run_group_tests(tests, plant, fell);
}
