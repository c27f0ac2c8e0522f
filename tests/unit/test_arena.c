/* test_arena.c - memory of one batch: zeroed, aligned, bounded, and given back all at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

enum { STEP = alignof(max_align_t), BLOCK = 64 * 1024 };

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void every_piece_is_aligned_zeroed_and_apart(void **state)
{
    unsigned char *before = NULL;
    size_t before_size = 0;

    (void)state;
    for (size_t size = 0; size < 300; size++) {
        unsigned char *piece = arena_alloc(&arena, size);

        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % STEP, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(piece[i], 0);
        if (before_size)
            for (size_t i = 0; i < before_size; i++)
                assert_int_equal(before[i], 0xa5);
        memset(piece, 0xa5, size);
        before = piece;
        before_size = size;
    }
}

static void the_cap_is_reached_to_the_byte_and_never_passed(void **state)
{
    (void)state;
    arena_fini(&arena);
    arena_init(&arena, 4 * STEP);
    assert_null(arena_alloc(&arena, 4 * STEP + 1));
    assert_int_equal(arena.used_bytes, 0);
    assert_non_null(arena_alloc(&arena, 3 * STEP));
    assert_null(arena_alloc(&arena, STEP + 1));
    assert_non_null(arena_alloc(&arena, 1)); /* a piece takes its alignment */
    assert_int_equal(arena.used_bytes, 4 * STEP);
    assert_null(arena_alloc(&arena, 1));
    assert_non_null(arena_alloc(&arena, 0));
}

static void a_refused_piece_costs_nothing(void **state)
{
    (void)state;
    arena_fini(&arena);
    arena_init(&arena, 1024);
    assert_null(arena_alloc(&arena, 1025));
    assert_null(arena.blocks);
    assert_non_null(arena_alloc(&arena, 1024));
}

static void an_arena_without_room_gives_nothing(void **state)
{
    (void)state;
    arena_fini(&arena);
    arena_init(&arena, 0);
    assert_null(arena_alloc(&arena, 1));
    assert_null(arena_text(&arena, TEXT("")).data);
    assert_null(arena_array(&arena, 1, 1));
}

static void sizes_that_wrap_around_are_refused(void **state)
{
    (void)state;
    arena_fini(&arena);
    arena_init(&arena, SIZE_MAX);
    for (size_t below = 0; below < STEP; below++)
        assert_null(arena_alloc(&arena, SIZE_MAX - below));
    assert_null(arena_array(&arena, SIZE_MAX / 2 + 1, 2));
    assert_null(arena_array(&arena, 2, SIZE_MAX / 2 + 1));
    assert_null(arena_array(&arena, (size_t)1 << 32, (size_t)1 << 32));
    assert_null(arena_text(&arena, (struct text){"", SIZE_MAX}).data);
    assert_int_equal(arena.used_bytes, 0);
}

static void an_array_of_nothing_is_valid_and_free(void **state)
{
    (void)state;
    assert_non_null(arena_array(&arena, 0, 100));
    assert_non_null(arena_array(&arena, 100, 0));
    assert_int_equal(arena.used_bytes, 0);
}

static void a_piece_larger_than_a_block_gets_its_own(void **state)
{
    unsigned char *large = arena_alloc(&arena, 3 * BLOCK);
    unsigned char *small = arena_alloc(&arena, 8);

    (void)state;
    assert_non_null(large);
    assert_non_null(small);
    assert_int_equal((uintptr_t)large % STEP, 0);
    memset(large, 1, 3 * BLOCK);
    assert_int_equal(small[0], 0);
}

static void texts_are_copied_and_terminated(void **state)
{
    char from[] = "闽C12345";
    struct text copy = arena_text(&arena, text_of(from));
    struct text nothing = arena_text(&arena, text_of(NULL));

    (void)state;
    from[0] = 'X';
    assert_true(text_equal(copy, TEXT("闽C12345")));
    assert_int_equal(copy.data[copy.len], '\0');
    assert_non_null(nothing.data);
    assert_int_equal(nothing.len, 0);
    assert_int_equal(nothing.data[0], '\0');
}

static void a_text_that_does_not_fit_has_no_data(void **state)
{
    struct text copy;

    (void)state;
    arena_fini(&arena);
    arena_init(&arena, STEP);
    copy = arena_text(&arena, (struct text){"0123456789abcdef0123456789abcdef", STEP}); /* and its NUL */
    assert_null(copy.data);
    assert_int_equal(copy.len, 0);
    assert_non_null(arena_text(&arena, (struct text){"0123456789abcdef0123456789abcdef", STEP - 1}).data);
}

static void a_reset_gives_the_whole_cap_back_zeroed(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        unsigned char *piece;

        while ((piece = arena_alloc(&arena, 1000)))
            for (size_t i = 0; i < 1000; i++) {
                if (piece[i])
                    fail_msg("a used byte came back in round %d", round);
                piece[i] = 0xff;
            }
        assert_true(arena.used_bytes > (1 << 20) - 1024);
        arena_reset(&arena);
        assert_int_equal(arena.used_bytes, 0);
    }
}

static void a_reset_keeps_one_regular_block_and_no_large_one(void **state)
{
    void *kept;

    (void)state;
    assert_non_null(arena_alloc(&arena, BLOCK));
    assert_non_null(arena_alloc(&arena, BLOCK));
    assert_non_null(arena_alloc(&arena, 2 * BLOCK));
    arena_reset(&arena);
    kept = arena.blocks;
    assert_non_null(kept);
    assert_non_null(arena_alloc(&arena, BLOCK));
    assert_ptr_equal(arena.blocks, kept);
    arena_fini(&arena);

    arena_init(&arena, 1 << 20);
    assert_non_null(arena_alloc(&arena, 2 * BLOCK));
    arena_reset(&arena);
    assert_null(arena.blocks);
}

static void an_unused_arena_can_be_reset_and_ended_twice(void **state)
{
    (void)state;
    arena_reset(&arena);
    arena_fini(&arena);
    arena_fini(&arena);
    assert_null(arena.blocks);
    assert_non_null(arena_alloc(&arena, 100));
    arena_fini(&arena);
    assert_int_equal(arena.used_bytes, 0);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(every_piece_is_aligned_zeroed_and_apart),
        TEST_(the_cap_is_reached_to_the_byte_and_never_passed),
        TEST_(a_refused_piece_costs_nothing),
        TEST_(an_arena_without_room_gives_nothing),
        TEST_(sizes_that_wrap_around_are_refused),
        TEST_(an_array_of_nothing_is_valid_and_free),
        TEST_(a_piece_larger_than_a_block_gets_its_own),
        TEST_(texts_are_copied_and_terminated),
        TEST_(a_text_that_does_not_fit_has_no_data),
        TEST_(a_reset_gives_the_whole_cap_back_zeroed),
        TEST_(a_reset_keeps_one_regular_block_and_no_large_one),
        TEST_(an_unused_arena_can_be_reset_and_ended_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
