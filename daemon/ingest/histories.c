/* histories.c - from stored rows and records to histories that can be folded.
 *
 *   state      what the items are now, under their locks: who is to be folded, and whose history is too long
 *   events     their rows, in log order, without the records; their sightings
 *   records    page by page: each fetched once, its wanted events decoded
 *   hand out   every item gets its run of events */
#include "ingest/histories.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/identity/normalise.h"
#include "io/copy.h"
#include "io/wire.h"

enum {
    PAGE_BYTES = 4 * 1024 * 1024,
    EVENTS_MAX = 50000,   /* of one item */
    EVENTS_LONG = 5000,   /* worth a line in the log */
    ROWS_MAX = 100000,    /* of a range */
    SIGHTINGS_MAX = 5000, /* of one item; in sightings_statement too */
    BLOCK_BYTES = 256 * 1024,
};

struct loaded_event {
    struct item *item;
    struct history_event event;
    uint32_t record_bytes;
};

/* Ids beside those of judge.c, rows.c and flags.c on the same connection. */
static const struct pg_statement states_statement = {34, "SELECT item_id, event_count, ban <> 0, banned_at, ended_at, "
                                                         "coalesce(parent_item_id, 0), terminal FROM custody.item"
                                                         " WHERE item_id = ANY ($1::bigint[])"};
static const struct pg_statement events_statement = {
    26, "SELECT e.item_id, e.log_index, e.ordinal, e.part, e.source_id, e.party_id, coalesce(p.kind, 0::smallint),"
        " octet_length(r.record), r.received_at FROM custody.event e JOIN ledger.record r ON r.log_index = e.log_index"
        " LEFT JOIN registry.party p ON p.party_id = e.party_id"
        " WHERE e.item_id = ANY ($1::bigint[]) ORDER BY e.log_index, e.ordinal, e.item_id"};
static const struct pg_statement records_statement = {
    35,
    "SELECT log_index, received_at, record FROM ledger.record WHERE log_index = ANY ($1::bigint[]) ORDER BY log_index"};
static const struct pg_statement sightings_statement = {
    27, "SELECT q.item_id, s.* FROM unnest($1::bigint[]) AS q (item_id) CROSS JOIN LATERAL ("
        "   SELECT g.log_index, g.ordinal, g.seen_at, g.kind, i.scheme, i.value, i.proof, s.from_text"
        "   FROM custody.identifier i JOIN reentry.sighted_identifier s ON s.scheme = i.scheme AND s.value = i.value"
        "   JOIN reentry.sighting g ON g.log_index = s.log_index AND g.ordinal = s.ordinal"
        "   WHERE i.item_id = q.item_id ORDER BY g.log_index DESC, g.ordinal DESC LIMIT 5000) s"
        " ORDER BY q.item_id, s.log_index, s.ordinal"};

static void load_rows(void *context);
static void leave_erased(void *context);
static void next_page(void *context);
static void hand_out(struct histories *histories);

void histories_init(struct histories *histories, size_t max_bytes)
{
    *histories = (struct histories){.count = 0};
    arena_init(&histories->arena, max_bytes);
    histories->arena.block_bytes = BLOCK_BYTES;
    buffer_init(&histories->picked, ENVELOPE_MAX_BYTES);
}

void histories_fini(struct histories *histories)
{
    arena_fini(&histories->arena);
    buffer_fini(&histories->picked);
}

static void no_memory(struct histories *histories)
{
    transaction_fail(histories->transaction, ERR_NO_MEMORY,
                     "items: their histories are out of memory; hint: raise arena_max_bytes");
}

static void unreadable(struct histories *histories, uint64_t log_index, const char *why)
{
    transaction_fail(histories->transaction, ERR_INTERNAL,
                     "record: log index %llu cannot be read again: %s; hint: custodyctl rebuild --check",
                     (unsigned long long)log_index, why);
}

/* This item cannot be folded now: the range is made smaller, or the item left as it is. */
static void leave_out(struct histories *histories, struct item *item)
{
    if (!histories->last_chance)
        no_memory(histories);
    else if (!item->oversized)
        log_error("item_not_folded", "item=%lld events=%u hint=\"raise arena_max_bytes; custodyctl rebuild folds it\"",
                  (long long)item->item_id, item->stored_events);
    item->oversized = true;
}

struct params *histories_ids(struct params *params, const struct items *items, bool to_fold)
{
    size_t count = 0;

    for (size_t i = 0; i < items->count; i++)
        count += items->by_id[i]->touched && (!to_fold || item_is_folded(items->by_id[i]));
    (void)PARAMS_BEGIN_ARRAYS(params, count, OID_INT8);
    for (size_t i = 0; i < items->count; i++)
        if (items->by_id[i]->touched && (!to_fold || item_is_folded(items->by_id[i])))
            copy_put_i64(&params->buffers[0], items->by_id[i]->item_id);
    return params;
}

/* ---- state ---- */

static void on_states(void *context, const struct pg_result *result)
{
    struct histories *histories = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct item *item = items_find(histories->items, pg_i64(result, row, 0));

        if (!item)
            continue;
        item->stored_events = (uint32_t)pg_i64(result, row, 1);
        /* Log index 0: whatever is sighted now comes later in the log than the ban. */
        item->stored_ban = (struct item_ban){pg_bool(result, row, 2), pg_time_us(result, row, 3), 0};
        item->stored_ended_at_us = pg_is_null(result, row, 4) ? 0 : pg_time_us(result, row, 4);
        item->stored_parent_id = pg_i64(result, row, 5);
        item->terminal = pg_bool(result, row, 6);
    }
}

/* Whose rows fit, before they are asked for. */
static void admit(struct histories *histories)
{
    size_t rows = 0, most = histories->arena.cap_bytes / 4 / sizeof(struct loaded_event);

    most = most < ROWS_MAX ? most : ROWS_MAX;
    for (size_t i = 0; i < histories->items->count; i++) {
        struct item *item = histories->items->by_id[i];

        if (!item_is_folded(item))
            continue;
        if (item->stored_events >= EVENTS_LONG)
            log_warn("long_history", "item=%lld events=%u", (long long)item->item_id, item->stored_events);
        if (item->stored_events >= EVENTS_MAX || rows + item->stored_events > most)
            leave_out(histories, item);
        else
            rows += item->stored_events;
    }
}

void histories_load(struct histories *histories, struct transaction *transaction, struct params *params,
                    struct items *items, bool last_chance, transaction_step next, void *context)
{
    arena_reset(&histories->arena);
    histories->transaction = transaction;
    histories->params = params;
    histories->items = items;
    histories->last_chance = last_chance;
    histories->next = next;
    histories->next_context = context;
    histories->events = NULL;
    histories->count = histories->at = 0;
    transaction_query(transaction, &states_statement, histories_ids(params, items, false), on_states, histories);
    transaction_then(transaction, load_rows, histories);
}

/* ---- rows ---- */

static void on_events(void *context, const struct pg_result *result)
{
    struct histories *histories = context;

    histories->events = arena_array(&histories->arena, pg_rows(result), sizeof *histories->events);
    if (!histories->events) {
        no_memory(histories);
        return;
    }
    for (size_t row = 0; row < pg_rows(result); row++) {
        struct loaded_event *loaded = &histories->events[histories->count];
        bool is_part = !pg_is_null(result, row, 3);

        loaded->item = items_find(histories->items, pg_i64(result, row, 0));
        loaded->event = (struct history_event){
            .log_index = (uint64_t)pg_i64(result, row, 1),
            .received_us = pg_time_us(result, row, 8),
            .ordinal = (uint16_t)pg_i64(result, row, 2),
            .role = is_part ? ITEM_ROLE_PART : ITEM_ROLE_SUBJECT,
            .part = (size_t)pg_i64(result, row, 3),
            .source_id = pg_i64(result, row, 4),
            .party_id = pg_i64(result, row, 5),
            .party_kind = (enum party_kind)pg_i64(result, row, 6),
        };
        loaded->record_bytes = (uint32_t)pg_i64(result, row, 7);
        if (loaded->item && pg_is_null(result, row, 7))
            loaded->item->erased = true;
        if (loaded->item)
            histories->count++;
    }
}

int histories_add_sighting(struct arena *arena, struct item *item, const struct matched_sighting *sighting)
{
    if (item->sighting_count == item->sighting_room) {
        size_t room = item->sighting_room ? item->sighting_room * 2 : 8;
        struct matched_sighting *sightings = arena_array(arena, room, sizeof *sightings);

        if (!sightings)
            return ERR_NO_MEMORY;
        if (item->sighting_count)
            memcpy(sightings, item->sightings, item->sighting_count * sizeof *sightings);
        item->sightings = sightings;
        item->sighting_room = room;
    }
    item->sightings[item->sighting_count++] = *sighting;
    return 0;
}

static void on_sightings(void *context, const struct pg_result *result)
{
    struct histories *histories = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct item *item = items_find(histories->items, pg_i64(result, row, 0));
        const struct matched_sighting sighting = {
            .log_index = (uint64_t)pg_i64(result, row, 1),
            .ordinal = (uint16_t)pg_i64(result, row, 2),
            .seen_at_us = pg_time_us(result, row, 3),
            .kind = (enum sighting_kind)pg_i64(result, row, 4),
            .scheme = (enum identifier_scheme)pg_i64(result, row, 5),
            .value = arena_text(&histories->arena, pg_bytes(result, row, 6)),
            .proof = pg_bool(result, row, 7),
            .from_text = pg_bool(result, row, 8),
        };

        if (!item || item->sightings_capped)
            continue;
        if (!sighting.value.data || histories_add_sighting(&histories->arena, item, &sighting)) {
            if (!histories->last_chance) {
                no_memory(histories);
                return;
            }
            item->sightings_capped = true;
        } else if (item->sighting_count == SIGHTINGS_MAX) {
            item->sightings_capped = true;
        }
        if (item->sightings_capped)
            log_warn("sightings_capped", "item=%lld matched=%zu", (long long)item->item_id, item->sighting_count);
    }
}

static void load_rows(void *context)
{
    struct histories *histories = context;
    struct params *params;

    admit(histories);
    params = histories_ids(histories->params, histories->items, true);
    transaction_query(histories->transaction, &events_statement, params, on_events, histories);
    transaction_query(histories->transaction, &sightings_statement, params, on_sightings, histories);
    surroundings_ask(&histories->around, histories->transaction, histories->params, histories->items,
                     &histories->arena);
    transaction_then(histories->transaction, leave_erased, histories);
}

/* The events of items that cannot be folded any more are not looked at. */
static void leave_erased(void *context)
{
    struct histories *histories = context;
    size_t kept = 0;

    for (size_t i = 0; i < histories->items->count; i++)
        if (histories->items->by_id[i]->erased)
            log_warn("item_not_folded",
                     "item=%lld hint=\"a record of its history was erased: it stays as it was folded last\"",
                     (long long)histories->items->by_id[i]->item_id);
    for (size_t i = 0; i < histories->count; i++)
        if (!histories->events[i].item->erased)
            histories->events[kept++] = histories->events[i];
    histories->count = kept;
    next_page(context);
}

/* ---- records ---- */

/* The end of the run of events that stand in one record. */
static size_t record_end(const struct histories *histories, size_t at)
{
    uint64_t log_index = histories->events[at].event.log_index;

    while (at < histories->count && histories->events[at].event.log_index == log_index)
        at++;
    return at;
}

/* One item may take half of the arena: the others need theirs. */
static bool has_share(const struct histories *histories, const struct item *item)
{
    return !item->oversized && item->history_bytes < histories->arena.cap_bytes / 2;
}

/* The wanted events of one record, in the arena; `ordinals` as in the report, rising. */
static int decode(struct histories *histories, struct text record, int64_t received_us, const uint16_t *ordinals,
                  size_t count, struct report *report, struct error *error)
{
    struct envelope envelope;
    struct text body;
    int code;

    if (wire_envelope_split(record, &envelope, error) != REFUSAL_NONE)
        return ERR_INTERNAL;
    buffer_clear(&histories->picked);
    code = wire_report_pick(envelope.body, ordinals, count, &histories->picked);
    if (code) {
        (void)error_set(error, code, "it does not hold the event");
        return code == ERR_NO_MEMORY ? code : ERR_INTERNAL;
    }
    body = arena_text(&histories->arena, buffer_text(&histories->picked));
    if (!body.data)
        return ERR_NO_MEMORY;
    if (wire_report_decode(body, received_us, &histories->arena, report, error) != REFUSAL_NONE)
        return error->code == ERR_NO_MEMORY ? ERR_NO_MEMORY : ERR_INTERNAL;
    code = report_normalise(report, &histories->arena, NULL, NULL, error);
    return code == ERR_NO_MEMORY || !code ? code : ERR_INTERNAL;
}

static bool points_into(const struct history_event *at, const struct event *event)
{
    return at->role == ITEM_ROLE_SUBJECT ||
           (event->detail == EVENT_DETAIL_COMPOSITION && at->part < event->composition.part_count);
}

/* The events from..to of one record. */
static void take_record(struct histories *histories, size_t from, size_t to, struct text record, int64_t received_us)
{
    uint16_t *ordinals = arena_array(&histories->arena, to - from, sizeof *ordinals);
    struct report *report = arena_alloc(&histories->arena, sizeof *report);
    struct error error = {.code = 0};
    size_t count = 0, before = histories->arena.used_bytes;
    int code;

    for (size_t i = from; ordinals && i < to; i++)
        if (has_share(histories, histories->events[i].item) &&
            (count == 0 || ordinals[count - 1] != histories->events[i].event.ordinal))
            ordinals[count++] = histories->events[i].event.ordinal;
    if (ordinals && count == 0)
        code = ERR_NO_MEMORY;
    else
        code = ordinals && report ? decode(histories, record, received_us, ordinals, count, report, &error)
                                  : ERR_NO_MEMORY;
    if (code == ERR_INTERNAL) {
        unreadable(histories, histories->events[from].event.log_index, error.text);
        return;
    }
    for (size_t i = from, picked = 0; i < to; i++) {
        struct loaded_event *loaded = &histories->events[i];

        if (code || !has_share(histories, loaded->item)) {
            leave_out(histories, loaded->item);
            continue;
        }
        while (ordinals[picked] < loaded->event.ordinal)
            picked++;
        loaded->event.event = &report->events[picked];
        if (!points_into(&loaded->event, loaded->event.event)) {
            unreadable(histories, loaded->event.log_index, "it does not hold the part");
            return;
        }
    }
    for (size_t i = from; !code && i < to; i++)
        histories->events[i].item->history_bytes += (histories->arena.used_bytes - before) / count;
}

static void on_records(void *context, const struct pg_result *result)
{
    struct histories *histories = context;
    size_t at = histories->at;

    for (size_t row = 0; at < histories->page_end && !histories->transaction->code; row++) {
        size_t end = record_end(histories, at);
        uint64_t log_index = histories->events[at].event.log_index;

        if (row == pg_rows(result) || (uint64_t)pg_i64(result, row, 0) != log_index) {
            unreadable(histories, log_index, "it is not there");
            return;
        }
        take_record(histories, at, end, pg_bytes(result, row, 2), pg_time_us(result, row, 1));
        at = end;
    }
    histories->at = at;
}

static void next_page(void *context)
{
    struct histories *histories = context;
    struct params *params = histories->params;
    size_t bytes = 0, records = 0, end = histories->at;

    while (end < histories->count && bytes < PAGE_BYTES) {
        bytes += histories->events[end].record_bytes;
        records++;
        end = record_end(histories, end);
    }
    if (!records) {
        hand_out(histories);
        transaction_then(histories->transaction, histories->next, histories->next_context);
        return;
    }
    histories->page_end = end;
    (void)PARAMS_BEGIN_ARRAYS(params, records, OID_INT8);
    for (size_t i = histories->at; i < end; i = record_end(histories, i))
        copy_put_i64(&params->buffers[0], (int64_t)histories->events[i].event.log_index);
    transaction_query(histories->transaction, &records_statement, params, on_records, histories);
    transaction_then(histories->transaction, next_page, histories);
}

/* ---- handing out ---- */

static size_t events_of_range(const struct item *item)
{
    size_t count = 0;

    for (const struct item_event *event = item->events; event; event = event->next)
        count++;
    return count;
}

/* Room for what was loaded and for what the range adds. */
static void hand_out(struct histories *histories)
{
    for (size_t i = 0; i < histories->count; i++)
        histories->events[i].item->history_room++;
    for (size_t i = 0; i < histories->items->count; i++) {
        struct item *item = histories->items->by_id[i];

        if (!item_is_folded(item))
            continue;
        item->history_room += events_of_range(item);
        item->history = arena_array(&histories->arena, item->history_room, sizeof *item->history);
        if (!item->history)
            leave_out(histories, item);
    }
    for (size_t i = 0; i < histories->count; i++) {
        struct item *item = histories->events[i].item;

        if (item_is_folded(item))
            item->history[item->history_count++] = histories->events[i].event;
    }
}
