/* session.c - a source's session: connect, subscribe down, publish up within a window, take acknowledgements.
 *
 * The life of an envelope here: device_take names it, mqtt_publish queues it, device_sent starts its clock, the note
 * that comes down ends it. When the connection goes, everything that no note covers is sent again on the next. */
#include "client/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "io/mqtt.h"

enum { TOPIC_BYTES = 128, ACK_ARENA_BYTES = 1 << 20, TICK_MS = 100, KEEPALIVE_S = 60, RECEIVE_MAXIMUM = 100 };

struct session {
    struct mqtt *mqtt;
    struct device *device;
    const struct session_handler *handler;
    void *context;
    uint32_t window;
    char up[TOPIC_BYTES], down[TOPIC_BYTES];
    bool was_connected, closing;
    struct arena arena; /* one acknowledgement */
    uv_timer_t timer;
    int open_handles;
    void (*on_closed)(void *context);
    void *closed_context;
};

static void session_on_connected(void *context, bool session_present)
{
    struct session *session = context;
    (void)session_present;
    session->was_connected = true;
    if (mqtt_subscribe(session->mqtt, session->down)) {
        mqtt_drop(session->mqtt, "the subscription is not taken");
        return;
    }
    session_pump(session);
}

static void session_on_disconnected(void *context, const char *reason)
{
    struct session *session = context;
    device_on_disconnected(session->device);
    if (!session->closing)
        session->handler->on_trouble(session->context, reason ? reason : "the connection ended");
}

static void session_on_subscribed(void *context, bool granted)
{
    struct session *session = context;
    if (!granted)
        session->handler->on_trouble(session->context, "the broker does not let this source read its acknowledgements");
}

static void session_on_message(void *context, const struct mqtt_message *message)
{
    struct session *session = context;
    struct ack ack;
    struct error error = {0};
    arena_reset(&session->arena);
    int code = wire_ack_decode(message->payload, &session->arena, &ack, &error);
    if (code == 0)
        code = device_on_ack(session->device, &ack, uv_hrtime() / 1000, &error);
    if (code == ERR_NOT_FOUND) /* of an earlier epoch */
        return;
    if (code)
        session->handler->on_trouble(session->context, error.text);
    else
        session->handler->on_answer(session->context, &ack);
    session_pump(session);
}

static const struct mqtt_handler mqtt_handler = {
    .on_connected = session_on_connected,
    .on_disconnected = session_on_disconnected,
    .on_message = session_on_message,
    .on_subscribed = session_on_subscribed,
};

static void session_on_tick(uv_timer_t *timer)
{
    session_pump(timer->data);
}

struct session *session_new(uv_loop_t *loop, const struct session_settings *settings, struct device *device,
                            const struct session_handler *handler, void *context, struct error *error)
{
    struct session *session = calloc(1, sizeof *session);
    const struct mqtt_settings mqtt = {
        .hosts = settings->hosts,
        .client_id = settings->client_id,
        .username = device->name,
        .password = settings->password,
        .ca_file = settings->ca_file,
        .keepalive_s = KEEPALIVE_S,
        .receive_maximum = RECEIVE_MAXIMUM,
    };
    if (session == NULL) {
        (void)error_set(error, ERR_NO_MEMORY, "session of %s", device->name);
        return NULL;
    }
    *session = (struct session){
        .device = device, .handler = handler, .context = context, .window = settings->window, .open_handles = 2};
    (void)snprintf(session->up, sizeof session->up, "custody/v1/%s/up/%s", settings->area, device->name);
    (void)snprintf(session->down, sizeof session->down, "custody/v1/%s/down/%s", settings->area, device->name);
    session->mqtt = mqtt_new(loop, &mqtt, &mqtt_handler, session, error);
    if (session->mqtt == NULL) {
        free(session);
        return NULL;
    }
    arena_init(&session->arena, ACK_ARENA_BYTES);
    (void)uv_timer_init(loop, &session->timer);
    session->timer.data = session;
    return session;
}

void session_open(struct session *session)
{
    (void)uv_timer_start(&session->timer, session_on_tick, TICK_MS, TICK_MS);
    mqtt_open(session->mqtt);
}

/* What is overdue may hold the window open: it goes first where no other may be sent. */
static bool next(struct session *session, uint64_t now_ms, uint64_t *seq)
{
    struct device *device = session->device;
    if (!device_take(device, now_ms, seq))
        return false;
    return *seq < device->head_seq + session->window || device_take_overdue(device, now_ms, seq);
}

void session_pump(struct session *session)
{
    const uint64_t now_us = uv_hrtime() / 1000;
    uint64_t seq;
    while (!session->closing && mqtt_is_connected(session->mqtt) && next(session, now_us / 1000, &seq)) {
        const struct ring_entry *entry = device_entry(session->device, seq);
        if (mqtt_publish(session->mqtt, session->up, entry->bytes, entry->len, 1, false))
            return;
        device_sent(session->device, seq, now_us);
    }
}

bool session_was_connected(const struct session *session)
{
    return session->was_connected;
}

/* In the last of the two close callbacks. */
static void session_on_part_closed(struct session *session)
{
    if (--session->open_handles > 0)
        return;
    if (session->on_closed != NULL)
        session->on_closed(session->closed_context);
    arena_fini(&session->arena);
    free(session);
}

static void session_on_timer_closed(uv_handle_t *handle)
{
    session_on_part_closed(handle->data);
}

static void session_on_mqtt_closed(void *context)
{
    session_on_part_closed(context);
}

void session_close(struct session *session, void (*on_closed)(void *context), void *context)
{
    session->closing = true;
    session->on_closed = on_closed;
    session->closed_context = context;
    uv_close((uv_handle_t *)&session->timer, session_on_timer_closed);
    mqtt_close(session->mqtt, session_on_mqtt_closed);
}
