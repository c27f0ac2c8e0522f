/* test_fleet_market.c - listings as sellers write them: what is disguised must still be found by core/reentry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/reentry/extract.h"
#include "fleet/market.h"

static const int64_t at_us = INT64_C(1763000000000000);

struct stage {
    struct roster roster;
    struct arena arena;
    struct random random;
};

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    const struct roster_options options = {.seed = 3, .area = "350504", .vehicles = 1};
    struct error error;
    assert_non_null(stage);
    assert_int_equal(0, roster_init(&stage->roster, &options, &error));
    arena_init(&stage->arena, 1 << 20);
    stage->random = random_named(3, TEXT("market"));
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    arena_fini(&stage->arena);
    roster_fini(&stage->roster);
    free(stage);
    return 0;
}

static bool is_found(struct text text, struct identifier wanted)
{
    struct extraction extraction;
    char normal[IDENTIFIER_VALUE_BYTES];
    assert_int_not_equal(IDENTIFIER_INVALID, identifier_normalise(wanted.scheme, wanted.value, normal, NULL));
    extract_identifiers(text, &extraction);
    for (size_t i = 0; i < extraction.count; i++)
        if (extraction.found[i].scheme == wanted.scheme &&
            text_equal(text_of(extraction.found[i].value), text_of(normal)))
            return true;
    return false;
}

static void every_disguise_of_a_vin_and_an_imei_is_seen_through(void **state)
{
    struct stage *stage = *state;
    const enum plot plots[] = {PLOT_CAR, PLOT_PHONE_RESOLD};
    for (uint64_t number = 0; number < 50; number++)
        for (enum disguise disguise = DISGUISE_TEXT; disguise < DISGUISE_COUNT; disguise++) {
            struct card card;
            struct sighting sighting;
            card_init(&card, plots[number % 2], 3, number, &stage->roster);
            assert_int_equal(0, market_listing(&card, disguise, &stage->random, at_us, &stage->arena, &sighting));
            assert_int_equal(0, sighting.identifier_count);
            if (!is_found(sighting.listing.text, card_strongest(&card)))
                fail_msg("%s: %.*s", disguise_word(disguise), TEXT_ARG(sighting.listing.text));
        }
}

static void a_structured_listing_names_the_identifier_in_its_field_only(void **state)
{
    struct stage *stage = *state;
    struct card card;
    struct sighting sighting;
    card_init(&card, PLOT_CAR, 3, 1, &stage->roster);
    assert_int_equal(0, market_listing(&card, DISGUISE_STRUCTURED, &stage->random, at_us, &stage->arena, &sighting));
    assert_int_equal(1, sighting.identifier_count);
    assert_true(text_equal(text_of(card.vin), sighting.identifiers[0].value));
    assert_false(is_found(sighting.listing.text, card_strongest(&card)));
}

static void a_disguise_changes_what_a_reader_sees(void **state)
{
    (void)state;
    char out[128];
    disguise_identifier(DISGUISE_TEXT, TEXT("LSV12345"), out, sizeof out);
    assert_string_equal("LSV12345", out);
    disguise_identifier(DISGUISE_FULL_WIDTH, TEXT("LSV1"), out, sizeof out);
    assert_string_equal("ＬＳＶ１", out);
    disguise_identifier(DISGUISE_SPACED, TEXT("LSV12345"), out, sizeof out);
    assert_string_equal("LSV1 2345", out);
    disguise_identifier(DISGUISE_DASHED, TEXT("LSV12345"), out, sizeof out);
    assert_string_equal("lsv1-2345", out);
}

static void clean_listings_name_things_that_were_never_scrapped(void **state)
{
    struct stage *stage = *state;
    struct sighting one, two;
    assert_int_equal(0, market_clean_listing(&stage->random, at_us, &stage->arena, &one));
    assert_int_equal(0, market_clean_listing(&stage->random, at_us, &stage->arena, &two));
    assert_true(one.listing.present);
    assert_memory_not_equal(one.sighting_id, two.sighting_id, sizeof one.sighting_id);
    assert_false(text_equal(one.listing.listing_id, two.listing.listing_id));
}

static void disguises_are_known_by_their_words(void **state)
{
    (void)state;
    for (enum disguise disguise = 0; disguise < DISGUISE_COUNT; disguise++) {
        enum disguise parsed;
        assert_int_equal(0, disguise_parse(text_of(disguise_word(disguise)), &parsed));
        assert_int_equal(disguise, parsed);
    }
    enum disguise none;
    assert_int_equal(ERR_INVALID, disguise_parse(TEXT("upside-down"), &none));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_disguise_of_a_vin_and_an_imei_is_seen_through),
        T(a_structured_listing_names_the_identifier_in_its_field_only),
        T(a_disguise_changes_what_a_reader_sees),
        T(clean_listings_name_things_that_were_never_scrapped),
        T(disguises_are_known_by_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
