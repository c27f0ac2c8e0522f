/* judge.c - from events and sightings to states and flags, inside the ingest transaction.
 *
 *   1  every identifier of the range is locked by its stripe, in order: a ban and a sighting of one identifier never pass each
 *      other unseen, and one item is never made twice
 *   2  known identifiers give their items; the rest become new items (items.c)
 *   3  items are locked in order, before identifiers refer to them (a foreign key locks, too), and their histories loaded (histories.c)
 *   4  (head locked by store.c) each item that has events is folded anew with what came, its sightings matched, and what changed is
 *      written. What was only sighted is not folded: its stored ban says all that the match needs
 */
#include "ingest/judge.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/custody/fold.h"
#include "core/reentry/extract.h"
#include "core/reentry/match.h"
#include "ingest/flags.h"
#include "ingest/histories.h"
#include "ingest/items.h"
#include "ingest/rows.h"
#include "ingest/surroundings.h"
#include "io/copy.h"

enum {
    STRIPES = 1024, /* of identifier locks; a power of two, the same in every daemon on one database */
    LOCK_CLASS = 4071,
    FINDINGS_MAX = 512, /* of one item */
    PARAM_BYTES_MAX = 64 * 1024 * 1024,
};

struct judge {
    struct transaction *transaction;
    struct batch *batch;
    const struct directory *directory;
    const int64_t *clock_behind_s;
    int64_t now_us; /* as of which clocks are judged */
    transaction_step next;
    void *next_context;
    struct params params;
    struct items items;
    uint8_t items_key[ITEMS_KEY_BYTES];
    struct histories histories;
    struct sighted *sighted;
    size_t sighted_count;
    struct finding findings[FINDINGS_MAX]; /* of the rules over one item, before they are kept */
};

/* Ids beside store.c's on the same connection. */
static const struct pg_statement stripes_statement = {
    20, "SELECT pg_advisory_xact_lock($1::int, stripe) FROM unnest($2::int[]) AS stripe"};
/* The item that a proof names, and the newest that share a hint: one more than HINT_HOLDERS_MAX shows that there are others. */
static const struct pg_statement known_statement = {
    21, "SELECT q.scheme, q.value, i.proof, i.item_id, t.kind, t.terminal"
        " FROM (SELECT DISTINCT * FROM unnest($1::smallint[], $2::text[]) AS g (scheme, value)) q CROSS JOIN LATERAL ("
        "   (SELECT p.item_id, true AS proof FROM custody.identifier p"
        "     WHERE p.scheme = q.scheme AND p.value = q.value AND p.proof)"
        "   UNION ALL (SELECT h.item_id, false FROM custody.identifier h"
        "     WHERE h.scheme = q.scheme AND h.value = q.value AND NOT h.proof ORDER BY h.item_id DESC LIMIT $3::int)) i"
        " JOIN custody.item t ON t.item_id = i.item_id ORDER BY i.item_id"};
static const struct pg_statement ids_statement = {
    22, "SELECT nextval('custody.item_item_id_seq') FROM generate_series(1, $1::int)"};
static const struct pg_statement add_items_statement = {23,
                                                        "INSERT INTO custody.item (item_id, kind) OVERRIDING SYSTEM "
                                                        "VALUE SELECT * FROM unnest($1::bigint[], $2::smallint[])"};
static const struct pg_statement add_identifiers_statement = {
    24, "INSERT INTO custody.identifier (scheme, value, item_id, proof)"
        " SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::boolean[]) ON CONFLICT DO NOTHING"};
static const struct pg_statement lock_items_statement = {
    25, "SELECT item_id FROM custody.item WHERE item_id = ANY ($1::bigint[]) ORDER BY item_id FOR UPDATE"};
static void resolve(void *context);
static void create_items(void *context);
static void load_histories(void *context);

struct judge *judge_new(size_t max_bytes, const int64_t *clock_behind_s)
{
    struct judge *judge = calloc(1, sizeof *judge);

    if (!judge)
        return NULL;
    params_init(&judge->params, PARAM_BYTES_MAX);
    histories_init(&judge->histories, max_bytes);
    judge->clock_behind_s = clock_behind_s;
    randombytes_buf(judge->items_key, sizeof judge->items_key);
    return judge;
}

void judge_free(struct judge *judge)
{
    if (!judge)
        return;
    params_fini(&judge->params);
    histories_fini(&judge->histories);
    free(judge);
}

bool judge_wanted(const struct batch *batch)
{
    return batch->event_count > 0 || batch->sighting_count > 0;
}

static void no_memory(struct judge *judge)
{
    transaction_fail(judge->transaction, ERR_NO_MEMORY,
                     "items: out of memory; hint: raise arena_max_bytes or lower batch_max_envelopes");
}

/* ---- 1: the identifiers of the range ---- */

static void add_sighted(struct judge *judge, struct batch_envelope *envelope, size_t ordinal,
                        enum identifier_scheme scheme, struct text value, bool from_text)
{
    struct sighted *sighted = arena_alloc(&judge->batch->work, sizeof *sighted);

    if (!sighted || !value.data) {
        no_memory(judge);
        return;
    }
    *sighted = (struct sighted){judge->sighted, envelope, (uint16_t)ordinal, scheme, value, from_text};
    judge->sighted = sighted;
    judge->sighted_count++;
}

static void extract_from(struct judge *judge, struct batch_envelope *envelope, size_t ordinal, struct text text)
{
    struct extraction extraction;

    if (text_empty(text))
        return;
    extract_identifiers(text, &extraction);
    for (size_t i = 0; i < extraction.count; i++)
        add_sighted(judge, envelope, ordinal, extraction.found[i].scheme,
                    arena_text(&judge->batch->work, text_of(extraction.found[i].value)), true);
}

static void collect_sighted(struct judge *judge, struct batch_envelope *envelope)
{
    for (size_t i = 0; i < envelope->report->sighting_count; i++) {
        const struct sighting *sighting = &envelope->report->sightings[i];

        for (size_t k = 0; k < sighting->identifier_count; k++)
            add_sighted(judge, envelope, i, sighting->identifiers[k].scheme, sighting->identifiers[k].value, false);
        if (sighting->listing.present) {
            extract_from(judge, envelope, i, sighting->listing.title);
            extract_from(judge, envelope, i, sighting->listing.text);
        }
    }
}

/* Calls `each` for every identifier of every event and part, then for every sighted one. */
static size_t each_identifier(const struct judge *judge,
                              void (*each)(void *context, enum identifier_scheme scheme, struct text value),
                              void *context)
{
    size_t count = 0;

    for (size_t i = 0; i < judge->batch->leaf_count; i++) {
        const struct batch_envelope *envelope = judge->batch->leaves[i];

        if (envelope->fate != FATE_STORED)
            continue;
        for (size_t k = 0; k < envelope->report->event_count; k++) {
            const struct event *event = &envelope->report->events[k];
            size_t parts = event->detail == EVENT_DETAIL_COMPOSITION ? event->composition.part_count : 0;
            char value[IDENTIFIER_VALUE_BYTES];
            struct text certificate;

            for (size_t p = 0; p <= parts; p++) {
                const struct item_ref *ref = p ? &event->composition.parts[p - 1].item : &event->item;

                for (size_t n = 0; n < ref->identifier_count; n++, count++)
                    if (each)
                        each(context, ref->identifiers[n].scheme, ref->identifiers[n].value);
            }
            certificate = items_certificate(event, value);
            if (!text_empty(certificate)) {
                count++;
                if (each)
                    each(context, IDENTIFIER_SCHEME_CERTIFICATE_NUMBER, certificate);
            }
        }
    }
    for (const struct sighted *sighted = judge->sighted; sighted; sighted = sighted->next, count++)
        if (each)
            each(context, sighted->scheme, sighted->value);
    return count;
}

static void mark_stripe(void *context, enum identifier_scheme scheme, struct text value)
{
    bool *stripes = context;

    stripes[(hash64(value) + (unsigned)scheme) % STRIPES] = true;
}

static void put_identifier(void *context, enum identifier_scheme scheme, struct text value)
{
    struct params *params = context;

    copy_put_i16(&params->buffers[0], (int16_t)scheme);
    copy_put_text(&params->buffers[1], value);
}

static void lock_stripes(struct judge *judge)
{
    bool stripes[STRIPES] = {false};
    struct params *params = &judge->params;
    struct buffer *list;
    size_t count = 0;

    (void)each_identifier(judge, mark_stripe, stripes);
    for (size_t i = 0; i < STRIPES; i++)
        count += stripes[i];
    params_clear(params);
    params_add_i32(params, LOCK_CLASS);
    list = params_add(params);
    array_begin(list, OID_INT4, count);
    for (size_t i = 0; i < STRIPES; i++)
        if (stripes[i])
            copy_put_i32(list, (int32_t)i);
    transaction_query(judge->transaction, &stripes_statement, params, NULL, NULL);
}

static void on_known(void *context, const struct pg_result *result)
{
    struct judge *judge = context;

    for (size_t row = 0; row < pg_rows(result); row++) {
        struct text value = arena_text(&judge->batch->work, pg_bytes(result, row, 1));

        if (!value.data ||
            items_known(&judge->items, (enum identifier_scheme)pg_i64(result, row, 0), value, pg_bool(result, row, 2),
                        pg_i64(result, row, 3), (enum item_kind)pg_i64(result, row, 4), pg_bool(result, row, 5))) {
            no_memory(judge);
            return;
        }
    }
}

static void begin(struct judge *judge, struct transaction *transaction, struct batch *batch,
                  const struct directory *directory, transaction_step next, void *context)
{
    judge->transaction = transaction;
    judge->batch = batch;
    judge->directory = directory;
    judge->next = next;
    judge->next_context = context;
    judge->sighted = NULL;
    judge->sighted_count = 0;
}

void judge_load(struct judge *judge, struct transaction *transaction, struct batch *batch,
                const struct directory *directory, transaction_step next, void *context)
{
    size_t count;

    begin(judge, transaction, batch, directory, next, context);
    for (size_t i = 0; i < batch->leaf_count; i++)
        if (batch->leaves[i]->fate == FATE_STORED)
            collect_sighted(judge, batch->leaves[i]);
    count = each_identifier(judge, NULL, NULL);
    if (items_init(&judge->items, &batch->work, count, judge->items_key))
        no_memory(judge);
    lock_stripes(judge);
    (void)PARAMS_BEGIN_ARRAYS(&judge->params, count, OID_INT2, OID_TEXT);
    (void)each_identifier(judge, put_identifier, &judge->params);
    params_add_i32(&judge->params, HINT_HOLDERS_MAX + 1);
    /* A statement of its own: it sees what was committed before the locks were ours. */
    transaction_query(transaction, &known_statement, &judge->params, on_known, judge);
    transaction_then(transaction, resolve, judge);
}

/* ---- 2: the items ---- */

static void ignore_item(void *context, struct item *item, bool proof)
{
    (void)context;
    (void)item;
    (void)proof;
}

static void resolve(void *context)
{
    struct judge *judge = context;
    struct batch *batch = judge->batch;

    for (size_t i = 0; i < batch->leaf_count; i++) {
        struct batch_envelope *envelope = batch->leaves[i];

        for (size_t k = 0; envelope->fate == FATE_STORED && k < envelope->report->event_count; k++)
            if (items_add_event(&judge->items, batch, envelope, k))
                no_memory(judge);
    }
    /* Only marks them: what a sighting names is judged too. */
    for (const struct sighted *sighted = judge->sighted; sighted; sighted = sighted->next)
        items_sighted(&judge->items, sighted->scheme, sighted->value, ignore_item, NULL);
    if (judge->items.capped)
        log_warn("hint_holders_capped", "holders=%zu kept=%d hint=\"many items share a plate or an engine number\"",
                 judge->items.capped, HINT_HOLDERS_MAX);
    create_items(context);
}

static void on_ids(void *context, const struct pg_result *result)
{
    struct judge *judge = context;
    size_t row = 0;

    for (struct item *item = judge->items.list; item && row < pg_rows(result); item = item->next)
        if (item->is_new)
            item->item_id = pg_i64(result, row++, 0);
}

static void create_items(void *context)
{
    struct judge *judge = context;

    if (judge->items.new_count) {
        params_clear(&judge->params);
        params_add_i32(&judge->params, (int32_t)judge->items.new_count);
        transaction_query(judge->transaction, &ids_statement, &judge->params, on_ids, judge);
    }
    transaction_then(judge->transaction, load_histories, judge);
}

static void insert_items(struct judge *judge)
{
    struct params *params = PARAMS_BEGIN_ARRAYS(&judge->params, judge->items.new_count, OID_INT8, OID_INT2);

    for (const struct item *item = judge->items.list; item; item = item->next)
        if (item->is_new) {
            copy_put_i64(&params->buffers[0], item->item_id);
            copy_put_i16(&params->buffers[1], (int16_t)item->kind);
        }
    transaction_query(judge->transaction, &add_items_statement, params, NULL, NULL);
}

static void insert_identifiers(struct judge *judge)
{
    struct params *params;
    size_t count = 0;

    for (const struct item *item = judge->items.list; item; item = item->next)
        for (const struct item_identifier *identifier = item->identifiers; identifier; identifier = identifier->next)
            count++;
    if (!count)
        return;
    params = PARAMS_BEGIN_ARRAYS(&judge->params, count, OID_INT2, OID_TEXT, OID_INT8, OID_BOOL);
    for (const struct item *item = judge->items.list; item; item = item->next)
        for (const struct item_identifier *identifier = item->identifiers; identifier; identifier = identifier->next) {
            copy_put_i16(&params->buffers[0], (int16_t)identifier->scheme);
            copy_put_text(&params->buffers[1], identifier->value);
            copy_put_i64(&params->buffers[2], item->item_id);
            copy_put_bool(&params->buffers[3], identifier->proof);
        }
    transaction_query(judge->transaction, &add_identifiers_statement, params, NULL, NULL);
}

/* ---- 3: their locks and histories ---- */

static void load_histories(void *context)
{
    struct judge *judge = context;

    if (items_sort(&judge->items))
        no_memory(judge);
    if (judge->transaction->code) {
        transaction_then(judge->transaction, judge->next, judge->next_context);
        return;
    }
    if (judge->items.new_count)
        insert_items(judge);
    transaction_query(judge->transaction, &lock_items_statement, histories_ids(&judge->params, &judge->items, false),
                      NULL, NULL);
    insert_identifiers(judge);
    histories_load(&judge->histories, judge->transaction, &judge->params, &judge->items,
                   judge->batch->to - judge->batch->from == 1, judge->next, judge->next_context);
}

void judge_load_again(struct judge *judge, struct transaction *transaction, struct batch *batch,
                      const struct directory *directory, const struct refolded *refolded, size_t count,
                      transaction_step next, void *context)
{
    int code;

    begin(judge, transaction, batch, directory, next, context);
    code = items_init(&judge->items, &batch->work, count, judge->items_key);
    for (size_t i = 0; i < count && !code; i++)
        code = items_add_refold(&judge->items, refolded[i].item_id, refolded[i].kind, refolded[i].terminal);
    if (code || items_sort(&judge->items)) {
        no_memory(judge);
        transaction_then(transaction, next, context);
        return;
    }
    histories_load(&judge->histories, transaction, &judge->params, &judge->items, count == 1, next, context);
}

/* ---- 4: folding and writing ---- */

/* The events of the batch join the history: their log index is known now. histories.c left room. */
static void add_new_events(struct item *item)
{
    for (const struct item_event *added = item->events; added; added = added->next) {
        const struct batch_envelope *envelope = added->envelope;

        assert(item->history_count < item->history_room);
        item->history[item->history_count++] = (struct history_event){
            .event = &envelope->report->events[added->ordinal],
            .log_index = envelope->log_index,
            .received_us = envelope->received_us,
            .ordinal = added->ordinal,
            .role = added->is_part ? ITEM_ROLE_PART : ITEM_ROLE_SUBJECT,
            .part = added->part,
            .source_id = envelope->source->source_id,
            .party_id = envelope->source->party_id,
            .party_kind = envelope->source->party_kind,
        };
    }
}

struct joining {
    struct judge *judge;
    const struct sighted *sighted;
};

static void join_sighting(void *context, struct item *item, bool proof)
{
    const struct joining *joining = context;
    const struct sighted *sighted = joining->sighted;
    const struct sighting *sighting = &sighted->envelope->report->sightings[sighted->ordinal];
    const struct matched_sighting matched = {
        .log_index = sighted->envelope->log_index,
        .ordinal = sighted->ordinal,
        .seen_at_us = sighting->at_us,
        .kind = sighting->kind,
        .scheme = sighted->scheme,
        .value = sighted->value,
        .proof = proof,
        .from_text = sighted->from_text,
    };

    if (histories_add_sighting(&joining->judge->batch->work, item, &matched))
        no_memory(joining->judge);
}

/* What the rules said, from the room that all items share into the arena. False when memory is exhausted. */
static bool keep_findings(struct judge *judge, const struct findings *said, struct findings *kept)
{
    *kept = *said;
    kept->list = arena_array(&judge->batch->work, said->count, sizeof *said->list);
    if (!kept->list)
        return false;
    memcpy(kept->list, said->list, said->count * sizeof *said->list);
    return true;
}

/* Log index of the event that began the ban: the first in fold order at that time. */
static uint64_t banned_index(const struct item *item, const struct item_state *state)
{
    for (size_t i = 0; i < item->history_count; i++)
        if (item->history[i].event->at_us == state->banned_at_us && item->history[i].standing == EVENT_STANDS)
            return item->history[i].log_index;
    return 0;
}

static struct batch_envelope *envelope_at(const struct item *item, uint64_t log_index)
{
    for (const struct item_event *event = item->events; event; event = event->next)
        if (event->envelope->log_index == log_index)
            return event->envelope;
    return NULL;
}

/* Tells the device what its event raised. */
static void warn_of(struct judge *judge, const struct judged *judged)
{
    for (size_t i = 0; i < judged->custody.count; i++) {
        const struct finding *finding = &judged->custody.list[i];
        struct batch_envelope *envelope =
            finding->event < judged->item->history_count
                ? envelope_at(judged->item, judged->item->history[finding->event].log_index)
                : NULL;

        if (envelope)
            batch_warn(judge->batch, envelope, finding->rule == RULE_C03 ? WARNING_STEP_NOT_ALLOWED : WARNING_FLAGGED,
                       "%s: %s", rule_infos[finding->rule].id, finding->text);
    }
}

static struct item_ban fold(struct judge *judge, struct item *item, struct judged *judged, struct findings *custody)
{
    item->around.kind = item->kind;
    item->around.directory = judge->directory;
    item->around.now_us = judge->now_us;
    add_new_events(item);
    if (surroundings_refresh(&judge->items, item, &judge->batch->work))
        no_memory(judge);
    custody_fold(item->history, item->history_count, &item->around, &judged->state, custody);
    item->folded = true;
    item->ended_at_us = judged->state.ended_at_us;
    judged->folded = true;
    judged->complete = !item->sightings_capped;
    return (struct item_ban){judged->state.ban != RESALE_BAN_NONE, judged->state.banned_at_us,
                             banned_index(item, &judged->state)};
}

static bool judge_item(struct judge *judge, struct item *item, struct judged *judged)
{
    struct findings custody = {.list = judge->findings, .room = FINDINGS_MAX}, reentry = custody;
    struct item_ban ban = item->stored_ban;

    judged->item = item;
    if (item_is_folded(item))
        ban = fold(judge, item, judged, &custody);
    if (!keep_findings(judge, &custody, &judged->custody)) {
        no_memory(judge);
        return false;
    }
    reentry_match(&ban, item->sightings, item->sighting_count, &reentry);
    if (!keep_findings(judge, &reentry, &judged->reentry)) {
        no_memory(judge);
        return false;
    }
    if (judged->custody.dropped || judged->reentry.dropped)
        log_warn("findings_dropped", "item=%lld count=%zu", (long long)item->item_id,
                 judged->custody.dropped + judged->reentry.dropped);
    warn_of(judge, judged);
    return true;
}

static void join_children(struct items *items)
{
    for (struct item *item = items->list; item; item = item->next)
        if (item->parent) {
            item->next_child = item->parent->first_child;
            item->parent->first_child = item;
        }
}

void judge_write(struct judge *judge, struct transaction *transaction, struct batch *batch,
                 const struct directory *directory)
{
    struct judged *judged;
    size_t count = 0;

    assert(judge->transaction == transaction && judge->batch == batch);
    judge->directory = directory; /* it may have been loaded anew while we waited */
    judge->now_us = clock_now_us() - *judge->clock_behind_s * US_PER_S;
    for (const struct sighted *sighted = judge->sighted; sighted; sighted = sighted->next)
        items_sighted(&judge->items, sighted->scheme, sighted->value, join_sighting, &(struct joining){judge, sighted});
    judged = arena_array(&batch->work, judge->items.count, sizeof *judged);
    if (!judged) {
        no_memory(judge);
        return;
    }
    join_children(&judge->items);
    /* What came out of a thing is younger than the thing: its children first. */
    for (size_t i = judge->items.count; i > 0; i--)
        if (judge->items.by_id[i - 1]->touched && !judge_item(judge, judge->items.by_id[i - 1], &judged[count++]))
            return;
    rows_write_events(transaction, &judge->params, &judge->items, directory);
    rows_write_sightings(transaction, &judge->params, batch, judge->sighted);
    if (!count)
        return;
    rows_write_items(transaction, &judge->params, judged, count, judge->now_us);
    rows_write_clocks(transaction, &judge->params, judged, count);
    flags_settle_items(transaction, &judge->params, judged, count);
    surroundings_wish(transaction, &judge->params, &judge->items);
}

void judge_name_items(const struct judge *judge)
{
    for (const struct item *item = judge->items.list; item; item = item->next)
        for (const struct item_event *event = item->events; event; event = event->next)
            if (event->envelope->item_ids && !event->is_part)
                event->envelope->item_ids[event->ordinal] = item->item_id;
}
