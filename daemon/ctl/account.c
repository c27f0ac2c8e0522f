/* account.c - the account as Markdown: a head, a timeline and remarks for each item, then every record of the bundle. */
#include "ctl/account.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"

/* name, Chinese, English */
#define PHRASES(X)                                                                                                     \
    X(TITLE, "证据说明", "Account of the evidence")                                                                    \
    X(ASKED, "查询", "Asked for")                                                                                      \
    X(TRUST, "本说明便于阅读，不是证据。证据是 records/ 与 proofs/ 中的文件；验证方法见 README.md。",                  \
      "This account is for reading; it is not evidence. Evidence is in records/ and proofs/; README.md says how to "   \
      "check it.")                                                                                                     \
    X(LOG, "日志", "Log")                                                                                              \
    X(SIZE, "签名检查点大小", "Size of the signed checkpoint")                                                         \
    X(ITEM, "物品", "Item")                                                                                            \
    X(VERDICT, "二手交易结论", "Verdict on resale")                                                                    \
    X(IDENTIFIERS, "标识", "Identifiers")                                                                              \
    X(HINT, "仅为线索", "a hint only")                                                                                 \
    X(STATE, "现状", "State")                                                                                          \
    X(BAN, "禁售", "Resale ban")                                                                                       \
    X(HOLDER, "现持有人", "Holder")                                                                                    \
    X(SITE, "所在场地", "Site")                                                                                        \
    X(MASS, "质量", "Mass")                                                                                            \
    X(TIMELINE, "流转经过（时间为中国标准时间）", "What happened (times are China Standard Time)")                     \
    X(TIME, "时间", "Time")                                                                                            \
    X(EVENT, "事件", "Event")                                                                                          \
    X(WHO, "经手人", "Holder, other party")                                                                            \
    X(WHERE, "地点", "Place")                                                                                          \
    X(EVIDENCE, "证据（日志序号）", "Evidence (log index)")                                                            \
    X(REMARKS, "备注", "Remarks")                                                                                      \
    X(SIGHTINGS, "链外发现", "Sighted outside the chain")                                                              \
    X(PLATFORM, "平台", "Platform")                                                                                    \
    X(WEAKER, "较弱的证据", "Weaker evidence")                                                                         \
    X(UNSIGNED, "来源未签名（较弱证据）", "from an unsigned source (weaker evidence)")                                 \
    X(ESTIMATED, "质量为估计值", "mass is an estimate")                                                                \
    X(NOT_STANDING, "该事件不计入", "does not count")                                                                  \
    X(CERTIFICATE, "回收证明", "certificate")                                                                          \
    X(NONE, "无", "None")                                                                                              \
    X(ERASED, "已删除的内容", "What was erased")                                                                       \
    X(ERASED_ONE, "记录内容已依法删除；其存在、类型与接收时间仍可证明",                                                \
      "the record's bytes were erased; that it existed, its type and its time of receipt are still proven")            \
    X(RECORDS, "本证据包中的记录", "Records of this bundle")                                                           \
    X(TYPE, "类型", "Type")                                                                                            \
    X(RECEIVED, "接收时间", "Received")                                                                                \
    X(SOURCE, "来源", "Source")                                                                                        \
    X(SIGNATURE, "设备签名", "Device signature")                                                                       \
    X(KEY_UNPROVEN, "密钥未经日志登记", "key not registered in the log")

enum phrase {
#define X(name, zh, en) PHRASE_##name,
    PHRASES(X)
#undef X
};

static const char *const phrases[][2] = {
#define X(name, zh, en) {zh, en},
    PHRASES(X)
#undef X
};

struct account {
    const struct casefile *casefile;
    enum account_language language;
    struct buffer *out;
};

static const char *say(const struct account *account, enum phrase phrase)
{
    return phrases[phrase][account->language];
}

/* ---- Markdown */

/* Words that somebody sent: no markup, no line break, no control character. */
static void put_words(struct buffer *out, const char *words)
{
    for (const char *at = words; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < ' ' || c == 0x7f)
            buffer_put_u8(out, ' ');
        else if (strchr("\\`*[]<>|&", c))
            buffer_printf(out, "&#%u;", c);
        else
            buffer_put_u8(out, c);
    }
}

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* The word in the account's language: "physical_zh" or "physical". */
static const char *word_at(const struct account *account, const json_t *object, const char *name)
{
    char localised[64];
    snprintf(localised, sizeof localised, "%s_zh", name);
    return text_at(object, account->language == ACCOUNT_ZH ? localised : name);
}

static const char *name_at(const json_t *object, const char *name)
{
    return text_at(json_object_get(object, name), "name");
}

static void put_field(const struct account *account, enum phrase name, const char *value)
{
    if (!value[0])
        return;
    buffer_printf(account->out, "- %s: ", say(account, name));
    put_words(account->out, value);
    buffer_put_u8(account->out, '\n');
}

static void put_heading(const struct account *account, const char *marks, enum phrase phrase)
{
    buffer_printf(account->out, "\n%s %s\n\n", marks, say(account, phrase));
}

static void put_table_head(const struct account *account, const enum phrase *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_printf(account->out, "| %s ", say(account, columns[i]));
    buffer_put_text(account->out, TEXT("|\n"));
    for (size_t i = 0; i < count; i++)
        buffer_put_text(account->out, TEXT("|---"));
    buffer_put_text(account->out, TEXT("|\n"));
}

static void put_cell(const struct account *account, const char *words)
{
    buffer_put_text(account->out, TEXT("| "));
    put_words(account->out, words);
    buffer_put_u8(account->out, ' ');
}

static void put_index_cell(const struct account *account, const json_t *object)
{
    buffer_printf(account->out, "| %lld ", (long long)json_integer_value(json_object_get(object, "log_index")));
}

/* "2026-11-23T16:00:00.000000+08:00" as wall time. */
static void put_time_cell(const struct account *account, const char *iso)
{
    char wall[24] = "";
    if (strlen(iso) > 18)
        snprintf(wall, sizeof wall, "%.10s %.8s", iso, iso + 11);
    put_cell(account, wall);
}

static void mass_text(const json_t *object, char *out, size_t size)
{
    const json_t *mass = json_object_get(object, "mass_g");
    out[0] = '\0';
    if (json_is_integer(mass))
        snprintf(out, size, "%s%.1f kg", json_is_true(json_object_get(object, "mass_estimated")) ? "~" : "",
                 (double)json_integer_value(mass) / 1000);
}

static void place_text(const json_t *object, char *out, size_t size)
{
    const json_t *position = json_object_get(object, "position");
    snprintf(out, size, "%s", name_at(object, "site"));
    if (!out[0] && json_is_object(position))
        snprintf(out, size, "%.4f, %.4f", json_number_value(json_object_get(position, "lat")),
                 json_number_value(json_object_get(position, "lon")));
}

/* ---- items */

static bool counts(const json_t *event)
{
    return strcmp(text_at(event, "standing"), "stands") == 0;
}

static void put_event_remarks(const struct account *account, const json_t *event)
{
    char remarks[512] = "";
    const char *parts[] = {
        json_is_false(json_object_get(event, "signed")) ? say(account, PHRASE_UNSIGNED) : "",
        json_is_true(json_object_get(event, "mass_estimated")) ? say(account, PHRASE_ESTIMATED) : "",
        counts(event) ? "" : say(account, PHRASE_NOT_STANDING),
        counts(event) ? "" : text_at(event, "standing"),
        text_at(event, "certificate")[0] ? say(account, PHRASE_CERTIFICATE) : "",
        text_at(event, "certificate"),
        text_at(event, "reason"),
        text_at(event, "note"),
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t used = strlen(remarks);
        if (parts[i][0])
            snprintf(remarks + used, sizeof remarks - used, "%s%s", used ? "; " : "", parts[i]);
    }
    text_make_clean(remarks); /* a long note was cut anywhere */
    put_cell(account, remarks);
}

static void put_events(const struct account *account, const json_t *events)
{
    static const enum phrase columns[] = {PHRASE_TIME, PHRASE_EVENT,    PHRASE_WHO,    PHRASE_WHERE,
                                          PHRASE_MASS, PHRASE_EVIDENCE, PHRASE_REMARKS};
    char text[400];
    size_t at;
    json_t *event;
    put_heading(account, "###", PHRASE_TIMELINE);
    put_table_head(account, columns, sizeof columns / sizeof *columns);
    json_array_foreach((json_t *)events, at, event)
    {
        const char *other = name_at(event, "counterparty");
        put_time_cell(account, text_at(event, "at"));
        put_cell(account, word_at(account, event, "type"));
        snprintf(text, sizeof text, "%s%s%s", name_at(event, "party"), other[0] ? " → " : "", other);
        put_cell(account, text);
        place_text(event, text, sizeof text);
        put_cell(account, text);
        mass_text(event, text, sizeof text);
        put_cell(account, text);
        put_index_cell(account, event);
        put_event_remarks(account, event);
        buffer_put_text(account->out, TEXT("|\n"));
    }
}

static void put_sightings(const struct account *account, const json_t *sightings)
{
    static const enum phrase columns[] = {PHRASE_TIME,     PHRASE_EVENT,    PHRASE_IDENTIFIERS,
                                          PHRASE_PLATFORM, PHRASE_EVIDENCE, PHRASE_REMARKS};
    size_t at;
    json_t *sighting;
    if (json_array_size(sightings) == 0)
        return;
    put_heading(account, "###", PHRASE_SIGHTINGS);
    put_table_head(account, columns, sizeof columns / sizeof *columns);
    json_array_foreach((json_t *)sightings, at, sighting)
    {
        put_time_cell(account, text_at(sighting, "at"));
        put_cell(account, word_at(account, sighting, "kind"));
        put_cell(account, text_at(sighting, "value"));
        put_cell(account, text_at(sighting, "platform"));
        put_index_cell(account, sighting);
        put_cell(account, json_is_true(json_object_get(sighting, "proof")) ? "" : say(account, PHRASE_HINT));
        buffer_put_text(account->out, TEXT("|\n"));
    }
}

static void put_identifiers(const struct account *account, const json_t *identifiers)
{
    size_t at;
    json_t *identifier;
    json_array_foreach((json_t *)identifiers, at, identifier)
    {
        buffer_printf(account->out, "- %s: %s ", say(account, PHRASE_IDENTIFIERS),
                      word_at(account, identifier, "scheme"));
        put_words(account->out, text_at(identifier, "value"));
        buffer_printf(account->out, "%s%s%s\n", json_is_true(json_object_get(identifier, "proof")) ? "" : " (",
                      json_is_true(json_object_get(identifier, "proof")) ? "" : say(account, PHRASE_HINT),
                      json_is_true(json_object_get(identifier, "proof")) ? "" : ")");
    }
}

static void put_item(const struct account *account, const json_t *item)
{
    char text[400];
    buffer_printf(account->out, "\n## %s %lld: %s\n\n", say(account, PHRASE_ITEM),
                  (long long)json_integer_value(json_object_get(item, "item_id")), word_at(account, item, "kind"));
    snprintf(text, sizeof text, "%s (%s)", text_at(item, "verdict"),
             text_at(item, account->language == ACCOUNT_ZH ? "reason_zh" : "reason_en"));
    put_field(account, PHRASE_VERDICT, text);
    put_identifiers(account, json_object_get(item, "identifiers"));
    snprintf(text, sizeof text, "%s, %s", word_at(account, item, "physical"), word_at(account, item, "legal"));
    put_field(account, PHRASE_STATE, text);
    put_field(account, PHRASE_BAN, word_at(account, item, "ban"));
    put_field(account, PHRASE_HOLDER, name_at(item, "holder"));
    put_field(account, PHRASE_SITE, name_at(item, "site"));
    mass_text(item, text, sizeof text);
    put_field(account, PHRASE_MASS, text);
    put_events(account, json_object_get(item, "events"));
    put_sightings(account, json_object_get(item, "sightings"));
}

/* ---- records */

static const char *type_word(const struct account *account, enum leaf_type type)
{
    static const char *const words[][2] = {
        [0] = {"?", "?"},
        [LEAF_ENVELOPE] = {"上报", "envelope"},
        [LEAF_OPERATOR_ACTION] = {"操作", "operator action"},
        [LEAF_DEAD_LETTER] = {"拒收", "dead letter"},
        [LEAF_KEY_EVENT] = {"密钥", "key event"},
        [LEAF_ERASURE] = {"删除", "erasure"},
        [LEAF_EQUIVOCATION] = {"矛盾上报", "equivocation"},
        [LEAF_SOFTWARE_CHANGE] = {"软件变更", "software or schema change"},
    };
    return words[type <= LEAF_SOFTWARE_CHANGE ? type : 0][account->language];
}

static const struct casefile_key *key_of(const struct casefile *casefile, const struct casefile_record *record)
{
    for (size_t i = 0; i < casefile->key_count; i++)
        if (memcmp(casefile->keys[i].key_id, record->key_id, KEY_ID_BYTES) == 0 &&
            text_equal(casefile->keys[i].source, record->source))
            return &casefile->keys[i];
    return NULL;
}

static void put_signature_cell(const struct account *account, const struct casefile_record *record)
{
    char id[HEX_SIZE(KEY_ID_BYTES)], text[128] = "";
    if (record->is_signed) {
        const struct casefile_key *key = key_of(account->casefile, record);
        hex_encode(record->key_id, KEY_ID_BYTES, id);
        if (key)
            snprintf(text, sizeof text, "%s (%s %" PRIu64 ")", id, type_word(account, LEAF_KEY_EVENT), key->index);
        else
            snprintf(text, sizeof text, "%s (%s)", id, say(account, PHRASE_KEY_UNPROVEN));
    } else if (record->source.len) {
        snprintf(text, sizeof text, "%s", say(account, PHRASE_UNSIGNED));
    }
    put_cell(account, text);
}

static void put_records(const struct account *account)
{
    static const enum phrase columns[] = {PHRASE_EVIDENCE, PHRASE_TYPE, PHRASE_RECEIVED, PHRASE_SOURCE,
                                          PHRASE_SIGNATURE};
    put_heading(account, "##", PHRASE_RECORDS);
    put_table_head(account, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < account->casefile->record_count; i++) {
        const struct casefile_record *record = &account->casefile->records[i];
        char wall[TIME_TEXT_SIZE], source[80];
        time_format_local(record->received_us, wall);
        text_copy(source, sizeof source, record->source);
        buffer_printf(account->out, "| %" PRIu64 " ", record->index);
        put_cell(account, type_word(account, record->type));
        put_cell(account, wall);
        put_cell(account, source);
        put_signature_cell(account, record);
        buffer_put_text(account->out, TEXT("|\n"));
    }
}

/* Everything unsigned, and every estimate; or the word for none. */
static void put_weaker(const struct account *account)
{
    size_t before, at, number;
    json_t *item, *event;
    put_heading(account, "##", PHRASE_WEAKER);
    before = account->out->len;
    for (size_t i = 0; i < account->casefile->record_count; i++) {
        const struct casefile_record *record = &account->casefile->records[i];
        if (record->source.len && !record->is_signed)
            buffer_printf(account->out, "- %" PRIu64 ": %s\n", record->index, say(account, PHRASE_UNSIGNED));
    }
    json_array_foreach(account->casefile->items, at, item)
    {
        json_array_foreach(json_object_get(item, "events"), number, event)
        {
            if (json_is_true(json_object_get(event, "mass_estimated")))
                buffer_printf(account->out, "- %lld: %s\n",
                              (long long)json_integer_value(json_object_get(event, "log_index")),
                              say(account, PHRASE_ESTIMATED));
        }
    }
    if (account->out->len == before)
        buffer_printf(account->out, "%s\n", say(account, PHRASE_NONE));
}

static void put_erased(const struct account *account)
{
    size_t before;
    put_heading(account, "##", PHRASE_ERASED);
    before = account->out->len;
    for (size_t i = 0; i < account->casefile->record_count; i++)
        if (account->casefile->records[i].is_erased)
            buffer_printf(account->out, "- %" PRIu64 ": %s\n", account->casefile->records[i].index,
                          say(account, PHRASE_ERASED_ONE));
    if (account->out->len == before)
        buffer_printf(account->out, "%s\n", say(account, PHRASE_NONE));
}

void account_put(const struct casefile *casefile, const char *target, enum account_language language,
                 struct buffer *out)
{
    const struct account account = {casefile, language, out};
    char origin[NOTE_NAME_MAX + 1], size[32];
    size_t at;
    json_t *item;
    text_copy(origin, sizeof origin, casefile->head.origin);
    snprintf(size, sizeof size, "%" PRIu64, casefile->head.size);
    buffer_printf(out, "# %s\n\n%s\n\n", say(&account, PHRASE_TITLE), say(&account, PHRASE_TRUST));
    put_field(&account, PHRASE_ASKED, target);
    put_field(&account, PHRASE_LOG, origin);
    put_field(&account, PHRASE_SIZE, size);
    json_array_foreach(casefile->items, at, item) put_item(&account, item);
    put_weaker(&account);
    put_erased(&account);
    put_records(&account);
}
