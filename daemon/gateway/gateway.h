/* gateway.h - what Traccar forwards comes in as envelopes of registered sources, and Traccar's broker has its PUBACK only when
 * a signed note covers them.
 *
 *     Traccar --MQTT--> broker --> inbound: a batch is read, PUBACKs held --> io/traccar --> the tracker's device --> its session
 *                                          PUBACKs released <-- every envelope of the batch is covered by a note <--'
 *
 * Every tracker has a source of its own, a session under its name, and the gateway's key. What cannot be translated, of whatever
 * cause, is said by the gateway's own source, with its bytes and the reason, and becomes a dead letter: that is receipted, too.
 *
 * Exactly once while it runs: what the broker sends again is told by its bytes. A gateway that was killed is sent again what had no
 * PUBACK, under a new epoch; the fixes among it that were stored before are doubles of the same time and place, which trucks' ways
 * are folded without.
 *
 * A source that gets no answer (not registered, another area, another key) must not hold up the others: after gateway_answer_s the
 * gateway's own source asks whether the daemon is there; when it is, and there is no answer for as long again, the source's envelopes are
 * said by the gateway's own, and it is set aside until it is answered. While the daemon is away all wait.
 *
 * Life: gateway_new -> gateway_open -> on_ready -> gateway_stop -> on_stopped -> gateway_close -> on_closed, then it is freed. */
#ifndef CUSTODY_GATEWAY_GATEWAY_H
#define CUSTODY_GATEWAY_GATEWAY_H

#include <uv.h>

#include "base/error.h"
#include "config.h"

struct gateway;

struct gateway_handler {
    void (*on_ready)(void *context);   /* subscribed at Traccar's broker */
    void (*on_stopped)(void *context); /* after gateway_stop: everything that was read is receipted */
};

/* Borrows the configuration. NULL with `error` when it is wrong, a file cannot be read, or memory is exhausted; then the process
 * ends, and what was made goes with it. Begins a new epoch, which it writes to gateway_state_file. */
struct gateway *gateway_new(uv_loop_t *loop, const struct config *config, const char *version,
                            const struct gateway_handler *handler, void *context, struct error *error);
void gateway_open(struct gateway *gateway);
/* Reads nothing more; on_stopped follows, perhaps at once. */
void gateway_stop(struct gateway *gateway);
void gateway_close(struct gateway *gateway, void (*on_closed)(void *context), void *context);

/* Once a second: who has no answer, and the statistics line when something changed. */
void gateway_tick(struct gateway *gateway);
void gateway_log_counters(const struct gateway *gateway);

#endif
