/* test_proof.c - proofs against a peer's probes, the definition of RFC 6962, and trees too large to be built.
 *
 * CUSTODY_VECTORS names the folder of the probes (inclusion/ and consistency/ with JSON files); CUSTODY_SLOW=1 compares all
 * sizes up to 2,048 with the definition instead of 600. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/encoding.h"
#include "core/ledger/frontier.h"
#include "core/ledger/proof.h"

/* ---- a peer's probes */

/* A hash of any length as a probe has it. Ours have 32 bytes by their type, so none and more than 32 have no place, as in every
 * text we read; a shorter one (words that stand for any root) is filled with zeros, so that the verifier is asked. */
static bool probe_hash(const json_t *value, struct digest *digest)
{
    uint8_t bytes[256];
    size_t len = sizeof bytes;

    memset(digest, 0, sizeof *digest);
    if (json_is_null(value))
        return false;
    assert_true(json_is_string(value));
    assert_int_equal(base64_decode(text_of(json_string_value(value)), bytes, &len), 0);
    if (len == 0 || len > SHA256_BYTES)
        return false;
    memcpy(digest->bytes, bytes, len);
    return true;
}

/* The number of hashes, SIZE_MAX when one has no place. */
static size_t probe_hashes(const json_t *list, struct digest hashes[PROOF_MAX + 1])
{
    size_t count = json_array_size(list);

    assert_true(count <= PROOF_MAX + 1);
    for (size_t i = 0; i < count; i++)
        if (!probe_hash(json_array_get(list, i), &hashes[i]))
            return SIZE_MAX;
    return count;
}

/* Read as a double, because jansson's integers end at 2^63: exact below 2^53, and the one index beyond is 2^64 - 1. */
static uint64_t probe_number(const json_t *probe, const char *name)
{
    double value = json_real_value(json_object_get(probe, name));

    assert_true(json_is_real(json_object_get(probe, name)));
    assert_true(value < 0x1p53 || value == 0x1p64);
    return value < 0x1p53 ? (uint64_t)value : UINT64_MAX;
}

static bool inclusion_probe(const json_t *probe)
{
    struct digest root, leaf_hash, hashes[PROOF_MAX + 1];
    size_t count = probe_hashes(json_object_get(probe, "proof"), hashes);

    return count != SIZE_MAX && probe_hash(json_object_get(probe, "root"), &root) &&
           probe_hash(json_object_get(probe, "leafHash"), &leaf_hash) &&
           proof_inclusion_holds(probe_number(probe, "leafIdx"), probe_number(probe, "treeSize"), &leaf_hash, hashes,
                                 count, &root);
}

static bool consistency_probe(const json_t *probe)
{
    struct digest old_root, root, hashes[PROOF_MAX + 1];
    size_t count = probe_hashes(json_object_get(probe, "proof"), hashes);

    return count != SIZE_MAX && probe_hash(json_object_get(probe, "root1"), &old_root) &&
           probe_hash(json_object_get(probe, "root2"), &root) &&
           proof_consistency_holds(probe_number(probe, "size1"), probe_number(probe, "size2"), hashes, count, &old_root,
                                   &root);
}

static void run_probe(const char *path, bool (*holds)(const json_t *))
{
    json_error_t error;
    json_t *probe = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);

    if (!probe)
        fail_msg("%s: %s", path, error.text);
    assert_true(json_is_boolean(json_object_get(probe, "wantErr")));
    if (holds(probe) == json_is_true(json_object_get(probe, "wantErr")))
        fail_msg("%s: %s", path, json_string_value(json_object_get(probe, "desc")));
    json_decref(probe);
}

static size_t run_probes(const char *folder, bool (*holds)(const json_t *))
{
    DIR *directory = opendir(folder);
    size_t seen = 0;

    if (!directory)
        fail_msg("%s: cannot be opened; hint: CUSTODY_VECTORS", folder);
    for (const struct dirent *entry; (entry = readdir(directory));) {
        char path[1024];

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strstr(entry->d_name, ".json")) {
            run_probe(path, holds);
            seen++;
        } else {
            seen += run_probes(path, holds);
        }
    }
    (void)closedir(directory);
    return seen;
}

static void a_peers_probes_are_judged_as_the_peer_does(void **state)
{
    const char *vectors = getenv("CUSTODY_VECTORS");
    char folder[512];
    size_t seen;

    (void)state;
    if (!vectors) {
        print_message("skipped: CUSTODY_VECTORS does not say where the probes are\n");
        skip();
    }
    (void)snprintf(folder, sizeof folder, "%s/inclusion", vectors);
    seen = run_probes(folder, inclusion_probe);
    (void)snprintf(folder, sizeof folder, "%s/consistency", vectors);
    seen += run_probes(folder, consistency_probe);
    assert_int_equal(seen, 196);
}

/* ---- the definition, for trees that fit here */

enum { ORDINARY_SIZES = 600, SLOW_SIZES = 2048, LEVELS = 12, ALL_INDICES = 64 };

static struct digest levels[LEVELS][SLOW_SIZES]; /* level 0: leaf hashes */

static int make_leaves(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SLOW_SIZES; i++)
        levels[0][i] = sha256(&i, sizeof i);
    for (size_t level = 1; level < LEVELS; level++)
        for (size_t i = 0; i < (size_t)SLOW_SIZES >> level; i++)
            levels[level][i] = node_hash(&levels[level - 1][2 * i], &levels[level - 1][2 * i + 1]);
    return 0;
}

static size_t sizes(void)
{
    return getenv("CUSTODY_SLOW") ? SLOW_SIZES : ORDINARY_SIZES;
}

/* Gives whole nodes of the tree whose size is *context, and fails where another is asked for. */
static int read_node(void *context, struct tree_node node, struct digest *hash)
{
    uint64_t size = *(const uint64_t *)context;

    if (node.level >= LEVELS || (node.index + 1) << node.level > size)
        fail_msg("node %u/%llu is not whole at size %llu", node.level, (unsigned long long)node.index,
                 (unsigned long long)size);
    *hash = levels[node.level][node.index];
    return 0;
}

/* k of RFC 6962 section 2.1: the largest power of two below n. */
static uint64_t plain_split(uint64_t n)
{
    uint64_t k = 1;

    while (2 * k < n)
        k *= 2;
    return k;
}

/* MTH(D[begin:end]) */
static struct digest plain_root(uint64_t begin, uint64_t end)
{
    uint64_t k = plain_split(end - begin);
    struct digest left, right;

    if (end - begin == 1)
        return levels[0][begin];
    left = plain_root(begin, begin + k);
    right = plain_root(begin + k, end);
    return node_hash(&left, &right);
}

static void put(struct proof *proof, struct digest hash)
{
    proof->hashes[proof->count++] = hash;
}

/* PATH(m, D[begin:end]) of section 2.1.1 */
static void plain_path(uint64_t m, uint64_t begin, uint64_t end, struct proof *proof)
{
    uint64_t k = plain_split(end - begin);

    if (end - begin == 1)
        return;
    if (m < k) {
        plain_path(m, begin, begin + k, proof);
        put(proof, plain_root(begin + k, end));
    } else {
        plain_path(m - k, begin + k, end, proof);
        put(proof, plain_root(begin, begin + k));
    }
}

/* SUBPROOF(m, D[begin:end], b) of section 2.1.2 */
static void plain_subproof(uint64_t m, uint64_t begin, uint64_t end, bool b, struct proof *proof)
{
    uint64_t n = end - begin, k = plain_split(n);

    if (m == n) {
        if (!b)
            put(proof, plain_root(begin, end));
    } else if (m <= k) {
        plain_subproof(m, begin, begin + k, b, proof);
        put(proof, plain_root(begin + k, end));
    } else {
        plain_subproof(m - k, begin + k, end, false, proof);
        put(proof, plain_root(begin, begin + k));
    }
}

static bool same(const struct proof *a, const struct proof *b)
{
    return a->count == b->count && memcmp(a->hashes, b->hashes, a->count * sizeof *a->hashes) == 0;
}

static void make_inclusion(uint64_t index, uint64_t size, struct proof *proof)
{
    struct proof_plan plan;

    assert_int_equal(proof_plan_inclusion(index, size, &plan), 0);
    assert_int_equal(proof_make(&plan, read_node, &size, proof), 0);
}

static void make_consistency(uint64_t old_size, uint64_t size, struct proof *proof)
{
    struct proof_plan plan;

    assert_int_equal(proof_plan_consistency(old_size, size, &plan), 0);
    assert_int_equal(proof_make(&plan, read_node, &size, proof), 0);
}

static void check_inclusion(uint64_t index, uint64_t size, const struct digest *root)
{
    struct proof proof, plain = {.count = 0};

    make_inclusion(index, size, &proof);
    plain_path(index, 0, size, &plain);
    if (!same(&proof, &plain) ||
        !proof_inclusion_holds(index, size, &levels[0][index], proof.hashes, proof.count, root))
        fail_msg("leaf %llu of %llu", (unsigned long long)index, (unsigned long long)size);
}

static void check_consistency(uint64_t old_size, uint64_t size, const struct digest *root)
{
    struct digest old_root = plain_root(0, old_size);
    struct proof proof, plain = {.count = 0};

    make_consistency(old_size, size, &proof);
    plain_subproof(old_size, 0, size, true, &plain);
    if (!same(&proof, &plain) || !proof_consistency_holds(old_size, size, proof.hashes, proof.count, &old_root, root))
        fail_msg("sizes %llu and %llu", (unsigned long long)old_size, (unsigned long long)size);
}

/* The numbers below `size` that are worth a look: all of a small tree, else the ends, what is near powers of two, and a few. */
static bool worth_a_look(uint64_t number, uint64_t size)
{
    bool near_power = (number & (number + 1)) == 0 || (number & (number - 1)) == 0;

    return size <= ALL_INDICES || number + 2 > size || (near_power && (size & 7) == 0) || number % 251 == size % 251;
}

static void every_size_has_the_proofs_of_the_definition(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= sizes(); size++) {
        struct digest plain = plain_root(0, size), root;

        assert_int_equal(proof_root(size, read_node, &size, &root), 0);
        assert_true(digest_equal(&root, &plain));
        for (uint64_t at = 0; at < size; at++)
            if (worth_a_look(at, size)) {
                check_inclusion(at, size, &root);
                check_consistency(at + 1, size, &root);
            }
    }
}

static void the_empty_tree_has_a_root_and_no_proofs(void **state)
{
    struct digest root, nothing = sha256("", 0);
    struct proof_plan plan;
    uint64_t size = 0;

    (void)state;
    assert_int_equal(proof_root(0, read_node, &size, &root), 0);
    assert_true(digest_equal(&root, &nothing));
    assert_int_equal(proof_plan_inclusion(0, 0, &plan), ERR_INVALID);
    assert_int_equal(proof_plan_consistency(0, 0, &plan), ERR_INVALID);
    assert_int_equal(proof_plan_consistency(0, 5, &plan), ERR_INVALID);
    assert_false(proof_consistency_holds(0, 0, NULL, 0, &nothing, &nothing));
    assert_false(proof_inclusion_holds(0, 0, &nothing, NULL, 0, &nothing));
}

static void what_is_not_in_the_tree_has_no_proof(void **state)
{
    struct proof_plan plan;

    (void)state;
    assert_int_equal(proof_plan_inclusion(5, 5, &plan), ERR_INVALID);
    assert_int_equal(proof_plan_inclusion(UINT64_MAX, UINT64_MAX, &plan), ERR_INVALID);
    assert_int_equal(proof_plan_consistency(6, 5, &plan), ERR_INVALID);
}

/* ---- proofs that are none */

static void flip(struct digest *digest, size_t bit)
{
    digest->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static void a_proof_with_a_hash_changed_left_out_or_added_does_not_hold(void **state)
{
    (void)state;
    for (uint64_t size = 2; size <= 40; size++)
        for (uint64_t index = 0; index < size; index++) {
            struct digest root = plain_root(0, size);
            const struct digest *leaf = &levels[0][index];
            struct proof proof;

            make_inclusion(index, size, &proof);
            for (size_t i = 0; i < proof.count; i++) {
                flip(&proof.hashes[i], (i * 37 + index) % 256);
                assert_false(proof_inclusion_holds(index, size, leaf, proof.hashes, proof.count, &root));
                flip(&proof.hashes[i], (i * 37 + index) % 256);
                assert_false(proof_inclusion_holds(index, size, leaf, proof.hashes, i, &root));
            }
            assert_false(proof_inclusion_holds(index, size, leaf, proof.hashes + 1, proof.count - 1, &root));
            for (uint64_t other = 0; other < size + 2; other++)
                if (other != index)
                    assert_false(proof_inclusion_holds(other, size, leaf, proof.hashes, proof.count, &root));
            put(&proof, root);
            assert_false(proof_inclusion_holds(index, size, leaf, proof.hashes, proof.count, &root));
            assert_false(proof_inclusion_holds(index, size, &root, proof.hashes, 0, &root));
        }
}

static void a_consistency_proof_with_a_hash_changed_left_out_or_added_does_not_hold(void **state)
{
    (void)state;
    for (uint64_t size = 2; size <= 40; size++)
        for (uint64_t old_size = 1; old_size < size; old_size++) {
            struct digest old_root = plain_root(0, old_size), root = plain_root(0, size);
            struct proof proof;

            make_consistency(old_size, size, &proof);
            for (size_t i = 0; i < proof.count; i++) {
                flip(&proof.hashes[i], (i * 37 + old_size) % 256);
                assert_false(proof_consistency_holds(old_size, size, proof.hashes, proof.count, &old_root, &root));
                flip(&proof.hashes[i], (i * 37 + old_size) % 256);
                assert_false(proof_consistency_holds(old_size, size, proof.hashes, i, &old_root, &root));
            }
            assert_false(proof_consistency_holds(old_size, size, proof.hashes, proof.count, &root, &old_root));
            assert_false(proof_consistency_holds(old_size, size, proof.hashes, proof.count, &root, &root));
            assert_false(proof_consistency_holds(size, old_size, proof.hashes, proof.count, &root, &old_root));
            put(&proof, root);
            assert_false(proof_consistency_holds(old_size, size, proof.hashes, proof.count, &old_root, &root));
        }
}

static void equal_sizes_are_consistent_only_with_equal_roots_and_no_proof(void **state)
{
    struct digest root = plain_root(0, 5), other = plain_root(0, 4);

    (void)state;
    assert_true(proof_consistency_holds(5, 5, NULL, 0, &root, &root));
    assert_false(proof_consistency_holds(5, 5, NULL, 0, &root, &other));
    assert_false(proof_consistency_holds(5, 5, &root, 1, &root, &root));
}

static int read_fails(void *context, struct tree_node node, struct digest *hash)
{
    (void)node;
    (void)hash;
    return --*(int *)context ? 0 : ERR_IO;
}

static void a_node_that_cannot_be_read_ends_the_proof(void **state)
{
    struct proof_plan plan;
    struct proof proof;
    struct digest root;

    (void)state;
    assert_int_equal(proof_plan_inclusion(3, 7, &plan), 0);
    for (int at = 1; at <= 4; at++) { /* 3 hashes of 4 nodes */
        int left = at;

        assert_int_equal(proof_make(&plan, read_fails, &left, &proof), ERR_IO);
        assert_int_equal(proof.count, 0);
    }
    assert_int_equal(proof_root(7, read_fails, &(int){3}, &root), ERR_IO);
}

/* ---- trees too large to be built: all leaves are alike but one */

struct lone {
    uint64_t index; /* of the leaf that differs */
    struct digest alike[64], leaf;
};

static void lone_init(struct lone *lone, uint64_t index)
{
    lone->index = index;
    lone->leaf = sha256("lone", 4);
    lone->alike[0] = sha256("alike", 5);
    for (size_t level = 1; level < 64; level++)
        lone->alike[level] = node_hash(&lone->alike[level - 1], &lone->alike[level - 1]);
}

static int read_lone(void *context, struct tree_node node, struct digest *hash)
{
    const struct lone *lone = context;

    *hash = lone->alike[node.level];
    if (lone->index >> node.level != node.index)
        return 0;
    *hash = lone->leaf;
    for (unsigned level = 0; level < node.level; level++)
        *hash = lone->index >> level & 1 ? node_hash(&lone->alike[level], hash) : node_hash(hash, &lone->alike[level]);
    return 0;
}

/* A root by the frontier's arithmetic, which other tests hold against the definition. */
static struct digest lone_root(struct lone *lone, uint64_t size)
{
    struct tree_node nodes[PROOF_NODES_MAX];
    struct digest hashes[PROOF_NODES_MAX];
    size_t count = proof_nodes((struct leaf_range){0, size}, nodes);
    struct frontier frontier;

    for (size_t i = 0; i < count; i++)
        assert_int_equal(read_lone(lone, nodes[i], &hashes[i]), 0);
    assert_int_equal(frontier_load(&frontier, size, hashes[0].bytes, count * SHA256_BYTES), 0);
    return frontier_root(&frontier);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void check_lone(uint64_t index, uint64_t old_size, uint64_t size)
{
    struct lone lone;
    struct proof_plan plan;
    struct proof proof;
    struct digest old_root, root;

    lone_init(&lone, index);
    old_root = lone_root(&lone, old_size);
    root = lone_root(&lone, size);
    assert_int_equal(proof_plan_inclusion(index, size, &plan), 0);
    assert_int_equal(proof_make(&plan, read_lone, &lone, &proof), 0);
    if (!proof_inclusion_holds(index, size, &lone.leaf, proof.hashes, proof.count, &root))
        fail_msg("leaf %llu of %llu", (unsigned long long)index, (unsigned long long)size);
    assert_false(proof_inclusion_holds(index ^ 1, size, &lone.leaf, proof.hashes, proof.count, &root));
    assert_int_equal(proof_plan_consistency(old_size, size, &plan), 0);
    assert_int_equal(proof_make(&plan, read_lone, &lone, &proof), 0);
    if (!proof_consistency_holds(old_size, size, proof.hashes, proof.count, &old_root, &root))
        fail_msg("sizes %llu and %llu", (unsigned long long)old_size, (unsigned long long)size);
    if (proof.count) {
        flip(&proof.hashes[index % proof.count], 5);
        assert_false(proof_consistency_holds(old_size, size, proof.hashes, proof.count, &old_root, &root));
    }
}

static void random_pairs_of_all_sizes_have_proofs_that_hold(void **state)
{
    uint64_t seed = 88172645463325252;

    (void)state;
    for (int round = 0; round < 1000; round++) {
        uint64_t size = 1 + next_random(&seed) % (UINT64_MAX >> (round % 63));
        uint64_t old_size = 1 + next_random(&seed) % size, index = next_random(&seed) % size;

        check_lone(index, old_size, size);
    }
}

static void the_largest_trees_have_proofs_that_fit(void **state)
{
    static const uint64_t ends[] = {
        1, 2, UINT64_C(1) << 63, (UINT64_C(1) << 63) - 1, (UINT64_C(1) << 63) + 1, UINT64_MAX - 1, UINT64_MAX};
    enum { ENDS = sizeof ends / sizeof *ends };

    (void)state;
    for (size_t i = 0; i < ENDS; i++)
        for (size_t k = 0; k < ENDS; k++)
            if (ends[k] <= ends[i]) {
                check_lone(ends[k] - 1, ends[k], ends[i]);
                check_lone(0, ends[k], ends[i]);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peers_probes_are_judged_as_the_peer_does),
        cmocka_unit_test(every_size_has_the_proofs_of_the_definition),
        cmocka_unit_test(the_empty_tree_has_a_root_and_no_proofs),
        cmocka_unit_test(what_is_not_in_the_tree_has_no_proof),
        cmocka_unit_test(a_proof_with_a_hash_changed_left_out_or_added_does_not_hold),
        cmocka_unit_test(a_consistency_proof_with_a_hash_changed_left_out_or_added_does_not_hold),
        cmocka_unit_test(equal_sizes_are_consistent_only_with_equal_roots_and_no_proof),
        cmocka_unit_test(a_node_that_cannot_be_read_ends_the_proof),
        cmocka_unit_test(random_pairs_of_all_sizes_have_proofs_that_hold),
        cmocka_unit_test(the_largest_trees_have_proofs_that_fit),
    };
    return cmocka_run_group_tests(tests, make_leaves, NULL);
}
