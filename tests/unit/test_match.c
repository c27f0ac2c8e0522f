/* test_match.c - exact re-entry: E01 after the ban, E05 before it, nothing without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/reentry/match.h"

static const struct item_ban ban = {.stands = true, .banned_at_us = 1000, .banned_index = 50};
static struct finding room[4];
static struct findings findings;

static int start(void **state)
{
    (void)state;
    memset(room, 0, sizeof room);
    findings = (struct findings){.list = room, .room = 4};
    return 0;
}

static struct matched_sighting seen(int64_t seen_at_us, uint64_t log_index)
{
    return (struct matched_sighting){.log_index = log_index,
                                     .seen_at_us = seen_at_us,
                                     .kind = SIGHTING_KIND_LISTING,
                                     .scheme = IDENTIFIER_SCHEME_VIN,
                                     .value = TEXT("LSVAM4187C2184847"),
                                     .proof = true};
}

static void expect_rule(int64_t seen_at_us, uint64_t log_index, enum rule rule)
{
    const struct matched_sighting sighting = seen(seen_at_us, log_index);

    findings.count = 0;
    reentry_match(&ban, &sighting, 1, &findings);
    assert_int_equal(findings.count, 1);
    assert_int_equal(room[0].rule, rule);
    assert_int_equal(room[0].at_us, seen_at_us);
}

static void without_a_ban_nothing_is_found(void **state)
{
    const struct item_ban none = {.stands = false, .banned_at_us = 0, .banned_index = 0};
    const struct matched_sighting sighting = seen(2000, 60);

    (void)state;
    reentry_match(&none, &sighting, 1, &findings);
    assert_int_equal(findings.count, 0);
}

static void without_a_sighting_nothing_is_found(void **state)
{
    (void)state;
    reentry_match(&ban, NULL, 0, &findings);
    assert_int_equal(findings.count, 0);
}

static void what_was_seen_and_stored_after_the_ban_is_a_banned_thing_sighted(void **state)
{
    (void)state;
    expect_rule(1001, 51, RULE_E01);
    expect_rule(1000, 51, RULE_E01); /* in the very moment */
    expect_rule(1000, 50, RULE_E01); /* in the very envelope */
}

static void what_was_seen_or_stored_before_the_ban_is_to_be_looked_at(void **state)
{
    (void)state;
    expect_rule(999, 49, RULE_E05);
    expect_rule(999, 51, RULE_E05);  /* told late of an old offer */
    expect_rule(1001, 49, RULE_E05); /* the ban was told late */
    expect_rule(INT64_MIN, 0, RULE_E05);
}

static void a_hint_weighs_less_than_a_proof(void **state)
{
    struct matched_sighting sightings[] = {seen(2000, 60), seen(2000, 60), seen(0, 0)};

    (void)state;
    sightings[1].proof = sightings[2].proof = false;
    reentry_match(&ban, sightings, 3, &findings);
    assert_int_equal(findings.count, 3);
    assert_int_equal(room[0].severity, rule_infos[RULE_E01].severity);
    assert_int_equal(room[1].severity, 2);
    assert_int_equal(room[2].severity, 2);
}

static void each_finding_points_to_its_sighting_and_names_the_identifier(void **state)
{
    struct matched_sighting sightings[] = {seen(2000, 60), seen(3000, 61), seen(4000, 62)};

    (void)state;
    sightings[1].scheme = IDENTIFIER_SCHEME_PLATE;
    sightings[1].value = TEXT("闽C12345");
    reentry_match(&ban, sightings, 3, &findings);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(room[i].event, i);
    assert_string_equal(room[0].key, "vin LSVAM4187C2184847");
    assert_string_equal(room[2].key, room[0].key); /* the same again joins one flag */
    assert_string_not_equal(room[1].key, room[0].key);
    assert_non_null(strstr(room[0].text, "LSVAM4187C2184847"));
    assert_true(text_is_clean_utf8(text_of(room[1].key)));
    assert_true(text_is_clean_utf8(text_of(room[1].text)));
}

static void words_out_of_free_text_are_said_to_be(void **state)
{
    struct matched_sighting sighting = seen(2000, 60);

    (void)state;
    reentry_match(&ban, &sighting, 1, &findings);
    assert_null(strstr(room[0].text, "in its text"));
    sighting.from_text = true;
    reentry_match(&ban, &sighting, 1, &findings);
    assert_non_null(strstr(room[1].text, "in its text"));
}

static void what_finds_no_room_is_counted(void **state)
{
    struct matched_sighting sightings[6];

    (void)state;
    for (size_t i = 0; i < 6; i++)
        sightings[i] = seen(2000, 60);
    sightings[5].proof = false;
    reentry_match(&ban, sightings, 6, &findings);
    assert_int_equal(findings.count, 4);
    assert_int_equal(findings.dropped, 2);
}

/* The longest identifiers: two of them must not become one flag. */
static void long_identifiers_keep_keys_of_their_own(void **state)
{
    char first[129], second[129];
    struct matched_sighting sightings[] = {seen(2000, 60), seen(2000, 60)};

    (void)state;
    memset(first, 'A', 128);
    memset(second, 'A', 128);
    first[128] = second[128] = '\0';
    second[127] = 'B';
    sightings[0].value = text_of(first);
    sightings[1].value = text_of(second);
    reentry_match(&ban, sightings, 2, &findings);
    assert_int_equal(findings.count, 2);
    assert_true(strlen(room[0].key) < FINDING_KEY_BYTES);
    assert_string_not_equal(room[0].key, room[1].key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_ban_nothing_is_found, start),
        cmocka_unit_test_setup(without_a_sighting_nothing_is_found, start),
        cmocka_unit_test_setup(what_was_seen_and_stored_after_the_ban_is_a_banned_thing_sighted, start),
        cmocka_unit_test_setup(what_was_seen_or_stored_before_the_ban_is_to_be_looked_at, start),
        cmocka_unit_test_setup(a_hint_weighs_less_than_a_proof, start),
        cmocka_unit_test_setup(each_finding_points_to_its_sighting_and_names_the_identifier, start),
        cmocka_unit_test_setup(words_out_of_free_text_are_said_to_be, start),
        cmocka_unit_test_setup(what_finds_no_room_is_counted, start),
        cmocka_unit_test_setup(long_identifiers_keep_keys_of_their_own, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
