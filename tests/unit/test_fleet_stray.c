/* test_fleet_stray.c - a straying truck: in order of time, where it says, and never faster than a truck. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fleet/stray.h"

#define BEGIN INT64_C(1795392000000000)

static const struct place home = {1186430000, 249720000};

static void its_parts_follow_each_other_within_its_duration(void **state)
{
    (void)state;
    int64_t last_us = BEGIN - 1;
    struct place last = home;
    for (enum stray stray = STRAY_STOP; stray <= STRAY_SILENCE; stray++) {
        struct stray_words words;
        stray_say(stray, home, BEGIN, &words);
        assert_true(words.fix_count > 0);
        for (size_t i = 0; i < words.fix_count; i++) {
            const struct place at = {words.fixes[i].lon_e7, words.fixes[i].lat_e7};
            const double seconds = (double)(words.fixes[i].at_us - last_us) / 1e6;
            assert_true(words.fixes[i].at_us > last_us && words.fixes[i].at_us < BEGIN + STRAY_DURATION_US);
            assert_true(last_us < BEGIN || place_distance_m(last, at) < 30 * seconds);
            last_us = words.fixes[i].at_us;
            last = at;
        }
    }
    assert_false(world_contains(last));
}

static void it_opens_only_while_it_stands(void **state)
{
    (void)state;
    struct stray_words words;
    stray_say(STRAY_STOP, home, BEGIN, &words);
    assert_int_equal(words.reading_count, 1);
    assert_true(words.readings[0].door_open);
    for (size_t i = 1; i < words.fix_count; i++)
        assert_true(words.fixes[i].lon_e7 == words.fixes[0].lon_e7 && words.fixes[i].lat_e7 == words.fixes[0].lat_e7);
    assert_true(place_distance_m(home, (struct place){words.fixes[0].lon_e7, words.fixes[0].lat_e7}) > 500);
    stray_say(STRAY_ABROAD, home, BEGIN, &words);
    assert_int_equal(words.reading_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_parts_follow_each_other_within_its_duration),
        cmocka_unit_test(it_opens_only_while_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
