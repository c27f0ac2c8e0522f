/* items.c - from identifiers to items. */
#include "ingest/items.h"

#include <stdlib.h>
#include <string.h>

#include "core/identity/identifier.h"

/* One (scheme, value, item). Several items may share a hint; they stand in one chain of slots. */
struct items_slot {
    enum identifier_scheme scheme;
    struct text value;
    bool proof;
    struct item *item; /* NULL: empty */
};

bool identifier_is_proof(enum identifier_scheme scheme, enum item_kind kind)
{
    bool of_vehicle = kind == ITEM_KIND_UNSPECIFIED || kind == ITEM_KIND_VEHICLE;

    if (scheme == IDENTIFIER_SCHEME_VIN)
        return of_vehicle;
    return identifier_scheme_is_proof(scheme);
}

int items_init(struct items *items, struct arena *arena, size_t expected)
{
    *items = (struct items){.arena = arena, .slot_count = 64};
    items->last = &items->list;
    while (items->slot_count < expected * 4)
        items->slot_count *= 2;
    items->slots = arena_array(arena, items->slot_count, sizeof *items->slots);
    return items->slots ? 0 : ERR_NO_MEMORY;
}

static size_t first_slot(const struct items *items, enum identifier_scheme scheme, struct text value)
{
    return (hash64(value) + (uint64_t)scheme * 0x9e3779b97f4a7c15U) & (items->slot_count - 1);
}

static bool slot_is(const struct items_slot *slot, enum identifier_scheme scheme, struct text value)
{
    return slot->scheme == scheme && text_equal(slot->value, value);
}

/* Doubles the table when it is half full. */
static int grow(struct items *items)
{
    struct items_slot *old = items->slots;
    size_t old_count = items->slot_count;

    items->slots = arena_array(items->arena, old_count * 2, sizeof *items->slots);
    if (!items->slots) {
        items->slots = old;
        return ERR_NO_MEMORY;
    }
    items->slot_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        size_t at = old[i].item ? first_slot(items, old[i].scheme, old[i].value) : 0;

        if (!old[i].item)
            continue;
        while (items->slots[at].item)
            at = (at + 1) & (items->slot_count - 1);
        items->slots[at] = old[i];
    }
    return 0;
}

static bool has_slot(const struct items *items, enum identifier_scheme scheme, struct text value,
                     const struct item *item)
{
    for (size_t at = first_slot(items, scheme, value); items->slots[at].item; at = (at + 1) & (items->slot_count - 1))
        if (slot_is(&items->slots[at], scheme, value) && items->slots[at].item == item)
            return true;
    return false;
}

static int add_slot(struct items *items, enum identifier_scheme scheme, struct text value, bool proof,
                    struct item *item)
{
    size_t at;

    if (items->slot_used * 2 >= items->slot_count && grow(items))
        return ERR_NO_MEMORY;
    at = first_slot(items, scheme, value);
    while (items->slots[at].item)
        at = (at + 1) & (items->slot_count - 1);
    items->slots[at] = (struct items_slot){scheme, value, proof, item};
    items->slot_used++;
    return 0;
}

static struct item *add_item(struct items *items, int64_t item_id, enum item_kind kind, bool terminal)
{
    struct item *item = arena_alloc(items->arena, sizeof *item);

    if (!item)
        return NULL;
    item->item_id = item_id;
    item->kind = kind;
    item->terminal = terminal;
    item->is_new = item_id == 0;
    item->last_event = &item->events;
    *items->last = item;
    items->last = &item->next;
    items->newest = item;
    items->count++;
    items->new_count += item->is_new;
    return item;
}

int items_known(struct items *items, enum identifier_scheme scheme, struct text value, bool proof, int64_t item_id,
                enum item_kind kind, bool terminal)
{
    struct item *item = items->newest;

    if (!item || item->item_id != item_id)
        item = add_item(items, item_id, kind, terminal);
    if (!item)
        return ERR_NO_MEMORY;
    return has_slot(items, scheme, value, item) ? 0 : add_slot(items, scheme, value, proof, item);
}

/* The item that this proof-grade identifier names, or NULL. */
static struct item *find_by_proof(const struct items *items, const struct identifier *identifier)
{
    for (size_t at = first_slot(items, identifier->scheme, identifier->value); items->slots[at].item;
         at = (at + 1) & (items->slot_count - 1))
        if (items->slots[at].proof && slot_is(&items->slots[at], identifier->scheme, identifier->value))
            return items->slots[at].item;
    return NULL;
}

/* How many of the reference's identifiers the item has. */
static size_t agreement(const struct items *items, const struct item_ref *ref, const struct item *item)
{
    size_t count = 0;

    for (size_t i = 0; i < ref->identifier_count; i++)
        count += has_slot(items, ref->identifiers[i].scheme, ref->identifiers[i].value, item);
    return count;
}

static bool begins_custody(enum event_type type)
{
    return type == EVENT_TYPE_BOOKED || type == EVENT_TYPE_PICKED_UP || type == EVENT_TYPE_LOT_CREATED;
}

/* By hints alone: the item of that kind that shares most of them, the newest of equals. A plate may have gone to another vehicle
 * (Order 164 art 44): what begins custody is not said of an item at its end. */
static struct item *find_by_hints(const struct items *items, const struct item_ref *ref, enum event_type type)
{
    struct item *best = NULL;
    size_t most = 0;

    for (size_t i = 0; i < ref->identifier_count; i++) {
        const struct identifier *identifier = &ref->identifiers[i];

        for (size_t at = first_slot(items, identifier->scheme, identifier->value); items->slots[at].item;
             at = (at + 1) & (items->slot_count - 1)) {
            struct item *item = items->slots[at].item;
            size_t agreed;

            if (!slot_is(&items->slots[at], identifier->scheme, identifier->value) ||
                (ref->kind != ITEM_KIND_UNSPECIFIED && item->kind != ITEM_KIND_UNSPECIFIED &&
                 ref->kind != item->kind) ||
                (item->terminal && begins_custody(type)))
                continue;
            agreed = agreement(items, ref, item);
            if (agreed > most || (agreed == most && best && item->item_id > best->item_id)) {
                best = item;
                most = agreed;
            }
        }
    }
    return best;
}

/* The strongest proof-grade identifier that is known decides; *has_proof says whether the reference has any. */
static struct item *find_by_proofs(const struct items *items, const struct item_ref *ref, bool *has_proof)
{
    struct item *best = NULL;
    int strongest = -1;

    *has_proof = false;
    for (size_t i = 0; i < ref->identifier_count; i++) {
        const struct identifier *identifier = &ref->identifiers[i];
        int strength = identifier_scheme_strength(identifier->scheme);
        struct item *item;

        if (!identifier_is_proof(identifier->scheme, ref->kind))
            continue;
        *has_proof = true;
        item = strength > strongest ? find_by_proof(items, identifier) : NULL;
        if (item) {
            best = item;
            strongest = strength;
        }
    }
    return best;
}

/* Gives the item what the reference says beyond what is known of it. A proof-grade identifier of another item is not taken over. */
static int add_identifiers(struct items *items, struct batch *batch, struct batch_envelope *envelope,
                           const struct item_ref *ref, struct item *item)
{
    for (size_t i = 0; i < ref->identifier_count; i++) {
        const struct identifier *identifier = &ref->identifiers[i];
        bool proof = identifier_is_proof(identifier->scheme, item->kind);
        struct item *other = proof ? find_by_proof(items, identifier) : NULL;
        struct item_identifier *added;

        if (other && other != item) {
            batch_warn(batch, envelope, WARNING_IDENTIFIER,
                       "%s: %.*s names another item than the event's stronger identifier; hint: check the item",
                       identifier_scheme_word(identifier->scheme), TEXT_ARG(identifier->value));
            continue;
        }
        if (has_slot(items, identifier->scheme, identifier->value, item))
            continue;
        added = arena_alloc(items->arena, sizeof *added);
        if (!added || add_slot(items, identifier->scheme, identifier->value, proof, item))
            return ERR_NO_MEMORY;
        *added = (struct item_identifier){item->identifiers, identifier->scheme, identifier->value, proof};
        item->identifiers = added;
    }
    return 0;
}

static int add_item_event(struct items *items, struct item *item, struct batch_envelope *envelope, size_t ordinal,
                          const size_t *part)
{
    struct item_event *event = arena_alloc(items->arena, sizeof *event);

    if (!event)
        return ERR_NO_MEMORY;
    *event = (struct item_event){NULL, envelope, (uint16_t)ordinal, part != NULL, part ? (uint16_t)*part : 0};
    *item->last_event = event;
    item->last_event = &event->next;
    item->newest_event = event;
    item->touched = true;
    return 0;
}

/* Named twice in one event: one history row says it. */
static bool is_newest_event(const struct item *item, const struct batch_envelope *envelope, size_t ordinal)
{
    const struct item_event *newest = item->newest_event;

    return newest && newest->envelope == envelope && newest->ordinal == ordinal;
}

/* The item of one reference, found or new; NULL when memory is exhausted. */
static struct item *item_of(struct items *items, struct batch *batch, struct batch_envelope *envelope,
                            const struct item_ref *ref, enum event_type type)
{
    bool has_proof;
    struct item *item = find_by_proofs(items, ref, &has_proof);

    if (!item && !has_proof)
        item = find_by_hints(items, ref, type);
    if (!item)
        item = add_item(items, 0, ref->kind, false);
    if (!item)
        return NULL;
    if (item->kind == ITEM_KIND_UNSPECIFIED)
        item->kind = ref->kind;
    return add_identifiers(items, batch, envelope, ref, item) ? NULL : item;
}

/* A part may come again under its tag; without any identifier it has no history of its own. */
static int add_parts(struct items *items, struct batch *batch, struct batch_envelope *envelope, size_t ordinal,
                     struct item *parent)
{
    const struct event *event = &envelope->report->events[ordinal];

    for (size_t part = 0; part < event->composition.part_count; part++) {
        const struct item_ref *ref = &event->composition.parts[part].item;
        struct item *item;

        if (!ref->identifier_count)
            continue;
        item = item_of(items, batch, envelope, ref, event->type);
        if (!item)
            return ERR_NO_MEMORY;
        if (item == parent || is_newest_event(item, envelope, ordinal))
            continue;
        if (event->type != EVENT_TYPE_LOT_MERGED && !item->parent)
            item->parent = parent;
        if (add_item_event(items, item, envelope, ordinal, &part))
            return ERR_NO_MEMORY;
    }
    return 0;
}

int items_add_event(struct items *items, struct batch *batch, struct batch_envelope *envelope, size_t ordinal)
{
    const struct event *event = &envelope->report->events[ordinal];
    size_t before = items->new_count;
    struct item *item = item_of(items, batch, envelope, &event->item, event->type);

    if (!item || add_item_event(items, item, envelope, ordinal, NULL))
        return ERR_NO_MEMORY;
    if (items->new_count > before && !begins_custody(event->type))
        batch_warn(batch, envelope, WARNING_UNKNOWN_ITEM,
                   "events[%zu].item: %s %.*s was not known before this %s event; hint: report its pickup too", ordinal,
                   identifier_scheme_word(event->item.identifiers[0].scheme),
                   TEXT_ARG(event->item.identifiers[0].value), event_type_word(event->type));
    return event->detail == EVENT_DETAIL_COMPOSITION ? add_parts(items, batch, envelope, ordinal, item) : 0;
}

void items_sighted(struct items *items, enum identifier_scheme scheme, struct text value,
                   void (*each)(void *context, struct item *item, bool proof), void *context)
{
    for (size_t at = first_slot(items, scheme, value); items->slots[at].item; at = (at + 1) & (items->slot_count - 1))
        if (slot_is(&items->slots[at], scheme, value)) {
            items->slots[at].item->touched = true;
            each(context, items->slots[at].item, items->slots[at].proof);
        }
}

static int by_item_id(const void *a, const void *b)
{
    int64_t left = (*(struct item *const *)a)->item_id, right = (*(struct item *const *)b)->item_id;

    return (left > right) - (left < right);
}

int items_sort(struct items *items)
{
    size_t count = 0;

    items->by_id = arena_array(items->arena, items->count, sizeof(struct item *));
    if (!items->by_id)
        return ERR_NO_MEMORY;
    for (struct item *item = items->list; item; item = item->next)
        items->by_id[count++] = item;
    qsort(items->by_id, count, sizeof(struct item *), by_item_id);
    return 0;
}

struct item *items_find(const struct items *items, int64_t item_id)
{
    size_t low = 0, high = items->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (items->by_id[middle]->item_id < item_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < items->count && items->by_id[low]->item_id == item_id ? items->by_id[low] : NULL;
}
