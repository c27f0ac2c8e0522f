/* test_earth.c - distances on the ellipsoid, against published lengths and against the geodesic itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "core/route/earth.h"

static struct earth earth;

static void assert_near(double a, double b, double most)
{
    if (fabs(a - b) > most)
        fail_msg("%.6f is not within %g of %.6f", a, most, b);
}

static double exact_m(struct spot a, struct spot b)
{
    double distance_m;
    geod_inverse(&earth.geodesic, a.lat_e7 / 1e7, a.lon_e7 / 1e7, b.lat_e7 / 1e7, b.lon_e7 / 1e7, &distance_m, NULL,
                 NULL);
    return distance_m;
}

static void lengths_of_the_ellipsoid_are_right(void **state)
{
    (void)state;
    /* A degree of the equator is a/360; the meridian quadrant of WGS-84 is 10,001,965.729 m. */
    assert_near(earth_distance_m(&earth, (struct spot){0, 0}, (struct spot){10000000, 0}), 111319.4908, 0.001);
    assert_near(earth_distance_m(&earth, (struct spot){0, 0}, (struct spot){0, 900000000}), 10001965.729, 0.01);
    /* Karney's example: JFK to Singapore Changi, 15,347,628 m or so. */
    assert_near(earth_distance_m(&earth, (struct spot){-737788889, 406397222}, (struct spot){1039894444, 13591667}),
                15347628, 2000);
}

static void near_points_agree_with_the_geodesic(void **state)
{
    (void)state;
    srandom(20261126);
    for (int i = 0; i < 20000; i++) {
        struct spot a = {(int32_t)(random() % 3600000000) - 1800000000, (int32_t)(random() % 1590000000) - 795000000};
        struct spot b = {a.lon_e7 + (int32_t)(random() % 199999) - 99999,
                         a.lat_e7 + (int32_t)(random() % 199999) - 99999};
        const double exact = exact_m(a, b);
        assert_near(earth_distance_m(&earth, a, b), exact, 1e-6 * exact + 1e-6);
    }
}

static void the_date_line_is_no_gap(void **state)
{
    (void)state;
    assert_near(earth_distance_m(&earth, (struct spot){1799999000, 0}, (struct spot){-1799999000, 0}), 22.264, 0.01);
}

static void a_point_is_no_distance_from_itself(void **state)
{
    (void)state;
    assert_near(earth_distance_m(&earth, (struct spot){1186340000, 251180000}, (struct spot){1186340000, 251180000}), 0,
                0);
    assert_near(earth_distance_m(&earth, (struct spot){0, 899999999}, (struct spot){1000, 899999999}), 0, 0.02);
}

static void going_some_way_and_measuring_it_agree(void **state)
{
    (void)state;
    const struct spot from = {1186340000, 251180000};
    for (int azimuth = 0; azimuth < 360; azimuth += 15)
        assert_near(earth_distance_m(&earth, from, earth_along(&earth, from, azimuth, 150)), 150, 0.02);
}

int main(void)
{
    earth_init(&earth);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_of_the_ellipsoid_are_right),
        cmocka_unit_test(near_points_agree_with_the_geodesic),
        cmocka_unit_test(the_date_line_is_no_gap),
        cmocka_unit_test(a_point_is_no_distance_from_itself),
        cmocka_unit_test(going_some_way_and_measuring_it_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
