/* test_buffer.c - growing bytes: the bound, and a failure that sticks until it is cleared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"

static struct buffer buffer;

static int start(void **state)
{
    (void)state;
    buffer_init(&buffer, 1000);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    buffer_fini(&buffer);
    return 0;
}

static void numbers_are_written_most_significant_byte_first(void **state)
{
    static const uint8_t expected[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0x01,
                                       0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xf8};

    (void)state;
    buffer_put_u8(&buffer, 0x01);
    buffer_put_u16_be(&buffer, 0x2345);
    buffer_put_u32_be(&buffer, 0x6789abcd);
    buffer_put_u64_be(&buffer, UINT64_C(0x01020304050607f8));
    assert_int_equal(buffer.len, sizeof expected);
    assert_memory_equal(buffer.data, expected, sizeof expected);
}

static void bytes_texts_and_words_follow_each_other(void **state)
{
    (void)state;
    buffer_put(&buffer, "a\0b", 3);
    buffer_put_text(&buffer, TEXT("cd"));
    buffer_put_text(&buffer, text_of(NULL));
    buffer_put(&buffer, NULL, 0);
    buffer_printf(&buffer, "%d-%s", 7, "x");
    buffer_put_u8(&buffer, '!'); /* right behind the words: their NUL does not count */
    assert_true(text_equal(buffer_text(&buffer), (struct text){"a\0bcd7-x!", 9}));
    assert_false(buffer.failed);
}

static void what_it_holds_survives_growing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        buffer_put_u8(&buffer, (uint8_t)(i * 7));
    assert_false(buffer.failed);
    assert_int_equal(buffer.len, 1000);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(buffer.data[i], (uint8_t)(i * 7));
}

static void the_bound_is_reached_to_the_byte_and_never_passed(void **state)
{
    static const uint8_t bytes[1001];

    (void)state;
    buffer_put(&buffer, bytes, 999);
    buffer_put_u8(&buffer, 1);
    assert_false(buffer.failed);
    buffer_put_u8(&buffer, 2);
    assert_true(buffer.failed);
    assert_int_equal(buffer.len, 1000);
    buffer_clear(&buffer);
    buffer_put(&buffer, bytes, 1001);
    assert_true(buffer.failed);
    assert_int_equal(buffer.len, 0);
}

static void after_a_failure_nothing_more_is_taken_even_if_it_would_fit(void **state)
{
    static const uint8_t bytes[600];

    (void)state;
    buffer_put(&buffer, bytes, 600);
    buffer_put(&buffer, bytes, 600);
    assert_true(buffer.failed);
    buffer_put_u8(&buffer, 1);
    buffer_put_u16_be(&buffer, 1);
    buffer_put_u32_be(&buffer, 1);
    buffer_put_u64_be(&buffer, 1);
    buffer_put_text(&buffer, TEXT("x"));
    buffer_printf(&buffer, "x");
    assert_null(buffer_reserve(&buffer, 1));
    assert_int_equal(buffer.len, 600);
    assert_true(buffer.failed);
}

static void clearing_forgives_and_keeps_the_memory(void **state)
{
    static const uint8_t bytes[1000];
    size_t capacity;

    (void)state;
    buffer_put(&buffer, bytes, 1000);
    buffer_put_u8(&buffer, 1);
    capacity = buffer.capacity;
    buffer_clear(&buffer);
    assert_false(buffer.failed);
    assert_int_equal(buffer.len, 0);
    assert_int_equal(buffer.capacity, capacity);
    buffer_put(&buffer, bytes, 1000);
    assert_false(buffer.failed);
}

static void a_reservation_counts_once_it_is_committed(void **state)
{
    uint8_t *room = buffer_reserve(&buffer, 10);

    (void)state;
    assert_non_null(room);
    memcpy(room, "0123456789", 10);
    assert_int_equal(buffer.len, 0);
    buffer_commit(&buffer, 4);
    assert_true(text_equal(buffer_text(&buffer), TEXT("0123")));
}

static void sizes_that_wrap_around_fail(void **state)
{
    (void)state;
    buffer_put_u8(&buffer, 1);
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    assert_true(buffer.failed);
    buffer_fini(&buffer);
    buffer_init(&buffer, SIZE_MAX);
    buffer_put_u8(&buffer, 1);
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    assert_true(buffer.failed);
    assert_int_equal(buffer.len, 1);
}

static void words_that_do_not_fit_leave_no_part_of_themselves(void **state)
{
    (void)state;
    buffer_printf(&buffer, "%999d", 1);
    assert_false(buffer.failed);
    assert_int_equal(buffer.len, 999);
    buffer_clear(&buffer);
    buffer_put_u8(&buffer, 'a');
    buffer_printf(&buffer, "%1000d", 1);
    assert_true(buffer.failed);
    assert_int_equal(buffer.len, 1);
    /* Also within a bound that is smaller than the memory it has. */
    buffer_fini(&buffer);
    buffer_init(&buffer, 40);
    buffer_put_u8(&buffer, 'a');
    buffer_printf(&buffer, "%38d", 1);
    assert_false(buffer.failed);
    buffer_printf(&buffer, "%1d", 1);
    assert_true(buffer.failed);
    assert_int_equal(buffer.len, 39);
}

static void a_buffer_without_room_takes_nothing_and_that_is_no_failure_until_asked(void **state)
{
    (void)state;
    buffer_fini(&buffer);
    buffer_init(&buffer, 0);
    buffer_put(&buffer, "", 0);
    assert_false(buffer.failed);
    buffer_put_u8(&buffer, 1);
    assert_true(buffer.failed);
    assert_int_equal(buffer.len, 0);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(numbers_are_written_most_significant_byte_first),
        TEST_(bytes_texts_and_words_follow_each_other),
        TEST_(what_it_holds_survives_growing),
        TEST_(the_bound_is_reached_to_the_byte_and_never_passed),
        TEST_(after_a_failure_nothing_more_is_taken_even_if_it_would_fit),
        TEST_(clearing_forgives_and_keeps_the_memory),
        TEST_(a_reservation_counts_once_it_is_committed),
        TEST_(sizes_that_wrap_around_fail),
        TEST_(words_that_do_not_fit_leave_no_part_of_themselves),
        TEST_(a_buffer_without_room_takes_nothing_and_that_is_no_failure_until_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
