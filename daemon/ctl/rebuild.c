/* rebuild.c - custodyctl rebuild: folds every item's events again and compares with the stored state; repairs it
 * without --check.
 *
 * --check reads one snapshot of the whole database, so it may run beside the daemon. A repair goes in steps, each
 * one transaction that locks its items first, as the daemon does; so it may run beside the daemon, too. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/encoding.h"
#include "core/identity/identifier.h"
#include "core/reentry/match.h"
#include "ctl/ctl.h"
#include "ctl/evidence_rows.h"
#include "ctl/history.h"
#include "ctl/table.h"
#include "ctl/trucks_rebuild.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { FINDINGS_ROOM = 512, FACTS_MAX_BYTES = 64 * 1024, VALUE_BYTES = 32, ITEMS_PER_STEP = 500 };

/* ---- the columns of custody.item that the fold decides ---- */

static void put_number(char *out, int64_t number)
{
    snprintf(out, VALUE_BYTES, "%" PRId64, number);
}

/* 0 is NULL in the database: ids start at 1, and a time is set together with what it belongs to. */
static void put_or_null(char *out, int64_t number)
{
    out[0] = '\0';
    if (number != 0)
        put_number(out, number);
}

#define SQL_US(column) "(extract(epoch FROM " column ") * 1000000)::bigint"
#define SQL_TIME(parameter) "to_timestamp(0) + " parameter "::bigint * interval '1 microsecond'"

/* column, how it reads as a number, how a number ($n) becomes it, its value in the folded state */
#define COLUMN_TABLE(X)                                                                                                \
    X(kind, "kind", "$2::smallint", put_number(out, (int64_t)state->kind))                                             \
    X(physical, "physical", "$3::smallint", put_number(out, (int64_t)state->physical))                                 \
    X(legal, "legal", "$4::smallint", put_number(out, (int64_t)state->legal))                                          \
    X(ban, "ban", "$5::smallint", put_number(out, (int64_t)state->ban))                                                \
    X(banned_at, SQL_US("banned_at"), SQL_TIME("$6"), put_or_null(out, state->banned_at_us))                           \
    X(terminal, "terminal::integer", "$7::integer::boolean", put_number(out, state->terminal))                         \
    X(holder_party_id, "holder_party_id", "$8::bigint", put_or_null(out, state->holder_party_id))                      \
    X(offered_party_id, "offered_party_id", "$9::bigint", put_or_null(out, state->offered_party_id))                   \
    X(site_id, "site_id", "$10::bigint", put_or_null(out, state->site_id))                                             \
    X(mass_g, "mass_g", "$11::bigint", if (state->has_mass) put_number(out, state->mass_g); else out[0] = '\0')        \
    X(event_count, "event_count", "$12::integer", put_number(out, (int64_t)state->event_count))                        \
    X(first_event_at, SQL_US("first_event_at"), SQL_TIME("$13"), put_or_null(out, state->first_event_at_us))           \
    X(last_event_at, SQL_US("last_event_at"), SQL_TIME("$14"), put_or_null(out, state->last_event_at_us))              \
    X(ended_at, SQL_US("ended_at"), SQL_TIME("$15"), put_or_null(out, state->ended_at_us))

static const char *const column_names[] = {
#define X(name, read, write, value) #name,
    COLUMN_TABLE(X)
#undef X
};
enum {
#define X(name, read, write, value) COLUMN_##name,
    COLUMN_TABLE(X)
#undef X
        COLUMN_COUNT
};

#define X(name, read, write, value)                                                                                    \
    static void value_of_##name(const struct item_state *state, char *out)                                             \
    {                                                                                                                  \
        value;                                                                                                         \
    }
COLUMN_TABLE(X)
#undef X

static void (*const column_values[])(const struct item_state *state, char *out) = {
#define X(name, read, write, value) value_of_##name,
    COLUMN_TABLE(X)
#undef X
};

/* Stored values, in the order of the table, then the facts in hexadecimal. */
static const char select_items[] = "SELECT item_id, "
#define X(name, read, write, value) read ", "
    COLUMN_TABLE(X)
#undef X
        "encode(facts, 'hex') FROM custody.item WHERE item_id = ANY ($1::bigint[]) ORDER BY item_id";

static const char update_item[] = "UPDATE custody.item SET "
#define X(name, read, write, value) #name " = " write ", "
    COLUMN_TABLE(X)
#undef X
        "facts = decode($16, 'hex') WHERE item_id = $1::bigint";

/* ---- one run ---- */

/* What the domain makes of one item. */
struct folded {
    const struct item_history *history;
    struct item_state state;
    struct finding custody_room[FINDINGS_ROOM], reentry_room[FINDINGS_ROOM];
    struct findings custody, reentry;
    const struct item_dossier *dossier; /* judged; NULL: the log was not followed to its head */
    char *facts;                        /* hexadecimal, malloc'd */
};

struct rebuild {
    struct ctl *ctl;
    bool check;
    bool followed; /* flags that rest on dossiers can be compared */
    int64_t items, trucks, events, differences, unreadable, waiting;
    int64_t erased; /* items that cannot be folded again */
    json_t *list;   /* with --json: the differences */
    struct registered registered;
    struct folded folded; /* the item at hand; too large for the stack */
};

static void report_difference(struct rebuild *rebuild, int64_t item_id, const char *what, const char *stored,
                              const char *folded)
{
    rebuild->differences++;
    if (rebuild->ctl->json) {
        json_array_append_new(rebuild->list, json_pack("{s:I, s:s, s:s, s:s}", "item_id", (json_int_t)item_id, "what",
                                                       what, "stored", stored, "folded", folded));
        return;
    }
    fprintf(rebuild->ctl->out, "item %" PRId64 ": %s: stored ", item_id, what);
    text_print_safe(stored[0] ? stored : "nothing", rebuild->ctl->out);
    fputs(", folded ", rebuild->ctl->out);
    text_print_safe(folded[0] ? folded : "nothing", rebuild->ctl->out);
    fputc('\n', rebuild->ctl->out);
}

/* "5 dismantled": the words help whoever reads the difference. */
static const char *with_word(size_t column, const char *value, char *out, size_t size)
{
    const char *word = NULL;
    long number = strtol(value, NULL, 10);
    if (value[0] && strcmp(column_names[column], "physical") == 0)
        word = physical_state_word((enum physical_state)number);
    else if (value[0] && strcmp(column_names[column], "legal") == 0)
        word = legal_state_word((enum legal_state)number);
    else if (value[0] && strcmp(column_names[column], "ban") == 0)
        word = resale_ban_word((enum resale_ban)number);
    else if (value[0] && strcmp(column_names[column], "kind") == 0)
        word = item_kind_word((enum item_kind)number);
    snprintf(out, size, "%s%s%s", value, word ? " " : "", word ? word : "");
    return out;
}

static bool compare_state(struct rebuild *rebuild, const struct folded *folded, const struct rows *stored, size_t row)
{
    bool same = true;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        char value[VALUE_BYTES], stored_words[64], folded_words[64];
        column_values[i](&folded->state, value);
        if (strcmp(value, rows_text(stored, row, i + 1)) == 0)
            continue;
        same = false;
        report_difference(rebuild, folded->history->item_id, column_names[i],
                          with_word(i, rows_text(stored, row, i + 1), stored_words, sizeof stored_words),
                          with_word(i, value, folded_words, sizeof folded_words));
    }
    const char *facts = rows_text(stored, row, COLUMN_COUNT + 1);
    if (strcmp(facts, folded->facts) != 0) {
        same = false;
        report_difference(rebuild, folded->history->item_id, "facts", facts, folded->facts);
    }
    return same;
}

static int store_state(struct rebuild *rebuild, const struct folded *folded)
{
    char id[VALUE_BYTES], values[COLUMN_COUNT][VALUE_BYTES];
    const char *params[COLUMN_COUNT + 2];
    put_number(id, folded->history->item_id);
    params[0] = id;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        column_values[i](&folded->state, values[i]);
        params[i + 1] = values[i][0] ? values[i] : NULL;
    }
    params[COLUMN_COUNT + 1] = folded->facts;
    return ctl_query(rebuild->ctl, update_item, COUNT(params), params, NULL);
}

/* ---- clocks of the item ---- */

/* One text a clock, the same words from the database and from the fold. */
static const char select_clocks[] =
    "SELECT item_id, kind, kind || ' ' || (extract(epoch FROM opened_at) * 1000000)::bigint || ' ' || "
    "(extract(epoch FROM due_at) * 1000000)::bigint || ' ' || coalesce((extract(epoch FROM stopped_at) * "
    "1000000)::bigint, 0) || ' ' || coalesce((extract(epoch FROM alarm_at) * 1000000)::bigint, 0) "
    "FROM custody.clock WHERE item_id = ANY ($1::bigint[])";

enum { CLOCK_BYTES = 128 };

static void clock_text(const struct folded *folded, const struct directory *directory, enum clock_kind kind,
                       char out[CLOCK_BYTES])
{
    const struct clock_run *run = &folded->state.clocks[kind];
    out[0] = '\0';
    if (run->opened_at_us != 0)
        snprintf(out, CLOCK_BYTES, "%d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, (int)kind, run->opened_at_us,
                 run->due_at_us, run->stopped_at_us,
                 clock_alarm_us(directory, &folded->state, kind, folded->history->around.now_us));
}

static const char *stored_clock(const struct rows *clocks, int64_t item_id, enum clock_kind kind)
{
    for (size_t row = 0; row < rows_count(clocks); row++)
        if (rows_i64(clocks, row, 0) == item_id && rows_i64(clocks, row, 1) == (int64_t)kind)
            return rows_text(clocks, row, 2);
    return "";
}

static bool compare_clocks(struct rebuild *rebuild, const struct folded *folded, const struct rows *clocks)
{
    bool same = true;
    for (unsigned i = 0; i < CLOCK_KIND_COUNT; i++) {
        enum clock_kind kind = (enum clock_kind)i;
        char value[CLOCK_BYTES], what[64];
        const char *stored = stored_clock(clocks, folded->history->item_id, kind);
        clock_text(folded, &rebuild->registered.directory, kind, value);
        if (strcmp(value, stored) == 0)
            continue;
        same = false;
        snprintf(what, sizeof what, "clock %s", clock_kind_word(kind));
        report_difference(rebuild, folded->history->item_id, what, stored, value);
    }
    return same;
}

/* The clocks as lines of clock_text. */
static int store_clocks(struct rebuild *rebuild, const struct folded *folded)
{
    static const char sql[] =
        "WITH line AS (SELECT string_to_array(l, ' ')::bigint[] AS c FROM string_to_table($2, ',') AS l WHERE l <> '') "
        "SELECT custody.keep_clocks(ARRAY[$1::bigint], coalesce(array_agg($1::bigint), '{}'), "
        "coalesce(array_agg(c[1]::smallint), '{}'), coalesce(array_agg(" SQL_TIME(
            "c[2]") "), '{}'), "
                    "coalesce(array_agg(" SQL_TIME(
                        "c[3]") "), '{}'), "
                                "coalesce(array_agg(CASE WHEN c[4] <> 0 THEN " SQL_TIME(
                                    "c[4]") " END), '{}'), "
                                            "coalesce(array_agg(CASE WHEN c[5] <> 0 THEN " SQL_TIME(
                                                "c[5]") " END), '{}')) FROM line";
    char id[VALUE_BYTES], lines[CLOCK_KIND_COUNT * CLOCK_BYTES] = "";
    for (unsigned i = 0; i < CLOCK_KIND_COUNT; i++) {
        char value[CLOCK_BYTES];
        clock_text(folded, &rebuild->registered.directory, (enum clock_kind)i, value);
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s%s", value[0] && lines[0] ? "," : "", value);
    }
    put_number(id, folded->history->item_id);
    return ctl_query(rebuild->ctl, sql, 2, (const char *const[]){id, lines}, NULL);
}

/* ---- flags of the item's rules ---- */

enum flag_column { FLAG_ITEM, FLAG_RULE, FLAG_KEY, FLAG_STATE };

static const char select_flags[] = "SELECT item_id, rule, key, state FROM flag.flag WHERE item_id = ANY ($1::bigint[]) "
                                   "ORDER BY item_id, flag_id";

static size_t finding_count(const struct folded *folded)
{
    return folded->custody.count + folded->reentry.count + (folded->dossier ? folded->dossier->findings.count : 0);
}

static const struct finding *finding_at(const struct folded *folded, size_t i)
{
    if (i < folded->custody.count)
        return &folded->custody.list[i];
    i -= folded->custody.count;
    return i < folded->reentry.count ? &folded->reentry.list[i]
                                     : &folded->dossier->findings.list[i - folded->reentry.count];
}

static bool needs_dossier(const char *rule)
{
    enum rule parsed;
    return rule_parse(text_of(rule), &parsed) == 0 && rule_needs_dossier(parsed);
}

static bool finding_is(const struct finding *finding, const char *rule, const char *key)
{
    return strcmp(rule_infos[finding->rule].id, rule) == 0 && strcmp(finding->key, key) == 0;
}

static bool has_finding(const struct folded *folded, size_t below, const char *rule, const char *key)
{
    for (size_t i = 0; i < below; i++) {
        if (finding_is(finding_at(folded, i), rule, key))
            return true;
    }
    return false;
}

/* State of the finding's flag; "" when there is none. */
static const char *flag_state(const struct rows *flags, int64_t item_id, const struct finding *finding)
{
    for (size_t row = 0; row < rows_count(flags); row++) {
        if (rows_i64(flags, row, FLAG_ITEM) == item_id &&
            finding_is(finding, rows_text(flags, row, FLAG_RULE), rows_text(flags, row, FLAG_KEY)))
            return rows_text(flags, row, FLAG_STATE);
    }
    return "";
}

/* What flag.settle withdraws when no finding supports it; what people confirmed or closed is theirs. */
static bool is_open_state(const char *state)
{
    return strcmp(state, "new") == 0 || strcmp(state, "under_review") == 0;
}

/* E01 stands on the E05 of its identifier, too, as flag.settle has it. */
static bool is_supported(const struct folded *folded, const char *rule, const char *key)
{
    bool reentry = strcmp(rule, rule_infos[RULE_E01].id) == 0;
    return has_finding(folded, finding_count(folded), rule, key) ||
           (reentry && has_finding(folded, finding_count(folded), rule_infos[RULE_E05].id, key));
}

/* Hints that many newer items share, as words of a finding's key: the daemon may have left the item out when they were
 * seen (HINT_HOLDERS_MAX of ingest/items.h, the 32 here), so that a flag may stand or be missing. */
static const char select_crowded[] =
    "SELECT i.item_id, i.scheme, i.value FROM custody.identifier AS i "
    "WHERE i.item_id = ANY ($1::bigint[]) AND NOT i.proof AND "
    "EXISTS (SELECT FROM reentry.sighted_identifier AS s WHERE s.scheme = i.scheme AND s.value = i.value) AND "
    "EXISTS (SELECT FROM custody.identifier AS n WHERE n.scheme = i.scheme AND n.value = i.value "
    "AND n.item_id > i.item_id AND NOT n.proof OFFSET 31)";

static bool may_be_missing(const struct folded *folded, const struct finding *finding, const struct rows *crowded)
{
    if (finding->rule != RULE_E01 && finding->rule != RULE_E05)
        return false;
    for (size_t row = 0; row < rows_count(crowded); row++) {
        char key[2 * FINDING_KEY_BYTES];
        snprintf(key, sizeof key, "%s %s", identifier_scheme_word((enum identifier_scheme)rows_i64(crowded, row, 1)),
                 rows_text(crowded, row, 2));
        if (rows_i64(crowded, row, 0) == folded->history->item_id &&
            strncmp(key, finding->key, sizeof finding->key - 1) == 0)
            return true;
    }
    return false;
}

/* Every finding has a flag that was not withdrawn; what people closed stays closed. Several findings may be one
 * flag. */
static bool compare_findings(struct rebuild *rebuild, const struct folded *folded, const struct rows *flags,
                             const struct rows *crowded)
{
    bool same = true;
    for (size_t i = 0; i < finding_count(folded); i++) {
        const struct finding *finding = finding_at(folded, i);
        const char *rule = rule_infos[finding->rule].id, *state = flag_state(flags, folded->history->item_id, finding);
        if ((state[0] && strcmp(state, "withdrawn") != 0) || has_finding(folded, i, rule, finding->key) ||
            may_be_missing(folded, finding, crowded))
            continue;
        char what[FINDING_KEY_BYTES + 16];
        snprintf(what, sizeof what, "flag %s %s", rule, finding->key);
        report_difference(rebuild, folded->history->item_id, what, state, finding->text);
        same = false;
    }
    return same;
}

/* Without all findings nobody knows which flags are without support: then none is withdrawn, as in the daemon. */
static bool all_found(const struct folded *folded)
{
    return folded->custody.dropped == 0 && folded->reentry.dropped == 0 &&
           (!folded->dossier || folded->dossier->findings.dropped == 0);
}

/* Every open flag has a finding, as far as all findings are known. */
static bool compare_flags(struct rebuild *rebuild, const struct folded *folded, const struct rows *flags)
{
    bool same = true;
    for (size_t row = 0; all_found(folded) && row < rows_count(flags); row++) {
        const char *rule = rows_text(flags, row, FLAG_RULE), *key = rows_text(flags, row, FLAG_KEY),
                   *state = rows_text(flags, row, FLAG_STATE);
        if (rows_i64(flags, row, FLAG_ITEM) != folded->history->item_id || !is_open_state(state) ||
            is_supported(folded, rule, key) || (!folded->dossier && needs_dossier(rule)))
            continue;
        char what[FINDING_KEY_BYTES + 16];
        snprintf(what, sizeof what, "flag %s %s", rule, key);
        report_difference(rebuild, folded->history->item_id, what, state, "");
        same = false;
    }
    return same;
}

/* A finding as flag.settle takes it, without a record it rests on. */
static json_t *finding_document(const struct finding *finding)
{
    const struct rule_info *rule = &rule_infos[finding->rule];
    return json_pack("{s:s, s:i, s:i, s:s, s:s, s:I}", "rule", rule->id, "rule_version", rule->version, "severity",
                     finding->severity, "key", finding->key, "detail", finding->text, "at_us",
                     (json_int_t)finding->at_us);
}

static void add_evidence(json_t *document, uint64_t log_index, uint16_t ordinal)
{
    json_object_set_new(document, "log_index", json_integer((json_int_t)log_index));
    json_object_set_new(document, "ordinal", json_integer(ordinal));
}

static void add_custody_documents(const struct folded *folded, json_t *list)
{
    for (size_t i = 0; i < folded->custody.count; i++) {
        const struct finding *finding = &folded->custody.list[i];
        json_t *document = finding_document(finding);
        if (finding->event < folded->history->count)
            add_evidence(document, folded->history->events[finding->event].log_index,
                         folded->history->events[finding->event].ordinal);
        json_array_append_new(list, document);
    }
}

/* Each sighting is evidence for its finding. */
static void add_reentry_documents(const struct folded *folded, json_t *list)
{
    for (size_t i = 0; i < folded->history->sighting_count; i++) {
        const struct matched_sighting *sighting = &folded->history->sightings[i];
        if (sighting->finding == NO_FINDING)
            continue;
        json_t *document = finding_document(&folded->reentry.list[sighting->finding]);
        add_evidence(document, sighting->log_index, sighting->ordinal);
        json_array_append_new(list, document);
    }
}

static void add_dossier_documents(const struct folded *folded, json_t *list)
{
    const struct item_dossier *item = folded->dossier;
    for (size_t i = 0; item && i < item->judgement.evidence_count; i++) {
        const struct dossier_evidence *evidence = &item->judgement.evidence[i];
        const struct dossier_sighting *seen = &item->dossier.sightings[evidence->sighting];
        json_t *document = finding_document(&item->findings.list[evidence->finding]);
        add_evidence(document, seen->log_index, seen->ordinal);
        json_array_append_new(list, document);
    }
}

/* flag.settle leaves these to whoever has the dossier. */
static int withdraw_dossier_flags(struct rebuild *rebuild, const struct folded *folded, const struct rows *flags)
{
    int exit_code = CTL_OK;
    for (size_t row = 0; folded->dossier && exit_code == CTL_OK && row < rows_count(flags); row++) {
        const char *rule = rows_text(flags, row, FLAG_RULE), *key = rows_text(flags, row, FLAG_KEY);
        if (rows_i64(flags, row, FLAG_ITEM) != folded->history->item_id || !needs_dossier(rule) ||
            !is_open_state(rows_text(flags, row, FLAG_STATE)) || is_supported(folded, rule, key) || !all_found(folded))
            continue;
        char subject[VALUE_BYTES + 8];
        snprintf(subject, sizeof subject, "item:%" PRId64, folded->history->item_id);
        exit_code = ctl_query(rebuild->ctl,
                              "SELECT flag.withdraw(ARRAY[$1], ARRAY[$2], ARRAY[$3], 'what was sighted no longer "
                              "supports it')",
                              3, (const char *const[]){subject, rule, key}, NULL);
    }
    return exit_code;
}

static int settle_flags(struct rebuild *rebuild, const struct folded *folded)
{
    static const char sql[] =
        "SELECT flag.settle(CASE WHEN $3::boolean THEN ARRAY[$1::bigint] ELSE '{}' END, "
        "coalesce(array_agg($1::bigint), '{}'), "
        "coalesce(array_agg(NULL::bigint), '{}'), "
        "coalesce(array_agg(rule), '{}'), coalesce(array_agg(rule_version), '{}'), coalesce(array_agg(severity), "
        "'{}'), "
        "coalesce(array_agg(key), '{}'), coalesce(array_agg(detail), '{}'), "
        "coalesce(array_agg(to_timestamp(0) + at_us * interval '1 microsecond'), '{}'), coalesce(array_agg(log_index), "
        "'{}'), "
        "coalesce(array_agg(ordinal), '{}')) FROM jsonb_to_recordset($2::jsonb) AS f (rule text, rule_version integer, "
        "severity smallint, key text, detail text, at_us bigint, log_index bigint, ordinal smallint)";
    char id[VALUE_BYTES];
    json_t *list = json_array();
    add_custody_documents(folded, list);
    add_reentry_documents(folded, list);
    add_dossier_documents(folded, list);
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    put_number(id, folded->history->item_id);
    int exit_code =
        text ? ctl_query(rebuild->ctl, sql, 3, (const char *const[]){id, text, all_found(folded) ? "t" : "f"}, NULL)
             : ctl_fail(rebuild->ctl, CTL_TEMPORARY, "rebuild: %s", error_words(ERR_NO_MEMORY));
    free(text);
    return exit_code;
}

/* ---- folding ---- */

/* Log index of the event that began the ban: the first at that time that stands. */
static uint64_t banned_index(const struct folded *folded)
{
    for (size_t i = 0; i < folded->history->count; i++) {
        const struct history_event *event = &folded->history->events[i];
        if (event->event->at_us == folded->state.banned_at_us && event->standing == EVENT_STANDS)
            return event->log_index;
    }
    return 0;
}

/* What was sighted, weighed with the ban as folded now. */
static int weigh(struct folded *folded, struct dossiers *dossiers, const struct item_ban *ban)
{
    struct item_dossier *item = dossiers_find(dossiers, folded->history->item_id);
    if (!item)
        return 0;
    item->dossier.kind = folded->state.kind;
    item->dossier.ban = *ban;
    folded->dossier = item;
    return dossiers_judge_item(dossiers, item);
}

static int fold_item(struct rebuild *rebuild, const struct item_history *history, struct dossiers *dossiers,
                     struct folded *folded)
{
    struct buffer facts;
    *folded = (struct folded){.history = history};
    folded->custody = (struct findings){.list = folded->custody_room, .room = FINDINGS_ROOM};
    folded->reentry = (struct findings){.list = folded->reentry_room, .room = FINDINGS_ROOM};
    struct surroundings around = history->around;
    around.directory = &rebuild->registered.directory;
    custody_fold(history->events, history->count, &around, &folded->state, &folded->custody);
    const struct item_ban ban = {folded->state.ban != RESALE_BAN_NONE, folded->state.banned_at_us,
                                 banned_index(folded)};
    reentry_match(&ban, history->sightings, history->sighting_count, &folded->reentry);
    if (dossiers && weigh(folded, dossiers, &ban))
        return ctl_fail(rebuild->ctl, CTL_TEMPORARY, "rebuild: %s", error_words(ERR_NO_MEMORY));
    buffer_init(&facts, FACTS_MAX_BYTES);
    item_facts_encode(&folded->state.facts, &facts);
    folded->facts = facts.failed ? NULL : malloc(HEX_SIZE(facts.len));
    if (folded->facts)
        hex_encode(facts.data, facts.len, folded->facts);
    buffer_fini(&facts);
    return folded->facts ? CTL_OK : ctl_fail(rebuild->ctl, CTL_TEMPORARY, "rebuild: %s", error_words(ERR_NO_MEMORY));
}

/* What a set of items needs. */
struct step {
    struct history history;
    struct dossiers dossiers;
    struct rows *stored, *flags, *crowded, *waiting, *clocks;
};

static int compare_item(struct rebuild *rebuild, const struct folded *folded, const struct step *step, size_t at)
{
    bool same_state = compare_state(rebuild, folded, step->stored, at);
    bool same_clocks = compare_clocks(rebuild, folded, step->clocks);
    bool same_findings = compare_findings(rebuild, folded, step->flags, step->crowded);
    bool same_flags = compare_flags(rebuild, folded, step->flags);
    int exit_code = CTL_OK;
    if (!same_state && !rebuild->check)
        exit_code = store_state(rebuild, folded);
    if (exit_code == CTL_OK && !same_clocks && !rebuild->check)
        exit_code = store_clocks(rebuild, folded);
    if (exit_code == CTL_OK && !(same_findings && same_flags) && !rebuild->check)
        exit_code = settle_flags(rebuild, folded);
    if (exit_code == CTL_OK && !same_flags && !rebuild->check)
        exit_code = withdraw_dossier_flags(rebuild, folded, step->flags);
    return exit_code;
}

/* The daemon will fold these again by itself, soon: until then they may differ. */
static const char select_waiting[] = "SELECT DISTINCT item_id FROM custody.refold WHERE item_id = ANY ($1::bigint[])";

static bool is_waiting(const struct rows *waiting, int64_t item_id)
{
    for (size_t row = 0; row < rows_count(waiting); row++)
        if (rows_i64(waiting, row, 0) == item_id)
            return true;
    return false;
}

/* An item of which a record was erased stays as it was folded last. What can still be told is whether all its events
 * are counted. */
static void compare_erased(struct rebuild *rebuild, const struct item_history *history)
{
    char stored[VALUE_BYTES], there[VALUE_BYTES];
    rebuild->erased++;
    put_number(stored, history->stored.event_count);
    put_number(there, (int64_t)(history->count + history->unreadable));
    if (strcmp(stored, there) != 0) {
        report_difference(rebuild, history->item_id, "event_count", stored, there);
        rebuild->unreadable++;
    }
}

/* An item whose events cannot all be read is named and left alone: folding the rest would make a wrong state. */
static int rebuild_item(struct rebuild *rebuild, struct step *step, size_t at)
{
    const struct item_history *history = &step->history.items[at];
    rebuild->items++;
    if (rebuild->check && is_waiting(step->waiting, history->item_id)) {
        rebuild->waiting++;
        return CTL_OK;
    }
    rebuild->events += (int64_t)(history->count + history->unreadable);
    if (history->erased > 0 && history->erased == history->unreadable) {
        compare_erased(rebuild, history);
        return CTL_OK;
    }
    if (history->unreadable > 0) {
        char count[64];
        rebuild->unreadable += (int64_t)history->unreadable;
        snprintf(count, sizeof count, "%zu events cannot be read", history->unreadable);
        report_difference(rebuild, history->item_id, "events", rows_text(step->stored, at, COLUMN_event_count + 1),
                          count);
        return CTL_OK;
    }
    struct folded *folded = &rebuild->folded;
    int exit_code = fold_item(rebuild, history, rebuild->followed ? &step->dossiers : NULL, folded);
    if (exit_code == CTL_OK)
        exit_code = compare_item(rebuild, folded, step, at);
    free(folded->facts);
    folded->facts = NULL;
    return exit_code;
}

static int load_step(struct rebuild *rebuild, const char *ids, struct step *step)
{
    const struct {
        const char *sql;
        struct rows **rows;
    } questions[] = {{select_items, &step->stored},
                     {select_flags, &step->flags},
                     {select_crowded, &step->crowded},
                     {select_waiting, &step->waiting},
                     {select_clocks, &step->clocks}};
    int exit_code = history_load(rebuild->ctl, ids, &step->history);
    if (exit_code == CTL_OK)
        exit_code = evidence_is_followed(rebuild->ctl, &rebuild->followed);
    if (exit_code == CTL_OK && rebuild->followed)
        exit_code = evidence_load(rebuild->ctl, ids, &step->history, &step->dossiers);
    for (size_t i = 0; exit_code == CTL_OK && i < COUNT(questions); i++)
        exit_code = ctl_query(rebuild->ctl, questions[i].sql, 1, (const char *const[]){ids}, questions[i].rows);
    return exit_code;
}

static int rebuild_items(struct rebuild *rebuild, const char *ids)
{
    struct step step = {.stored = NULL};
    int exit_code = load_step(rebuild, ids, &step);
    for (size_t i = 0; exit_code == CTL_OK && i < step.history.item_count; i++)
        exit_code = rebuild_item(rebuild, &step, i);
    rows_free(step.clocks);
    rows_free(step.waiting);
    rows_free(step.crowded);
    rows_free(step.flags);
    rows_free(step.stored);
    history_fini(&step.history);
    return exit_code;
}

/* ---- steps over all items ---- */

/* The next items after *last as an array, malloc'd; NULL text when there are none. */
static int next_ids(struct rebuild *rebuild, int64_t *last, char **ids)
{
    static const char sql[] =
        "SELECT array_agg(item_id ORDER BY item_id)::text, max(item_id) FROM "
        "(SELECT item_id FROM custody.item WHERE item_id > $1::bigint ORDER BY item_id LIMIT $2::bigint) AS next";
    char after[VALUE_BYTES], most[VALUE_BYTES];
    struct rows *rows = NULL;
    put_number(after, *last);
    put_number(most, ITEMS_PER_STEP);
    int exit_code = ctl_query(rebuild->ctl, sql, 2, (const char *const[]){after, most}, &rows);
    *ids = NULL;
    if (exit_code == CTL_OK && !rows_is_null(rows, 0, 0)) {
        *ids = strdup(rows_text(rows, 0, 0));
        *last = rows_i64(rows, 0, 1);
    }
    rows_free(rows);
    return exit_code;
}

/* The registry is read anew in each step: what was registered since the last one counts for the daemon, too. */
static int repair_step(struct rebuild *rebuild, const char *ids)
{
    int exit_code = ctl_query(rebuild->ctl, "BEGIN", 0, NULL, NULL);
    if (exit_code == CTL_OK)
        exit_code = ctl_query(rebuild->ctl,
                              "SELECT FROM custody.item WHERE item_id = ANY ($1::bigint[]) ORDER BY item_id FOR UPDATE",
                              1, (const char *const[]){ids}, NULL);
    if (exit_code == CTL_OK) {
        registered_fini(&rebuild->registered);
        exit_code = registered_load(rebuild->ctl, &rebuild->registered);
    }
    if (exit_code == CTL_OK)
        exit_code = rebuild_items(rebuild, ids);
    if (exit_code == CTL_OK)
        exit_code = ctl_query(rebuild->ctl, "COMMIT", 0, NULL, NULL);
    return exit_code;
}

static int rebuild_trucks(struct rebuild *rebuild)
{
    struct trucks_rebuild trucks = {.ctl = rebuild->ctl,
                                    .check = rebuild->check,
                                    .directory = &rebuild->registered.directory,
                                    .list = rebuild->list};
    int exit_code = trucks_rebuild(&trucks);
    rebuild->trucks = trucks.trucks;
    rebuild->differences += trucks.differences;
    return exit_code;
}

static int rebuild_all(struct rebuild *rebuild)
{
    int64_t last = 0;
    char *ids = NULL;
    int exit_code = CTL_OK;
    if (rebuild->check)
        exit_code =
            ctl_query(rebuild->ctl, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, NULL);
    if (exit_code == CTL_OK)
        exit_code = registered_load(rebuild->ctl, &rebuild->registered);
    while (exit_code == CTL_OK) {
        exit_code = next_ids(rebuild, &last, &ids);
        if (exit_code != CTL_OK || !ids)
            break;
        exit_code = rebuild->check ? rebuild_items(rebuild, ids) : repair_step(rebuild, ids);
        free(ids);
    }
    return exit_code == CTL_OK ? rebuild_trucks(rebuild) : exit_code;
}

static int print_outcome(struct rebuild *rebuild)
{
    struct ctl *ctl = rebuild->ctl;
    if (ctl->json)
        return ctl_print_json(ctl, json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "check", rebuild->check,
                                             "items", (json_int_t)rebuild->items, "trucks", (json_int_t)rebuild->trucks,
                                             "events", (json_int_t)rebuild->events, "unreadable_events",
                                             (json_int_t)rebuild->unreadable, "waiting", (json_int_t)rebuild->waiting,
                                             "items_with_erased_records", (json_int_t)rebuild->erased, "differences",
                                             rebuild->list));
    fprintf(ctl->out, "%" PRId64 " items, %" PRId64 " trucks, %" PRId64 " events, %" PRId64 " differences%s\n",
            rebuild->items, rebuild->trucks, rebuild->events, rebuild->differences,
            rebuild->differences > rebuild->unreadable && !rebuild->check ? " repaired" : "");
    if (rebuild->erased > 0)
        fprintf(ctl->out,
                "%" PRId64 " items cannot be folded again: a record of each was erased; they stay as they were\n",
                rebuild->erased);
    return CTL_OK;
}

int rebuild_command(struct ctl *ctl, int argc, char **argv)
{
    bool check = false;
    const struct ctl_option options[] = {
        {"check", CTL_OPTION_FLAG, NULL, "only compare, change nothing; exit 1 on a difference", &check, 0, 0},
    };
    const struct ctl_usage usage = {
        "",
        "Folds the events of every item and the way of every truck again, from the records as\n"
        "they were received, and compares with the stored state, trips and flags; names each\n"
        "difference. Without --check it repairs them; trucks are given to the daemon to be\n"
        "folded again. Both may run beside the daemon.\n\n"
        "Exit code: 0 the same (or repaired), 1 differences with --check, or events that cannot\n"
        "be read.\n",
        0,
        0,
        options,
        COUNT(options)};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    struct rebuild *rebuild = calloc(1, sizeof *rebuild);
    if (!rebuild)
        return ctl_fail(ctl, CTL_TEMPORARY, "rebuild: %s", error_words(ERR_NO_MEMORY));
    *rebuild = (struct rebuild){.ctl = ctl, .check = check, .list = json_array()};
    exit_code = rebuild_all(rebuild);
    registered_fini(&rebuild->registered);
    if (exit_code == CTL_OK)
        exit_code = print_outcome(rebuild);
    bool negative = rebuild->unreadable > 0 || (check && rebuild->differences > 0);
    json_decref(rebuild->list);
    free(rebuild);
    return exit_code == CTL_OK && negative ? CTL_NEGATIVE : exit_code;
}
