/* link.h - one MQTT session and the devices that speak over it, with switches that make it lie, stutter and break.
 *
 * A device of the fleet has a session of its own (user name = source id); load runs put many devices on few
 * sessions. What the faults spoil is the copy that is sent: the ring keeps the true envelope and sends it again
 * until a note covers it. */
#ifndef CUSTODY_FLEET_LINK_H
#define CUSTODY_FLEET_LINK_H

#include <uv.h>

#include "base/arena.h"
#include "client/device.h"
#include "fleet/random.h"
#include "io/mqtt.h"

/* Chances are per envelope (lose_link: per second), 0 to 1. */
struct faults {
    double duplicate, reorder, corrupt, forge, lose_link;
    uint32_t link_away_min_ms, link_away_max_ms; /* how long a lost link stays away */
};

struct link_settings {
    const char *broker; /* as mqtt_settings.hosts */
    const char *area;
    const char *username; /* NULL: the first device's name */
    const char *password; /* NULL: none */
    uint32_t window;      /* envelopes a session has on their way at most */
    struct faults faults;
};

struct link;

/* Speaks for `count` devices (borrowed); names, when more than one, are looked up by the topic's last part. NULL
 * when memory is exhausted or the broker cannot be parsed (then `error`). Borrows settings. */
struct link *link_new(uv_loop_t *loop, const struct link_settings *settings, const char *client_id,
                      struct device *devices, size_t count, struct random random, struct statistics *statistics,
                      struct error *error);
void link_open(struct link *link);
/* Publishes what the devices have to say, as far as the session takes it. Call it at every tick. */
void link_pump(struct link *link);
/* A second device with the first one's name and key, another epoch: a clone. Borrows. */
void link_add_clone(struct link *link, struct device *clone);
bool link_is_connected(const struct link *link);
/* Sends a copy of what was sent last once more, or spoils the next one: for the story. */
void link_duplicate_next(struct link *link, uint32_t copies);
void link_corrupt_next(struct link *link);
void link_forge_next(struct link *link);
/* Envelopes handed to the session that the broker has not acknowledged. */
uint64_t link_outstanding(const struct link *link);
void link_close(struct link *link, void (*on_closed)(void *context), void *context);

#endif
