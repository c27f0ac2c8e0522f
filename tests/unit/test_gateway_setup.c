/* test_gateway_setup.c - a gateway's epochs rise, whatever became of its file and its clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "gateway/setup.h"

#define NOW_US (INT64_C(1795000000) * US_PER_S)

static void the_epoch_rises_with_the_clock_when_the_file_was_lost(void **state)
{
    (void)state;
    uint32_t first, second;
    assert_int_equal(setup_next_epoch(0, NOW_US, &first), 0);
    assert_int_equal(setup_next_epoch(0, NOW_US + US_PER_S, &second), 0);
    assert_true(second == first + 1 && first > 1);
}

static void the_epoch_rises_by_the_file_when_the_clock_does_not(void **state)
{
    (void)state;
    uint32_t first, same_second, clock_back;
    assert_int_equal(setup_next_epoch(0, NOW_US, &first), 0);
    assert_int_equal(setup_next_epoch(first, NOW_US, &same_second), 0);
    assert_int_equal(setup_next_epoch(first, NOW_US - 86400 * US_PER_S, &clock_back), 0);
    assert_true(same_second == first + 1 && clock_back == first + 1);
    assert_int_equal(setup_next_epoch(7, 0, &clock_back), 0);
    assert_int_equal(clock_back, 8);
}

static void there_is_a_last_epoch(void **state)
{
    (void)state;
    uint32_t epoch;
    assert_int_equal(setup_next_epoch(INT32_MAX - 1, NOW_US, &epoch), 0);
    assert_int_equal(epoch, INT32_MAX);
    assert_int_equal(setup_next_epoch(INT32_MAX, NOW_US, &epoch), ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_epoch_rises_with_the_clock_when_the_file_was_lost),
        cmocka_unit_test(the_epoch_rises_by_the_file_when_the_clock_does_not),
        cmocka_unit_test(there_is_a_last_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
