/* wire_reader.h - reads protobuf's wire format (varints, tags, lengths) from a run of bytes; private to io/wire*. */
#ifndef CUSTODY_IO_WIRE_READER_H
#define CUSTODY_IO_WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2, WIRE_FIXED32 = 5 };

struct wire_reader {
    const uint8_t *at, *end;
};

/* One field as it stands on the wire; `value` of varints and fixed ones, `bytes` (else empty) of length-delimited
 * ones. */
struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t value;
    struct text bytes;
};

static inline struct wire_reader wire_reader_of(struct text bytes)
{
    const uint8_t *data = (const uint8_t *)bytes.data;
    return (struct wire_reader){data, bytes.len == 0 ? data : data + bytes.len};
}

static inline bool wire_reader_done(const struct wire_reader *reader)
{
    return reader->at == reader->end;
}

/* At most ten bytes and 64 bits; false when it is cut off or longer. */
static inline bool wire_read_varint(struct wire_reader *reader, uint64_t *value)
{
    const uint8_t *at = reader->at;
    uint64_t sum = 0;
    for (unsigned shift = 0; shift < 64 && at < reader->end; shift += 7) {
        uint8_t byte = *at++;
        sum |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = sum;
            reader->at = at;
            return shift < 63 || byte <= 1;
        }
    }
    return false;
}

/* Tags and lengths: 32 bits in at most five bytes, as protobuf-c reads them. */
static inline bool wire_read_varint32(struct wire_reader *reader, uint32_t *value)
{
    const uint8_t *start = reader->at;
    uint64_t wide;
    if (!wire_read_varint(reader, &wide) || wide > UINT32_MAX || reader->at - start > 5)
        return false;
    *value = (uint32_t)wide;
    return true;
}

static inline bool wire_read_bytes(struct wire_reader *reader, size_t len, struct text *bytes)
{
    if ((size_t)(reader->end - reader->at) < len)
        return false;
    *bytes = (struct text){(const char *)reader->at, len};
    reader->at += len;
    return true;
}

static inline bool wire_read_fixed(struct wire_reader *reader, size_t size, struct wire_field *field)
{
    struct text bytes;
    if (!wire_read_bytes(reader, size, &bytes))
        return false;
    field->value = 0;
    for (size_t i = size; i-- > 0;)
        field->value = field->value << 8 | (uint8_t)bytes.data[i];
    return true;
}

/* The next field; false when the bytes are no protobuf (cut off, field number 0, groups, reserved wire types). */
static inline bool wire_read_field(struct wire_reader *reader, struct wire_field *field)
{
    uint32_t tag, len;
    if (!wire_read_varint32(reader, &tag) || tag < 8)
        return false;
    field->number = tag >> 3;
    field->bytes = (struct text){0};
    field->type = (enum wire_type)(tag & 7);
    switch (tag & 7) {
    case WIRE_VARINT:
        return wire_read_varint(reader, &field->value);
    case WIRE_LENGTH:
        return wire_read_varint32(reader, &len) && wire_read_bytes(reader, len, &field->bytes);
    case WIRE_FIXED64:
        return wire_read_fixed(reader, 8, field);
    case WIRE_FIXED32:
        return wire_read_fixed(reader, 4, field);
    default:
        return false;
    }
}

/* sint32: zigzag over 32 bits. */
static inline int32_t wire_zigzag32(uint32_t value)
{
    return (int32_t)(value >> 1) ^ -(int32_t)(value & 1);
}

#endif
