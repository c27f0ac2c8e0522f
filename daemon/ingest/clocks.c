/* clocks.c - takes what is due in short transactions of its own.
 *
 *   every clock_interval_ms   BEGIN; what is due, locked, what is locked by others left for the next time
 *   fold                      histories loaded, folded, states and flags written (ingest/judge), done wishes removed, COMMIT
 *   full                      when as much was due as one transaction takes, the next follows at once
 *
 * A failure is rolled back, said, and tried again at the next tick, with fewer items where memory was short. Wishes that
 * rest on the registry wait until the registry that is in memory has seen what they are about. */
#include "ingest/clocks.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/judge.h"
#include "ingest/sign.h"
#include "io/pg.h"

enum { ITEMS_MAX = 256, PARAM_BYTES_MAX = 1024 * 1024 };

struct clocks {
    uv_loop_t *loop;
    const struct config *config;
    struct registry *registry;
    const struct ledger_guard *guard;
    struct counters *counters;
    struct pg *pg;
    struct transaction transaction;
    struct params params;
    struct judge *judge;
    struct batch batch; /* empty: nobody reported */
    uv_timer_t *timer;
    bool busy, closing;
    unsigned open_handles;
    int32_t most; /* items a transaction takes */
    struct refolded items[ITEMS_MAX];
    size_t count;
    void (*on_closed)(void *context);
    void *closed_context;
};

/* Ids beside those of judge.c and its neighbours on the same connection. */
static const struct pg_statement begin_statement = {0, "BEGIN"};
static const struct pg_statement commit_statement = {1, "COMMIT"};
static const struct pg_statement rollback_statement = {2, "ROLLBACK"};
#define WISH_IS_RIPE                                                                                                   \
    "(r.reason NOT IN ('permit', 'link') OR pg_visible_in_snapshot(r.wanted_xid, $1::text::pg_snapshot))"
static const struct pg_statement due_statement = {
    3, "SELECT i.item_id, i.kind, i.terminal FROM custody.item i WHERE i.item_id IN ("
       "   (SELECT r.item_id FROM custody.refold r WHERE " WISH_IS_RIPE " ORDER BY r.refold_id LIMIT $2::int)"
       "   UNION (SELECT c.item_id FROM custody.clock c WHERE c.alarm_at <= to_timestamp(0) + $3::bigint * interval '1 "
       "microsecond' ORDER BY c.alarm_at LIMIT $2::int)"
       "   LIMIT $2::int)"
       " ORDER BY i.item_id FOR UPDATE SKIP LOCKED"};
static const struct pg_statement done_statement = {4, "DELETE FROM custody.refold r WHERE " WISH_IS_RIPE
                                                      " AND r.item_id = ANY ($2::bigint[])"};

static void find_due(void *context);
static void fold_due(void *context);
static void write_due(void *context);
static void commit(void *context);
static void committed(void *context);
static void failed(void *context);
static void rolled_back(void *context);
static void clocks_on_timer(uv_timer_t *timer);

static void rest(struct clocks *clocks, uint64_t wait_ms)
{
    clocks->busy = false;
    batch_reset(&clocks->batch);
    if (!clocks->closing)
        (void)uv_timer_start(clocks->timer, clocks_on_timer, wait_ms, 0);
}

static void begin(struct clocks *clocks)
{
    clocks->busy = true;
    clocks->count = 0;
    transaction_start(&clocks->transaction);
    transaction_query(&clocks->transaction, &begin_statement, NULL, NULL, NULL);
    find_due(clocks);
}

/* The signer has not looked at the database yet, or refuses it. */
static bool is_held(const struct clocks *clocks)
{
    return clocks->guard && (!clocks->guard->ready || clocks->guard->refused);
}

static void clocks_on_timer(uv_timer_t *timer)
{
    struct clocks *clocks = timer->data;

    if (!registry_is_ready(clocks->registry) || !pg_is_connected(clocks->pg) || is_held(clocks))
        rest(clocks, (uint64_t)clocks->config->clock_interval_ms);
    else
        begin(clocks);
}

static void on_due(void *context, const struct pg_result *result)
{
    struct clocks *clocks = context;

    for (size_t row = 0; row < pg_rows(result) && clocks->count < ITEMS_MAX; row++)
        clocks->items[clocks->count++] =
            (struct refolded){pg_i64(result, row, 0), (enum item_kind)pg_i64(result, row, 1), pg_bool(result, row, 2)};
}

static void find_due(void *context)
{
    struct clocks *clocks = context;
    struct text seen = registry_snapshot(clocks->registry);

    params_clear(&clocks->params);
    params_add_bytes(&clocks->params, seen.data, seen.len);
    params_add_i32(&clocks->params, clocks->most);
    params_add_i64(&clocks->params, clock_now_us() - clocks->config->clock_behind_s * US_PER_S);
    transaction_query(&clocks->transaction, &due_statement, &clocks->params, on_due, clocks);
    transaction_then(&clocks->transaction, fold_due, clocks);
}

/* The wishes first: one that comes from now on is not among them. */
static void fold_due(void *context)
{
    struct clocks *clocks = context;
    struct text seen = registry_snapshot(clocks->registry);
    struct buffer *ids;

    if (!clocks->count) {
        commit(clocks);
        return;
    }
    params_clear(&clocks->params);
    params_add_bytes(&clocks->params, seen.data, seen.len);
    ids = params_add(&clocks->params);
    array_begin(ids, OID_INT8, clocks->count);
    for (size_t i = 0; i < clocks->count; i++)
        copy_put_i64(ids, clocks->items[i].item_id);
    transaction_query(&clocks->transaction, &done_statement, &clocks->params, NULL, NULL);
    judge_load_again(clocks->judge, &clocks->transaction, &clocks->batch, registry_directory(clocks->registry),
                     clocks->items, clocks->count, write_due, clocks);
}

static void write_due(void *context)
{
    struct clocks *clocks = context;

    if (is_held(clocks))
        transaction_fail(&clocks->transaction, ERR_STATE, "the signer refused: nothing is stored");
    else
        judge_write(clocks->judge, &clocks->transaction, &clocks->batch, registry_directory(clocks->registry));
    transaction_then(&clocks->transaction, commit, clocks);
}

static void commit(void *context)
{
    struct clocks *clocks = context;

    transaction_query(&clocks->transaction, &commit_statement, NULL, NULL, NULL);
    transaction_then(&clocks->transaction, committed, clocks);
}

static void committed(void *context)
{
    struct clocks *clocks = context;
    bool full = clocks->count == (size_t)clocks->most;

    clocks->counters->folded_again += clocks->count;
    clocks->most = ITEMS_MAX;
    rest(clocks, full ? 0 : (uint64_t)clocks->config->clock_interval_ms);
}

static void failed(void *context)
{
    struct clocks *clocks = context;
    struct transaction *transaction = &clocks->transaction;

    if (!clocks->closing)
        log_warn("clocks_failed", "items=%zu error=\"%s\" hint=\"tried again\"", clocks->count,
                 log_text(text_of(transaction->error.text)));
    clocks->most = transaction->code == ERR_NO_MEMORY && clocks->most > 1 ? clocks->most / 2 : clocks->most;
    transaction_start(transaction);
    if (pg_is_connected(clocks->pg) && !clocks->closing)
        transaction_query(transaction, &rollback_statement, NULL, NULL, NULL);
    transaction->on_failed = rolled_back;
    transaction_then(transaction, rolled_back, clocks);
    transaction->on_failed = failed;
}

static void rolled_back(void *context)
{
    struct clocks *clocks = context;

    rest(clocks, (uint64_t)clocks->config->clock_interval_ms);
}

/* ---- beginning and end ---- */

static void clocks_on_connected(void *context)
{
    (void)context;
}

static void clocks_on_disconnected(void *context, const char *reason)
{
    (void)context;
    log_warn("database_unreachable", "connection=clocks reason=\"%s\" hint=\"connecting again\"",
             log_text(text_of(reason)));
}

struct clocks *clocks_new(uv_loop_t *loop, const struct config *config, struct registry *registry,
                          const struct ledger_guard *guard, struct counters *counters)
{
    static const struct pg_handler handler = {clocks_on_connected, clocks_on_disconnected, NULL};
    struct clocks *clocks = calloc(1, sizeof *clocks);

    if (!clocks)
        return NULL;
    *clocks = (struct clocks){.loop = loop,
                              .config = config,
                              .registry = registry,
                              .guard = guard,
                              .counters = counters,
                              .most = ITEMS_MAX,
                              .judge = judge_new((size_t)config->arena_max_bytes, &config->clock_behind_s)};
    clocks->pg = pg_new(loop,
                        &(struct pg_settings){.conninfo = config->database,
                                              .application_name = "custodyd clocks",
                                              .statement_timeout_ms = config->statement_timeout_ms},
                        &handler, clocks);
    params_init(&clocks->params, PARAM_BYTES_MAX);
    if (!clocks->judge || !clocks->pg || batch_init(&clocks->batch, 1, (size_t)config->arena_max_bytes)) {
        judge_free(clocks->judge);
        free(clocks); /* start-up: the caller leaves */
        return NULL;
    }
    transaction_init(&clocks->transaction, clocks->pg, clocks, failed);
    return clocks;
}

void clocks_open(struct clocks *clocks)
{
    clocks->timer = calloc(1, sizeof *clocks->timer);
    if (!clocks->timer)
        abort(); /* start-up, nothing to undo */
    (void)uv_timer_init(clocks->loop, clocks->timer);
    clocks->timer->data = clocks;
    clocks->open_handles = 2; /* the timer's and the database's */
    pg_open(clocks->pg);
    rest(clocks, (uint64_t)clocks->config->clock_interval_ms);
}

static void finish_close(struct clocks *clocks)
{
    if (--clocks->open_handles)
        return;
    judge_free(clocks->judge);
    params_fini(&clocks->params);
    batch_fini(&clocks->batch);
    clocks->on_closed(clocks->closed_context);
    free(clocks);
}

static void clocks_on_timer_closed(uv_handle_t *handle)
{
    struct clocks *clocks = handle->data;

    free(handle);
    finish_close(clocks);
}

static void clocks_on_pg_closed(void *context)
{
    finish_close(context);
}

void clocks_close(struct clocks *clocks, void (*on_closed)(void *context), void *context)
{
    clocks->closing = true;
    clocks->on_closed = on_closed;
    clocks->closed_context = context;
    uv_close((uv_handle_t *)clocks->timer, clocks_on_timer_closed);
    pg_close(clocks->pg, clocks_on_pg_closed);
}
