/* test_dossier.c - rules E02, E03, E06, E07, E08: the scenarios of tests/scenarios/listings, each in several orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/arena.h"
#include "core/reentry/dossier.h"
#include "core/reentry/extract.h"
#include "core/reentry/written.h"

enum { SEEN_MAX = 8, TYPED_MAX = 4, PARTS_MAX = 32, FINDINGS_MAX = 16, EVIDENCE_MAX = 128, LINE_BYTES = 1024 };
#define DAY_ONE_US (INT64_C(1790265600) * 1000000) /* 2026-09-25 00:00 Asia/Shanghai */

struct thing {
    enum identifier_scheme scheme;
    char value[IDENTIFIER_VALUE_BYTES];
};

/* One scenario as it is read; texts are copied, freed with the scenario's memory. */
struct scenario {
    char name[LINE_BYTES];
    struct thing things[TYPED_MAX];
    size_t thing_count, seen_count, expect_count;
    struct dossier dossier;
    struct sighting seen[SEEN_MAX];
    struct identifier typed[SEEN_MAX][TYPED_MAX];
    struct {
        enum rule rule;
        int severity;
    } expected[FINDINGS_MAX];
    struct arena arena;
};

static struct text keep(struct scenario *scenario, const char *value)
{
    return arena_text(&scenario->arena, text_of(value));
}

/* Any name stands for a hash of 32 bytes. */
static struct text keep_hash(struct scenario *scenario, const char *name)
{
    struct digest digest = sha256(name, strlen(name));

    return arena_text(&scenario->arena, (struct text){(const char *)digest.bytes, SHA256_BYTES});
}

static int64_t time_of(const char *line)
{
    int day, hour, minute;

    assert_int_equal(sscanf(line, " day %d %d:%d", &day, &hour, &minute), 3);
    return DAY_ONE_US + (((day - 1) * INT64_C(24) + hour) * 60 + minute) * 60000000;
}

static void read_item(struct scenario *scenario, char *line)
{
    char kind[32], scheme[32], value[IDENTIFIER_VALUE_BYTES];
    struct thing *thing = &scenario->things[scenario->thing_count++];

    assert_int_equal(sscanf(line, "%31s %31s %128s", kind, scheme, value), 3);
    assert_int_equal(item_kind_parse(text_of(kind), &scenario->dossier.kind), 0);
    assert_int_equal(identifier_scheme_parse(text_of(scheme), &thing->scheme), 0);
    assert_int_not_equal(identifier_normalise(thing->scheme, text_of(value), thing->value, NULL), IDENTIFIER_INVALID);
    if (thing->scheme == IDENTIFIER_SCHEME_VIN)
        (void)snprintf(scenario->dossier.vin, sizeof scenario->dossier.vin, "%s", thing->value);
}

/* The middle of a month, "2012-05". */
static int64_t month_us(const char *value)
{
    struct tm month = {.tm_mday = 15};

    assert_int_equal(sscanf(value, "%d-%d", &month.tm_year, &month.tm_mon), 2);
    month.tm_year -= 1900;
    month.tm_mon--;
    return (int64_t)timegm(&month) * 1000000;
}

static void read_known(struct scenario *scenario, char *line)
{
    struct pickup pickup = {.reason = SCRAP_REASON_VOLUNTARY};
    char *word;

    while ((word = strsep(&line, " ")) != NULL) {
        char *value = strchr(word, '=') + 1;

        if (strncmp(word, "make=", 5) == 0)
            pickup.make = keep(scenario, value);
        else if (strncmp(word, "model=", 6) == 0)
            pickup.model = keep(scenario, value);
        else if (strncmp(word, "colour=", 7) == 0)
            pickup.colour = keep(scenario, value);
        else if (strncmp(word, "phone=", 6) == 0)
            pickup.phone_hash = keep_hash(scenario, value);
        else if (strncmp(word, "registered=", 11) == 0)
            pickup.first_registered_at_us = month_us(value);
        else
            fail_msg("%s", word);
    }
    clues_add_pickup(&scenario->dossier.clues, &pickup);
}

static void read_use(const char *value, enum sighted_use *use)
{
    for (int i = 0; i <= SIGHTED_USE_CONSUMER; i++)
        if (strcmp(sighted_use_word((enum sighted_use)i), value) == 0)
            *use = (enum sighted_use)i;
    assert_int_not_equal(*use, SIGHTED_USE_UNSPECIFIED);
}

static void read_option(struct scenario *scenario, struct sighting *seen, char *word)
{
    char *value = strchr(word, '=') + 1;

    if (strncmp(word, "id=", 3) == 0)
        seen->listing.listing_id = keep(scenario, value);
    else if (strncmp(word, "make=", 5) == 0)
        seen->make = keep(scenario, value);
    else if (strncmp(word, "year=", 5) == 0)
        seen->year = (uint32_t)atoi(value);
    else if (strncmp(word, "colour=", 7) == 0)
        seen->colour = keep(scenario, value);
    else if (strncmp(word, "place=", 6) == 0)
        seen->place = keep(scenario, value);
    else if (strncmp(word, "phone=", 6) == 0)
        seen->listing.phone_hash = keep_hash(scenario, value);
    else if (strncmp(word, "seller=", 7) == 0)
        seen->listing.seller_hash = keep_hash(scenario, value);
    else if (strncmp(word, "use=", 4) == 0)
        read_use(value, &seen->use);
    else if (strncmp(word, "lon=", 4) == 0)
        seen->position.lon_e7 = (int32_t)(atof(value) * 1e7);
    else if (strncmp(word, "lat=", 4) == 0)
        seen->position.lat_e7 = (int32_t)(atof(value) * 1e7);
    else
        fail_msg("%s", word);
}

static void read_seen(struct scenario *scenario, char *line)
{
    struct sighting *seen = &scenario->seen[scenario->seen_count];
    char kind[32], *word;
    int at;

    seen->at_us = time_of(line);
    assert_int_equal(sscanf(line, " day %*d %*d:%*d %31s%n", kind, &at), 1);
    assert_int_equal(sighting_kind_parse(text_of(kind), &seen->kind), 0);
    seen->identifiers = scenario->typed[scenario->seen_count++];
    seen->listing.present = seen->kind == SIGHTING_KIND_LISTING;
    seen->listing.platform = keep(scenario, "market");
    seen->position.present = strstr(line, "lon=") != NULL;
    for (line += at; (word = strsep(&line, " ")) != NULL;)
        if (*word)
            read_option(scenario, seen, word);
}

static void read_typed(struct scenario *scenario, char *line)
{
    struct sighting *seen = &scenario->seen[scenario->seen_count - 1];
    struct identifier *typed = &seen->identifiers[seen->identifier_count++];
    char scheme[32], value[IDENTIFIER_VALUE_BYTES];

    assert_int_equal(sscanf(line, "%31s %128s", scheme, value), 2);
    assert_int_equal(identifier_scheme_parse(text_of(scheme), &typed->scheme), 0);
    typed->value = keep(scenario, value);
}

static void read_expect(struct scenario *scenario, const char *line)
{
    char rule[16];
    int severity;

    if (strcmp(line, "nothing") == 0)
        return;
    assert_int_equal(sscanf(line, "%15s %d", rule, &severity), 2);
    assert_int_equal(rule_parse(text_of(rule), &scenario->expected[scenario->expect_count].rule), 0);
    scenario->expected[scenario->expect_count++].severity = severity;
}

/* ---- judging ---- */

struct parts {
    struct dossier_sighting list[PARTS_MAX];
    size_t count;
};

static void add_identifier(const struct scenario *scenario, struct parts *parts, size_t at,
                           enum identifier_scheme scheme, struct text value)
{
    for (size_t i = 0; i < scenario->thing_count; i++) {
        const struct thing *thing = &scenario->things[i];
        char normal[IDENTIFIER_VALUE_BYTES];

        if (thing->scheme == scheme && identifier_normalise(scheme, value, normal, NULL) != IDENTIFIER_INVALID &&
            strcmp(thing->value, normal) == 0)
            parts->list[parts->count++] = (struct dossier_sighting){.log_index = at,
                                                                    .sighting = &scenario->seen[at],
                                                                    .scheme = scheme,
                                                                    .value = text_of(thing->value),
                                                                    .proof = identifier_scheme_is_proof(scheme)};
    }
}

static void add_writings(const struct scenario *scenario, struct parts *parts, size_t at)
{
    const struct sighting *seen = &scenario->seen[at];
    struct writings writings = {.count = 0};

    for (size_t i = 0; i < seen->identifier_count; i++)
        if (seen->identifiers[i].scheme == IDENTIFIER_SCHEME_VIN)
            writings_add_field(&writings, seen->identifiers[i].value);
    writings_add_text(&writings, seen->listing.text);
    for (size_t i = 0; i < writings.count; i++)
        parts->list[parts->count++] = (struct dossier_sighting){
            .log_index = at, .sighting = seen, .written = writings.list[i], .value = text_of(writings.list[i].text)};
}

static void collect(const struct scenario *scenario, struct parts *parts)
{
    for (size_t at = 0; at < scenario->seen_count; at++) {
        const struct sighting *seen = &scenario->seen[at];
        struct extraction extraction;
        size_t first = parts->count;

        for (size_t i = 0; i < seen->identifier_count; i++)
            add_identifier(scenario, parts, at, seen->identifiers[i].scheme, seen->identifiers[i].value);
        extract_identifiers(seen->listing.text, &extraction);
        for (size_t i = 0; i < extraction.count; i++)
            add_identifier(scenario, parts, at, extraction.found[i].scheme, text_of(extraction.found[i].value));
        add_writings(scenario, parts, at);
        for (; first < parts->count; first++)
            clues_of_sighting(seen, NULL, &parts->list[first].clues);
    }
}

static void judge(struct scenario *scenario, size_t turn)
{
    static struct finding room[FINDINGS_MAX];
    struct findings findings = {.list = room, .room = FINDINGS_MAX};
    struct dossier_evidence evidence[EVIDENCE_MAX];
    struct judgement judgement = {.findings = &findings, .evidence = evidence, .evidence_room = EVIDENCE_MAX};
    struct parts parts = {.count = 0};
    struct dossier_sighting turned[PARTS_MAX];

    collect(scenario, &parts);
    for (size_t i = 0; i < parts.count; i++)
        turned[(i * (turn % 2 ? 1 : parts.count - 1) + turn) % parts.count] = parts.list[i];
    scenario->dossier.sightings = parts.count ? turned : NULL;
    scenario->dossier.sighting_count = parts.count;
    dossier_judge(&scenario->dossier, &judgement);
    if (findings.count != scenario->expect_count)
        fail_msg("%s: %zu findings, the first %s", scenario->name, findings.count, findings.count ? room[0].text : "");
    for (size_t i = 0; i < findings.count; i++) {
        assert_string_equal(rule_infos[room[i].rule].id, rule_infos[scenario->expected[i].rule].id);
        assert_int_equal(room[i].severity, scenario->expected[i].severity);
        assert_true(room[i].key[0] && room[i].text[0] && room[i].event < parts.count);
        assert_true(rule_needs_dossier(room[i].rule));
    }
    assert_true(judgement.evidence_count >= findings.count && !judgement.dropped);
}

static void finish(struct scenario *scenario)
{
    if (!scenario->name[0])
        return;
    for (size_t i = 0; i < scenario->thing_count; i++) {
        if (scenario->things[i].scheme == IDENTIFIER_SCHEME_PLATE)
            clues_add_plate(&scenario->dossier.clues, text_of(scenario->things[i].value));
        if (scenario->things[i].scheme == IDENTIFIER_SCHEME_VIN)
            clues_add_vin(&scenario->dossier.clues, text_of(scenario->things[i].value));
    }
    for (size_t turn = 0; turn < 6; turn++)
        judge(scenario, turn);
    arena_fini(&scenario->arena);
}

static void begin(struct scenario *scenario, const char *name)
{
    *scenario = (struct scenario){.thing_count = 0};
    (void)snprintf(scenario->name, sizeof scenario->name, "%s", name);
    arena_init(&scenario->arena, 1 << 20);
}

static void take_line(struct scenario *scenario, char *line)
{
    char *rest = line;
    const char *word = strsep(&rest, " ");

    if (strcmp(word, "scenario") == 0) {
        finish(scenario);
        begin(scenario, rest);
    } else if (strcmp(word, "item") == 0) {
        read_item(scenario, rest);
    } else if (strcmp(word, "known") == 0) {
        read_known(scenario, rest);
    } else if (strcmp(word, "banned") == 0) {
        scenario->dossier.ban = (struct item_ban){true, time_of(rest), 0};
    } else if (strcmp(word, "wiped") == 0) {
        scenario->dossier.wiped = true;
        scenario->dossier.wiped_at_us = time_of(rest);
    } else if (strcmp(word, "seen") == 0) {
        read_seen(scenario, rest);
    } else if (strcmp(word, "typed") == 0) {
        read_typed(scenario, rest);
    } else if (strcmp(word, "text") == 0) {
        scenario->seen[scenario->seen_count - 1].listing.text = keep(scenario, rest);
    } else if (strcmp(word, "expect") == 0) {
        read_expect(scenario, rest);
    } else {
        fail_msg("%s: what is \"%s\"?", scenario->name, word);
    }
}

static void run_file(const char *path)
{
    static struct scenario scenario;
    char line[LINE_BYTES];
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    scenario.name[0] = '\0';
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] && line[0] != '#')
            take_line(&scenario, line);
    }
    finish(&scenario);
    (void)fclose(file);
}

#define SCENARIOS(rule)                                                                                                \
    static void scenarios_of_##rule(void **state)                                                                      \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        run_file("tests/scenarios/listings/" #rule ".txt");                                                            \
    }
SCENARIOS(E02)
SCENARIOS(E03)
SCENARIOS(E06)
SCENARIOS(E07)
SCENARIOS(E08)

static void what_finds_no_room_is_counted(void **state)
{
    struct sighting sighting = {.kind = SIGHTING_KIND_LISTING};
    struct dossier_sighting seen[] = {{.log_index = 1, .sighting = &sighting}, {.log_index = 2, .sighting = &sighting}};
    struct dossier dossier = {.sightings = seen, .sighting_count = 2};
    struct finding room[1];
    struct findings findings = {.list = room, .room = 1};
    struct dossier_evidence evidence[1];
    struct judgement judgement = {.findings = &findings, .evidence = evidence, .evidence_room = 1};

    (void)state;
    judgement_add(&judgement, &dossier, RULE_E02, 2, 0, "a", "words");
    judgement_add(&judgement, &dossier, RULE_E02, 3, 1, "a", "other words");
    judgement_add(&judgement, &dossier, RULE_E02, 3, 1, "b", "words");
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.dropped, 1);
    assert_int_equal(judgement.dropped, 1);
    assert_int_equal(room[0].severity, 3);
    assert_string_equal(room[0].text, "words");
}

static void the_rules_of_one_sighting_need_no_dossier(void **state)
{
    (void)state;
    assert_false(rule_needs_dossier(RULE_E01) || rule_needs_dossier(RULE_E05) || rule_needs_dossier(RULE_C01));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenarios_of_E02),
        cmocka_unit_test(scenarios_of_E03),
        cmocka_unit_test(scenarios_of_E06),
        cmocka_unit_test(scenarios_of_E07),
        cmocka_unit_test(scenarios_of_E08),
        cmocka_unit_test(what_finds_no_room_is_counted),
        cmocka_unit_test(the_rules_of_one_sighting_need_no_dossier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
