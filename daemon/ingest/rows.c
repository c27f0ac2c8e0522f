/* rows.c - what was judged, as arrays for the database. */
#include "ingest/rows.h"

#include <assert.h>

#include "io/copy.h"

enum { FACTS_BYTES_MAX = 4096 };

/* Ids beside those of store.c and judge.c on the same connection. */
static const struct pg_statement update_items_statement = {
    28, "UPDATE custody.item t SET kind = g.kind, physical = g.physical, legal = g.legal, ban = g.ban, banned_at = "
        "g.banned_at,"
        " terminal = g.terminal, holder_party_id = g.holder, offered_party_id = g.offered, site_id = g.site, mass_g = "
        "g.mass,"
        " parent_item_id = coalesce(t.parent_item_id, g.parent), event_count = g.events, first_event_at = g.first_at,"
        " last_event_at = g.last_at, facts = g.facts, ended_at = g.ended_at, judged_at = g.judged_at"
        " FROM unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::smallint[], $5::smallint[], $6::timestamptz[], "
        "$7::boolean[],"
        " $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::int[], $14::timestamptz[], "
        "$15::timestamptz[],"
        " $16::bytea[], $17::timestamptz[], $18::timestamptz[]) AS g (item_id, kind, physical, legal, ban, banned_at, "
        "terminal, holder, "
        "offered, site, mass, "
        "parent, events,"
        " first_at, last_at, facts, ended_at, judged_at) WHERE t.item_id = g.item_id"};
static const struct pg_statement keep_clocks_statement = {
    41, "SELECT custody.keep_clocks($1::bigint[], $2::bigint[], $3::smallint[], $4::timestamptz[], $5::timestamptz[],"
        " $6::timestamptz[], $7::timestamptz[])"};
/* What cannot be folded is counted all the same. */
static const struct pg_statement count_events_statement = {
    36, "UPDATE custody.item t SET event_count = t.event_count + g.events FROM unnest($1::bigint[], $2::int[]) AS g "
        "(item_id, events)"
        " WHERE t.item_id = g.item_id"};
static const struct pg_statement add_events_statement = {
    29,
    "INSERT INTO custody.event (item_id, event_at, log_index, ordinal, event_id, type, part, party_id, source_id, "
    "site_id,"
    " counterparty_id, lon_e7, lat_e7, mass_g, mass_estimated)"
    " SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::smallint[], $5::uuid[], $6::smallint[],"
    " $7::smallint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::int[], $13::int[], $14::bigint[], "
    "$15::boolean[])"};
static const struct pg_statement add_sightings_statement = {
    30, "INSERT INTO reentry.sighting (sighting_id, log_index, ordinal, source_id, kind, seen_at, item_kind, use, "
        "lon_e7, lat_e7,"
        " platform, listing_id) SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::bigint[], "
        "$5::smallint[],"
        " $6::timestamptz[], $7::smallint[], $8::smallint[], $9::int[], $10::int[], $11::text[], $12::text[])"};
static const struct pg_statement add_sighted_statement = {
    31, "INSERT INTO reentry.sighted_identifier (scheme, value, log_index, ordinal, from_text)"
        " SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::smallint[], $5::boolean[]) ON CONFLICT DO "
        "NOTHING"};

static void put_time_or_null(struct buffer *out, bool has, int64_t at_us)
{
    if (has)
        copy_put_time(out, at_us);
    else
        copy_put_null(out);
}

static void put_item(struct params *params, const struct judged *judged, struct buffer *facts, int64_t now_us)
{
    const struct item_state *state = &judged->state;
    struct buffer *column = params->buffers;

    buffer_clear(facts);
    item_facts_encode(&state->facts, facts);
    copy_put_i64(column++, judged->item->item_id);
    copy_put_i16(column++, (int16_t)state->kind);
    copy_put_i16(column++, (int16_t)state->physical);
    copy_put_i16(column++, (int16_t)state->legal);
    copy_put_i16(column++, (int16_t)state->ban);
    put_time_or_null(column++, state->ban != RESALE_BAN_NONE, state->banned_at_us);
    copy_put_bool(column++, state->terminal);
    copy_put_id(column++, state->holder_party_id);
    copy_put_id(column++, state->offered_party_id);
    copy_put_id(column++, state->site_id);
    if (state->has_mass)
        copy_put_i64(column++, state->mass_g);
    else
        copy_put_null(column++);
    copy_put_id(column++, judged->item->parent ? judged->item->parent->item_id : 0);
    copy_put_i32(column++, (int32_t)state->event_count);
    put_time_or_null(column++, state->event_count > 0, state->first_event_at_us);
    put_time_or_null(column++, state->event_count > 0, state->last_event_at_us);
    copy_put_bytes(column++, facts->data, facts->len);
    put_time_or_null(column++, state->ended_at_us != 0, state->ended_at_us);
    copy_put_time(column, now_us);
}

static size_t count_new_events(const struct item *item)
{
    size_t count = 0;

    for (const struct item_event *event = item->events; event; event = event->next)
        count++;
    return count;
}

static void write_counts(struct transaction *transaction, struct params *params, const struct judged *judged,
                         size_t count, size_t unfolded)
{
    (void)PARAMS_BEGIN_ARRAYS(params, unfolded, OID_INT8, OID_INT4);
    for (size_t i = 0; i < count; i++)
        if (!judged[i].folded && judged[i].item->events) {
            copy_put_i64(&params->buffers[0], judged[i].item->item_id);
            copy_put_i32(&params->buffers[1], (int32_t)count_new_events(judged[i].item));
        }
    transaction_query(transaction, &count_events_statement, params, NULL, NULL);
}

void rows_write_items(struct transaction *transaction, struct params *params, const struct judged *judged, size_t count,
                      int64_t now_us)
{
    struct buffer facts;
    size_t folded = 0, unfolded = 0;

    for (size_t i = 0; i < count; i++) {
        folded += judged[i].folded;
        unfolded += !judged[i].folded && judged[i].item->events;
    }
    if (unfolded)
        write_counts(transaction, params, judged, count, unfolded);
    if (!folded)
        return;
    (void)PARAMS_BEGIN_ARRAYS(params, folded, OID_INT8, OID_INT2, OID_INT2, OID_INT2, OID_INT2, OID_TIMESTAMPTZ,
                              OID_BOOL, OID_INT8, OID_INT8, OID_INT8, OID_INT8, OID_INT8, OID_INT4, OID_TIMESTAMPTZ,
                              OID_TIMESTAMPTZ, OID_BYTEA, OID_TIMESTAMPTZ, OID_TIMESTAMPTZ);
    buffer_init(&facts, FACTS_BYTES_MAX);
    for (size_t i = 0; i < count; i++)
        if (judged[i].folded)
            put_item(params, &judged[i], &facts, now_us);
    assert(!facts.failed);
    buffer_fini(&facts);
    transaction_query(transaction, &update_items_statement, params, NULL, NULL);
}

static bool has_run(const struct judged *judged, unsigned kind)
{
    return judged->folded && judged->state.clocks[kind].opened_at_us != 0;
}

static void put_clock(struct params *params, const struct judged *judged, enum clock_kind kind)
{
    const struct clock_run *run = &judged->state.clocks[kind];
    const struct surroundings *around = &judged->item->around;
    int64_t alarm_us = clock_alarm_us(around->directory, &judged->state, kind, around->now_us);
    struct buffer *column = params->buffers + 1; /* the first parameter names the items */

    copy_put_i64(column++, judged->item->item_id);
    copy_put_i16(column++, (int16_t)kind);
    copy_put_time(column++, run->opened_at_us);
    copy_put_time(column++, run->due_at_us);
    put_time_or_null(column++, run->stopped_at_us != 0, run->stopped_at_us);
    put_time_or_null(column, alarm_us != 0, alarm_us);
}

void rows_write_clocks(struct transaction *transaction, struct params *params, const struct judged *judged,
                       size_t count)
{
    static const enum pg_type_oid types[] = {OID_INT8,        OID_INT2,        OID_TIMESTAMPTZ,
                                             OID_TIMESTAMPTZ, OID_TIMESTAMPTZ, OID_TIMESTAMPTZ};
    size_t folded = 0, clocks = 0;

    for (size_t i = 0; i < count; i++) {
        folded += judged[i].folded;
        for (unsigned kind = 0; kind < CLOCK_KIND_COUNT; kind++)
            clocks += has_run(&judged[i], kind);
    }
    if (!folded)
        return;
    params_clear(params);
    array_begin(params_add(params), OID_INT8, folded);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        array_begin(params_add(params), types[i], clocks);
    for (size_t i = 0; i < count; i++) {
        if (judged[i].folded)
            copy_put_i64(&params->buffers[0], judged[i].item->item_id);
        for (unsigned kind = 0; kind < CLOCK_KIND_COUNT; kind++)
            if (has_run(&judged[i], kind))
                put_clock(params, &judged[i], (enum clock_kind)kind);
    }
    transaction_query(transaction, &keep_clocks_statement, params, NULL, NULL);
}

static void put_event(struct params *params, const struct directory *directory, const struct item *item,
                      const struct item_event *added)
{
    const struct batch_envelope *envelope = added->envelope;
    const struct event *event = &envelope->report->events[added->ordinal];
    const struct site *site = directory_site(directory, event->site);
    const struct party *counterparty = directory_party(directory, event->counterparty);
    const struct mass *mass = added->is_part ? &event->composition.parts[added->part].mass : &event->mass;
    struct buffer *column = params->buffers;

    copy_put_i64(column++, item->item_id);
    copy_put_time(column++, event->at_us);
    copy_put_i64(column++, (int64_t)envelope->log_index);
    copy_put_i16(column++, (int16_t)added->ordinal);
    copy_put_bytes(column++, event->event_id, UUID_BYTES);
    copy_put_i16(column++, (int16_t)event->type);
    if (added->is_part)
        copy_put_i16(column++, (int16_t)added->part);
    else
        copy_put_null(column++);
    copy_put_i64(column++, envelope->source->party_id);
    copy_put_i64(column++, envelope->source->source_id);
    copy_put_id(column++, site ? site->site_id : 0);
    copy_put_id(column++, counterparty ? counterparty->party_id : 0);
    if (event->position.present) {
        copy_put_i32(column++, event->position.lon_e7);
        copy_put_i32(column++, event->position.lat_e7);
    } else {
        copy_put_null(column++);
        copy_put_null(column++);
    }
    if (mass->present) {
        copy_put_i64(column++, mass->mass_g);
        copy_put_bool(column, mass->estimated);
    } else {
        copy_put_null(column++);
        copy_put_null(column);
    }
}

void rows_write_events(struct transaction *transaction, struct params *params, const struct items *items,
                       const struct directory *directory)
{
    size_t count = 0;

    for (const struct item *item = items->list; item; item = item->next)
        for (const struct item_event *event = item->events; event; event = event->next)
            count++;
    if (!count)
        return;
    (void)PARAMS_BEGIN_ARRAYS(params, count, OID_INT8, OID_TIMESTAMPTZ, OID_INT8, OID_INT2, OID_UUID, OID_INT2,
                              OID_INT2, OID_INT8, OID_INT8, OID_INT8, OID_INT8, OID_INT4, OID_INT4, OID_INT8, OID_BOOL);
    for (const struct item *item = items->list; item; item = item->next)
        for (const struct item_event *event = item->events; event; event = event->next)
            put_event(params, directory, item, event);
    transaction_query(transaction, &add_events_statement, params, NULL, NULL);
}

static void put_sighting(struct buffer *column, const struct batch_envelope *envelope, size_t ordinal)
{
    const struct sighting *sighting = &envelope->report->sightings[ordinal];

    copy_put_bytes(column++, sighting->sighting_id, UUID_BYTES);
    copy_put_i64(column++, (int64_t)envelope->log_index);
    copy_put_i16(column++, (int16_t)ordinal);
    copy_put_i64(column++, envelope->source->source_id);
    copy_put_i16(column++, (int16_t)sighting->kind);
    copy_put_time(column++, sighting->at_us);
    copy_put_i16(column++, (int16_t)sighting->item_kind);
    copy_put_i16(column++, (int16_t)sighting->use);
    if (sighting->position.present) {
        copy_put_i32(column++, sighting->position.lon_e7);
        copy_put_i32(column++, sighting->position.lat_e7);
    } else {
        copy_put_null(column++);
        copy_put_null(column++);
    }
    copy_put_text_or_null(column++, sighting->listing.platform);
    copy_put_text_or_null(column, sighting->listing.listing_id);
}

void rows_write_sightings(struct transaction *transaction, struct params *params, const struct batch *batch,
                          const struct sighted *sighted_list)
{
    size_t sighted_count = 0;

    if (!batch->sighting_count)
        return;
    (void)PARAMS_BEGIN_ARRAYS(params, batch->sighting_count, OID_UUID, OID_INT8, OID_INT2, OID_INT8, OID_INT2,
                              OID_TIMESTAMPTZ, OID_INT2, OID_INT2, OID_INT4, OID_INT4, OID_TEXT, OID_TEXT);
    for (size_t i = 0; i < batch->leaf_count; i++)
        for (size_t k = 0; batch->leaves[i]->fate == FATE_STORED && k < batch->leaves[i]->report->sighting_count; k++)
            put_sighting(params->buffers, batch->leaves[i], k);
    transaction_query(transaction, &add_sightings_statement, params, NULL, NULL);
    for (const struct sighted *sighted = sighted_list; sighted; sighted = sighted->next)
        sighted_count++;
    if (!sighted_count)
        return;
    (void)PARAMS_BEGIN_ARRAYS(params, sighted_count, OID_INT2, OID_TEXT, OID_INT8, OID_INT2, OID_BOOL);
    for (const struct sighted *sighted = sighted_list; sighted; sighted = sighted->next) {
        copy_put_i16(&params->buffers[0], (int16_t)sighted->scheme);
        copy_put_text(&params->buffers[1], sighted->value);
        copy_put_i64(&params->buffers[2], (int64_t)sighted->envelope->log_index);
        copy_put_i16(&params->buffers[3], (int16_t)sighted->ordinal);
        copy_put_bool(&params->buffers[4], sighted->from_text);
    }
    transaction_query(transaction, &add_sighted_statement, params, NULL, NULL);
}
