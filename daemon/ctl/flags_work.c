/* flags_work.c - custodyctl flags move, assign and comment: what a person does with a flag. */
#include "ctl/flags.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* One of the functions of sql/functions/flag_work.sql; the leaf that says so comes back. `params[0]` is the flag. */
static int act(struct ctl *ctl, const char *sql, size_t count, const char *const *params)
{
    struct rows *rows = NULL;
    int64_t id;
    if (!text_to_i64(text_of(params[0]), 1, INT64_MAX, &id))
        return ctl_fail(ctl, CTL_USAGE, "flag: %s; hint: a number, as custodyctl flags list shows it", params[0]);
    int exit_code = ctl_query(ctl, sql, count, params, &rows);
    if (exit_code == CTL_OK && ctl->json)
        exit_code = ctl_print_json(
            ctl, json_pack("{s:I, s:I}", "flag_id", (json_int_t)id, "log_index", (json_int_t)rows_i64(rows, 0, 0)));
    else if (exit_code == CTL_OK)
        fprintf(ctl->out, "flag %s: done; the leaf that says so is %s\n", params[0], rows_text(rows, 0, 0));
    rows_free(rows);
    return exit_code;
}

int flags_move(struct ctl *ctl, int argc, char **argv)
{
    const char *reason = NULL;
    const struct ctl_option options[] = {
        {"reason", CTL_OPTION_TEXT, "TEXT", "why (needed)", &reason, 0, 0},
    };
    const struct ctl_usage usage = {
        "FLAG STATE --reason TEXT",
        "Moves a flag: new -> under_review -> confirmed, false_alarm or duplicate -> closed; from\n"
        "any of these back to under_review. Confirmed, it enters the credit record of its firm;\n"
        "as a false alarm or a duplicate that is reversed. Every move is a leaf of the log.\n\n"
        "Exit code: 0 moved, 1 not possible from where the flag is now (it says who moved it there).\n",
        2,
        2,
        options,
        COUNT(options)};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    if (!reason)
        return ctl_fail(ctl, CTL_USAGE, "--reason: none given; hint: say it in words that others understand later");
    return act(ctl, "SELECT flag.move($1, $2, $3)", 3, (const char *const[]){argv[0], argv[1], reason});
}

int flags_assign(struct ctl *ctl, int argc, char **argv)
{
    const char *reason = NULL;
    const struct ctl_option options[] = {
        {"reason", CTL_OPTION_TEXT, "TEXT", "why (needed)", &reason, 0, 0},
    };
    const struct ctl_usage usage = {"FLAG WHO --reason TEXT",
                                    "Says whose turn a flag is: a person's database role, a bureau's (custody_police,\n"
                                    "custody_commerce), or nobody. It is a leaf of the log.\n",
                                    2,
                                    2,
                                    options,
                                    COUNT(options)};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    if (!reason)
        return ctl_fail(ctl, CTL_USAGE, "--reason: none given; hint: say it in words that others understand later");
    return act(ctl, "SELECT flag.assign($1, nullif($2, 'nobody'), $3)", 3,
               (const char *const[]){argv[0], argv[1], reason});
}

int flags_comment(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {"FLAG TEXT", "Adds a comment to a flag. It is a leaf of the log.\n", 2, 2, NULL, 0};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    return act(ctl, "SELECT flag.comment($1, $2)", 2, (const char *const[]){argv[0], argv[1]});
}
