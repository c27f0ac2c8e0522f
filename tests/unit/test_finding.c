/* test_finding.c - rules by their ids, and findings in bounded room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "core/finding.h"

static void every_rule_is_found_by_its_id_and_says_what_it_rests_on(void **state)
{
    (void)state;
    for (int i = 0; i < RULE_COUNT; i++) {
        const struct rule_info *info = &rule_infos[i];
        enum rule rule;
        assert_int_equal(rule_parse(text_of(info->id), &rule), 0);
        assert_int_equal(rule, i);
        assert_in_range(info->severity, 1, 4);
        assert_true(info->version >= 1);
        assert_true(strlen(info->article) > 0 && strlen(info->title_zh) > 0 && strlen(info->title_en) > 0);
    }
}

static void unknown_rules_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "E0", "E011", "e01", "E99"};
    enum rule rule;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(rule_parse(text_of(bad[i]), &rule), ERR_INVALID);
}

static void a_finding_has_what_it_was_given(void **state)
{
    (void)state;
    struct finding room[2];
    memset(room, 0x5A, sizeof room);
    struct findings findings = {.list = room, .room = 2};
    struct finding *finding = findings_add(&findings, RULE_E01, 17, SIZE_MAX, "key", "VIN %s: %d", "L", 3);
    assert_ptr_equal(finding, &room[0]);
    assert_int_equal(finding->rule, RULE_E01);
    assert_int_equal(finding->severity, rule_infos[RULE_E01].severity);
    assert_int_equal(finding->at_us, 17);
    assert_true(finding->event == SIZE_MAX);
    assert_string_equal(finding->key, "key");
    assert_string_equal(finding->text, "VIN L: 3");
    assert_int_equal(findings.count, 1);
}

static void findings_without_room_are_counted(void **state)
{
    (void)state;
    struct finding room[1];
    struct findings findings = {.list = room, .room = 1};
    assert_non_null(findings_add(&findings, RULE_C01, 1, 0, "", "first"));
    assert_null(findings_add(&findings, RULE_C02, 2, 0, "", "second"));
    assert_null(findings_add(&findings, RULE_C03, 3, 0, "", "third"));
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.dropped, 2);
    assert_string_equal(room[0].text, "first");
}

/* Adds one finding with `key` and returns the key that was kept. */
static const char *kept_key(const char *key, struct finding *room)
{
    struct findings findings = {.list = room, .room = 1};
    return findings_add(&findings, RULE_C02, 1, 0, key, "text")->key;
}

static void keys_that_are_too_long_stay_different(void **state)
{
    (void)state;
    char key[FINDING_KEY_BYTES + 8], other[FINDING_KEY_BYTES + 8];
    memset(key, 'k', sizeof key);
    key[FINDING_KEY_BYTES - 1] = '\0';
    struct finding a, b;
    assert_string_equal(kept_key(key, &a), key); /* the longest that fits is kept as it is */
    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0';
    memcpy(other, key, sizeof key);
    other[sizeof other - 2] = 'x';
    assert_string_not_equal(kept_key(key, &a), kept_key(other, &b));
    assert_string_equal(kept_key(key, &a), kept_key(key, &b));
    assert_true(strlen(a.key) < FINDING_KEY_BYTES);
}

static void text_that_is_too_long_is_cut_between_characters(void **state)
{
    (void)state;
    struct finding room[1];
    char filler[FINDING_TEXT_BYTES];
    for (size_t len = FINDING_TEXT_BYTES - 5; len < FINDING_TEXT_BYTES; len++) {
        memset(filler, 'a', sizeof filler);
        filler[len] = '\0';
        struct findings findings = {.list = room, .room = 1};
        struct finding *finding = findings_add(&findings, RULE_C02, 1, 0, "", "%s闽😀é", filler);
        assert_true(text_is_clean_utf8(text_of(finding->text)));
        assert_true(strlen(finding->text) + 4 >= FINDING_TEXT_BYTES - 1);
        assert_memory_equal(finding->text, filler, len);
    }
}

/* Scenarios of a file, and how many of them expect the rule. */
static void count_stories(const char *path, const char *id, int *stories, int *firing)
{
    char line[1024], wanted[16];
    bool counted = true;
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    (void)snprintf(wanted, sizeof wanted, "expect %s ", id);
    *stories = *firing = 0;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "scenario ", 9) == 0) {
            ++*stories;
            counted = false;
        } else if (!counted && strncmp(line, wanted, strlen(wanted)) == 0) {
            ++*firing;
            counted = true;
        }
    }
    (void)fclose(file);
}

/* A rule that fires in no story, or in every one, is not told to a lawyer. */
static void every_rule_has_stories_that_fire_it_and_stories_that_do_not(void **state)
{
    (void)state;
    for (int i = 0; i < RULE_COUNT; i++) {
        const char *id = rule_infos[i].id;
        char pattern[64];
        int stories, firing;
        glob_t found;
        (void)snprintf(pattern, sizeof pattern, "tests/scenarios/{,*/}%s.txt", id);
        if (glob(pattern, GLOB_BRACE, NULL, &found) != 0 || found.gl_pathc != 1)
            fail_msg("%s: no file of scenarios", id);
        count_stories(found.gl_pathv[0], id, &stories, &firing);
        if (firing == 0 || firing == stories)
            fail_msg("%s: %d of %d scenarios expect it", found.gl_pathv[0], firing, stories);
        globfree(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_is_found_by_its_id_and_says_what_it_rests_on),
        cmocka_unit_test(unknown_rules_are_refused),
        cmocka_unit_test(every_rule_has_stories_that_fire_it_and_stories_that_do_not),
        cmocka_unit_test(a_finding_has_what_it_was_given),
        cmocka_unit_test(findings_without_room_are_counted),
        cmocka_unit_test(keys_that_are_too_long_stay_different),
        cmocka_unit_test(text_that_is_too_long_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
