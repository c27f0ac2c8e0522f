/* test_ctl_registration.c - registry documents: what is taken and in which form, what is refused and with which
 * words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/registration.h"

#define KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static json_t *parse(const char *text)
{
    json_t *document = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(document);
    return document;
}

static void expect_becomes(const char *text, const char *wanted)
{
    struct error error = {0};
    json_t *document = parse(text), *other = parse(wanted);
    int code = registration_check(document, &error);
    if (code != 0)
        print_error("%s\n", error.text);
    assert_int_equal(code, 0);
    assert_true(json_equal(document, other));
    json_decref(document);
    json_decref(other);
}

static void expect_refused(const char *text, const char *words)
{
    struct error error = {0};
    json_t *document = parse(text);
    assert_int_equal(registration_check(document, &error), ERR_INVALID);
    if (!strstr(error.text, words))
        print_error("%s\n", error.text);
    assert_non_null(strstr(error.text, words));
    assert_non_null(strstr(error.text, "; hint: "));
    json_decref(document);
}

static void a_party_is_named_by_its_credit_code(void **state)
{
    (void)state;
    expect_becomes("{\"party\": {\"code\": \"91350504ma0000t1xh\", \"kind\": \"recycler\", \"name\": \"绿源\"}}",
                   "{\"party\": {\"code\": \"91350504MA0000T1XH\", \"kind\": \"recycler\", \"name\": \"绿源\"}}");
    expect_refused("{\"party\": {\"code\": \"91110000101110602X\", \"kind\": \"recycler\", \"name\": \"x\"}}",
                   "91110000101110602X");
    expect_refused("{\"party\": {\"code\": \"police-350504\", \"kind\": \"police\", \"name\": \"x\"}}", "GB 32100");
}

static void a_bureau_has_a_code_of_its_own_when_that_is_said(void **state)
{
    (void)state;
    expect_becomes(
        "{\"party\": {\"code\": \"police-350504\", \"code_unchecked\": true, \"kind\": \"police\", \"name\": \"x\"}}",
        "{\"party\": {\"code\": \"police-350504\", \"kind\": \"police\", \"name\": \"x\"}}");
    expect_refused("{\"party\": {\"code\": \"\", \"code_unchecked\": true, \"kind\": \"police\", \"name\": \"x\"}}",
                   "code");
    expect_refused(
        "{\"party\": {\"code\": \"police-350504\", \"code_unchecked\": false, \"kind\": \"police\", \"name\": \"x\"}}",
        "GB 32100");
}

static void an_unknown_kind_is_answered_with_the_kinds(void **state)
{
    (void)state;
    expect_refused("{\"party\": {\"code\": \"91350504MA0000T1XH\", \"kind\": \"pirate\", \"name\": \"x\"}}",
                   "steel_mill");
    expect_refused("{\"party\": {\"code\": \"91350504MA0000T1XH\", \"kind\": \"unspecified\", \"name\": \"x\"}}",
                   "unspecified");
    expect_refused("{\"source\": {\"name\": \"a\", \"kind\": \"pigeon\", \"area\": \"350504\", \"party\": \"p\", "
                   "\"signed\": false}}",
                   "weighbridge");
}

static void degrees_become_whole_ten_millionths(void **state)
{
    (void)state;
    expect_becomes("{\"site\": {\"code\": \"yard-1\", \"party\": \"p\", \"name\": \"n\", \"area\": \"350504\", "
                   "\"lon\": 118.6625001, \"lat\": 24}}",
                   "{\"site\": {\"code\": \"yard-1\", \"party\": \"p\", \"name\": \"n\", \"area\": \"350504\", "
                   "\"lon_e7\": 1186625001, "
                   "\"lat_e7\": 240000000}}");
}

static void a_place_that_is_not_on_earth_is_refused(void **state)
{
    (void)state;
    expect_refused("{\"site\": {\"code\": \"y\", \"party\": \"p\", \"name\": \"n\", \"area\": \"350504\", \"lon\": "
                   "180.1, \"lat\": 24}}",
                   "lon: 180.1");
    expect_refused("{\"site\": {\"code\": \"y\", \"party\": \"p\", \"name\": \"n\", \"area\": \"350504\", \"lon\": 24, "
                   "\"lat\": 118.66}}",
                   "lat: 118.66");
}

static void ids_keep_to_their_alphabet(void **state)
{
    (void)state;
    expect_refused("{\"source\": {\"name\": \"Truck\", \"kind\": \"truck\", \"area\": \"350504\", \"party\": \"p\", "
                   "\"signed\": false}}",
                   "name: \"Truck\"");
    expect_refused("{\"source\": {\"name\": \"\", \"kind\": \"truck\", \"area\": \"350504\", \"party\": \"p\", "
                   "\"signed\": false}}",
                   "name: \"\"");
    expect_refused("{\"source\": {\"name\": \"a/b\", \"kind\": \"truck\", \"area\": \"350504\", \"party\": \"p\", "
                   "\"signed\": false}}",
                   "name: \"a/b\"");
    expect_refused("{\"source\": {\"name\": \"a\", \"kind\": \"truck\", \"area\": \"35050\", \"party\": \"p\", "
                   "\"signed\": false}}",
                   "area: \"35050\"");
}

static void plates_are_brought_into_normal_form(void **state)
{
    (void)state;
    expect_becomes("{\"vehicle\": {\"plate\": \"闽c 12345\", \"party\": \"p\", \"max_load_g\": 5}}",
                   "{\"vehicle\": {\"plate\": \"闽C12345\", \"party\": \"p\", \"max_load_g\": 5}}");
    expect_refused("{\"vehicle\": {\"plate\": \"闽CI2345\", \"party\": \"p\"}}", "闽CI2345");
    expect_refused("{\"vehicle\": {\"plate\": \"闽C12345\", \"party\": \"p\", \"max_load_g\": 0}}", "max_load_g: 0");
    expect_refused("{\"vehicle\": {\"plate\": \"闽C12345\", \"party\": \"p\", \"max_load_g\": 1.5}}",
                   "max_load_g: 1.5");
}

static void a_source_signs_or_is_said_not_to(void **state)
{
    (void)state;
    const char *with_key = "{\"source\": {\"name\": \"a\", \"kind\": \"truck\", \"area\": \"350504\", \"party\": "
                           "\"p\", \"public_key\": \"" KEY "\"}}";
    const char *without = "{\"source\": {\"name\": \"a\", \"kind\": \"truck\", \"area\": \"350504\", \"party\": \"p\", "
                          "\"signed\": false}}";
    expect_becomes(with_key, with_key);
    expect_becomes(without, without);
    expect_refused("{\"source\": {\"name\": \"a\", \"kind\": \"truck\", \"area\": \"350504\", \"party\": \"p\"}}",
                   "public_key is missing");
    expect_refused("{\"source\": {\"name\": \"a\", \"kind\": \"truck\", \"area\": \"350504\", \"party\": \"p\", "
                   "\"signed\": true}}",
                   "public_key is missing");
    expect_refused("{\"source\": {\"name\": \"a\", \"kind\": \"truck\", \"area\": \"350504\", \"party\": \"p\", "
                   "\"signed\": false, "
                   "\"public_key\": \"" KEY "\"}}",
                   "together with a public_key");
}

static void a_key_has_32_bytes(void **state)
{
    (void)state;
    expect_refused("{\"key\": {\"source\": \"a\", \"public_key\": \"AAAA\"}}", "public_key: \"AAAA\"");
    expect_refused("{\"key\": {\"source\": \"a\", \"public_key\": \"not base64\"}}", "not base64");
    expect_refused("{\"key\": {\"source\": \"a\", \"key_id\": \"0123456\", \"revoked\": true}}", "key_id: \"0123456\"");
}

static void only_a_revocation_may_name_a_key_by_its_id(void **state)
{
    (void)state;
    const char *revocation = "{\"key\": {\"source\": \"a\", \"key_id\": \"01234567\", \"revoked\": true}}";
    expect_becomes(revocation, revocation);
    expect_refused("{\"key\": {\"source\": \"a\", \"key_id\": \"01234567\"}}", "public_key is missing");
    expect_refused("{\"key\": {\"source\": \"a\"}}", "public_key is missing");
}

static void a_permit_has_days(void **state)
{
    (void)state;
    expect_refused(
        "{\"permit\": {\"number\": \"1\", \"party\": \"p\", \"kind\": \"hazardous_waste\", \"valid_from\": \"2026\", "
        "\"valid_until\": \"2027-01-01\"}}",
        "valid_from: \"2026\"");
    expect_refused(
        "{\"permit\": {\"number\": \"1\", \"party\": \"p\", \"kind\": \"fishing\", \"valid_from\": \"2026-01-01\", "
        "\"valid_until\": \"2027-01-01\"}}",
        "kind: \"fishing\"");
}

static void what_is_missing_unknown_or_of_another_type_is_named(void **state)
{
    (void)state;
    expect_refused("{\"vehicle\": {\"plate\": \"闽C12345\"}}", "vehicle: party is missing");
    expect_refused("{\"vehicle\": {\"plate\": \"闽C12345\", \"party\": \"p\", \"colour\": \"red\"}}", "field colour");
    expect_refused("{\"vehicle\": {\"plate\": 12345, \"party\": \"p\"}}", "plate: 12345");
    expect_refused("{\"source\": {\"name\": \"a\", \"kind\": \"truck\", \"area\": \"350504\", \"party\": \"p\", "
                   "\"signed\": \"no\"}}",
                   "signed: \"no\"");
}

static void a_document_is_one_noun_with_fields(void **state)
{
    (void)state;
    expect_refused("{}", "not of the form");
    expect_refused("[]", "not of the form");
    expect_refused("7", "not of the form");
    expect_refused("{\"party\": 7}", "not of the form");
    expect_refused("{\"party\": {}, \"site\": {}}", "not of the form");
    expect_refused("{\"ship\": {}}", "ship");
}

static void a_fence_may_be_a_ring_or_geojson_and_becomes_geojson(void **state)
{
    (void)state;
#define FENCE(geometry)                                                                                                \
    "{\"fence\": {\"code\": \"market-1\", \"kind\": \"watched\", \"name\": \"m\", \"source\": \"map\", "               \
    "\"valid_from\": "                                                                                                 \
    "\"2026-01-01\", \"valid_until\": \"2030-12-31\", \"geometry\": " geometry "}}"
    const char *becomes = FENCE(
        "\"{\\\"type\\\": \\\"Polygon\\\", \\\"coordinates\\\": [[[1.0000000, 2.0000000], [3.0000000, 2.0000000], "
        "[3.0000000, 4.5000000], [1.0000000, 2.0000000]]]}\"");
    expect_becomes(FENCE("\"1,2 3,2  3,4.5\""), becomes);
    expect_becomes(FENCE("\" 1,2 3,2 3,4.5 1,2 \""), becomes);
    expect_becomes(FENCE("{\"type\": \"Polygon\", \"coordinates\": [[[1, 2], [3, 2], [3, 4], [1, 2]]]}"),
                   FENCE("\"{\\\"type\\\":\\\"Polygon\\\",\\\"coordinates\\\":[[[1,2],[3,2],[3,4],[1,2]]]}\""));
    expect_refused(FENCE("\"1,2 3,2\""), "geometry");
    expect_refused(FENCE("\"1,2 3,2 x,4\""), "a ring");
    expect_refused(FENCE("\"1,2 3;2 3,4\""), "a ring");
    expect_refused(FENCE("\"\""), "a ring");
    expect_refused(FENCE("7"), "a ring");
    expect_refused(FENCE("\"0,0 2,2 2,0 0,2\""), "cross");
    expect_refused(FENCE("\"25.1,118.6 25.2,118.6 25.2,118.7\""), "not on the earth");
    expect_refused(FENCE("{\"type\": \"Point\", \"coordinates\": [1, 2]}"), "not a polygon");
#undef FENCE
}

static void a_road_right_has_days_and_hours(void **state)
{
    (void)state;
#define RIGHT(days, from, until)                                                                                       \
    "{\"road_right\": {\"number\": \"r-1\", \"fence\": \"area-1\", \"class\": \"light_truck\", \"source\": \"s\", "    \
    "\"valid_from\": \"2026-01-01\", \"valid_until\": \"2030-12-31\", \"weekdays\": \"" days "\", \"from\": \"" from   \
    "\", \"until\": \"" until "\"}}"
    expect_becomes(
        RIGHT("71", "06:00", "24:00"),
        "{\"road_right\": {\"number\": \"r-1\", \"fence\": \"area-1\", \"class\": \"light_truck\", \"source\": \"s\", "
        "\"valid_from\": \"2026-01-01\", \"valid_until\": \"2030-12-31\", \"weekdays\": 65, \"from_minute\": 360, "
        "\"until_minute\": 1440}}");
    static const char *const bad[] = {RIGHT("", "06:00", "20:00"),   RIGHT("8", "06:00", "20:00"),
                                      RIGHT("11", "06:00", "20:00"), RIGHT("1", "6:00", "20:00"),
                                      RIGHT("1", "24:00", "20:00"),  RIGHT("1", "06:00", "24:01"),
                                      RIGHT("1", "06:60", "20:00"),  RIGHT("1", "-1:00", "20:00")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refused(bad[i], "hint");
#undef RIGHT
    expect_refused("{\"vehicle\": {\"plate\": \"闽C12345\", \"party\": \"p\", \"class\": \"balloon\"}}", "light_truck");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fence_may_be_a_ring_or_geojson_and_becomes_geojson),
        cmocka_unit_test(a_road_right_has_days_and_hours),
        cmocka_unit_test(a_party_is_named_by_its_credit_code),
        cmocka_unit_test(a_bureau_has_a_code_of_its_own_when_that_is_said),
        cmocka_unit_test(an_unknown_kind_is_answered_with_the_kinds),
        cmocka_unit_test(degrees_become_whole_ten_millionths),
        cmocka_unit_test(a_place_that_is_not_on_earth_is_refused),
        cmocka_unit_test(ids_keep_to_their_alphabet),
        cmocka_unit_test(plates_are_brought_into_normal_form),
        cmocka_unit_test(a_source_signs_or_is_said_not_to),
        cmocka_unit_test(a_key_has_32_bytes),
        cmocka_unit_test(only_a_revocation_may_name_a_key_by_its_id),
        cmocka_unit_test(a_permit_has_days),
        cmocka_unit_test(what_is_missing_unknown_or_of_another_type_is_named),
        cmocka_unit_test(a_document_is_one_noun_with_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
