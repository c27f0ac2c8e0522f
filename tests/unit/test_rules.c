/* test_rules.c - plays tests/scenarios/R*.txt through the fold, in order and in disorder: each scenario finds what it expects and nothing else.
 *
 * Disorder: what arrives within the reorder window in any order, some of it twice, is folded batch by batch as ingest does it. */
#include "route_world.h"
#include "story.h"

#include <glob.h>

enum { OBSERVATIONS_MAX = 4000, EXPECTED_MAX = 8, WORDS_MAX = 8, ORDERS = 20, NAME_BYTES = 160 };

struct expected {
    enum rule rule;
    int64_t at_us;
    size_t words_count;
    char words[WORDS_MAX][NAME_BYTES];
};

struct scene {
    const char *file;
    int line; /* of its scenario */
    char title[NAME_BYTES];
    int64_t day_us, until_us;
    size_t seen_count;
    struct observation seen[OBSERVATIONS_MAX];
    bool expects; /* it says what, or that it is nothing */
    size_t expected_count;
    struct expected expected[EXPECTED_MAX];
};

static struct scene scene; /* large */

/* ---- reading ---- */

static const char *reading_file;
static int reading_line;

static void bad_line(const char *line)
{
    fail_msg("%s:%d: cannot be read: %s", reading_file, reading_line, line);
}

static void see(struct observation observation)
{
    assert_true(scene.seen_count < OBSERVATIONS_MAX);
    observation.log_index = 1000 + scene.seen_count;
    scene.seen[scene.seen_count++] = observation;
}

static void see_fix(int64_t at_us, struct spot spot)
{
    see((struct observation){.at_us = at_us, .kind = OBSERVED_FIX, .lon_e7 = spot.lon_e7, .lat_e7 = spot.lat_e7});
}

/* "from A to B"; no place's name contains " to ". */
static void see_drive(int64_t from_us, int64_t to_us, const char *line)
{
    char name[NAME_BYTES];
    const char *middle = strstr(line, " to ");
    if (!middle)
        bad_line(line);
    snprintf(name, sizeof name, "%.*s", (int)(middle - line), line);
    const struct spot a = spot_of_place(name), b = spot_of_place(middle + 4);
    for (int64_t at_us = from_us; at_us <= to_us; at_us += 10 * SECOND) {
        const double part = (double)(at_us - from_us) / (double)(to_us - from_us);
        see_fix(at_us, (struct spot){a.lon_e7 + (int32_t)((b.lon_e7 - a.lon_e7) * part),
                                     a.lat_e7 + (int32_t)((b.lat_e7 - a.lat_e7) * part)});
    }
}

static void see_span(int64_t from_us, int64_t to_us, const char *line)
{
    if (begins(&line, "stands at "))
        for (int64_t at_us = from_us; at_us <= to_us; at_us += 30 * SECOND)
            see_fix(at_us, spot_of_place(line));
    else if (begins(&line, "drives from "))
        see_drive(from_us, to_us, line);
    else
        bad_line(line);
}

static void see_item(int64_t at_us, const char *line)
{
    long item;
    int used = 0;
    if (sscanf(line, "%ld is %n", &item, &used) != 1 || used == 0)
        bad_line(line);
    if (strcmp(line + used, "picked up") == 0 || strcmp(line + used, "loaded") == 0)
        see((struct observation){.at_us = at_us, .kind = OBSERVED_PICKUP, .value = item});
    if (strcmp(line + used, "loaded") == 0)
        see((struct observation){.at_us = at_us, .kind = OBSERVED_LOADED, .value = item});
    else if (strcmp(line + used, "unloaded") == 0)
        see((struct observation){.at_us = at_us, .kind = OBSERVED_UNLOADED, .value = item});
    else if (strcmp(line + used, "picked up") != 0)
        bad_line(line);
}

static void see_moment(int64_t at_us, const char *line)
{
    long number;
    if (begins(&line, "fix at "))
        see_fix(at_us, spot_of_place(line));
    else if (sscanf(line, "load cell %ld kg", &number) == 1)
        see((struct observation){.at_us = at_us, .kind = OBSERVED_LOAD_CELL, .value = number * 1000});
    else if (sscanf(line, "body tilts %ld degrees", &number) == 1)
        see((struct observation){.at_us = at_us, .kind = OBSERVED_TILT, .value = number * 100});
    else if (strcmp(line, "door opens") == 0 || strcmp(line, "door shuts") == 0)
        see((struct observation){.at_us = at_us, .kind = OBSERVED_DOOR, .value = line[5] == 'o'});
    else if (begins(&line, "booked to "))
        see((struct observation){.at_us = at_us, .kind = OBSERVED_BOOKED, .value = world_place(line)->id});
    else if (begins(&line, "item "))
        see_item(at_us, line);
    else if (strcmp(line, "nothing more was heard") == 0)
        scene.until_us = at_us;
    else
        bad_line(line);
}

static void read_expected(const char *line)
{
    scene.expects = true;
    if (strcmp(line, "nothing") == 0)
        return;
    assert_true(scene.expected_count < EXPECTED_MAX);
    struct expected *expected = &scene.expected[scene.expected_count++];
    if (rule_parse((struct text){line, 3}, &expected->rule) || strncmp(line + 3, " at ", 4) != 0)
        bad_line(line);
    line += 7;
    if (!read_time(&line, scene.day_us, &expected->at_us))
        bad_line(line);
}

static bool read_day(const char *line)
{
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    for (int i = 0; i < 7; i++)
        if (strcmp(line, days[i]) == 0) {
            scene.day_us = MONDAY + i * 24 * HOUR;
            return true;
        }
    return false;
}

static void read_line(const char *line)
{
    int64_t at_us, to_us;
    if (begins(&line, "expect ")) {
        read_expected(line);
    } else if (begins(&line, "says ")) {
        struct expected *expected = &scene.expected[scene.expected_count - 1];
        assert_true(scene.expected_count > 0 && expected->words_count < WORDS_MAX);
        snprintf(expected->words[expected->words_count++], NAME_BYTES, "%s", line);
    } else if (read_time(&line, scene.day_us, &at_us)) {
        if (!begins(&line, "to "))
            see_moment(at_us, line);
        else if (read_time(&line, scene.day_us, &to_us))
            see_span(at_us, to_us, line);
    } else if (!read_day(line)) {
        bad_line(line);
    }
}

/* ---- playing ---- */

static void explain(const struct said *said, const char *order, const char *why)
{
    char list[2048] = "";
    for (size_t i = 0; i < said->finding_count; i++) {
        const struct finding *finding = &said->findings[i].finding;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "\n  %s at %02d:%02d:%02d %s", rule_infos[finding->rule].id,
                 (int)((finding->at_us - scene.day_us) / HOUR), (int)((finding->at_us - scene.day_us) / MINUTE % 60),
                 (int)((finding->at_us - scene.day_us) / SECOND % 60), finding->text);
    }
    fail_msg("%s:%d: scenario %s (%s): %s; found:%s", scene.file, scene.line, scene.title, order, why, list);
}

static void compare(const struct said *said, const char *order)
{
    if (said->finding_count != scene.expected_count)
        explain(said, order, "not what was expected");
    for (size_t i = 0; i < scene.expected_count; i++) {
        const struct expected *expected = &scene.expected[i];
        const struct finding *finding = &said->findings[i].finding;
        if (finding->rule != expected->rule || finding->at_us != expected->at_us)
            explain(said, order, "not what was expected");
        for (size_t k = 0; k < expected->words_count; k++)
            if (!strstr(finding->text, expected->words[k]))
                explain(said, order, expected->words[k]);
    }
}

/* As ingest does it: what waits and what came is sorted and settled, the rest waits. */
static void play_batch(const struct route_map *map, struct truck_state *state, struct observation *waiting,
                       size_t *count, const struct observation *came, size_t came_count, struct said *said)
{
    const struct route_sink sink = {said_on_finding, said_on_departure, said_on_arrival, said};
    struct truck_fold fold = {map, &world_truck, &sink, state, PLACE_UNKNOWN};
    memcpy(waiting + *count, came, came_count * sizeof *came);
    *count = observations_sort(waiting, *count + came_count);
    assert_true(*count == 0 || waiting[0].at_us > state->settled_us); /* nothing is late */
    size_t done = truck_settle(&fold, waiting, *count, truck_settle_until(&world_limits, waiting, *count));
    *count -= done;
    memmove(waiting, waiting + done, *count * sizeof *waiting);
}

static int64_t last_us(void)
{
    int64_t last = scene.until_us;
    for (size_t i = 0; i < scene.seen_count; i++)
        last = scene.seen[i].at_us > last ? scene.seen[i].at_us : last;
    return last;
}

static void play_in_order(const struct route_map *map)
{
    static struct said said;
    struct truck_state state = {0};
    said.finding_count = said.trip_count = said.entry_count = 0;
    scene.seen_count = observations_sort(scene.seen, scene.seen_count);
    world_fold(map, &state, scene.seen, scene.seen_count, last_us(), &said);
    compare(&said, "in order");
}

/* Each is delayed by less than half the window, some come twice, and they come in batches of up to 7. */
static void play_in_disorder(const struct route_map *map, unsigned seed)
{
    static struct said said;
    static struct observation arrived[2 * OBSERVATIONS_MAX], waiting[3 * OBSERVATIONS_MAX];
    static int64_t arrival_us[2 * OBSERVATIONS_MAX];
    struct truck_state state = {0};
    size_t count = 0, waiting_count = 0;
    char order[64];
    srandom(seed);
    said.finding_count = said.trip_count = said.entry_count = 0;
    for (size_t i = 0; i < scene.seen_count; i++)
        for (int copies = random() % 4 == 0 ? 2 : 1; copies > 0; copies--) {
            int64_t at = scene.seen[i].at_us + random() % (29 * SECOND);
            size_t k = count++;
            for (; k > 0 && arrival_us[k - 1] > at; k--) {
                arrival_us[k] = arrival_us[k - 1];
                arrived[k] = arrived[k - 1];
            }
            arrival_us[k] = at;
            arrived[k] = scene.seen[i];
        }
    for (size_t i = 0; i < count;) {
        size_t batch = 1 + (size_t)random() % 7;
        batch = batch < count - i ? batch : count - i;
        play_batch(map, &state, waiting, &waiting_count, arrived + i, batch, &said);
        i += batch;
    }
    world_fold(map, &state, waiting, waiting_count, last_us(), &said);
    snprintf(order, sizeof order, "disorder, seed %u", seed);
    compare(&said, order);
}

static size_t cases;

static void play(void)
{
    if (!scene.title[0])
        return;
    if (!scene.expects)
        fail_msg("%s:%d: scenario %s expects nothing, not even nothing", scene.file, scene.line, scene.title);
    struct route_map *map = world_map();
    play_in_order(map);
    for (unsigned seed = 1; seed <= ORDERS; seed++)
        play_in_disorder(map, seed);
    route_map_free(map);
    cases++;
}

static void begin_case(const char *file, int line, const char *title)
{
    play();
    memset(&scene, 0, sizeof scene);
    scene.file = file;
    scene.line = line;
    scene.day_us = MONDAY;
    snprintf(scene.title, sizeof scene.title, "%s", title);
}

static void play_file(const char *path)
{
    char line[512];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    reading_file = path;
    reading_line = 0;
    while (fgets(line, sizeof line, file)) {
        const char *words = line;
        reading_line++;
        line[strcspn(line, "\n")] = '\0';
        if (!line[0] || line[0] == '#')
            continue;
        if (begins(&words, "scenario "))
            begin_case(path, reading_line, words);
        else
            read_line(words);
    }
    fclose(file);
    begin_case(path, 0, "");
}

static void every_scenario_finds_what_it_expects_in_any_order(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob("tests/scenarios/R*.txt", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        cases = 0;
        play_file(files.gl_pathv[i]);
        print_message("%s: %zu scenarios, each in order and in %d other orders\n", files.gl_pathv[i], cases, ORDERS);
        assert_true(cases >= 2);
    }
    assert_int_equal(files.gl_pathc, 8);
    globfree(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_scenario_finds_what_it_expects_in_any_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
