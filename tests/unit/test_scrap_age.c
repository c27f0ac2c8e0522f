/* test_scrap_age.c - rule E04: the scenarios of tests/scenarios/listings/E04.txt against the table that the database is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/reentry/civil_date.h"
#include "core/reentry/scrap_age.h"

enum { LIMITS_MAX = 64, LINE_BYTES = 512, WORD_BYTES = 64 };
static char categories[LIMITS_MAX][WORD_BYTES];
static struct scrap_limit limits[LIMITS_MAX];
static size_t limit_count;

/* Lines of sql/data/scrap_limits.sql: ('taxi_small', '小、微型出租客运', 'operating', 8, 600000), */
static int load_limits(void **state)
{
    char line[LINE_BYTES], trade[WORD_BYTES], years[WORD_BYTES];
    FILE *file = fopen("sql/data/scrap_limits.sql", "re");

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct scrap_limit *limit = &limits[limit_count];

        if (sscanf(line, " ('%63[^']', '%*[^']', '%63[^']', %63[^,],", categories[limit_count], trade, years) != 3)
            continue;
        limit->category = text_of(categories[limit_count]);
        limit->years = atoi(years);
        assert_int_equal(scrap_trade_parse(text_of(trade), &limit->trade), 0);
        limit_count++;
    }
    (void)fclose(file);
    assert_int_equal(limit_count, 31);
    return 0;
}

static int64_t day_us(const char *day)
{
    struct civil_date date;

    assert_int_equal(sscanf(day, "%d-%d-%d", &date.year, &date.month, &date.day), 3);
    return civil_date_us(date);
}

struct trade {
    struct sighting sighting;
    char category[WORD_BYTES], former[WORD_BYTES];
};

static void read_trade(const char *line, struct trade *trade)
{
    char kind[WORD_BYTES], day[WORD_BYTES], registered[WORD_BYTES], changed[WORD_BYTES];
    const char *made = strstr(line, " made "), *was = strstr(line, " was ");

    *trade = (struct trade){.sighting = {.has_first_registered = true, .listing = {.present = true}}};
    assert_int_equal(sscanf(line, "traded %63s %63s %63s registered %63s", kind, day, trade->category, registered), 4);
    assert_int_equal(sighting_kind_parse(text_of(kind), &trade->sighting.kind), 0);
    trade->sighting.at_us = day_us(day);
    trade->sighting.first_registered_at_us = day_us(registered);
    trade->sighting.scrap_category = text_of(trade->category);
    trade->sighting.year = made ? (uint32_t)atoi(made + 6) : 0;
    if (was) {
        assert_int_equal(sscanf(was, " was %63s until %63s", trade->former, changed), 2);
        trade->sighting.former_category = text_of(trade->former);
        trade->sighting.use_changed_at_us = day_us(changed);
    }
}

static void expect(const char *scenario, const struct trade *trade, const char *expected)
{
    struct finding finding;
    bool found = rule_e04(&trade->sighting, limits, limit_count, &finding);
    int severity = strcmp(expected, "expect nothing") == 0 ? 0 : atoi(expected + strlen("expect E04 "));

    if (found != (severity > 0) || (found && finding.severity != severity))
        fail_msg("%s: %s", scenario, found ? finding.text : "nothing");
}

static void scenarios_of_e04(void **state)
{
    char line[LINE_BYTES], scenario[LINE_BYTES] = "";
    struct trade trade;
    FILE *file = fopen("tests/scenarios/listings/E04.txt", "re");
    size_t count = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "scenario ", 9) == 0) {
            (void)snprintf(scenario, sizeof scenario, "%s", line + 9);
        } else if (strncmp(line, "traded ", 7) == 0) {
            read_trade(line, &trade);
        } else if (strncmp(line, "expect ", 7) == 0) {
            expect(scenario, &trade, line);
            count++;
        }
    }
    (void)fclose(file);
    assert_int_equal(count, 17);
}

static void the_formula_of_a_change_of_use(void **state)
{
    const struct scrap_limit car = {.trade = SCRAP_TRADE_PRIVATE}, taxi = {.trade = SCRAP_TRADE_OPERATING, .years = 8},
                             bus = {.trade = SCRAP_TRADE_OPERATING, .years = 13},
                             large = {.trade = SCRAP_TRADE_PRIVATE, .years = 20},
                             tanker = {.trade = SCRAP_TRADE_HAZARDOUS, .years = 10};

    (void)state;
    assert_int_equal(scrap_years_after_change(&car, &taxi, 3), 9); /* 3 + (1 - 3/17) * 8 = 9.58 */
    assert_int_equal(scrap_years_after_change(&car, &taxi, 0), 8);
    assert_int_equal(scrap_years_after_change(&car, &taxi, 14), 15); /* 15.4, 15 at most */
    assert_int_equal(scrap_years_after_change(&car, &taxi, 40), 15);
    assert_int_equal(scrap_years_after_change(&large, &taxi, 5), 8);
    assert_int_equal(scrap_years_after_change(&bus, &car, 5), 13);
    assert_int_equal(scrap_years_after_change(&bus, &taxi, 5), 8);
    assert_int_equal(scrap_years_after_change(&taxi, &bus, 5), 8);
    assert_int_equal(scrap_years_after_change(&bus, &tanker, 5), 10);
    assert_int_equal(scrap_years_after_change(&tanker, &bus, 5), 10);
}

static void without_a_date_of_registration_nothing_is_said(void **state)
{
    struct trade trade;
    struct finding finding;

    (void)state;
    read_trade("traded listing 2040-06-01 taxi_small registered 2010-05-20", &trade);
    trade.sighting.has_first_registered = false;
    assert_false(rule_e04(&trade.sighting, limits, limit_count, &finding));
}

static void the_finding_names_the_vehicle(void **state)
{
    struct identifier named[] = {{IDENTIFIER_SCHEME_PLATE, TEXT("闽C8K6L2")},
                                 {IDENTIFIER_SCHEME_VIN, TEXT("LSVAM4187C2184847")}};
    struct trade trade;
    struct finding finding;

    (void)state;
    read_trade("traded listing 2040-06-01 taxi_small registered 2010-05-20", &trade);
    trade.sighting.listing.platform = TEXT("market");
    trade.sighting.listing.listing_id = TEXT("L-1");
    assert_true(rule_e04(&trade.sighting, limits, limit_count, &finding));
    assert_string_equal(finding.key, "market L-1");
    trade.sighting.identifiers = named;
    trade.sighting.identifier_count = 2;
    assert_true(rule_e04(&trade.sighting, limits, limit_count, &finding));
    assert_string_equal(finding.key, "vin LSVAM4187C2184847");
}

static void a_trade_that_nobody_knows_is_no_trade(void **state)
{
    enum scrap_trade trade;

    (void)state;
    assert_int_equal(scrap_trade_parse(TEXT("leisure"), &trade), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenarios_of_e04),
        cmocka_unit_test(the_formula_of_a_change_of_use),
        cmocka_unit_test(without_a_date_of_registration_nothing_is_said),
        cmocka_unit_test(the_finding_names_the_vehicle),
        cmocka_unit_test(a_trade_that_nobody_knows_is_no_trade),
    };
    return cmocka_run_group_tests(tests, load_limits, NULL);
}
