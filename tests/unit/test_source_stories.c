/* test_source_stories.c - plays tests/scenarios/sources/S*.txt through the gate, which decides before any I/O: each scenario finds what
 * it expects, when it expects it, and nothing else. */
#include "gate_world.h"
#include "story.h"

#include <glob.h>
#include <inttypes.h>

enum { REPORTS_MAX = ROOM, LINE_BYTES = 256, FOUND_BYTES = 2048 };

/* A report that arrives. */
struct arrived {
    struct sent sent;
    bool other_history; /* it says that it follows something else than what came before it */
};

static struct story {
    const char *file;
    int line; /* being read */
    char title[LINE_BYTES];
    size_t count;
    struct arrived reports[REPORTS_MAX];
    char expected[FOUND_BYTES]; /* a line each */
} story;

static size_t failed;
static int64_t midnight_us; /* Asia/Shanghai */
static const char tracker_name[] = "tracker-7";

/* ---- reading ---- */

static void bad_line(const char *line)
{
    fail_msg("%s:%d: cannot be read: %s", story.file, story.line, line);
}

static void read_option(struct arrived *report, const char *option)
{
    struct sent *sent = &report->sent;

    if (begins(&option, "of epoch "))
        sent->epoch = (uint32_t)strtoul(option, NULL, 10);
    else if (begins(&option, "dated ") && read_time(&option, midnight_us, &sent->device_us))
        return;
    else if (strcmp(option, "with other content") == 0)
        sent->tag = "QZ-0001";
    else if (strcmp(option, "following another history") == 0)
        report->other_history = true;
    else if (strcmp(option, "with a key that is not registered") == 0)
        sent->key = &other_key;
    else if (strcmp(option, "with a forged signature") == 0)
        sent->forged = true;
    else if (strcmp(option, "without a signature") == 0)
        sent->unsigned_ = true;
    else if (strcmp(option, "of the tracker") == 0)
        sent->source = tracker_name;
    else if (strcmp(option, "published by the tracker") == 0)
        sent->topic = "custody/v1/350504/up/tracker-7";
    else if (strcmp(option, "published by nobody known") == 0)
        sent->topic = "custody/v1/350504/up/stranger";
    else
        bad_line(option);
}

/* "2 of epoch 1, dated 08:00:20" */
static void read_report(int64_t at_us, const char *line)
{
    char options[LINE_BYTES], *rest = options, *option;
    struct arrived *report = &story.reports[story.count++];
    int used = 0;

    assert_true(story.count <= REPORTS_MAX);
    *report = (struct arrived){.sent = {.epoch = 1, .device_us = at_us, .received_us = at_us}};
    if (sscanf(line, "%" SCNu64 "%n", &report->sent.seq, &used) != 1)
        bad_line(line);
    (void)snprintf(options, sizeof options, "%s", line + used);
    while ((option = strsep(&rest, ",")))
        if (*option)
            read_option(report, option + strspn(option, " "));
}

static void read_line(const char *line)
{
    int64_t at_us;

    if (begins(&line, "expect "))
        (void)snprintf(story.expected + strlen(story.expected), sizeof story.expected - strlen(story.expected), "%s\n",
                       line);
    else if (read_time(&line, midnight_us, &at_us) && begins(&line, "report "))
        read_report(at_us, line);
    else
        bad_line(line);
}

/* ---- playing ---- */

static bool is_own_word(const struct sent *sent)
{
    return !sent->key && !sent->forged && !sent->unsigned_;
}

/* Of the report as the device first made it, whether or not it ever came; each follows the one before. */
static struct digest hash_of(const char *source, uint32_t epoch, uint64_t seq)
{
    struct arrived report = {.sent = {.source = source, .epoch = epoch, .seq = seq, .device_us = midnight_us}};

    for (size_t i = story.count; i-- > 0;) {
        const struct sent *sent = &story.reports[i].sent;

        if (sent->source == source && sent->epoch == epoch && sent->seq == seq && is_own_word(sent))
            report = story.reports[i];
    }
    if (seq)
        report.sent.previous = hash_of(source, epoch, seq - 1);
    report.sent.previous.bytes[0] ^= report.other_history;
    encode(&report.sent);
    return sha256(bytes.data, bytes.len);
}

static void arrive(const struct arrived *report)
{
    struct sent sent = report->sent;

    if (sent.seq)
        sent.previous = hash_of(sent.source, sent.epoch, sent.seq - 1);
    sent.previous.bytes[0] ^= report->other_history;
    assert_non_null(send_one(sent));
}

/* Oldest first, a line each: "S01 at 08:02 epoch 1 withdrawn". */
static void write_findings(const struct source_finding *finding, char *out)
{
    int64_t second;

    if (!finding)
        return;
    write_findings(finding->next, out);
    out += strlen(out);
    second = (finding->at_us - midnight_us) / US_PER_S;
    out += sprintf(out, "%s at %02d:%02d", rule_infos[finding->rule].id, (int)(second / 3600), (int)(second / 60 % 60));
    if (second % 60)
        out += sprintf(out, ":%02d", (int)(second % 60));
    (void)sprintf(out, " %.*s%s%s\n", TEXT_ARG(finding->key), finding->withdraw ? " withdrawn" : "",
                  finding->source == tracker ? " against the tracker" : "");
}

static void play(void)
{
    char found[FOUND_BYTES] = "";

    assert_int_equal(start(NULL), 0);
    for (size_t i = 0; i < story.count; i++)
        arrive(&story.reports[i]);
    judge();
    write_findings(batch.findings, found);
    (void)finish(NULL);
    if (strcmp(*found ? found : "nothing\n", story.expected) == 0)
        return;
    print_error("%s: scenario %s\nexpected:\n%sfound:\n%s", story.file, story.title, story.expected,
                *found ? found : "nothing\n");
    failed++;
}

/* Returns how many scenarios it has. */
static size_t play_file(const char *path)
{
    char line[LINE_BYTES];
    size_t count = 0;
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    story = (struct story){.file = path};
    while (fgets(line, sizeof line, file)) {
        const char *words = line;

        story.line++;
        line[strcspn(line, "\n")] = '\0';
        if (begins(&words, "scenario ")) {
            if (count++)
                play();
            story.count = 0;
            story.expected[0] = '\0';
            (void)snprintf(story.title, sizeof story.title, "%s", words);
        } else if (*line && *line != '#') {
            read_line(line);
        }
    }
    play();
    (void)fclose(file);
    return count;
}

static void every_scenario_finds_what_it_expects_and_nothing_else(void **state)
{
    size_t count = 0;
    glob_t files;

    (void)state;
    midnight_us = now_us - INT64_C(16) * 3600 * US_PER_S;
    assert_int_equal(glob("tests/scenarios/sources/S*.txt", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        count += play_file(files.gl_pathv[i]);
    globfree(&files);
    print_message("%zu scenarios\n", count);
    assert_true(count >= 20);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_finds_what_it_expects_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
