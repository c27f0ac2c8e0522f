/* verdict.c - custodyctl verdict: may the thing that carries this identifier be sold second-hand? */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/item_document.h"
#include "ctl/lookup.h"
#include "ctl/table.h"

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* One item as far as a verdict needs it. */
static json_t *item_summary(const json_t *item)
{
    static const char *const kept[] = {"item_id",  "kind",    "kind_zh",     "verdict",  "reason_zh",   "reason_en",
                                       "ban",      "ban_zh",  "banned_at",   "physical", "physical_zh", "legal",
                                       "legal_zh", "matched", "identifiers", "warnings"};
    json_t *summary = json_object();
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        json_object_set(summary, kept[i], json_object_get(item, kept[i]));
    return summary;
}

static json_t *answer(const char *query, const struct lookup *lookup, const json_t *items)
{
    const char *zh, *en;
    const char *verdict = combined_verdict(items, &zh, &en);
    json_t *summaries = json_array();
    size_t at;
    const json_t *item;
    json_array_foreach((json_t *)items, at, item) json_array_append_new(summaries, item_summary(item));
    return json_pack("{s:s, s:s, s:s, s:s, s:O, s:o}", "query", query, "verdict", verdict, "reason_zh", zh, "reason_en",
                     en, "warnings", lookup->warnings, "items", summaries);
}

static void print_warnings(struct ctl *ctl, const char *indent, const json_t *warnings)
{
    size_t at;
    json_t *warning;
    json_array_foreach((json_t *)warnings, at, warning)
    {
        fprintf(ctl->out, "%swarning: ", indent);
        text_print_safe(json_string_value(warning), ctl->out);
        fputc('\n', ctl->out);
    }
}

static void print_item(struct ctl *ctl, const json_t *item)
{
    const json_t *matched = json_object_get(item, "matched");
    fprintf(ctl->out, "  item %lld  %s %s  by %s ", (long long)json_integer_value(json_object_get(item, "item_id")),
            text_at(item, "kind_zh"), text_at(item, "kind"), text_at(matched, "scheme"));
    text_print_safe(text_at(matched, "value"), ctl->out);
    fprintf(ctl->out, "%s\n    %s: %s / %s\n",
            json_is_true(json_object_get(matched, "proof")) ? "" : " (a hint, no proof)", text_at(item, "verdict"),
            text_at(item, "reason_zh"), text_at(item, "reason_en"));
    if (json_is_string(json_object_get(item, "banned_at")))
        fprintf(ctl->out, "    %s %s since %.10s\n", text_at(item, "ban_zh"), text_at(item, "ban"),
                text_at(item, "banned_at"));
    print_warnings(ctl, "    ", json_object_get(item, "warnings"));
}

static void print_answer(struct ctl *ctl, const json_t *document)
{
    static const struct {
        const char *word, *zh;
    } words[] = {{"banned", "禁售"}, {"allowed", "可售"}, {"unknown", "未知"}};
    size_t at;
    json_t *item;
    const char *verdict = text_at(document, "verdict"), *zh = "";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        zh = strcmp(words[i].word, verdict) == 0 ? words[i].zh : zh;
    fprintf(ctl->out, "%s %s: %s / %s\n", verdict, zh, text_at(document, "reason_zh"), text_at(document, "reason_en"));
    print_warnings(ctl, "", json_object_get(document, "warnings"));
    json_array_foreach(json_object_get(document, "items"), at, item) print_item(ctl, item);
}

int verdict_command(struct ctl *ctl, int argc, char **argv)
{
    const char *scheme = NULL;
    const struct ctl_option options[] = {
        {"scheme", CTL_OPTION_TEXT, "SCHEME",
         "read IDENTIFIER as this only: vin, plate, imei, tag, ... (default: as all)", &scheme, 0, 0},
    };
    const struct ctl_usage usage = {
        "IDENTIFIER",
        "Says whether the thing that carries IDENTIFIER may be sold second-hand: allowed, banned\n"
        "or unknown, with the reasons. What was never seen is unknown, and unknown is not clear.\n"
        "A plate or an engine number is a hint: it can make the answer banned, never allowed.\n\n"
        "Exit code: 0 allowed, 1 banned or unknown.\n",
        1,
        1,
        options,
        1};
    int exit_code;
    struct lookup lookup;
    json_t *items = NULL;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    struct error error = {0};
    exit_code = lookup_read(argv[0], scheme, &lookup, &error) == 0 ? CTL_OK : ctl_fail_error(ctl, &error);
    if (exit_code == CTL_OK)
        exit_code = item_snapshot(ctl);
    if (exit_code == CTL_OK)
        exit_code = lookup_find(ctl, &lookup);
    if (exit_code == CTL_OK)
        exit_code = item_documents(ctl, &lookup, &items);
    if (exit_code == CTL_OK) {
        json_t *document = answer(argv[0], &lookup, items);
        bool allowed = strcmp(text_at(document, "verdict"), "allowed") == 0;
        if (ctl->json)
            exit_code = ctl_print_json(ctl, json_incref(document));
        else
            print_answer(ctl, document);
        if (exit_code == CTL_OK && !allowed)
            exit_code = CTL_NEGATIVE;
        json_decref(document);
    }
    json_decref(items);
    lookup_free(&lookup);
    return exit_code;
}
