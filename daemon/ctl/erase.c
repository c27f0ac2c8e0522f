/* erase.c - custodyctl erase: asks for the bytes of a record to be removed, approves what somebody else asked for,
 * lists both. */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/table.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* Decimal, or nothing where it is null. */
static void number_text(const json_t *object, const char *name, char *out, size_t size)
{
    const json_t *number = json_object_get(object, name);
    out[0] = '\0';
    if (json_is_integer(number))
        snprintf(out, size, "%lld", (long long)json_integer_value(number));
}

/* ---- request, approve ---- */

/* One number comes back; it is printed in `sentence`, or as {"name": number}. */
static int act(struct ctl *ctl, const char *sql, size_t count, const char *const *params, const char *name,
               const char *sentence)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl, sql, count, params, &rows);
    if (exit_code == CTL_OK && ctl->json)
        exit_code = ctl_print_json(ctl, json_pack("{s:I}", name, (json_int_t)rows_i64(rows, 0, 0)));
    else if (exit_code == CTL_OK)
        fprintf(ctl->out, "%s %s\n", sentence, rows_text(rows, 0, 0));
    rows_free(rows);
    return exit_code;
}

static int erase_request(struct ctl *ctl, int argc, char **argv)
{
    const char *reason = NULL;
    bool before_term = false;
    const struct ctl_option options[] = {
        {"reason", CTL_OPTION_TEXT, "TEXT", "the law or the order that asks for it (needed)", &reason, 0, 0},
        {"before-term", CTL_OPTION_FLAG, NULL, "although its retention 保存期限 is not over", &before_term, 0, 0},
    };
    const struct ctl_usage usage = {"INDEX --reason TEXT [--before-term]",
                                    "Asks that the bytes of the record at this log index be erased. Somebody else\n"
                                    "approves it; request and erasure are leaves of the log.\n",
                                    1,
                                    1,
                                    options,
                                    COUNT(options)};
    int exit_code;
    int64_t index;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    if (!text_to_i64(text_of(argv[0]), 0, INT64_MAX, &index))
        return ctl_fail(ctl, CTL_USAGE, "index: %s; hint: a log index, as custodyctl trace shows it", argv[0]);
    if (!reason)
        return ctl_fail(ctl, CTL_USAGE, "--reason: none given; hint: the law or the order that asks for it");
    return act(ctl, "SELECT ledger.request_erasure($1, $2, $3::boolean)", 3,
               (const char *const[]){argv[0], reason, before_term ? "true" : "false"}, "request_id",
               "erasure requested: request");
}

static int erase_approve(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {
        "REQUEST",
        "Erases the bytes of the record that REQUEST names, for good. Only somebody else than who\n"
        "asked for it can. The leaf stays and its proofs verify; states and flags stay as they are.\n"
        "An item with an erased record cannot be folded again: its state stays as it was folded\n"
        "last, and what is reported of it later is stored and shown, but no longer judged.\n",
        1,
        1,
        NULL,
        0};
    int exit_code;
    int64_t id;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    if (!text_to_i64(text_of(argv[0]), 1, INT64_MAX, &id))
        return ctl_fail(ctl, CTL_USAGE, "request: %s; hint: a number, as custodyctl erase list shows it", argv[0]);
    return act(ctl, "SELECT ledger.approve_erasure($1)", 1, (const char *const[]){argv[0]}, "erasure_index",
               "erased: the leaf that says so is");
}

/* ---- list ---- */

static void print_erasures(struct ctl *ctl, const json_t *list)
{
    static const char *const headers[] = {">request", ">log",        "asked", "asked by",
                                          "erased",   "approved by", ">leaf", "reason"};
    struct table *table = table_new(COUNT(headers), headers);
    size_t at;
    json_t *erasure;
    json_array_foreach((json_t *)list, at, erasure)
    {
        char id[24], log_index[24], leaf[24], asked[16], erased[16];
        number_text(erasure, "request_id", id, sizeof id);
        number_text(erasure, "log_index", log_index, sizeof log_index);
        number_text(erasure, "erasure_index", leaf, sizeof leaf);
        snprintf(asked, sizeof asked, "%.10s", text_at(erasure, "requested_at"));
        snprintf(erased, sizeof erased, "%.10s", text_at(erasure, "erased_at"));
        table_add(table, (const char *const[]){id, log_index, asked, text_at(erasure, "requested_by"), erased,
                                               text_at(erasure, "approved_by"), leaf, text_at(erasure, "reason")});
    }
    if (table_rows(table) > 0)
        table_print(table, ctl->out);
    else
        fputs("no erasures\n", ctl->out);
    table_free(table);
}

static int erase_list(struct ctl *ctl, int argc, char **argv)
{
    bool open = false;
    const struct ctl_option options[] = {
        {"open", CTL_OPTION_FLAG, NULL, "only those that wait for an approval", &open, 0, 0},
    };
    const struct ctl_usage usage = {
        "", "Lists erasures and requests: who, when, why, and the leaf that says so.\n", 0, 0, options, COUNT(options)};
    int exit_code;
    struct rows *rows = NULL;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    exit_code =
        ctl_query(ctl, "SELECT api.erasures($1::boolean)", 1, (const char *const[]){open ? "true" : "false"}, &rows);
    if (exit_code == CTL_OK && ctl->json) {
        exit_code = ctl_print_document(ctl, rows);
    } else if (exit_code == CTL_OK) {
        json_t *list = json_loads(rows_text(rows, 0, 0), 0, NULL);
        print_erasures(ctl, list);
        json_decref(list);
    }
    rows_free(rows);
    return exit_code;
}

static const struct ctl_verb verbs[] = {{"request", "erase request", erase_request},
                                        {"approve", "erase approve", erase_approve},
                                        {"list", "erase list", erase_list}};

int erase_command(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {
        "request INDEX | approve REQUEST | list ...",
        "Removes the bytes of a record from the log, by two people: one requests, another approves.\n"
        "custodyctl erase request --help and so on say more.\n",
        0,
        SIZE_MAX,
        NULL,
        0};
    int exit_code;
    if (ctl_run_verb(ctl, verbs, COUNT(verbs), argc, argv, &exit_code))
        return exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    return ctl_fail(ctl, CTL_USAGE, "erase: %s; hint: request, approve or list", argc > 0 ? argv[0] : "nothing to do");
}
