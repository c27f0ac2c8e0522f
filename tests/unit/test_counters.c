/* test_counters.c - the statistics line: every counter by its name, and only there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "ingest/counters.h"

/* What counters_log writes on stderr. */
static const char *line_of(const struct counters *counters)
{
    static char line[4096];
    FILE *caught = tmpfile();
    int real = dup(STDERR_FILENO);
    size_t len;

    assert_non_null(caught);
    assert_true(dup2(fileno(caught), STDERR_FILENO) >= 0);
    counters_log(counters);
    (void)dup2(real, STDERR_FILENO);
    (void)close(real);
    rewind(caught);
    len = fread(line, 1, sizeof line - 1, caught);
    line[len] = '\0';
    (void)fclose(caught);
    return strstr(line, " event=");
}

static void every_counter_stands_in_the_line_under_its_name(void **state)
{
    const struct counters counters = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    (void)state;
    assert_string_equal(line_of(&counters),
                        " event=stats received=1 stored=2 duplicate=3 dead_lettered=4 throttled=5 dropped=6 fixes=7"
                        " events=8 sightings=9 batches=10 retries=11 trucks_folded_again=12 acknowledgements=13"
                        " folded_again=14 followed=15\n");
}

static void the_largest_counts_fit_into_one_line(void **state)
{
    struct counters counters;
    const char *line;
    size_t count = 0;

    (void)state;
    memset(&counters, 0xff, sizeof counters);
    line = line_of(&counters);
    for (const char *at = line; (at = strstr(at, "=18446744073709551615")); at++)
        count++;
    assert_int_equal(count, sizeof counters / sizeof(uint64_t));
    assert_string_equal(line + strlen(line) - 22, "=18446744073709551615\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_counter_stands_in_the_line_under_its_name),
        cmocka_unit_test(the_largest_counts_fit_into_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
