/* inbox.h - what a thread of the pool read from a broker, until the loop takes it. */
#ifndef CUSTODY_IO_INBOX_H
#define CUSTODY_IO_INBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "io/mqtt.h"

struct inbox_message {
    struct inbox_message *next;
    struct mqtt_message message; /* its texts lie in the inbox's arena */
};

struct inbox {
    struct arena arena;
    struct inbox_message *first, **last;
    size_t count, bytes;      /* messages, and of their topics and payloads */
    size_t held;              /* messages whose PUBACK is queued */
    size_t published;         /* of ours, now on their way */
    bool subscribed, refused; /* the broker answered subscriptions; one of them it refused */
    bool drained;             /* the socket had no more */
    const char *failure;      /* the connection is lost, and why; a static text. NULL: it is not */
};

void inbox_init(struct inbox *inbox);
void inbox_fini(struct inbox *inbox);
/* Empties it and keeps some memory. */
void inbox_clear(struct inbox *inbox);
/* Copies the message; without memory the connection counts as lost, so that the broker sends it again. */
void inbox_put(struct inbox *inbox, const struct mqtt_message *message, bool is_held);

#endif
