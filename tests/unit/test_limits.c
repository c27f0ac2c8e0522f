/* test_limits.c - thresholds by their names: nothing is taken that has another name, unit or no value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/route/limits.h"

static void every_limit_is_missed_until_it_is_set(void **state)
{
    (void)state;
    struct route_limits limits = {0};
#define X(name)                                                                                                        \
    assert_string_equal(route_limits_missing(&limits), "route_" #name);                                                \
    assert_true(route_limits_set(&limits, TEXT("route_" #name), 5));                                                   \
    assert_int_equal(limits.name, 5);
    ROUTE_LIMIT_TABLE(X)
#undef X
    assert_null(route_limits_missing(&limits));
}

static void other_names_and_no_values_are_refused(void **state)
{
    (void)state;
    struct route_limits limits = {0};
    assert_false(route_limits_set(&limits, TEXT("stop_s"), 5));
    assert_false(route_limits_set(&limits, TEXT("route_stop"), 5));
    assert_false(route_limits_set(&limits, TEXT("route_stop_s"), 0));
    assert_false(route_limits_set(&limits, TEXT("route_stop_s"), -3));
    assert_int_equal(limits.stop_s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_limit_is_missed_until_it_is_set),
        cmocka_unit_test(other_names_and_no_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
