/* test_ctl_options.c - the command line: what is taken, what is refused and with which words and exit codes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/ctl.h"

/* One run of a command line; what it printed and left behind. */
struct run {
    struct ctl ctl;
    char *out, *err;
    size_t out_size, err_size;
};

static bool flag;
static const char *word;
static int64_t number;
static int operand_count;
static char *operands[4];

static int demo_command(struct ctl *ctl, int argc, char **argv)
{
    flag = false;
    word = NULL;
    number = 7;
    const struct ctl_option options[] = {
        {"flag", CTL_OPTION_FLAG, NULL, "a flag", &flag, 0, 0},
        {"word", CTL_OPTION_TEXT, "WORD", "a word", &word, 0, 0},
        {"number", CTL_OPTION_NUMBER, "N", "a number", &number, 1, 100},
    };
    const struct ctl_usage usage = {"A [B]", "Does nothing.\n", 1, 2, options, sizeof options / sizeof options[0]};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    operand_count = argc;
    for (int i = 0; i < argc; i++)
        operands[i] = argv[i];
    return CTL_OK;
}

static const struct ctl_command commands[] = {{"demo", "does nothing", demo_command}};

static int run(struct run *run, const char *line)
{
    static char copy[200];
    char *argv[16] = {"custodyctl"}, *rest = copy;
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *token; (token = strsep(&rest, " "));)
        argv[argc++] = token;
    if (line[0] == '\0')
        argc = 1;
    argv[argc] = NULL;
    *run = (struct run){0};
    operand_count = -1;
    FILE *out = open_memstream(&run->out, &run->out_size), *err = open_memstream(&run->err, &run->err_size);
    ctl_init(&run->ctl, out, err);
    int exit_code = ctl_run(&run->ctl, commands, 1, argc, argv);
    ctl_fini(&run->ctl);
    fclose(out);
    fclose(err);
    return exit_code;
}

static void done(struct run *run)
{
    free(run->out);
    free(run->err);
}

static void expect_error(const char *line, int exit_code, const char *words)
{
    struct run r;
    assert_int_equal(run(&r, line), exit_code);
    assert_string_equal(r.out, "");
    assert_non_null(strstr(r.err, words));
    assert_int_equal(strncmp(r.err, "custodyctl: ", 12), 0);
    assert_non_null(strstr(r.err, "; hint: "));
    assert_int_equal(operand_count, -1);
    done(&r);
}

static void options_stand_before_between_and_after_operands(void **state)
{
    (void)state;
    struct run r;
    assert_int_equal(run(&r, "--json demo --flag one --word=w two --number 9 --database dbname=x"), CTL_OK);
    assert_string_equal(r.err, "");
    assert_true(flag);
    assert_string_equal(word, "w");
    assert_int_equal(number, 9);
    assert_int_equal(operand_count, 2);
    assert_string_equal(operands[0], "one");
    assert_string_equal(operands[1], "two");
    assert_true(r.ctl.json);
    assert_string_equal(r.ctl.conninfo, "dbname=x");
    done(&r);
}

static void an_absent_option_keeps_its_default(void **state)
{
    (void)state;
    struct run r;
    assert_int_equal(run(&r, "demo one"), CTL_OK);
    assert_false(flag);
    assert_null(word);
    assert_int_equal(number, 7);
    assert_false(r.ctl.json);
    done(&r);
}

static void what_follows_two_dashes_is_an_operand(void **state)
{
    (void)state;
    struct run r;
    assert_int_equal(run(&r, "demo -- --flag"), CTL_OK);
    assert_false(flag);
    assert_string_equal(operands[0], "--flag");
    done(&r);
}

static void a_second_run_begins_anew(void **state)
{
    (void)state;
    struct run r;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run(&r, "demo one --flag"), CTL_OK);
        assert_true(flag);
        assert_int_equal(operand_count, 1);
        done(&r);
    }
}

static void an_unknown_option_is_named(void **state)
{
    (void)state;
    expect_error("demo one --colour", CTL_USAGE, "unknown option: --colour");
    expect_error("demo --colour one", CTL_USAGE, "unknown option: --colour");
    expect_error("demo one -x", CTL_USAGE, "unknown option: -x");
    expect_error("--colour demo one", CTL_USAGE, "unknown option: --colour");
}

static void an_option_without_its_value_is_named(void **state)
{
    (void)state;
    expect_error("demo one --word", CTL_USAGE, "option without its value: --word");
    expect_error("--database", CTL_USAGE, "option without its value: --database");
}

static void a_number_outside_its_bounds_is_refused(void **state)
{
    (void)state;
    expect_error("demo one --number 0", CTL_USAGE, "--number: 0");
    expect_error("demo one --number 101", CTL_USAGE, "from 1 to 100");
    expect_error("demo one --number 9x", CTL_USAGE, "--number: 9x");
    expect_error("demo one --number=", CTL_USAGE, "--number: ;");
    expect_error("demo one --number 99999999999999999999", CTL_USAGE, "--number: 99999999999999999999");
}

static void a_wrong_count_of_operands_is_refused(void **state)
{
    (void)state;
    expect_error("demo", CTL_USAGE, "0 given");
    expect_error("demo a b c", CTL_USAGE, "among them c");
}

static void no_command_and_an_unknown_command_are_wrong_use(void **state)
{
    (void)state;
    expect_error("", CTL_USAGE, "command: none given");
    expect_error("dance", CTL_USAGE, "command: dance is unknown");
    expect_error("help dance", CTL_USAGE, "command: dance is unknown");
}

static void help_is_an_answer(void **state)
{
    (void)state;
    struct run r;
    static const char *const lines[] = {"--help", "help"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(run(&r, lines[i]), CTL_OK);
        assert_non_null(strstr(r.out, "does nothing"));
        assert_non_null(strstr(r.out, "Exit codes: 0 ok"));
        assert_string_equal(r.err, "");
        done(&r);
    }
}

static void help_of_a_command_comes_from_its_table(void **state)
{
    (void)state;
    struct run r;
    static const char *const lines[] = {"demo --help", "help demo", "demo one --help --flag", "--help demo"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(run(&r, lines[i]), CTL_OK);
        assert_non_null(strstr(r.out, "Usage: custodyctl demo [OPTION]... A [B]\n"));
        assert_non_null(strstr(r.out, "  --word=WORD               a word\n"));
        assert_non_null(strstr(r.out, "  --json "));
        assert_int_equal(operand_count, -1);
        done(&r);
    }
}

static void every_error_code_has_the_exit_code_of_its_kind(void **state)
{
    (void)state;
    assert_int_equal(ctl_exit_code(0), CTL_OK);
    assert_int_equal(ctl_exit_code(ERR_INVALID), CTL_USAGE);
    assert_int_equal(ctl_exit_code(ERR_UNREACHABLE), CTL_TEMPORARY);
    assert_int_equal(ctl_exit_code(ERR_TIMEOUT), CTL_TEMPORARY);
    assert_int_equal(ctl_exit_code(ERR_CONFLICT), CTL_TEMPORARY);
    assert_int_equal(ctl_exit_code(ERR_SCHEMA), CTL_CONFIG);
    assert_int_equal(ctl_exit_code(ERR_CONFIG), CTL_CONFIG);
    assert_int_equal(ctl_exit_code(ERR_DENIED), CTL_CONFIG);
    assert_int_equal(ctl_exit_code(ERR_NOT_FOUND), CTL_NEGATIVE);
    assert_int_equal(ctl_exit_code(ERR_EXISTS), CTL_NEGATIVE);
    assert_int_equal(ctl_exit_code(ERR_DATA), CTL_NEGATIVE);
}

static void an_error_is_one_line_without_control_characters(void **state)
{
    (void)state;
    struct run r = {0};
    FILE *err = open_memstream(&r.err, &r.err_size);
    ctl_init(&r.ctl, stdout, err);
    assert_int_equal(ctl_fail(&r.ctl, CTL_NEGATIVE, "thing: %s; hint: look", "a\nb\x1b[0m"), CTL_NEGATIVE);
    fclose(err);
    assert_string_equal(r.err, "custodyctl: thing: a b\xef\xbf\xbd[0m; hint: look\n");
    free(r.err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_between_and_after_operands),
        cmocka_unit_test(an_absent_option_keeps_its_default),
        cmocka_unit_test(what_follows_two_dashes_is_an_operand),
        cmocka_unit_test(a_second_run_begins_anew),
        cmocka_unit_test(an_unknown_option_is_named),
        cmocka_unit_test(an_option_without_its_value_is_named),
        cmocka_unit_test(a_number_outside_its_bounds_is_refused),
        cmocka_unit_test(a_wrong_count_of_operands_is_refused),
        cmocka_unit_test(no_command_and_an_unknown_command_are_wrong_use),
        cmocka_unit_test(help_is_an_answer),
        cmocka_unit_test(help_of_a_command_comes_from_its_table),
        cmocka_unit_test(every_error_code_has_the_exit_code_of_its_kind),
        cmocka_unit_test(an_error_is_one_line_without_control_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
