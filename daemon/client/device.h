/* device.h - what every source that reports does, a simulated truck or an import: number, chain, sign and keep each
 * envelope until a signed note covers it.
 *
 * Pure: time is an argument, the network is somebody else's. The ring is bounded, and nothing leaves it but by a
 * note that holds:
 *
 *     made (unsent) --device_take--> sent --ack note covers it--> gone
 *          ^                          |  \--stored_early--> stored (kept, not sent again) --note--> gone
 *          +--connection lost---------+
 *          +--timeout, doubled each time--+
 */
#ifndef CUSTODY_CLIENT_DEVICE_H
#define CUSTODY_CLIENT_DEVICE_H

#include <stdio.h>

#include "base/hash.h"
#include "client/note.h"
#include "client/statistics.h"
#include "io/keyfile.h"
#include "io/wire.h"

enum { DEVICE_NAME_BYTES = 65, DEVICE_REFUSALS_KEPT = 8 };

enum ring_state { RING_UNSENT, RING_SENT, RING_STORED };

struct ring_entry {
    uint8_t *bytes; /* the envelope; owned */
    uint32_t len;
    uint32_t attempts;
    enum ring_state state;
    struct digest hash;
    uint64_t first_sent_us; /* monotonic; 0: never */
    uint64_t resend_at_ms;  /* monotonic */
};

/* What all devices of a run share; borrowed. */
struct device_world {
    const char *model, *firmware;     /* said in the first report of an epoch */
    struct text configuration_sha256; /* said there, too: 32 bytes or empty */
    struct note_verifier verifier;
    struct statistics *statistics;
    FILE *journal; /* NULL: none. "sent <source> <epoch> <seq> <sha256>", "ack <source> <epoch> <seq>" */
    uint32_t ack_timeout_ms, ack_timeout_max_ms;
    size_t ring_max; /* envelopes a device keeps */
};

struct device {
    const struct device_world *world;
    char name[DEVICE_NAME_BYTES];
    bool signs;
    struct key_pair key;
    uint8_t key_id[KEY_ID_BYTES];
    uint32_t epoch;
    uint64_t head_seq; /* first in the ring: everything below is covered by a note */
    uint64_t next_seq;
    uint64_t unsent_seq;    /* nothing below is unsent */
    uint64_t next_check_ms; /* no entry times out before */
    struct digest previous;
    struct ring_entry *ring; /* owned; capacity is a power of two; entry of seq at seq & (capacity - 1) */
    size_t capacity;
    int64_t clock_skew_us; /* fault: added to the device's time */
    enum clock_quality clock_quality;
    uint64_t refusals, warnings;
    char last_refusal[160]; /* words of the last one, "" when there was none */
};

/* `key` NULL: an unsigned source. Borrows world. */
void device_init(struct device *device, const struct device_world *world, const char *name, const struct key_pair *key,
                 uint32_t epoch);
void device_fini(struct device *device);

/* Makes an envelope of the report's contents (its source, epoch, seq, previous and device time are set here) and
 * puts it into the ring. 0, ERR_TOO_LARGE when the ring is full (counted, nothing is lost that was promised),
 * ERR_NO_MEMORY, or what the encoder says. */
int device_say(struct device *device, struct report *report, int64_t now_us) MUST_USE;

/* Envelopes in the ring: not yet covered by a note. */
static inline uint64_t device_pending(const struct device *device)
{
    return device->next_seq - device->head_seq;
}
/* The entry of a seq that is in the ring. */
struct ring_entry *device_entry(const struct device *device, uint64_t seq);

/* The next envelope that has to be published now: unsent ones in order, then those whose acknowledgement is overdue.
 * False: none. */
bool device_take(struct device *device, uint64_t now_ms, uint64_t *seq);
/* The same of those alone whose acknowledgement is overdue: where there is no room for another unsent one. */
bool device_take_overdue(struct device *device, uint64_t now_ms, uint64_t *seq);
/* It was handed to the connection. */
void device_sent(struct device *device, uint64_t seq, uint64_t now_us);
/* The connection is gone: what was sent on it may be lost. */
void device_on_disconnected(struct device *device);

/* Forgets what was sent without waiting for a note: only for runs that fill a broker's queue and keep a journal
 * instead. */
void device_forget_sent(struct device *device);

/* Takes an acknowledgement in. 0; ERR_INVALID or ERR_SIGNATURE when it does not hold (counted, nothing is deleted);
 * ERR_NOT_FOUND when it is of another epoch or source. */
int device_on_ack(struct device *device, const struct ack *ack, uint64_t now_us, struct error *error) MUST_USE;

#endif
