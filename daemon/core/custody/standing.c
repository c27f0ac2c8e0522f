/* standing.c - decides which events of a history count, without looking at their meaning. */
#include "core/custody/standing.h"

#include <stdlib.h>
#include <string.h>

bool event_id_is_nil(const struct event *event)
{
    static const uint8_t nil[UUID_BYTES];
    return memcmp(event->event_id, nil, UUID_BYTES) == 0;
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int by_log(const struct history_event *a, const struct history_event *b)
{
    if (a->log_index != b->log_index)
        return COMPARE(a->log_index, b->log_index);
    if (a->ordinal != b->ordinal)
        return COMPARE(a->ordinal, b->ordinal);
    if (a->role != b->role)
        return COMPARE(a->role, b->role);
    return COMPARE(a->part, b->part);
}

static int by_event_id(const void *left, const void *right)
{
    const struct history_event *a = left, *b = right;
    int order = memcmp(a->event->event_id, b->event->event_id, UUID_BYTES);
    return order ? order : by_log(a, b);
}

static int by_time(const void *left, const void *right)
{
    const struct history_event *a = left, *b = right;
    int order = COMPARE(a->event->at_us, b->event->at_us);
    return order ? order : by_log(a, b);
}

void standing_sort(struct history_event *events, size_t count)
{
    if (count > 1)
        qsort(events, count, sizeof *events, by_time);
}

static bool same_id(const struct history_event *a, const struct history_event *b)
{
    return memcmp(a->event->event_id, b->event->event_id, UUID_BYTES) == 0;
}

/* The event that counts under `id` in events sorted by id, or NULL. */
static struct history_event *find(struct history_event *events, size_t count, const uint8_t id[UUID_BYTES])
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(events[middle].event->event_id, id, UUID_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == count || memcmp(events[low].event->event_id, id, UUID_BYTES) != 0)
        return NULL;
    return event_id_is_nil(events[low].event) ? NULL : &events[low];
}

static struct history_event *target_of(struct history_event *events, size_t count, const struct history_event *by)
{
    return by->event->detail == EVENT_DETAIL_CORRECTION ? find(events, count, by->event->correction.event_id) : NULL;
}

static bool refers(const struct history_event *event, enum event_type type)
{
    return event->standing == EVENT_STANDS && event->role == ITEM_ROLE_SUBJECT && event->event->type == type;
}

static enum event_outcome correction_outcome(const struct history_event *correction, const struct history_event *target)
{
    bool own = correction->party_id != 0 && correction->party_id == target->party_id;
    if (target->event->type == EVENT_TYPE_CORRECTED)
        return OUTCOME_TARGET_CORRECTION;
    if (correction->event->at_us < target->event->at_us &&
        time_gap_us(correction->event->at_us, target->event->at_us) > CLOCK_SKEW_US)
        return OUTCOME_TARGET_LATER;
    if (target->event->type == EVENT_TYPE_CERT_ISSUED)
        return correction->party_kind == PARTY_KIND_COMMERCE_BUREAU ? OUTCOME_MATCHED : OUTCOME_TARGET_CERTIFICATE;
    return own || correction->party_kind == PARTY_KIND_POLICE ? OUTCOME_MATCHED : OUTCOME_TARGET_FOREIGN;
}

static void correct(struct history_event *events, size_t count, struct history_event *correction)
{
    struct history_event *target = target_of(events, count, correction);
    correction->outcome = target ? correction_outcome(correction, target) : OUTCOME_TARGET_UNKNOWN;
    if (correction->outcome != OUTCOME_MATCHED)
        return;
    bool authority =
        correction->party_kind == PARTY_KIND_POLICE || correction->party_kind == PARTY_KIND_COMMERCE_BUREAU;
    if (authority || target->standing == EVENT_STANDS) /* the stronger of several corrections, in whatever order */
        target->standing = authority ? EVENT_CORRECTED_BY_AUTHORITY : EVENT_CORRECTED_BY_REPORTER;
}

static bool says_the_same(const struct history_event *a, const struct history_event *b)
{
    return a->event->type == b->event->type && a->event->at_us == b->event->at_us && a->party_id == b->party_id;
}

static void mark_duplicates(struct history_event *events, size_t count)
{
    size_t first = 0;
    for (size_t i = 0; i < count; i++) {
        events[i].outcome = OUTCOME_NONE;
        events[i].standing = EVENT_STANDS;
        if (i == 0 || !same_id(&events[first], &events[i]) || event_id_is_nil(events[i].event)) {
            first = i;
            continue;
        }
        events[i].standing = EVENT_DUPLICATE;
        if (!says_the_same(&events[first], &events[i]))
            events[i].outcome = OUTCOME_DIFFERS;
    }
}

void standing_decide(struct history_event *events, size_t count)
{
    if (count > 1)
        qsort(events, count, sizeof *events, by_event_id);
    mark_duplicates(events, count);
    for (size_t i = 0; i < count; i++)
        if (refers(&events[i], EVENT_TYPE_CORRECTED))
            correct(events, count, &events[i]);
    for (size_t i = 0; i < count; i++) {
        if (!refers(&events[i], EVENT_TYPE_DISPUTED))
            continue;
        const struct history_event *target = target_of(events, count, &events[i]);
        if (!target)
            events[i].outcome = OUTCOME_TARGET_UNKNOWN;
        else if (target->standing == EVENT_STANDS)
            events[i].outcome = OUTCOME_MATCHED;
    }
}
