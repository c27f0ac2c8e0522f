/* trucks.c - from the leaves of a range to the states of trucks. */
#include "ingest/trucks.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/copy.h"

enum { REFOLD_DELAY_S = 2 };

/* Ids beside those of store.c, judge.c, rows.c, flags.c and truck_rows.c on the same connection. */
static const struct pg_statement make_statement = {
    56,
    "INSERT INTO route.truck_state (vehicle_id) SELECT v FROM unnest($1::bigint[]) AS v"
    " WHERE NOT EXISTS (SELECT FROM route.truck_state AS t WHERE t.vehicle_id = v) ORDER BY v ON CONFLICT DO NOTHING"};
/* A statement of its own: it sees the rows that another transaction made meanwhile. */
static const struct pg_statement load_statement = {
    57, "SELECT " STORED_TRUCK_COLUMNS " FROM route.truck_state AS t JOIN registry.vehicle AS v USING (vehicle_id)"
        " WHERE t.vehicle_id = ANY ($1::bigint[]) ORDER BY t.vehicle_id FOR UPDATE OF t"};

/* One envelope that says something of one truck. */
struct telling {
    int64_t vehicle_id;
    size_t leaf;
    bool rides, tracks;
};

static void no_memory(struct trucks *trucks)
{
    transaction_fail(trucks->transaction, ERR_NO_MEMORY,
                     "trucks: out of memory; hint: raise arena_max_bytes or lower batch_max_envelopes");
}

/* ---- whom it concerns ---- */

/* Calls for each truck that the leaf says something of, perhaps more than once. */
static size_t each_truck(const struct batch_envelope *envelope, const struct directory *directory,
                         void (*each)(void *context, int64_t vehicle_id), void *context)
{
    const struct source *source = envelope->source;
    const struct report *report = envelope->report;
    size_t count = 0;

    if (source->tracks && report->fix_count + report->reading_count > 0) {
        count++;
        if (each)
            each(context, source->vehicle_id);
    }
    for (size_t i = 0; i < report->event_count; i++) {
        const struct event *event = &report->events[i];
        int64_t vehicle_id =
            event_concerns_trucks(event->type) ? observed_vehicle(event, source->vehicle_id, directory) : 0;

        if (!vehicle_id)
            continue;
        count++;
        if (each)
            each(context, vehicle_id);
    }
    return count;
}

static bool may_concern(const struct batch_envelope *envelope)
{
    return envelope->fate == FATE_STORED && (envelope->source->vehicle_id || envelope->report->event_count > 0);
}

struct adding {
    struct trucks *trucks;
    size_t leaf;
};

static void add_telling(void *context, int64_t vehicle_id)
{
    const struct adding *adding = context;
    struct trucks *trucks = adding->trucks;
    const struct source *source = trucks->batch->leaves[adding->leaf]->source;
    bool rides = source->vehicle_id == vehicle_id;

    trucks->tellings[trucks->telling_count++] =
        (struct telling){vehicle_id, adding->leaf, rides, rides && source->tracks};
}

static int by_vehicle_and_leaf(const void *a, const void *b)
{
    const struct telling *x = a, *y = b;

    if (x->vehicle_id != y->vehicle_id)
        return x->vehicle_id < y->vehicle_id ? -1 : 1;
    return (x->leaf > y->leaf) - (x->leaf < y->leaf);
}

/* Sorted, each once. */
static void order_tellings(struct trucks *trucks)
{
    size_t kept = 0;

    qsort(trucks->tellings, trucks->telling_count, sizeof *trucks->tellings, by_vehicle_and_leaf);
    for (size_t i = 0; i < trucks->telling_count; i++)
        if (kept == 0 || by_vehicle_and_leaf(&trucks->tellings[kept - 1], &trucks->tellings[i]) != 0)
            trucks->tellings[kept++] = trucks->tellings[i];
    trucks->telling_count = kept;
}

bool trucks_gather(struct trucks *trucks, struct transaction *transaction, struct batch *batch,
                   const struct directory *directory)
{
    size_t most = 0;

    *trucks = (struct trucks){.transaction = transaction, .batch = batch};
    for (size_t i = 0; i < batch->leaf_count; i++) {
        batch->leaves[i]->item_ids = NULL;
        if (may_concern(batch->leaves[i]))
            most += each_truck(batch->leaves[i], directory, NULL, NULL);
    }
    if (!most)
        return false;
    trucks->tellings = arena_array(&batch->work, most, sizeof *trucks->tellings);
    for (size_t i = 0; trucks->tellings && i < batch->leaf_count; i++) {
        struct batch_envelope *envelope = batch->leaves[i];

        if (!may_concern(envelope) || !each_truck(envelope, directory, add_telling, &(struct adding){trucks, i}))
            continue;
        envelope->item_ids = arena_array(&batch->work, envelope->report->event_count, sizeof *envelope->item_ids);
        if (!envelope->item_ids)
            no_memory(trucks);
    }
    if (!trucks->tellings)
        no_memory(trucks);
    else
        order_tellings(trucks);
    return true;
}

/* ---- their states ---- */

/* The end of the run of tellings of one truck. */
static size_t truck_end(const struct trucks *trucks, size_t at)
{
    int64_t vehicle_id = trucks->tellings[at].vehicle_id;

    while (at < trucks->telling_count && trucks->tellings[at].vehicle_id == vehicle_id)
        at++;
    return at;
}

static void on_stored(void *context, const struct pg_result *result)
{
    struct trucks *trucks = context;

    trucks->stored = arena_array(&trucks->batch->work, pg_rows(result), sizeof *trucks->stored);
    for (size_t row = 0; trucks->stored && row < pg_rows(result); row++)
        if (!stored_truck_take(&trucks->stored[trucks->stored_count++], &trucks->batch->work, result, row))
            trucks->stored = NULL;
    if (!trucks->stored)
        no_memory(trucks);
}

void trucks_load(struct trucks *trucks, struct params *params)
{
    size_t count = 0;

    for (size_t at = 0; at < trucks->telling_count; at = truck_end(trucks, at))
        count++;
    (void)PARAMS_BEGIN_ARRAYS(params, count, OID_INT8);
    for (size_t at = 0; at < trucks->telling_count; at = truck_end(trucks, at))
        copy_put_i64(&params->buffers[0], trucks->tellings[at].vehicle_id);
    transaction_query(trucks->transaction, &make_statement, params, NULL, NULL);
    transaction_query(trucks->transaction, &load_statement, params, on_stored, trucks);
}

/* ---- folding ---- */

/* One truck under way. */
struct moving {
    struct truck_state state;
    struct observation *list;
    size_t count;
    int64_t late_us, newest_us; /* the earliest that came too late; 0: none */
};

/* What waits, with room for what came. False when memory is exhausted or the bytes are none. */
static bool begin_moving(struct trucks *trucks, struct moving *moving, const struct stored_truck *stored, size_t from,
                         size_t to)
{
    size_t room = 0;

    *moving = (struct moving){.count = 0};
    if (stored->state.len && truck_waiting_count(stored->state, &moving->count)) {
        transaction_fail(trucks->transaction, ERR_INTERNAL,
                         "truck %.*s: its state is not readable; hint: custodyctl rebuild",
                         TEXT_ARG(stored->truck.plate));
        return false;
    }
    for (size_t i = from; i < to; i++)
        room += observations_most(trucks->batch->leaves[trucks->tellings[i].leaf]->report);
    moving->list = arena_array(&trucks->batch->work, moving->count + room, sizeof *moving->list);
    if (!moving->list)
        no_memory(trucks);
    return moving->list && (!stored->state.len || !truck_decode(stored->state, &moving->state, moving->list));
}

/* What one envelope says; too late is what is settled already. */
static void add_envelope(struct trucks *trucks, struct moving *moving, const struct telling *telling,
                         const struct registry *registry)
{
    const struct batch_envelope *envelope = trucks->batch->leaves[telling->leaf];
    const struct observing observing = {
        envelope->report, envelope->log_index, envelope->received_us, telling->vehicle_id,
        telling->rides,   telling->tracks,     envelope->item_ids,    registry_directory(registry)};
    struct observation *added = moving->list + moving->count;
    size_t count = observations_add(&observing, route_map_limits(registry_map(registry)), added), kept = 0;
    int64_t last_us = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t at_us = added[i].at_us;

        last_us = at_us > last_us ? at_us : last_us;
        if (at_us > moving->state.settled_us)
            added[kept++] = added[i];
        else if (!moving->late_us || at_us < moving->late_us)
            moving->late_us = at_us;
    }
    moving->count += kept;
    moving->newest_us = last_us > moving->newest_us ? last_us : moving->newest_us;
    if (count)
        truck_rows_report(&trucks->rows, telling->vehicle_id, last_us, envelope->log_index, telling->rides,
                          telling->tracks);
}

static void move_truck(struct trucks *trucks, struct stored_truck *stored, size_t from, size_t to,
                       const struct registry *registry, int64_t now_us)
{
    const struct route_map *map = registry_map(registry);
    struct moving moving;

    if (!begin_moving(trucks, &moving, stored, from, to))
        return;
    for (size_t i = from; i < to; i++)
        add_envelope(trucks, &moving, &trucks->tellings[i], registry);
    if (moving.newest_us)
        stored->behind_us = now_us > moving.newest_us ? now_us - moving.newest_us : 0;
    if (stored->stale_from_us && (!moving.late_us || stored->stale_from_us < moving.late_us))
        moving.late_us = stored->stale_from_us;
    if (moving.late_us) {
        truck_rows_stale(&trucks->rows, stored, moving.late_us, now_us + REFOLD_DELAY_S * US_PER_S);
        return;
    }
    moving.count = observations_sort(moving.list, moving.count);
    truck_rows_fold(&trucks->rows, map, stored, &moving.state, moving.list, moving.count,
                    truck_settle_until(route_map_limits(map), moving.list, moving.count));
}

void trucks_write(struct trucks *trucks, struct params *params, const struct registry *registry, int64_t now_us)
{
    size_t at = 0;

    truck_rows_begin(&trucks->rows, &trucks->batch->work);
    for (size_t i = 0; i < trucks->stored_count && !trucks->transaction->code; i++) {
        size_t end;

        while (trucks->tellings[at].vehicle_id < trucks->stored[i].truck.vehicle_id)
            at = truck_end(trucks, at);
        assert(trucks->tellings[at].vehicle_id == trucks->stored[i].truck.vehicle_id);
        end = truck_end(trucks, at);
        move_truck(trucks, &trucks->stored[i], at, end, registry, now_us);
        at = end;
    }
    truck_rows_write(&trucks->rows, trucks->transaction, params);
}
