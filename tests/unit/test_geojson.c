/* test_geojson.c - polygons and their rings out of GeoJSON, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/route/geojson.h"

static void rings_say_where_a_polygon_begins(void **state)
{
    (void)state;
    struct geojson geojson;
    struct error error;
    assert_int_equal(
        geojson_read(
            &geojson,
            TEXT("{\"type\":\"MultiPolygon\",\"coordinates\":[[[[0,0],[9,0],[9,9.5],[0,0]],[[1,1],[2,1],[2,2],[1,1]]],"
                 "[[[20,0],[21,0],[21,1,7],[20,0]]]]}"),
            12, &error),
        0);
    assert_int_equal(geojson.ring_count, 3);
    assert_int_equal(geojson.point_count, 12);
    assert_true(geojson.rings[0].is_outer && !geojson.rings[1].is_outer && geojson.rings[2].is_outer);
    assert_int_equal(geojson.rings[2].first, 8);
    assert_int_equal(geojson.rings[2].count, 4);
    assert_true(geojson.points[2].lon == 9 && geojson.points[2].lat == 9.5); /* heights are passed over */
    geojson_fini(&geojson);
}

static void what_is_no_polygon_is_refused_with_a_hint(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "null",
        "{}",
        "{\"type\":\"Polygon\"}",
        "{\"type\":\"polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[0,0],[1,0],[1,1],[0,0]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0],[1,0],[1,1],[0]]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[0,0]]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,1]]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]} x",
        "{\"type\":\"Polygon\",\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[2,1],[0,0]]]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct geojson geojson;
        struct error error = {.code = 0};
        assert_int_equal(geojson_read(&geojson, text_of(bad[i]), 4, &error), ERR_INVALID);
        assert_non_null(strstr(error.text, "; hint: "));
        geojson_fini(&geojson);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_say_where_a_polygon_begins),
        cmocka_unit_test(what_is_no_polygon_is_refused_with_a_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
