/* test_datum.c - coordinates of Chinese map data to WGS-84, against published pairs and there-and-back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "core/route/datum.h"

struct pair {
    int32_t wgs_lon, wgs_lat, other_lon, other_lat;
};

static void assert_near(int32_t a, int32_t b, int32_t most)
{
    if (labs((long)a - (long)b) > most)
        fail_msg("%d is not within %d of %d", a, most, b);
}

static void wgs84_and_cgcs2000_stay_as_they_are(void **state)
{
    (void)state;
    int32_t lon = 1186340001, lat = 251180001;
    assert_true(datum_to_wgs84(DATUM_WGS84, &lon, &lat));
    assert_true(datum_to_wgs84(DATUM_CGCS2000, &lon, &lat));
    assert_int_equal(lon, 1186340001);
    assert_int_equal(lat, 251180001);
}

static void gcj02_in_the_district_is_off_by_what_is_known_of_it(void **state)
{
    (void)state;
    int32_t lon = 1186340000, lat = 251180000;
    assert_true(datum_to_wgs84(DATUM_GCJ02, &lon, &lat));
    assert_near(1186340000 - lon, 46000, 4000);
    assert_near(251180000 - lat, -29000, 3000);
}

/* Tiananmen: the pair that every published implementation is tested with. */
static void gcj02_of_a_published_point_is_right_to_a_metre(void **state)
{
    (void)state;
    int32_t lon = 1163912740, lat = 399075390; /* WGS-84 */
    assert_true(datum_from_wgs84(DATUM_GCJ02, &lon, &lat));
    assert_near(lon, 1163975170, 200);
    assert_near(lat, 399089430, 200);
}

static void there_and_back_comes_home_everywhere(void **state)
{
    static const enum datum datums[] = {DATUM_GCJ02, DATUM_BD09};
    (void)state;
    for (size_t d = 0; d < 2; d++)
        for (int32_t lat = 180000000; lat <= 530000000; lat += 13333337)
            for (int32_t lon = 740000000; lon <= 1340000000; lon += 17777773) {
                int32_t lon_e7 = lon, lat_e7 = lat;
                assert_true(datum_from_wgs84(datums[d], &lon_e7, &lat_e7));
                assert_true(datum_to_wgs84(datums[d], &lon_e7, &lat_e7));
                assert_near(lon_e7, lon, 2);
                assert_near(lat_e7, lat, 2);
            }
}

static void bd09_is_further_off_than_gcj02(void **state)
{
    (void)state;
    int32_t lon = 1163912740, lat = 399075390;
    assert_true(datum_from_wgs84(DATUM_BD09, &lon, &lat));
    assert_near(lon, 1164038800, 1000);
    assert_near(lat, 399152900, 1000);
}

static void gcj02_outside_china_is_wgs84(void **state)
{
    (void)state;
    int32_t lon = 24000000, lat = 488000000;
    assert_true(datum_to_wgs84(DATUM_GCJ02, &lon, &lat));
    assert_int_equal(lon, 24000000);
    assert_int_equal(lat, 488000000);
}

static void what_names_no_datum_is_refused(void **state)
{
    (void)state;
    int32_t lon = 1, lat = 2;
    assert_false(datum_to_wgs84(DATUM_UNSPECIFIED, &lon, &lat));
    assert_false(datum_to_wgs84((enum datum)99, &lon, &lat));
    assert_false(datum_from_wgs84(DATUM_UNSPECIFIED, &lon, &lat));
    assert_int_equal(lon, 1);
    assert_int_equal(lat, 2);
}

static void what_is_not_on_earth_is_refused_in_every_datum(void **state)
{
    static const int32_t points[][2] = {
        {1800000001, 0}, {-1800000001, 0}, {0, 900000001}, {0, -900000001}, {INT32_MIN, INT32_MAX}};
    (void)state;
    for (int datum = DATUM_WGS84; datum <= DATUM_CGCS2000; datum++)
        for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
            int32_t lon = points[i][0], lat = points[i][1];
            assert_false(datum_to_wgs84((enum datum)datum, &lon, &lat));
            assert_false(datum_from_wgs84((enum datum)datum, &lon, &lat));
            assert_int_equal(lon, points[i][0]);
            assert_int_equal(lat, points[i][1]);
        }
}

static void the_poles_and_the_date_line_are_on_earth(void **state)
{
    (void)state;
    for (int datum = DATUM_WGS84; datum <= DATUM_GCJ02; datum++) {
        int32_t lon = -1800000000, lat = 900000000;
        assert_true(datum_to_wgs84((enum datum)datum, &lon, &lat));
        assert_int_equal(lon, -1800000000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wgs84_and_cgcs2000_stay_as_they_are),
        cmocka_unit_test(gcj02_in_the_district_is_off_by_what_is_known_of_it),
        cmocka_unit_test(gcj02_of_a_published_point_is_right_to_a_metre),
        cmocka_unit_test(there_and_back_comes_home_everywhere),
        cmocka_unit_test(bd09_is_further_off_than_gcj02),
        cmocka_unit_test(gcj02_outside_china_is_wgs84),
        cmocka_unit_test(what_names_no_datum_is_refused),
        cmocka_unit_test(what_is_not_on_earth_is_refused_in_every_datum),
        cmocka_unit_test(the_poles_and_the_date_line_are_on_earth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
