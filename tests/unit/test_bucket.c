/* test_bucket.c - the token bucket: exact at any rate, whatever the clock does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "core/source/bucket.h"

enum { SECOND_US = 1000000 };

static const int64_t start_us = INT64_C(1795420800000000), year_us = INT64_C(365) * 86400 * SECOND_US;

static int64_t take_all(struct bucket *bucket, int64_t now_us, int64_t rate_per_s, int64_t burst, int64_t at_most)
{
    int64_t taken = 0;

    while (taken < at_most && bucket_take(bucket, now_us, rate_per_s, burst))
        taken++;
    return taken;
}

static void a_new_bucket_is_full_and_no_fuller(void **state)
{
    struct bucket bucket = {0};

    (void)state;
    assert_int_equal(take_all(&bucket, start_us, 5, 20, 100), 20);
    assert_false(bucket_take(&bucket, start_us, 5, 20));
}

static void one_token_a_second_comes_to_the_microsecond(void **state)
{
    struct bucket bucket = {0};

    (void)state;
    assert_true(bucket_take(&bucket, start_us, 1, 1));
    assert_false(bucket_take(&bucket, start_us + SECOND_US - 1, 1, 1));
    assert_true(bucket_take(&bucket, start_us + SECOND_US, 1, 1));
    assert_false(bucket_take(&bucket, start_us + SECOND_US, 1, 1));
}

static void asking_often_neither_loses_nor_gains_a_token(void **state)
{
    static const int64_t steps_us[] = {7, 333, 1001, 333333, 999999, 1000001};

    (void)state;
    for (size_t i = 0; i < sizeof steps_us / sizeof *steps_us; i++) {
        struct bucket bucket = {0};
        int64_t steps = 20000, taken = 0;

        for (int64_t step = 0; step <= steps; step++)
            taken += bucket_take(&bucket, start_us + step * steps_us[i], 1, 3);
        if (3 + steps * steps_us[i] / SECOND_US > steps)
            assert_int_equal(taken, steps + 1); /* never above the rate: never refused */
        else
            assert_int_equal(taken, 3 + steps * steps_us[i] / SECOND_US);
    }
}

static void a_refused_request_costs_nothing(void **state)
{
    struct bucket bucket = {0};

    (void)state;
    assert_true(bucket_take(&bucket, start_us, 1, 1));
    for (int64_t us = 1; us < 1000; us++)
        assert_false(bucket_take(&bucket, start_us + us, 1, 1));
    assert_true(bucket_take(&bucket, start_us + SECOND_US, 1, 1));
}

static void a_long_pause_fills_it_once(void **state)
{
    static const int64_t pauses_us[] = {21 * SECOND_US, INT64_C(86400) * SECOND_US, year_us, 100 * year_us,
                                        10000 * year_us};

    (void)state;
    for (size_t i = 0; i < sizeof pauses_us / sizeof *pauses_us; i++) {
        struct bucket bucket = {0};

        assert_int_equal(take_all(&bucket, start_us, 1, 20, 100), 20);
        assert_int_equal(take_all(&bucket, start_us + pauses_us[i], 1, 20, 100), 20);
    }
}

static void nothing_overflows_at_the_bounds(void **state)
{
    const int64_t rate = 1000000, burst = 10000000;
    struct bucket bucket = {0};

    (void)state;
    assert_int_equal(take_all(&bucket, start_us, rate, burst, burst + 1), burst);
    assert_int_equal(bucket.tokens_micro, 0);
    assert_true(bucket_take(&bucket, start_us + 1, rate, burst)); /* a token a microsecond */
    assert_false(bucket_take(&bucket, start_us + 1, rate, burst));
    assert_true(bucket_take(&bucket, start_us + 1 + 10000 * year_us, rate, burst));
    assert_int_equal(bucket.tokens_micro, (burst - 1) * SECOND_US);
    bucket = (struct bucket){0};
    assert_int_equal(take_all(&bucket, start_us, 1, burst, burst + 1), burst);
    assert_true(bucket_take(&bucket, start_us + 10000 * year_us, 1, burst));
    assert_int_equal(bucket.tokens_micro, (burst - 1) * SECOND_US);
}

static void it_is_full_to_the_token_at_the_last_moment_of_filling(void **state)
{
    (void)state;
    for (int64_t rate = 1; rate <= 9; rate++) {
        const int64_t burst = 10, full = burst * SECOND_US, fill_us = (full + rate - 1) / rate;
        struct bucket before = {0}, at;

        assert_int_equal(take_all(&before, start_us, rate, burst, 100), burst);
        at = before;
        assert_int_equal(take_all(&before, start_us + fill_us - 1, rate, burst, 100),
                         ((fill_us - 1) * rate) / SECOND_US);
        assert_int_equal(take_all(&at, start_us + fill_us, rate, burst, 100), burst);
    }
}

static void it_never_holds_more_than_its_burst(void **state)
{
    (void)state;
    for (int64_t pause_us = 1; pause_us < 10; pause_us++) {
        struct bucket bucket = {0};

        assert_int_equal(take_all(&bucket, start_us, 1000000, 3, 100), 3);
        assert_int_equal(take_all(&bucket, start_us + pause_us, 1000000, 3, 100), pause_us < 3 ? pause_us : 3);
    }
}

static void a_clock_that_goes_back_fills_nothing(void **state)
{
    struct bucket bucket = {0};

    (void)state;
    assert_int_equal(take_all(&bucket, start_us, 10, 5, 100), 5);
    assert_false(bucket_take(&bucket, start_us - SECOND_US, 10, 5));
    assert_false(bucket_take(&bucket, start_us - year_us, 10, 5));
    assert_false(bucket_take(&bucket, start_us, 10, 5));
}

static void a_clock_that_swings_gives_no_more_than_one_that_runs(void **state)
{
    struct bucket bucket = {0};
    int64_t taken = 0;

    (void)state;
    for (int64_t i = 0; i < 1000; i++)
        taken += take_all(&bucket, start_us + (i % 2) * 100000, 10, 1, 10); /* one token's time, forth and back */
    assert_true(taken <= 2);
}

static void a_smaller_burst_takes_the_surplus_away_in_time(void **state)
{
    struct bucket bucket = {0};

    (void)state;
    assert_true(bucket_take(&bucket, start_us, 1, 1000)); /* then the settings are reloaded */
    assert_int_equal(take_all(&bucket, start_us + 1, 1, 10, 10000), 10);
}

/* The same in wide arithmetic, step by step. */
static void it_agrees_with_plain_arithmetic_on_random_traffic(void **state)
{
    unsigned seed = (unsigned)time(NULL);

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 200; round++) {
        const int64_t rate = 1 + rand() % (round % 2 ? 20 : 1000000), burst = 1 + rand() % (round % 3 ? 30 : 10000000);
        struct bucket bucket = {0};
        __int128 tokens = (__int128)burst * SECOND_US;
        int64_t now_us = start_us, latest_us = start_us;

        for (int step = 0; step < 500; step++) {
            bool expected;

            if (now_us > latest_us) {
                tokens += (__int128)(now_us - latest_us) * rate;
                latest_us = now_us;
            }
            if (tokens > (__int128)burst * SECOND_US)
                tokens = (__int128)burst * SECOND_US;
            expected = tokens >= SECOND_US;
            tokens -= expected ? SECOND_US : 0;
            if (bucket_take(&bucket, now_us, rate, burst) != expected)
                fail_msg("seed %u round %d step %d: rate %lld burst %lld", seed, round, step, (long long)rate,
                         (long long)burst);
            now_us += rand() % 10 ? rand() % (int)(3 * SECOND_US / rate + 2) : -(rand() % SECOND_US);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_bucket_is_full_and_no_fuller),
        cmocka_unit_test(one_token_a_second_comes_to_the_microsecond),
        cmocka_unit_test(asking_often_neither_loses_nor_gains_a_token),
        cmocka_unit_test(a_refused_request_costs_nothing),
        cmocka_unit_test(a_long_pause_fills_it_once),
        cmocka_unit_test(nothing_overflows_at_the_bounds),
        cmocka_unit_test(it_is_full_to_the_token_at_the_last_moment_of_filling),
        cmocka_unit_test(it_never_holds_more_than_its_burst),
        cmocka_unit_test(a_clock_that_goes_back_fills_nothing),
        cmocka_unit_test(a_clock_that_swings_gives_no_more_than_one_that_runs),
        cmocka_unit_test(a_smaller_burst_takes_the_surplus_away_in_time),
        cmocka_unit_test(it_agrees_with_plain_arithmetic_on_random_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
