/* trace.c - custodyctl trace: the chain of custody of every item that an identifier names, as one timeline. */
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/item_document.h"
#include "ctl/lookup.h"
#include "ctl/table.h"

enum { CELL_BYTES = 400, CELLS = 8 };

/* One line of the timeline. Cells borrow `text`. */
struct line {
    const char *at; /* ISO 8601 in one time zone, so bytes sort as times do */
    size_t number;  /* keeps the order of equal times */
    char text[CELLS][CELL_BYTES];
};

struct timeline {
    struct line *lines;
    size_t count;
};

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static const char *name_at(const json_t *object, const char *name)
{
    return text_at(json_object_get(object, name), "name");
}

/* "2026-11-23T16:00:00.000000+08:00" as people read it: Asia/Shanghai wall time. */
static void local_time(const char *iso, char *out, size_t size)
{
    snprintf(out, size, "%.10s%s%.8s", iso, strlen(iso) > 18 ? " " : "", strlen(iso) > 18 ? iso + 11 : "");
}

/* 1234567 g as "1,234.6 kg"; "~" marks an estimate. */
static void mass_text(const json_t *object, char *out, size_t size)
{
    const json_t *mass = json_object_get(object, "mass_g");
    out[0] = '\0';
    if (!json_is_integer(mass))
        return;
    json_int_t tenths = (json_integer_value(mass) + 50) / 100;
    const char *mark = json_is_true(json_object_get(object, "mass_estimated")) ? "~" : "";
    if (tenths >= 10000)
        snprintf(out, size, "%s%lld,%03lld.%lld kg", mark, (long long)(tenths / 10000), (long long)(tenths / 10 % 1000),
                 (long long)(tenths % 10));
    else
        snprintf(out, size, "%s%lld.%lld kg", mark, (long long)(tenths / 10), (long long)(tenths % 10));
}

static void place_text(const json_t *object, char *out, size_t size)
{
    const json_t *position = json_object_get(object, "position");
    if (name_at(object, "site")[0])
        snprintf(out, size, "%s", name_at(object, "site"));
    else if (json_is_object(position))
        snprintf(out, size, "%.4f,%.4f", json_number_value(json_object_get(position, "lon")),
                 json_number_value(json_object_get(position, "lat")));
    else
        out[0] = '\0';
}

/* ---- lines ---- */

enum cell { CELL_WHEN, CELL_WHAT, CELL_WHO, CELL_WHERE, CELL_MASS, CELL_SOURCE, CELL_LOG, CELL_REMARKS };

static void add_remark(struct line *line, const char *before, const char *text)
{
    char *remarks = line->text[CELL_REMARKS];
    size_t used = strlen(remarks);
    if (text[0])
        snprintf(remarks + used, CELL_BYTES - used, "%s%s%s", used > 0 ? "; " : "", before, text);
}

static void describe_source(struct line *line, const json_t *object)
{
    snprintf(line->text[CELL_SOURCE], CELL_BYTES, "%s", text_at(object, "source"));
    snprintf(line->text[CELL_LOG], CELL_BYTES, "%lld",
             (long long)json_integer_value(json_object_get(object, "log_index")));
    if (json_is_false(json_object_get(object, "signed")))
        add_remark(line, "", "unsigned (weaker evidence)");
}

/* Who, when, why, and where the log says so. */
static void describe_erasure(struct line *line, const json_t *erasure)
{
    char words[CELL_BYTES];
    if (!json_is_object(erasure))
        return;
    snprintf(words, sizeof words, "%.10s, asked by %s, approved by %s, log %lld: %s", text_at(erasure, "at"),
             text_at(erasure, "requested_by"), text_at(erasure, "approved_by"),
             (long long)json_integer_value(json_object_get(erasure, "log_index")), text_at(erasure, "reason"));
    add_remark(line, "记录已删除 record erased ", words);
}

static void describe_event(struct line *line, const json_t *event)
{
    static const struct {
        const char *member, *before;
    } details[] = {{"counterparty_code", "with "},
                   {"certificate", "certificate "},
                   {"buyer_class", "buyer "},
                   {"names_event_id", "names event "},
                   {"reason", "because "},
                   {"conveyance", "by "},
                   {"actor", "actor "},
                   {"note", ""}};
    const char *standing = text_at(event, "standing");
    const char *counterparty = name_at(event, "counterparty");
    snprintf(line->text[CELL_WHAT], CELL_BYTES, "%s %s%s", text_at(event, "type_zh"), text_at(event, "type"),
             json_is_integer(json_object_get(event, "part")) ? " (as a part)" : "");
    snprintf(line->text[CELL_WHO], CELL_BYTES, "%s%s%s", name_at(event, "party"), counterparty[0] ? " -> " : "",
             counterparty);
    place_text(event, line->text[CELL_WHERE], CELL_BYTES);
    mass_text(event, line->text[CELL_MASS], CELL_BYTES);
    describe_source(line, event);
    if (strcmp(standing, "stands") != 0)
        add_remark(line, "", standing);
    describe_erasure(line, json_object_get(event, "erasure"));
    for (size_t i = counterparty[0] ? 1 : 0; i < sizeof details / sizeof details[0]; i++)
        add_remark(line, details[i].before, text_at(event, details[i].member));
    if (strncmp(standing, "corrected", 9) == 0)
        add_remark(line, "event ", text_at(event, "event_id"));
}

static void describe_sighting(struct line *line, const json_t *sighting)
{
    snprintf(line->text[CELL_WHAT], CELL_BYTES, "! 发现 sighted: %s %s", text_at(sighting, "kind_zh"),
             text_at(sighting, "kind"));
    snprintf(line->text[CELL_WHO], CELL_BYTES, "%s%s%s", text_at(sighting, "platform"),
             text_at(sighting, "listing_id")[0] ? " " : "", text_at(sighting, "listing_id"));
    place_text(sighting, line->text[CELL_WHERE], CELL_BYTES);
    describe_source(line, sighting);
    describe_erasure(line, json_object_get(sighting, "erasure"));
    add_remark(line, text_at(sighting, "scheme"), " ");
    snprintf(line->text[CELL_REMARKS] + strlen(line->text[CELL_REMARKS]), CELL_BYTES - strlen(line->text[CELL_REMARKS]),
             "%s%s%s", text_at(sighting, "value"),
             json_is_true(json_object_get(sighting, "from_text")) ? " in its text" : "",
             json_is_true(json_object_get(sighting, "proof")) ? "" : " (a hint)");
}

static void describe_flag(struct line *line, const json_t *flag)
{
    snprintf(line->text[CELL_WHAT], CELL_BYTES, "! 预警 flag %lld %s",
             (long long)json_integer_value(json_object_get(flag, "flag_id")), text_at(flag, "rule"));
    snprintf(line->text[CELL_WHO], CELL_BYTES, "%s", text_at(flag, "state"));
    add_remark(line, "", text_at(flag, "title_zh"));
    add_remark(line, "", text_at(flag, "detail"));
}

static void add_lines(struct timeline *timeline, const json_t *list, const char *time_member,
                      void (*describe)(struct line *line, const json_t *object))
{
    size_t at;
    json_t *object;
    json_array_foreach((json_t *)list, at, object)
    {
        struct line *line = &timeline->lines[timeline->count];
        *line = (struct line){.at = text_at(object, time_member), .number = timeline->count};
        timeline->count++;
        local_time(line->at, line->text[CELL_WHEN], CELL_BYTES);
        describe(line, object);
    }
}

static int compare_lines(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    int order = strcmp(a->at, b->at);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static void print_timeline(struct ctl *ctl, const json_t *item)
{
    static const char *const headers[CELLS] = {"when", "event", "who", "where", ">mass", "source", ">log", "remarks"};
    const json_t *events = json_object_get(item, "events"), *sightings = json_object_get(item, "sightings"),
                 *flags = json_object_get(item, "flags");
    struct timeline timeline = {0};
    size_t room = json_array_size(events) + json_array_size(sightings) + json_array_size(flags);
    timeline.lines = calloc(room + 1, sizeof timeline.lines[0]);
    struct table *table = table_new(CELLS, headers);
    if (timeline.lines) {
        add_lines(&timeline, events, "at", describe_event);
        add_lines(&timeline, sightings, "at", describe_sighting);
        add_lines(&timeline, flags, "raised_at", describe_flag);
        qsort(timeline.lines, timeline.count, sizeof timeline.lines[0], compare_lines);
    }
    for (size_t i = 0; i < timeline.count; i++) {
        const char *cells[CELLS];
        for (size_t cell = 0; cell < CELLS; cell++)
            cells[cell] = timeline.lines[i].text[cell];
        table_add(table, cells);
    }
    table_print(table, ctl->out);
    table_free(table);
    free(timeline.lines);
}

/* ---- the head ---- */

static void print_field(struct ctl *ctl, const char *name, const char *text)
{
    if (!text[0])
        return;
    fprintf(ctl->out, "  %-12s ", name);
    text_print_safe(text, ctl->out);
    fputc('\n', ctl->out);
}

static void print_party(struct ctl *ctl, const char *name, const json_t *party)
{
    char text[CELL_BYTES];
    if (!json_is_object(party))
        return;
    snprintf(text, sizeof text, "%s (%s)", text_at(party, "name"), text_at(party, "code"));
    print_field(ctl, name, text);
}

static void print_identifiers(struct ctl *ctl, const json_t *item)
{
    size_t at;
    json_t *identifier;
    json_array_foreach(json_object_get(item, "identifiers"), at, identifier)
    {
        char text[CELL_BYTES];
        snprintf(text, sizeof text, "%s %s  %s%s", text_at(identifier, "scheme_zh"), text_at(identifier, "scheme"),
                 text_at(identifier, "value"), json_is_true(json_object_get(identifier, "proof")) ? "" : "  (a hint)");
        print_field(ctl, at == 0 ? "identifiers" : "", text);
    }
}

static void print_children(struct ctl *ctl, const json_t *item)
{
    size_t at;
    json_t *child;
    json_array_foreach(json_object_get(item, "children"), at, child)
    {
        char text[CELL_BYTES];
        snprintf(text, sizeof text, "item %lld  %s %s: %s %s",
                 (long long)json_integer_value(json_object_get(child, "item_id")), text_at(child, "kind_zh"),
                 text_at(child, "kind"), text_at(child, "physical_zh"), text_at(child, "physical"));
        print_field(ctl, at == 0 ? "parts" : "", text);
    }
}

/* Those that run. */
static void print_clocks(struct ctl *ctl, const json_t *item)
{
    size_t at;
    json_t *clock;
    json_array_foreach(json_object_get(item, "clocks"), at, clock)
    {
        char text[CELL_BYTES];
        if (json_is_string(json_object_get(clock, "stopped_at")))
            continue;
        snprintf(text, sizeof text, "%s  %s (%s%s)", text_at(clock, "due_at"), text_at(clock, "meaning"),
                 text_at(clock, "basis"), json_is_true(json_object_get(clock, "late")) ? ", late 逾期" : "");
        print_field(ctl, at == 0 ? "due" : "", text);
    }
}

/* Dates of one form: the later text is the later day. */
static const char *later(const char *a, const char *b)
{
    return strcmp(a, b) < 0 ? b : a;
}

/* Until when its records, and the videos that they name, are to be kept 保存期限. */
static void print_retention(struct ctl *ctl, const json_t *item)
{
    const char *records = "", *videos = "";
    char text[CELL_BYTES];
    size_t at, evidence_at;
    json_t *event, *evidence;
    json_array_foreach(json_object_get(item, "events"), at, event)
    {
        if (json_is_object(json_object_get(event, "erasure")))
            continue;
        records = later(records, text_at(event, "retained_until"));
        json_array_foreach(json_object_get(event, "evidence"), evidence_at, evidence)
        {
            videos = later(videos, text_at(evidence, "retained_until"));
        }
    }
    snprintf(text, sizeof text, "%s%s%s", records, videos[0] ? "; videos 视频 " : "", videos);
    print_field(ctl, "kept until", text);
}

static void print_ban(struct ctl *ctl, const json_t *item)
{
    char text[CELL_BYTES], since[32];
    local_time(text_at(item, "banned_at"), since, sizeof since);
    snprintf(text, sizeof text, "%s %s%s%s", text_at(item, "ban_zh"), text_at(item, "ban"), since[0] ? " since " : "",
             since);
    print_field(ctl, "resale ban", text);
}

static void print_head(struct ctl *ctl, const json_t *item)
{
    char text[CELL_BYTES];
    fprintf(ctl->out, "item %lld  %s %s\n", (long long)json_integer_value(json_object_get(item, "item_id")),
            text_at(item, "kind_zh"), text_at(item, "kind"));
    snprintf(text, sizeof text, "%s: %s / %s", text_at(item, "verdict"), text_at(item, "reason_zh"),
             text_at(item, "reason_en"));
    print_field(ctl, "verdict", text);
    size_t at;
    json_t *warning;
    json_array_foreach(json_object_get(item, "warnings"), at, warning)
        print_field(ctl, "warning", json_string_value(warning));
    if (json_is_false(json_object_get(json_object_get(item, "matched"), "proof")))
        print_field(ctl, "warning", "found by a hint only; a plate or an engine number may belong to another item");
    print_identifiers(ctl, item);
    snprintf(text, sizeof text, "%s %s", text_at(item, "physical_zh"), text_at(item, "physical"));
    print_field(ctl, "physical", text);
    snprintf(text, sizeof text, "%s %s", text_at(item, "legal_zh"), text_at(item, "legal"));
    print_field(ctl, "legal", text);
    print_ban(ctl, item);
    print_party(ctl, "holder", json_object_get(item, "holder"));
    print_party(ctl, "offered to", json_object_get(item, "offered_to"));
    print_party(ctl, "site", json_object_get(item, "site"));
    mass_text(item, text, sizeof text);
    print_field(ctl, "mass", text);
    if (json_is_integer(json_object_get(item, "parent_item_id"))) {
        snprintf(text, sizeof text, "item %lld",
                 (long long)json_integer_value(json_object_get(item, "parent_item_id")));
        print_field(ctl, "part of", text);
    }
    print_children(ctl, item);
    print_clocks(ctl, item);
    print_retention(ctl, item);
}

/* ---- the command ---- */

static int print_answer(struct ctl *ctl, const char *query, const struct lookup *lookup, json_t *items)
{
    if (ctl->json) {
        int exit_code = ctl_print_json(
            ctl, json_pack("{s:s, s:O, s:O}", "query", query, "warnings", lookup->warnings, "items", items));
        if (exit_code != CTL_OK)
            return exit_code;
        return json_array_size(items) > 0 ? CTL_OK : CTL_NEGATIVE;
    }
    size_t at;
    json_t *item, *warning;
    json_array_foreach(lookup->warnings, at, warning)
    {
        fputs("warning: ", ctl->out);
        text_print_safe(json_string_value(warning), ctl->out);
        fputc('\n', ctl->out);
    }
    json_array_foreach(items, at, item)
    {
        fputs(at > 0 ? "\n" : "", ctl->out);
        print_head(ctl, item);
        fputc('\n', ctl->out);
        print_timeline(ctl, item);
    }
    if (json_array_size(items) > 0)
        return CTL_OK;
    return ctl_fail(ctl, CTL_NEGATIVE, "item: none with %s; hint: no record does not mean that it is clear", query);
}

int trace_command(struct ctl *ctl, int argc, char **argv)
{
    const char *scheme = NULL;
    const struct ctl_option options[] = {
        {"scheme", CTL_OPTION_TEXT, "SCHEME",
         "read IDENTIFIER as this only: vin, plate, imei, tag, ... (default: as all)", &scheme, 0, 0},
    };
    const struct ctl_usage usage = {
        "IDENTIFIER",
        "Prints the chain of custody of every item that IDENTIFIER names: a VIN, plate, engine\n"
        "number, certificate number, battery code, IMEI, tag, ... Case, width, blanks and dashes\n"
        "do not matter. A plate or an engine number is a hint and may name several items.\n"
        "Times are Asia/Shanghai; \"log\" is the index in the log; ~ marks an estimated mass.\n\n"
        "Exit code: 0 found, 1 no such item.\n",
        1,
        1,
        options,
        1};
    int exit_code;
    struct lookup lookup;
    struct error error = {0};
    json_t *items = NULL;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    exit_code = lookup_read(argv[0], scheme, &lookup, &error) == 0 ? CTL_OK : ctl_fail_error(ctl, &error);
    if (exit_code == CTL_OK)
        exit_code = item_snapshot(ctl);
    if (exit_code == CTL_OK)
        exit_code = lookup_find(ctl, &lookup);
    if (exit_code == CTL_OK)
        exit_code = item_documents(ctl, &lookup, &items);
    if (exit_code == CTL_OK)
        exit_code = print_answer(ctl, argv[0], &lookup, items);
    json_decref(items);
    lookup_free(&lookup);
    return exit_code;
}
