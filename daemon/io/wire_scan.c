/* wire_scan.c - the one look at raw bytes that refuses what protobuf-c would let through: it walks a message by its
 * descriptor before anything is allocated, so that text is clean, counts are bounded and unpacking stays within the
 * arena. */
#include <assert.h>
#include <inttypes.h>

#include "io/wire_reader.h"
#include "io/wire_shape.h"

enum {
    SCAN_DEPTH_MAX = 8,       /* the contract nests five deep */
    SCAN_FIELDS_MAX = 32,     /* most fields a message of the contract has */
    SCAN_UNKNOWN_MAX = 32,    /* in one message with all it holds: a newer sender's few additions */
    SCAN_ELEMENTS_MAX = 4096, /* all repeated fields together */
    SCAN_PIECE_BYTES = 16,    /* what the arena rounds up to */
    SCAN_SLAB_FIELDS = 16,    /* protobuf-c scans so many fields of a message on its stack, more in the arena ... */
    SCAN_SLAB_BYTES = 128,    /* ... in slabs that double: so much a field at most */
};

struct scan {
    const struct wire_check *check;
    size_t memory_bytes; /* what unpack and conversion will take */
    size_t element_count, unknown_count;
};

/* One message on the way down. */
struct level {
    struct scan *scan;
    const struct shape *shape;
    const struct wire_path *path;
    unsigned depth;
    size_t field_count;
    uint32_t counts[SCAN_FIELDS_MAX]; /* occurrences, by index of the field */
};

static enum refusal_reason scan_message(struct scan *scan, const struct shape *shape, const struct wire_path *path,
                                        unsigned depth, struct text bytes);

static size_t piece(size_t bytes)
{
    return (bytes + SCAN_PIECE_BYTES - 1) / SCAN_PIECE_BYTES * SCAN_PIECE_BYTES;
}

static enum refusal_reason malformed(const struct level *level, const char *what)
{
    return wire_refuse(level->scan->check, level->path, REFUSAL_MALFORMED, "%s; hint: send custody.v1 messages", what);
}

static enum refusal_reason scan_unknown(struct level *level, const struct wire_field *field)
{
    struct scan *scan = level->scan;
    scan->memory_bytes += piece(sizeof(ProtobufCMessageUnknownField)) + piece(field->bytes.len + 16);
    if (++scan->unknown_count > SCAN_UNKNOWN_MAX)
        return wire_refuse(scan->check, level->path, REFUSAL_OVERSIZE,
                           "more than %d unknown fields, the last is %u; hint: send custody.v1 messages",
                           SCAN_UNKNOWN_MAX, (unsigned)field->number);
    return REFUSAL_NONE;
}

static bool is_repeated(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static enum refusal_reason scan_text(const struct scan *scan, const struct wire_path *path, struct text text)
{
    if (text_is_clean_utf8(text))
        return REFUSAL_NONE;
    const char *what = memchr(text.data, 0, text.len) ? "a NUL" : "invalid UTF-8";
    return wire_refuse(scan->check, path, REFUSAL_INVALID_TEXT,
                       "%s in %zu bytes of text; hint: send UTF-8 (RFC 3629) without NUL", what, text.len);
}

/* Numbers of 32 bits: protobuf-c would cut what is larger in silence. Enumerations may be negative, in 64 bits. */
static enum refusal_reason scan_number(const struct scan *scan, const struct wire_path *path, ProtobufCType type,
                                       uint64_t value)
{
    bool is_32_bits = type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_SINT32;
    bool fits = type == PROTOBUF_C_TYPE_ENUM ? (int64_t)value >= INT32_MIN && (int64_t)value <= INT32_MAX
                                             : !is_32_bits || value <= UINT32_MAX;
    if (fits)
        return REFUSAL_NONE;
    return wire_refuse(scan->check, path, REFUSAL_INVALID_FIELD,
                       "%" PRIu64 " does not fit in 32 bits; hint: see custody.v1", value);
}

static enum refusal_reason scan_packed(struct level *level, const struct wire_path *path, uint32_t *count,
                                       struct text bytes)
{
    struct wire_reader reader = wire_reader_of(bytes);
    enum refusal_reason reason = REFUSAL_NONE;
    uint64_t value;
    while (reason == REFUSAL_NONE && !wire_reader_done(&reader)) {
        if (!wire_read_varint(&reader, &value))
            return malformed(level, "a packed field is cut off");
        reason = scan_number(level->scan, path, PROTOBUF_C_TYPE_ENUM, value);
        ++*count;
    }
    --*count; /* the field itself was counted as one */
    return reason;
}

static enum refusal_reason scan_value(struct level *level, const struct wire_path *path, size_t at,
                                      const struct wire_field *field)
{
    const ProtobufCFieldDescriptor *descriptor = &level->shape->descriptor->fields[at];
    struct scan *scan = level->scan;
    if (field->type == WIRE_VARINT)
        return scan_number(scan, path, descriptor->type, field->value);
    if (descriptor->type == PROTOBUF_C_TYPE_ENUM)
        return scan_packed(level, path, &level->counts[at], field->bytes);
    if (descriptor->type == PROTOBUF_C_TYPE_MESSAGE)
        return scan_message(scan, level->shape->rules[at].shape, path, level->depth + 1, field->bytes);
    scan->memory_bytes += piece(field->bytes.len + 1);
    return descriptor->type == PROTOBUF_C_TYPE_STRING ? scan_text(scan, path, field->bytes) : REFUSAL_NONE;
}

static bool is_wire_type(const ProtobufCFieldDescriptor *field, enum wire_type type)
{
    bool is_long = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES ||
                   field->type == PROTOBUF_C_TYPE_MESSAGE;
    if (is_long)
        return type == WIRE_LENGTH;
    return type == WIRE_VARINT ||
           (type == WIRE_LENGTH && is_repeated(field)); /* the contract has no fixed-size numbers */
}

/* Protobuf merges a sub-message that comes twice and drops all but the last member of a oneof: what a sender meant by
 * that is anybody's guess, and evidence must not depend on a guess. */
static bool is_given_twice(const struct level *level, size_t at)
{
    const ProtobufCFieldDescriptor *fields = level->shape->descriptor->fields;
    bool in_oneof = (fields[at].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (is_repeated(&fields[at]))
        return false;
    if (!in_oneof)
        return fields[at].type == PROTOBUF_C_TYPE_MESSAGE && level->counts[at] > 1;
    uint32_t count = 0;
    for (size_t i = 0; i < level->shape->rule_count; i++)
        if ((fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
            fields[i].quantifier_offset == fields[at].quantifier_offset)
            count += level->counts[i];
    return count > 1;
}

static enum refusal_reason check_counts(const struct level *level, size_t at)
{
    const struct rule *rule = &level->shape->rules[at];
    struct wire_path path = {level->path, rule->name, WIRE_NO_INDEX};
    const struct wire_check *check = level->scan->check;
    if (is_given_twice(level, at))
        return wire_refuse(check, &path, REFUSAL_MALFORMED, "is given twice; hint: send it once");
    if (is_repeated(&level->shape->descriptor->fields[at]) && (int64_t)level->counts[at] > rule->most)
        return wire_refuse(check, &path, REFUSAL_OVERSIZE, "more than %" PRId64 " of them; hint: send several reports",
                           rule->most);
    return REFUSAL_NONE;
}

static enum refusal_reason scan_known(struct level *level, size_t at, const struct wire_field *field)
{
    const ProtobufCFieldDescriptor *descriptor = &level->shape->descriptor->fields[at];
    const struct wire_path path = {level->path, level->shape->rules[at].name,
                                   is_repeated(descriptor) ? level->counts[at] : WIRE_NO_INDEX};
    uint32_t before = level->counts[at]++;
    if (!is_wire_type(descriptor, field->type))
        return wire_refuse(level->scan->check, &path, REFUSAL_MALFORMED,
                           "has wire type %d; hint: its type in custody.v1 is another", (int)field->type);
    enum refusal_reason reason = check_counts(level, at);
    if (reason == REFUSAL_NONE)
        reason = scan_value(level, &path, at, field);
    if (reason == REFUSAL_NONE && is_repeated(descriptor)) {
        level->scan->element_count += level->counts[at] - before;
        level->scan->memory_bytes += (level->counts[at] - before) * 2 * sizeof(void *);
        reason = check_counts(level, at);
    }
    return reason;
}

static enum refusal_reason scan_field(struct level *level, const struct wire_field *field)
{
    const ProtobufCMessageDescriptor *descriptor = level->shape->descriptor;
    const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(descriptor, field->number);
    struct scan *scan = level->scan;
    if (++level->field_count > SCAN_SLAB_FIELDS)
        scan->memory_bytes += SCAN_SLAB_BYTES;
    enum refusal_reason reason =
        known != NULL ? scan_known(level, (size_t)(known - descriptor->fields), field) : scan_unknown(level, field);
    if (reason != REFUSAL_NONE)
        return reason;
    if (scan->element_count > SCAN_ELEMENTS_MAX)
        return wire_refuse(scan->check, level->path, REFUSAL_OVERSIZE,
                           "more than %d elements; hint: send several reports", SCAN_ELEMENTS_MAX);
    if (scan->memory_bytes > WIRE_REPORT_MEMORY_MAX)
        return wire_refuse(scan->check, level->path, REFUSAL_OVERSIZE,
                           "would take more than %d bytes of memory; hint: send several reports",
                           WIRE_REPORT_MEMORY_MAX);
    return REFUSAL_NONE;
}

static enum refusal_reason scan_message(struct scan *scan, const struct shape *shape, const struct wire_path *path,
                                        unsigned depth, struct text bytes)
{
    struct level level = {.scan = scan, .shape = shape, .path = path, .depth = depth};
    struct wire_reader reader = wire_reader_of(bytes);
    struct wire_field field;
    enum refusal_reason reason = REFUSAL_NONE;
    assert(depth <= SCAN_DEPTH_MAX && shape->rule_count <= SCAN_FIELDS_MAX); /* no message is recursive: ours to keep */
    scan->memory_bytes += piece(shape->descriptor->sizeof_message) + piece(shape->size);
    while (reason == REFUSAL_NONE && !wire_reader_done(&reader)) {
        if (!wire_read_field(&reader, &field))
            return malformed(&level, "no protobuf field where one should be");
        reason = scan_field(&level, &field);
    }
    return reason;
}

enum refusal_reason wire_scan(const struct wire_check *check, const struct shape *shape, struct text bytes)
{
    struct scan scan = {.check = check};
    return scan_message(&scan, shape, NULL, 0, bytes);
}
