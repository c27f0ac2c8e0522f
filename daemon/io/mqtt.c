/* mqtt.c - libmosquitto driven by hand on the loop.
 *
 * The life of a connection: open_now() makes a fresh mosquitto object, a thread of the pool resolves and connects to the next host
 * (libmosquitto blocks there; a broker that does not answer must not hold up the loop), then the poll handle says readable or writable;
 * on_connect tells the owner; when anything fails, on_disconnect (libmosquitto has closed its socket by then) stops the poll first thing and
 * starts the back-off timer, which destroys the object and opens again. A connection that is gone takes its held PUBACKs with it: the broker
 * sends those messages again.
 *
 * To read a backlog, or to write many PUBACKs, the object is lent to a thread of the pool (in_pool): the poll rests, and libmosquitto's
 * callbacks, which then run in that thread, put what they have to say into the inbox, for hand_over. The loop may queue messages meanwhile,
 * since libmosquitto locks its queues, and does nothing else with the object.
 *
 * Holding PUBACKs rests on mosquitto_threaded_set(true): libmosquitto then queues every packet for a writer thread that does not
 * exist, and only mosquitto_loop_write sends. tests/integration pins it. */
#include "io/mqtt.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "io/inbox.h"
#include "io/mqtt_hosts.h"

enum {
    READS_WITHOUT_ROOM = 4096, /* messages read before other handles of the loop get their turn */
    READS_A_TURN = 64,         /* ... where the pool reads what is behind them */
    READS_IN_POOL = 1024,      /* ... and there, before they are handed over */
    WRITES_IN_POOL_FROM = 256, /* PUBACKs */
    WRITE_PATIENCE_MS = 1000,
    INBOX_BYTES = 256 * 1024,
    MISC_INTERVAL_MS = 1000,
    CONNECT_TIMEOUT_MS = 10000,
    FAREWELL_TIMEOUT_MS = 1000,
    OUTSTANDING_MAX = 100000,
};

static const uint64_t NS_PER_MS = 1000000;

struct mqtt {
    uv_loop_t *loop;
    const struct mqtt_handler *handler;
    void *context;
    struct mqtt_settings settings; /* texts are our copies */

    struct mqtt_hosts hosts;
    size_t host_at;

    struct mosquitto *client; /* one a connection */
    uv_work_t connecting;     /* the pool's while connect_running */
    bool connect_running;
    int connect_code;
    char connect_words[128];
    uv_work_t lent; /* the pool's while in_pool, and so are client and inbox */
    bool in_pool;
    struct mqtt_room room; /* of the burst under way */
    struct inbox inbox;
    uv_poll_t *poll; /* one a connection; NULL while there is none */
    int poll_fd; /* our own copy of the socket: libmosquitto may close its own in the pool, and the number be another's by then */
    int poll_events;
    uv_timer_t *timer; /* back-off, or keepalive while connected */
    uint64_t opened_ms;
    uint32_t backoff_ms;

    bool connected, paused, releasing, closing, in_read;
    uint64_t received, received_bytes; /* messages, and of their topics and payloads */
    uint64_t held;                     /* messages read and not yet released */
    uint64_t outstanding;              /* published and not yet on their way */
    void (*on_closed)(void *context);
    unsigned open_handles;
};

static void open_now(struct mqtt *mqtt);
static void mqtt_on_poll(uv_poll_t *poll, int status, int events);

static char *copy_or_null(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void free_settings(struct mqtt_settings *settings)
{
    const char *texts[] = {settings->hosts,    settings->client_id,  settings->username,
                           settings->password, settings->ca_file,    settings->cert_file,
                           settings->key_file, settings->will_topic, settings->will_payload};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((char *)texts[i]);
}

struct mqtt *mqtt_new(uv_loop_t *loop, const struct mqtt_settings *settings, const struct mqtt_handler *handler,
                      void *context, struct error *error)
{
    struct mqtt *mqtt = calloc(1, sizeof *mqtt);

    if (!mqtt) {
        error_set(error, ERR_NO_MEMORY, "mqtt: out of memory");
        return NULL;
    }
    if (mqtt_hosts_parse(&mqtt->hosts, settings->hosts ? settings->hosts : "", error)) {
        free(mqtt);
        return NULL;
    }
    (void)mosquitto_lib_init();
    inbox_init(&mqtt->inbox);
    mqtt->loop = loop;
    mqtt->handler = handler;
    mqtt->context = context;
    mqtt->settings = *settings;
    mqtt->settings.hosts = copy_or_null(settings->hosts);
    mqtt->settings.client_id = copy_or_null(settings->client_id);
    mqtt->settings.username = copy_or_null(settings->username);
    mqtt->settings.password = copy_or_null(settings->password);
    mqtt->settings.ca_file = copy_or_null(settings->ca_file);
    mqtt->settings.cert_file = copy_or_null(settings->cert_file);
    mqtt->settings.key_file = copy_or_null(settings->key_file);
    mqtt->settings.will_topic = copy_or_null(settings->will_topic);
    mqtt->settings.will_payload = copy_or_null(settings->will_payload);
    if (!mqtt->settings.backoff_min_ms)
        mqtt->settings.backoff_min_ms = 200;
    if (!mqtt->settings.backoff_max_ms)
        mqtt->settings.backoff_max_ms = 30000;
    mqtt->backoff_ms = mqtt->settings.backoff_min_ms;
    return mqtt;
}

/* ---- closing: counted handles, freed in the last close callback ---- */

static void finish_close(struct mqtt *mqtt)
{
    if (!mqtt->closing || mqtt->open_handles)
        return;
    if (mqtt->client)
        mosquitto_destroy(mqtt->client);
    inbox_fini(&mqtt->inbox);
    if (mqtt->on_closed)
        mqtt->on_closed(mqtt->context);
    free_settings(&mqtt->settings);
    free(mqtt);
    (void)mosquitto_lib_cleanup();
}

static void mqtt_on_handle_closed(uv_handle_t *handle)
{
    struct mqtt *mqtt = handle->data;

    free(handle);
    mqtt->open_handles--;
    finish_close(mqtt);
}

static void drop_poll(struct mqtt *mqtt)
{
    if (!mqtt->poll)
        return;
    (void)uv_poll_stop(mqtt->poll);
    uv_close((uv_handle_t *)mqtt->poll, mqtt_on_handle_closed);
    (void)close(mqtt->poll_fd);
    mqtt->poll = NULL;
    mqtt->poll_events = 0;
}

/* ---- connection lost ---- */

static void mqtt_on_timer(uv_timer_t *timer);

/* Full jitter: uniformly between the least and the current bound, so that a thousand devices do not come back at once. */
static uint32_t next_backoff(struct mqtt *mqtt)
{
    uint32_t least = mqtt->settings.backoff_min_ms, bound = mqtt->backoff_ms, random;

    (void)uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
    mqtt->backoff_ms = bound > mqtt->settings.backoff_max_ms / 2 ? mqtt->settings.backoff_max_ms : bound * 2;
    return least / 2 + random % (bound - least / 2 + 1);
}

/* The connection is gone or never came: tells the owner once and opens again later. */
static void connection_lost(struct mqtt *mqtt, const char *reason)
{
    drop_poll(mqtt);
    mqtt->connected = mqtt->releasing = false;
    mqtt->held = mqtt->outstanding = 0;
    if (mqtt->closing)
        return;
    mqtt->opened_ms = 0;
    mqtt->host_at = (mqtt->host_at + 1) % mqtt->hosts.count;
    (void)uv_timer_start(mqtt->timer, mqtt_on_timer, next_backoff(mqtt), 0);
    mqtt->handler->on_disconnected(mqtt->context, reason);
}

/* ---- libmosquitto's callbacks ---- */

static void mqtt_on_connect(struct mosquitto *client, void *context, int code, int flags,
                            const mosquitto_property *properties)
{
    struct mqtt *mqtt = context;

    (void)client;
    (void)properties;
    assert(!mqtt->in_pool);
    if (code) /* the broker closes after a refusal; on_disconnect follows */
        return;
    mqtt->connected = true;
    mqtt->backoff_ms = mqtt->settings.backoff_min_ms;
    mqtt->handler->on_connected(mqtt->context, flags & 1);
}

static void mqtt_on_disconnect(struct mosquitto *client, void *context, int code, const mosquitto_property *properties)
{
    struct mqtt *mqtt = context;
    const char *reason = code > 0x7f ? mosquitto_reason_string(code) : mosquitto_strerror(code);

    (void)client;
    (void)properties;
    if (mqtt->in_pool)
        mqtt->inbox.failure = reason;
    else
        connection_lost(mqtt, reason);
}

static void take_message(struct mqtt *mqtt, const struct mqtt_message *message)
{
    mqtt->received++;
    mqtt->received_bytes += message->topic.len + message->payload.len;
    mqtt->handler->on_message(mqtt->context, message);
}

static void mqtt_on_message(struct mosquitto *client, void *context, const struct mosquitto_message *message,
                            const mosquitto_property *properties)
{
    struct mqtt *mqtt = context;
    struct mqtt_message ours = {
        .topic = text_of(message->topic),
        .payload = {message->payload, (size_t)message->payloadlen},
    };

    (void)client;
    (void)properties;
    if (!mqtt->poll && !mqtt->in_pool)
        return; /* dropped by the owner: it comes again */
    if (mqtt->in_pool) {
        inbox_put(&mqtt->inbox, &ours, message->qos > 0);
    } else {
        mqtt->held += message->qos > 0;
        take_message(mqtt, &ours);
    }
}

static void take_subscribed(struct mqtt *mqtt, bool granted)
{
    if (mqtt->handler->on_subscribed)
        mqtt->handler->on_subscribed(mqtt->context, granted);
}

static void mqtt_on_subscribe(struct mosquitto *client, void *context, int id, int count, const int *granted,
                              const mosquitto_property *properties)
{
    struct mqtt *mqtt = context;
    bool refused = false;

    (void)client;
    (void)id;
    (void)properties;
    for (int i = 0; i < count; i++)
        refused |= granted[i] >= 128;
    if (mqtt->in_pool) {
        mqtt->inbox.subscribed = true;
        mqtt->inbox.refused |= refused;
    } else {
        take_subscribed(mqtt, !refused);
    }
}

static void take_published(struct mqtt *mqtt, uint64_t count)
{
    mqtt->outstanding -= count < mqtt->outstanding ? count : mqtt->outstanding;
}

static void mqtt_on_publish(struct mosquitto *client, void *context, int id, int code,
                            const mosquitto_property *properties)
{
    struct mqtt *mqtt = context;

    (void)client;
    (void)id;
    (void)code;
    (void)properties;
    if (mqtt->in_pool)
        mqtt->inbox.published++;
    else
        take_published(mqtt, 1);
}

/* ---- reading and writing ---- */

/* Any callback of the owner may have closed it, or lost the connection. */
static bool is_live(const struct mqtt *mqtt)
{
    return mqtt->poll && !mqtt->closing;
}

/* The answer to CONNECT is read in any case. */
static bool may_read(const struct mqtt *mqtt)
{
    return (!mqtt->paused || !mqtt->connected) && !mqtt->releasing;
}

static void update_poll(struct mqtt *mqtt)
{
    bool may_write = !mqtt->settings.hold_acks || mqtt->releasing || mqtt->held == 0;
    int events = 0;

    if (!mqtt->in_pool)
        events = (may_read(mqtt) ? UV_READABLE : 0) |
                 (mqtt->releasing || (may_write && mosquitto_want_write(mqtt->client)) ? UV_WRITABLE : 0);
    if (!is_live(mqtt) || events == mqtt->poll_events)
        return;
    mqtt->poll_events = events;
    if (events)
        (void)uv_poll_start(mqtt->poll, events, mqtt_on_poll);
    else
        (void)uv_poll_stop(mqtt->poll);
}

static void release_finished(struct mqtt *mqtt)
{
    mqtt->releasing = false;
    mqtt->held = 0;
    if (mqtt->handler->on_released)
        mqtt->handler->on_released(mqtt->context);
}

/* Sends what is queued, where that is allowed now. */
static void write_now(struct mqtt *mqtt)
{
    int code;

    if (mqtt->in_pool || (mqtt->settings.hold_acks && mqtt->held && !mqtt->releasing))
        return;
    if (!mosquitto_want_write(mqtt->client))
        return;
    code = mosquitto_loop_write(mqtt->client, 1);
    if (code && mqtt->poll) /* otherwise on_disconnect has run */
        connection_lost(mqtt, mosquitto_strerror(code));
}

static void read_in_pool(struct mqtt *mqtt);

/* Tells the owner, who may pause; goes on in the pool where there is more. */
static void burst_done(struct mqtt *mqtt, bool more)
{
    if (is_live(mqtt) && mqtt->connected && mqtt->handler->on_read_done)
        mqtt->handler->on_read_done(mqtt->context, more);
    if (more && is_live(mqtt) && mqtt->connected && may_read(mqtt))
        read_in_pool(mqtt);
}

static void find_room(struct mqtt *mqtt, size_t messages_max)
{
    /* Before CONNACK there is none to ask: the owner may still be busy with what the connection before brought. */
    mqtt->room = mqtt->handler->room && mqtt->connected ? mqtt->handler->room(mqtt->context)
                                                        : (struct mqtt_room){SIZE_MAX, SIZE_MAX, 0};
    if (mqtt->room.messages > messages_max)
        mqtt->room.messages = messages_max;
}

static void read_now(struct mqtt *mqtt)
{
    const uint64_t begin = mqtt->received, begin_bytes = mqtt->received_bytes;
    bool drained = false;

    find_room(mqtt, mqtt->handler->room ? READS_A_TURN : READS_WITHOUT_ROOM);
    mqtt->in_read = true;
    while (mqtt->received - begin < mqtt->room.messages && mqtt->received_bytes - begin_bytes < mqtt->room.bytes &&
           !drained && is_live(mqtt) && may_read(mqtt)) {
        uint64_t before = mqtt->received;
        int code = mosquitto_loop_read(mqtt->client, 1);

        if (code && mqtt->poll)
            connection_lost(mqtt, mosquitto_strerror(code));
        drained = mqtt->received == before; /* or not a message: the poll calls again at once if there is more */
    }
    mqtt->in_read = false;
    burst_done(mqtt, mqtt->handler->room && (!drained || mqtt->room.wait_ms));
}

/* False: the socket stayed empty while there was patience left. */
static bool more_comes(const struct mqtt *mqtt, uint64_t *patience_ns)
{
    struct pollfd readable = {.fd = mosquitto_socket(mqtt->client), .events = POLLIN};
    const uint64_t begin = uv_hrtime();
    const bool comes = poll(&readable, 1, (int)((*patience_ns + NS_PER_MS - 1) / NS_PER_MS)) == 1;
    const uint64_t waited = uv_hrtime() - begin;

    *patience_ns -= waited < *patience_ns ? waited : *patience_ns;
    return comes;
}

/* In a thread of the pool: client and inbox are ours alone until we are done, but for messages that the loop queues. All the waiting of one
 * turn is bounded: who sends a message now and then must not keep a batch open. */
static void mqtt_on_reading(uv_work_t *work)
{
    struct mqtt *mqtt = work->data;
    struct inbox *inbox = &mqtt->inbox;
    uint64_t patience_ns = (uint64_t)mqtt->room.wait_ms * NS_PER_MS;

    while (inbox->count < mqtt->room.messages && inbox->bytes < mqtt->room.bytes && !inbox->failure &&
           !inbox->drained) {
        size_t before = inbox->count;
        int code = mosquitto_loop_read(mqtt->client, 1);

        if (code && !inbox->failure)
            inbox->failure = mosquitto_strerror(code);
        inbox->drained = inbox->count == before && !inbox->failure && !more_comes(mqtt, &patience_ns);
    }
}

/* As if it had been read here and now. */
static void hand_over(struct mqtt *mqtt)
{
    struct inbox *inbox = &mqtt->inbox;

    mqtt->held += inbox->held;
    take_published(mqtt, inbox->published);
    mqtt->in_read = true;
    for (const struct inbox_message *entry = inbox->first; entry && is_live(mqtt); entry = entry->next)
        take_message(mqtt, &entry->message);
    mqtt->in_read = false;
    if (is_live(mqtt) && inbox->subscribed)
        take_subscribed(mqtt, !inbox->refused);
    if (is_live(mqtt) && inbox->failure)
        connection_lost(mqtt, inbox->failure);
    else
        burst_done(mqtt, !inbox->drained);
    if (is_live(mqtt))
        update_poll(mqtt);
}

/* The client is the loop's again. False: the connection is not what it was. */
static bool back_from_pool(struct mqtt *mqtt)
{
    mqtt->in_pool = false;
    mqtt->open_handles--;
    if (mqtt->closing) {
        finish_close(mqtt);
        return false;
    }
    return is_live(mqtt); /* else it was dropped meanwhile: what was read comes again */
}

static void mqtt_on_reading_done(uv_work_t *work, int status)
{
    (void)status; /* nothing cancels it */
    if (back_from_pool(work->data))
        hand_over(work->data);
}

static void lend_to_pool(struct mqtt *mqtt, uv_work_cb work, uv_after_work_cb done)
{
    inbox_clear(&mqtt->inbox);
    mqtt->in_pool = true;
    mqtt->open_handles++;
    mqtt->lent.data = mqtt;
    update_poll(mqtt);
    (void)uv_queue_work(mqtt->loop, &mqtt->lent, work, done);
}

static void read_in_pool(struct mqtt *mqtt)
{
    find_room(mqtt, READS_IN_POOL);
    if (mqtt->room.bytes > INBOX_BYTES)
        mqtt->room.bytes = INBOX_BYTES;
    lend_to_pool(mqtt, mqtt_on_reading, mqtt_on_reading_done);
}

/* In a thread of the pool. The socket holds some hundred PUBACKs; a broker that does not take them in time is left to the loop. */
static void mqtt_on_writing(uv_work_t *work)
{
    struct mqtt *mqtt = work->data;
    struct inbox *inbox = &mqtt->inbox;
    const uint64_t deadline = uv_hrtime() + WRITE_PATIENCE_MS * NS_PER_MS;
    struct pollfd writable;

    do {
        int code = mosquitto_loop_write(mqtt->client, 1);

        if (code && !inbox->failure)
            inbox->failure = mosquitto_strerror(code);
        writable = (struct pollfd){.fd = mosquitto_socket(mqtt->client), .events = POLLOUT};
    } while (!inbox->failure && mosquitto_want_write(mqtt->client) && uv_hrtime() < deadline &&
             poll(&writable, 1, WRITE_PATIENCE_MS) == 1);
}

static void mqtt_on_writing_done(uv_work_t *work, int status)
{
    struct mqtt *mqtt = work->data;

    (void)status; /* nothing cancels it */
    if (!back_from_pool(mqtt))
        return;
    take_published(mqtt, mqtt->inbox.published);
    if (mqtt->inbox.failure)
        connection_lost(mqtt, mqtt->inbox.failure);
    else if (!mosquitto_want_write(mqtt->client))
        release_finished(mqtt);
    if (is_live(mqtt))
        update_poll(mqtt);
}

static void mqtt_on_poll(uv_poll_t *poll, int status, int events)
{
    struct mqtt *mqtt = poll->data;

    if (status < 0) {
        connection_lost(mqtt, uv_strerror(status));
        return;
    }
    if (events & UV_WRITABLE)
        write_now(mqtt);
    if (is_live(mqtt) && mqtt->releasing && !mosquitto_want_write(mqtt->client))
        release_finished(mqtt);
    if (is_live(mqtt) && (events & UV_READABLE) && may_read(mqtt))
        read_now(mqtt);
    if (is_live(mqtt)) {
        write_now(mqtt);
        update_poll(mqtt);
    }
}

/* ---- connecting ---- */

static int configure_client(struct mqtt *mqtt)
{
    const struct mqtt_settings *s = &mqtt->settings;
    struct mosquitto *client = mqtt->client;

    mosquitto_connect_v5_callback_set(client, mqtt_on_connect);
    mosquitto_disconnect_v5_callback_set(client, mqtt_on_disconnect);
    mosquitto_message_v5_callback_set(client, mqtt_on_message);
    mosquitto_publish_v5_callback_set(client, mqtt_on_publish);
    mosquitto_subscribe_v5_callback_set(client, mqtt_on_subscribe);
    if (mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5) ||
        mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, s->receive_maximum ? s->receive_maximum : 65535) ||
        mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, 65535) ||
        mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1))
        return ERR_INTERNAL;
    if (s->hold_acks && mosquitto_threaded_set(client, true))
        return ERR_INTERNAL;
    if (s->username && mosquitto_username_pw_set(client, s->username, s->password))
        return ERR_NO_MEMORY;
    if (s->ca_file && mosquitto_tls_set(client, s->ca_file, NULL, s->cert_file, s->key_file, NULL))
        return ERR_CONFIG;
    if (s->will_topic && mosquitto_will_set(client, s->will_topic, s->will_payload ? (int)strlen(s->will_payload) : 0,
                                            s->will_payload, 1, true))
        return ERR_CONFIG;
    return 0;
}

/* In a thread of the pool; the object is ours alone until we are done. */
static void mqtt_on_connecting(uv_work_t *work)
{
    struct mqtt *mqtt = work->data;
    const struct mqtt_host *host = &mqtt->hosts.hosts[mqtt->host_at];
    mosquitto_property *properties = NULL;
    uint16_t keepalive_s = mqtt->settings.keepalive_s ? mqtt->settings.keepalive_s : 60;
    int code = MOSQ_ERR_SUCCESS;

    if (mqtt->settings.session_expiry_s)
        code = mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                            mqtt->settings.session_expiry_s);
    if (code == MOSQ_ERR_SUCCESS)
        code = mosquitto_connect_bind_v5(mqtt->client, host->name, host->port, keepalive_s, NULL, properties);
    if (code)
        (void)snprintf(mqtt->connect_words, sizeof mqtt->connect_words, "%s:%d: %s", host->name, host->port,
                       code == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(code));
    mosquitto_property_free_all(&properties);
    mqtt->connect_code = code;
}

/* Connected: the socket is polled from here on. */
static void start_polling(struct mqtt *mqtt)
{
    mqtt->poll = calloc(1, sizeof *mqtt->poll);
    mqtt->poll_fd = fcntl(mosquitto_socket(mqtt->client), F_DUPFD_CLOEXEC, 0);
    if (!mqtt->poll || uv_poll_init(mqtt->loop, mqtt->poll, mqtt->poll_fd)) {
        if (mqtt->poll_fd >= 0)
            (void)close(mqtt->poll_fd);
        free(mqtt->poll);
        mqtt->poll = NULL;
        connection_lost(mqtt, "socket cannot be polled");
        return;
    }
    mqtt->open_handles++;
    mqtt->poll->data = mqtt;
    mqtt->opened_ms = uv_now(mqtt->loop);
    (void)uv_timer_start(mqtt->timer, mqtt_on_timer, MISC_INTERVAL_MS, MISC_INTERVAL_MS);
    write_now(mqtt);
    if (mqtt->poll)
        update_poll(mqtt);
}

static void mqtt_on_connect_done(uv_work_t *work, int status)
{
    struct mqtt *mqtt = work->data;

    (void)status; /* nothing cancels it */
    mqtt->connect_running = false;
    mqtt->open_handles--;
    if (mqtt->closing)
        finish_close(mqtt);
    else if (mqtt->connect_code)
        connection_lost(mqtt, mqtt->connect_words);
    else
        start_polling(mqtt);
}

static void open_now(struct mqtt *mqtt)
{
    if (mqtt->client)
        mosquitto_destroy(mqtt->client);
    mqtt->client = mosquitto_new(mqtt->settings.client_id, mqtt->settings.session_expiry_s == 0, mqtt);
    if (!mqtt->client || configure_client(mqtt)) {
        connection_lost(mqtt, "client cannot be configured");
        return;
    }
    mqtt->connecting.data = mqtt;
    mqtt->connect_running = true;
    mqtt->open_handles++;
    (void)uv_queue_work(mqtt->loop, &mqtt->connecting, mqtt_on_connecting, mqtt_on_connect_done);
}

/* Back-off over, or a second has passed on a connection. */
static void mqtt_on_timer(uv_timer_t *timer)
{
    struct mqtt *mqtt = timer->data;
    int code;

    if (mqtt->closing || mqtt->connect_running)
        return;
    if (mqtt->in_pool) { /* the client is the pool's */
        (void)uv_timer_start(mqtt->timer, mqtt_on_timer, MISC_INTERVAL_MS, mqtt->poll ? MISC_INTERVAL_MS : 0);
        return;
    }
    if (!mqtt->poll) {
        open_now(mqtt);
        return;
    }
    if (!mqtt->connected && uv_now(mqtt->loop) - mqtt->opened_ms > CONNECT_TIMEOUT_MS) {
        connection_lost(mqtt, "no answer to CONNECT in time");
        return;
    }
    /* PINGREQ would push held PUBACKs out with it: held past the keepalive, the broker drops us and sends again. */
    if (mqtt->settings.hold_acks && (mqtt->held || mqtt->releasing))
        return;
    code = mosquitto_loop_misc(mqtt->client);
    if (code && mqtt->poll)
        connection_lost(mqtt, mosquitto_strerror(code));
    if (mqtt->poll) {
        write_now(mqtt);
        if (mqtt->poll)
            update_poll(mqtt);
    }
}

void mqtt_open(struct mqtt *mqtt)
{
    assert(!mqtt->timer);
    mqtt->timer = calloc(1, sizeof *mqtt->timer);
    if (!mqtt->timer)
        abort(); /* start-up, nothing to undo */
    (void)uv_timer_init(mqtt->loop, mqtt->timer);
    mqtt->timer->data = mqtt;
    mqtt->open_handles++;
    /* Through the timer, so that no callback runs inside this call. */
    (void)uv_timer_start(mqtt->timer, mqtt_on_timer, 0, 0);
}

bool mqtt_is_connected(const struct mqtt *mqtt)
{
    return mqtt->connected;
}

/* ---- what the owner asks for ---- */

static int after_queueing(struct mqtt *mqtt, int code)
{
    if (code)
        return code == MOSQ_ERR_NO_CONN ? ERR_STATE : code == MOSQ_ERR_NOMEM ? ERR_NO_MEMORY : ERR_IO;
    /* Inside a read the poll callback looks after it. */
    if (!mqtt->in_read && mqtt->poll)
        update_poll(mqtt);
    return 0;
}

int mqtt_subscribe(struct mqtt *mqtt, const char *filter)
{
    if (!mqtt->connected)
        return ERR_STATE;
    return after_queueing(mqtt, mosquitto_subscribe(mqtt->client, NULL, filter, 1));
}

int mqtt_publish(struct mqtt *mqtt, const char *topic, const void *payload, size_t len, int qos, bool retain)
{
    int code;

    if (!mqtt->connected)
        return ERR_STATE;
    if (mqtt->outstanding >= OUTSTANDING_MAX || len > INT32_MAX)
        return ERR_TOO_LARGE;
    mqtt->outstanding++;
    code = mosquitto_publish(mqtt->client, NULL, topic, (int)len, payload, qos, retain);
    if (code && mqtt->outstanding)
        mqtt->outstanding--;
    return after_queueing(mqtt, code);
}

uint64_t mqtt_outstanding(const struct mqtt *mqtt)
{
    return mqtt->outstanding;
}

void mqtt_pause(struct mqtt *mqtt)
{
    mqtt->paused = true;
    if (mqtt->poll && !mqtt->in_read)
        update_poll(mqtt);
}

void mqtt_resume(struct mqtt *mqtt)
{
    mqtt->paused = false;
    if (mqtt->poll && !mqtt->in_read)
        update_poll(mqtt);
}

bool mqtt_is_reading(const struct mqtt *mqtt)
{
    return mqtt->in_pool && mqtt->poll && !mqtt->releasing;
}

void mqtt_release(struct mqtt *mqtt)
{
    assert(mqtt->settings.hold_acks && !mqtt->in_pool);
    if (!mqtt->poll)
        return;
    mqtt->releasing = true;
    /* Here or there, on_released never runs inside this call. */
    if (mqtt->handler->room && mqtt->held >= WRITES_IN_POOL_FROM)
        lend_to_pool(mqtt, mqtt_on_writing, mqtt_on_writing_done);
    else
        update_poll(mqtt);
}

void mqtt_drop(struct mqtt *mqtt, const char *reason)
{
    if (mqtt->poll)
        connection_lost(mqtt, reason);
}

/* ---- the end ---- */

static void close_handles(struct mqtt *mqtt)
{
    drop_poll(mqtt);
    if (mqtt->timer) {
        uv_close((uv_handle_t *)mqtt->timer, mqtt_on_handle_closed);
        mqtt->timer = NULL;
    } else {
        finish_close(mqtt);
    }
}

/* What the broker sent meanwhile stays unread: it comes again to whoever connects next. */
static void mqtt_on_farewell(uv_poll_t *poll, int status, int events)
{
    struct mqtt *mqtt = poll->data;
    char unread[16 * 1024];
    ssize_t len = 0;

    (void)events;
    if (status == 0)
        len = recv(mqtt->poll_fd, unread, sizeof unread, MSG_DONTWAIT);
    if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
        close_handles(mqtt);
}

static void mqtt_on_farewell_timeout(uv_timer_t *timer)
{
    close_handles(timer->data);
}

/* A socket closed with unread bytes is reset, and PUBACKs that the broker had not read yet are lost with it: only our side is closed,
 * and theirs follows when they have read everything. */
static bool says_farewell(struct mqtt *mqtt)
{
    if (!mqtt->settings.hold_acks || !mqtt->poll || !mqtt->connected || mqtt->in_pool ||
        shutdown(mqtt->poll_fd, SHUT_WR) != 0)
        return false;
    (void)uv_timer_start(mqtt->timer, mqtt_on_farewell_timeout, FAREWELL_TIMEOUT_MS, 0);
    return uv_poll_start(mqtt->poll, UV_READABLE, mqtt_on_farewell) == 0;
}

void mqtt_close(struct mqtt *mqtt, void (*on_closed)(void *context))
{
    bool waits = says_farewell(mqtt);

    mqtt->closing = true;
    mqtt->on_closed = on_closed;
    if (mqtt->client && mqtt->connected && !mqtt->settings.hold_acks) {
        (void)mosquitto_disconnect_v5(mqtt->client, 0, NULL);
        (void)mosquitto_loop_write(mqtt->client, 1);
    }
    mqtt->connected = false;
    if (!waits)
        close_handles(mqtt);
}
