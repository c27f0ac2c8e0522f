/* test_ctl_words.c - the words in sql/api/common.sql are those of the tables in daemon/core. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/custody/lifecycle.h"
#include "core/directory.h"
#include "core/finding.h"
#include "core/report.h"
#include "ctl/embedded_sql.h"

enum { LIST_MAX = 64, WORD_BYTES = 64 };

static const char *common_sql(void)
{
    for (size_t i = 0; i < embedded_sql_count; i++) {
        if (strcmp(embedded_sql[i].name, "api/common.sql") == 0)
            return (const char *)embedded_sql[i].start;
    }
    fail_msg("api/common.sql is not compiled in");
    return NULL;
}

/* The array literal of a list, '[0:n]={a,b,...}', without white space; returns the number of words, and the n that
 * it claims. */
static size_t words_of(const char *list, char words[LIST_MAX][WORD_BYTES], size_t *claimed)
{
    char head[64];
    snprintf(head, sizeof head, "WHEN '%s' THEN '[0:", list);
    const char *at = strstr(common_sql(), head);
    assert_non_null(at);
    *claimed = strtoul(at + strlen(head), NULL, 10);
    at = strchr(at, '{') + 1;
    size_t count = 0, len = 0;
    for (; *at != '\''; at++) {
        if (*at == ',' || *at == '}') {
            words[count++][len] = '\0';
            len = 0;
        } else if (*at != ' ' && *at != '\n') {
            words[count][len++] = *at;
        }
        assert_true(count < LIST_MAX && len < WORD_BYTES - 1);
    }
    return count;
}

struct entry {
    size_t number;
    const char *word;
};

static void expect_list(const char *list, const struct entry *entries, size_t count)
{
    static char words[LIST_MAX][WORD_BYTES];
    size_t claimed, named = 0, found = words_of(list, words, &claimed);
    assert_int_equal(found, claimed + 1);
    for (size_t i = 0; i < count; i++) {
        assert_true(entries[i].number < found);
        assert_string_equal(words[entries[i].number], entries[i].word);
    }
    for (size_t i = 0; i < found; i++)
        named += strcmp(words[i], "NULL") != 0;
    assert_int_equal(named, count); /* and SQL has no word that C has not */
}

#define ENTRY3(name, number, word) {number, word},
#define ENTRY_PHYSICAL(name, number, stage, end, word, zh) {number, word},
#define ENTRY_PHYSICAL_ZH(name, number, stage, end, word, zh) {number, zh},
#define ENTRY_LEGAL(name, number, stage, word, zh) {number, word},
#define ENTRY_LEGAL_ZH(name, number, stage, word, zh) {number, zh},
#define ENTRY_BAN(name, number, word, zh) {number, word},
#define ENTRY_BAN_ZH(name, number, word, zh) {number, zh},
#define EXPECT(list, table, shape)                                                                                     \
    do {                                                                                                               \
        static const struct entry entries[] = {table(shape)};                                                          \
        expect_list(list, entries, sizeof entries / sizeof entries[0]);                                                \
    } while (0)

static void words_of_the_wire_contract_are_those_of_core(void **state)
{
    (void)state;
    EXPECT("item_kind", ITEM_KIND_TABLE, ENTRY3);
    EXPECT("identifier_scheme", IDENTIFIER_SCHEME_TABLE, ENTRY3);
    EXPECT("event_type", EVENT_TYPE_TABLE, ENTRY3);
    EXPECT("sighting_kind", SIGHTING_KIND_TABLE, ENTRY3);
    EXPECT("sighted_use", SIGHTED_USE_TABLE, ENTRY3);
    EXPECT("party_kind", PARTY_KIND_TABLE, ENTRY3);
}

static void words_of_states_are_those_of_core(void **state)
{
    (void)state;
    EXPECT("physical_state", PHYSICAL_STATE_TABLE, ENTRY_PHYSICAL);
    EXPECT("physical_state_zh", PHYSICAL_STATE_TABLE, ENTRY_PHYSICAL_ZH);
    EXPECT("legal_state", LEGAL_STATE_TABLE, ENTRY_LEGAL);
    EXPECT("legal_state_zh", LEGAL_STATE_TABLE, ENTRY_LEGAL_ZH);
    EXPECT("resale_ban", RESALE_BAN_TABLE, ENTRY_BAN);
    EXPECT("resale_ban_zh", RESALE_BAN_TABLE, ENTRY_BAN_ZH);
}

static void every_list_of_words_has_its_chinese(void **state)
{
    (void)state;
    static char words[LIST_MAX][WORD_BYTES], chinese[LIST_MAX][WORD_BYTES];
    static const char *const lists[] = {"item_kind", "identifier_scheme", "event_type", "sighting_kind"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char name[64];
        size_t claimed;
        snprintf(name, sizeof name, "%s_zh", lists[i]);
        assert_int_equal(words_of(lists[i], words, &claimed), words_of(name, chinese, &claimed));
    }
}

/* 'it''s' as SQL quotes it. */
static void put_quoted(char **at, const char *text)
{
    *(*at)++ = '\'';
    for (; *text; text++) {
        if (*text == '\'')
            *(*at)++ = '\'';
        *(*at)++ = *text;
    }
    *(*at)++ = '\'';
    **at = '\0';
}

static void titles_of_rules_are_those_of_core(void **state)
{
    (void)state;
    size_t in_sql = 0;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct rule_info *rule = &rule_infos[i];
        char line[1024], *at = line + sprintf(line, "WHEN '%s' THEN ARRAY[", rule->id);
        put_quoted(&at, rule->article);
        at += sprintf(at, ", ");
        put_quoted(&at, rule->title_zh);
        at += sprintf(at, ", ");
        put_quoted(&at, rule->title_en);
        sprintf(at, "]\n");
        if (!strstr(common_sql(), line))
            print_error("%s", line);
        assert_non_null(strstr(common_sql(), line));
    }
    for (const char *at = common_sql(); (at = strstr(at, "THEN ARRAY[")); at++)
        in_sql++;
    assert_int_equal(in_sql, RULE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_the_wire_contract_are_those_of_core),
        cmocka_unit_test(words_of_states_are_those_of_core),
        cmocka_unit_test(every_list_of_words_has_its_chinese),
        cmocka_unit_test(titles_of_rules_are_those_of_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
