/* wire_envelope.c - the parts of the contract that every envelope passes first: its split and who speaks, by hand and
 * without allocation, because they run before anybody is trusted. */
#include <assert.h>

#include "io/wire.h"
#include "io/wire_front.h"
#include "io/wire_reader.h"

enum { ENVELOPE_BODY = 1, ENVELOPE_SIGNATURE = 2, ENVELOPE_KEY_ID = 3, ENVELOPE_UNKNOWN_MAX = 16 };

static const char *const refusal_words[] = {
    [REFUSAL_NONE] = "none",
    [REFUSAL_MALFORMED] = "malformed",
    [REFUSAL_OVERSIZE] = "oversize",
    [REFUSAL_UNKNOWN_SOURCE] = "unknown_source",
    [REFUSAL_BAD_SIGNATURE] = "bad_signature",
    [REFUSAL_UNKNOWN_KEY] = "unknown_key",
    [REFUSAL_WRONG_TOPIC] = "wrong_topic",
    [REFUSAL_INVALID_TEXT] = "invalid_text",
    [REFUSAL_IMPOSSIBLE_POSITION] = "impossible_position",
    [REFUSAL_IMPOSSIBLE_TIME] = "impossible_time",
    [REFUSAL_INVALID_FIELD] = "invalid_field",
    [REFUSAL_INVALID_IDENTIFIER] = "invalid_identifier",
    [REFUSAL_TOO_FAR_AHEAD] = "too_far_ahead",
    [REFUSAL_NOT_STORABLE] = "not_storable",
};

const char *refusal_reason_word(enum refusal_reason reason)
{
    size_t at = (size_t)reason;
    return at < sizeof(refusal_words) / sizeof(refusal_words[0]) ? refusal_words[at] : "invalid";
}

static enum refusal_reason malformed(struct error *error, const char *what, struct text bytes,
                                     const struct wire_reader *reader)
{
    error_set(error, ERR_INVALID, "%s: no protobuf field at byte %zu of %zu; hint: send custody.v1 messages", what,
              (size_t)(reader->at - (const uint8_t *)bytes.data), bytes.len);
    return REFUSAL_MALFORMED;
}

static enum refusal_reason wrong_type(struct error *error, const char *what, const struct wire_field *field)
{
    error_set(error, ERR_INVALID, "%s: field %u has wire type %d; hint: its type in custody.v1 is another", what,
              (unsigned)field->number, (int)field->type);
    return REFUSAL_MALFORMED;
}

static struct text *envelope_member(struct envelope *envelope, uint32_t number)
{
    switch (number) {
    case ENVELOPE_BODY:
        return &envelope->body;
    case ENVELOPE_SIGNATURE:
        return &envelope->signature;
    case ENVELOPE_KEY_ID:
        return &envelope->key_id;
    default:
        return NULL;
    }
}

enum refusal_reason wire_envelope_split(struct text bytes, struct envelope *envelope, struct error *error)
{
    struct wire_reader reader = wire_reader_of(bytes);
    struct wire_field field;
    unsigned unknown = 0;
    *envelope = (struct envelope){0};
    if (bytes.len > ENVELOPE_MAX_BYTES) {
        error_set(error, ERR_TOO_LARGE, "envelope: %zu bytes is more than %d; hint: send fewer elements a report",
                  bytes.len, ENVELOPE_MAX_BYTES);
        return REFUSAL_OVERSIZE;
    }
    while (!wire_reader_done(&reader)) {
        if (!wire_read_field(&reader, &field))
            return malformed(error, "envelope", bytes, &reader);
        struct text *member = envelope_member(envelope, field.number);
        if (member != NULL && field.type != WIRE_LENGTH)
            return wrong_type(error, "envelope", &field);
        if (member != NULL) {
            *member = field.bytes;
        } else if (++unknown > ENVELOPE_UNKNOWN_MAX) {
            error_set(error, ERR_INVALID, "envelope: more than %d unknown fields; hint: send custody.v1.Envelope",
                      ENVELOPE_UNKNOWN_MAX);
            return REFUSAL_MALFORMED;
        }
    }
    if (text_empty(envelope->body)) {
        error_set(error, ERR_INVALID, "envelope.body: is missing; hint: a serialised Report goes there");
        return REFUSAL_MALFORMED;
    }
    return REFUSAL_NONE;
}

static void put_field(struct buffer *out, unsigned number, struct text bytes)
{
    assert(number < 16);
    if (text_empty(bytes))
        return;
    buffer_put_u8(out, (uint8_t)(number << 3 | WIRE_LENGTH));
    size_t len = bytes.len;
    for (; len >= 0x80; len >>= 7)
        buffer_put_u8(out, (uint8_t)(len | 0x80));
    buffer_put_u8(out, (uint8_t)len);
    buffer_put_text(out, bytes);
}

int wire_envelope_encode(const struct envelope *envelope, struct buffer *out)
{
    put_field(out, ENVELOPE_BODY, envelope->body);
    put_field(out, ENVELOPE_SIGNATURE, envelope->signature);
    put_field(out, ENVELOPE_KEY_ID, envelope->key_id);
    return out->failed ? ERR_TOO_LARGE : 0;
}

/* Expected wire type of every field of a Report; 0xff: unknown to us. */
static uint8_t report_field_type(uint32_t number)
{
    static const uint8_t types[] = {
        [0] = 0xff,
        [REPORT_SOURCE] = WIRE_LENGTH,
        [REPORT_EPOCH] = WIRE_VARINT,
        [REPORT_SEQ] = WIRE_VARINT,
        [REPORT_PREVIOUS] = WIRE_LENGTH,
        [REPORT_DEVICE_TIME_US] = WIRE_VARINT,
        [REPORT_CLOCK_QUALITY] = WIRE_VARINT,
        [7] = 0xff,
        [8] = 0xff,
        [9] = 0xff,
        [REPORT_FIXES] = WIRE_LENGTH,
        [REPORT_READINGS] = WIRE_LENGTH,
        [REPORT_EVENTS] = WIRE_LENGTH,
        [REPORT_SIGHTINGS] = WIRE_LENGTH,
        [REPORT_BIRTH] = WIRE_LENGTH,
    };
    return number < sizeof(types) ? types[number] : 0xff;
}

/* A length that is no SHA-256 leaves zeros here; wire_report_decode refuses it with words. */
static void take_previous(struct report_front *front, struct text bytes)
{
    front->header.previous = (struct digest){0};
    if (bytes.len == SHA256_BYTES)
        memcpy(front->header.previous.bytes, bytes.data, SHA256_BYTES);
}

static void take_field(struct report_front *front, const struct wire_field *field)
{
    switch (field->number) {
    case REPORT_SOURCE:
        front->header.source = field->bytes;
        break;
    case REPORT_EPOCH:
        front->header.epoch = (uint32_t)field->value;
        front->only_fixes &= field->value <= UINT32_MAX;
        break;
    case REPORT_SEQ:
        front->header.seq = field->value;
        break;
    case REPORT_PREVIOUS:
        take_previous(front, field->bytes);
        front->only_fixes &= field->bytes.len == SHA256_BYTES;
        break;
    case REPORT_DEVICE_TIME_US:
        front->header.device_time_us = (int64_t)field->value;
        break;
    case REPORT_CLOCK_QUALITY:
        front->clock_quality = field->value;
        break;
    case REPORT_FIXES:
        front->fix_count++;
        break;
    default:
        front->only_fixes = false;
    }
}

enum refusal_reason wire_front_read(struct text body, struct report_front *front, struct error *error)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    uint32_t seen = 0; /* by field number; the short way leaves what stands twice to the long one */
    *front = (struct report_front){.only_fixes = true};
    while (!wire_reader_done(&reader)) {
        if (!wire_read_field(&reader, &field))
            return malformed(error, "report", body, &reader);
        uint8_t expected = report_field_type(field.number);
        if (expected != field.type && expected != 0xff)
            return wrong_type(error, "report", &field);
        take_field(front, &field);
        if (field.number < REPORT_FIXES) {
            front->only_fixes &= (seen & 1u << field.number) == 0;
            seen |= 1u << field.number;
        }
    }
    front->only_fixes &= (seen & 1u << REPORT_PREVIOUS) != 0;
    return REFUSAL_NONE;
}

enum refusal_reason wire_report_header(struct text body, struct report_header *header, struct error *error)
{
    struct report_front front;
    enum refusal_reason reason = wire_front_read(body, &front, error);
    *header = front.header;
    return reason;
}
