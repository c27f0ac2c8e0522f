/* test_client_statistics.c - latency quantiles within their promised 3 percent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/statistics.h"

static void without_latencies_every_quantile_is_zero(void **state)
{
    (void)state;
    static struct statistics statistics;
    assert_int_equal(0, statistics_latency_quantile_us(&statistics, 0.5));
}

static void quantiles_lie_within_three_percent_above_the_truth(void **state)
{
    (void)state;
    static struct statistics statistics;
    for (uint64_t us = 1; us <= 100000; us++)
        statistics_latency(&statistics, us);
    assert_in_range(statistics_latency_quantile_us(&statistics, 0.50), 50000, 51600);
    assert_in_range(statistics_latency_quantile_us(&statistics, 0.99), 99000, 100000);
    assert_int_equal(100000, statistics_latency_quantile_us(&statistics, 1.0));
}

static void small_latencies_are_exact(void **state)
{
    (void)state;
    static struct statistics statistics;
    for (uint64_t us = 0; us < 32; us++)
        statistics_latency(&statistics, us);
    assert_int_equal(16, statistics_latency_quantile_us(&statistics, 0.5));
}

static void the_longest_latency_that_fits_a_number_has_a_bucket(void **state)
{
    (void)state;
    static struct statistics statistics;
    statistics_latency(&statistics, UINT64_MAX);
    statistics_latency(&statistics, 1);
    assert_int_equal(1, statistics_latency_quantile_us(&statistics, 0.1));
    assert_true(statistics_latency_quantile_us(&statistics, 0.9) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_latencies_every_quantile_is_zero),
        cmocka_unit_test(quantiles_lie_within_three_percent_above_the_truth),
        cmocka_unit_test(small_latencies_are_exact),
        cmocka_unit_test(the_longest_latency_that_fits_a_number_has_a_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
