/* test_frontier.c - the right edge of the tree against RFC 6962's definition of its root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "core/ledger/frontier.h"

enum { SIZES = 600 };

static struct digest leaves[SIZES];

static int make_leaves(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SIZES; i++)
        leaves[i] = sha256(&i, sizeof i);
    return 0;
}

/* MTH of RFC 6962 section 2.1, word for word: split at the largest power of two below n. */
static struct digest plain_root(const struct digest *from, size_t n)
{
    uint8_t joined[1 + 2 * SHA256_BYTES] = {1};
    struct digest left, right;
    size_t k = 1;

    if (n == 0)
        return sha256("", 0);
    if (n == 1)
        return from[0];
    while (2 * k < n)
        k *= 2;
    left = plain_root(from, k);
    right = plain_root(from + k, n - k);
    memcpy(joined + 1, left.bytes, SHA256_BYTES);
    memcpy(joined + 1 + SHA256_BYTES, right.bytes, SHA256_BYTES);
    return sha256(joined, sizeof joined);
}

static void expect_root(const struct frontier *frontier, const char *expected)
{
    struct digest root = frontier_root(frontier);
    char hex[HEX_SIZE(SHA256_BYTES)];

    hex_encode(root.bytes, SHA256_BYTES, hex);
    assert_string_equal(hex, expected);
}

/* The eight leaves and roots that Certificate Transparency's implementations share. */
static void the_well_known_leaves_have_the_well_known_roots(void **state)
{
    static const struct {
        const char *leaf;
        size_t len;
        const char *root;
    } known[] = {
        {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {"\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
        {"\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
        {"\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
        {"\x50\x51\x52\x53\x54\x55\x56\x57", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
    };
    struct frontier frontier;

    (void)state;
    frontier_init(&frontier);
    expect_root(&frontier, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct hash_part parts[] = {{"\0", 1}, {known[i].leaf, known[i].len}};
        struct digest leaf = sha256_parts(parts, 2);

        frontier_append(&frontier, &leaf);
        expect_root(&frontier, known[i].root);
        assert_int_equal(frontier.size, i + 1);
    }
}

static void every_size_has_the_root_of_the_definition(void **state)
{
    struct frontier frontier;

    (void)state;
    frontier_init(&frontier);
    for (size_t size = 0;; size++) {
        struct digest root = frontier_root(&frontier), plain = plain_root(leaves, size);

        if (!digest_equal(&root, &plain) || frontier.size != size ||
            frontier.count != (size_t)__builtin_popcountll(size))
            fail_msg("size %zu", size);
        if (size == SIZES)
            break;
        frontier_append(&frontier, &leaves[size]);
    }
}

static void asking_for_the_root_changes_nothing(void **state)
{
    struct frontier frontier;
    struct digest first, second;

    (void)state;
    frontier_init(&frontier);
    for (size_t i = 0; i < 7; i++)
        frontier_append(&frontier, &leaves[i]);
    first = frontier_root(&frontier);
    second = frontier_root(&frontier);
    assert_true(digest_equal(&first, &second));
    assert_int_equal(frontier.count, 3);
}

static void a_frontier_goes_on_from_its_stored_form(void **state)
{
    (void)state;
    for (size_t size = 0; size < 70; size++) {
        struct frontier whole, loaded;
        struct digest a, b;

        frontier_init(&whole);
        for (size_t i = 0; i < size; i++)
            frontier_append(&whole, &leaves[i]);
        memset(&loaded, 0xa5, sizeof loaded);
        assert_int_equal(frontier_load(&loaded, size, whole.nodes[0].bytes, whole.count * SHA256_BYTES), 0);
        for (size_t i = size; i < size + 3; i++) {
            frontier_append(&whole, &leaves[i]);
            frontier_append(&loaded, &leaves[i]);
        }
        a = frontier_root(&whole);
        b = frontier_root(&loaded);
        assert_true(digest_equal(&a, &b));
    }
}

static void a_stored_form_of_another_length_is_refused(void **state)
{
    static const uint8_t nodes[65 * SHA256_BYTES];
    static const uint64_t sizes[] = {0, 1, 2, 3, 7, 8, 600, INT64_MAX, UINT64_MAX};
    struct frontier frontier;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t fitting = (size_t)__builtin_popcountll(sizes[i]) * SHA256_BYTES;

        frontier_init(&frontier);
        for (size_t len = 0; len <= sizeof nodes; len++)
            if (len != fitting && frontier_load(&frontier, sizes[i], nodes, len) != ERR_INVALID)
                fail_msg("size %llu, %zu bytes", (unsigned long long)sizes[i], len);
        assert_int_equal(frontier.size, 0);
        assert_int_equal(frontier_load(&frontier, sizes[i], nodes, fitting), 0);
        assert_true(frontier.size == sizes[i]);
    }
}

static void the_largest_trees_fit(void **state)
{
    static const uint8_t nodes[FRONTIER_MAX * SHA256_BYTES] = {1};
    struct frontier frontier;

    (void)state;
    assert_int_equal(frontier_load(&frontier, (UINT64_C(1) << 63) - 1, nodes, 63 * SHA256_BYTES), 0);
    frontier_append(&frontier, &leaves[0]); /* 63 joins */
    assert_int_equal(frontier.count, 1);
    assert_true(frontier.size == UINT64_C(1) << 63);
    assert_int_equal(frontier_load(&frontier, UINT64_MAX - 1, nodes, 63 * SHA256_BYTES), 0);
    frontier_append(&frontier, &leaves[0]);
    assert_int_equal(frontier.count, FRONTIER_MAX);
}

static void left_and_right_are_not_the_same(void **state)
{
    struct digest ab = node_hash(&leaves[0], &leaves[1]), ba = node_hash(&leaves[1], &leaves[0]);

    (void)state;
    assert_false(digest_equal(&ab, &ba));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_well_known_leaves_have_the_well_known_roots),
        cmocka_unit_test(every_size_has_the_root_of_the_definition),
        cmocka_unit_test(asking_for_the_root_changes_nothing),
        cmocka_unit_test(a_frontier_goes_on_from_its_stored_form),
        cmocka_unit_test(a_stored_form_of_another_length_is_refused),
        cmocka_unit_test(the_largest_trees_fit),
        cmocka_unit_test(left_and_right_are_not_the_same),
    };
    return cmocka_run_group_tests(tests, make_leaves, NULL);
}
