/* test_clues.c - what the rest of a listing says, and how far it fits an item. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/reentry/clues.h"

static const uint8_t key[PHONE_KEY_BYTES] = "a key of the tests, 32 bytes ...";
static struct clues item;

static struct clues listing_of(const char *title, const char *text)
{
    const struct sighting sighting = {.listing = {.present = true, .title = text_of(title), .text = text_of(text)}};
    struct clues clues;

    clues_of_sighting(&sighting, key, &clues);
    return clues;
}

static int start(void **state)
{
    (void)state;
    item = (struct clues){.make = 0};
    clues_add_vin(&item, TEXT("LSVAM4187C2184847"));
    clues_add_plate(&item, TEXT("闽C8K6L2"));
    clues_add_pickup(&item, &(struct pickup){.make = TEXT("大众"), .model = TEXT("帕萨特"), .colour = TEXT("白色")});
    return 0;
}

static struct clue_weight weigh(const char *title, const char *text)
{
    struct clues listing = listing_of(title, text);

    return clues_weigh(&item, &listing);
}

static void nothing_said_weighs_nothing(void **state)
{
    struct clue_weight weight = weigh("", "好车一辆");

    (void)state;
    assert_int_equal(weight.tenths, 0);
    assert_false(weight.contradicts);
    assert_string_equal(weight.words, "");
}

static void each_agreement_adds_and_is_named(void **state)
{
    struct clue_weight weight = weigh("大众帕萨特 2012款", "人在泉州，白色");

    (void)state;
    assert_true(weight.tenths > weigh("", "白色").tenths && weigh("", "白色").tenths > 0);
    assert_non_null(strstr(weight.words, "city"));
    assert_non_null(strstr(weight.words, "colour"));
    assert_non_null(strstr(weight.words, "model"));
}

static void a_plate_weighs_by_what_is_seen_of_it(void **state)
{
    (void)state;
    int whole = weigh("", "闽C·8K6L2").tenths, half = weigh("", "闽C**6L2").tenths,
        little = weigh("", "闽C8****").tenths;

    assert_true(whole > half && half > little && little > 0);
    assert_true(weigh("", "闽C12345").tenths < weigh("", "泉州").tenths);
    assert_true(weigh("", "粤B**6L2").tenths < 0);
}

static void another_make_or_an_impossible_year_contradicts(void **state)
{
    (void)state;
    assert_true(weigh("丰田凯美瑞", "").contradicts);
    assert_true(weigh("", "2018款").contradicts);
    assert_true(weigh("", "2009年上牌").contradicts);
    assert_false(weigh("", "2013款").contradicts);
    assert_false(weigh("", "12年上牌").contradicts);
    assert_false(weigh("", "2015年上牌").contradicts);
    assert_false(weigh("大众换丰田", "").contradicts); /* two makes say nothing */
    assert_false(weigh("STANDBYDEVICE", "").contradicts);
}

static void the_month_of_registration_speaks_for_it_or_against_it(void **state)
{
    static const struct {
        int64_t at_s;
        const char *words;
    } months[] = {{1336000000, "2012年5月上牌"}, /* 2012-05-03 */
                  {1325347200, "2012年1月上牌"}, /* 2012-01-01 00:00 Asia/Shanghai */
                  {1325347199, "2011年12月"},    /* a second before */
                  {1330531200, "12年3月上牌"},   /* the day after the 29th of February */
                  {951753600, "2000年2月"}};     /* 2000-02-29 */

    (void)state;
    for (size_t i = 0; i < sizeof months / sizeof *months; i++) {
        struct clues known = {.make = 0}, listing = listing_of("", months[i].words);

        clues_add_pickup(&known, &(struct pickup){.first_registered_at_us = months[i].at_s * 1000000});
        assert_int_equal(known.registered_month, listing.registered_month);
        assert_true(clues_weigh(&known, &listing).tenths > 0);
        listing.registered_month++;
        assert_true(clues_weigh(&known, &listing).tenths < 0);
    }
    assert_int_equal(listing_of("", "2012年13月").registered_month, 0);
    assert_int_equal(listing_of("", "2012年0月").registered_month, 0);
    assert_int_equal(listing_of("", "5月到期").registered_month, 0);
}

static void a_telephone_is_kept_as_a_keyed_hash_alone(void **state)
{
    struct clues one = listing_of("", "电话 138-0013-8000"), same = listing_of("", "１３８００１３８０００ 微信同号"),
                 other = listing_of("", "13800138001"), none = listing_of("", "订单 138001380001 A13800138000");
    static const uint8_t other_key[PHONE_KEY_BYTES] = {1};
    const struct sighting sighting = {.listing = {.present = true, .text = TEXT("13800138000")}};
    struct clues keyed, unkeyed;

    (void)state;
    assert_int_equal(one.phone_count, 1);
    assert_true(digest_equal(&one.phones[0], &same.phones[0]));
    assert_false(digest_equal(&one.phones[0], &other.phones[0]));
    assert_int_equal(none.phone_count, 0);
    clues_of_sighting(&sighting, other_key, &keyed);
    clues_of_sighting(&sighting, NULL, &unkeyed);
    assert_false(digest_equal(&one.phones[0], &keyed.phones[0]));
    assert_int_equal(unkeyed.phone_count, 0);
}

static void the_hash_that_a_source_made_counts(void **state)
{
    struct digest hash = {{7}};
    struct text bytes = {(const char *)hash.bytes, SHA256_BYTES};
    const struct sighting sighting = {.listing = {.present = true, .phone_hash = bytes}};
    struct clues listing;

    (void)state;
    clues_add_pickup(&item, &(struct pickup){.phone_hash = bytes});
    clues_of_sighting(&sighting, NULL, &listing);
    assert_true(clues_weigh(&item, &listing).tenths >= 200);
}

static void fields_go_before_words(void **state)
{
    const struct sighting sighting = {.make = TEXT("别克"),
                                      .place = TEXT("厦门"),
                                      .colour = TEXT("黑色"),
                                      .year = 2020,
                                      .listing = {.present = true, .title = TEXT("大众 泉州"), .text = TEXT("白色")}};
    struct clues listing;

    (void)state;
    clues_of_sighting(&sighting, NULL, &listing);
    assert_int_equal(listing.place.city, 'D');
    assert_int_equal(listing.year_from, 2019);
    assert_true(clues_weigh(&item, &listing).contradicts);
    assert_true(clues_weigh(&item, &listing).tenths < 0);
}

static void the_tenth_character_says_the_year(void **state)
{
    static const struct {
        const char *vin;
        int year;
    } years[] = {{"LSVAM4187C2184847", 2012}, {"LSVAM4187A2184847", 2010},
                 {"LSVAM418792184847", 2009}, {"LSVAM4187S2184847", 2025},
                 {"LSVAM418712184847", 2001}, {"LSVAM4187Y2184847", 2000},
                 {"LSVAM418702184847", 0},    {"LSV", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        struct clues clues = {.make = 0};

        clues_add_vin(&clues, text_of(years[i].vin));
        assert_int_equal(clues.year_from, years[i].year);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_said_weighs_nothing, start),
        cmocka_unit_test_setup(each_agreement_adds_and_is_named, start),
        cmocka_unit_test_setup(a_plate_weighs_by_what_is_seen_of_it, start),
        cmocka_unit_test_setup(another_make_or_an_impossible_year_contradicts, start),
        cmocka_unit_test_setup(the_month_of_registration_speaks_for_it_or_against_it, start),
        cmocka_unit_test_setup(a_telephone_is_kept_as_a_keyed_hash_alone, start),
        cmocka_unit_test_setup(the_hash_that_a_source_made_counts, start),
        cmocka_unit_test_setup(fields_go_before_words, start),
        cmocka_unit_test_setup(the_tenth_character_says_the_year, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
