/* copy.c - the binary format of PostgreSQL: length-prefixed fields, big-endian. */
#include "io/copy.h"

#include <string.h>

static const uint8_t copy_signature[] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n',
                                         0,   0,   0,   0,   0,   0,   0,    0,    0};
_Static_assert(sizeof copy_signature == COPY_HEADER_BYTES, "signature, flags, length of the extension");

/* PostgreSQL counts from 2000-01-01. */
static const int64_t postgres_epoch_us = INT64_C(946684800000000);

void copy_begin(struct buffer *out)
{
    buffer_put(out, copy_signature, sizeof copy_signature);
}

void copy_end(struct buffer *out)
{
    buffer_put_u16_be(out, UINT16_MAX);
}

void copy_row(struct buffer *out, uint16_t columns)
{
    buffer_put_u16_be(out, columns);
}

void copy_put_null(struct buffer *out)
{
    buffer_put_u32_be(out, UINT32_MAX);
}

/* Length and value in one reservation: these run some tens of times for each envelope. */
static void put_fixed(struct buffer *out, uint32_t len, const void *value)
{
    uint8_t *room = buffer_reserve(out, sizeof len + len);
    uint32_t swapped = __builtin_bswap32(len);

    if (!room)
        return;
    memcpy(room, &swapped, sizeof swapped);
    memcpy(room + sizeof swapped, value, len);
    buffer_commit(out, sizeof swapped + len);
}

void copy_put_bool(struct buffer *out, bool value)
{
    uint8_t byte = value;

    put_fixed(out, 1, &byte);
}

void copy_put_i16(struct buffer *out, int16_t value)
{
    uint16_t swapped = __builtin_bswap16((uint16_t)value);

    put_fixed(out, sizeof swapped, &swapped);
}

void copy_put_i32(struct buffer *out, int32_t value)
{
    uint32_t swapped = __builtin_bswap32((uint32_t)value);

    put_fixed(out, sizeof swapped, &swapped);
}

void copy_put_i64(struct buffer *out, int64_t value)
{
    uint64_t swapped = __builtin_bswap64((uint64_t)value);

    put_fixed(out, sizeof swapped, &swapped);
}

void copy_put_bytes(struct buffer *out, const void *data, size_t len)
{
    buffer_put_u32_be(out, (uint32_t)len);
    buffer_put(out, data, len);
}

void copy_put_text(struct buffer *out, struct text value)
{
    copy_put_bytes(out, value.data, value.len);
}

void copy_put_id(struct buffer *out, int64_t id)
{
    if (id)
        copy_put_i64(out, id);
    else
        copy_put_null(out);
}

void copy_put_text_or_null(struct buffer *out, struct text value)
{
    if (value.len)
        copy_put_text(out, value);
    else
        copy_put_null(out);
}

void copy_put_time(struct buffer *out, int64_t at_us)
{
    copy_put_i64(out, at_us - postgres_epoch_us);
}

void array_begin(struct buffer *out, enum pg_type_oid element, size_t count)
{
    buffer_put_u32_be(out, count ? 1 : 0); /* dimensions */
    buffer_put_u32_be(out, 0);             /* no nulls flag; readers look at each element */
    buffer_put_u32_be(out, element);
    if (count) {
        buffer_put_u32_be(out, (uint32_t)count);
        buffer_put_u32_be(out, 1); /* lower bound */
    }
}
