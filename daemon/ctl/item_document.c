/* item_document.c - everything known of one item: the database's document, and what the domain makes of the item's
 * history. */
#include "ctl/item_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "ctl/history.h"

enum { FINDINGS_ROOM = 64, GRAVE_SEVERITY = 3 };

/* ---- what a record says beyond the columns of custody.event ---- */

static void set_text(json_t *object, const char *name, struct text text)
{
    if (text.len > 0)
        json_object_set_new(object, name, json_stringn(text.data, text.len));
}

static void set_uuid(json_t *object, const char *name, const uint8_t uuid[UUID_BYTES])
{
    char text[UUID_TEXT_SIZE];
    uuid_format(uuid, text);
    json_object_set_new(object, name, json_string(text));
}

static const char *standing_word(enum event_standing standing)
{
    switch (standing) {
    case EVENT_STANDS:
        return "stands";
    case EVENT_DUPLICATE:
        return "duplicate";
    case EVENT_CORRECTED_BY_REPORTER:
        return "corrected";
    case EVENT_CORRECTED_BY_AUTHORITY:
        return "corrected_by_authority";
    }
    return "invalid";
}

static void add_evidence(json_t *object, const struct event *event, json_t *video_term)
{
    if (event->evidence_count == 0)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < event->evidence_count; i++) {
        char hash[HEX_SIZE(SHA256_BYTES)];
        hex_encode(event->evidence[i].sha256.bytes, SHA256_BYTES, hash);
        json_t *evidence = json_pack("{s:s, s:s}", "kind", evidence_kind_word(event->evidence[i].kind), "sha256", hash);
        set_text(evidence, "uri", event->evidence[i].uri);
        if (event->evidence[i].kind == EVIDENCE_KIND_VIDEO)
            json_object_set(evidence, "retained_until", video_term);
        json_array_append_new(list, evidence);
    }
    json_object_set_new(object, "evidence", list);
}

static void add_detail(json_t *object, const struct event *event, json_t *video_term)
{
    set_text(object, "actor", event->actor);
    set_text(object, "conveyance", event->conveyance);
    set_text(object, "note", event->note);
    set_text(object, "counterparty_code", event->counterparty);
    add_evidence(object, event, video_term);
    if (event->detail == EVENT_DETAIL_CERTIFICATE)
        set_text(object, "certificate", event->certificate.printed);
    if (event->detail == EVENT_DETAIL_CORRECTION) {
        set_uuid(object, "names_event_id", event->correction.event_id);
        set_text(object, "reason", event->correction.text);
    }
    if (event->detail == EVENT_DETAIL_RELEASE)
        json_object_set_new(object, "buyer_class", json_string(buyer_class_word(event->release.buyer_class)));
}

static const struct history_event *find_event(const struct item_history *item, const json_t *row)
{
    uint64_t log_index = (uint64_t)json_integer_value(json_object_get(row, "log_index"));
    json_int_t ordinal = json_integer_value(json_object_get(row, "ordinal"));
    for (size_t i = 0; i < item->count; i++) {
        if (item->events[i].log_index == log_index && item->events[i].ordinal == ordinal)
            return &item->events[i];
    }
    return NULL;
}

static void enrich_events(json_t *document, const struct history *history, const struct item_history *item)
{
    size_t at;
    json_t *row;
    json_array_foreach(json_object_get(document, "events"), at, row)
    {
        const struct history_event *event = find_event(item, row);
        /* The database knows the term, and the record whether there is a video 视频 that has it. */
        json_t *video_term = json_incref(json_object_get(row, "video_retained_until"));
        json_object_del(row, "video_retained_until");
        if (event) {
            json_object_set_new(row, "standing", json_string(standing_word(event->standing)));
            json_object_set_new(row, "signed", json_boolean(history_record_at(history, event->log_index)->is_signed));
            add_detail(row, event->event, video_term);
        } else {
            json_object_set_new(row, "standing",
                                json_string(json_is_object(json_object_get(row, "erasure")) ? "erased" : "unreadable"));
        }
        json_decref(video_term);
    }
}

/* ---- verdict ---- */

static bool has_grave_flag(const json_t *document)
{
    size_t at;
    json_t *flag;
    json_array_foreach(json_object_get(document, "flags"), at, flag)
    {
        const char *state = json_string_value(json_object_get(flag, "state"));
        bool open = state && (strcmp(state, "new") == 0 || strcmp(state, "under_review") == 0 ||
                              strcmp(state, "confirmed") == 0);
        if (open && json_integer_value(json_object_get(flag, "severity")) >= GRAVE_SEVERITY)
            return true;
    }
    return false;
}

/* The domain's verdict on the folded history; where a part of it was erased, on the state that was folded when it was
 * there. Doubt turns "allowed" into "unknown", never anything into "allowed". */
static void set_verdict(json_t *document, const struct item_history *item, const struct item_state *state)
{
    const char *zh, *en;
    enum resale_verdict verdict = item_resale_verdict(state, &zh, &en);
    bool differs =
        strcmp(json_string_value(json_object_get(document, "ban")), resale_ban_word(state->ban)) != 0 ||
        strcmp(json_string_value(json_object_get(document, "physical")), physical_state_word(state->physical)) != 0;
    json_t *warnings = json_array();
    if (item->erased > 0)
        json_array_append_new(warnings,
                              json_sprintf("the records of %zu events were erased; its state is that of its last "
                                           "folding, and what was reported since is not judged",
                                           item->erased));
    if (item->unreadable > item->erased)
        json_array_append_new(warnings,
                              json_sprintf("%zu events of this item cannot be read (lost, or of another version)",
                                           item->unreadable - item->erased));
    if (differs)
        json_array_append_new(
            warnings, json_string("the stored state differs from the folded one; hint: custodyctl rebuild --check"));
    if (verdict == RESALE_VERDICT_ALLOWED && (item->unreadable > 0 || differs)) {
        verdict = RESALE_VERDICT_UNKNOWN;
        zh = "流转记录不完整";
        en = "part of its history cannot be relied on";
    } else if (verdict == RESALE_VERDICT_ALLOWED && has_grave_flag(document)) {
        verdict = RESALE_VERDICT_UNKNOWN;
        zh = "有未结预警，待核查";
        en = "an open flag says otherwise; it has to be looked into first";
    }
    json_object_set_new(document, "verdict", json_string(resale_verdict_word(verdict)));
    json_object_set_new(document, "reason_zh", json_string(zh));
    json_object_set_new(document, "reason_en", json_string(en));
    json_object_set_new(document, "warnings", warnings);
}

const char *combined_verdict(const json_t *items, const char **reason_zh, const char **reason_en)
{
    size_t at;
    const json_t *item;
    bool all_allowed = true, all_proven = true;
    json_array_foreach((json_t *)items, at, item)
    {
        const char *verdict = json_string_value(json_object_get(item, "verdict"));
        bool proof = json_is_true(json_object_get(json_object_get(item, "matched"), "proof"));
        if (strcmp(verdict, resale_verdict_word(RESALE_VERDICT_BANNED)) == 0) {
            *reason_zh = proof ? "该标识对应禁售物品" : "该标识指向禁售物品，但号牌、发动机号仅为线索，请核对车架号";
            *reason_en = proof
                             ? "the identifier is a banned item's"
                             : "it points to a banned item; a plate or engine number alone is a hint: compare the VIN";
            return verdict;
        }
        all_allowed = all_allowed && strcmp(verdict, resale_verdict_word(RESALE_VERDICT_ALLOWED)) == 0;
        all_proven = all_proven && proof;
    }
    if (json_array_size(items) == 0) {
        *reason_zh = "没有该标识的记录；没有记录不等于没有问题";
        *reason_en = "no item with this identifier is known, which does not mean that it is clear";
    } else if (all_allowed && !all_proven) {
        *reason_zh = "仅凭号牌或发动机号不能确认是同一物品";
        *reason_en = "a plate or engine number alone does not prove which item it is";
    } else if (all_allowed) {
        *reason_zh = "可以再次销售";
        *reason_en = "it may be sold second-hand";
        return resale_verdict_word(RESALE_VERDICT_ALLOWED);
    } else {
        *reason_zh = "现有记录不足以判断";
        *reason_en = "what is known does not decide it";
    }
    return resale_verdict_word(RESALE_VERDICT_UNKNOWN);
}

/* ---- documents ---- */

static int item_document(struct ctl *ctl, const struct history *history, const struct item_history *item,
                         const struct directory *directory, json_t **document)
{
    char id[24];
    struct rows *rows = NULL;
    struct item_state state;
    struct finding room[FINDINGS_ROOM];
    struct findings findings = {.list = room, .room = FINDINGS_ROOM};
    snprintf(id, sizeof id, "%lld", (long long)item->item_id);
    int exit_code = ctl_query(ctl, "SELECT api.item($1)", 1, (const char *const[]){id}, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    *document = json_loads(rows_text(rows, 0, 0), 0, NULL);
    rows_free(rows);
    struct surroundings around = item->around;
    around.directory = directory;
    custody_fold(item->events, item->count, &around, &state, &findings);
    enrich_events(*document, history, item);
    set_verdict(*document, item, item->erased > 0 ? &item->stored : &state);
    return CTL_OK;
}

/* How the item was found: the first match of it, which is a proof where there is one. */
static json_t *match_of(const struct lookup *lookup, int64_t item_id)
{
    size_t at;
    json_t *match;
    json_array_foreach(lookup->items, at, match)
    {
        if (json_integer_value(json_object_get(match, "item_id")) == item_id)
            return match;
    }
    return NULL;
}

/* "{1,2}" of the items that were found; malloc'd. */
static char *id_array(const struct lookup *lookup)
{
    struct buffer buffer;
    size_t at;
    json_t *match;
    buffer_init(&buffer, 1 << 20);
    buffer_put_u8(&buffer, '{');
    json_array_foreach(lookup->items, at, match) buffer_printf(
        &buffer, "%s%lld", at > 0 ? "," : "", (long long)json_integer_value(json_object_get(match, "item_id")));
    buffer_put(&buffer, "}", 2);
    char *ids = buffer.failed ? NULL : strdup((const char *)buffer.data);
    buffer_fini(&buffer);
    return ids;
}

static int collect(struct ctl *ctl, const struct lookup *lookup, const struct history *history,
                   const struct directory *directory, json_t *items)
{
    int exit_code = CTL_OK;
    for (size_t i = 0; exit_code == CTL_OK && i < history->item_count; i++) {
        json_t *document;
        exit_code = item_document(ctl, history, &history->items[i], directory, &document);
        if (exit_code != CTL_OK)
            break;
        json_object_set(document, "matched", match_of(lookup, history->items[i].item_id));
        json_array_append_new(items, document);
    }
    return exit_code;
}

int item_snapshot(struct ctl *ctl)
{
    return ctl_query(ctl, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, NULL);
}

int item_documents(struct ctl *ctl, const struct lookup *lookup, json_t **items)
{
    struct history history;
    struct registered registered;
    char *ids = id_array(lookup);
    if (!ids)
        return ctl_fail(ctl, CTL_TEMPORARY, "lookup: %s", error_words(ERR_NO_MEMORY));
    *items = json_array();
    int exit_code = history_load(ctl, ids, &history);
    free(ids);
    if (exit_code == CTL_OK) {
        exit_code = registered_load(ctl, &registered);
        if (exit_code == CTL_OK)
            exit_code = collect(ctl, lookup, &history, &registered.directory, *items);
        registered_fini(&registered);
    }
    history_fini(&history);
    if (exit_code != CTL_OK) {
        json_decref(*items);
        *items = NULL;
    }
    return exit_code;
}
