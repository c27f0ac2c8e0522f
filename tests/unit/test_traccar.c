/* test_traccar.c - positions as Traccar forwards them: units, times, datums, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/traccar.h"

#define NOW_US INT64_C(1795000000000000) /* 2026-11-18T11:06:40Z */
#define FIX_TIME "\"fixTime\":\"2026-11-18T10:00:00.250+00:00\","
#define PLACE "\"latitude\":24.995,\"longitude\":118.622,"
#define REST "\"speed\":10.0,\"course\":90.5,\"accuracy\":0.0"
#define DEVICE "\"device\":{\"id\":1,\"uniqueId\":\"013912345678\"}"
#define MESSAGE(position) "{\"position\":{\"valid\":true,\"outdated\":false," position "}," DEVICE "}"

static struct traccar_position position;
static struct error error;

static int read_as(const char *json, enum datum datum)
{
    error = (struct error){.code = 0};
    return traccar_read(text_of(json), datum, NOW_US, &position, &error);
}

static void assert_reads(const char *json)
{
    if (read_as(json, DATUM_WGS84))
        fail_msg("%s: %s", json, error.text);
}

static void assert_refused(const char *json, const char *words)
{
    assert_int_equal(read_as(json, DATUM_WGS84), ERR_INVALID);
    if (strncmp(error.text, words, strlen(words)) != 0 || strstr(error.text, "; hint: ") == NULL)
        fail_msg("%s: %s", json, error.text);
}

static void a_position_has_our_units(void **state)
{
    (void)state;
    assert_reads(MESSAGE(FIX_TIME PLACE REST ",\"altitude\":21.0,\"address\":null,\"attributes\":{\"ignition\":true}"));
    assert_string_equal(position.unique_id, "013912345678");
    assert_int_equal(position.fix.at_us, INT64_C(1794996000250000));
    assert_int_equal(position.fix.lat_e7, 249950000);
    assert_int_equal(position.fix.lon_e7, 1186220000);
    assert_int_equal(position.fix.speed_cm_s, 514); /* 10 knots are 18.52 km/h */
    assert_int_equal(position.fix.course_cdeg, 9050);
    assert_true(position.fix.has_speed && position.fix.has_course && !position.fix.has_accuracy);
}

static void what_is_not_said_is_not_measured(void **state)
{
    (void)state;
    assert_reads(MESSAGE(FIX_TIME "\"latitude\":24,\"longitude\":118,\"speed\":null"));
    assert_false(position.fix.has_speed || position.fix.has_course || position.fix.has_accuracy);
    assert_int_equal(position.fix.lat_e7, 240000000);
    assert_reads(MESSAGE(FIX_TIME PLACE "\"accuracy\":3.5,\"course\":360"));
    assert_true(position.fix.has_accuracy);
    assert_int_equal(position.fix.accuracy_cm, 350);
    assert_int_equal(position.fix.course_cdeg, 0); /* the contract's circle ends at 35999 */
}

static void a_time_is_text_with_an_offset_or_milliseconds(void **state)
{
    (void)state;
    static const char *const same[] = {"\"2026-11-18T10:00:00.250+00:00\"",
                                       "\"2026-11-18T10:00:00.250+0000\"",
                                       "\"2026-11-18T18:00:00.250+08:00\"",
                                       "\"2026-11-18T18:00:00.250+0800\"",
                                       "\"2026-11-18T04:30:00.250-0530\"",
                                       "\"2026-11-18T10:00:00.250Z\"",
                                       "1794996000250"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        char json[512];
        (void)snprintf(json, sizeof json, MESSAGE("\"fixTime\":%s," PLACE REST), same[i]);
        assert_reads(json);
        assert_int_equal(position.fix.at_us, INT64_C(1794996000250000));
    }
}

static void a_time_is_never_guessed(void **state)
{
    (void)state;
    static const char *const bad[] = {"1794996000",       /* seconds */
                                      "1794996000250000", /* microseconds */
                                      "1794996000250.5",
                                      "9223372036854775807",
                                      "-9223372036854775808",
                                      "null",
                                      "true",
                                      "\"\"",
                                      "\"2026-11-18\"",
                                      "\"2026-11-18T10:00:00.250\"",
                                      "\"2026-02-30T10:00:00.250Z\"",
                                      "\"1970-01-01T00:00:00.000+00:00\"",
                                      "\"1999-12-31T23:59:59.999Z\"",
                                      "\"2026-11-19T11:06:41.000Z\"",
                                      "\"1794996000250\"",
                                      "\"2026-11-18T10:00:00.250+00:00 and a tail that is long\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char json[512];
        (void)snprintf(json, sizeof json, MESSAGE("\"fixTime\":%s," PLACE REST), bad[i]);
        assert_refused(json, "position.fixTime: ");
    }
}

static void gcj02_becomes_wgs84_and_says_so(void **state)
{
    (void)state;
    assert_int_equal(read_as(MESSAGE(FIX_TIME PLACE REST), DATUM_GCJ02), 0);
    assert_int_equal(position.fix.datum, DATUM_GCJ02);
    const int32_t moved = 1186220000 - position.fix.lon_e7;
    assert_true(moved > 30000 && moved < 70000); /* some 500 m */
}

static void what_is_no_gnss_position_of_now_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"position\":{\"valid\":false," FIX_TIME PLACE REST "}," DEVICE "}", "position.valid: false");
    assert_refused("{\"position\":{" FIX_TIME PLACE REST "}," DEVICE "}", "position.valid: is no flag");
    assert_refused("{\"position\":{\"valid\":1," FIX_TIME PLACE REST "}," DEVICE "}", "position.valid: is no flag");
    assert_refused("{\"position\":{\"valid\":true,\"outdated\":true," FIX_TIME PLACE REST "}," DEVICE "}",
                   "position.outdated: true");
    assert_refused(MESSAGE(FIX_TIME "\"latitude\":0.0,\"longitude\":0," REST), "position: 0, 0");
}

static void numbers_out_of_their_bounds_are_refused_by_name(void **state)
{
    (void)state;
    assert_refused(MESSAGE(FIX_TIME "\"latitude\":90.0000001,\"longitude\":1," REST), "position.latitude: 90.0000001");
    assert_refused(MESSAGE(FIX_TIME "\"latitude\":1,\"longitude\":-180.5," REST), "position.longitude: -180.5");
    assert_refused(MESSAGE(FIX_TIME "\"latitude\":\"1\",\"longitude\":1," REST), "position.latitude: is no number");
    assert_refused(MESSAGE(FIX_TIME "\"longitude\":1," REST), "position.latitude: is no number");
    assert_refused(MESSAGE(FIX_TIME "\"latitude\":null,\"longitude\":1," REST), "position.latitude: is no number");
    assert_refused(MESSAGE(FIX_TIME PLACE "\"speed\":-0.1"), "position.speed: -0.1");
    assert_refused(MESSAGE(FIX_TIME PLACE "\"speed\":1944"), "position.speed: 1944");
    assert_refused(MESSAGE(FIX_TIME PLACE "\"speed\":[]"), "position.speed: is no number");
    assert_refused(MESSAGE(FIX_TIME PLACE "\"course\":360.1"), "position.course: 360.1");
    assert_refused(MESSAGE(FIX_TIME PLACE "\"accuracy\":-1"), "position.accuracy: -1");
}

static void what_is_no_message_of_traccar_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "null",
                                      "[]",
                                      "1",
                                      "{",
                                      "{}x",
                                      "{\"a\":1,\"a\":1}",
                                      "{\"a\":\"\xff\"}",
                                      "{\"a\":1e999}",
                                      "{\"a\":\"\\u0000\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i], "message: no JSON object");
    assert_refused("{}", "device.uniqueId: is no id");
    assert_refused("{" DEVICE "}", "position: is no object");
    assert_refused("{\"position\":{},\"device\":{\"uniqueId\":7}}", "device.uniqueId: is no id");
    assert_refused("{\"position\":{},\"device\":{\"uniqueId\":\"\"}}", "device.uniqueId: is no id");
    assert_refused("{\"position\":{},\"device\":{\"uniqueId\":"
                   "\"01234567890123456789012345678901234567890123456789012345678901234\"}}",
                   "device.uniqueId: is no id");
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    char *deep = malloc(60001);
    assert_non_null(deep);
    memset(deep, '[', 60000);
    deep[60000] = '\0';
    assert_refused(deep, "message: no JSON object");
    free(deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_has_our_units),
        cmocka_unit_test(what_is_not_said_is_not_measured),
        cmocka_unit_test(a_time_is_text_with_an_offset_or_milliseconds),
        cmocka_unit_test(a_time_is_never_guessed),
        cmocka_unit_test(gcj02_becomes_wgs84_and_says_so),
        cmocka_unit_test(what_is_no_gnss_position_of_now_is_refused),
        cmocka_unit_test(numbers_out_of_their_bounds_are_refused_by_name),
        cmocka_unit_test(what_is_no_message_of_traccar_is_refused),
        cmocka_unit_test(deep_nesting_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
