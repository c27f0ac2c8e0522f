/* truck_rows.c - the effects of folding trucks, collected and queued as arrays. */
#include "ingest/truck_rows.h"

#include "io/copy.h"

enum { STATE_BYTES_MAX = 16 * 1024 * 1024 };

/* Ids beside those of store.c, judge.c, rows.c and flags.c on the same connection. */
static const struct pg_statement states_statement = {
    58, "UPDATE route.truck_state AS t SET state = coalesce(g.state, t.state), stale_from = g.stale_from, due_at = "
        "g.due_at,"
        " behind_us = g.behind_us FROM unnest($1::bigint[], $2::bytea[], $3::timestamptz[], $4::timestamptz[], "
        "$5::bigint[]) AS g (vehicle_id, state, stale_from, due_at, behind_us) WHERE t.vehicle_id = g.vehicle_id"};
static const struct pg_statement reports_statement = {
    59, "INSERT INTO route.report (vehicle_id, last_at, log_index, rides, tracks)"
        " SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::boolean[], $5::boolean[])"};
/* Until it ends, a trip has no length. Folded again, it takes the place of the trip that had its number. */
static const struct pg_statement departures_statement = {
    60,
    "INSERT INTO route.trip AS t (vehicle_id, number, started_at, from_site_id, distance_m, fix_count, most_load_g, "
    "entry_at, entry)"
    " SELECT vehicle_id, number, started_at, from_site_id, 0, 0, 0, entry_at, entry"
    " FROM unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::bigint[], $5::timestamptz[], $6::bytea[])"
    " AS g (vehicle_id, number, started_at, from_site_id, entry_at, entry)"
    " ON CONFLICT (vehicle_id, number) DO UPDATE SET started_at = excluded.started_at, ended_at = NULL,"
    " from_site_id = excluded.from_site_id, to_site_id = NULL, distance_m = 0, fix_count = 0, most_load_g = 0,"
    " void = false, entry_at = excluded.entry_at, entry = excluded.entry"};
static const struct pg_statement arrivals_statement = {
    61, "UPDATE route.trip AS t SET ended_at = g.ended_at, to_site_id = g.to_site_id, distance_m = g.distance_m,"
        " fix_count = g.fix_count, most_load_g = g.most_load_g FROM unnest($1::bigint[], $2::int[], $3::timestamptz[],"
        " $4::bigint[], $5::bigint[], $6::int[], $7::bigint[])"
        " AS g (vehicle_id, number, ended_at, to_site_id, distance_m, fix_count, most_load_g)"
        " WHERE t.vehicle_id = g.vehicle_id AND t.number = g.number"};
static const struct pg_statement void_statement = {
    62, "UPDATE route.trip AS t SET void = true FROM unnest($1::bigint[], $2::int[]) AS g (vehicle_id, number)"
        " WHERE t.vehicle_id = g.vehicle_id AND t.number > g.number"};
static const struct pg_statement settle_statement = {
    63,
    "SELECT flag.settle_trucks($1::bigint[], $2::timestamptz[], $3::bigint[], $4::text[], $5::int[], $6::smallint[],"
    " $7::text[], $8::text[], $9::timestamptz[], $10::bigint[])"};

struct state_row {
    struct state_row *next;
    int64_t vehicle_id, stale_from_us, due_us, behind_us;
    struct text state; /* "": as it is */
};

struct trip_row {
    struct trip_row *next;
    int64_t vehicle_id, entry_us;
    struct trip trip;
    struct text entry;
};

struct report_row {
    struct report_row *next;
    int64_t vehicle_id, last_us;
    uint64_t log_index;
    bool rides, tracks;
};

struct finding_row {
    struct finding_row *next;
    int64_t vehicle_id;
    struct route_finding finding;
};

struct again_row {
    struct again_row *next;
    int64_t vehicle_id, since_us;
    uint32_t trips;
};

bool stored_truck_take(struct stored_truck *stored, struct arena *arena, const struct pg_result *result, size_t row)
{
    *stored = (struct stored_truck){
        .truck = {pg_i64(result, row, 0), arena_text(arena, pg_bytes(result, row, 5)),
                  arena_text(arena, pg_bytes(result, row, 6))},
        .state = arena_text(arena, pg_bytes(result, row, 1)),
        .stale_from_us = pg_is_null(result, row, 2) ? 0 : pg_time_us(result, row, 2),
        .due_us = pg_is_null(result, row, 3) ? 0 : pg_time_us(result, row, 3),
        .behind_us = pg_i64(result, row, 4),
    };
    return stored->truck.plate.data && stored->truck.truck_class.data && stored->state.data;
}

void truck_rows_begin(struct truck_rows *rows, struct arena *arena)
{
    *rows = (struct truck_rows){.arena = arena};
    rows->last_state = &rows->states;
    rows->last_departure = &rows->departures;
    rows->last_arrival = &rows->arrivals;
    rows->last_finding = &rows->findings;
}

static void *new_row(struct truck_rows *rows, size_t size)
{
    void *row = arena_alloc(rows->arena, size);

    rows->failed |= !row;
    return row;
}

void truck_rows_report(struct truck_rows *rows, int64_t vehicle_id, int64_t last_us, uint64_t log_index, bool rides,
                       bool tracks)
{
    struct report_row *row = new_row(rows, sizeof *row);

    if (!row)
        return;
    *row = (struct report_row){rows->reports, vehicle_id, last_us, log_index, rides, tracks};
    rows->reports = row;
    rows->report_count++;
}

void truck_rows_again(struct truck_rows *rows, int64_t vehicle_id, int64_t since_us, uint32_t trips)
{
    struct again_row *row = new_row(rows, sizeof *row);

    if (!row)
        return;
    *row = (struct again_row){rows->again, vehicle_id, since_us, trips};
    rows->again = row;
    rows->again_count++;
}

static struct state_row *add_state(struct truck_rows *rows, const struct stored_truck *stored)
{
    struct state_row *row = new_row(rows, sizeof *row);

    if (!row)
        return NULL;
    row->vehicle_id = stored->truck.vehicle_id;
    row->behind_us = stored->behind_us;
    *rows->last_state = row;
    rows->last_state = &row->next;
    rows->state_count++;
    return row;
}

void truck_rows_stale(struct truck_rows *rows, const struct stored_truck *stored, int64_t from_us, int64_t due_us)
{
    struct state_row *row = add_state(rows, stored);

    if (!row)
        return;
    row->stale_from_us = from_us;
    row->due_us = stored->stale_from_us && stored->due_us ? stored->due_us : due_us;
}

/* ---- the sink of the fold ---- */

static void rows_on_finding(void *context, const struct route_finding *finding)
{
    struct truck_rows *rows = context;
    struct finding_row *row = new_row(rows, sizeof *row);

    if (!row)
        return;
    *row = (struct finding_row){NULL, rows->vehicle_id, *finding};
    *rows->last_finding = row;
    rows->last_finding = &row->next;
    rows->evidence_count += finding->evidence_count;
}

static struct text encoded(struct truck_rows *rows, const struct truck_state *state, const struct observation *waiting,
                           size_t count)
{
    struct buffer bytes;
    struct text copy;

    buffer_init(&bytes, STATE_BYTES_MAX);
    truck_encode(state, waiting, count, &bytes);
    copy = bytes.failed ? (struct text){NULL, 0} : arena_text(rows->arena, buffer_text(&bytes));
    buffer_fini(&bytes);
    rows->failed |= !copy.data;
    return copy;
}

static void rows_on_departure(void *context, const struct trip *trip, const struct truck_state *entry)
{
    struct truck_rows *rows = context;
    struct trip_row *row = new_row(rows, sizeof *row);

    if (!row)
        return;
    *row = (struct trip_row){NULL, rows->vehicle_id, entry->settled_us, *trip, encoded(rows, entry, NULL, 0)};
    *rows->last_departure = row;
    rows->last_departure = &row->next;
    rows->departure_count++;
}

static void rows_on_arrival(void *context, const struct trip *trip)
{
    struct truck_rows *rows = context;
    struct trip_row *row = new_row(rows, sizeof *row);

    if (!row)
        return;
    *row = (struct trip_row){NULL, rows->vehicle_id, 0, *trip, {NULL, 0}};
    *rows->last_arrival = row;
    rows->last_arrival = &row->next;
    rows->arrival_count++;
}

/* A time that is set and early enough stays: moving it costs an index entry each time, looking once too often next to nothing. */
static int64_t next_due_us(const struct stored_truck *stored, int64_t wanted_us)
{
    if (wanted_us)
        wanted_us += stored->behind_us;
    return stored->due_us && (!wanted_us || stored->due_us <= wanted_us) ? stored->due_us : wanted_us;
}

void truck_rows_fold(struct truck_rows *rows, const struct route_map *map, const struct stored_truck *stored,
                     struct truck_state *state, struct observation *list, size_t count, int64_t until_us)
{
    const struct route_sink sink = {rows_on_finding, rows_on_departure, rows_on_arrival, rows};
    struct truck_fold fold = {map, &stored->truck, &sink, state, PLACE_UNKNOWN};
    struct state_row *row = add_state(rows, stored);
    size_t done;

    rows->vehicle_id = stored->truck.vehicle_id;
    done = truck_settle(&fold, list, count, until_us);
    if (!row)
        return;
    row->state = encoded(rows, state, list + done, count - done);
    row->due_us = next_due_us(stored, truck_due_us(state, route_map_limits(map), list + done, count - done));
}

/* ---- writing ---- */

static void put_time_or_null(struct buffer *out, int64_t at_us)
{
    if (at_us)
        copy_put_time(out, at_us);
    else
        copy_put_null(out);
}

static void write_states(const struct truck_rows *rows, struct transaction *transaction, struct params *params)
{
    (void)PARAMS_BEGIN_ARRAYS(params, rows->state_count, OID_INT8, OID_BYTEA, OID_TIMESTAMPTZ, OID_TIMESTAMPTZ,
                              OID_INT8);
    for (const struct state_row *row = rows->states; row; row = row->next) {
        copy_put_i64(&params->buffers[0], row->vehicle_id);
        copy_put_text_or_null(&params->buffers[1], row->state);
        put_time_or_null(&params->buffers[2], row->stale_from_us);
        put_time_or_null(&params->buffers[3], row->due_us);
        copy_put_i64(&params->buffers[4], row->behind_us);
    }
    transaction_query(transaction, &states_statement, params, NULL, NULL);
}

static void write_reports(const struct truck_rows *rows, struct transaction *transaction, struct params *params)
{
    (void)PARAMS_BEGIN_ARRAYS(params, rows->report_count, OID_INT8, OID_TIMESTAMPTZ, OID_INT8, OID_BOOL, OID_BOOL);
    for (const struct report_row *row = rows->reports; row; row = row->next) {
        copy_put_i64(&params->buffers[0], row->vehicle_id);
        copy_put_time(&params->buffers[1], row->last_us);
        copy_put_i64(&params->buffers[2], (int64_t)row->log_index);
        copy_put_bool(&params->buffers[3], row->rides);
        copy_put_bool(&params->buffers[4], row->tracks);
    }
    transaction_query(transaction, &reports_statement, params, NULL, NULL);
}

static void write_voids(const struct truck_rows *rows, struct transaction *transaction, struct params *params)
{
    (void)PARAMS_BEGIN_ARRAYS(params, rows->again_count, OID_INT8, OID_INT4);
    for (const struct again_row *row = rows->again; row; row = row->next) {
        copy_put_i64(&params->buffers[0], row->vehicle_id);
        copy_put_i32(&params->buffers[1], (int32_t)row->trips);
    }
    transaction_query(transaction, &void_statement, params, NULL, NULL);
}

static void write_departures(const struct truck_rows *rows, struct transaction *transaction, struct params *params)
{
    (void)PARAMS_BEGIN_ARRAYS(params, rows->departure_count, OID_INT8, OID_INT4, OID_TIMESTAMPTZ, OID_INT8,
                              OID_TIMESTAMPTZ, OID_BYTEA);
    for (const struct trip_row *row = rows->departures; row; row = row->next) {
        copy_put_i64(&params->buffers[0], row->vehicle_id);
        copy_put_i32(&params->buffers[1], (int32_t)row->trip.number);
        copy_put_time(&params->buffers[2], row->trip.started_us);
        copy_put_id(&params->buffers[3], row->trip.from_site_id);
        copy_put_time(&params->buffers[4], row->entry_us);
        copy_put_text(&params->buffers[5], row->entry);
    }
    transaction_query(transaction, &departures_statement, params, NULL, NULL);
}

static void write_arrivals(const struct truck_rows *rows, struct transaction *transaction, struct params *params)
{
    (void)PARAMS_BEGIN_ARRAYS(params, rows->arrival_count, OID_INT8, OID_INT4, OID_TIMESTAMPTZ, OID_INT8, OID_INT8,
                              OID_INT4, OID_INT8);
    for (const struct trip_row *row = rows->arrivals; row; row = row->next) {
        copy_put_i64(&params->buffers[0], row->vehicle_id);
        copy_put_i32(&params->buffers[1], (int32_t)row->trip.number);
        copy_put_time(&params->buffers[2], row->trip.ended_us);
        copy_put_id(&params->buffers[3], row->trip.to_site_id);
        copy_put_i64(&params->buffers[4], row->trip.distance_m);
        copy_put_i32(&params->buffers[5], (int32_t)row->trip.fix_count);
        copy_put_i64(&params->buffers[6], row->trip.most_load_g);
    }
    transaction_query(transaction, &arrivals_statement, params, NULL, NULL);
}

/* A finding a piece of evidence. */
static void put_finding(struct params *params, const struct finding_row *row, uint64_t log_index)
{
    const struct finding *finding = &row->finding.finding;
    struct buffer *column = params->buffers + 2;

    copy_put_i64(column++, row->vehicle_id);
    copy_put_text(column++, text_of(rule_infos[finding->rule].id));
    copy_put_i32(column++, rule_infos[finding->rule].version);
    copy_put_i16(column++, (int16_t)finding->severity);
    copy_put_text(column++, text_of(finding->key));
    copy_put_text(column++, text_of(finding->text));
    copy_put_time(column++, finding->at_us);
    copy_put_i64(column, (int64_t)log_index);
}

static void write_flags(const struct truck_rows *rows, struct transaction *transaction, struct params *params)
{
    static const enum pg_type_oid types[] = {OID_INT8, OID_TEXT, OID_INT4,        OID_INT2,
                                             OID_TEXT, OID_TEXT, OID_TIMESTAMPTZ, OID_INT8};

    (void)PARAMS_BEGIN_ARRAYS(params, rows->again_count, OID_INT8, OID_TIMESTAMPTZ);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        array_begin(params_add(params), types[i], rows->evidence_count);
    for (const struct again_row *row = rows->again; row; row = row->next) {
        copy_put_i64(&params->buffers[0], row->vehicle_id);
        copy_put_time(&params->buffers[1], row->since_us);
    }
    for (const struct finding_row *row = rows->findings; row; row = row->next)
        for (size_t i = 0; i < row->finding.evidence_count; i++)
            put_finding(params, row, row->finding.evidence[i]);
    transaction_query(transaction, &settle_statement, params, NULL, NULL);
}

void truck_rows_write(const struct truck_rows *rows, struct transaction *transaction, struct params *params)
{
    if (rows->failed) {
        transaction_fail(transaction, ERR_NO_MEMORY,
                         "trucks: out of memory; hint: raise arena_max_bytes or lower "
                         "batch_max_envelopes");
        return;
    }
    if (rows->state_count)
        write_states(rows, transaction, params);
    if (rows->report_count)
        write_reports(rows, transaction, params);
    if (rows->again_count)
        write_voids(rows, transaction, params);
    if (rows->departure_count)
        write_departures(rows, transaction, params);
    if (rows->arrival_count)
        write_arrivals(rows, transaction, params);
    if (rows->evidence_count || rows->again_count)
        write_flags(rows, transaction, params);
}
