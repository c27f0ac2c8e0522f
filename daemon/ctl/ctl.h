/* ctl.h - what every custodyctl subcommand stands on: options, exit codes, errors, the database opened on first use,
 * output.
 *
 * A subcommand is one function `int <name>_command(struct ctl *ctl, int argc, char **argv)`; argv[0] is its name. It
 * calls ctl_parse first, writes answers to ctl->out and errors with ctl_fail, and returns an exit code. */
#ifndef CUSTODY_CTL_CTL_H
#define CUSTODY_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "config.h"
#include "io/database.h"

enum ctl_exit {
    CTL_OK = 0,
    CTL_NEGATIVE = 1,   /* the answer is no: banned, different, not found, a check failed */
    CTL_USAGE = 2,      /* wrong option, operand or value */
    CTL_TEMPORARY = 75, /* worth trying again: database or broker unreachable */
    CTL_CONFIG = 78,    /* configuration, schema or permission is wrong */
};

struct ctl {
    FILE *out, *err;
    const char *command;     /* name of the running subcommand; NULL before one is chosen */
    const char *conninfo;    /* --database; NULL: configuration, then PG* variables */
    const char *config_path; /* --config; NULL: defaults and environment */
    bool json;               /* --json */
    struct config *config;   /* loaded on first use */
    struct database *database;
};

struct ctl_command {
    const char *name, *summary;
    int (*run)(struct ctl *ctl, int argc, char **argv);
};

/* A word that a subcommand has under it, as "move" in "flags move". */
struct ctl_verb {
    const char *word, *command; /* "move", "flags move" */
    int (*run)(struct ctl *ctl, int argc, char **argv);
};

void ctl_init(struct ctl *ctl, FILE *out, FILE *err);
void ctl_fini(struct ctl *ctl);

/* Runs argv[1...] against `commands`: global options, help, version of the usage, then the command. Returns the exit
 * code. */
int ctl_run(struct ctl *ctl, const struct ctl_command *commands, size_t command_count, int argc, char **argv);

/* Runs the verb that argv[1] names and puts its exit code into *exit_code; false when argv[1] names none of them. */
bool ctl_run_verb(struct ctl *ctl, const struct ctl_verb *verbs, size_t count, int argc, char **argv, int *exit_code);

/* ---- options ---- */

enum ctl_option_type {
    CTL_OPTION_FLAG,   /* bool *: set to true */
    CTL_OPTION_TEXT,   /* const char **: borrowed from argv */
    CTL_OPTION_NUMBER, /* int64_t *: decimal within [least, most] */
};

struct ctl_option {
    const char *name; /* long name without dashes */
    enum ctl_option_type type;
    const char *argument; /* name of the value in the help, NULL for flags */
    const char *help;     /* one line; units and default in it */
    void *target;         /* keeps its value when the option is absent */
    int64_t least, most;
};

/* What a subcommand takes. Its help is made from this; --database, --config, --json and --help are added. */
struct ctl_usage {
    const char *operands; /* "KIND CODE..." for the synopsis, "" for none */
    const char
        *description; /* paragraphs, lines up to 78 columns, ends with a newline; exit codes where they say more */
    size_t operands_min, operands_max;
    const struct ctl_option *options;
    size_t option_count;
};

/* Parses the options, which may stand anywhere, and leaves the operands: *argc of them at *argv (no argv[0] any
 * more). Returns true to go on; false when the command has to return *exit_code (help was printed, or wrong use was
 * reported). */
bool ctl_parse(struct ctl *ctl, const struct ctl_usage *usage, int *argc, char ***argv, int *exit_code);

/* ---- errors ---- */

/* Prints "custodyctl: text" on ctl->err; text reads "what: value; hint: what to do". Returns exit_code. */
int ctl_fail(struct ctl *ctl, int exit_code, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same with the words of `error`; the exit code follows from its code (ctl_exit_code). */
int ctl_fail_error(struct ctl *ctl, const struct error *error);
/* 0 for 0, else 1, 2, 75 or 78 by a code of ERROR_TABLE. */
int ctl_exit_code(int code);

/* ---- configuration and database, both on first use; 0, or an exit code after the error was printed ---- */

int ctl_config(struct ctl *ctl, const struct config **config) MUST_USE;
int ctl_database(struct ctl *ctl, struct database **database) MUST_USE;
/* One statement; *rows (may be NULL) belongs to the caller. */
int ctl_query(struct ctl *ctl, const char *sql, size_t param_count, const char *const *params,
              struct rows **rows) MUST_USE;

/* ---- output ---- */

/* A JSON document and a newline; steals the reference. Returns CTL_OK, or CTL_TEMPORARY when it could not be
 * written. */
int ctl_print_json(struct ctl *ctl, json_t *document);
/* The one field of the one row of an api function, passed through unchanged, and a newline. */
int ctl_print_document(struct ctl *ctl, const struct rows *rows);

/* ---- the subcommands ---- */

int credit_command(struct ctl *ctl, int argc, char **argv);
int doctor_command(struct ctl *ctl, int argc, char **argv);
int erase_command(struct ctl *ctl, int argc, char **argv);
int flags_command(struct ctl *ctl, int argc, char **argv);
int import_command(struct ctl *ctl, int argc, char **argv);
int keygen_command(struct ctl *ctl, int argc, char **argv);
int migrate_command(struct ctl *ctl, int argc, char **argv);
int monitor_command(struct ctl *ctl, int argc, char **argv);
int ping_command(struct ctl *ctl, int argc, char **argv);
int prove_command(struct ctl *ctl, int argc, char **argv);
int rebuild_command(struct ctl *ctl, int argc, char **argv);
int register_command(struct ctl *ctl, int argc, char **argv);
int rotate_key_command(struct ctl *ctl, int argc, char **argv);
int simulate_command(struct ctl *ctl, int argc, char **argv);
int trace_command(struct ctl *ctl, int argc, char **argv);
int trust_head_command(struct ctl *ctl, int argc, char **argv);
int verdict_command(struct ctl *ctl, int argc, char **argv);
int verify_command(struct ctl *ctl, int argc, char **argv);
int version_command(struct ctl *ctl, int argc, char **argv);

#endif
