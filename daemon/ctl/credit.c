/* credit.c - custodyctl credit: the credit record of a firm (信用记录), entry by entry. */
#include "ctl/ctl.h"
#include "ctl/table.h"

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static long long number_at(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void print_record(struct ctl *ctl, const json_t *record)
{
    static const char *const headers[] = {"when", ">points", ">flag", "rule", "what", "reckoned by", ">leaf"};
    const json_t *firm = json_object_get(record, "firm");
    struct table *table = table_new(sizeof headers / sizeof headers[0], headers);
    size_t at;
    json_t *entry;
    json_array_foreach(json_object_get(record, "entries"), at, entry)
    {
        char when[16], points[24], flag[24], leaf[24], basis[600];
        snprintf(when, sizeof when, "%.10s", text_at(entry, "at"));
        snprintf(points, sizeof points, "%+lld", number_at(entry, "points"));
        snprintf(flag, sizeof flag, "%lld", number_at(entry, "flag_id"));
        snprintf(leaf, sizeof leaf, "%lld", number_at(entry, "log_index"));
        snprintf(basis, sizeof basis, "%s: %s", text_at(entry, "basis"), text_at(entry, "source"));
        table_add(table, (const char *const[]){when, points, flag, text_at(entry, "rule"), text_at(entry, "title_zh"),
                                               basis, leaf});
    }
    fputs("信用记录 credit record of ", ctl->out);
    text_print_safe(text_at(firm, "name"), ctl->out);
    fprintf(ctl->out, " (%s): %lld points\n", text_at(firm, "code"), number_at(record, "points"));
    if (table_rows(table) > 0)
        table_print(table, ctl->out);
    table_free(table);
}

int credit_command(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {
        "FIRM",
        "Shows the credit record of the firm with this code: the points of its confirmed flags, what\n"
        "was reversed, and by which figures (flag.credit_points: policy of the district).\n\n"
        "Exit code: 0 shown, 1 no such firm.\n",
        1,
        1,
        NULL,
        0};
    int exit_code;
    struct rows *rows = NULL;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    exit_code = ctl_query(ctl, "SELECT api.credit($1)", 1, (const char *const[]){argv[0]}, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    if (rows_is_null(rows, 0, 0)) {
        exit_code =
            ctl_fail(ctl, CTL_NEGATIVE, "firm: %s is not registered, or not yours to see; hint: its code", argv[0]);
    } else if (ctl->json) {
        exit_code = ctl_print_document(ctl, rows);
    } else {
        json_t *record = json_loads(rows_text(rows, 0, 0), 0, NULL);
        print_record(ctl, record);
        json_decref(record);
    }
    rows_free(rows);
    return exit_code;
}
