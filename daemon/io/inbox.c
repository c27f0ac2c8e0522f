/* inbox.c - a list of messages in one arena. Its owner bounds what is read into it. */
#include "io/inbox.h"

#include <stdint.h>

void inbox_init(struct inbox *inbox)
{
    *inbox = (struct inbox){.count = 0};
    arena_init(&inbox->arena, SIZE_MAX);
    inbox->last = &inbox->first;
}

void inbox_fini(struct inbox *inbox)
{
    arena_fini(&inbox->arena);
}

void inbox_clear(struct inbox *inbox)
{
    struct arena arena = inbox->arena;

    arena_reset(&arena);
    *inbox = (struct inbox){.arena = arena};
    inbox->last = &inbox->first;
}

void inbox_put(struct inbox *inbox, const struct mqtt_message *message, bool is_held)
{
    struct inbox_message *entry = arena_alloc(&inbox->arena, sizeof *entry);
    struct text topic = arena_text(&inbox->arena, message->topic);
    struct text payload = arena_text(&inbox->arena, message->payload);

    if (!entry || !topic.data || !payload.data) {
        inbox->failure = "out of memory";
        return;
    }
    entry->message = (struct mqtt_message){topic, payload};
    *inbox->last = entry;
    inbox->last = &entry->next;
    inbox->count++;
    inbox->bytes += topic.len + payload.len;
    inbox->held += is_held;
}
