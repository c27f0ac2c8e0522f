/* mqtt.h - one MQTT 5 session on the loop (libmosquitto, driven by hand), with the option to hold every PUBACK.
 *
 * Life: mqtt_new -> mqtt_open -> on_connected (subscribe here) -> on_message ... -> on_disconnected -> (reconnects by itself
 * with jittered back-off, next host) ... -> mqtt_close -> on_closed, after which it is freed.
 * With hold_acks, no byte leaves the socket between two calls of mqtt_release: libmosquitto queues the PUBACK of what it reads, and
 * only mqtt_release writes. Callbacks run on the loop, never inside the call that caused them, except on_message, and on_disconnected
 * within mqtt_drop.
 *
 * A backlog is read in a thread of the pool, if the owner has a `room`: libmosquitto takes several system calls for a message, which the loop has
 * no time for while it serves others. What was read there is handed over on the loop, message by message, as if it had been read there. */
#ifndef CUSTODY_IO_MQTT_H
#define CUSTODY_IO_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "base/text.h"

struct mqtt;

struct mqtt_message {
    struct text topic;   /* valid during the callback */
    struct text payload; /* valid during the callback */
};

struct mqtt_settings {
    const char *hosts;     /* "unix:/path/broker.sock, host:1883, [::1]:1883": tried in turn. Copied. */
    const char *client_id; /* copied */
    const char *username;  /* copied; may be NULL */
    const char *password;  /* copied; may be NULL */
    const char *ca_file, *cert_file, *key_file; /* TLS; NULL: none. Copied */
    uint16_t keepalive_s;                       /* 60 or more when hold_acks */
    uint16_t receive_maximum;                   /* messages the broker may send unacknowledged */
    uint32_t session_expiry_s;                  /* 0: clean session; else the broker keeps it so long */
    bool hold_acks;
    const char *will_topic, *will_payload;   /* NULL: none. Copied */
    uint32_t backoff_min_ms, backoff_max_ms; /* 0: 200 and 30,000 */
};

/* How much the owner takes before it is asked again; `bytes`, of topics and payloads, may be exceeded by one message. `wait_ms`: how long the
 * pool waits for more, in all, while it reads up to a thousand messages; 0: what is there is all. */
struct mqtt_room {
    size_t messages, bytes;
    int wait_ms;
};

struct mqtt_handler {
    void (*on_connected)(void *context, bool session_present);
    void (*on_disconnected)(void *context, const char *reason); /* also after a failed attempt to connect */
    void (*on_message)(void *context, const struct mqtt_message *message);
    /* Called after each burst of reads. `more`: it was cut off, or the owner's room has a wait; reading goes on at once, in the pool, unless
     * the owner pauses. Else the socket had no more. May be NULL. */
    void (*on_read_done)(void *context, bool more);
    /* Asked before each burst. NULL: there is room for any number of messages, until a callback pauses. */
    struct mqtt_room (*room)(void *context);
    /* With hold_acks: everything that was queued when mqtt_release was called is on its way. May be NULL. */
    void (*on_released)(void *context);
    /* The broker's answer to a subscription; false: its access list refuses it. May be NULL. */
    void (*on_subscribed)(void *context, bool granted);
};

/* NULL when memory is exhausted or the settings cannot be parsed (then `error`). Borrows handler and context. */
struct mqtt *mqtt_new(uv_loop_t *loop, const struct mqtt_settings *settings, const struct mqtt_handler *handler,
                      void *context, struct error *error);
void mqtt_open(struct mqtt *mqtt);
bool mqtt_is_connected(const struct mqtt *mqtt);

/* QoS 1 subscription; the call queues it. 0 or a negative code. */
int mqtt_subscribe(struct mqtt *mqtt, const char *filter) MUST_USE;
/* Queues a message; with hold_acks it leaves with mqtt_release. `qos` 0 or 1. Refused (ERR_STATE) while not connected and
 * (ERR_TOO_LARGE) when more than a bound of messages is on its way. */
int mqtt_publish(struct mqtt *mqtt, const char *topic, const void *payload, size_t len, int qos, bool retain) MUST_USE;
/* Messages published on this connection and not yet acknowledged by the broker (QoS 1) or not yet written (QoS 0). */
uint64_t mqtt_outstanding(const struct mqtt *mqtt);

/* Stops and starts reading from the socket (back-pressure). While paused nothing but the answer to CONNECT is read, answers to pings neither:
 * longer than the keepalive, the broker ends the connection and keeps the session. */
void mqtt_pause(struct mqtt *mqtt);
void mqtt_resume(struct mqtt *mqtt);
/* The pool is reading: its messages and an on_read_done are still to come, also after mqtt_pause. */
bool mqtt_is_reading(const struct mqtt *mqtt);

/* Writes what is queued: the PUBACKs of everything read so far among it. Only after COMMIT; nothing is read until on_released. */
void mqtt_release(struct mqtt *mqtt);

/* Drops the connection without writing anything: held acks die with it, the broker redelivers. Reconnects with back-off. */
void mqtt_drop(struct mqtt *mqtt, const char *reason);

/* Ends it: without hold_acks by DISCONNECT; with hold_acks nothing that is held is written, and what was released is given a second
 * to be read by the broker. on_closed (may be NULL) runs once, later. */
void mqtt_close(struct mqtt *mqtt, void (*on_closed)(void *context));

#endif
