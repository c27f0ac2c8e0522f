/* session.h - one source's conversation with the broker: what its device keeps is published, what comes down is checked
 * and taken, and both are begun again when the connection breaks.
 *
 *     session_new -> session_open -> on_connected -> (device_say, session_pump) -> on_answer ... -> session_close
 *
 * A session never gives up and has no deadline of its own: whoever waits for an answer decides how long. */
#ifndef CUSTODY_CLIENT_SESSION_H
#define CUSTODY_CLIENT_SESSION_H

#include <uv.h>

#include "base/error.h"
#include "client/device.h"

struct session;

/* All copied. */
struct session_settings {
    const char *hosts; /* as mqtt_settings.hosts */
    const char *area;
    const char *client_id;
    const char *password; /* NULL: none; the user name is the device's name */
    const char *ca_file;  /* NULL: no TLS */
    uint32_t window;      /* envelopes on their way without an answer; below 40: that many refusals one answer tells */
};

/* Called on the loop; a session may not be closed from within. */
struct session_handler {
    /* An acknowledgement that holds; the device has taken it. It lives until the function returns. */
    void (*on_answer)(void *context, const struct ack *ack);
    /* Something that keeps envelopes from being answered, in words: no connection, a refused subscription, an
     * acknowledgement that does not hold. The session goes on trying. */
    void (*on_trouble)(void *context, const char *words);
};

/* Speaks for `device`. NULL with `error` when memory is exhausted or the hosts cannot be parsed. Borrows loop, device,
 * handler and context. */
struct session *session_new(uv_loop_t *loop, const struct session_settings *settings, struct device *device,
                            const struct session_handler *handler, void *context, struct error *error);
void session_open(struct session *session);
/* Publishes what the device has to say as far as the window goes. Called by the session itself after every answer and
 * a few times a second; call it after device_say. */
void session_pump(struct session *session);
/* Whether the broker was reached since session_open. */
bool session_was_connected(const struct session *session);
/* Frees the session, later; on_closed may be NULL. */
void session_close(struct session *session, void (*on_closed)(void *context), void *context);

#endif
