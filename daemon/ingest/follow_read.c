/* follow_read.c - records to writings and names, names and keys to items. Nothing here changes the database. */
#include "ingest/follow_read.h"

#include <string.h>

#include "core/identity/normalise.h"
#include "core/reentry/extract.h"
#include "ingest/flags.h"

/* Ids beside those of follow.c on the same connection. */
/* scheme + 0: the index by item is the one to use, whatever the statistics say. */
static const struct pg_statement items_statement = {
    4, "SELECT i.item_id, i.ban <> 0, (SELECT min(d.value) FROM custody.identifier d WHERE d.item_id = i.item_id"
       " AND d.scheme + 0 = 1 AND d.proof) FROM (SELECT e.item_id FROM custody.event e WHERE e.log_index >= $1::bigint"
       " AND e.log_index < $2::bigint UNION SELECT unnest($3::bigint[])) AS q JOIN custody.item i ON i.item_id = "
       "q.item_id"};
static const struct pg_statement records_statement = {
    5, "SELECT r.log_index, r.received_at, r.record, r.source_id FROM ledger.record r WHERE r.log_index IN (SELECT "
       "s.log_index FROM"
       " reentry.sighting s WHERE s.log_index >= $1::bigint AND s.log_index < $2::bigint) ORDER BY r.log_index"};
static const struct pg_statement named_statement = {
    6, "SELECT DISTINCT i.item_id FROM unnest($1::smallint[], $2::text[]) AS g (scheme, value)"
       " JOIN custody.identifier i ON i.scheme = g.scheme AND i.value = g.value WHERE i.proof"};
static const struct pg_statement keyed_statement = {
    7, "SELECT DISTINCT g.item_id FROM unnest($1::bigint[], $2::text[]) AS g (item_id, key)"
       " CROSS JOIN LATERAL (SELECT FROM reentry.near_key k WHERE k.key = g.key LIMIT 1) AS k"};
/* Of the items with events: those that something was sighted of, or that have a flag of ours. One look at an index each (LIMIT keeps the
 * planner from joining whole tables). */
static const struct pg_statement known_statement = {
    8, "SELECT q.item_id FROM unnest($1::bigint[]) AS q (item_id) CROSS JOIN LATERAL (SELECT FROM custody.identifier i"
       " CROSS JOIN LATERAL (SELECT FROM reentry.sighted_identifier s WHERE s.scheme = i.scheme AND s.value = i.value "
       "LIMIT 1) s"
       " WHERE i.item_id = q.item_id AND i.proof LIMIT 1) AS seen"
       " UNION SELECT q.item_id FROM unnest($1::bigint[]) AS q (item_id) CROSS JOIN LATERAL (SELECT FROM flag.flag f"
       " WHERE f.subject = 'item:' || q.item_id AND f.rule IN ('E02', 'E03', 'E06', 'E07', 'E08') LIMIT 1) AS flagged"};
static const struct pg_statement limits_statement = {
    17, "SELECT category, trade, coalesce(years, 0) FROM registry.scrap_limit"};

/* ---- read ---- */

static void on_items(void *context, const struct pg_result *result)
{
    struct follow *follow = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct follow_item *item = arena_alloc(&follow->arena, sizeof *item);

        if (!item) {
            follow_no_memory(follow);
            return;
        }
        *item = (struct follow_item){follow->items, pg_i64(result, row, 0), pg_bool(result, row, 1),
                                     arena_text(&follow->arena, pg_bytes(result, row, 2))};
        follow->items = item;
        follow->item_count++;
    }
}

static void add_name(struct follow *follow, enum identifier_scheme scheme, struct text value)
{
    struct follow_name *name = arena_alloc(&follow->arena, sizeof *name);

    if (!name) {
        follow_no_memory(follow);
        return;
    }
    *name = (struct follow_name){follow->names, scheme, arena_text(&follow->arena, value)};
    follow->names = name;
    follow->name_count++;
    if (!name->value.data)
        follow_no_memory(follow);
}

static void add_writings(struct follow *follow, uint64_t log_index, uint16_t ordinal, const struct sighting *sighting,
                         const struct writings *writings)
{
    struct clues clues;

    if (!writings->count)
        return;
    clues_of_sighting(sighting, follow->phone_key, &clues);
    for (size_t i = 0; i < writings->count; i++) {
        struct follow_writing *writing = arena_alloc(&follow->arena, sizeof *writing);

        if (!writing) {
            follow_no_memory(follow);
            return;
        }
        *writing = (struct follow_writing){
            follow->writings,
            log_index,
            ordinal,
            (uint16_t)i,
            writings->list[i],
            arena_text(&follow->arena, (struct text){(const char *)clues.phones, clues.phone_count * SHA256_BYTES})};
        follow->writings = writing;
        follow->writing_count++;
    }
}

static void read_sighting(struct follow *follow, uint64_t log_index, uint16_t ordinal, const struct sighting *sighting)
{
    struct writings writings = {.count = 0};

    for (size_t i = 0; i < sighting->identifier_count; i++)
        if (sighting->identifiers[i].scheme == IDENTIFIER_SCHEME_VIN)
            writings_add_field(&writings, sighting->identifiers[i].value);
    writings_add_text(&writings, sighting->listing.title);
    writings_add_text(&writings, sighting->listing.text);
    add_writings(follow, log_index, ordinal, sighting, &writings);
}

static void add_trade(struct follow *follow, int64_t source_id, uint64_t log_index, uint16_t ordinal,
                      const struct sighting *sighting)
{
    struct follow_trade *trade;

    if (text_empty(sighting->scrap_category) || !sighting->has_first_registered || !source_id)
        return;
    trade = arena_alloc(&follow->arena, sizeof *trade);
    if (!trade) {
        follow_no_memory(follow);
        return;
    }
    *trade = (struct follow_trade){follow->trades, source_id, log_index, ordinal, sighting};
    follow->trades = trade;
}

static void add_extracted(struct follow *follow, struct text text)
{
    struct extraction extraction;

    extract_identifiers(text, &extraction);
    for (size_t i = 0; i < extraction.count; i++)
        add_name(follow, extraction.found[i].scheme, text_of(extraction.found[i].value));
}

static void read_names(struct follow *follow, const struct sighting *sighting)
{
    for (size_t i = 0; i < sighting->identifier_count; i++)
        add_name(follow, sighting->identifiers[i].scheme, sighting->identifiers[i].value);
    add_extracted(follow, sighting->listing.title);
    add_extracted(follow, sighting->listing.text);
}

/* What was written as a VIN is read before normalising: what cannot be normalised is what this is about. */
static void on_records(void *context, const struct pg_result *result)
{
    struct follow *follow = context;
    struct error error = {.code = 0};

    for (size_t row = 0; row < pg_rows(result) && !follow->transaction.code; row++) {
        int code;
        struct report *report =
            evidence_decode(pg_bytes(result, row, 2), pg_time_us(result, row, 1), &follow->arena, &code);

        if (code)
            follow_no_memory(follow);
        if (!report)
            continue;
        for (size_t i = 0; i < report->sighting_count; i++)
            read_sighting(follow, (uint64_t)pg_i64(result, row, 0), (uint16_t)i, &report->sightings[i]);
        if (report_normalise(report, &follow->arena, NULL, NULL, &error) == ERR_NO_MEMORY)
            follow_no_memory(follow);
        for (size_t i = 0; i < report->sighting_count; i++) {
            read_names(follow, &report->sightings[i]);
            add_trade(follow, pg_i64(result, row, 3), (uint64_t)pg_i64(result, row, 0), (uint16_t)i,
                      &report->sightings[i]);
        }
    }
}

void follow_put_ids(struct params *params, const int64_t *ids, size_t count)
{
    struct buffer *list = params_add(params);

    array_begin(list, OID_INT8, count);
    for (size_t i = 0; i < count; i++)
        copy_put_i64(list, ids[i]);
}

void follow_read(struct follow *follow)
{
    struct params *params = &follow->params;

    params_clear(params);
    params_add_i64(params, follow->from);
    params_add_i64(params, follow->to);
    transaction_query(&follow->transaction, &records_statement, params, on_records, follow);
    follow_put_ids(params, follow->changed_items, follow->change_count);
    transaction_query(&follow->transaction, &items_statement, params, on_items, follow);
}

/* ---- match ---- */

static void add_to_index(struct follow *follow, struct text vin)
{
    vin_code code;

    if (vin_code_of(vin, &code))
        return;
    if (follow->index->count == follow->index->room && !follow->make_room(follow->context)) {
        follow_no_memory(follow);
        return;
    }
    if (!vin_index_add(follow->index, code))
        follow_no_memory(follow);
}

/* Every clue agrees: can it be enough? Without clues most of what is near by chance is not worth a look. */
static bool may_be_enough(const char *vin, const struct follow_writing *writing)
{
    static const struct clue_weight all = {.tenths = 600};
    struct nearness nearness = vin_compare(vin, &writing->written);

    return near_score(vin, &writing->written, &nearness, &all) >= NEAR_ENOUGH;
}

static void search(struct follow *follow, const struct follow_writing *writing)
{
    struct vin_found found;

    vin_index_search(follow->index, &writing->written, &found);
    follow->crowded += found.crowded;
    for (size_t i = 0; i < found.count; i++) {
        char vin[VIN_LEN + 1];

        vin_code_text(found.codes[i], vin);
        if (may_be_enough(vin, writing))
            add_name(follow, IDENTIFIER_SCHEME_VIN, text_of(vin));
    }
}

static void on_affected(void *context, const struct pg_result *result)
{
    struct follow *follow = context;
    size_t wanted = follow->affected_count + pg_rows(result);

    if (wanted > follow->affected_room) {
        int64_t *list = arena_array(&follow->arena, 2 * wanted, sizeof *list);

        if (!list) {
            follow_no_memory(follow);
            return;
        }
        if (follow->affected_count)
            memcpy(list, follow->affected, follow->affected_count * sizeof *list);
        follow->affected = list;
        follow->affected_room = 2 * wanted;
    }
    for (size_t row = 0; row < pg_rows(result); row++)
        follow->affected[follow->affected_count++] = pg_i64(result, row, 0);
}

static void ask_named(struct follow *follow)
{
    struct params *params;

    if (!follow->name_count)
        return;
    params = PARAMS_BEGIN_ARRAYS(&follow->params, follow->name_count, OID_INT2, OID_TEXT);
    for (const struct follow_name *name = follow->names; name; name = name->next) {
        copy_put_i16(&params->buffers[0], (int16_t)name->scheme);
        copy_put_text(&params->buffers[1], name->value);
    }
    transaction_query(&follow->transaction, &named_statement, params, on_affected, follow);
}

void follow_put_keys(struct params *params, size_t column, int64_t item_id, struct text vin)
{
    char keys[VIN_KEYS_MAX][NEAR_KEY_BYTES];
    size_t count = vin_keys(vin, keys);

    for (size_t i = 0; i < count; i++) {
        copy_put_i64(&params->buffers[column], item_id);
        copy_put_text(&params->buffers[column + 1], text_of(keys[i]));
    }
}

size_t follow_key_count(struct text vin)
{
    char keys[VIN_KEYS_MAX][NEAR_KEY_BYTES];

    return vin_keys(vin, keys);
}

static void ask_keyed(struct follow *follow)
{
    struct params *params;
    size_t count = 0;

    for (const struct follow_item *item = follow->items; item; item = item->next)
        count += item->banned ? follow_key_count(item->vin) : 0;
    if (!count)
        return;
    params = PARAMS_BEGIN_ARRAYS(&follow->params, count, OID_INT8, OID_TEXT);
    for (const struct follow_item *item = follow->items; item; item = item->next)
        if (item->banned)
            follow_put_keys(params, 0, item->item_id, item->vin);
    transaction_query(&follow->transaction, &keyed_statement, params, on_affected, follow);
}

static void ask_known(struct follow *follow)
{
    struct params *params;

    if (!follow->item_count)
        return;
    params = PARAMS_BEGIN_ARRAYS(&follow->params, follow->item_count, OID_INT8);
    for (const struct follow_item *item = follow->items; item; item = item->next)
        copy_put_i64(&params->buffers[0], item->item_id);
    transaction_query(&follow->transaction, &known_statement, params, on_affected, follow);
}

static void on_limits(void *context, const struct pg_result *result)
{
    struct follow *follow = context;
    struct scrap_limit *limits = arena_array(&follow->arena, pg_rows(result), sizeof *limits);
    size_t count = 0;

    for (size_t row = 0; limits && row < pg_rows(result); row++) {
        limits[count] =
            (struct scrap_limit){.category = pg_bytes(result, row, 0), .years = (int)pg_i64(result, row, 2)};
        count += scrap_trade_parse(pg_bytes(result, row, 1), &limits[count].trade) == 0;
    }
    for (const struct follow_trade *trade = follow->trades; limits && trade; trade = trade->next) {
        struct sighting_flag *flag = arena_alloc(&follow->arena, sizeof *flag);

        limits = flag ? limits : NULL;
        if (!flag || !rule_e04(trade->sighting, limits, count, &flag->finding))
            continue;
        flag->source_id = trade->source_id;
        flag->log_index = trade->log_index;
        flag->ordinal = trade->ordinal;
        flag->next = follow->flags;
        follow->flags = flag;
    }
    if (!limits)
        follow_no_memory(follow);
}

void follow_match(struct follow *follow)
{
    for (const struct follow_item *item = follow->items; item; item = item->next)
        if (item->banned)
            add_to_index(follow, item->vin);
    for (const struct follow_writing *writing = follow->writings; writing; writing = writing->next)
        search(follow, writing);
    if (follow->trades)
        transaction_query(&follow->transaction, &limits_statement, NULL, on_limits, follow);
    ask_named(follow);
    ask_keyed(follow);
    ask_known(follow);
}
