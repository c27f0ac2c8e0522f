/* test_directory.c - parties and sites are found by code and id, and a party's kind says what it may buy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/directory.h"

#define T(literal)                                                                                                     \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

static const struct party parties[] = {
    {.party_id = 7, .code = T("A"), .kind = PARTY_KIND_RECYCLER},
    {.party_id = 3, .code = T("AB"), .kind = PARTY_KIND_POLICE},
    {.party_id = 9, .code = T("B"), .kind = PARTY_KIND_EBIKE},
};
static const struct site sites[] = {
    {.site_id = 1, .party_id = 7, .code = T("S1")},
    {.site_id = 2, .party_id = 9, .code = T("S2")},
};
static const struct directory directory = {.parties = parties, .party_count = 3, .sites = sites, .site_count = 2};

static void parties_are_found_by_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(directory_party(&directory, parties[i].code), &parties[i]);
    assert_null(directory_party(&directory, TEXT("")));
    assert_null(directory_party(&directory, TEXT("AA")));
    assert_null(directory_party(&directory, TEXT("ABC")));
    assert_null(directory_party(&directory, TEXT("C")));
}

static void parties_are_found_by_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(directory_party_by_id(&directory, parties[i].party_id), &parties[i]);
    assert_null(directory_party_by_id(&directory, 0));
}

static void sites_are_found_by_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_ptr_equal(directory_site(&directory, sites[i].code), &sites[i]);
    assert_null(directory_site(&directory, TEXT("S")));
    assert_null(directory_site(&directory, TEXT("S3")));
}

static void a_conveyance_is_a_registered_truck_an_unknown_plate_or_no_plate(void **state)
{
    (void)state;
    static const struct vehicle trucks[] = {{.vehicle_id = 4, .plate = T("闽C12345")}};
    static const struct directory with_truck = {.vehicles = trucks, .vehicle_count = 1};
    const struct vehicle *vehicle;
    assert_true(directory_conveyance(&with_truck, TEXT("闽c 12345"), &vehicle)); /* normalised like any plate */
    assert_ptr_equal(vehicle, &trucks[0]);
    assert_true(directory_conveyance(&with_truck, TEXT("闽C99999"), &vehicle));
    assert_null(vehicle);
    static const char *const no_plates[] = {"", "container 5", "8003", "闽"};
    for (size_t i = 0; i < sizeof no_plates / sizeof no_plates[0]; i++) {
        vehicle = &trucks[0];
        assert_false(directory_conveyance(&with_truck, text_of(no_plates[i]), &vehicle));
        assert_null(vehicle);
    }
}

static void an_empty_directory_finds_nothing(void **state)
{
    (void)state;
    static const struct directory empty;
    assert_null(directory_party(&empty, TEXT("A")));
    assert_null(directory_party_by_id(&empty, 7));
    assert_null(directory_site(&empty, TEXT("S1")));
}

static void kinds_have_their_words_both_ways(void **state)
{
    (void)state;
    enum party_kind kind;
#define X(name, number, word)                                                                                          \
    assert_string_equal(party_kind_word(name), word);                                                                  \
    assert_int_equal(party_kind_parse(TEXT(word), &kind), 0);                                                          \
    assert_int_equal(kind, number);
    PARTY_KIND_TABLE(X)
#undef X
    assert_string_equal(party_kind_word((enum party_kind)17), "invalid");
    assert_int_equal(party_kind_parse(TEXT("recyclers"), &kind), ERR_INVALID);
}

static void only_processors_are_more_than_traders_to_a_seller(void **state)
{
    (void)state;
    static const enum buyer_class expected[] = {
        [PARTY_KIND_UNSPECIFIED] = BUYER_CLASS_TRADER,
        [PARTY_KIND_RECYCLER] = BUYER_CLASS_VEHICLE_RECYCLER,
        [PARTY_KIND_CARRIER] = BUYER_CLASS_TRADER,
        [PARTY_KIND_SORTING_CENTRE] = BUYER_CLASS_TRADER,
        [PARTY_KIND_REMANUFACTURER] = BUYER_CLASS_REMANUFACTURER,
        [PARTY_KIND_STEEL_MILL] = BUYER_CLASS_STEEL_MILL,
        [PARTY_KIND_BATTERY_PROCESSOR] = BUYER_CLASS_BATTERY_PROCESSOR,
        [PARTY_KIND_HAZARDOUS_WASTE_OPERATOR] = BUYER_CLASS_HAZARDOUS_WASTE_OPERATOR,
        [PARTY_KIND_WEEE_TREATMENT] = BUYER_CLASS_WEEE_TREATMENT,
        [PARTY_KIND_TRADER] = BUYER_CLASS_TRADER,
        [PARTY_KIND_EBIKE] = BUYER_CLASS_EBIKE,
        [PARTY_KIND_MARKETPLACE] = BUYER_CLASS_TRADER,
        [PARTY_KIND_POLICE] = BUYER_CLASS_TRADER,
        [PARTY_KIND_VEHICLE_OFFICE] = BUYER_CLASS_TRADER,
        [PARTY_KIND_ECOLOGY_BUREAU] = BUYER_CLASS_TRADER,
        [PARTY_KIND_COMMERCE_BUREAU] = BUYER_CLASS_TRADER,
        [PARTY_KIND_AGRICULTURE_BUREAU] = BUYER_CLASS_TRADER,
    };
    for (size_t kind = 0; kind < sizeof expected / sizeof *expected; kind++)
        assert_int_equal(party_kind_buyer_class((enum party_kind)kind), expected[kind]);
    assert_int_equal(party_kind_buyer_class((enum party_kind)99), BUYER_CLASS_TRADER);
}

static void a_permit_counts_for_its_party_kind_site_and_time_only(void **state)
{
    (void)state;
    static const struct permit permits[] = {
        {3, 0, PERMIT_KIND_HAZARDOUS_WASTE, 0, 100},
        {7, 1, PERMIT_KIND_VEHICLE_DISMANTLING, 10, 20},
        {7, 0, PERMIT_KIND_ROAD_ACCESS, 0, 100},
    };
    const struct directory with = {.permits = permits, .permit_count = 3};
    const enum permit_kind kind = PERMIT_KIND_VEHICLE_DISMANTLING;
    assert_true(directory_permitted(&with, 7, kind, 1, 10));
    assert_true(directory_permitted(&with, 7, kind, 0, 19)); /* where it happened is not known */
    assert_false(directory_permitted(&with, 7, kind, 1, 9));
    assert_false(directory_permitted(&with, 7, kind, 1, 20));
    assert_false(directory_permitted(&with, 7, kind, 2, 15));
    assert_false(directory_permitted(&with, 3, kind, 1, 15));
    assert_false(directory_permitted(&with, 5, kind, 1, 15));
    assert_false(directory_permitted(&directory, 7, kind, 1, 15));
}

static void a_link_is_found_from_both_sides_while_it_holds(void **state)
{
    (void)state;
    static const struct party_link links[] = {{3, 7, 10, 20, T("person")}, {7, 3, 10, 20, T("person")}};
    const struct directory with = {.links = links, .link_count = 2};
    assert_non_null(directory_link(&with, 3, 7, 10));
    assert_non_null(directory_link(&with, 7, 3, 19));
    assert_null(directory_link(&with, 7, 3, 20));
    assert_null(directory_link(&with, 7, 9, 15));
    assert_null(directory_link(&directory, 3, 7, 15));
}

static void distances_are_those_on_the_ellipsoid(void **state)
{
    (void)state;
    const struct site site = {.lon_e7 = 1186600000, .lat_e7 = 249400000};
    struct position position = {.present = true, .lon_e7 = 1186600000, .lat_e7 = 250400000};
    double north_m = site_distance_m(&site, &position);
    assert_true(north_m > 11077.0 && north_m < 11079.5); /* 0.1 degree of the meridian at 25 N: 11,078 m */
    position = (struct position){.present = true, .lon_e7 = 1187600000, .lat_e7 = 249400000};
    double east_m = site_distance_m(&site, &position);
    assert_true(east_m > 10098.0 && east_m < 10103.0); /* 0.1 degree of the parallel: 10,100 m */
    position = (struct position){.present = true, .lon_e7 = site.lon_e7, .lat_e7 = site.lat_e7};
    assert_true(site_distance_m(&site, &position) < 0.001);
}

static void names_of_permits_and_figures_are_known_or_refused(void **state)
{
    (void)state;
    enum permit_kind kind;
    enum figure figure;
    assert_int_equal(permit_kind_parse(text_of("weee_treatment"), &kind), 0);
    assert_int_equal(kind, PERMIT_KIND_WEEE_TREATMENT);
    assert_true(permit_kind_parse(text_of("anything"), &kind) < 0);
    assert_string_equal(permit_kind_zh(PERMIT_KIND_ROAD_ACCESS), "通行证");
    assert_int_equal(figure_parse(text_of("yard_radius_m"), &figure), 0);
    assert_int_equal(figure, FIGURE_YARD_RADIUS_M);
    assert_true(figure_parse(text_of("yard_radius"), &figure) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parties_are_found_by_code),
        cmocka_unit_test(parties_are_found_by_id),
        cmocka_unit_test(sites_are_found_by_code),
        cmocka_unit_test(a_conveyance_is_a_registered_truck_an_unknown_plate_or_no_plate),
        cmocka_unit_test(an_empty_directory_finds_nothing),
        cmocka_unit_test(kinds_have_their_words_both_ways),
        cmocka_unit_test(only_processors_are_more_than_traders_to_a_seller),
        cmocka_unit_test(a_permit_counts_for_its_party_kind_site_and_time_only),
        cmocka_unit_test(a_link_is_found_from_both_sides_while_it_holds),
        cmocka_unit_test(distances_are_those_on_the_ellipsoid),
        cmocka_unit_test(names_of_permits_and_figures_are_known_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
