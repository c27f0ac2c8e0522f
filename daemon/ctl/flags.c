/* flags.c - custodyctl flags: the queue of what the rules found; one flag with its evidence, its history, and what would
 * make it go away. */
#include "ctl/flags.h"

#include <string.h>

#include "ctl/table.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const open_states = "{new,under_review,confirmed}";
static const char *const states[] = {"new",       "under_review", "confirmed", "false_alarm",
                                     "duplicate", "closed",       "withdrawn"};

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static long long number_at(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* 2 d, 5 h, 12 min: how long it has waited. */
static void age_text(long long age_s, char *out, size_t size)
{
    if (age_s >= 2 * 86400)
        snprintf(out, size, "%lld d", age_s / 86400);
    else if (age_s >= 2 * 3600)
        snprintf(out, size, "%lld h", age_s / 3600);
    else
        snprintf(out, size, "%lld min", age_s / 60);
}

/* ---- list ---- */

static void print_queue(struct ctl *ctl, const json_t *document)
{
    static const char *const headers[] = {">flag", "severity", "rule", "state", "turn", ">age", "subject", "what"};
    static const char *const severities[] = {"?", "1 note", "2 look", "3 act", "4 urgent"};
    struct table *table = table_new(COUNT(headers), headers);
    size_t at;
    json_t *flag;
    json_array_foreach(json_object_get(document, "flags"), at, flag)
    {
        char id[24], age[32], what[600];
        long long severity = number_at(flag, "severity");
        snprintf(id, sizeof id, "%lld", number_at(flag, "flag_id"));
        age_text(number_at(flag, "age_s"), age, sizeof age);
        snprintf(what, sizeof what, "%s: %s", text_at(flag, "title_zh"), text_at(flag, "detail"));
        const char *cells[] = {id,
                               severities[severity >= 1 && severity <= 4 ? severity : 0],
                               text_at(flag, "rule"),
                               text_at(flag, "state"),
                               text_at(flag, "assignee"),
                               age,
                               text_at(flag, "subject_words"),
                               what};
        table_add(table, cells);
    }
    if (table_rows(table) > 0)
        table_print(table, ctl->out);
    else
        fputs("no flags\n", ctl->out);
    table_free(table);
    if (number_at(document, "left") > 0)
        fprintf(ctl->out, "%lld more; hint: --limit\n", number_at(document, "left"));
}

static bool known_state(const char *word)
{
    for (size_t i = 0; i < COUNT(states); i++) {
        if (strcmp(states[i], word) == 0)
            return true;
    }
    return false;
}

/* A PostgreSQL array of the states that are asked for, NULL for all. False when `word` is none. */
static bool wanted_states(const char *word, bool all, char *room, size_t size, const char **wanted)
{
    *wanted = all ? NULL : open_states;
    if (!word)
        return true;
    snprintf(room, size, "{%s}", word);
    *wanted = room;
    return known_state(word);
}

static int flags_list(struct ctl *ctl, int argc, char **argv)
{
    const char *state = NULL, *rule = NULL, *assignee = NULL, *firm = NULL;
    int64_t severity = 1, limit = 50;
    bool all = false, mine = false;
    const struct ctl_option options[] = {
        {"state", CTL_OPTION_TEXT, "STATE",
         "only new, under_review, confirmed, false_alarm, duplicate, closed or withdrawn", &state, 0, 0},
        {"all", CTL_OPTION_FLAG, NULL, "in every state (default: new, under_review, confirmed)", &all, 0, 0},
        {"rule", CTL_OPTION_TEXT, "RULE", "only of this rule, such as E01", &rule, 0, 0},
        {"severity", CTL_OPTION_NUMBER, "N", "at least this grave: 1 note to 4 urgent (default 1)", &severity, 1, 4},
        {"assignee", CTL_OPTION_TEXT, "ROLE", "only those whose turn is this role's", &assignee, 0, 0},
        {"mine", CTL_OPTION_FLAG, NULL, "only those whose turn is mine, or my bureau's", &mine, 0, 0},
        {"firm", CTL_OPTION_TEXT, "CODE", "only those that would count against this firm", &firm, 0, 0},
        {"limit", CTL_OPTION_NUMBER, "N", "at most so many (default 50)", &limit, 1, 100000},
    };
    const struct ctl_usage usage = {
        "",      "Lists the flags that wait for somebody: gravest first, then oldest first.\n",
        0,       0,
        options, COUNT(options)};
    int exit_code;
    char room[64], severity_text[24], limit_text[24];
    const char *wanted;
    struct rows *rows = NULL;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    if (!wanted_states(state, all, room, sizeof room, &wanted))
        return ctl_fail(ctl, CTL_USAGE,
                        "--state: %s; hint: new, under_review, confirmed, false_alarm, duplicate, closed or withdrawn",
                        state);
    snprintf(severity_text, sizeof severity_text, "%lld", (long long)severity);
    snprintf(limit_text, sizeof limit_text, "%lld", (long long)limit);
    const char *params[] = {wanted, rule, severity_text, assignee, firm, mine ? "true" : "false", limit_text};
    exit_code = ctl_query(ctl, "SELECT api.flags($1::text[], $2, $3::integer, $4, $5, $6::boolean, $7::integer)",
                          COUNT(params), params, &rows);
    if (exit_code == CTL_OK && ctl->json) {
        exit_code = ctl_print_document(ctl, rows);
    } else if (exit_code == CTL_OK) {
        json_t *document = json_loads(rows_text(rows, 0, 0), 0, NULL);
        print_queue(ctl, document);
        json_decref(document);
    }
    rows_free(rows);
    return exit_code;
}

/* ---- show ---- */

static void print_field(struct ctl *ctl, const char *name, const char *text)
{
    fprintf(ctl->out, "  %-10s ", name);
    text_print_safe(text, ctl->out);
    fputc('\n', ctl->out);
}

static void print_time(struct ctl *ctl, const char *name, const char *iso)
{
    char text[32];
    snprintf(text, sizeof text, "%.10s %.8s", iso, strlen(iso) > 18 ? iso + 11 : "");
    print_field(ctl, name, text);
}

static void print_evidence(struct ctl *ctl, const json_t *flag)
{
    static const char *const headers[] = {">log", ">position", "source", "received", ""};
    struct table *table = table_new(COUNT(headers), headers);
    size_t at;
    json_t *evidence;
    json_array_foreach(json_object_get(flag, "evidence"), at, evidence)
    {
        char log_index[24], ordinal[24], received[32];
        const char *iso = text_at(evidence, "received_at");
        snprintf(log_index, sizeof log_index, "%lld", number_at(evidence, "log_index"));
        snprintf(ordinal, sizeof ordinal, "%lld", number_at(evidence, "ordinal"));
        snprintf(received, sizeof received, "%.10s %.8s", iso, strlen(iso) > 18 ? iso + 11 : "");
        bool is_unsigned = json_is_false(json_object_get(evidence, "signed"));
        bool is_erased = json_is_true(json_object_get(evidence, "erased"));
        table_add(table, (const char *const[]){log_index, ordinal, text_at(evidence, "source"), received,
                                               is_erased     ? "erased"
                                               : is_unsigned ? "unsigned source (weaker evidence)"
                                                             : ""});
    }
    if (table_rows(table) > 0) {
        fputs("\nevidence\n", ctl->out);
        table_print(table, ctl->out);
    }
    table_free(table);
}

/* What was done: "new -> under_review", "turn of wang", "comment". */
static void action_text(const json_t *action, char *out, size_t size)
{
    const char *kind = text_at(action, "kind"), *assignee = text_at(action, "assignee");
    if (strcmp(kind, "assignment") == 0)
        snprintf(out, size, "turn of %s", assignee[0] ? assignee : "nobody");
    else if (strcmp(kind, "comment") == 0)
        snprintf(out, size, "comment");
    else
        snprintf(out, size, "%s%s%s", text_at(action, "from"), text_at(action, "from")[0] ? " -> " : "",
                 text_at(action, "to"));
}

static void print_actions(struct ctl *ctl, const json_t *flag)
{
    static const char *const headers[] = {"when", "what", "actor", ">leaf", "reason"};
    struct table *table = table_new(COUNT(headers), headers);
    size_t at;
    json_t *action;
    json_array_foreach(json_object_get(flag, "actions"), at, action)
    {
        char when[32], what[200], leaf[24] = "";
        const char *iso = text_at(action, "at");
        snprintf(when, sizeof when, "%.10s %.8s", iso, strlen(iso) > 18 ? iso + 11 : "");
        action_text(action, what, sizeof what);
        if (json_is_integer(json_object_get(action, "log_index")))
            snprintf(leaf, sizeof leaf, "%lld", number_at(action, "log_index"));
        table_add(table, (const char *const[]){when, what, text_at(action, "actor"), leaf, text_at(action, "reason")});
    }
    if (table_rows(table) > 0) {
        fputs("\nhistory\n", ctl->out);
        table_print(table, ctl->out);
    }
    table_free(table);
}

static void print_flag(struct ctl *ctl, const json_t *flag)
{
    char text[200];
    fprintf(ctl->out, "flag %lld  %s %s / %s\n", number_at(flag, "flag_id"), text_at(flag, "rule"),
            text_at(flag, "title_zh"), text_at(flag, "title_en"));
    snprintf(text, sizeof text, "%lld (1 note to 4 urgent)", number_at(flag, "severity"));
    print_field(ctl, "severity", text);
    print_field(ctl, "state", text_at(flag, "state"));
    snprintf(text, sizeof text, "%s: %s", text_at(flag, "subject"), text_at(flag, "subject_words"));
    print_field(ctl, "subject", text);
    print_field(ctl, "what", text_at(flag, "detail"));
    print_field(ctl, "rests on", text_at(flag, "article"));
    if (text_at(json_object_get(flag, "firm"), "name")[0])
        print_field(ctl, "firm", text_at(json_object_get(flag, "firm"), "name"));
    if (text_at(flag, "assignee")[0])
        print_field(ctl, "turn", text_at(flag, "assignee"));
    if (number_at(flag, "points") != 0) {
        snprintf(text, sizeof text, "%lld in the credit record", number_at(flag, "points"));
        print_field(ctl, "points", text);
    }
    print_time(ctl, "happened", text_at(flag, "event_at"));
    print_time(ctl, "raised", text_at(flag, "raised_at"));
    print_evidence(ctl, flag);
    print_actions(ctl, flag);
}

/* The rule behind it, what would make it go away, and where a person can move it. */
static void print_explanation(struct ctl *ctl, const json_t *flag)
{
    char text[400];
    size_t at;
    json_t *state;
    fprintf(ctl->out, "rule %s, version %lld: %s / %s\n", text_at(flag, "rule"), number_at(flag, "rule_version"),
            text_at(flag, "title_zh"), text_at(flag, "title_en"));
    print_field(ctl, "rests on", text_at(flag, "article"));
    print_field(ctl, "found", text_at(flag, "detail"));
    snprintf(text, sizeof text, "%s / %s", text_at(flag, "remedy_zh"), text_at(flag, "remedy_en"));
    print_field(ctl, "goes away", text);
    json_array_foreach(json_object_get(flag, "next_states"), at, state)
    {
        snprintf(text, sizeof text, "custodyctl flags move %lld %s --reason ...", number_at(flag, "flag_id"),
                 json_string_value(state));
        print_field(ctl, at == 0 ? "next" : "", text);
    }
    print_evidence(ctl, flag);
}

static int read_flag(struct ctl *ctl, int argc, char **argv, const struct ctl_usage *usage,
                     void (*print)(struct ctl *ctl, const json_t *flag))
{
    int exit_code;
    int64_t id;
    struct rows *rows = NULL;
    if (!ctl_parse(ctl, usage, &argc, &argv, &exit_code))
        return exit_code;
    if (!text_to_i64(text_of(argv[0]), 1, INT64_MAX, &id))
        return ctl_fail(ctl, CTL_USAGE, "flag: %s; hint: a number, as custodyctl flags list shows it", argv[0]);
    exit_code = ctl_query(ctl, "SELECT api.flag($1)", 1, (const char *const[]){argv[0]}, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    if (rows_is_null(rows, 0, 0)) {
        exit_code = ctl_fail(ctl, CTL_NEGATIVE, "flag: no flag %s; hint: custodyctl flags list --all", argv[0]);
    } else if (ctl->json) {
        exit_code = ctl_print_document(ctl, rows);
    } else {
        json_t *flag = json_loads(rows_text(rows, 0, 0), 0, NULL);
        print(ctl, flag);
        json_decref(flag);
    }
    rows_free(rows);
    return exit_code;
}

static int flags_show(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {"FLAG",
                                    "Shows one flag with the records it rests on and what was done about it.\n\n"
                                    "Exit code: 0 found, 1 no such flag.\n",
                                    1,
                                    1,
                                    NULL,
                                    0};
    return read_flag(ctl, argc, argv, &usage, print_flag);
}

static int flags_explain(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {
        "FLAG",
        "Explains one flag: the rule, its version and article, what it found in which records,\n"
        "what would make it go away, and where it can be moved.\n\n"
        "Exit code: 0 found, 1 no such flag.\n",
        1,
        1,
        NULL,
        0};
    return read_flag(ctl, argc, argv, &usage, print_explanation);
}

static const struct ctl_verb verbs[] = {
    {"list", "flags list", flags_list},          {"show", "flags show", flags_show},
    {"explain", "flags explain", flags_explain}, {"move", "flags move", flags_move},
    {"assign", "flags assign", flags_assign},    {"comment", "flags comment", flags_comment}};

int flags_command(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {
        "[list | show FLAG | explain FLAG | move FLAG STATE | assign FLAG WHO | comment FLAG TEXT] ...",
        "What the rules found, and the work on it. list (also without a word) prints the queue.\n"
        "custodyctl flags list --help, flags move --help and so on say more.\n",
        0,
        SIZE_MAX,
        NULL,
        0};
    int exit_code;
    if (ctl_run_verb(ctl, verbs, COUNT(verbs), argc, argv, &exit_code))
        return exit_code;
    if (argc > 1 && argv[1][0] == '-' && strcmp(argv[1], "--help") != 0) {
        ctl->command = "flags list";
        return flags_list(ctl, argc, argv);
    }
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    if (argc > 0)
        return ctl_fail(ctl, CTL_USAGE, "flags: %s; hint: list, show, explain, move, assign or comment", argv[0]);
    char list[] = "list";
    char *only[] = {list, NULL};
    ctl->command = "flags list";
    return flags_list(ctl, 1, only);
}
