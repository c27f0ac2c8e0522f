/* lane.c - the life of a batch.
 *
 * Messages are taken into the batch as they arrive (gate_attribute), their signatures go to the thread pool at once. When the socket has
 * no more, or the batch is full, the lane stops reading, waits for the last signature, and stores. When that is committed the
 * acknowledgements are published and only then the PUBACKs are released: a crash before COMMIT makes the broker send the batch
 * again, a crash after it makes duplicates, which are acknowledged again. A backlog is read, and its PUBACKs are written, in the pool
 * (io/mqtt): the loop has other lanes to serve.
 *
 * When the database refuses something in a batch, or it outgrows the arena, the range is halved until the poison record stands alone; it becomes a dead
 * letter and the rest is stored. Conflicts and lost connections repeat the range after a pause. Anything else stops the lane and says so:
 * reading on would only lose order. */
#include "ingest/lane.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/ack.h"
#include "ingest/gate.h"
#include "ingest/store.h"
#include "ingest/verify.h"
#include "io/mqtt.h"
#include "io/pg.h"

enum {
    SESSION_EXPIRY_S = 60 * 24 * 3600, /* the broker keeps what arrives for us so long */
    KEEPALIVE_S = 120,                 /* held PUBACKs must not outlive it */
    RECEIVE_MAXIMUM = 65535,
    BACKLOG_ENVELOPES = 256, /* a batch of so many says that more is waiting */
    REFILL_AFTER = 1024,     /* ... and of so many, that the next one waits for more from the start */
    REFILL_MS = 4,           /* the socket holds some hundred messages; the broker needs moments to fill it again */
    ENVELOPE_BYTES = 512,    /* of the arena, beside those that came */
    OWED_IDLE_MS = 20,
    LIMIT_GROWTH = 16,
    RETRY_MIN_MS = 2, /* a lost compare-and-swap is as good as new at once */
    RETRY_MAX_MS = 5000,
    RECONNECT_POLL_MS = 50,
    NAME_BYTES = 64,
    AREAS_BYTES = 1024,
};

enum lane_state {
    LANE_CONNECTING,
    LANE_READING,
    LANE_VERIFYING,
    LANE_STORING,
    LANE_RETRYING,
    LANE_ACKNOWLEDGING,
    LANE_RELEASING,
    LANE_FAILED,
    LANE_STOPPED,
};

struct lane {
    uv_loop_t *loop;
    const struct config *config;
    struct lane_handler handler;
    void *context;
    char name[NAME_BYTES], areas[AREAS_BYTES];

    enum lane_state state;
    bool announced, stopping, session_resumed;
    bool closing; /* still READING, but only what the pool is reading already */
    struct mqtt *mqtt;
    struct pg *pg;
    struct gate gate;
    const struct ledger_guard *guard;
    struct error halted; /* code 0: not */
    struct batch batch;
    struct verify verify;
    struct store store;
    struct acks acks;
    uv_timer_t *timer; /* linger, retry */
    uv_idle_t *turn;   /* makes the loop turn at once ... */
    uv_check_t *quiet; /* ... and sees afterwards whether that brought anything */
    size_t count_before_turn;
    size_t taken;      /* messages read for this batch, the throttled among them */
    size_t last_count; /* envelopes of the batch before */
    uint32_t retry_ms;
    size_t limit;     /* envelopes a batch may have now: halved when one outgrows the arena, grown by each that fits */
    bool broker_lost; /* the session broke while the batch was under way: its PUBACKs are gone, nothing to release */
    void (*on_closed)(void *context);
    unsigned open_handles;
};

static void start_storing(struct lane *lane);
static void release(struct lane *lane);
static void start_range(struct lane *lane);
static void give_up(struct lane *lane, const struct error *error);

static void become(struct lane *lane, enum lane_state state)
{
    lane->state = state;
}

/* ---- stopping ---- */

static void stopped(struct lane *lane)
{
    if (lane->state == LANE_STOPPED)
        return;
    become(lane, LANE_STOPPED);
    mqtt_pause(lane->mqtt);
    (void)uv_timer_stop(lane->timer);
    lane->handler.on_stopped(lane->context);
}

/* ---- reading ---- */

static void lane_on_linger(uv_timer_t *timer);
static void watch_for_quiet(struct lane *lane);

static bool has_all(const struct lane *lane)
{
    return mqtt_is_connected(lane->mqtt) && pg_is_connected(lane->pg) && registry_is_ready(lane->gate.registry) &&
           (!lane->guard || lane->guard->ready);
}

static void read_on(struct lane *lane)
{
    lane->last_count = lane->batch.count;
    batch_reset(&lane->batch);
    lane->taken = 0;
    lane->closing = false;
    lane->retry_ms = RETRY_MIN_MS;
    lane->broker_lost = false;
    lane->limit += LIMIT_GROWTH;
    if (lane->limit > lane->batch.room)
        lane->limit = lane->batch.room;
    if (lane->stopping) {
        stopped(lane);
        return;
    }
    if (lane->halted.code) {
        give_up(lane, &lane->halted);
        return;
    }
    if (!has_all(lane)) {
        become(lane, LANE_CONNECTING);
        return;
    }
    become(lane, LANE_READING);
    mqtt_resume(lane->mqtt);
    if (lane->acks.owed)
        (void)uv_timer_start(lane->timer, lane_on_linger, OWED_IDLE_MS, 0);
}

/* From here on what is published reaches us. */
static void announce(struct lane *lane)
{
    if (lane->announced)
        return;
    lane->announced = true;
    lane->handler.on_ready(lane->context);
}

/* Starts reading once all are there: broker, database, registry, and the log that was signed. */
void lane_try_reading(struct lane *lane)
{
    if (lane->state != LANE_CONNECTING || !has_all(lane))
        return;
    if (lane->session_resumed) /* its subscription stands; the answer to ours comes behind the backlog */
        announce(lane);
    read_on(lane);
}

/* A subscription that the broker's access list refuses would wait for ever. */
static void lane_on_subscribed(void *context, bool granted)
{
    struct lane *lane = context;

    if (granted)
        announce(lane);
    else
        mqtt_drop(lane->mqtt, "subscription refused; hint: the broker's access list for broker_username");
}

/* Reading ends, and what was read is stored. What the pool is reading now belongs to it: its PUBACKs are queued with the others. */
static void close_batch(struct lane *lane)
{
    mqtt_pause(lane->mqtt);
    (void)uv_timer_stop(lane->timer);
    (void)uv_idle_stop(lane->turn);
    (void)uv_check_stop(lane->quiet);
    lane->closing = mqtt_is_reading(lane->mqtt);
    if (lane->closing)
        return;
    if (lane->batch.count == 0) {
        if (lane->taken)
            release(lane); /* all throttled: their PUBACKs need no transaction */
        else
            read_on(lane);
        return;
    }
    verify_flush(&lane->verify);
    become(lane, LANE_VERIFYING);
    if (lane->verify.pending == 0)
        start_storing(lane);
}

static void lane_on_verified(void *context)
{
    struct lane *lane = context;

    if (lane->state == LANE_VERIFYING)
        start_storing(lane);
}

/* Half of it is left to decode what is there, and for what is read beyond the bound. */
static size_t arena_room(const struct lane *lane)
{
    const struct arena *arena = &lane->batch.arena;
    size_t usable = arena->cap_bytes / 2;

    return arena->used_bytes < usable ? usable - arena->used_bytes : 0;
}

static size_t messages_room(const struct lane *lane)
{
    return lane->taken < lane->limit ? lane->limit - lane->taken : 0;
}

static size_t bytes_room(const struct lane *lane)
{
    size_t bound = (size_t)lane->config->batch_max_bytes;

    return lane->batch.bytes < bound ? bound - lane->batch.bytes : 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A backlog: fewer are live traffic, which must not wait. */
static bool pours_in(const struct lane *lane)
{
    return lane->batch.count >= BACKLOG_ENVELOPES || (lane->batch.count && lane->last_count >= REFILL_AFTER);
}

static struct mqtt_room lane_room(void *context)
{
    const struct lane *lane = context;

    return (struct mqtt_room){.messages = least(messages_room(lane), arena_room(lane) / ENVELOPE_BYTES),
                              .bytes = least(bytes_room(lane), arena_room(lane)),
                              .wait_ms = pours_in(lane) ? REFILL_MS : 0};
}

static bool is_full(struct lane *lane)
{
    struct mqtt_room room = lane_room(lane);

    return room.messages == 0 || room.bytes == 0;
}

static void lane_on_message(void *context, const struct mqtt_message *message)
{
    struct lane *lane = context;
    struct batch *batch = &lane->batch;
    size_t before = batch->count;

    if (lane->state != LANE_READING) {
        mqtt_drop(lane->mqtt, "messages beyond the batch");
        return;
    }
    lane->taken++;
    /* A full arena would leave this message unacknowledged and unread: the batch is closed long before. A record of TLS may hold several
     * packets, and libmosquitto reads them all: what is too much comes again. */
    if (gate_attribute(&lane->gate, batch, message->topic, message->payload, clock_now_us())) {
        mqtt_drop(lane->mqtt, "batch memory exhausted; hint: raise arena_max_bytes or lower batch_max_envelopes");
        return;
    }
    if (batch->count > before && batch->envelopes[before]->to_verify)
        verify_add(&lane->verify, batch, batch->envelopes[before]);
}

static void lane_on_turn(uv_idle_t *idle)
{
    (void)idle;
}

/* After a turn of the loop: while a backlog pours in, each turn brings more, and batches grow; a turn without news closes the batch
 * some microseconds late. */
static void lane_on_quiet(uv_check_t *check)
{
    struct lane *lane = check->data;

    if (lane->state != LANE_READING)
        return;
    if (lane->batch.count > lane->count_before_turn)
        lane->count_before_turn = lane->batch.count;
    else
        close_batch(lane);
}

static void watch_for_quiet(struct lane *lane)
{
    if (uv_is_active((uv_handle_t *)lane->turn))
        return;
    lane->count_before_turn = lane->batch.count;
    (void)uv_idle_start(lane->turn, lane_on_turn);
    (void)uv_check_start(lane->quiet, lane_on_quiet);
}

/* Thousands are told one round after the other. */
static void tell_owed(struct lane *lane)
{
    if (lane->acks.pending == 0)
        acks_flush(&lane->acks, NULL, NULL);
    if (lane->acks.owed)
        (void)uv_timer_start(lane->timer, lane_on_linger, OWED_IDLE_MS, 0);
}

/* Lingered long enough; or nothing has come for a while, and some still wait for their note. */
static void lane_on_linger(uv_timer_t *timer)
{
    struct lane *lane = timer->data;

    if (lane->state != LANE_READING)
        return;
    if (lane->batch.count > 0 && lane->config->linger_ms > 0)
        close_batch(lane);
    else if (lane->batch.count == 0)
        tell_owed(lane);
}

static void lane_on_read_done(void *context, bool more)
{
    struct lane *lane = context;

    if (lane->state != LANE_READING)
        return;
    if (lane->closing || is_full(lane) || (!more && lane->taken && lane->batch.count == 0)) {
        close_batch(lane);
    } else if (more) {
        (void)uv_idle_stop(lane->turn);
        (void)uv_check_stop(lane->quiet);
    } else if (lane->batch.count == 0) {
        return; /* an answer of the broker's */
    } else if (lane->config->linger_ms == 0) {
        watch_for_quiet(lane);
    } else if (!uv_is_active((uv_handle_t *)lane->timer)) {
        (void)uv_timer_start(lane->timer, lane_on_linger, (uint64_t)lane->config->linger_ms, 0);
    }
}

/* ---- storing ---- */

static void release(struct lane *lane)
{
    become(lane, LANE_RELEASING);
    if (lane->broker_lost || !mqtt_is_connected(lane->mqtt))
        read_on(lane);
    else
        mqtt_release(lane->mqtt);
}

static void lane_on_released(void *context)
{
    struct lane *lane = context;

    if (lane->state == LANE_RELEASING)
        read_on(lane);
}

/* The range is stored and answered: on to what is left of the batch. */
static void lane_on_acknowledged(void *context)
{
    struct lane *lane = context;

    if (lane->state != LANE_ACKNOWLEDGING)
        return;
    if (lane->batch.to == lane->batch.count) {
        if (lane->stopping && lane->acks.owed)
            acks_flush(&lane->acks, lane_on_acknowledged, lane);
        else
            release(lane);
        return;
    }
    lane->batch.from = lane->batch.to;
    lane->batch.to = lane->batch.count;
    batch_unjudge(&lane->batch);
    start_range(lane);
}

static void give_up(struct lane *lane, const struct error *error)
{
    log_error("lane_stopped",
              "lane=\"%s\" error=\"%s\" hint=\"nothing is lost: the broker keeps what comes; mend it and restart\"",
              lane->name, log_text(text_of(error->text)));
    mqtt_pause(lane->mqtt);
    if (lane->stopping) {
        stopped(lane);
        return;
    }
    become(lane, LANE_FAILED);
    lane->handler.on_failed(lane->context, error->text);
}

static void lane_on_refreshed(void *context, int code, const struct error *error);

static void lane_on_retry(uv_timer_t *timer)
{
    struct lane *lane = timer->data;

    if (lane->state != LANE_RETRYING)
        return;
    batch_unjudge(&lane->batch);
    if (!pg_is_connected(lane->pg)) {
        (void)uv_timer_start(lane->timer, lane_on_retry, RECONNECT_POLL_MS, 0);
        return;
    }
    become(lane, LANE_STORING);
    store_refresh(&lane->store, &lane->batch, lane_on_refreshed, lane);
}

static void retry_later(struct lane *lane)
{
    uint32_t random;

    if (lane->stopping) {
        stopped(lane);
        return;
    }
    (void)uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
    become(lane, LANE_RETRYING);
    lane->gate.counters->retries++;
    (void)uv_timer_start(lane->timer, lane_on_retry, lane->retry_ms / 2 + random % lane->retry_ms, 0);
    lane->retry_ms = lane->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : lane->retry_ms * 2;
}

/* The database refuses something in the range, or it does not fit our memory: half of it, or the one record that it is. */
static void narrow(struct lane *lane, const struct error *error)
{
    struct batch *batch = &lane->batch;
    struct batch_envelope *poison;

    if (error->code == ERR_NO_MEMORY)
        lane->limit = (batch->to - batch->from + 1) / 2;
    if (batch->to - batch->from > 1) {
        batch->to = batch->from + (batch->to - batch->from) / 2;
    } else {
        poison = batch->envelopes[batch->from];
        if (poison->undecodable && poison->reason == REFUSAL_NOT_STORABLE) { /* not even as a dead letter */
            give_up(lane, error);
            return;
        }
        log_error("not_storable", "source=%s epoch=%u seq=%llu error=\"%s\" kept=dead_letter",
                  poison->source ? poison->source->name : "", poison->header.epoch,
                  (unsigned long long)poison->header.seq, log_text(text_of(error->text)));
        batch_refuse(batch, poison, FATE_DEAD, REFUSAL_NOT_STORABLE, "%s", error->text);
        poison->undecodable = true;
    }
    batch_unjudge(batch);
    start_range(lane);
}

/* A backlog pours in: most sources are told later, once for all that they sent. */
static bool notes_may_wait(const struct lane *lane)
{
    return lane->batch.count >= BACKLOG_ENVELOPES && !lane->stopping;
}

static void lane_on_numbered(void *context)
{
    struct lane *lane = context;

    if (!notes_may_wait(lane))
        acks_sign_ahead(&lane->acks, &lane->batch, &lane->store.head);
}

static void lane_on_stored(void *context, int code, const struct error *error)
{
    struct lane *lane = context;

    if (code == 0) {
        lane->retry_ms = RETRY_MIN_MS;
        become(lane, LANE_ACKNOWLEDGING);
        acks_publish(&lane->acks, &lane->batch, &lane->store.head, notes_may_wait(lane), clock_now_us(),
                     lane_on_acknowledged, lane);
        return;
    }
    acks_void(&lane->acks);
    if (code == ERR_DATA || code == ERR_NO_MEMORY || code == ERR_TOO_LARGE) {
        narrow(lane, error);
    } else if (code == ERR_CONFLICT || code == ERR_UNREACHABLE) {
        log_warn("batch_repeated", "lane=\"%s\" envelopes=%zu error=\"%s\"", lane->name,
                 lane->batch.to - lane->batch.from, log_text(text_of(error->text)));
        retry_later(lane);
    } else {
        give_up(lane, error);
    }
}

static void lane_on_refreshed(void *context, int code, const struct error *error)
{
    struct lane *lane = context;

    if (code == 0)
        start_range(lane);
    else if (code == ERR_CONFLICT || code == ERR_UNREACHABLE)
        retry_later(lane);
    else
        give_up(lane, error);
}

static void start_range(struct lane *lane)
{
    if (lane->halted.code) {
        give_up(lane, &lane->halted);
        return;
    }
    become(lane, LANE_STORING);
    store_run(&lane->store, &lane->batch, lane_on_numbered, lane_on_stored, lane);
}

static void start_storing(struct lane *lane)
{
    lane->batch.from = 0;
    lane->batch.to = lane->batch.count;
    start_range(lane);
}

/* ---- the connections ---- */

static int subscribe(struct lane *lane)
{
    char areas[AREAS_BYTES], *rest = areas, *area;

    (void)snprintf(areas, sizeof areas, "%s", lane->areas);
    while ((area = strsep(&rest, ",")) != NULL) {
        char filter[AREAS_BYTES + 32];

        (void)snprintf(filter, sizeof filter, "custody/v1/%s/up/+", area);
        if (mqtt_subscribe(lane->mqtt, filter))
            return ERR_IO;
    }
    return 0;
}

static void lane_on_mqtt_connected(void *context, bool session_present)
{
    struct lane *lane = context;

    lane->session_resumed = session_present;
    log_info("broker_connected", "lane=\"%s\" session=%s", lane->name, session_present ? "resumed" : "new");
    if (subscribe(lane)) {
        mqtt_drop(lane->mqtt, "subscription cannot be queued");
        return;
    }
    /* Without the rest nothing may be read: it could not be stored. */
    if (lane->state != LANE_READING)
        mqtt_pause(lane->mqtt);
    lane_try_reading(lane);
}

static void lane_on_mqtt_disconnected(void *context, const char *reason)
{
    struct lane *lane = context;

    log_warn("broker_unreachable", "lane=\"%s\" reason=\"%s\" hint=\"connecting again\"", lane->name,
             log_text(text_of(reason)));
    switch (lane->state) {
    case LANE_READING:
        /* Nothing of this batch was acknowledged: the broker sends it again. Its signatures may still be in the pool. */
        lane->broker_lost = true;
        close_batch(lane);
        break;
    case LANE_RELEASING:
        read_on(lane);
        break;
    case LANE_VERIFYING:
    case LANE_STORING:
    case LANE_RETRYING:
    case LANE_ACKNOWLEDGING:
        lane->broker_lost = true;
        break;
    case LANE_CONNECTING:
    case LANE_FAILED:
    case LANE_STOPPED:
        break;
    }
}

static void lane_on_pg_connected(void *context)
{
    lane_try_reading(context);
}

static void lane_on_pg_disconnected(void *context, const char *reason)
{
    struct lane *lane = context;

    log_warn("database_unreachable", "lane=\"%s\" reason=\"%s\" hint=\"connecting again\"", lane->name,
             log_text(text_of(reason)));
}

void lane_halt(struct lane *lane, const char *reason)
{
    lane->halted.code = ERR_STATE;
    (void)text_copy(lane->halted.text, sizeof lane->halted.text, text_of(reason));
    switch (lane->state) {
    case LANE_READING:
        close_batch(lane); /* its signatures may be in the pool */
        break;
    case LANE_CONNECTING:
    case LANE_RETRYING:
        give_up(lane, &lane->halted);
        break;
    case LANE_VERIFYING: /* end in start_range ... */
    case LANE_STORING:
    case LANE_ACKNOWLEDGING: /* ... or in read_on */
    case LANE_RELEASING:
    case LANE_FAILED:
    case LANE_STOPPED:
        break;
    }
}

/* ---- making and ending ---- */

struct lane *lane_new(uv_loop_t *loop, const struct lane_settings *settings, const struct config *config,
                      struct registry *registry, const struct note_signer *signer, struct counters *counters,
                      const struct lane_handler *handler, void *context, struct error *error)
{
    static const struct mqtt_handler mqtt_handler = {
        lane_on_mqtt_connected, lane_on_mqtt_disconnected, lane_on_message, lane_on_read_done, lane_room,
        lane_on_released,       lane_on_subscribed};
    static const struct pg_handler pg_handler = {lane_on_pg_connected, lane_on_pg_disconnected, NULL};
    struct mqtt_settings mqtt_settings = {
        .hosts = config->broker,
        .client_id = settings->client_id,
        .username = *config->broker_username ? config->broker_username : NULL,
        .password = settings->broker_password,
        .ca_file = *config->broker_ca_file ? config->broker_ca_file : NULL,
        .cert_file = *config->broker_cert_file ? config->broker_cert_file : NULL,
        .key_file = *config->broker_key_file ? config->broker_key_file : NULL,
        .keepalive_s = KEEPALIVE_S,
        .receive_maximum = RECEIVE_MAXIMUM,
        .session_expiry_s = SESSION_EXPIRY_S,
        .hold_acks = true,
    };
    struct pg_settings pg_settings = {.conninfo = config->database,
                                      .application_name = settings->name,
                                      .statement_timeout_ms = config->statement_timeout_ms,
                                      .looks_up_by_key = true};
    struct lane *lane = calloc(1, sizeof *lane);

    if (!lane || batch_init(&lane->batch, (size_t)config->batch_max_envelopes, (size_t)config->arena_max_bytes)) {
        free(lane);
        (void)error_set(error, ERR_NO_MEMORY, "lane: out of memory");
        return NULL;
    }
    lane->loop = loop;
    lane->config = config;
    lane->handler = *handler;
    lane->context = context;
    lane->retry_ms = RETRY_MIN_MS;
    lane->limit = (size_t)config->batch_max_envelopes;
    (void)snprintf(lane->name, sizeof lane->name, "%s", settings->name);
    (void)snprintf(lane->areas, sizeof lane->areas, "%s", settings->areas);
    lane->mqtt = mqtt_new(loop, &mqtt_settings, &mqtt_handler, lane, error);
    lane->pg = lane->mqtt ? pg_new(loop, &pg_settings, &pg_handler, lane) : NULL;
    lane->gate = (struct gate){.config = config, .registry = registry, .counters = counters};
    verify_init(&lane->verify, loop, lane_on_verified, lane);
    if (!lane->mqtt || !lane->pg || store_init(&lane->store, lane->pg, &lane->gate, (size_t)config->arena_max_bytes)) {
        if (lane->mqtt && !lane->pg)
            (void)error_set(error, ERR_NO_MEMORY, "lane: out of memory");
        batch_fini(&lane->batch);
        free(lane); /* start-up: the caller leaves */
        return NULL;
    }
    lane->guard = lane->store.guard = settings->guard;
    acks_init(&lane->acks, loop, config->origin, signer, lane->mqtt, counters);
    return lane;
}

void lane_open(struct lane *lane)
{
    lane->timer = calloc(1, sizeof *lane->timer);
    lane->turn = calloc(1, sizeof *lane->turn);
    lane->quiet = calloc(1, sizeof *lane->quiet);
    if (!lane->timer || !lane->turn || !lane->quiet)
        abort(); /* start-up, nothing to undo */
    (void)uv_timer_init(lane->loop, lane->timer);
    (void)uv_idle_init(lane->loop, lane->turn);
    (void)uv_check_init(lane->loop, lane->quiet);
    lane->timer->data = lane->turn->data = lane->quiet->data = lane;
    lane->open_handles = 5; /* these three, the broker's and the database's */
    mqtt_open(lane->mqtt);
    pg_open(lane->pg);
}

void lane_stop(struct lane *lane)
{
    lane->stopping = true;
    switch (lane->state) {
    case LANE_READING:
        close_batch(lane);
        break;
    case LANE_CONNECTING:
    case LANE_FAILED:
    case LANE_RETRYING: /* the database is away: waiting for it is not draining, and the broker sends the batch again */
        stopped(lane);
        break;
    case LANE_VERIFYING:
    case LANE_STORING:
    case LANE_ACKNOWLEDGING:
    case LANE_RELEASING:
    case LANE_STOPPED:
        break;
    }
}

static void finish_close(struct lane *lane)
{
    if (--lane->open_handles)
        return;
    store_fini(&lane->store);
    batch_fini(&lane->batch);
    if (lane->on_closed)
        lane->on_closed(lane->context);
    free(lane);
}

static void lane_on_part_closed(void *context)
{
    finish_close(context);
}

static void lane_on_handle_closed(uv_handle_t *handle)
{
    struct lane *lane = handle->data;

    free(handle);
    finish_close(lane);
}

static void close_now(void *context)
{
    struct lane *lane = context;

    mqtt_close(lane->mqtt, lane_on_part_closed);
    pg_close(lane->pg, lane_on_part_closed);
    uv_close((uv_handle_t *)lane->timer, lane_on_handle_closed);
    uv_close((uv_handle_t *)lane->turn, lane_on_handle_closed);
    uv_close((uv_handle_t *)lane->quiet, lane_on_handle_closed);
}

void lane_close(struct lane *lane, void (*on_closed)(void *context))
{
    assert(lane->state == LANE_STOPPED);
    lane->on_closed = on_closed;
    if (lane->acks.pending) { /* notes in the pool belong to us */
        lane->acks.on_done = close_now;
        lane->acks.context = lane;
    } else {
        close_now(lane);
    }
}
