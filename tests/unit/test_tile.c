/* test_tile.c - tiles: their names both ways, what a tree has of them, and hashes out of them, against a tree in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger/frontier.h"
#include "core/ledger/tile.h"

/* ---- names */

static const struct {
    struct tile tile;
    const char *path;
} names[] = {
    {{TILE_HASHES, 0, 0, 256}, "tile/0/000"},
    {{TILE_HASHES, 0, 0, 1}, "tile/0/000.p/1"},
    {{TILE_HASHES, 1, 5, 255}, "tile/1/005.p/255"},
    {{TILE_HASHES, 63, 999, 256}, "tile/63/999"},
    {{TILE_HASHES, 0, 1000, 256}, "tile/0/x001/000"},
    {{TILE_HASHES, 0, 1234067, 256}, "tile/0/x001/x234/067"},
    {{TILE_HASHES, 2, 1234067, 8}, "tile/2/x001/x234/067.p/8"},
    {{TILE_HASHES, 0, 1000000, 256}, "tile/0/x001/x000/000"},
    {{TILE_HASHES, 0, UINT64_MAX, 12}, "tile/0/x018/x446/x744/x073/x709/x551/615.p/12"},
    {{TILE_ENTRIES, 0, 0, 256}, "tile/entries/000"},
    {{TILE_ENTRIES, 0, 70000, 112}, "tile/entries/x070/000.p/112"},
};

static void a_tile_has_the_name_of_the_specification_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[TILE_PATH_SIZE];
        struct tile tile;

        tile_path(&names[i].tile, path);
        assert_string_equal(path, names[i].path);
        assert_int_equal(tile_path_parse(text_of(path), &tile, NULL), 0);
        assert_int_equal(tile.kind, names[i].tile.kind);
        assert_int_equal(tile.level, names[i].tile.level);
        assert_true(tile.index == names[i].tile.index);
        assert_int_equal(tile.width, names[i].tile.width);
    }
}

static void every_other_name_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "Tile/0/000",
        "tile/0/000/",
        "tile/0/000 ",
        "tile//000",
        "tile/00/000",
        "tile/01/000",
        "tile/+1/000",
        "tile/-1/000",
        "tile/64/000",
        "tile/18446744073709551616/000",
        "tile/a/000",
        "tile/Entries/000",
        "tile/entry/000",
        "tile/entries",
        "tile/entries/",
        "tile/entries/0/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1234067",
        "tile/0/001/234/067", /* no x */
        "tile/0/x001/234/067",
        "tile/0/x001/x234/x067", /* the last has none */
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/x1/000",
        "tile/0/x0001/000",
        "tile/0/x000/005", /* a second name for 5 */
        "tile/0/x000/x001/005",
        "tile/0/X001/000",
        "tile/0/x00a/000",
        "tile/0/x 01/000",
        "tile/0/x-01/000",
        "tile/0/\xef\xbc\x90\xef\xbc\x90\xef\xbc\x90",
        "tile/0/x018/x446/x744/x073/x709/x551/616", /* 2^64 */
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256", /* that would be the full one */
        "tile/0/000.p/257",
        "tile/0/000.p/18446744073709551617",
        "tile/0/000.p/8/",
        "tile/0/000.p/8 ",
        "tile/0/000.P/8",
        "tile/0/000p/8",
        "tile/0/000.p8",
        "tile/0/000.p/-8",
        "tile/0/x001.p/8/000",
        "tile/0/../0/000",
        "checkpoint",
    };
    struct tile tile;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error = (struct error){0};
        if (tile_path_parse(text_of(wrong[i]), &tile, &error) != ERR_INVALID || !error.text[0])
            fail_msg("accepted: %s", wrong[i]);
    }
    assert_int_equal(tile_path_parse((struct text){"tile/0/000\0", 11}, &tile, NULL), ERR_INVALID);
    assert_int_equal(tile_path_parse(text_of(NULL), &tile, NULL), ERR_INVALID);
}

/* ---- what a tree has */

/* The example of the specification. */
static void a_tree_of_70000_has_the_tiles_that_the_specification_counts(void **state)
{
    (void)state;
    assert_int_equal(tile_width(0, 0, 70000), 256);
    assert_int_equal(tile_width(0, 272, 70000), 256);
    assert_int_equal(tile_width(0, 273, 70000), 112);
    assert_int_equal(tile_width(0, 274, 70000), 0);
    assert_int_equal(tile_width(1, 0, 70000), 256);
    assert_int_equal(tile_width(1, 1, 70000), 17);
    assert_int_equal(tile_width(1, 2, 70000), 0);
    assert_int_equal(tile_width(2, 0, 70000), 1);
    assert_int_equal(tile_width(2, 1, 70000), 0);
    assert_int_equal(tile_width(3, 0, 70000), 0);
    assert_int_equal(tile_width(0, 0, 256), 256);
    assert_int_equal(tile_width(0, 1, 256), 0); /* empty tiles are none */
    assert_int_equal(tile_width(1, 0, 256), 1);
}

static void the_ends_of_64_bits_have_tiles_too(void **state)
{
    (void)state;
    assert_int_equal(tile_width(0, 0, 0), 0);
    assert_int_equal(tile_width(7, 0, UINT64_MAX), 255);
    assert_int_equal(tile_width(7, 1, UINT64_MAX), 0);
    assert_int_equal(tile_width(0, UINT64_MAX >> 8, UINT64_MAX), 255);
    assert_int_equal(tile_width(0, UINT64_MAX, UINT64_MAX), 0);
    for (unsigned level = 8; level <= TILE_LEVEL_MAX; level++)
        assert_int_equal(tile_width(level, 0, UINT64_MAX), 0);
}

static void a_tree_answers_to_its_tiles_and_their_beginnings(void **state)
{
    struct tile tile = {TILE_HASHES, 0, 273, 112};

    (void)state;
    assert_true(tile_in_tree(&tile, 70000));
    tile.width = 1;
    assert_true(tile_in_tree(&tile, 70000));
    tile.width = 113;
    assert_false(tile_in_tree(&tile, 70000));
    tile.width = 0;
    assert_false(tile_in_tree(&tile, 70000));
    tile = (struct tile){TILE_ENTRIES, 0, 272, 256};
    assert_true(tile_in_tree(&tile, 70000));
    assert_false(tile_in_tree(&tile, 69887));
}

/* ---- a tree in memory */

enum { LEAVES = 70000, TREE_LEVELS = 17 };

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

static const struct digest *tile_data(const struct tile *tile)
{
    return &levels[TILE_HEIGHT * tile->level][TILE_WIDTH * tile->index];
}

static void an_append_completes_what_becomes_256_wide(void **state)
{
    static const uint64_t ends[] = {0, 1, 255, 256, 257, 511, 512, 65535, 65536, 65537, 69888, 70000};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (size_t k = i; k < sizeof ends / sizeof *ends; k++) {
            struct tile_span spans[TILE_LEVELS];
            size_t count = tiles_completed(ends[i], ends[k], spans);

            for (unsigned level = 0; level < TILE_LEVELS; level++)
                for (uint64_t index = 0; index < 300; index++) {
                    bool became = tile_width(level, index, ends[i]) < TILE_WIDTH &&
                                  tile_width(level, index, ends[k]) == TILE_WIDTH;
                    bool told = level < count && spans[level].begin <= index && index < spans[level].end;

                    assert_true(level >= count || spans[level].level == level);
                    if (became != told)
                        fail_msg("%llu to %llu: tile %u/%llu", (unsigned long long)ends[i], (unsigned long long)ends[k],
                                 level, (unsigned long long)index);
                }
        }
}

static void every_node_is_hashed_out_of_its_tile(void **state)
{
    (void)state;
    for (unsigned level = 0; level < TREE_LEVELS; level++)
        for (uint64_t index = 0; index < (uint64_t)LEAVES >> level; index += 1 + index / 7) {
            struct tree_node node = {level, index};
            struct tile tile;
            struct digest hash;

            assert_int_equal(tile_of_node(node, LEAVES, &tile), 0);
            assert_int_equal(tile_node_hash(&tile, tile_data(&tile), node, &hash), 0);
            if (!digest_equal(&hash, &levels[level][index]))
                fail_msg("node %u/%llu", level, (unsigned long long)index);
        }
}

static void a_node_that_is_not_whole_has_no_tile(void **state)
{
    struct tile tile;

    (void)state;
    assert_int_equal(tile_of_node((struct tree_node){0, 5}, 5, &tile), ERR_NOT_FOUND);
    assert_int_equal(tile_of_node((struct tree_node){2, 1}, 7, &tile), ERR_NOT_FOUND);
    assert_int_equal(tile_of_node((struct tree_node){2, 1}, 8, &tile), 0);
    assert_int_equal(tile_of_node((struct tree_node){64, 0}, UINT64_MAX, &tile), ERR_NOT_FOUND);
    assert_int_equal(tile_of_node((struct tree_node){63, 0}, UINT64_MAX, &tile), 0);
    assert_int_equal(tile.level, 7);
    assert_int_equal(tile.width, 255);
    assert_int_equal(tile_of_node((struct tree_node){63, 1}, UINT64_MAX, &tile), ERR_NOT_FOUND);
}

static void a_tile_gives_no_node_beyond_its_width_or_of_another_tile(void **state)
{
    struct tile tile = {TILE_HASHES, 0, 1, 5};
    struct digest hash;

    (void)state;
    assert_int_equal(tile_node_hash(&tile, tile_data(&tile), (struct tree_node){0, 260}, &hash), 0);
    assert_int_equal(tile_node_hash(&tile, tile_data(&tile), (struct tree_node){0, 261}, &hash), ERR_NOT_FOUND);
    assert_int_equal(tile_node_hash(&tile, tile_data(&tile), (struct tree_node){2, 64}, &hash), 0);
    assert_int_equal(tile_node_hash(&tile, tile_data(&tile), (struct tree_node){1, 130}, &hash), ERR_NOT_FOUND);
    assert_int_equal(tile_node_hash(&tile, tile_data(&tile), (struct tree_node){0, 4}, &hash), ERR_NOT_FOUND);
    assert_int_equal(tile_node_hash(&tile, tile_data(&tile), (struct tree_node){0, 516}, &hash), ERR_NOT_FOUND);
    assert_int_equal(tile_node_hash(&tile, tile_data(&tile), (struct tree_node){8, 256}, &hash), ERR_NOT_FOUND);
    tile.kind = TILE_ENTRIES;
    assert_int_equal(tile_node_hash(&tile, tile_data(&tile), (struct tree_node){0, 260}, &hash), ERR_NOT_FOUND);
}

static void a_full_tile_hashes_to_what_stands_above_it(void **state)
{
    (void)state;
    for (uint64_t index = 0; index < 273; index += 68) {
        struct digest hash = tile_hash(&levels[0][TILE_WIDTH * index]);

        assert_true(digest_equal(&hash, &levels[8][index]));
    }
}

/* ---- proofs out of tiles alone */

struct shelf {
    struct tile tiles[TILES_OF_PROOF_MAX];
    size_t count;
};

static int read_shelf(void *context, struct tree_node node, struct digest *hash)
{
    const struct shelf *shelf = context;

    for (size_t i = 0; i < shelf->count; i++)
        if (tile_node_hash(&shelf->tiles[i], tile_data(&shelf->tiles[i]), node, hash) == 0)
            return 0;
    return ERR_NOT_FOUND;
}

static void check_tiles(const struct shelf *shelf, uint64_t size)
{
    for (size_t i = 0; i < shelf->count; i++) {
        assert_int_equal(shelf->tiles[i].width, tile_width(shelf->tiles[i].level, shelf->tiles[i].index, size));
        for (size_t k = 0; k < i; k++)
            assert_false(shelf->tiles[i].level == shelf->tiles[k].level &&
                         shelf->tiles[i].index == shelf->tiles[k].index);
    }
}

static struct digest root_of(uint64_t size)
{
    struct frontier frontier;

    frontier_init(&frontier);
    for (uint64_t i = 0; i < size; i++)
        frontier_append(&frontier, &levels[0][i]);
    return frontier_root(&frontier);
}

static void proofs_are_made_of_the_tiles_of_their_plan(void **state)
{
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 65535, 65536, 65537, 65793, 69999, 70000};
    enum { SIZES = sizeof sizes / sizeof *sizes };

    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        struct digest root = root_of(sizes[i]);

        for (size_t k = 0; k <= i; k++) {
            struct digest old_root = root_of(sizes[k]);
            struct shelf shelf;
            struct proof_plan plan;
            struct proof proof;

            assert_int_equal(proof_plan_inclusion(sizes[k] - 1, sizes[i], &plan), 0);
            assert_int_equal(tiles_of_plan(&plan, sizes[i], shelf.tiles, TILES_OF_PROOF_MAX, &shelf.count), 0);
            check_tiles(&shelf, sizes[i]);
            assert_int_equal(proof_make(&plan, read_shelf, &shelf, &proof), 0);
            assert_true(proof_inclusion_holds(sizes[k] - 1, sizes[i], &levels[0][sizes[k] - 1], proof.hashes,
                                              proof.count, &root));
            assert_int_equal(proof_plan_consistency(sizes[k], sizes[i], &plan), 0);
            assert_int_equal(tiles_of_plan(&plan, sizes[i], shelf.tiles, TILES_OF_PROOF_MAX, &shelf.count), 0);
            check_tiles(&shelf, sizes[i]);
            assert_int_equal(proof_make(&plan, read_shelf, &shelf, &proof), 0);
            assert_true(proof_consistency_holds(sizes[k], sizes[i], proof.hashes, proof.count, &old_root, &root));
        }
    }
}

static void the_tiles_of_any_proof_fit(void **state)
{
    struct tile tiles[TILES_OF_PROOF_MAX];
    size_t count, most = 0;
    uint64_t seed = 1;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct proof_plan plan;
        uint64_t size, index;

        seed = seed * 6364136223846793005 + 1442695040888963407;
        size = round % 2 ? UINT64_MAX : seed | UINT64_C(1) << 63;
        seed = seed * 6364136223846793005 + 1442695040888963407;
        index = seed % size;
        assert_int_equal(
            round % 3 ? proof_plan_inclusion(index, size, &plan) : proof_plan_consistency(index + 1, size, &plan), 0);
        assert_int_equal(tiles_of_plan(&plan, size, tiles, TILES_OF_PROOF_MAX, &count), 0);
        most = count > most ? count : most;
    }
    assert_true(most > TILE_LEVELS);
}

static void too_many_tiles_and_a_plan_of_another_tree_are_refused(void **state)
{
    struct proof_plan plan;
    struct tile tiles[TILES_OF_PROOF_MAX];
    size_t count;

    (void)state;
    assert_int_equal(proof_plan_inclusion(0, 70000, &plan), 0);
    assert_int_equal(tiles_of_plan(&plan, 70000, tiles, 4, &count), 0); /* 0/0, 1/0, and of the rest 1/1 and 0/273 */
    assert_int_equal(count, 4);
    assert_int_equal(tiles_of_plan(&plan, 70000, tiles, 3, &count), ERR_TOO_LARGE);
    assert_int_equal(tiles_of_plan(&plan, 69999, tiles, TILES_OF_PROOF_MAX, &count), ERR_NOT_FOUND);
}

/* ---- bundles */

static void a_bundle_is_read_as_it_was_written(void **state)
{
    static uint8_t longest[TILE_ENTRY_MAX];
    struct buffer bundle;
    struct text rest, entry;

    (void)state;
    buffer_init(&bundle, 1 << 20);
    tile_entry_put(&bundle, "abc", 3);
    tile_entry_put(&bundle, "", 0);
    tile_entry_put(&bundle, longest, sizeof longest);
    assert_memory_equal(bundle.data, "\0\3abc\0\0\xff\xff\0", 10);
    rest = buffer_text(&bundle);
    assert_true(tile_entry_take(&rest, &entry) && text_equal(entry, TEXT("abc")));
    assert_true(tile_entry_take(&rest, &entry) && text_equal(entry, TEXT("")));
    assert_true(tile_entry_take(&rest, &entry) && entry.len == sizeof longest);
    assert_false(tile_entry_take(&rest, &entry));
    assert_true(text_empty(rest));
    buffer_fini(&bundle);
}

static void a_bundle_that_was_cut_is_told_from_one_that_ends(void **state)
{
    static const char bundle[] = "\0\3abc\0\2de";
    struct text entry;

    (void)state;
    for (size_t len = 0; len < sizeof bundle; len++) {
        struct text rest = {bundle, len};

        while (tile_entry_take(&rest, &entry))
            ;
        assert_true((rest.len == 0) == (len == 0 || len == 5 || len == 9));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tile_has_the_name_of_the_specification_and_back),
        cmocka_unit_test(every_other_name_is_refused),
        cmocka_unit_test(a_tree_of_70000_has_the_tiles_that_the_specification_counts),
        cmocka_unit_test(the_ends_of_64_bits_have_tiles_too),
        cmocka_unit_test(a_tree_answers_to_its_tiles_and_their_beginnings),
        cmocka_unit_test(an_append_completes_what_becomes_256_wide),
        cmocka_unit_test(every_node_is_hashed_out_of_its_tile),
        cmocka_unit_test(a_node_that_is_not_whole_has_no_tile),
        cmocka_unit_test(a_tile_gives_no_node_beyond_its_width_or_of_another_tile),
        cmocka_unit_test(a_full_tile_hashes_to_what_stands_above_it),
        cmocka_unit_test(proofs_are_made_of_the_tiles_of_their_plan),
        cmocka_unit_test(the_tiles_of_any_proof_fit),
        cmocka_unit_test(too_many_tiles_and_a_plan_of_another_tree_are_refused),
        cmocka_unit_test(a_bundle_is_read_as_it_was_written),
        cmocka_unit_test(a_bundle_that_was_cut_is_told_from_one_that_ends),
    };
    return cmocka_run_group_tests(tests, make_tree, free_tree);
}
