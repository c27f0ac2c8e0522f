/* test_config.c - settings from text, file and environment: what is taken, and every way of being refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static struct config config;
static struct error error;

static void assert_refused(const char *text, const char *words)
{
    struct config before = config;
    error.text[0] = '\0';
    assert_int_equal(config_parse(&config, text, &error), ERR_CONFIG);
    if (strstr(error.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
    assert_non_null(strstr(error.text, "hint:"));
    assert_memory_equal(&config, &before, sizeof before);
}

static void an_empty_text_gives_the_defaults(void **state)
{
    (void)state;
    assert_int_equal(config_parse(&config, "", &error), 0);
    assert_string_equal(config.broker, "localhost:1883");
    assert_int_equal(config.batch_max_envelopes, 8192);
    assert_int_equal(config.linger_ms, 0);
    assert_string_equal(config.log_level, "info");
}

static void settings_are_taken_from_text_with_comments(void **state)
{
    (void)state;
    const char *text = "# one\nbroker = \"unix:/run/b#1.sock\"; // two 5\nlinger_ms = 20; /* 7 \" */ lanes = "
                       "\"350504,350505;350506\";\n"
                       "database = \"host=/run password=\\\"x\\\"\";";
    assert_int_equal(config_parse(&config, text, &error), 0);
    assert_string_equal(config.broker, "unix:/run/b#1.sock");
    assert_int_equal(config.linger_ms, 20);
    assert_string_equal(config.lanes, "350504,350505;350506");
    assert_string_equal(config.database, "host=/run password=\"x\"");
}

static void bounds_are_inclusive(void **state)
{
    (void)state;
    assert_int_equal(config_parse(&config, "batch_max_envelopes = 1; linger_ms = 1000;", &error), 0);
    assert_refused("batch_max_envelopes = 0;", "0 is outside 1..60000 envelopes");
    assert_refused("linger_ms = 1001;", "1001 is outside 0..1000 ms");
    assert_refused("linger_ms = -1;", "-1 is outside");
}

static void numbers_beyond_32_bits_are_not_cut(void **state)
{
    (void)state;
    assert_int_equal(config_parse(&config, "arena_max_bytes = 4294967296;", &error), 0);
    assert_true(config.arena_max_bytes == INT64_C(4294967296));
    assert_int_equal(config_parse(&config, "arena_max_bytes = 0x100000000L;", &error), 0);
    assert_true(config.arena_max_bytes == INT64_C(4294967296));
    /* 2^32 + 2^20, which 32 bits would cut to a value within the bounds */
    assert_refused("arena_max_bytes = 4296015872;", "4296015872 is outside");
    assert_refused("arena_max_bytes = 0x100100000;", "4296015872 is outside");
    assert_refused("arena_max_bytes = 0X100100000;", "4296015872 is outside");
    assert_refused("linger_ms = -4294967290;", "-4294967290 is outside");
    assert_refused("linger_ms = 99999999999999999999999;", "is outside");
}

static void an_unknown_setting_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("linger_ms = 1;\n\n# comment\nlinger_s = 1;", "text:4: linger_s: is no setting");
}

static void a_wrong_type_is_refused_with_what_is_wanted(void **state)
{
    (void)state;
    assert_refused("linger_ms = \"5\";", "text:1: linger_ms: is a text; hint: write a whole number");
    assert_refused("linger_ms = 1.5;", "is a fraction");
    assert_refused("linger_ms = true;", "is true or false");
    assert_refused("broker = 5;", "is a number; hint: write a text in quotes");
    assert_refused("\nbroker = [\"a\", \"b\"];", "text:2: broker: is a list or group");
    assert_refused("broker : { host = \"x\"; };", "is a list or group");
}

static void a_broken_syntax_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("linger_ms = 1;\nbroker == 5;", "text:2: syntax error");
    assert_refused("\nbroker = \"never closed", "text:2: a text or comment begins here and never ends");
    assert_refused("linger_ms = 1; linger_ms = 2;", "duplicate setting name");
    assert_refused("linger_ms = 1; /* never closed\n", "text:1: a text or comment begins here");
}

static void an_include_is_refused(void **state)
{
    (void)state;
    assert_refused("\n  @include \"/etc/passwd\"\n", "text:2: no @include");
    assert_int_equal(config_parse(&config, "# @include \"x\"\nbroker = \"user@host\";", &error), 0);
}

static void texts_are_bounded_and_clean(void **state)
{
    (void)state;
    char text[CONFIG_TEXT_BYTES + 32] = "broker = \"";
    size_t start = strlen(text);
    memset(text + start, 'a', CONFIG_TEXT_BYTES - 1);
    strcpy(text + start + CONFIG_TEXT_BYTES - 1, "\";");
    assert_int_equal(config_parse(&config, text, &error), 0);
    strcpy(text + start + CONFIG_TEXT_BYTES - 1, "a\";");
    assert_refused(text, "1024 bytes is more than 1023");
    assert_refused("broker = \"a\\nb\";", "control character at byte 1");
    assert_refused("broker = \"\xff\";", "invalid UTF-8");
}

static void a_refused_text_does_not_show_a_password(void **state)
{
    (void)state;
    assert_refused("database = \"password=secret\\n\";", "control character");
    assert_null(strstr(error.text, "secret"));
}

static void lanes_are_areas(void **state)
{
    (void)state;
    assert_refused("lanes = \"\";", "\"\" is no area");
    assert_refused("lanes = \"350504;\";", "\"\" is no area");
    assert_refused("lanes = \"35050\";", "\"35050\" is no area");
    assert_refused("lanes = \"350504,#\";", "\"#\" is no area");
    assert_int_equal(config_parse(&config, "lanes = \"000000,999999\";", &error), 0);
}

/* lanes = "100000;100001;..." */
static const char *so_many_lanes(int count)
{
    static char text[256];
    int len = snprintf(text, sizeof text, "lanes = \"100000");
    for (int lane = 1; lane < count; lane++)
        len += snprintf(text + len, sizeof text - (size_t)len, ";%d", 100000 + lane);
    (void)snprintf(text + len, sizeof text - (size_t)len, "\";");
    return text;
}

static void lanes_are_sixteen_at_most(void **state)
{
    (void)state;
    assert_int_equal(config_parse(&config, so_many_lanes(16), &error), 0);
    assert_refused(so_many_lanes(17), "17 lanes are more than 16");
}

static void an_area_is_served_by_one_lane(void **state)
{
    (void)state;
    assert_refused("lanes = \"350504;350504\";", "area 350504 is named twice in \"350504;350504\"");
    assert_refused("lanes = \"350504,350504\";", "area 350504 is named twice");
    assert_refused("lanes = \"350503,350504;350505,350503\";", "area 350503 is named twice");
    assert_int_equal(config_parse(&config, "lanes = \"350503,350504;350505\";", &error), 0);
}

static void all_areas_are_one_lane_alone(void **state)
{
    (void)state;
    assert_int_equal(config_parse(&config, "lanes = \"+\";", &error), 0);
    assert_refused("lanes = \"+;+\";", "\"+;+\" has + beside other areas");
    assert_refused("lanes = \"+,+\";", "has + beside other areas");
    assert_refused("lanes = \"+;350504\";", "has + beside other areas");
    assert_refused("lanes = \"350504,+\";", "has + beside other areas");
    assert_refused("lanes = \"+;\";", "has + beside other areas");
}

static void a_log_level_is_one_of_four_words(void **state)
{
    (void)state;
    assert_refused("log_level = \"loud\";", "\"loud\" is no level");
    assert_int_equal(config_parse(&config, "log_level = \"debug\";", &error), 0);
}

/* ---- files and the environment ---- */

static char path[] = "custody-config-XXXXXX";
static char folder[] = "/tmp/custody-config-XXXXXX";

static void write_file(const char *content, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    unlink(path);
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static int clear_environment(void **state)
{
    (void)state;
    unsetenv("CUSTODY_LINGER_MS");
    unsetenv("CUSTODY_BROKER");
    unsetenv("CUSTODY_LANES");
    return 0;
}

static void the_environment_goes_before_the_file(void **state)
{
    (void)state;
    const char content[] = "linger_ms = 5;\nbroker = \"file:1\";\n";
    write_file(content, sizeof content - 1);
    assert_int_equal(config_load(&config, path, &error), 0);
    assert_int_equal(config.linger_ms, 5);
    setenv("CUSTODY_LINGER_MS", "7", 1);
    setenv("CUSTODY_BROKER", "environment:1", 1);
    assert_int_equal(config_load(&config, path, &error), 0);
    assert_int_equal(config.linger_ms, 7);
    assert_string_equal(config.broker, "environment:1");
}

static void a_wrong_environment_is_refused_and_changes_nothing(void **state)
{
    static const struct {
        const char *variable, *value, *words;
    } cases[] = {
        {"CUSTODY_LINGER_MS", "x", "environment: linger_ms: \"x\" is no number"},
        {"CUSTODY_LINGER_MS", "1001", "environment: linger_ms: 1001 is outside"},
        {"CUSTODY_LINGER_MS", "", "is no number"},
        {"CUSTODY_LINGER_MS", "99999999999999999999", "is no number"},
        {"CUSTODY_LANES", "nowhere", "environment: lanes: \"nowhere\" is no area"},
    };
    (void)state;
    assert_int_equal(config_load(&config, NULL, &error), 0);
    struct config before = config;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clear_environment(NULL);
        setenv(cases[i].variable, cases[i].value, 1);
        assert_int_equal(config_load(&config, NULL, &error), ERR_CONFIG);
        assert_non_null(strstr(error.text, cases[i].words));
        assert_memory_equal(&config, &before, sizeof before);
    }
}

static void an_unreadable_file_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(config_load(&config, "no-such-file.conf", &error), ERR_CONFIG);
    assert_non_null(strstr(error.text, "no-such-file.conf: No such file"));
    assert_int_equal(config_load(&config, ".", &error), ERR_CONFIG);
    assert_non_null(strstr(error.text, "Is a directory"));
    write_file("\nlinger_ms = x;", 15);
    assert_int_equal(config_load(&config, path, &error), ERR_CONFIG);
    assert_int_equal(strncmp(error.text, path, sizeof path - 1), 0);
    assert_int_equal(strncmp(error.text + sizeof path - 1, ":2: syntax error", 16), 0);
    write_file("linger_ms\0= 5;", 14);
    assert_int_equal(config_load(&config, path, &error), ERR_CONFIG);
    assert_non_null(strstr(error.text, "holds a NUL"));
}

static void a_file_that_is_too_large_is_refused(void **state)
{
    (void)state;
    size_t len = 2 * 1024 * 1024;
    char *content = malloc(len);
    assert_non_null(content);
    memset(content, '\n', len);
    write_file(content, len);
    free(content);
    assert_int_equal(config_load(&config, path, &error), ERR_CONFIG);
    assert_non_null(strstr(error.text, "more than 1048576 bytes"));
}

static void a_reload_takes_what_may_change_and_refuses_the_rest(void **state)
{
    (void)state;
    write_file("linger_ms = 1;\nclient_id = \"a\";\n", 31);
    assert_int_equal(config_load(&config, path, &error), 0);
    write_file("linger_ms = 2;\nclient_id = \"a\";\n", 31);
    assert_int_equal(config_reload(&config, path, &error), 0);
    assert_int_equal(config.linger_ms, 2);
    write_file("linger_ms = 3;\nclient_id = \"b\";\n", 31);
    assert_int_equal(config_reload(&config, path, &error), ERR_CONFIG);
    assert_non_null(strstr(error.text, "client_id: changes only with a restart"));
    assert_int_equal(config.linger_ms, 2);
    assert_string_equal(config.client_id, "a");
    write_file("linger_ms = 9", 13);
    write_file("linger_ms 9;\n", 13);
    assert_int_equal(config_reload(&config, path, &error), ERR_CONFIG);
    assert_int_equal(config.linger_ms, 2);
}

/* Read at every use. All others were copied when something was opened, or gave something its size. */
static const char *const changeable[] = {
    "batch_max_bytes",    "linger_ms",         "source_rate_per_s",     "source_burst",
    "unknown_rate_per_s", "gap_grace_s",       "clock_skew_max_s",      "drain_timeout_ms",
    "log_level",          "clock_interval_ms", "reentry_flags_per_day", "clock_behind_s"};

static bool may_change(const char *name)
{
    for (size_t i = 0; i < sizeof changeable / sizeof changeable[0]; i++)
        if (strcmp(changeable[i], name) == 0)
            return true;
    return false;
}

static const char *another_text(const char *name)
{
    return strcmp(name, "lanes") == 0 ? "350504" : strcmp(name, "log_level") == 0 ? "debug" : "another";
}

/* "name = value;" with a value that is not the default. */
static void change_setting(char line[CONFIG_TEXT_BYTES], const char *name, bool is_text, int64_t value)
{
    if (is_text)
        snprintf(line, CONFIG_TEXT_BYTES, "%s = \"%s\";", name, another_text(name));
    else
        snprintf(line, CONFIG_TEXT_BYTES, "%s = %lld;", name, (long long)value);
    write_file(line, strlen(line));
}

static void a_reload_takes_each_setting_that_is_read_at_every_use_and_no_other(void **state)
{
    static const struct {
        const char *name, *type;
        int64_t most;
    } rows[] = {
#define X(name, type, initial, least, most, ...) {#name, #type, (most)},
        CONFIG_TABLE(X)
#undef X
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[CONFIG_TEXT_BYTES];
        struct config before, changed;
        assert_int_equal(config_load(&config, NULL, &error), 0);
        before = config;
        change_setting(line, rows[i].name, strcmp(rows[i].type, "TEXT") == 0, rows[i].most);
        assert_int_equal(config_load(&changed, path, &error), 0);
        assert_memory_not_equal(&changed, &before, sizeof before);
        int code = config_reload(&config, path, &error);
        if ((code == 0) != may_change(rows[i].name))
            fail_msg("%s: reload gives %d", line, code);
        assert_memory_equal(&config, code == 0 ? &changed : &before, sizeof config);
    }
}

static void the_example_holds_every_setting_with_its_default(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    struct config defaults;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    config_print_example(out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(config_parse(&defaults, "", &error), 0);
    if (config_parse(&config, text, &error) != 0)
        fail_msg("%s", error.text);
    assert_memory_equal(&config, &defaults, sizeof defaults);
#define X(name, ...) assert_non_null(strstr(text, "\n" #name " = "));
    CONFIG_TABLE(X)
#undef X
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_text_gives_the_defaults),
        cmocka_unit_test(settings_are_taken_from_text_with_comments),
        cmocka_unit_test(bounds_are_inclusive),
        cmocka_unit_test(numbers_beyond_32_bits_are_not_cut),
        cmocka_unit_test(an_unknown_setting_is_refused_with_its_line),
        cmocka_unit_test(a_wrong_type_is_refused_with_what_is_wanted),
        cmocka_unit_test(a_broken_syntax_is_refused_with_its_line),
        cmocka_unit_test(an_include_is_refused),
        cmocka_unit_test(texts_are_bounded_and_clean),
        cmocka_unit_test(a_refused_text_does_not_show_a_password),
        cmocka_unit_test(lanes_are_areas),
        cmocka_unit_test(lanes_are_sixteen_at_most),
        cmocka_unit_test(an_area_is_served_by_one_lane),
        cmocka_unit_test(all_areas_are_one_lane_alone),
        cmocka_unit_test(a_log_level_is_one_of_four_words),
        cmocka_unit_test_teardown(the_environment_goes_before_the_file, clear_environment),
        cmocka_unit_test_teardown(a_wrong_environment_is_refused_and_changes_nothing, clear_environment),
        cmocka_unit_test(an_unreadable_file_is_refused_by_name),
        cmocka_unit_test(a_file_that_is_too_large_is_refused),
        cmocka_unit_test(a_reload_takes_what_may_change_and_refuses_the_rest),
        cmocka_unit_test(a_reload_takes_each_setting_that_is_read_at_every_use_and_no_other),
        cmocka_unit_test(the_example_holds_every_setting_with_its_default),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
