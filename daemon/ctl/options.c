/* options.c - the command line of custodyctl: options from tables, the help made from the same tables, the choice of
 * a command. */
#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"

enum { OPTIONS_MAX = 48, HELP_COLUMN = 26 };

/* The options every command takes, bound to `ctl`. */
static size_t common_options(struct ctl *ctl, bool *help, struct ctl_option *out)
{
    const struct ctl_option common[] = {
        {"database", CTL_OPTION_TEXT, "CONNINFO",
         "libpq connection string (default: configuration, then PG* variables)", &ctl->conninfo, 0, 0},
        {"config", CTL_OPTION_TEXT, "FILE", "configuration file of custodyd", &ctl->config_path, 0, 0},
        {"json", CTL_OPTION_FLAG, NULL, "print JSON instead of a table", &ctl->json, 0, 0},
        {"help", CTL_OPTION_FLAG, NULL, "print this help", help, 0, 0},
    };
    memcpy(out, common, sizeof common);
    return sizeof common / sizeof common[0];
}

static bool set_number(struct ctl *ctl, const struct ctl_option *option, const char *value, int *exit_code)
{
    int64_t number;
    if (!text_to_i64(text_of(value), option->least, option->most, &number)) {
        *exit_code = ctl_fail(ctl, CTL_USAGE, "--%s: %s; hint: a whole number from %lld to %lld", option->name, value,
                              (long long)option->least, (long long)option->most);
        return false;
    }
    *(int64_t *)option->target = number;
    return true;
}

static bool set_option(struct ctl *ctl, const struct ctl_option *option, const char *value, int *exit_code)
{
    switch (option->type) {
    case CTL_OPTION_FLAG:
        *(bool *)option->target = true;
        return true;
    case CTL_OPTION_TEXT:
        *(const char **)option->target = value;
        return true;
    case CTL_OPTION_NUMBER:
        return set_number(ctl, option, value, exit_code);
    }
    return false;
}

static int option_trouble(struct ctl *ctl, int kind, const char *word)
{
    const char *what = kind == ':' ? "option without its value" : "unknown option";
    return ctl_fail(ctl, CTL_USAGE, "%s: %s; hint: custodyctl %s%s--help", what, word, ctl->command ? ctl->command : "",
                    ctl->command ? " " : "");
}

/* Parses what getopt_long recognises; `mode` "+:" stops at the first operand, ":" lets options stand anywhere. */
static bool parse_options(struct ctl *ctl, const struct ctl_option *options, size_t count, const char *mode, int argc,
                          char **argv, int *exit_code)
{
    struct option table[OPTIONS_MAX + 1] = {0};
    assert(count <= OPTIONS_MAX);
    for (size_t i = 0; i < count; i++) {
        table[i].name = options[i].name;
        table[i].has_arg = options[i].type == CTL_OPTION_FLAG ? no_argument : required_argument;
    }
    opterr = 0;
    optind = 0; /* glibc: begin anew */
    for (;;) {
        int at = -1;
        int before = optind > 0 ? optind : 1;
        int found = getopt_long(argc, argv, mode, table, &at);
        if (found == -1)
            return true;
        if (found == '?' || found == ':') {
            *exit_code = option_trouble(ctl, found, argv[optind > before ? optind - 1 : before]);
            return false;
        }
        if (!set_option(ctl, &options[at], optarg, exit_code))
            return false;
    }
}

static void print_option(FILE *out, const struct ctl_option *option)
{
    char head[96];
    if (option->argument)
        snprintf(head, sizeof head, "  --%s=%s", option->name, option->argument);
    else
        snprintf(head, sizeof head, "  --%s", option->name);
    if (strlen(head) > HELP_COLUMN)
        fprintf(out, "%s\n%*s  %s\n", head, HELP_COLUMN, "", option->help);
    else
        fprintf(out, "%-*s  %s\n", HELP_COLUMN, head, option->help);
}

static void print_help(struct ctl *ctl, const struct ctl_usage *usage, const struct ctl_option *options, size_t count)
{
    fprintf(ctl->out, "Usage: custodyctl %s [OPTION]...%s%s\n\n%s\nOptions:\n", ctl->command,
            usage->operands[0] ? " " : "", usage->operands, usage->description);
    for (size_t i = 0; i < count; i++)
        print_option(ctl->out, &options[i]);
}

bool ctl_parse(struct ctl *ctl, const struct ctl_usage *usage, int *argc, char ***argv, int *exit_code)
{
    struct ctl_option options[OPTIONS_MAX];
    bool help = false;
    assert(usage->option_count + 4 <= OPTIONS_MAX);
    if (usage->option_count > 0)
        memcpy(options, usage->options, usage->option_count * sizeof options[0]);
    size_t count = usage->option_count + common_options(ctl, &help, options + usage->option_count);
    if (!parse_options(ctl, options, count, ":", *argc, *argv, exit_code))
        return false;
    if (help) {
        print_help(ctl, usage, options, count);
        *exit_code = CTL_OK;
        return false;
    }
    size_t operands = (size_t)(*argc - optind);
    if (operands < usage->operands_min || operands > usage->operands_max) {
        *exit_code = ctl_fail(
            ctl, CTL_USAGE, "operands: %zu given%s%s, %s %zu wanted; hint: custodyctl %s [OPTION]... %s", operands,
            operands > usage->operands_max ? ", among them " : "",
            operands > usage->operands_max ? (*argv)[optind + (int)usage->operands_max] : "",
            operands < usage->operands_min ? "at least" : "at most",
            operands < usage->operands_min ? usage->operands_min : usage->operands_max, ctl->command, usage->operands);
        return false;
    }
    *argc -= optind;
    *argv += optind;
    return true;
}

static void print_overview(struct ctl *ctl, const struct ctl_command *commands, size_t count)
{
    fprintf(ctl->out,
            "Usage: custodyctl [OPTION]... COMMAND [OPTION]... [OPERAND]...\n\n"
            "What an operator or an auditor types to look after custodyd and to ask it questions.\n\nCommands:\n");
    for (size_t i = 0; i < count; i++)
        fprintf(ctl->out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    fprintf(ctl->out, "\nOptions, before or after the command:\n");
    bool help;
    struct ctl_option common[4];
    size_t common_count = common_options(ctl, &help, common);
    for (size_t i = 0; i < common_count; i++)
        print_option(ctl->out, &common[i]);
    fprintf(ctl->out, "\nExit codes: 0 ok, 1 negative answer, 2 wrong use, 75 try again later, 78 configuration.\n"
                      "custodyctl COMMAND --help says more about a command.\n");
}

static const struct ctl_command *find_command(const struct ctl_command *commands, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

/* `help COMMAND` is COMMAND --help. */
static int run_help(struct ctl *ctl, const struct ctl_command *command)
{
    char name[32], option[] = "--help";
    snprintf(name, sizeof name, "%s", command->name);
    char *argv[] = {name, option, NULL};
    ctl->command = command->name;
    return command->run(ctl, 2, argv);
}

int ctl_run(struct ctl *ctl, const struct ctl_command *commands, size_t command_count, int argc, char **argv)
{
    struct ctl_option common[4];
    bool help = false;
    int exit_code = CTL_OK;
    size_t count = common_options(ctl, &help, common);
    if (!parse_options(ctl, common, count, "+:", argc, argv, &exit_code))
        return exit_code;
    argc -= optind;
    argv += optind;
    bool asked = help || (argc > 0 && strcmp(argv[0], "help") == 0);
    if (asked && !help) {
        argc--;
        argv++;
    }
    if (argc < 1) {
        if (!asked)
            return ctl_fail(ctl, CTL_USAGE, "command: none given; hint: custodyctl --help lists them");
        print_overview(ctl, commands, command_count);
        return CTL_OK;
    }
    const struct ctl_command *command = find_command(commands, command_count, argv[0]);
    if (!command)
        return ctl_fail(ctl, CTL_USAGE, "command: %s is unknown; hint: custodyctl --help lists them", argv[0]);
    if (asked)
        return run_help(ctl, command);
    ctl->command = command->name;
    return command->run(ctl, argc, argv);
}

bool ctl_run_verb(struct ctl *ctl, const struct ctl_verb *verbs, size_t count, int argc, char **argv, int *exit_code)
{
    for (size_t i = 0; argc > 1 && i < count; i++) {
        if (strcmp(argv[1], verbs[i].word) == 0) {
            ctl->command = verbs[i].command;
            *exit_code = verbs[i].run(ctl, argc - 1, argv + 1);
            return true;
        }
    }
    return false;
}
