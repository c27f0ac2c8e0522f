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

/* --- corrections ---------------------------------------------------------------------------------------------- */

/* Sets of history_event.agreed. */
enum { REPORTER_AGREES = 1, OTHER_SIDE_AGREES = 2 };

/* How often a history is searched for the other half of a hand-over that is taken back. Beyond that it counts as there:
 * the other side has to agree. */
enum { HALF_SEARCHES_MAX = 256 };

struct correcting {
    struct history_event *events; /* sorted by event id */
    size_t count;
    const struct directory *directory;
    unsigned searches;
};

/* The type of the other half; UNSPECIFIED where the event is no half of a hand-over. */
static enum event_type other_half_type(const struct history_event *event)
{
    if (event->role == ITEM_ROLE_SUBJECT && event->event->type == EVENT_TYPE_TRANSFER_OFFERED)
        return EVENT_TYPE_TRANSFER_ACCEPTED;
    if (event->role == ITEM_ROLE_SUBJECT && event->event->type == EVENT_TYPE_TRANSFER_ACCEPTED)
        return EVENT_TYPE_TRANSFER_OFFERED;
    return EVENT_TYPE_UNSPECIFIED;
}

static int64_t other_side(const struct correcting *correcting, const struct history_event *event)
{
    const struct party *party = text_empty(event->event->counterparty)
                                    ? NULL
                                    : directory_party(correcting->directory, event->event->counterparty);
    return party ? party->party_id : 0;
}

/* The offer is before its acceptance, as far as clocks agree. */
static bool in_order(const struct history_event *offer, const struct history_event *acceptance)
{
    return offer->event->at_us <= acceptance->event->at_us ||
           time_gap_us(acceptance->event->at_us, offer->event->at_us) <= CLOCK_SKEW_US;
}

/* The other half of a hand-over, or NULL. */
static const struct history_event *other_half(struct correcting *correcting, const struct history_event *half)
{
    enum event_type wanted = other_half_type(half);
    int64_t other = other_side(correcting, half);
    correcting->searches++;
    for (size_t i = 0; i < correcting->count; i++) {
        const struct history_event *at = &correcting->events[i];
        bool fits = at->event->type == wanted && at->role == ITEM_ROLE_SUBJECT && at->standing != EVENT_DUPLICATE &&
                    at->party_id == other && other != 0;
        if (fits && other_side(correcting, at) == half->party_id &&
            (wanted == EVENT_TYPE_TRANSFER_ACCEPTED ? in_order(half, at) : in_order(at, half)))
            return at;
    }
    return NULL;
}

static bool is_of(int64_t party_id, int64_t other)
{
    return party_id != 0 && party_id == other;
}

/* Both sides have taken back the hand-over: each this half, or the other one. */
static bool both_agree(const struct history_event *half, const struct history_event *other)
{
    unsigned mirrored = !other ? 0
                               : (other->agreed & REPORTER_AGREES ? OTHER_SIDE_AGREES : 0u) |
                                     (other->agreed & OTHER_SIDE_AGREES ? REPORTER_AGREES : 0u);
    return (half->agreed | mirrored) == (REPORTER_AGREES | OTHER_SIDE_AGREES);
}

static enum event_outcome half_outcome(struct correcting *correcting, const struct history_event *correction,
                                       const struct history_event *half)
{
    bool own = is_of(correction->party_id, half->party_id);
    if (!own && !is_of(correction->party_id, other_side(correcting, half)))
        return OUTCOME_TARGET_FOREIGN;
    if (correcting->searches >= HALF_SEARCHES_MAX)
        return both_agree(half, NULL) ? OUTCOME_MATCHED : OUTCOME_AWAITS_COUNTERPARTY;
    const struct history_event *other = other_half(correcting, half);
    if (!other)
        return own ? OUTCOME_MATCHED : OUTCOME_TARGET_FOREIGN;
    return both_agree(half, other) ? OUTCOME_MATCHED : OUTCOME_AWAITS_COUNTERPARTY;
}

static bool is_too_early(const struct history_event *correction, const struct history_event *target)
{
    return correction->event->at_us < target->event->at_us &&
           time_gap_us(correction->event->at_us, target->event->at_us) > CLOCK_SKEW_US;
}

static enum event_outcome correction_outcome(struct correcting *correcting, const struct history_event *correction,
                                             const struct history_event *target)
{
    if (target->event->type == EVENT_TYPE_CORRECTED)
        return OUTCOME_TARGET_CORRECTION;
    if (is_too_early(correction, target))
        return OUTCOME_TARGET_LATER;
    if (target->event->type == EVENT_TYPE_CERT_ISSUED)
        return correction->party_kind == PARTY_KIND_COMMERCE_BUREAU ? OUTCOME_MATCHED : OUTCOME_TARGET_CERTIFICATE;
    if (correction->party_kind == PARTY_KIND_POLICE)
        return OUTCOME_MATCHED;
    if (other_half_type(target) != EVENT_TYPE_UNSPECIFIED)
        return half_outcome(correcting, correction, target);
    return is_of(correction->party_id, target->party_id) ? OUTCOME_MATCHED : OUTCOME_TARGET_FOREIGN;
}

/* Notes who wants a hand-over taken back, before anything is decided. */
static void note_agreement(struct correcting *correcting, const struct history_event *correction)
{
    struct history_event *target = target_of(correcting->events, correcting->count, correction);
    if (!target || other_half_type(target) == EVENT_TYPE_UNSPECIFIED || is_too_early(correction, target))
        return;
    if (is_of(correction->party_id, target->party_id))
        target->agreed |= REPORTER_AGREES;
    if (is_of(correction->party_id, other_side(correcting, target)))
        target->agreed |= OTHER_SIDE_AGREES;
}

static void correct(struct correcting *correcting, struct history_event *correction)
{
    struct history_event *target = target_of(correcting->events, correcting->count, correction);
    correction->outcome = target ? correction_outcome(correcting, correction, target) : OUTCOME_TARGET_UNKNOWN;
    if (correction->outcome != OUTCOME_MATCHED)
        return;
    bool authority =
        correction->party_kind == PARTY_KIND_POLICE || correction->party_kind == PARTY_KIND_COMMERCE_BUREAU;
    if (authority || target->standing == EVENT_STANDS) /* the stronger of several corrections, in whatever order */
        target->standing = authority ? EVENT_CORRECTED_BY_AUTHORITY : EVENT_CORRECTED_BY_REPORTER;
}

static void decide_corrections(struct history_event *events, size_t count, const struct directory *directory)
{
    struct correcting correcting = {events, count, directory, 0};
    for (size_t i = 0; i < count; i++)
        if (refers(&events[i], EVENT_TYPE_CORRECTED))
            note_agreement(&correcting, &events[i]);
    for (size_t i = 0; i < count; i++)
        if (refers(&events[i], EVENT_TYPE_CORRECTED))
            correct(&correcting, &events[i]);
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
        events[i].agreed = 0;
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

void standing_decide(struct history_event *events, size_t count, const struct directory *directory)
{
    if (count > 1)
        qsort(events, count, sizeof *events, by_event_id);
    mark_duplicates(events, count);
    decide_corrections(events, count, directory);
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
