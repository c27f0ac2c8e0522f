/* test_scenarios.c - every story of tests/scenarios/ gives the findings that it names, and no other.
 *
 * The language is described in tests/scenarios/README.md. */
#include <glob.h>

#include "base/encoding.h"
#include "core/custody/standing.h"
#include "core/identity/identifier.h"

#include "history.h"

enum { WORDS_MAX = 24, LABELS_MAX = 26, EXPECTED_MAX = 12, AROUND_MAX = 8, PARTS_MAX = 16 };
#define DAY (24 * HOUR)
#define FIRST_DAY (INT64_C(1790265600) * 1000 * 1000) /* 2026-09-25 00:00 Asia/Shanghai, a Friday */

static const char *const party_words[] = {"carrier",
                                          "recycler",
                                          "other_recycler",
                                          "remanufacturer",
                                          "steel_mill",
                                          "battery_processor",
                                          "hazardous_operator",
                                          "weee_firm",
                                          "trader",
                                          "ebike_firm",
                                          "police",
                                          "commerce_bureau",
                                          "vehicle_office",
                                          "agriculture_bureau",
                                          "sorting_centre"};
enum { PARTIES = sizeof party_words / sizeof party_words[0] };

static struct story {
    const char *path;
    size_t line; /* being read */
    char name[200];
    bool begun, expects_nothing;
    struct history history;
    struct directory directory;
    struct permit permits[sizeof test_permits / sizeof test_permits[0] + AROUND_MAX];
    struct party_link links[2 * AROUND_MAX];
    struct watch_hit watch[AROUND_MAX];
    struct child children[AROUND_MAX];
    struct shared_certificate certificates[AROUND_MAX];
    struct event *labelled[LABELS_MAX];
    struct evidence photos[HISTORY_EVENTS][2];
    struct part parts[HISTORY_EVENTS][PARTS_MAX];
    struct identifier identifiers[HISTORY_EVENTS];
    enum item_kind kinds[HISTORY_EVENTS][PARTS_MAX];
    char text[64 * 1024]; /* of the block; words point into it */
    size_t text_len;
    struct expected {
        enum rule rule;
        char reason[48];
        int severity; /* 0: not said */
    } expected[EXPECTED_MAX];
    size_t expected_count;
} story;

#define fail_line(...)                                                                                                 \
    do {                                                                                                               \
        print_error("%s:%zu: ", story.path, story.line);                                                               \
        print_error(__VA_ARGS__);                                                                                      \
        fail();                                                                                                        \
    } while (0)

/* ---- words ---- */

static const char *keep(const char *word)
{
    size_t len = strlen(word) + 1;
    assert_true(story.text_len + len <= sizeof story.text);
    char *kept = memcpy(story.text + story.text_len, word, len);
    story.text_len += len;
    return kept;
}

static int64_t party_of(const char *word)
{
    for (size_t i = 0; i < PARTIES; i++)
        if (strcmp(party_words[i], word) == 0)
            return (int64_t)i + 1;
    fail_line("%s is no party\n", word);
    return 0;
}

static enum item_kind kind_of_word(const char *word)
{
    enum item_kind kind = ITEM_KIND_UNSPECIFIED;
    if (item_kind_parse(text_of(word), &kind) != 0)
        fail_line("%s is no kind of item\n", word);
    return kind;
}

static int64_t number_of(const char *word)
{
    char *end;
    long long number = strtoll(word, &end, 10);
    if (end == word || *end != '\0')
        fail_line("%s is no number\n", word);
    return number;
}

/* "day 3 14:30" */
static int64_t time_of(const char *day, const char *clock)
{
    int hour, minute;
    if (sscanf(clock, "%d:%d", &hour, &minute) != 2)
        fail_line("%s is no time of day\n", clock);
    return FIRST_DAY + (number_of(day) - 1) * DAY + hour * HOUR + minute * MINUTE;
}

static enum inspection_result result_of(const char *word)
{
    for (unsigned i = 0; i <= INSPECTION_RESULT_MISSING; i++)
        if (strcmp(inspection_result_word((enum inspection_result)i), word) == 0)
            return (enum inspection_result)i;
    fail_line("%s is no result of an inspection\n", word);
    return INSPECTION_RESULT_UNSPECIFIED;
}

static enum vehicle_class class_of(const char *word)
{
    for (unsigned i = 0; i <= VEHICLE_CLASS_TRAILER; i++)
        if (strcmp(vehicle_class_word((enum vehicle_class)i), word) == 0)
            return (enum vehicle_class)i;
    fail_line("%s is no class of vehicle\n", word);
    return VEHICLE_CLASS_UNSPECIFIED;
}

/* ---- an event's options ---- */

/* Kilograms: "1400kg"; estimated: "~1400kg"; decimals allowed. */
static struct mass mass_of(const char *word)
{
    bool estimated = word[0] == '~';
    char *end;
    double kg = strtod(word + estimated, &end);
    if (strcmp(end, "kg") != 0)
        fail_line("%s is no mass\n", word);
    return (struct mass){.present = true, .estimated = estimated, .mass_g = (int64_t)(kg * 1000 + 0.5)};
}

static size_t kinds_list(char *list, enum item_kind *kinds)
{
    size_t count = 0;
    for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
        assert_true(count < PARTS_MAX);
        kinds[count++] = kind_of_word(word);
    }
    return count;
}

/* "engine,gearbox:45kg"; "five": the five assemblies and the catalyst. */
static void set_parts(struct event *event, char *list, struct part *parts)
{
    static const char five[] = "engine,steering,gearbox,front_axle,rear_axle,frame,catalyst,lead_acid_battery";
    char copy[512];
    bool all = strncmp(list, "five", 4) == 0;
    snprintf(copy, sizeof copy, "%s%s", all ? five : "", all ? list + 4 : list);
    event->detail = EVENT_DETAIL_COMPOSITION;
    event->composition.parts = parts;
    for (char *word = strtok(copy, ","); word; word = strtok(NULL, ",")) {
        char *colon = strchr(word, ':');
        struct part *part = &parts[event->composition.part_count++];
        assert_true(event->composition.part_count <= PARTS_MAX);
        if (colon) {
            *colon = '\0';
            part->mass = mass_of(colon + 1);
        }
        part->item.kind = kind_of_word(word);
    }
}

static void set_release(struct event *event)
{
    event->detail = EVENT_DETAIL_RELEASE;
}

static void set_pickup_option(struct event *event, const char *key, const char *value)
{
    event->detail = EVENT_DETAIL_PICKUP;
    if (strcmp(key, "class") == 0)
        event->pickup.vehicle_class = class_of(value);
    else if (strcmp(key, "curb") == 0)
        event->pickup.curb_mass_g = mass_of(value).mass_g;
    else if (strcmp(key, "electric") == 0)
        event->pickup.new_energy = true;
    else if (strcmp(key, "stores_data") == 0)
        event->pickup.stores_data = true;
    else
        event->pickup.mortgaged = true;
}

static void set_inspection_option(struct event *event, const char *key, char *value, enum item_kind *kinds)
{
    struct inspection *inspection = &event->inspection;
    event->detail = EVENT_DETAIL_INSPECTION;
    if (strcmp(key, "vin") == 0)
        inspection->vin = result_of(value);
    else if (strcmp(key, "engine") == 0)
        inspection->engine_number = result_of(value);
    else if (strcmp(key, "plate") == 0)
        inspection->plate = result_of(value);
    else if (strcmp(key, "statement") == 0)
        inspection->owner_statement = true;
    else if (strcmp(key, "clean") == 0)
        inspection->vin = inspection->engine_number = inspection->plate = INSPECTION_RESULT_OK;
    else {
        inspection->missing = kinds;
        inspection->missing_count = kinds_list(value, kinds);
    }
}

static bool is_one_of(const char *key, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(key, *words) == 0)
            return true;
    return false;
}

static void set_place(struct event *event, const char *value)
{
    double north_m = (double)number_of(value);
    event->position = (struct position){.present = true,
                                        .datum = DATUM_WGS84,
                                        .lon_e7 = test_sites[0].lon_e7,
                                        .lat_e7 = test_sites[0].lat_e7 + (int32_t)(north_m / 111000 * 1e7)};
}

static void set_option(struct event *event, const char *key, char *value)
{
    static const char *const pickup[] = {"class", "curb", "electric", "mortgaged", "stores_data", NULL};
    static const char *const inspection[] = {"vin", "engine", "plate", "missing", "statement", "clean", NULL};
    size_t at = (size_t)(event - story.history.events);
    if (is_one_of(key, pickup))
        set_pickup_option(event, key, value);
    else if (is_one_of(key, inspection))
        set_inspection_option(event, key, value, story.kinds[at]);
    else if (strcmp(key, "site") == 0)
        event->site = text_of(keep(value));
    else if (strcmp(key, "received_hours_after") == 0)
        story.history.told[at].received_us = event->at_us + number_of(value) * HOUR;
    else if (strcmp(key, "metres_away") == 0)
        set_place(event, value);
    else if (strcmp(key, "with") == 0)
        event->counterparty = party_code(party_of(value));
    else if (strcmp(key, "by") == 0)
        event->conveyance = text_of(keep(value));
    else if (strcmp(key, "mass") == 0)
        event->mass = mass_of(value);
    else if (strcmp(key, "parts") == 0)
        set_parts(event, value, story.parts[at]);
    else if (strcmp(key, "declared") == 0) {
        event->composition.declared_missing = story.kinds[at];
        event->composition.declared_missing_count = kinds_list(value, story.kinds[at]);
    } else if (strcmp(key, "photos") == 0) {
        story.photos[at][0].kind = EVIDENCE_KIND_PHOTO_BEFORE;
        story.photos[at][1].kind = EVIDENCE_KIND_PHOTO_AFTER;
        event->evidence = story.photos[at];
        event->evidence_count = 2;
    } else if (strcmp(key, "number") == 0) {
        event->detail = EVENT_DETAIL_CERTIFICATE;
        event->certificate.number = text_of(keep(value));
    } else if (strcmp(key, "manifest") == 0) {
        event->detail = EVENT_DETAIL_HAZARDOUS_MANIFEST;
        event->hazardous_manifest.number = text_of(keep(value));
    } else if (strcmp(key, "invoice") == 0) {
        event->detail = EVENT_DETAIL_INVOICE;
        event->invoice.number = text_of(keep(value));
    } else if (strcmp(key, "passed") == 0) {
        event->detail = EVENT_DETAIL_WIPE;
        event->wipe.passed = true;
    } else if (strcmp(key, "marked") == 0) {
        set_release(event);
        event->release.marked = true;
    } else if (strcmp(key, "safe") == 0) {
        set_release(event);
        event->release.safety_checked = true;
    } else if (strcmp(key, "of") == 0) {
        assert_true(value[0] >= 'a' && value[0] <= 'z' && story.labelled[value[0] - 'a']);
        event->detail = EVENT_DETAIL_CORRECTION;
        event->correction.reason = CORRECTION_REASON_DID_NOT_OCCUR;
        memcpy(event->correction.event_id, story.labelled[value[0] - 'a']->event_id, UUID_BYTES);
    } else if (strcmp(key, "called") == 0)
        story.labelled[value[0] - 'a'] = event;
    else if (strcmp(key, "identifier") == 0) {
        struct identifier *identifier = &story.identifiers[at];
        *identifier = (struct identifier){IDENTIFIER_SCHEME_VIN, text_of(keep(value))};
        event->item.identifiers = identifier;
    } else
        fail_line("%s is no option of an event\n", key);
}

/* ---- lines ---- */

/* day N HH:MM <party> <event> [options] */
static void read_event(char **words, size_t count)
{
    enum event_type type;
    if (count < 5 || event_type_parse(text_of(words[4]), &type) != 0)
        fail_line("not of the form: day N HH:MM <party> <event>\n");
    bool part = count > 5 && strcmp(words[5], "as_part") == 0;
    struct event *event =
        part ? tell_part(&story.history, type, party_of(words[3])) : tell(&story.history, type, party_of(words[3]));
    event->at_us = time_of(words[1], words[2]);
    for (size_t from = part ? 6 : 5; from < count; from++) {
        char *equals = strchr(words[from], '=');
        if (equals)
            *equals = '\0';
        set_option(event, words[from], equals ? equals + 1 : words[from] + strlen(words[from]));
    }
}

static void add_permit(int64_t party, const char *word, int64_t from_us, int64_t until_us)
{
    struct permit *permit = &story.permits[story.directory.permit_count++];
    *permit = (struct permit){.party_id = party, .from_us = from_us, .until_us = until_us};
    if (permit_kind_parse(text_of(word), &permit->kind) != 0)
        fail_line("%s is no kind of permit\n", word);
    for (; permit > story.permits && permit[-1].party_id > permit->party_id; permit--) {
        struct permit swap = permit[-1];
        permit[-1] = permit[0];
        permit[0] = swap;
    }
}

/* licence <party> none | licence <party> <kind> from day N until day N */
static void read_licence(char **words, size_t count)
{
    int64_t party = party_of(words[1]);
    size_t kept = 0;
    for (size_t i = 0; i < story.directory.permit_count; i++)
        if (story.permits[i].party_id != party)
            story.permits[kept++] = story.permits[i];
    story.directory.permit_count = kept;
    if (count == 9)
        add_permit(party, words[2], time_of(words[5], "0:00"), time_of(words[8], "24:00"));
    else if (count != 3 || strcmp(words[2], "none") != 0)
        fail_line("not of the form: licence <party> none | <kind> from day N until day N\n");
}

static int by_party(const void *a, const void *b)
{
    int64_t left = ((const struct party_link *)a)->party_id, right = ((const struct party_link *)b)->party_id;
    return (left > right) - (left < right);
}

static void read_link(char **words)
{
    int64_t one = party_of(words[1]), other = party_of(words[2]);
    struct text kind = text_of(keep(words[3]));
    story.links[story.directory.link_count++] = (struct party_link){one, other, 0, INT64_MAX, kind};
    story.links[story.directory.link_count++] = (struct party_link){other, one, 0, INT64_MAX, kind};
    qsort(story.links, story.directory.link_count, sizeof story.links[0], by_party);
}

static struct digest normal_digest(const char *number)
{
    char value[IDENTIFIER_VALUE_BYTES];
    struct error error = {.code = 0};
    (void)identifier_normalise(IDENTIFIER_SCHEME_CERTIFICATE_NUMBER, text_of(number), value, &error);
    return sha256(value, strlen(value));
}

static void read_around(char **words, size_t count)
{
    struct surroundings *around = &story.history.around;
    if (strcmp(words[0], "now") == 0 && count == 4)
        around->now_us = time_of(words[2], words[3]);
    else if (strcmp(words[0], "watch") == 0 && count == 3)
        story.watch[around->watch_count++] =
            (struct watch_hit){7, text_of(keep(words[1])), IDENTIFIER_SCHEME_VIN, text_of("LSVAU2A34N2183294"),
                               strcmp(words[2], "proof") == 0};
    else if (strcmp(words[0], "child") == 0 && count == 3 && strcmp(words[1], "goes") == 0)
        story.children[around->child_count++] = (struct child){40, 0};
    else if (strcmp(words[0], "child") == 0 && count == 5)
        story.children[around->child_count++] = (struct child){40, time_of(words[3], words[4])};
    else if (strcmp(words[0], "shared") == 0 && count == 3)
        story.certificates[around->certificate_count++] = (struct shared_certificate){normal_digest(words[2]), 99};
    else
        fail_line("%s: not understood\n", words[0]);
}

static void read_expected(char **words, size_t count)
{
    if (count == 2 && strcmp(words[1], "nothing") == 0) {
        story.expects_nothing = true;
        return;
    }
    struct expected *expected = &story.expected[story.expected_count++];
    if (count == 5 && strcmp(words[3], "severity") == 0)
        expected->severity = (int)number_of(words[4]);
    else if (count != 3)
        fail_line("not of the form: expect <rule> <reason> [severity N]\n");
    if (rule_parse(text_of(words[1]), &expected->rule) != 0 ||
        !text_copy(expected->reason, sizeof expected->reason, text_of(words[2])))
        fail_line("not of the form: expect <rule> <reason> | expect nothing\n");
}

static void read_line(char **words, size_t count)
{
    if (strcmp(words[0], "item") == 0)
        story.history.kind = kind_of_word(words[1]);
    else if (strcmp(words[0], "day") == 0)
        read_event(words, count);
    else if (strcmp(words[0], "licence") == 0 && count > 2)
        read_licence(words, count);
    else if (strcmp(words[0], "link") == 0 && count == 4)
        read_link(words);
    else if (strcmp(words[0], "expect") == 0)
        read_expected(words, count);
    else
        read_around(words, count);
}

/* ---- running ---- */

static bool key_is(const struct finding *finding, const char *reason)
{
    const char *colon = strchr(finding->key, ':');
    bool prefixed = colon && strncmp(finding->key, reason, strlen(reason)) == 0;
    return prefixed || strcmp(finding->key, reason) == 0 || (colon && strcmp(colon + 1, reason) == 0);
}

static bool matches(void)
{
    bool used[HISTORY_FINDINGS] = {false};
    for (size_t i = 0; i < story.expected_count; i++) {
        size_t at = 0;
        while (at < story.history.findings.count &&
               (used[at] || story.history.list[at].rule != story.expected[i].rule ||
                !key_is(&story.history.list[at], story.expected[i].reason) ||
                (story.expected[i].severity && story.expected[i].severity != story.history.list[at].severity)))
            at++;
        if (at == story.history.findings.count)
            return false;
        used[at] = true;
    }
    return story.history.findings.count == story.expected_count;
}

static void run_story(size_t *failed)
{
    if (!story.begun)
        return;
    if (story.expects_nothing == (story.expected_count > 0))
        fail_line("scenario \"%s\" expects nothing, or names what it expects\n", story.name);
    fold(&story.history);
    if (!matches()) {
        print_error("%s: \"%s\" found:\n", story.path, story.name);
        print_findings(&story.history);
        (*failed)++;
    }
    history_end(&story.history);
}

static void begin_story(const char *name)
{
    const char *path = story.path;
    size_t line = story.line;
    memset(&story, 0, sizeof story);
    story.path = path;
    story.line = line;
    story.begun = true;
    (void)text_copy(story.name, sizeof story.name, text_of(name));
    history_begin(&story.history, ITEM_KIND_VEHICLE);
    story.directory = test_directory;
    memcpy(story.permits, test_permits, sizeof test_permits);
    story.directory.permits = story.permits;
    story.directory.links = story.links;
    story.history.around = (struct surroundings){.directory = &story.directory,
                                                 .watch = story.watch,
                                                 .children = story.children,
                                                 .certificates = story.certificates};
}

static size_t run_file(const char *path, size_t *failed)
{
    char line[1024];
    size_t count = 0;
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    story.path = path;
    story.line = 0;
    story.begun = false;
    while (fgets(line, sizeof line, in)) {
        char *words[WORDS_MAX];
        size_t word_count = 0;
        story.line++;
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "scenario ", 9) == 0) {
            run_story(failed);
            begin_story(line + 9);
            count++;
            continue;
        }
        char *rest = line, *word;
        while (word_count < WORDS_MAX && (word = strsep(&rest, " \t")) != NULL)
            if (*word != '\0')
                words[word_count++] = word;
        if (word_count > 0 && words[0][0] != '#')
            read_line(words, word_count);
    }
    run_story(failed);
    fclose(in);
    return count;
}

static void every_scenario_gives_what_it_names_and_nothing_else(void **unused)
{
    (void)unused;
    glob_t files;
    size_t count = 0, failed = 0;
    assert_int_equal(glob("tests/scenarios/C*.txt", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        count += run_file(files.gl_pathv[i], &failed);
    globfree(&files);
    print_message("%zu scenarios\n", count);
    assert_true(count >= 20);
    assert_int_equal(failed, 0);
}

/* The runner can fail: a story that leaves out its finding is caught. */
static void a_scenario_that_expects_too_little_or_too_much_is_caught(void **unused)
{
    (void)unused;
    story.path = "here";
    for (int wrong = 0; wrong < 2; wrong++) {
        size_t failed = 0;
        char *event[] = {(char[]){"day"}, (char[]){"1"}, (char[]){"8:00"}, (char[]){"recycler"}, (char[]){"inspected"}};
        begin_story("wrong");
        read_line(event, 5);
        if (wrong == 0)
            story.expects_nothing = true;
        else
            for (size_t i = 0; i < 2; i++)
                read_expected((char *[]){(char[]){"expect"}, (char[]){"C03"}, (char[]){"in_yard"}}, 3);
        run_story(&failed);
        assert_int_equal(failed, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_gives_what_it_names_and_nothing_else),
        cmocka_unit_test(a_scenario_that_expects_too_little_or_too_much_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
