/* wire_shape.c - turns unpacked protobuf-c messages into our values and back by walking the tables of wire_shape.h. */
#include "io/wire_shape.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define TIME_2000_US (INT64_C(946684800) * 1000000)
#define TIME_DAY_US (INT64_C(86400) * 1000000)

enum { SOURCE_MAX_BYTES = 64 };

bool wire_time_is_possible(int64_t at_us, int64_t now_us)
{
    return at_us >= TIME_2000_US && at_us <= now_us + TIME_DAY_US;
}

bool wire_source_is_valid(struct text source)
{
    if (source.len < 1 || source.len > SOURCE_MAX_BYTES)
        return false;
    for (size_t i = 0; i < source.len; i++) {
        char c = source.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return true;
}

/* ---- refusing ---- */

static size_t path_print(const struct wire_path *path, char *out, size_t size)
{
    size_t used = path->up ? path_print(path->up, out, size) : 0;
    int wrote;
    if (path->index == WIRE_NO_INDEX)
        wrote = snprintf(out + used, size - used, "%s%s", used ? "." : "", path->name);
    else
        wrote = snprintf(out + used, size - used, "%s%s[%zu]", used ? "." : "", path->name, path->index);
    return wrote < 0 || (size_t)wrote >= size - used ? size - 1 : used + (size_t)wrote;
}

enum refusal_reason wire_refuse(const struct wire_check *check, const struct wire_path *path,
                                enum refusal_reason reason, const char *format, ...)
{
    char where[160] = "message";
    char words[ERROR_TEXT_BYTES - sizeof where];
    va_list arguments;
    if (check->error == NULL)
        return reason;
    if (path != NULL)
        path_print(path, where, sizeof where);
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    error_set(check->error, reason == REFUSAL_OVERSIZE ? ERR_TOO_LARGE : ERR_INVALID, "%s: %s", where, words);
    return reason;
}

enum refusal_reason wire_refuse_memory(const struct wire_check *check)
{
    error_set(check->error, ERR_NO_MEMORY, "arena: no room of %zu bytes left; hint: close the batch and decode again",
              check->arena->cap_bytes);
    return REFUSAL_NOT_STORABLE;
}

static enum refusal_reason rule_reason(const struct rule *rule)
{
    return rule->reason == REFUSAL_NONE ? REFUSAL_INVALID_FIELD : rule->reason;
}

static const char *rule_hint(const struct rule *rule, const char *otherwise)
{
    return rule->hint ? rule->hint : otherwise;
}

/* ---- one field, from protobuf-c's struct (`from`) to ours (`to`) ---- */

struct field_context {
    const struct wire_check *check;
    const struct wire_path *path; /* of this field */
    const struct rule *rule;
    const ProtobufCFieldDescriptor *field;
    const uint8_t *message; /* protobuf-c's struct */
    const void *from;       /* the field's member in it */
    uint8_t *value;         /* our struct */
    void *to;               /* the field's member in it */
};

static enum refusal_reason convert_message(const struct wire_check *check, const struct wire_path *path,
                                           const struct shape *shape, const void *message, void *value);

static enum refusal_reason take_text(const struct field_context *c)
{
    const char *string;
    memcpy(&string, c->from, sizeof string);
    struct text text = text_of(string);
    if ((int64_t)text.len > c->rule->most)
        return wire_refuse(c->check, c->path, rule_reason(c->rule), "%zu bytes is more than %" PRId64 "; hint: %s",
                           text.len, c->rule->most, rule_hint(c->rule, "shorten it"));
    if ((int64_t)text.len < c->rule->least)
        return wire_refuse(c->check, c->path, rule_reason(c->rule), "is empty; hint: %s",
                           rule_hint(c->rule, "it must be there"));
    memcpy(c->to, &text, sizeof text);
    return REFUSAL_NONE;
}

static struct text bytes_of(const void *from)
{
    ProtobufCBinaryData bytes;
    memcpy(&bytes, from, sizeof bytes);
    return (struct text){(const char *)bytes.data, bytes.len};
}

static enum refusal_reason take_bytes(const struct field_context *c)
{
    struct text bytes = bytes_of(c->from);
    bool may_be_empty = c->rule->least == 0;
    if ((int64_t)bytes.len != c->rule->most && !(may_be_empty && bytes.len == 0))
        return wire_refuse(c->check, c->path, rule_reason(c->rule), "%zu bytes; hint: %s%" PRId64 " bytes", bytes.len,
                           may_be_empty ? "nothing or exactly " : "exactly ", c->rule->most);
    memcpy(c->to, &bytes, sizeof bytes);
    return REFUSAL_NONE;
}

static enum refusal_reason take_blob(const struct field_context *c)
{
    struct text bytes = bytes_of(c->from);
    if ((int64_t)bytes.len < c->rule->least || (int64_t)bytes.len > c->rule->most)
        return wire_refuse(c->check, c->path, rule_reason(c->rule), "%zu bytes; hint: %" PRId64 " to %" PRId64,
                           bytes.len, c->rule->least, c->rule->most);
    memcpy(c->to, &bytes, sizeof bytes);
    return REFUSAL_NONE;
}

static enum refusal_reason take_uuid(const struct field_context *c)
{
    static const uint8_t zero[UUID_BYTES];
    struct text bytes = bytes_of(c->from);
    if (bytes.len != UUID_BYTES)
        return wire_refuse(c->check, c->path, rule_reason(c->rule), "%zu bytes; hint: a UUID has exactly 16",
                           bytes.len);
    if (memcmp(bytes.data, zero, UUID_BYTES) == 0)
        return wire_refuse(c->check, c->path, rule_reason(c->rule), "is all zero; hint: make a UUID (RFC 9562)");
    memcpy(c->to, bytes.data, UUID_BYTES);
    return REFUSAL_NONE;
}

static enum refusal_reason take_digest(const struct field_context *c)
{
    struct text bytes = bytes_of(c->from);
    if (bytes.len != SHA256_BYTES)
        return wire_refuse(c->check, c->path, rule_reason(c->rule), "%zu bytes; hint: %s", bytes.len,
                           rule_hint(c->rule, "a SHA-256 has exactly 32"));
    memcpy(c->to, bytes.data, SHA256_BYTES);
    return REFUSAL_NONE;
}

static bool is_64_bits(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_INT64 || field->type == PROTOBUF_C_TYPE_UINT64;
}

/* The integers the contract uses: int64, uint64 (up to INT64_MAX), uint32, sint32. */
static int64_t number_load(const ProtobufCFieldDescriptor *field, const void *from)
{
    uint32_t narrow;
    int64_t wide;
    if (is_64_bits(field)) {
        memcpy(&wide, from, sizeof wide);
        return wide;
    }
    memcpy(&narrow, from, sizeof narrow);
    return field->type == PROTOBUF_C_TYPE_UINT32 ? (int64_t)narrow : (int64_t)(int32_t)narrow;
}

static enum refusal_reason take_number(const struct field_context *c)
{
    int64_t number = number_load(c->field, c->from);
    if (c->field->type == PROTOBUF_C_TYPE_UINT64 && number < 0)
        return wire_refuse(c->check, c->path, rule_reason(c->rule),
                           "%" PRIu64 " is outside %" PRId64 "..%" PRId64 "; hint: %s", (uint64_t)number,
                           c->rule->least, c->rule->most, rule_hint(c->rule, "see custody.v1"));
    if (number < c->rule->least || number > c->rule->most)
        return wire_refuse(c->check, c->path, rule_reason(c->rule),
                           "%" PRId64 " is outside %" PRId64 "..%" PRId64 "; hint: %s", number, c->rule->least,
                           c->rule->most, rule_hint(c->rule, "see custody.v1"));
    memcpy(c->to, c->from, is_64_bits(c->field) ? sizeof(int64_t) : sizeof(int32_t));
    return REFUSAL_NONE;
}

static enum refusal_reason take_time(const struct field_context *c)
{
    int64_t at_us = number_load(c->field, c->from);
    if (!wire_time_is_possible(at_us, c->check->now_us))
        return wire_refuse(c->check, c->path, REFUSAL_IMPOSSIBLE_TIME,
                           "%" PRId64
                           " us is before 2000-01-01 or more than a day ahead; hint: microseconds since 1970-01-01 UTC",
                           at_us);
    memcpy(c->to, &at_us, sizeof at_us);
    return REFUSAL_NONE;
}

static enum refusal_reason take_flag(const struct field_context *c)
{
    protobuf_c_boolean flag;
    memcpy(&flag, c->from, sizeof flag);
    *(bool *)c->to = flag != 0;
    return REFUSAL_NONE;
}

static enum refusal_reason enum_number(const struct field_context *c, int64_t number, int64_t most, int64_t least)
{
    if (number == 0 && least > 0)
        return wire_refuse(c->check, c->path, rule_reason(c->rule), "is not said; hint: %s",
                           rule_hint(c->rule, "it must be there"));
    if (number < least || number > most)
        return wire_refuse(c->check, c->path, REFUSAL_INVALID_FIELD,
                           "%" PRId64 " is no value of this version (%" PRId64 "..%" PRId64 "); hint: see custody.v1",
                           number, least, most);
    return REFUSAL_NONE;
}

static enum refusal_reason take_enum(const struct field_context *c)
{
    int number;
    memcpy(&number, c->from, sizeof number);
    memcpy(c->to, &number, sizeof number);
    return enum_number(c, number, c->rule->most, c->rule->least);
}

static size_t list_count(const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
    size_t count;
    memcpy(&count, message + field->quantifier_offset, sizeof count);
    return count;
}

static enum refusal_reason check_count(const struct field_context *c, size_t count)
{
    if ((int64_t)count < c->rule->least)
        return wire_refuse(c->check, c->path, rule_reason(c->rule), "%zu of them; hint: %s", count,
                           rule_hint(c->rule, "at least one"));
    if ((int64_t)count > c->rule->most)
        return wire_refuse(c->check, c->path, REFUSAL_OVERSIZE,
                           "%zu of them is more than %" PRId64 "; hint: send several reports", count, c->rule->most);
    return REFUSAL_NONE;
}

/* An array of `count` elements in the arena, its address and count stored in our struct; NULL when there is no room. */
static uint8_t *list_new(const struct field_context *c, size_t count, size_t element_bytes)
{
    uint8_t *list = arena_array(c->check->arena, count, element_bytes);
    memcpy(c->to, &list, sizeof list);
    memcpy(c->value + c->rule->count_to, &count, sizeof count);
    return list;
}

static enum refusal_reason take_enum_list(const struct field_context *c)
{
    size_t count = list_count(c->field, c->message);
    enum refusal_reason reason = check_count(c, count);
    const int *numbers;
    if (reason != REFUSAL_NONE || count == 0)
        return reason;
    memcpy(&numbers, c->from, sizeof numbers);
    int *list = (int *)(void *)list_new(c, count, sizeof *list);
    if (list == NULL)
        return wire_refuse_memory(c->check);
    for (size_t i = 0; i < count && reason == REFUSAL_NONE; i++) {
        struct wire_path path = {c->path->up, c->path->name, i};
        struct field_context element = *c;
        element.path = &path;
        list[i] = numbers[i];
        reason = enum_number(&element, numbers[i], c->rule->element_most, 1);
    }
    return reason;
}

static enum refusal_reason take_message(const struct field_context *c)
{
    const void *message;
    memcpy(&message, c->from, sizeof message);
    if (message == NULL && c->rule->least == 0)
        return REFUSAL_NONE;
    if (message == NULL)
        return wire_refuse(c->check, c->path, rule_reason(c->rule), "is missing; hint: %s",
                           rule_hint(c->rule, "it must be there"));
    return convert_message(c->check, c->path, c->rule->shape, message, c->to);
}

static enum refusal_reason take_list(const struct field_context *c)
{
    size_t count = list_count(c->field, c->message);
    enum refusal_reason reason = check_count(c, count);
    void *const *messages;
    if (reason != REFUSAL_NONE || count == 0)
        return reason;
    memcpy(&messages, c->from, sizeof messages);
    uint8_t *list = list_new(c, count, c->rule->shape->size);
    if (list == NULL)
        return wire_refuse_memory(c->check);
    for (size_t i = 0; i < count && reason == REFUSAL_NONE; i++) {
        struct wire_path path = {c->path->up, c->path->name, i};
        reason = convert_message(c->check, &path, c->rule->shape, messages[i], list + i * c->rule->shape->size);
    }
    return reason;
}

static enum refusal_reason (*const takers[])(const struct field_context *) = {
    [RULE_TEXT] = take_text,           [RULE_BYTES] = take_bytes,     [RULE_UUID] = take_uuid,
    [RULE_DIGEST] = take_digest,       [RULE_NUMBER] = take_number,   [RULE_TIME] = take_time,
    [RULE_FLAG] = take_flag,           [RULE_ENUM] = take_enum,       [RULE_DATUM] = take_enum,
    [RULE_ENUM_LIST] = take_enum_list, [RULE_MESSAGE] = take_message, [RULE_LIST] = take_list,
    [RULE_BLOB] = take_blob,
};

static bool is_in_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

static bool oneof_holds(const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
    uint32_t number;
    memcpy(&number, message + field->quantifier_offset, sizeof number);
    return number == field->id;
}

static void mark_present(const struct rule *rule, const ProtobufCFieldDescriptor *field, uint8_t *value)
{
    uint32_t number = field->id;
    if (rule->has_to)
        *(bool *)(value + rule->has_to) = true;
    if (rule->case_to)
        memcpy(value + rule->case_to, &number, sizeof number);
}

static enum refusal_reason convert_field(const struct wire_check *check, const struct wire_path *up,
                                         const struct shape *shape, size_t at, const uint8_t *message, uint8_t *value)
{
    const ProtobufCFieldDescriptor *field = &shape->descriptor->fields[at];
    const struct rule *rule = &shape->rules[at];
    if (is_in_oneof(field)) {
        if (!oneof_holds(field, message))
            return REFUSAL_NONE;
        mark_present(rule, field, value);
    }
    struct wire_path path = {up, rule->name, WIRE_NO_INDEX};
    struct field_context context = {.check = check,
                                    .path = &path,
                                    .rule = rule,
                                    .field = field,
                                    .message = message,
                                    .from = message + field->offset,
                                    .value = value,
                                    .to = value + rule->to};
    return takers[rule->kind](&context);
}

static enum refusal_reason convert_message(const struct wire_check *check, const struct wire_path *path,
                                           const struct shape *shape, const void *message, void *value)
{
    assert(shape->rule_count == shape->descriptor->n_fields);
    for (size_t at = 0; at < shape->rule_count; at++) {
        enum refusal_reason reason = convert_field(check, path, shape, at, message, value);
        if (reason != REFUSAL_NONE)
            return reason;
    }
    if (shape->optional)
        *(bool *)value = true;
    return shape->check ? shape->check(check, path, value) : REFUSAL_NONE;
}

/* ---- a whole message ---- */

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void keep(void *arena, void *piece)
{
    (void)arena;
    (void)piece; /* goes with the arena */
}

enum refusal_reason wire_shape_decode(const struct wire_check *check, const struct shape *shape, struct text bytes,
                                      void *value)
{
    ProtobufCAllocator allocator = {allocate, keep, check->arena};
    enum refusal_reason reason = wire_scan(check, shape, bytes);
    if (reason != REFUSAL_NONE)
        return reason;
    size_t used_bytes = check->arena->used_bytes;
    ProtobufCMessage *message =
        protobuf_c_message_unpack(shape->descriptor, &allocator, bytes.len, (const uint8_t *)bytes.data);
    if (message == NULL && check->arena->cap_bytes - used_bytes < WIRE_REPORT_MEMORY_MAX)
        return wire_refuse_memory(check);
    if (message == NULL)
        return wire_refuse(check, NULL, REFUSAL_MALFORMED,
                           "%zu bytes do not unpack as %s; hint: send custody.v1 messages", bytes.len,
                           shape->descriptor->name);
    return convert_message(check, NULL, shape, message, value);
}

/* ---- the way back: our struct to protobuf-c's ---- */

static ProtobufCMessage *build_message(struct arena *arena, const struct shape *shape, const uint8_t *value);

static bool put_text(struct arena *arena, const void *from, void *to)
{
    struct text text;
    memcpy(&text, from, sizeof text);
    struct text copy = arena_text(arena, text);
    memcpy(to, &copy.data, sizeof copy.data);
    return copy.data != NULL;
}

static bool put_bytes(const void *data, size_t len, void *to)
{
    ProtobufCBinaryData bytes = {len, (uint8_t *)(uintptr_t)data};
    memcpy(to, &bytes, sizeof bytes);
    return true;
}

static bool put_bytes_text(const void *from, void *to)
{
    struct text text;
    memcpy(&text, from, sizeof text);
    return put_bytes(text.data, text.len, to);
}

static bool put_message(struct arena *arena, const struct rule *rule, const uint8_t *from, void *to)
{
    if (rule->shape->optional && !*(const bool *)from)
        return true;
    ProtobufCMessage *message = build_message(arena, rule->shape, from);
    memcpy(to, &message, sizeof message);
    return message != NULL;
}

static bool put_list(struct arena *arena, const struct rule *rule, size_t count, const void *from, void *to)
{
    const uint8_t *elements;
    ProtobufCMessage **list = arena_array(arena, count, sizeof(void *));
    memcpy(&elements, from, sizeof elements);
    memcpy(to, &list, sizeof list);
    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = build_message(arena, rule->shape, elements + i * rule->shape->size);
        if (list[i] == NULL)
            return false;
    }
    return list != NULL;
}

static bool put_field(struct arena *arena, const struct rule *rule, const ProtobufCFieldDescriptor *field,
                      const uint8_t *value, uint8_t *message)
{
    const uint8_t *from = value + rule->to;
    uint8_t *to = message + field->offset;
    const int datum = DATUM_WGS84;
    size_t count = 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(&count, value + rule->count_to, sizeof count);
        memcpy(message + field->quantifier_offset, &count, sizeof count);
    }
    switch (rule->kind) {
    case RULE_TEXT:
        return put_text(arena, from, to);
    case RULE_BYTES:
    case RULE_BLOB:
        return put_bytes_text(from, to);
    case RULE_UUID:
        return put_bytes(from, UUID_BYTES, to);
    case RULE_DIGEST:
        return put_bytes(from, SHA256_BYTES, to);
    case RULE_NUMBER:
    case RULE_TIME:
        memcpy(to, from, is_64_bits(field) ? sizeof(int64_t) : sizeof(int32_t));
        return true;
    case RULE_FLAG:
        *(protobuf_c_boolean *)(void *)to = *(const bool *)from;
        return true;
    case RULE_ENUM:
        memcpy(to, from, sizeof(int));
        return true;
    case RULE_DATUM:
        memcpy(to, &datum, sizeof datum);
        return true;
    case RULE_ENUM_LIST:
        memcpy(to, from, sizeof(void *));
        return true;
    case RULE_MESSAGE:
        return put_message(arena, rule, from, to);
    case RULE_LIST:
        return put_list(arena, rule, count, from, to);
    }
    return false;
}

/* Is the member of a oneof the one our value holds? Then the message is told so. */
static bool choose(const struct rule *rule, const ProtobufCFieldDescriptor *field, const uint8_t *value,
                   uint8_t *message)
{
    uint32_t number = 0;
    if (rule->has_to && *(const bool *)(value + rule->has_to))
        number = field->id;
    if (rule->case_to)
        memcpy(&number, value + rule->case_to, sizeof number);
    if (number != field->id)
        return false;
    memcpy(message + field->quantifier_offset, &number, sizeof number);
    return true;
}

static ProtobufCMessage *build_message(struct arena *arena, const struct shape *shape, const uint8_t *value)
{
    assert(shape->rule_count == shape->descriptor->n_fields);
    ProtobufCMessage *message = arena_alloc(arena, shape->descriptor->sizeof_message);
    if (message == NULL)
        return NULL;
    protobuf_c_message_init(shape->descriptor, message);
    for (size_t at = 0; at < shape->rule_count; at++) {
        const ProtobufCFieldDescriptor *field = &shape->descriptor->fields[at];
        const struct rule *rule = &shape->rules[at];
        if (is_in_oneof(field) && !choose(rule, field, value, (uint8_t *)message))
            continue;
        if (!put_field(arena, rule, field, value, (uint8_t *)message))
            return NULL;
    }
    return message;
}

int wire_shape_encode(const struct shape *shape, const void *value, struct buffer *out)
{
    struct arena arena;
    int code = 0;
    arena_init(&arena, 16 * WIRE_REPORT_MEMORY_MAX);
    ProtobufCMessage *message = build_message(&arena, shape, value);
    if (message != NULL) {
        size_t size = protobuf_c_message_get_packed_size(message);
        uint8_t *room = buffer_reserve(out, size);
        if (room != NULL)
            buffer_commit(out, protobuf_c_message_pack(message, room));
        code = room != NULL ? 0 : ERR_TOO_LARGE;
    } else {
        code = ERR_NO_MEMORY;
    }
    arena_fini(&arena);
    return code;
}
