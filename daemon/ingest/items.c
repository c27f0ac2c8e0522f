/* items.c - from identifiers to items. */
#include "ingest/items.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/identity/identifier.h"

/* An item that has a name. */
struct holder {
    struct holder *next; /* older */
    struct item *item;
    bool proof;
};

/* One (scheme, value), and who has it, newest first. */
struct items_name {
    struct items_name *next; /* of the same slot */
    enum identifier_scheme scheme;
    struct text value;
    struct holder *proof, *hints;
    size_t hint_count;
};

static_assert(ITEMS_KEY_BYTES == crypto_shorthash_KEYBYTES && crypto_shorthash_BYTES == sizeof(uint64_t),
              "SipHash-2-4");

bool identifier_is_proof(enum identifier_scheme scheme, enum item_kind kind)
{
    bool of_vehicle = kind == ITEM_KIND_UNSPECIFIED || kind == ITEM_KIND_VEHICLE;

    if (scheme == IDENTIFIER_SCHEME_VIN)
        return of_vehicle;
    return identifier_scheme_is_proof(scheme);
}

int items_init(struct items *items, struct arena *arena, size_t expected, const uint8_t key[ITEMS_KEY_BYTES])
{
    *items = (struct items){.arena = arena, .key = key, .slot_count = 64};
    items->last = &items->list;
    while (items->slot_count < expected)
        items->slot_count *= 2;
    items->slots = arena_array(arena, items->slot_count, sizeof(struct items_name *));
    return items->slots ? 0 : ERR_NO_MEMORY;
}

static struct items_name **slot_of(const struct items *items, enum identifier_scheme scheme, struct text value)
{
    uint8_t bytes[crypto_shorthash_BYTES];
    uint64_t hash;

    crypto_shorthash(bytes, (const uint8_t *)value.data, value.len, items->key);
    memcpy(&hash, bytes, sizeof hash);
    return &items->slots[(hash + (uint64_t)scheme) & (items->slot_count - 1)];
}

static struct items_name *find_name(const struct items *items, enum identifier_scheme scheme, struct text value)
{
    struct items_name *name = *slot_of(items, scheme, value);

    while (name && (name->scheme != scheme || !text_equal(name->value, value)))
        name = name->next;
    return name;
}

/* Doubles the table when there are as many names as slots. */
static int grow(struct items *items)
{
    struct items_name **old = items->slots;
    size_t old_count = items->slot_count;

    items->slots = arena_array(items->arena, old_count * 2, sizeof(struct items_name *));
    if (!items->slots) {
        items->slots = old;
        return ERR_NO_MEMORY;
    }
    items->slot_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++)
        for (struct items_name *name = old[i], *next; name; name = next) {
            struct items_name **slot = slot_of(items, name->scheme, name->value);

            next = name->next;
            name->next = *slot;
            *slot = name;
        }
    return 0;
}

static struct items_name *add_name(struct items *items, enum identifier_scheme scheme, struct text value)
{
    struct items_name *name = arena_alloc(items->arena, sizeof *name), **slot;

    if (!name || (items->name_count >= items->slot_count && grow(items)))
        return NULL;
    slot = slot_of(items, scheme, value);
    *name = (struct items_name){.next = *slot, .scheme = scheme, .value = value};
    *slot = name;
    items->name_count++;
    return name;
}

static bool has_name(const struct items_name *name, const struct item *item)
{
    const struct holder *holder = name ? name->hints : NULL;

    while (holder && holder->item != item)
        holder = holder->next;
    return holder || (name && name->proof && name->proof->item == item);
}

/* The oldest of the hint's holders is forgotten; its memory serves the next. */
static struct holder *drop_oldest(struct items *items, struct items_name *name)
{
    struct holder **at = &name->hints, *oldest;

    while ((*at)->next)
        at = &(*at)->next;
    oldest = *at;
    *at = NULL;
    name->hint_count--;
    items->capped++;
    return oldest;
}

static int add_holder(struct items *items, struct items_name *name, struct item *item, bool proof)
{
    struct holder *holder = !proof && name->hint_count == HINT_HOLDERS_MAX ? drop_oldest(items, name)
                                                                           : arena_alloc(items->arena, sizeof *holder);

    if (!holder)
        return ERR_NO_MEMORY;
    assert(!proof || !name->proof); /* the database's key, and add_identifiers, see to it */
    *holder = (struct holder){proof ? NULL : name->hints, item, proof};
    *(proof ? &name->proof : &name->hints) = holder;
    name->hint_count += !proof;
    return 0;
}

static int add_to_name(struct items *items, enum identifier_scheme scheme, struct text value, bool proof,
                       struct item *item)
{
    struct items_name *name = find_name(items, scheme, value);

    if (!name)
        name = add_name(items, scheme, value);
    return name ? add_holder(items, name, item, proof) : ERR_NO_MEMORY;
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
    item->number = items->count;
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
    return has_name(find_name(items, scheme, value), item) ? 0 : add_to_name(items, scheme, value, proof, item);
}

/* The item that this proof-grade identifier names, or NULL. */
static struct item *find_by_proof(const struct items *items, const struct identifier *identifier)
{
    const struct items_name *name = find_name(items, identifier->scheme, identifier->value);

    return name && name->proof ? name->proof->item : NULL;
}

static bool begins_custody(enum event_type type)
{
    return type == EVENT_TYPE_BOOKED || type == EVENT_TYPE_PICKED_UP || type == EVENT_TYPE_LOT_CREATED;
}

static bool may_be(const struct item *item, const struct item_ref *ref, enum event_type type)
{
    bool other_kind =
        ref->kind != ITEM_KIND_UNSPECIFIED && item->kind != ITEM_KIND_UNSPECIFIED && ref->kind != item->kind;

    return !other_kind && !(item->terminal && begins_custody(type));
}

/* One more identifier of this search leads to the item. */
static void count_agreement(const struct items *items, struct item *item)
{
    if (item->search != items->searches) {
        item->search = items->searches;
        item->agreement = 0;
    }
    item->agreement++;
}

static struct item *better(struct item *best, struct item *item)
{
    if (!best || item->agreement > best->agreement)
        return item;
    return item->agreement == best->agreement && item->number > best->number ? item : best;
}

/* By hints alone: the item of that kind that shares most of them, the newest of equals. A plate may have gone to another vehicle
 * (Order 164 art 44): what begins custody is not said of an item at its end. Takes HINT_HOLDERS_MAX steps an identifier. */
static struct item *find_by_hints(struct items *items, const struct item_ref *ref, enum event_type type)
{
    struct item *best = NULL;

    items->searches++;
    for (size_t i = 0; i < ref->identifier_count; i++) {
        const struct items_name *name = find_name(items, ref->identifiers[i].scheme, ref->identifiers[i].value);

        if (!name)
            continue;
        if (name->proof)
            count_agreement(items, name->proof->item);
        for (const struct holder *holder = name->hints; holder; holder = holder->next)
            count_agreement(items, holder->item);
        /* Its last identifier finds the item with its full count, whichever that is. */
        if (name->proof && may_be(name->proof->item, ref, type))
            best = better(best, name->proof->item);
        for (const struct holder *holder = name->hints; holder; holder = holder->next)
            if (may_be(holder->item, ref, type))
                best = better(best, holder->item);
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
        if (has_name(find_name(items, identifier->scheme, identifier->value), item))
            continue;
        added = arena_alloc(items->arena, sizeof *added);
        if (!added || add_to_name(items, identifier->scheme, identifier->value, proof, item))
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

struct text items_certificate(const struct event *event, char value[IDENTIFIER_VALUE_BYTES])
{
    struct error error = {.code = 0};

    if (event->type != EVENT_TYPE_CERT_ISSUED || event->detail != EVENT_DETAIL_CERTIFICATE ||
        identifier_normalise(IDENTIFIER_SCHEME_CERTIFICATE_NUMBER, event->certificate.number, value, &error) ==
            IDENTIFIER_INVALID)
        return (struct text){NULL, 0};
    return text_of(value);
}

/* Who else has this number is asked when the item is folded (rule C14). */
static int add_certificate(struct items *items, struct batch *batch, struct batch_envelope *envelope,
                           const struct event *event, struct item *item)
{
    char value[IDENTIFIER_VALUE_BYTES];
    struct text said = items_certificate(event, value);
    struct identifier number = {IDENTIFIER_SCHEME_CERTIFICATE_NUMBER, arena_text(items->arena, said)};

    if (text_empty(said))
        return 0;
    if (!number.value.data)
        return ERR_NO_MEMORY;
    return add_identifiers(items, batch, envelope, &(struct item_ref){item->kind, 1, &number}, item);
}

int items_add_refold(struct items *items, int64_t item_id, enum item_kind kind, bool terminal)
{
    struct item *item = add_item(items, item_id, kind, terminal);

    if (!item)
        return ERR_NO_MEMORY;
    item->touched = item->refold = true;
    return 0;
}

int items_add_event(struct items *items, struct batch *batch, struct batch_envelope *envelope, size_t ordinal)
{
    const struct event *event = &envelope->report->events[ordinal];
    size_t before = items->new_count;
    struct item *item = item_of(items, batch, envelope, &event->item, event->type);

    if (!item || add_item_event(items, item, envelope, ordinal, NULL) ||
        add_certificate(items, batch, envelope, event, item))
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
    const struct items_name *name = find_name(items, scheme, value);

    if (name && name->proof) {
        name->proof->item->touched = true;
        each(context, name->proof->item, true);
    }
    for (const struct holder *holder = name ? name->hints : NULL; holder; holder = holder->next) {
        holder->item->touched = true;
        each(context, holder->item, false);
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
