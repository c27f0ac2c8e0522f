/* history.c - the events of items as they were reported: rows of custody.event joined with the records that hold them.
 *
 * The records first, each decoded once however many events and items it holds, then the event rows, which point into
 * them, then the sightings of the items' identifiers. The caller's transaction decides what is seen. */
#include "ctl/history.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "core/identity/normalise.h"
#include "io/wire.h"

enum { ARENA_CAP_BYTES = 1 << 30 };

static int no_memory(struct ctl *ctl)
{
    return ctl_fail(ctl, CTL_TEMPORARY, "history: %s; hint: too many events in one step", error_words(ERR_NO_MEMORY));
}

/* ---- records ---- */

struct text history_bytes(struct arena *arena, const char *field)
{
    struct text digits = text_of(field);
    if (digits.len < 2 || digits.data[0] != '\\' || digits.data[1] != 'x')
        return (struct text){0};
    digits.data += 2;
    digits.len -= 2;
    uint8_t *bytes = arena_alloc(arena, digits.len / 2);
    if (!bytes || hex_decode(digits, bytes, digits.len / 2) != 0)
        return (struct text){0};
    return (struct text){(const char *)bytes, digits.len / 2};
}

/* A record that this program cannot decode stays unreadable and is counted: it never stops the others. */
static void decode_record(struct arena *arena, const char *field, struct history_record *record)
{
    struct envelope envelope;
    struct error error;
    struct text bytes = history_bytes(arena, field);
    if (!bytes.data || wire_envelope_split(bytes, &envelope, &error) != REFUSAL_NONE)
        return;
    record->is_signed = envelope.signature.len > 0;
    record->readable =
        wire_report_decode(envelope.body, clock_now_us(), arena, &record->report, &error) == REFUSAL_NONE &&
        report_normalise(&record->report, arena, NULL, NULL, &error) == 0;
}

static int load_records(struct ctl *ctl, const char *item_ids, struct history *history)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(
        ctl,
        "SELECT r.log_index, r.record, e.log_index IS NOT NULL, "
        "(extract(epoch FROM r.received_at) * 1000000)::bigint FROM ledger.record AS r LEFT JOIN ledger.erasure AS e "
        "USING (log_index) WHERE r.log_index IN "
        "(SELECT e.log_index FROM custody.event AS e WHERE e.item_id = ANY ($1::bigint[])) ORDER BY r.log_index",
        1, (const char *const[]){item_ids}, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    history->record_count = rows_count(rows);
    history->records = arena_array(&history->arena, history->record_count, sizeof history->records[0]);
    if (!history->records)
        exit_code = no_memory(ctl);
    for (size_t i = 0; exit_code == CTL_OK && i < history->record_count; i++) {
        history->records[i].log_index = (uint64_t)rows_i64(rows, i, 0);
        history->records[i].received_us = rows_i64(rows, i, 3);
        history->records[i].is_erased = rows_text(rows, i, 2)[0] == 't';
        if (!rows_is_null(rows, i, 1))
            decode_record(&history->arena, rows_text(rows, i, 1), &history->records[i]);
    }
    rows_free(rows);
    return exit_code;
}

static int compare_record(const void *key, const void *element)
{
    uint64_t wanted = *(const uint64_t *)key;
    const struct history_record *record = element;
    return (wanted > record->log_index) - (wanted < record->log_index);
}

const struct history_record *history_record_at(const struct history *history, uint64_t log_index)
{
    return bsearch(&log_index, history->records, history->record_count, sizeof history->records[0], compare_record);
}

/* ---- events ---- */

enum event_column {
    EVENT_ITEM,
    EVENT_LOG_INDEX,
    EVENT_ORDINAL,
    EVENT_PART,
    EVENT_SOURCE,
    EVENT_PARTY,
    EVENT_PARTY_KIND
};

/* The event a row points at; false when its record cannot be read or does not hold it. */
static bool event_of(const struct history *history, const struct rows *rows, size_t row, struct history_event *event)
{
    uint64_t log_index = (uint64_t)rows_i64(rows, row, EVENT_LOG_INDEX);
    const struct history_record *record = history_record_at(history, log_index);
    size_t ordinal = (size_t)rows_i64(rows, row, EVENT_ORDINAL);
    bool is_part = !rows_is_null(rows, row, EVENT_PART);
    size_t part = is_part ? (size_t)rows_i64(rows, row, EVENT_PART) : 0;
    if (!record || !record->readable || ordinal >= record->report.event_count)
        return false;
    const struct event *said = &record->report.events[ordinal];
    if (is_part && (said->detail != EVENT_DETAIL_COMPOSITION || part >= said->composition.part_count))
        return false;
    *event = (struct history_event){
        .event = said,
        .log_index = log_index,
        .received_us = record->received_us,
        .ordinal = (uint16_t)ordinal,
        .role = is_part ? ITEM_ROLE_PART : ITEM_ROLE_SUBJECT,
        .part = part,
        .source_id = rows_i64(rows, row, EVENT_SOURCE),
        .party_id = rows_i64(rows, row, EVENT_PARTY),
        .party_kind = (enum party_kind)rows_i64(rows, row, EVENT_PARTY_KIND),
    };
    return true;
}

/* Rows come in the order of the items, so one pass hands each item its run. */
static void distribute(struct history *history, const struct rows *rows, struct history_event *events)
{
    size_t at = 0;
    for (size_t row = 0; row < rows_count(rows); row++) {
        int64_t item_id = rows_i64(rows, row, EVENT_ITEM);
        while (at < history->item_count && history->items[at].item_id < item_id)
            at++;
        assert(at < history->item_count && history->items[at].item_id == item_id);
        struct item_history *item = &history->items[at];
        if (!item->events)
            item->events = events;
        if (event_of(history, rows, row, &item->events[item->count])) {
            item->count++;
        } else {
            const struct history_record *record =
                history_record_at(history, (uint64_t)rows_i64(rows, row, EVENT_LOG_INDEX));
            item->unreadable++;
            item->erased += record && record->is_erased;
        }
        events = item->events + item->count;
    }
}

static int load_events(struct ctl *ctl, const char *item_ids, struct history *history)
{
    struct rows *rows = NULL;
    int exit_code =
        ctl_query(ctl,
                  "SELECT e.item_id, e.log_index, e.ordinal, e.part, e.source_id, e.party_id, coalesce(p.kind, 0) "
                  "FROM custody.event AS e LEFT JOIN registry.party AS p USING (party_id) "
                  "WHERE e.item_id = ANY ($1::bigint[]) ORDER BY e.item_id, e.event_at, e.log_index, e.ordinal",
                  1, (const char *const[]){item_ids}, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    struct history_event *events = arena_array(&history->arena, rows_count(rows), sizeof events[0]);
    if (events)
        distribute(history, rows, events);
    else
        exit_code = no_memory(ctl);
    rows_free(rows);
    return exit_code;
}

/* ---- sightings ---- */

enum sighting_column {
    SIGHTING_ITEM,
    SIGHTING_LOG_INDEX,
    SIGHTING_ORDINAL,
    SIGHTING_SEEN_AT,
    SIGHTING_KIND,
    SIGHTING_SCHEME,
    SIGHTING_VALUE,
    SIGHTING_PROOF,
    SIGHTING_FROM_TEXT
};

static int take_sightings(struct ctl *ctl, struct history *history, const struct rows *rows)
{
    size_t count = rows_count(rows), at = 0;
    struct matched_sighting *sightings = arena_array(&history->arena, count, sizeof sightings[0]);
    if (!sightings)
        return no_memory(ctl);
    for (size_t row = 0; row < count; row++) {
        int64_t item_id = rows_i64(rows, row, SIGHTING_ITEM);
        while (at < history->item_count && history->items[at].item_id < item_id)
            at++;
        assert(at < history->item_count && history->items[at].item_id == item_id);
        sightings[row] = (struct matched_sighting){
            .log_index = (uint64_t)rows_i64(rows, row, SIGHTING_LOG_INDEX),
            .ordinal = (uint16_t)rows_i64(rows, row, SIGHTING_ORDINAL),
            .seen_at_us = rows_i64(rows, row, SIGHTING_SEEN_AT),
            .kind = (enum sighting_kind)rows_i64(rows, row, SIGHTING_KIND),
            .scheme = (enum identifier_scheme)rows_i64(rows, row, SIGHTING_SCHEME),
            .value = arena_text(&history->arena, text_of(rows_text(rows, row, SIGHTING_VALUE))),
            .proof = rows_text(rows, row, SIGHTING_PROOF)[0] == 't',
            .from_text = rows_text(rows, row, SIGHTING_FROM_TEXT)[0] == 't',
        };
        if (!sightings[row].value.data)
            return no_memory(ctl);
        if (history->items[at].sighting_count++ == 0)
            history->items[at].sightings = &sightings[row];
    }
    return CTL_OK;
}

static int load_sightings(struct ctl *ctl, const char *item_ids, struct history *history)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl,
                              "SELECT i.item_id, g.log_index, g.ordinal, (extract(epoch FROM g.seen_at) * "
                              "1000000)::bigint, g.kind, i.scheme, "
                              "i.value, i.proof, s.from_text FROM custody.identifier AS i "
                              "JOIN reentry.sighted_identifier AS s ON s.scheme = i.scheme AND s.value = i.value "
                              "JOIN reentry.sighting AS g ON g.log_index = s.log_index AND g.ordinal = s.ordinal "
                              "WHERE i.item_id = ANY ($1::bigint[]) ORDER BY i.item_id, g.log_index, g.ordinal",
                              1, (const char *const[]){item_ids}, &rows);
    if (exit_code == CTL_OK)
        exit_code = take_sightings(ctl, history, rows);
    rows_free(rows);
    return exit_code;
}

/* ---- what lies around ---- */

/* Rows come in the order of the items: the one that a row is about, from `at` on. */
static struct item_history *item_of_row(struct history *history, const struct rows *rows, size_t row, size_t *at)
{
    int64_t item_id = rows_i64(rows, row, 0);
    while (*at < history->item_count && history->items[*at].item_id < item_id)
        ++*at;
    assert(*at < history->item_count && history->items[*at].item_id == item_id);
    return &history->items[*at];
}

static int load_watch(struct ctl *ctl, const char *item_ids, struct history *history)
{
    struct rows *rows = NULL;
    int exit_code =
        ctl_query(ctl,
                  "SELECT i.item_id, w.entry_id, w.list, w.scheme, w.value, i.proof FROM custody.identifier AS i "
                  "JOIN registry.watch_entry AS w ON w.scheme = i.scheme AND w.value = i.value "
                  "WHERE i.item_id = ANY ($1::bigint[]) AND w.lifted_at IS NULL ORDER BY i.item_id, w.entry_id",
                  1, (const char *const[]){item_ids}, &rows);
    size_t count = exit_code == CTL_OK ? rows_count(rows) : 0, at = 0;
    struct watch_hit *hits = arena_array(&history->arena, count, sizeof hits[0]);
    if (exit_code == CTL_OK && !hits)
        exit_code = no_memory(ctl);
    for (size_t row = 0; exit_code == CTL_OK && row < count; row++) {
        struct item_history *item = item_of_row(history, rows, row, &at);
        hits[row] = (struct watch_hit){.entry_id = rows_i64(rows, row, 1),
                                       .list = arena_text(&history->arena, text_of(rows_text(rows, row, 2))),
                                       .scheme = (enum identifier_scheme)rows_i64(rows, row, 3),
                                       .value = arena_text(&history->arena, text_of(rows_text(rows, row, 4))),
                                       .proof = rows_text(rows, row, 5)[0] == 't'};
        if (item->around.watch_count++ == 0)
            item->around.watch = &hits[row];
    }
    rows_free(rows);
    return exit_code;
}

static int load_children(struct ctl *ctl, const char *item_ids, struct history *history)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl,
                              "SELECT parent_item_id, item_id, coalesce((extract(epoch FROM ended_at) * "
                              "1000000)::bigint, 0) FROM custody.item "
                              "WHERE parent_item_id = ANY ($1::bigint[]) ORDER BY parent_item_id, item_id",
                              1, (const char *const[]){item_ids}, &rows);
    size_t count = exit_code == CTL_OK ? rows_count(rows) : 0, at = 0;
    struct child *children = arena_array(&history->arena, count, sizeof children[0]);
    if (exit_code == CTL_OK && !children)
        exit_code = no_memory(ctl);
    for (size_t row = 0; exit_code == CTL_OK && row < count; row++) {
        struct item_history *item = item_of_row(history, rows, row, &at);
        children[row] = (struct child){rows_i64(rows, row, 1), rows_i64(rows, row, 2)};
        if (item->around.child_count++ == 0)
            item->around.children = &children[row];
    }
    rows_free(rows);
    return exit_code;
}

/* The oldest eight others of each number, as ingest/surroundings.c has them. */
static int load_certificates(struct ctl *ctl, const char *item_ids, struct history *history)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(
        ctl,
        "SELECT i.item_id, i.value, o.item_id FROM custody.identifier AS i CROSS JOIN LATERAL ("
        "SELECT item_id FROM custody.identifier WHERE scheme = i.scheme AND value = i.value AND item_id <> i.item_id "
        "ORDER BY item_id LIMIT 8) AS o WHERE i.item_id = ANY ($1::bigint[]) AND i.scheme = 9 ORDER BY i.item_id, "
        "i.value, o.item_id",
        1, (const char *const[]){item_ids}, &rows);
    size_t count = exit_code == CTL_OK ? rows_count(rows) : 0, at = 0;
    struct shared_certificate *shared = arena_array(&history->arena, count, sizeof shared[0]);
    if (exit_code == CTL_OK && !shared)
        exit_code = no_memory(ctl);
    for (size_t row = 0; exit_code == CTL_OK && row < count; row++) {
        struct item_history *item = item_of_row(history, rows, row, &at);
        const char *number = rows_text(rows, row, 1);
        shared[row] = (struct shared_certificate){sha256(number, strlen(number)), rows_i64(rows, row, 2)};
        if (item->around.certificate_count++ == 0)
            item->around.certificates = &shared[row];
    }
    rows_free(rows);
    return exit_code;
}

/* ---- items ---- */

static int load_items(struct ctl *ctl, const char *item_ids, struct history *history)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl,
                              "SELECT item_id, kind, physical, legal, ban, terminal::integer, event_count, "
                              "coalesce((extract(epoch FROM judged_at) * 1000000)::bigint, 0) FROM custody.item "
                              "WHERE item_id = ANY ($1::bigint[]) ORDER BY item_id",
                              1, (const char *const[]){item_ids}, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    history->item_count = rows_count(rows);
    history->items = arena_array(&history->arena, history->item_count, sizeof history->items[0]);
    if (!history->items)
        exit_code = no_memory(ctl);
    for (size_t i = 0; exit_code == CTL_OK && i < history->item_count; i++) {
        history->items[i].item_id = rows_i64(rows, i, 0);
        history->items[i].kind = history->items[i].around.kind = (enum item_kind)rows_i64(rows, i, 1);
        history->items[i].stored = (struct item_state){
            .kind = history->items[i].kind,
            .physical = (enum physical_state)rows_i64(rows, i, 2),
            .legal = (enum legal_state)rows_i64(rows, i, 3),
            .ban = (enum resale_ban)rows_i64(rows, i, 4),
            .terminal = rows_i64(rows, i, 5) != 0,
            .event_count = (uint32_t)rows_i64(rows, i, 6),
        };
        history->items[i].around.now_us = rows_i64(rows, i, 7);
    }
    rows_free(rows);
    return exit_code;
}

int history_load(struct ctl *ctl, const char *item_ids, struct history *history)
{
    *history = (struct history){0};
    arena_init(&history->arena, ARENA_CAP_BYTES);
    int exit_code = load_items(ctl, item_ids, history);
    if (exit_code == CTL_OK)
        exit_code = load_records(ctl, item_ids, history);
    if (exit_code == CTL_OK)
        exit_code = load_events(ctl, item_ids, history);
    if (exit_code == CTL_OK)
        exit_code = load_sightings(ctl, item_ids, history);
    if (exit_code == CTL_OK)
        exit_code = load_watch(ctl, item_ids, history);
    if (exit_code == CTL_OK)
        exit_code = load_children(ctl, item_ids, history);
    if (exit_code == CTL_OK)
        exit_code = load_certificates(ctl, item_ids, history);
    return exit_code;
}

void history_fini(struct history *history)
{
    arena_fini(&history->arena);
    *history = (struct history){0};
}

/* ---- the registry ---- */

#define SQL_DAY_US(day) "(extract(epoch FROM (" day ")::timestamp AT TIME ZONE 'Asia/Shanghai') * 1000000)::bigint"

static int load_permits(struct ctl *ctl, struct registered *registered)
{
    static const char sql[] = "SELECT party_id, coalesce(site_id, 0), kind, " SQL_DAY_US("valid_from") ", " SQL_DAY_US(
        "valid_until + 1") " FROM registry.permit ORDER BY party_id, permit_id";
    int exit_code = ctl_query(ctl, sql, 0, NULL, &registered->permit_rows);
    if (exit_code != CTL_OK)
        return exit_code;
    const struct rows *rows = registered->permit_rows;
    registered->permits = calloc(rows_count(rows) + 1, sizeof registered->permits[0]);
    if (!registered->permits)
        return no_memory(ctl);
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct permit permit = {.party_id = rows_i64(rows, i, 0),
                                .site_id = rows_i64(rows, i, 1),
                                .from_us = rows_i64(rows, i, 3),
                                .until_us = rows_i64(rows, i, 4)};
        if (permit_kind_parse(text_of(rows_text(rows, i, 2)), &permit.kind) == 0)
            registered->permits[registered->directory.permit_count++] = permit;
    }
    registered->directory.permits = registered->permits;
    return CTL_OK;
}

static int load_links(struct ctl *ctl, struct registered *registered)
{
    static const char sql[] = "SELECT l.party_id, l.linked_party_id, " SQL_DAY_US("valid_from") ", " SQL_DAY_US(
        "valid_until + 1") ", kind "
                           "FROM (SELECT party_id, linked_party_id, valid_from, valid_until, kind, link_id FROM "
                           "registry.party_link UNION ALL "
                           "SELECT linked_party_id, party_id, valid_from, valid_until, kind, link_id FROM "
                           "registry.party_link) AS l "
                           "ORDER BY l.party_id, link_id";
    int exit_code = ctl_query(ctl, sql, 0, NULL, &registered->link_rows);
    if (exit_code != CTL_OK)
        return exit_code;
    const struct rows *rows = registered->link_rows;
    registered->links = calloc(rows_count(rows) + 1, sizeof registered->links[0]);
    if (!registered->links)
        return no_memory(ctl);
    for (size_t i = 0; i < rows_count(rows); i++)
        registered->links[i] = (struct party_link){rows_i64(rows, i, 0), rows_i64(rows, i, 1), rows_i64(rows, i, 2),
                                                   rows_i64(rows, i, 3), text_of(rows_text(rows, i, 4))};
    registered->directory.links = registered->links;
    registered->directory.link_count = rows_count(rows);
    return CTL_OK;
}

static int load_clocks(struct ctl *ctl, struct directory *directory)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl,
                              "SELECT kind, limit_count, limit_unit, warn_before_h, grace_h, severity, "
                              "(basis = 'law')::integer FROM registry.clock_kind",
                              0, NULL, &rows);
    for (size_t i = 0; exit_code == CTL_OK && i < rows_count(rows); i++) {
        int64_t kind = rows_i64(rows, i, 0);
        struct clock_limit limit = {.known = true,
                                    .is_law = rows_i64(rows, i, 6) != 0,
                                    .severity = (int)rows_i64(rows, i, 5),
                                    .count = (int32_t)rows_i64(rows, i, 1),
                                    .warn_before_h = (int32_t)rows_i64(rows, i, 3),
                                    .grace_h = (int32_t)rows_i64(rows, i, 4)};
        if (kind > 0 && kind < CLOCK_KIND_COUNT && limit_unit_parse(text_of(rows_text(rows, i, 2)), &limit.unit) == 0)
            directory->clocks[kind] = limit;
    }
    rows_free(rows);
    return exit_code;
}

static int load_calendar(struct ctl *ctl, struct registered *registered)
{
    struct rows *rows = NULL;
    int exit_code =
        ctl_query(ctl, "SELECT day - date '1970-01-01', working::integer FROM registry.calendar_day ORDER BY day", 0,
                  NULL, &rows);
    size_t count = exit_code == CTL_OK ? rows_count(rows) : 0;
    registered->calendar = calloc(count + 1, sizeof registered->calendar[0]);
    if (exit_code == CTL_OK && !registered->calendar)
        exit_code = no_memory(ctl);
    for (size_t i = 0; exit_code == CTL_OK && i < count; i++)
        registered->calendar[i] = (struct calendar_day){rows_i64(rows, i, 0), rows_i64(rows, i, 1) != 0};
    registered->directory.calendar = registered->calendar;
    registered->directory.calendar_count = count;
    rows_free(rows);
    return exit_code;
}

static int load_yields(struct ctl *ctl, struct registered *registered)
{
    struct rows *rows = NULL;
    int exit_code =
        ctl_query(ctl, "SELECT vehicle_class, item_kind, least_g FROM registry.yield ORDER BY vehicle_class, item_kind",
                  0, NULL, &rows);
    size_t count = exit_code == CTL_OK ? rows_count(rows) : 0;
    registered->yields = calloc(count + 1, sizeof registered->yields[0]);
    if (exit_code == CTL_OK && !registered->yields)
        exit_code = no_memory(ctl);
    for (size_t i = 0; exit_code == CTL_OK && i < count; i++)
        registered->yields[i] = (struct yield){(enum vehicle_class)rows_i64(rows, i, 0),
                                               (enum item_kind)rows_i64(rows, i, 1), rows_i64(rows, i, 2)};
    registered->directory.yields = registered->yields;
    registered->directory.yield_count = count;
    rows_free(rows);
    return exit_code;
}

static int load_figures(struct ctl *ctl, struct directory *directory)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl, "SELECT name, value FROM registry.figure", 0, NULL, &rows);
    for (size_t i = 0; exit_code == CTL_OK && i < rows_count(rows); i++) {
        enum figure figure;
        if (figure_parse(text_of(rows_text(rows, i, 0)), &figure) == 0)
            directory->figures[figure] = rows_i64(rows, i, 1);
    }
    rows_free(rows);
    return exit_code;
}

static int load_vehicles(struct ctl *ctl, struct registered *registered)
{
    struct directory *directory = &registered->directory;
    int exit_code = ctl_query(
        ctl, "SELECT vehicle_id, plate, coalesce(class, '') FROM registry.vehicle ORDER BY plate COLLATE \"C\"", 0,
        NULL, &registered->vehicle_rows);
    if (exit_code != CTL_OK)
        return exit_code;
    const struct rows *rows = registered->vehicle_rows;
    registered->vehicles = calloc(rows_count(rows) + 1, sizeof registered->vehicles[0]);
    if (!registered->vehicles)
        return no_memory(ctl);
    for (size_t i = 0; i < rows_count(rows); i++)
        registered->vehicles[i] =
            (struct vehicle){rows_i64(rows, i, 0), text_of(rows_text(rows, i, 1)), text_of(rows_text(rows, i, 2))};
    directory->vehicles = registered->vehicles;
    directory->vehicle_count = rows_count(rows);
    return CTL_OK;
}

int registered_load(struct ctl *ctl, struct registered *registered)
{
    *registered = (struct registered){0};
    int exit_code = ctl_query(ctl, "SELECT party_id, code, kind FROM registry.party ORDER BY code", 0, NULL,
                              &registered->party_rows);
    if (exit_code == CTL_OK)
        exit_code = ctl_query(ctl, "SELECT site_id, party_id, code, lon_e7, lat_e7 FROM registry.site ORDER BY code", 0,
                              NULL, &registered->site_rows);
    if (exit_code != CTL_OK)
        return exit_code;
    struct directory *directory = &registered->directory;
    directory->party_count = rows_count(registered->party_rows);
    directory->site_count = rows_count(registered->site_rows);
    registered->parties = calloc(directory->party_count + 1, sizeof registered->parties[0]);
    registered->sites = calloc(directory->site_count + 1, sizeof registered->sites[0]);
    if (!registered->parties || !registered->sites)
        return no_memory(ctl);
    for (size_t i = 0; i < directory->party_count; i++)
        registered->parties[i] =
            (struct party){rows_i64(registered->party_rows, i, 0), text_of(rows_text(registered->party_rows, i, 1)),
                           (enum party_kind)rows_i64(registered->party_rows, i, 2)};
    for (size_t i = 0; i < directory->site_count; i++)
        registered->sites[i] = (struct site){
            rows_i64(registered->site_rows, i, 0), rows_i64(registered->site_rows, i, 1),
            text_of(rows_text(registered->site_rows, i, 2)), (int32_t)rows_i64(registered->site_rows, i, 3),
            (int32_t)rows_i64(registered->site_rows, i, 4)};
    directory->parties = registered->parties;
    directory->sites = registered->sites;
    exit_code = load_vehicles(ctl, registered);
    if (exit_code == CTL_OK)
        exit_code = load_permits(ctl, registered);
    if (exit_code == CTL_OK)
        exit_code = load_links(ctl, registered);
    if (exit_code == CTL_OK)
        exit_code = load_clocks(ctl, directory);
    if (exit_code == CTL_OK)
        exit_code = load_calendar(ctl, registered);
    if (exit_code == CTL_OK)
        exit_code = load_yields(ctl, registered);
    return exit_code == CTL_OK ? load_figures(ctl, directory) : exit_code;
}

void registered_fini(struct registered *registered)
{
    free(registered->parties);
    free(registered->sites);
    free(registered->vehicles);
    free(registered->permits);
    free(registered->links);
    free(registered->calendar);
    free(registered->yields);
    rows_free(registered->vehicle_rows);
    rows_free(registered->permit_rows);
    rows_free(registered->link_rows);
    rows_free(registered->party_rows);
    rows_free(registered->site_rows);
    *registered = (struct registered){0};
}
