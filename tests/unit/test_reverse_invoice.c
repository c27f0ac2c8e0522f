/* test_reverse_invoice.c - every story of tests/scenarios/invoices/C16.txt, and windows against sums counted month by month. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/custody/reverse_invoice.h"

enum { MONTHS_MAX = 64, LINE_BYTES = 256, ROUNDS = 20000 };

static const int64_t figures[FIGURE_COUNT] = {
    [FIGURE_REVERSE_INVOICE_LIMIT_FEN] = 500000000,
    [FIGURE_REVERSE_INVOICE_MONTHS] = 12,
    [FIGURE_REVERSE_INVOICE_NEAR_PERCENT] = 80,
    [FIGURE_REVERSE_INVOICE_CLOSE_PERCENT] = 95,
};

struct story {
    char name[LINE_BYTES];
    struct invoice_month months[MONTHS_MAX];
    size_t count;
};

static int32_t month_of(int year, int month)
{
    return (year - 1970) * 12 + month - 1;
}

static void check(const struct story *story, const char *expected)
{
    struct invoice_window window = {0};
    struct finding finding = {0};
    char found[LINE_BYTES] = "nothing";

    if (rule_c16(story->months, story->count, figures, &window, &finding))
        (void)snprintf(found, sizeof found, "C16 %s %04d-%02d %04d-%02d severity %d", finding.key,
                       1970 + window.first_month / 12, 1 + window.first_month % 12, 1970 + window.last_month / 12,
                       1 + window.last_month % 12, finding.severity);
    if (strcmp(found, expected) != 0)
        fail_msg("%s: expected %s, found %s", story->name, expected, found);
}

static void every_story_gives_what_it_names(void **state)
{
    static struct story story;
    char line[LINE_BYTES];
    FILE *file = fopen("tests/scenarios/invoices/C16.txt", "r");
    int year, month, fen, played = 0;
    int64_t yuan;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "scenario ", 9) == 0) {
            story.count = 0;
            (void)snprintf(story.name, sizeof story.name, "%s", line + 9);
        } else if (sscanf(line, "%4d-%2d %" SCNd64 ".%2d", &year, &month, &yuan, &fen) == 4) {
            assert_true(story.count < MONTHS_MAX);
            story.months[story.count++] = (struct invoice_month){month_of(year, month), yuan * 100 + fen};
        } else if (strncmp(line, "expect ", 7) == 0) {
            check(&story, line + 7);
            played++;
        } else if (*line && *line != '#') {
            fail_msg("line not understood: %s", line);
        }
    }
    (void)fclose(file);
    assert_true(played >= 12);
}

static void a_seller_of_whom_nothing_is_left_is_not_found(void **state)
{
    struct invoice_window window;
    struct finding finding;

    (void)state;
    assert_false(rule_c16(NULL, 0, figures, &window, &finding));
}

static void the_words_name_sum_months_and_limit(void **state)
{
    const struct invoice_month months[] = {{month_of(2026, 1), 500000001}};
    struct invoice_window window;
    struct finding finding;

    (void)state;
    assert_true(rule_c16(months, 1, figures, &window, &finding));
    assert_non_null(strstr(finding.text,
                           "5000000.01 RMB reverse-invoiced from 2026-01 to 2026-01, limit 5000000 RMB in 12 months"));
    assert_non_null(strstr(finding.text, "hint:"));
}

/* Month by month over all starts, without a list. */
static int64_t counted(const int64_t *by_month, int span)
{
    int64_t best = 0;

    for (int first = 0; first < span; first++) {
        int64_t sum = 0;

        for (int month = first; month < span && month < first + 12; month++)
            sum += by_month[month];
        best = sum > best ? sum : best;
    }
    return best;
}

static void the_fullest_window_is_the_one_that_counting_finds(void **state)
{
    enum { SPAN = 40 };
    const char *wish = getenv("SEED");
    unsigned seed = wish ? (unsigned)strtoul(wish, NULL, 10) : (unsigned)time(NULL);

    (void)state;
    print_message("SEED=%u\n", seed);
    srand(seed);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t by_month[SPAN] = {0};
        struct invoice_month months[SPAN];
        struct invoice_window window;
        size_t count = 0;

        for (int month = 0; month < SPAN; month++)
            if (rand() % 3 == 0)
                by_month[month] = 1 + rand() % 1000;
        for (int month = 0; month < SPAN; month++)
            if (by_month[month])
                months[count++] = (struct invoice_month){month_of(2024, 1) + month, by_month[month]};
        if (!count)
            continue;
        window = invoice_window_max(months, count, 12);
        if (window.fen != counted(by_month, SPAN) || window.last_month - window.first_month >= 12)
            fail_msg("seed %u round %d", seed, round);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_story_gives_what_it_names),
        cmocka_unit_test(a_seller_of_whom_nothing_is_left_is_not_found),
        cmocka_unit_test(the_words_name_sum_months_and_limit),
        cmocka_unit_test(the_fullest_window_is_the_one_that_counting_finds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
