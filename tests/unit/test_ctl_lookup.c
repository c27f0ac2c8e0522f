/* test_ctl_lookup.c - what somebody typed, read in every way that it can be read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/lookup.h"

static const char *reading(const struct lookup *lookup, const char *scheme)
{
    size_t at;
    json_t *candidate;
    json_array_foreach(lookup->candidates, at, candidate)
    {
        if (strcmp(json_string_value(json_object_get(candidate, "scheme")), scheme) == 0)
            return json_string_value(json_object_get(candidate, "value"));
    }
    return NULL;
}

static void a_vin_is_read_as_a_vin_in_normal_form(void **state)
{
    (void)state;
    struct lookup lookup;
    assert_int_equal(lookup_read("lvshcamb1-ce054249", NULL, &lookup, NULL), 0);
    assert_string_equal(reading(&lookup, "vin"), "LVSHCAMB1CE054249");
    assert_null(reading(&lookup, "imei"));
    assert_null(reading(&lookup, "unspecified"));
    assert_int_equal(json_array_size(lookup.warnings), 0);
    lookup_free(&lookup);
}

static void a_plate_is_no_vin(void **state)
{
    (void)state;
    struct lookup lookup;
    assert_int_equal(lookup_read("闽c 12345", NULL, &lookup, NULL), 0);
    assert_string_equal(reading(&lookup, "plate"), "闽C12345");
    assert_null(reading(&lookup, "vin"));
    lookup_free(&lookup);
}

static void a_wrong_check_digit_is_kept_with_a_warning(void **state)
{
    (void)state;
    struct lookup lookup;
    assert_int_equal(lookup_read("LVSHCAMB1CE054248", NULL, &lookup, NULL), 0);
    assert_string_equal(reading(&lookup, "vin"), "LVSHCAMB1CE054248");
    assert_int_equal(json_array_size(lookup.warnings), 1);
    assert_non_null(strstr(json_string_value(json_array_get(lookup.warnings, 0)), "LVSHCAMB1CE054248"));
    lookup_free(&lookup);
}

static void a_chosen_scheme_is_the_only_reading(void **state)
{
    (void)state;
    struct lookup lookup;
    assert_int_equal(lookup_read("LVSHCAMB1CE054249", "tag", &lookup, NULL), 0);
    assert_int_equal(json_array_size(lookup.candidates), 1);
    assert_non_null(reading(&lookup, "tag"));
    lookup_free(&lookup);
}

static void expect_refused(const char *raw, const char *scheme, const char *words)
{
    struct lookup lookup;
    struct error error = {0};
    assert_int_equal(lookup_read(raw, scheme, &lookup, &error), ERR_INVALID);
    assert_non_null(strstr(error.text, words));
    assert_non_null(strstr(error.text, "; hint: "));
    lookup_free(&lookup);
}

static void what_cannot_be_read_is_refused_with_a_hint(void **state)
{
    (void)state;
    expect_refused("", NULL, "identifier");
    expect_refused("LVSHCAMB1CE054249", "colour", "--scheme: colour");
    expect_refused("LVSHCAMB1CE054249", "unspecified", "--scheme: unspecified");
    expect_refused("闽CI2345", "plate", "闽CI2345");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vin_is_read_as_a_vin_in_normal_form),
        cmocka_unit_test(a_plate_is_no_vin),
        cmocka_unit_test(a_wrong_check_digit_is_kept_with_a_warning),
        cmocka_unit_test(a_chosen_scheme_is_the_only_reading),
        cmocka_unit_test(what_cannot_be_read_is_refused_with_a_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
