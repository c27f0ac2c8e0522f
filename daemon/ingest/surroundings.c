/* surroundings.c - watch lists, children and shared certificates of the items that are folded.
 *
 * Children: judge.c folds in falling order of item_id, so that what came out of a thing is folded before the thing, and
 * surroundings_refresh takes what this range made of it. What cannot be seen here (a child that ends later) is wished:
 * ingest/clocks folds the parent again. */
#include "ingest/surroundings.h"

#include <string.h>

#include "io/copy.h"

/* How many other items with one of its certificates' numbers an item is told of: the oldest. */
#define SHARED_MAX "8"

/* Ids beside those of judge.c and its neighbours on the same connection. */
static const struct pg_statement watch_statement = {
    37, "SELECT i.item_id, w.entry_id, w.list, w.scheme, w.value, i.proof"
        " FROM custody.identifier i JOIN registry.watch_entry w ON w.scheme = i.scheme AND w.value = i.value"
        " WHERE i.item_id = ANY ($1::bigint[]) AND w.lifted_at IS NULL AND EXISTS (SELECT FROM registry.watch_entry)"
        " ORDER BY i.item_id, w.entry_id"};
static const struct pg_statement children_statement = {
    38, "SELECT parent_item_id, item_id, ended_at FROM custody.item WHERE parent_item_id = ANY ($1::bigint[])"
        " ORDER BY parent_item_id, item_id"};
static const struct pg_statement certificates_statement = {
    39, "SELECT i.item_id, i.value, o.item_id FROM custody.identifier i CROSS JOIN LATERAL ("
        "   SELECT item_id FROM custody.identifier WHERE scheme = i.scheme AND value = i.value AND item_id <> i.item_id"
        "   ORDER BY item_id LIMIT " SHARED_MAX ") o"
        " WHERE i.item_id = ANY ($1::bigint[]) AND i.scheme = 9 ORDER BY i.item_id, i.value, o.item_id"};
static const struct pg_statement wish_statement = {
    40, "INSERT INTO custody.refold (item_id, reason) SELECT * FROM unnest($1::bigint[], $2::text[])"};

/* Room for one more element behind `count` of them; they move when a power of two is full. NULL without memory. */
static void *grown(struct arena *arena, void *list, size_t count, size_t size)
{
    void *more;

    if (count && (count & (count - 1)))
        return list;
    more = arena_array(arena, count ? count * 2 : 1, size);
    if (more && count)
        memcpy(more, list, count * size);
    return more;
}

static void no_memory(struct surroundings_load *load)
{
    transaction_fail(load->transaction, ERR_NO_MEMORY,
                     "items: what is around them is out of memory; "
                     "hint: raise arena_max_bytes");
}

static void on_watch(void *context, const struct pg_result *result)
{
    struct surroundings_load *load = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct item *item = items_find(load->items, pg_i64(result, row, 0));
        struct watch_hit hit = {.entry_id = pg_i64(result, row, 1),
                                .list = arena_text(load->arena, pg_bytes(result, row, 2)),
                                .scheme = (enum identifier_scheme)pg_i64(result, row, 3),
                                .value = arena_text(load->arena, pg_bytes(result, row, 4)),
                                .proof = pg_bool(result, row, 5)};
        struct watch_hit *list;

        if (!item)
            continue;
        list = grown(load->arena, item->watch, item->around.watch_count, sizeof *list);
        if (!list || !hit.list.data || !hit.value.data) {
            no_memory(load);
            return;
        }
        list[item->around.watch_count++] = hit;
        item->around.watch = item->watch = list;
    }
}

static int add_child(struct arena *arena, struct item *item, int64_t child_id, int64_t ended_at_us)
{
    struct child *list = grown(arena, item->children, item->around.child_count, sizeof *list);

    if (!list)
        return ERR_NO_MEMORY;
    list[item->around.child_count++] = (struct child){child_id, ended_at_us};
    item->around.children = item->children = list;
    return 0;
}

static void on_children(void *context, const struct pg_result *result)
{
    struct surroundings_load *load = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct item *item = items_find(load->items, pg_i64(result, row, 0));
        int64_t ended_at_us = pg_is_null(result, row, 2) ? 0 : pg_time_us(result, row, 2);

        if (item && add_child(load->arena, item, pg_i64(result, row, 1), ended_at_us)) {
            no_memory(load);
            return;
        }
    }
}

static void on_certificates(void *context, const struct pg_result *result)
{
    struct surroundings_load *load = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct item *item = items_find(load->items, pg_i64(result, row, 0));
        struct text number = pg_bytes(result, row, 1);
        struct shared_certificate *list;

        if (!item)
            continue;
        list = grown(load->arena, item->certificates, item->around.certificate_count, sizeof *list);
        if (!list) {
            no_memory(load);
            return;
        }
        list[item->around.certificate_count++] =
            (struct shared_certificate){sha256(number.data, number.len), pg_i64(result, row, 2)};
        item->around.certificates = item->certificates = list;
    }
}

static bool is_destroyed(const struct item *item)
{
    bool destroyed = item->terminal;

    for (const struct item_event *event = item->events; event && !destroyed; event = event->next)
        destroyed = event->envelope->report->events[event->ordinal].type == EVENT_TYPE_DESTROYED;
    return destroyed;
}

static bool is_whole(const struct item *item)
{
    return item->kind == ITEM_KIND_VEHICLE || item->kind == ITEM_KIND_FARM_MACHINE;
}

/* Only the end of a vehicle asks for its children (lifecycle.c). */
static bool asks_for_children(const struct item *item)
{
    return item_is_folded(item) && is_whole(item) && is_destroyed(item);
}

static bool asks_for_certificates(const struct item *item)
{
    return item_is_folded(item) && is_whole(item);
}

static bool asks_for_watch(const struct item *item)
{
    return item_is_folded(item);
}

static void ask(struct surroundings_load *load, struct params *params, const struct pg_statement *statement,
                bool (*asks)(const struct item *item), transaction_on_rows on_rows)
{
    size_t count = 0;

    for (size_t i = 0; i < load->items->count; i++)
        count += asks(load->items->by_id[i]);
    if (!count)
        return;
    (void)PARAMS_BEGIN_ARRAYS(params, count, OID_INT8);
    for (size_t i = 0; i < load->items->count; i++)
        if (asks(load->items->by_id[i]))
            copy_put_i64(&params->buffers[0], load->items->by_id[i]->item_id);
    transaction_query(load->transaction, statement, params, on_rows, load);
}

void surroundings_ask(struct surroundings_load *load, struct transaction *transaction, struct params *params,
                      struct items *items, struct arena *arena)
{
    *load = (struct surroundings_load){arena, items, transaction};
    ask(load, params, &watch_statement, asks_for_watch, on_watch);
    ask(load, params, &children_statement, asks_for_children, on_children);
    ask(load, params, &certificates_statement, asks_for_certificates, on_certificates);
}

/* ---- what this range makes of it ---- */

static bool has_child(const struct item *item, int64_t child_id)
{
    for (size_t i = 0; i < item->around.child_count; i++)
        if (item->children[i].item_id == child_id)
            return true;
    return false;
}

int surroundings_refresh(struct items *items, struct item *item, struct arena *arena)
{
    if (!asks_for_children(item))
        return 0;
    for (size_t i = 0; i < item->around.child_count; i++) {
        const struct item *child = items_find(items, item->children[i].item_id);

        if (child && child->folded)
            item->children[i].ended_at_us = child->ended_at_us;
    }
    for (const struct item *child = item->first_child; child; child = child->next_child)
        if (!has_child(item, child->item_id) &&
            add_child(arena, item, child->item_id, child->folded ? child->ended_at_us : child->stored_ended_at_us))
            return ERR_NO_MEMORY;
    return 0;
}

static int64_t parent_id(const struct item *item)
{
    return item->stored_parent_id ? item->stored_parent_id : item->parent ? item->parent->item_id : 0;
}

/* A parent that is folded in this range, after the child, has seen it. */
static bool wishes_parent(const struct items *items, const struct item *item)
{
    const struct item *parent = parent_id(item) ? items_find(items, parent_id(item)) : NULL;
    bool seen = parent && parent->folded && parent->item_id < item->item_id;
    bool linked = item->parent && !item->stored_parent_id;

    return item->folded && (linked || item->ended_at_us != item->stored_ended_at_us) && parent_id(item) && !seen;
}

static bool is_new_number(const struct item *item, const struct digest *number)
{
    for (const struct item_identifier *identifier = item->identifiers; identifier; identifier = identifier->next) {
        struct digest digest = sha256(identifier->value.data, identifier->value.len);

        if (identifier->scheme == IDENTIFIER_SCHEME_CERTIFICATE_NUMBER && digest_equal(&digest, number))
            return true;
    }
    return false;
}

/* Calls `each` for every wish of the range. */
static void each_wish(const struct items *items, void (*each)(void *context, int64_t item_id, const char *reason),
                      void *context)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = items->by_id[i];

        if (wishes_parent(items, item))
            each(context, parent_id(item), "child");
        for (size_t k = 0; item->folded && k < item->around.certificate_count; k++)
            if (is_new_number(item, &item->around.certificates[k].number))
                each(context, item->around.certificates[k].item_id, "certificate");
    }
}

static void count_wish(void *context, int64_t item_id, const char *reason)
{
    (void)item_id;
    (void)reason;
    (*(size_t *)context)++;
}

static void put_wish(void *context, int64_t item_id, const char *reason)
{
    struct params *params = context;

    copy_put_i64(&params->buffers[0], item_id);
    copy_put_text(&params->buffers[1], text_of(reason));
}

void surroundings_wish(struct transaction *transaction, struct params *params, const struct items *items)
{
    size_t count = 0;

    each_wish(items, count_wish, &count);
    if (!count)
        return;
    (void)PARAMS_BEGIN_ARRAYS(params, count, OID_INT8, OID_TEXT);
    each_wish(items, put_wish, params);
    transaction_query(transaction, &wish_statement, params, NULL, NULL);
}
