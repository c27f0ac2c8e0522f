/* step.c - looks up what an event refers to, and words its findings. */
#include "core/custody/step.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/encoding.h"
#include "core/custody/standing.h"

void step_begin(struct step *step, size_t index)
{
    assert(index < step->count);
    step->index = index;
    step->now = &step->events[index];
    step->event = step->now->event;
    step->before = step->state->physical;
    step->spoken = false;
    const struct site *site =
        text_empty(step->event->site) ? NULL : directory_site(step->around->directory, step->event->site);
    step->site_id = site ? site->site_id : 0;
    step->counterparty = text_empty(step->event->counterparty)
                             ? NULL
                             : directory_party(step->around->directory, step->event->counterparty);
}

/* The event ids that count are unique in a history. A duplicate, and an event with the nil id, is named by its place
 * in the log. */
static void event_key(const struct history_event *at, const char *reason, char *key, size_t size)
{
    char id[HEX_SIZE(UUID_BYTES)];
    hex_encode(at->event->event_id, UUID_BYTES, id);
    if (at->standing == EVENT_DUPLICATE || event_id_is_nil(at->event))
        snprintf(key, size, "%llu.%u.%u.%zu:%s", (unsigned long long)at->log_index, (unsigned)at->ordinal,
                 (unsigned)at->role, at->part, reason);
    else
        snprintf(key, size, "%s:%s", id, reason);
}

static void find(struct step *step, size_t index, enum rule rule, const char *reason, const char *format,
                 va_list arguments)
{
    const struct history_event *at = &step->events[index];
    char key[2 * FINDING_KEY_BYTES];
    event_key(at, reason, key, sizeof key);
    char text[2 * FINDING_TEXT_BYTES];
    vsnprintf(text, sizeof text, format, arguments);
    findings_add(step->findings, rule, at->event->at_us, index, key, "%s", text);
}

void step_find(struct step *step, enum rule rule, const char *reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    find(step, step->index, rule, reason, format, arguments);
    va_end(arguments);
}

void step_find_at(struct step *step, size_t index, enum rule rule, const char *reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    find(step, index, rule, reason, format, arguments);
    va_end(arguments);
}

void step_find_keyed(struct step *step, size_t index, enum rule rule, const char *key, const char *format, ...)
{
    va_list arguments;
    char text[2 * FINDING_TEXT_BYTES];
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    findings_add(step->findings, rule, step->events[index].event->at_us, index, key, "%s", text);
}

void step_severity(struct step *step, size_t since, int severity)
{
    for (size_t i = since; i < step->findings->count; i++)
        step->findings->list[i].severity = severity;
}

struct digest step_digest(struct text t)
{
    return sha256(t.data, t.len);
}
