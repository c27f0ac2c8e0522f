/* follower.c - the life of the follower: its connection, its lease, the index, and when the next pass runs. */
#include "ingest/follower.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/reentry/vin_index.h"
#include "ingest/follow.h"
#include "io/pg.h"

enum {
    LEASE_CLASS = 4072,
    PAGE_VINS = 20000,
    FIRST_ROOM = 65536,
    GROWTH = 16, /* a share of what is there: memory of ten million matters */
    IDLE_MS = 250,
    STANDBY_MS = 2000,
    RETRY_MS = 500,
    TROUBLE_MS = 5000,
    LATE_RECORDS = 100000, /* behind the head: worth a line in the log */
};

enum follower_state {
    FOLLOWER_AWAY,
    FOLLOWER_STANDBY,
    FOLLOWER_LOADING,
    FOLLOWER_SETTLING,
    FOLLOWER_IDLE,
    FOLLOWER_PASSING,
    FOLLOWER_STOPPED,
};

struct follower {
    uv_loop_t *loop;
    struct pg *pg;
    const struct config *config;
    struct counters *counters;
    const struct ledger_guard *guard;
    enum follower_state state;
    uv_timer_t *timer, *deadline;
    uv_work_t work;

    struct vin_index index;
    vin_code *codes;
    uint32_t *order, *scratch;
    bool loaded; /* the index is complete up to reentry.progress */
    int64_t load_after;
    uint64_t load_began_us;

    struct follow follow;
    struct params params;
    uint8_t phone_key[PHONE_KEY_BYTES];
    uint64_t crowded; /* of follow.crowded, as told */
    bool stopping, closing, working;
    void (*on_stopped)(void *context);
    void *stopped_context;
    void (*on_closed)(void *context);
    void *closed_context;
    unsigned open_handles;
};

static const struct pg_statement lease_statement = {20, "SELECT pg_try_advisory_lock($1::int, 0)"};
/* One value a page: rows would cost more than what is in them. */
static const struct pg_statement load_statement = {
    21, "SELECT string_agg(b.vin, ''), max(b.item_id), count(*) FROM (SELECT item_id, vin FROM reentry.banned_vin"
        " WHERE item_id > $1::bigint ORDER BY item_id LIMIT $2::int) b"};

static void settle(struct follower *follower);
static void run_pass(struct follower *follower);
static void load_page(struct follower *follower);
static void ask_lease(struct follower *follower);

static void follower_on_timer(uv_timer_t *timer);

static void wait_ms(struct follower *follower, enum follower_state state, uint64_t ms)
{
    follower->state = state;
    (void)uv_timer_start(follower->timer, follower_on_timer, ms, 0);
}

/* ---- the index ---- */

static bool make_room(void *context)
{
    struct follower *follower = context;
    size_t room = follower->index.room + follower->index.room / GROWTH + FIRST_ROOM;
    vin_code *codes = realloc(follower->codes, room * sizeof *codes);
    uint32_t *order;

    if (!codes)
        return false;
    follower->codes = codes;
    order = realloc(follower->order, room * sizeof *order);
    if (order)
        follower->order = order;
    vin_index_use(&follower->index, follower->codes, follower->order, order ? room : follower->index.room);
    return order != NULL;
}

static void follower_settle_work(uv_work_t *work)
{
    struct follower *follower = work->data;

    vin_index_settle(&follower->index, follower->scratch);
}

static void stopped(struct follower *follower);
static void finish_close(struct follower *follower);

static void follower_on_settled(uv_work_t *work, int status)
{
    struct follower *follower = work->data;

    (void)status;
    free(follower->scratch);
    follower->scratch = NULL;
    follower->working = false;
    if (follower->closing) {
        finish_close(follower);
        return;
    }
    if (!follower->loaded)
        log_info("index_loaded", "vins=%zu ms=%llu", follower->index.count,
                 (unsigned long long)((uint64_t)clock_now_us() - follower->load_began_us) / 1000);
    follower->loaded = true;
    if (follower->state == FOLLOWER_SETTLING)
        run_pass(follower);
    else if (follower->stopping)
        stopped(follower);
    else if (pg_is_connected(follower->pg))
        ask_lease(follower);
    finish_close(follower);
}

static void settle(struct follower *follower)
{
    follower->state = FOLLOWER_SETTLING;
    follower->scratch = malloc((follower->index.count + 1) * sizeof *follower->scratch);
    follower->work.data = follower;
    if (!follower->scratch ||
        uv_queue_work(follower->loop, &follower->work, follower_settle_work, follower_on_settled)) {
        free(follower->scratch);
        follower->scratch = NULL;
        log_error("index_not_sorted", "vins=%zu hint=\"out of memory; tried again soon\"", follower->index.count);
        wait_ms(follower, FOLLOWER_SETTLING, TROUBLE_MS);
        return;
    }
    follower->working = true;
    follower->open_handles++;
}

static bool take_page(struct follower *follower, struct text vins)
{
    for (size_t at = 0; at + VIN_LEN <= vins.len; at += VIN_LEN) {
        vin_code code;

        if (vin_code_of((struct text){vins.data + at, VIN_LEN}, &code))
            continue;
        if (follower->index.count == follower->index.room && !make_room(follower))
            return false;
        if (!vin_index_add(&follower->index, code))
            return false;
    }
    return true;
}

static void follower_on_page(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct follower *follower = context;

    if (follower->state != FOLLOWER_LOADING)
        return;
    if (follower->stopping) {
        stopped(follower);
        return;
    }
    if (code || !take_page(follower, pg_bytes(result, 0, 0))) {
        log_error("index_load_failed", "vins=%zu error=\"%s\" hint=\"near matching waits; tried again soon\"",
                  follower->index.count, code ? log_text(text_of(error->text)) : "out of memory");
        if (pg_is_connected(follower->pg))
            wait_ms(follower, FOLLOWER_LOADING, TROUBLE_MS);
        return;
    }
    if (pg_i64(result, 0, 2) < PAGE_VINS) {
        settle(follower);
        return;
    }
    follower->load_after = pg_i64(result, 0, 1);
    load_page(follower);
}

static void load_page(struct follower *follower)
{
    struct pg_param list[2];

    params_clear(&follower->params);
    params_add_i64(&follower->params, follower->load_after);
    params_add_i32(&follower->params, PAGE_VINS);
    for (size_t i = 0; i < 2; i++)
        list[i] = (struct pg_param){follower->params.buffers[i].data, follower->params.buffers[i].len};
    follower->state = FOLLOWER_LOADING;
    if (pg_query(follower->pg, &load_statement, list, 2, follower_on_page, follower))
        wait_ms(follower, FOLLOWER_LOADING, RETRY_MS);
}

/* ---- passes ---- */

static void run_pass(struct follower *follower)
{
    if (follower->guard && (!follower->guard->ready || follower->guard->refused)) {
        if (follower->stopping)
            stopped(follower);
        else
            wait_ms(follower, FOLLOWER_IDLE, IDLE_MS);
        return;
    }
    follower->state = FOLLOWER_PASSING;
    follow_run(&follower->follow, clock_now_us());
}

static void stopped(struct follower *follower)
{
    if (follower->state == FOLLOWER_STOPPED)
        return;
    (void)uv_timer_stop(follower->timer);
    (void)uv_timer_stop(follower->deadline);
    follower->state = FOLLOWER_STOPPED;
    follower->on_stopped(follower->stopped_context);
}

static void follower_on_deadline(uv_timer_t *timer)
{
    log_info("follower_left", "hint=\"what was not followed waits in the log\"");
    stopped(timer->data);
}

static void pass_failed(struct follower *follower, int code, const struct error *error)
{
    struct follow *follow = &follower->follow;

    if (follower->stopping) {
        stopped(follower);
        return;
    }
    if (!pg_is_connected(follower->pg)) {
        follower->state = FOLLOWER_AWAY;
        return;
    }
    if (code == ERR_NO_MEMORY && follow->window > 1) {
        follow->window = (follow->to - follow->from + 1) / 2;
        run_pass(follower);
        return;
    }
    if (code != ERR_CONFLICT && code != ERR_UNREACHABLE)
        log_error("follower_failed", "from=%lld to=%lld error=\"%s\" hint=\"near matching waits; tried again soon\"",
                  (long long)follow->from, (long long)follow->to, log_text(text_of(error->text)));
    wait_ms(follower, FOLLOWER_IDLE, code == ERR_CONFLICT ? RETRY_MS : TROUBLE_MS);
}

static void follower_on_pass(void *context, int code, const struct error *error)
{
    struct follower *follower = context;
    struct follow *follow = &follower->follow;

    if (follower->state == FOLLOWER_STOPPED)
        return;
    if (code) {
        pass_failed(follower, code, error);
        return;
    }
    if (follow->crowded != follower->crowded)
        log_warn("near_crowded",
                 "writings=%llu hint=\"so many banned VINs are near that some were left out; rebuild looks at all\"",
                 (unsigned long long)(follow->crowded - follower->crowded));
    follower->crowded = follow->crowded;
    follower->counters->followed += (uint64_t)(follow->to - follow->from);
    follow->window = follow->window * 2 > FOLLOW_WINDOW_MAX ? FOLLOW_WINDOW_MAX : follow->window * 2;
    if (follow->at_head && follower->stopping && follow->from == follow->to && !follow->change_count)
        stopped(follower);
    else if (vin_index_is_unsettled(&follower->index))
        settle(follower);
    else if (follow->at_head && !follower->stopping)
        wait_ms(follower, FOLLOWER_IDLE, IDLE_MS);
    else
        run_pass(follower);
}

/* ---- the lease ---- */

static void follower_on_lease(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct follower *follower = context;

    (void)error;
    if (follower->state != FOLLOWER_STANDBY)
        return;
    if (follower->stopping) {
        stopped(follower);
        return;
    }
    if (code || !pg_bool(result, 0, 0)) {
        if (pg_is_connected(follower->pg))
            wait_ms(follower, FOLLOWER_STANDBY, STANDBY_MS);
        return;
    }
    /* Somebody else may have followed meanwhile: what they added is loaded on top. */
    follower->loaded = false;
    follower->load_after = 0;
    follower->load_began_us = (uint64_t)clock_now_us();
    load_page(follower);
}

static void ask_lease(struct follower *follower)
{
    struct pg_param param;

    params_clear(&follower->params);
    params_add_i32(&follower->params, LEASE_CLASS);
    param = (struct pg_param){follower->params.buffers[0].data, follower->params.buffers[0].len};
    follower->state = FOLLOWER_STANDBY;
    if (pg_query(follower->pg, &lease_statement, &param, 1, follower_on_lease, follower))
        wait_ms(follower, FOLLOWER_STANDBY, RETRY_MS);
}

static void follower_on_timer(uv_timer_t *timer)
{
    struct follower *follower = timer->data;

    switch (follower->state) {
    case FOLLOWER_STANDBY:
        ask_lease(follower);
        break;
    case FOLLOWER_LOADING:
        load_page(follower);
        break;
    case FOLLOWER_SETTLING:
        settle(follower);
        break;
    case FOLLOWER_IDLE:
        run_pass(follower);
        break;
    case FOLLOWER_AWAY:
    case FOLLOWER_PASSING:
    case FOLLOWER_STOPPED:
        break;
    }
}

/* ---- the connection ---- */

static void follower_on_connected(void *context)
{
    struct follower *follower = context;

    if (!follower->stopping && !follower->working)
        ask_lease(follower);
}

/* A pass or page under way is answered first, with ERR_UNREACHABLE. */
static void follower_on_disconnected(void *context, const char *reason)
{
    struct follower *follower = context;

    (void)reason;
    if (follower->state == FOLLOWER_STOPPED)
        return;
    (void)uv_timer_stop(follower->timer);
    follower->state = FOLLOWER_AWAY;
    if (follower->stopping && !follower->working)
        stopped(follower);
}

/* ---- making and ending ---- */

struct follower *follower_new(uv_loop_t *loop, const struct config *config, const uint8_t *phone_key,
                              const struct ledger_guard *guard, struct counters *counters)
{
    static const struct pg_handler handler = {follower_on_connected, follower_on_disconnected, NULL};
    const struct pg_settings settings = {.conninfo = config->database,
                                         .application_name = "custodyd follower",
                                         .statement_timeout_ms = config->statement_timeout_ms};
    struct follower *follower = calloc(1, sizeof *follower);

    if (!follower)
        return NULL;
    follower->loop = loop;
    follower->config = config;
    follower->counters = counters;
    follower->guard = guard;
    follower->pg = pg_new(loop, &settings, &handler, follower);
    if (!follower->pg) {
        free(follower);
        return NULL;
    }
    params_init(&follower->params, 1024);
    follow_init(&follower->follow, follower->pg, &follower->index, (size_t)config->arena_max_bytes);
    if (phone_key)
        memcpy(follower->phone_key, phone_key, sizeof follower->phone_key);
    follower->follow.phone_key = phone_key ? follower->phone_key : NULL;
    follower->follow.budget = &config->reentry_flags_per_day;
    follower->follow.make_room = make_room;
    follower->follow.on_done = follower_on_pass;
    follower->follow.context = follower;
    return follower;
}

void follower_open(struct follower *follower)
{
    follower->timer = calloc(1, sizeof *follower->timer);
    follower->deadline = calloc(1, sizeof *follower->deadline);
    if (!follower->timer || !follower->deadline)
        abort(); /* start-up, nothing to undo */
    (void)uv_timer_init(follower->loop, follower->timer);
    (void)uv_timer_init(follower->loop, follower->deadline);
    follower->timer->data = follower->deadline->data = follower;
    follower->open_handles = 3; /* these two and the connection */
    pg_open(follower->pg);
}

void follower_stop(struct follower *follower, void (*on_stopped)(void *context), void *context)
{
    follower->stopping = true;
    follower->on_stopped = on_stopped;
    follower->stopped_context = context;
    (void)uv_timer_start(follower->deadline, follower_on_deadline, (uint64_t)follower->config->drain_timeout_ms / 2, 0);
    switch (follower->state) {
    case FOLLOWER_IDLE:
        (void)uv_timer_stop(follower->timer);
        run_pass(follower);
        break;
    case FOLLOWER_PASSING:
        break; /* goes on to the head */
    case FOLLOWER_SETTLING:
        if (!follower->working || !follower->loaded)
            follower->state = FOLLOWER_AWAY; /* not complete: what is stored waits in the log */
        if (!follower->working)
            stopped(follower);
        break;
    case FOLLOWER_LOADING:
    case FOLLOWER_STANDBY:
        if (!uv_is_active((uv_handle_t *)follower->timer))
            break; /* an answer is on its way */
        stopped(follower);
        break;
    case FOLLOWER_AWAY:
        if (!follower->working)
            stopped(follower);
        break;
    case FOLLOWER_STOPPED:
        break;
    }
}

static void finish_close(struct follower *follower)
{
    if (--follower->open_handles)
        return;
    follow_fini(&follower->follow);
    params_fini(&follower->params);
    free(follower->codes);
    free(follower->order);
    if (follower->on_closed)
        follower->on_closed(follower->closed_context);
    free(follower);
}

static void follower_on_timer_closed(uv_handle_t *handle)
{
    struct follower *follower = handle->data;

    free(handle);
    finish_close(follower);
}

static void follower_on_pg_closed(void *context)
{
    finish_close(context);
}

void follower_close(struct follower *follower, void (*on_closed)(void *context), void *context)
{
    follower->closing = true;
    follower->on_closed = on_closed;
    follower->closed_context = context;
    pg_close(follower->pg, follower_on_pg_closed);
    uv_close((uv_handle_t *)follower->timer, follower_on_timer_closed);
    uv_close((uv_handle_t *)follower->deadline, follower_on_timer_closed);
}
