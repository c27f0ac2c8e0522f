/* truck_clock.c - one due truck at a time, in a transaction of its own.
 *
 *   look     which is due? none: again in a second
 *   lock     BEGIN; its row, unless another has it
 *   entry    only when something came late: the last trip that had not begun by then, and the state in which it began
 *   history  the records since then, page by page
 *   fold     on, until what our clock has come to; written; COMMIT; the next at once
 *
 * A failure is rolled back, said, and tried again later. */
#include "ingest/truck_clock.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/sign.h"
#include "ingest/truck_history.h"
#include "ingest/truck_rows.h"
#include "io/copy.h"

enum { INTERVAL_MS = 1000, PARAM_BYTES_MAX = 64 * 1024 * 1024 };

struct truck_clock {
    uv_loop_t *loop;
    const struct config *config;
    struct registry *registry;
    const struct ledger_guard *guard; /* NULL: nothing is signed */
    struct counters *counters;
    struct pg *pg;
    struct transaction transaction;
    struct params params;
    struct arena arena; /* of one truck */
    struct truck_rows rows;
    struct truck_history history;
    uv_timer_t *timer;
    bool closing, in_transaction;
    unsigned open_handles;
    int64_t vehicle_id; /* the one under way; 0: none is due */
    bool locked;
    struct stored_truck stored;
    struct truck_state entry; /* folded again from here */
    void (*on_closed)(void *context);
    void *closed_context;
};

/* Ids beside those of truck_rows.c on the same connection. */
static const struct pg_statement begin_statement = {0, "BEGIN"};
static const struct pg_statement commit_statement = {1, "COMMIT"};
static const struct pg_statement rollback_statement = {2, "ROLLBACK"};
static const struct pg_statement due_statement = {
    3, "SELECT vehicle_id FROM route.truck_state WHERE due_at <= now() ORDER BY due_at LIMIT 1"};
static const struct pg_statement lock_statement = {
    4, "SELECT " STORED_TRUCK_COLUMNS " FROM route.truck_state AS t JOIN registry.vehicle AS v USING (vehicle_id)"
       " WHERE t.vehicle_id = $1::bigint AND t.due_at <= now() FOR UPDATE OF t SKIP LOCKED"};
static const struct pg_statement entry_statement = {
    5, "SELECT entry FROM route.trip WHERE vehicle_id = $1::bigint AND NOT void AND entry_at < 'epoch'::timestamptz + "
       "$2::bigint * interval '1 microsecond'"
       " ORDER BY number DESC LIMIT 1"};
static const struct pg_statement history_statement = {6, TRUCK_HISTORY_SQL};
/* What cannot be folded is not tried all the time. */
static const struct pg_statement postpone_statement = {
    7, "UPDATE route.truck_state SET due_at = now() + interval '10 min' WHERE vehicle_id = $1::bigint"};

static void look(struct truck_clock *clock);
static void looked(void *context);
static void lock(void *context);
static void read_entry(void *context);
static void read_page(void *context);
static void page_read(void *context);
static void commit(struct truck_clock *clock);
static void committed(void *context);
static void failed(void *context);
static void rolled_back(void *context);

/* ---- waking ---- */

static bool may_store(const struct truck_clock *clock)
{
    return registry_is_ready(clock->registry) && pg_is_connected(clock->pg) &&
           (!clock->guard || (clock->guard->ready && !clock->guard->refused));
}

static void clock_on_timer(uv_timer_t *timer)
{
    struct truck_clock *clock = timer->data;

    if (may_store(clock))
        look(clock);
    else
        (void)uv_timer_start(clock->timer, clock_on_timer, INTERVAL_MS, 0);
}

static void rest(struct truck_clock *clock, uint64_t wait_ms)
{
    arena_reset(&clock->arena);
    truck_history_clear(&clock->history);
    if (!clock->closing)
        (void)uv_timer_start(clock->timer, clock_on_timer, wait_ms, 0);
}

static void on_due(void *context, const struct pg_result *result)
{
    struct truck_clock *clock = context;

    clock->vehicle_id = pg_rows(result) ? pg_i64(result, 0, 0) : 0;
}

static void look(struct truck_clock *clock)
{
    clock->vehicle_id = 0;
    transaction_start(&clock->transaction);
    transaction_query(&clock->transaction, &due_statement, NULL, on_due, clock);
    transaction_then(&clock->transaction, looked, clock);
}

static void looked(void *context)
{
    struct truck_clock *clock = context;

    if (clock->vehicle_id)
        lock(clock);
    else
        rest(clock, INTERVAL_MS);
}

/* ---- one truck ---- */

static void on_locked(void *context, const struct pg_result *result)
{
    struct truck_clock *clock = context;

    clock->locked = pg_rows(result) == 1;
    if (clock->locked && !stored_truck_take(&clock->stored, &clock->arena, result, 0))
        transaction_fail(&clock->transaction, ERR_NO_MEMORY, "truck: out of memory");
}

static void lock(void *context)
{
    struct truck_clock *clock = context;

    clock->in_transaction = true;
    transaction_query(&clock->transaction, &begin_statement, NULL, NULL, NULL);
    params_clear(&clock->params);
    params_add_i64(&clock->params, clock->vehicle_id);
    transaction_query(&clock->transaction, &lock_statement, &clock->params, on_locked, clock);
    transaction_then(&clock->transaction, read_entry, clock);
}

/* Everything until here is folded, as far as our clock lets us say so: a truck that keeps something back is awaited by its own clock. */
static int64_t settle_until(const struct truck_clock *clock, const struct observation *sorted, size_t count)
{
    const struct route_limits *limits = route_map_limits(registry_map(clock->registry));
    int64_t by_clock_us = clock_now_us() - clock->stored.behind_us - limits->reorder_window_s * US_PER_S;
    int64_t by_news_us = truck_settle_until(limits, sorted, count);

    return by_clock_us > by_news_us ? by_clock_us : by_news_us;
}

static void unreadable(struct truck_clock *clock)
{
    transaction_fail(&clock->transaction, ERR_INTERNAL, "its state is not readable; hint: custodyctl rebuild");
}

/* Nothing came late: time passes. */
static void fold_on(struct truck_clock *clock)
{
    struct truck_state state = {.settled_us = 0};
    struct observation *waiting;
    size_t count = 0;

    if (clock->stored.state.len && truck_waiting_count(clock->stored.state, &count)) {
        unreadable(clock);
        return;
    }
    waiting = arena_array(&clock->arena, count, sizeof *waiting);
    if (!waiting) {
        transaction_fail(&clock->transaction, ERR_NO_MEMORY, "truck: out of memory");
        return;
    }
    if (clock->stored.state.len && truck_decode(clock->stored.state, &state, waiting)) {
        unreadable(clock);
        return;
    }
    clock->stored.due_us = 0; /* it came */
    truck_rows_begin(&clock->rows, &clock->arena);
    truck_rows_fold(&clock->rows, registry_map(clock->registry), &clock->stored, &state, waiting, count,
                    settle_until(clock, waiting, count));
    truck_rows_write(&clock->rows, &clock->transaction, &clock->params);
}

static void on_entry(void *context, const struct pg_result *result)
{
    struct truck_clock *clock = context;

    clock->entry = (struct truck_state){.settled_us = 0};
    if (pg_rows(result) && truck_decode(pg_bytes(result, 0, 0), &clock->entry, NULL))
        unreadable(clock);
}

static void read_entry(void *context)
{
    struct truck_clock *clock = context;

    if (!clock->locked) { /* another has it, or had */
        commit(clock);
        return;
    }
    if (!clock->stored.stale_from_us) {
        fold_on(clock);
        commit(clock);
        return;
    }
    params_clear(&clock->params);
    params_add_i64(&clock->params, clock->vehicle_id);
    params_add_i64(&clock->params, clock->stored.stale_from_us);
    transaction_query(&clock->transaction, &entry_statement, &clock->params, on_entry, clock);
    transaction_then(&clock->transaction, read_page, clock);
}

static void on_page(void *context, const struct pg_result *result)
{
    struct truck_clock *clock = context;
    struct error error = {.code = 0};
    int code = truck_history_take(&clock->history, result, clock->vehicle_id, clock->entry.settled_us,
                                  route_map_limits(registry_map(clock->registry)), registry_directory(clock->registry),
                                  &error);

    if (code)
        transaction_fail(&clock->transaction, code, "%s", error.text);
}

static void read_page(void *context)
{
    struct truck_clock *clock = context;

    params_clear(&clock->params);
    params_add_i64(&clock->params, clock->vehicle_id);
    params_add_i64(&clock->params, clock->entry.settled_us);
    params_add_i64(&clock->params, clock->history.records ? (int64_t)clock->history.after_index : -1);
    transaction_query(&clock->transaction, &history_statement, &clock->params, on_page, clock);
    transaction_then(&clock->transaction, page_read, clock);
}

static void fold_again(struct truck_clock *clock)
{
    struct truck_history *history = &clock->history;

    history->count = observations_sort(history->list, history->count);
    clock->stored.due_us = 0;
    truck_rows_begin(&clock->rows, &clock->arena);
    truck_rows_again(&clock->rows, clock->vehicle_id, clock->entry.settled_us, clock->entry.trip_count);
    truck_rows_fold(&clock->rows, registry_map(clock->registry), &clock->stored, &clock->entry, history->list,
                    history->count, settle_until(clock, history->list, history->count));
    truck_rows_write(&clock->rows, &clock->transaction, &clock->params);
    clock->counters->trucks_folded_again++;
}

static void page_read(void *context)
{
    struct truck_clock *clock = context;

    if (clock->history.records == TRUCK_HISTORY_PAGE) {
        read_page(clock);
        return;
    }
    fold_again(clock);
    commit(clock);
}

static void commit(struct truck_clock *clock)
{
    transaction_query(&clock->transaction, &commit_statement, NULL, NULL, NULL);
    transaction_then(&clock->transaction, committed, clock);
}

static void committed(void *context)
{
    struct truck_clock *clock = context;

    clock->in_transaction = false;
    rest(clock, clock->locked ? 0 : INTERVAL_MS);
}

/* ---- failures ---- */

static void failed(void *context)
{
    struct truck_clock *clock = context;
    struct transaction *transaction = &clock->transaction;
    bool of_its_own = transaction->code != ERR_UNREACHABLE && transaction->code != ERR_CONFLICT;

    if (!clock->closing)
        log_warn("truck_not_folded", "vehicle=%lld error=\"%s\" hint=\"tried again later\"",
                 (long long)clock->vehicle_id, log_text(text_of(transaction->error.text)));
    transaction_start(transaction);
    if (clock->in_transaction && pg_is_connected(clock->pg) && !clock->closing) {
        transaction_query(transaction, &rollback_statement, NULL, NULL, NULL);
        params_clear(&clock->params);
        params_add_i64(&clock->params, clock->vehicle_id);
        if (of_its_own)
            transaction_query(transaction, &postpone_statement, &clock->params, NULL, NULL);
    }
    clock->in_transaction = false;
    transaction->on_failed = rolled_back;
    transaction_then(transaction, rolled_back, clock);
    transaction->on_failed = failed;
}

static void rolled_back(void *context)
{
    rest(context, INTERVAL_MS);
}

/* ---- beginning and end ---- */

static void clock_on_connected(void *context)
{
    (void)context;
}

static void clock_on_disconnected(void *context, const char *reason)
{
    (void)context;
    log_warn("database_unreachable", "connection=trucks reason=\"%s\" hint=\"connecting again\"",
             log_text(text_of(reason)));
}

struct truck_clock *truck_clock_new(uv_loop_t *loop, const struct config *config, struct registry *registry,
                                    const struct ledger_guard *guard, struct counters *counters)
{
    static const struct pg_handler handler = {clock_on_connected, clock_on_disconnected, NULL};
    struct truck_clock *clock = calloc(1, sizeof *clock);

    if (!clock)
        return NULL;
    *clock = (struct truck_clock){
        .loop = loop, .config = config, .registry = registry, .guard = guard, .counters = counters};
    clock->pg = pg_new(loop,
                       &(struct pg_settings){.conninfo = config->database,
                                             .application_name = "custodyd trucks",
                                             .statement_timeout_ms = config->statement_timeout_ms},
                       &handler, clock);
    if (!clock->pg) {
        free(clock);
        return NULL;
    }
    params_init(&clock->params, PARAM_BYTES_MAX);
    arena_init(&clock->arena, (size_t)config->arena_max_bytes);
    truck_history_init(&clock->history);
    transaction_init(&clock->transaction, clock->pg, clock, failed);
    return clock;
}

void truck_clock_open(struct truck_clock *clock)
{
    clock->timer = calloc(1, sizeof *clock->timer);
    if (!clock->timer)
        abort(); /* start-up, nothing to undo */
    (void)uv_timer_init(clock->loop, clock->timer);
    clock->timer->data = clock;
    clock->open_handles = 2; /* the timer's and the database's */
    pg_open(clock->pg);
    rest(clock, INTERVAL_MS);
}

static void finish_close(struct truck_clock *clock)
{
    if (--clock->open_handles)
        return;
    params_fini(&clock->params);
    arena_fini(&clock->arena);
    truck_history_fini(&clock->history);
    clock->on_closed(clock->closed_context);
    free(clock);
}

static void clock_on_timer_closed(uv_handle_t *handle)
{
    struct truck_clock *clock = handle->data;

    free(handle);
    finish_close(clock);
}

static void clock_on_pg_closed(void *context)
{
    finish_close(context);
}

void truck_clock_close(struct truck_clock *clock, void (*on_closed)(void *context), void *context)
{
    clock->closing = true;
    clock->on_closed = on_closed;
    clock->closed_context = context;
    uv_close((uv_handle_t *)clock->timer, clock_on_timer_closed);
    pg_close(clock->pg, clock_on_pg_closed);
}
