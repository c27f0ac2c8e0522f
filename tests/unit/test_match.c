/* test_match.c - exact re-entry: E01 after the ban, E05 before it, nothing without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "core/identity/identifier.h"
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
    struct matched_sighting sighting = seen(seen_at_us, log_index);

    findings.count = 0;
    reentry_match(&ban, &sighting, 1, &findings);
    assert_int_equal(findings.count, 1);
    assert_int_equal(room[0].rule, rule);
    assert_int_equal(room[0].at_us, seen_at_us);
}

static void without_a_ban_nothing_is_found(void **state)
{
    const struct item_ban none = {.stands = false, .banned_at_us = 0, .banned_index = 0};
    struct matched_sighting sighting = seen(2000, 60);

    (void)state;
    sighting.finding = 3;
    reentry_match(&none, &sighting, 1, &findings);
    assert_int_equal(findings.count, 0);
    assert_true(sighting.finding == NO_FINDING);
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

static struct matched_sighting plate_seen(int64_t seen_at_us, uint64_t log_index, const char *plate)
{
    struct matched_sighting sighting = seen(seen_at_us, log_index);

    sighting.scheme = IDENTIFIER_SCHEME_PLATE;
    sighting.value = text_of(plate);
    sighting.proof = false;
    return sighting;
}

static void a_hint_weighs_less_than_a_proof(void **state)
{
    struct matched_sighting sightings[] = {seen(2000, 60), plate_seen(2000, 61, "闽C12345"),
                                           plate_seen(0, 62, "闽C12345")};

    (void)state;
    reentry_match(&ban, sightings, 3, &findings);
    assert_int_equal(findings.count, 3);
    assert_int_equal(room[0].severity, rule_infos[RULE_E01].severity);
    assert_int_equal(room[1].severity, 2);
    assert_int_equal(room[2].severity, 2);
}

static void a_proof_among_hints_gives_the_finding_its_weight(void **state)
{
    struct matched_sighting sightings[] = {seen(2000, 60), seen(2000, 61), seen(2000, 62)};

    (void)state;
    sightings[0].proof = sightings[2].proof = false;
    reentry_match(&ban, sightings, 3, &findings);
    assert_int_equal(findings.count, 1);
    assert_int_equal(room[0].severity, rule_infos[RULE_E01].severity);
}

static void each_finding_points_to_its_first_sighting_and_names_the_identifier(void **state)
{
    struct matched_sighting sightings[] = {seen(2000, 60), plate_seen(3000, 61, "闽C12345"), seen(4000, 62)};

    (void)state;
    reentry_match(&ban, sightings, 3, &findings);
    assert_int_equal(findings.count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(room[i].event, i);
    assert_string_equal(room[0].key, "vin LSVAM4187C2184847");
    assert_int_equal(room[0].at_us, 2000);
    assert_string_not_equal(room[1].key, room[0].key);
    assert_non_null(strstr(room[0].text, "LSVAM4187C2184847"));
    assert_true(text_is_clean_utf8(text_of(room[1].key)));
    assert_true(text_is_clean_utf8(text_of(room[1].text)));
}

static void every_sighting_of_one_identifier_is_evidence_for_one_finding(void **state)
{
    struct matched_sighting sightings[] = {seen(2000, 60), plate_seen(3000, 61, "闽C12345"), seen(4000, 62),
                                           seen(1, 63), seen(5000, 64)};
    static const size_t expected[] = {0, 1, 0, 2, 0};

    (void)state;
    reentry_match(&ban, sightings, 5, &findings);
    assert_int_equal(findings.count, 3);
    assert_int_equal(room[2].rule, RULE_E05); /* the same identifier under the other rule */
    assert_string_equal(room[2].key, room[0].key);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(sightings[i].finding, expected[i]);
}

static void words_out_of_free_text_are_said_to_be(void **state)
{
    struct matched_sighting sighting = seen(2000, 60);

    (void)state;
    reentry_match(&ban, &sighting, 1, &findings);
    assert_null(strstr(room[0].text, "in its text"));
    sighting.from_text = true;
    findings.count = 0;
    reentry_match(&ban, &sighting, 1, &findings);
    assert_non_null(strstr(room[0].text, "in its text"));
}

/* Anybody may tell of old sightings; however many they are, the one that counts is found. */
static void a_flood_of_old_sightings_crowds_nothing_out(void **state)
{
    enum { FLOOD = 2000 };
    static struct matched_sighting sightings[FLOOD + 1];

    (void)state;
    for (size_t i = 0; i < FLOOD; i++)
        sightings[i] = seen(1, 60 + i);
    sightings[FLOOD] = seen(5000, 60 + FLOOD);
    reentry_match(&ban, sightings, FLOOD + 1, &findings);
    assert_int_equal(findings.count, 2);
    assert_int_equal(findings.dropped, 0);
    assert_int_equal(room[1].rule, RULE_E01);
    assert_int_equal(sightings[FLOOD].finding, 1);
    for (size_t i = 0; i < FLOOD; i++)
        assert_int_equal(sightings[i].finding, 0);
}

static void what_finds_no_room_is_counted_and_supports_nothing(void **state)
{
    static const char *const plates[] = {"闽C00001", "闽C00002", "闽C00003", "闽C00004", "闽C00005"};
    struct matched_sighting sightings[7];

    (void)state;
    for (size_t i = 0; i < 5; i++)
        sightings[i] = plate_seen(2000, 60 + i, plates[i]);
    sightings[5] = plate_seen(2000, 65, plates[0]);
    sightings[6] = plate_seen(2000, 66, plates[4]);
    reentry_match(&ban, sightings, 7, &findings);
    assert_int_equal(findings.count, 4);
    assert_int_equal(findings.dropped, 2);
    assert_true(sightings[4].finding == NO_FINDING && sightings[6].finding == NO_FINDING);
    assert_int_equal(sightings[5].finding, 0);
}

static void swap(struct matched_sighting *a, struct matched_sighting *b)
{
    const struct matched_sighting kept = *a;

    *a = *b;
    *b = kept;
}

/* Heap's algorithm: every order of arrival. */
static void expect_the_same_in_every_order(struct matched_sighting *sightings, size_t count, size_t n,
                                           const struct finding *expected)
{
    if (n == 1) {
        struct matched_sighting given[5];

        memset(room, 0, sizeof room);
        findings.count = 0;
        memcpy(given, sightings, count * sizeof *given);
        reentry_match(&ban, given, count, &findings);
        assert_memory_equal(room, expected, sizeof room);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        expect_the_same_in_every_order(sightings, count, n - 1, expected);
        if (i + 1 < n)
            swap(&sightings[n % 2 ? 0 : i], &sightings[n - 1]);
    }
}

static void the_order_of_arrival_decides_nothing(void **state)
{
    struct matched_sighting sightings[] = {seen(2000, 60), seen(2001, 60), seen(2002, 61),
                                           plate_seen(2002, 61, "闽C12345"), seen(2002, 61)};
    struct finding expected[4];

    (void)state;
    sightings[0].ordinal = sightings[2].ordinal = sightings[3].ordinal = sightings[4].ordinal = 1;
    sightings[4].from_text = true;
    reentry_match(&ban, sightings, 5, &findings);
    assert_int_equal(findings.count, 2);
    assert_int_equal(room[0].at_us, 2001);
    memcpy(expected, room, sizeof expected);
    for (size_t i = 1; i < 5; i++)
        assert_true(sightings[i - 1].log_index <= sightings[i].log_index);
    expect_the_same_in_every_order(sightings, 5, 5, expected);

    /* One place in the log: a proof before a hint, what was typed before what was read. */
    sightings[0] = sightings[1] = sightings[2] = seen(2000, 60);
    sightings[0].from_text = sightings[1].from_text = true;
    sightings[0].proof = false;
    memset(room, 0, sizeof room);
    findings.count = 0;
    reentry_match(&ban, sightings, 3, &findings);
    assert_int_equal(findings.count, 1);
    assert_null(strstr(room[0].text, "in its text"));
    assert_true(sightings[0].proof && sightings[1].proof && sightings[1].from_text);
    memcpy(expected, room, sizeof expected);
    expect_the_same_in_every_order(sightings, 3, 3, expected);
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

/* ---- the scenarios of tests/scenarios/listings/E01.txt and E05.txt ---- */

enum { LINE_BYTES = 256, SEEN_MAX = 8 };

static struct story {
    char name[LINE_BYTES], values[SEEN_MAX][64], expected[LINE_BYTES];
    struct item_ban ban;
    struct matched_sighting seen[SEEN_MAX];
    size_t count;
    uint64_t log_index;
    bool expects;
} story;
static int stories;

static int64_t day_us(const char *day)
{
    char text[40];
    int64_t at_us;

    (void)snprintf(text, sizeof text, "%sT12:00:00+08:00", day);
    assert_int_equal(time_parse(text_of(text), &at_us), 0);
    return at_us;
}

static void read_seen(const char *line)
{
    char day[16], kind[32], scheme[32];
    struct matched_sighting *sighting = &story.seen[story.count];

    assert_true(story.count < SEEN_MAX);
    assert_int_equal(sscanf(line, "seen %15s %31s %31s %63s", day, kind, scheme, story.values[story.count]), 4);
    *sighting = (struct matched_sighting){
        .log_index = story.log_index, .seen_at_us = day_us(day), .value = text_of(story.values[story.count])};
    assert_int_equal(sighting_kind_parse(text_of(kind), &sighting->kind), 0);
    assert_int_equal(identifier_scheme_parse(text_of(scheme), &sighting->scheme), 0);
    sighting->proof = identifier_scheme_is_proof(sighting->scheme);
    story.count++;
}

/* In the order of the expectations: each is found once, and nothing else is. */
static void play_story(void)
{
    char found[LINE_BYTES];

    if (!*story.name)
        return;
    if (!story.expects)
        fail_msg("%s: expects neither a finding nor nothing", story.name);
    findings.count = 0;
    reentry_match(&story.ban, story.seen, story.count, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        char *at;

        (void)snprintf(found, sizeof found, "%s %d %s;", rule_infos[room[i].rule].id, room[i].severity, room[i].key);
        at = strstr(story.expected, found);
        if (!at)
            fail_msg("%s: found %s", story.name, found);
        memmove(at, at + strlen(found), strlen(at + strlen(found)) + 1);
    }
    if (*story.expected)
        fail_msg("%s: not found: %s", story.name, story.expected);
    stories++;
}

static void read_line(const char *line)
{
    char day[16];

    if (strncmp(line, "scenario ", 9) == 0) {
        play_story();
        memset(&story, 0, sizeof story);
        (void)snprintf(story.name, sizeof story.name, "%s", line + 9);
    } else if (sscanf(line, "banned %15s", day) == 1) {
        story.ban = (struct item_ban){true, day_us(day), story.log_index};
    } else if (strncmp(line, "seen ", 5) == 0) {
        read_seen(line);
    } else if (strncmp(line, "expect ", 7) == 0) {
        story.expects = true;
        if (strcmp(line + 7, "nothing") != 0)
            (void)snprintf(story.expected + strlen(story.expected), sizeof story.expected - strlen(story.expected),
                           "%s;", line + 7);
    } else if (*line && *line != '#') {
        fail_msg("line not understood: %s", line);
    }
    story.log_index++;
}

static void every_scenario_gives_what_it_names(void **state)
{
    const char *const paths[] = {"tests/scenarios/listings/E01.txt", "tests/scenarios/listings/E05.txt"};
    char line[LINE_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        FILE *file = fopen(paths[i], "re");

        assert_non_null(file);
        while (fgets(line, sizeof line, file)) {
            line[strcspn(line, "\n")] = '\0';
            read_line(line);
        }
        (void)fclose(file);
        play_story();
        story.name[0] = '\0';
    }
    assert_true(stories >= 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_ban_nothing_is_found, start),
        cmocka_unit_test_setup(without_a_sighting_nothing_is_found, start),
        cmocka_unit_test_setup(what_was_seen_and_stored_after_the_ban_is_a_banned_thing_sighted, start),
        cmocka_unit_test_setup(what_was_seen_or_stored_before_the_ban_is_to_be_looked_at, start),
        cmocka_unit_test_setup(a_hint_weighs_less_than_a_proof, start),
        cmocka_unit_test_setup(a_proof_among_hints_gives_the_finding_its_weight, start),
        cmocka_unit_test_setup(each_finding_points_to_its_first_sighting_and_names_the_identifier, start),
        cmocka_unit_test_setup(every_sighting_of_one_identifier_is_evidence_for_one_finding, start),
        cmocka_unit_test_setup(words_out_of_free_text_are_said_to_be, start),
        cmocka_unit_test_setup(a_flood_of_old_sightings_crowds_nothing_out, start),
        cmocka_unit_test_setup(what_finds_no_room_is_counted_and_supports_nothing, start),
        cmocka_unit_test_setup(the_order_of_arrival_decides_nothing, start),
        cmocka_unit_test_setup(long_identifiers_keep_keys_of_their_own, start),
        cmocka_unit_test_setup(every_scenario_gives_what_it_names, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
