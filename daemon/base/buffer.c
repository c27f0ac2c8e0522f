/* buffer.c - growing by doubling up to the bound; the first failure sticks. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_FIRST_BYTES = 256 };

void buffer_init(struct buffer *buffer, size_t max)
{
    *buffer = (struct buffer){.max = max};
}

void buffer_fini(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){.data = NULL};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
    buffer->failed = false;
}

static bool buffer_grow(struct buffer *buffer, size_t need)
{
    size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_FIRST_BYTES;
    uint8_t *data;

    while (capacity < need)
        capacity = capacity > buffer->max / 2 ? buffer->max : capacity * 2;
    data = realloc(buffer->data, capacity);
    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

uint8_t *buffer_reserve(struct buffer *buffer, size_t size)
{
    if (buffer->failed)
        return NULL;
    if (size > buffer->max - buffer->len ||
        (buffer->len + size > buffer->capacity && !buffer_grow(buffer, buffer->len + size))) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->data + buffer->len;
}

void buffer_put(struct buffer *buffer, const void *data, size_t size)
{
    uint8_t *room;

    if (size == 0)
        return;
    room = buffer_reserve(buffer, size);
    if (!room)
        return;
    memcpy(room, data, size);
    buffer->len += size;
}

void buffer_put_text(struct buffer *buffer, struct text t)
{
    buffer_put(buffer, t.data, t.len);
}

void buffer_put_u8(struct buffer *buffer, uint8_t value)
{
    buffer_put(buffer, &value, 1);
}

void buffer_put_u16_be(struct buffer *buffer, uint16_t value)
{
    buffer_put(buffer, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

void buffer_put_u32_be(struct buffer *buffer, uint32_t value)
{
    uint32_t swapped = __builtin_bswap32(value);

    buffer_put(buffer, &swapped, sizeof swapped);
}

void buffer_put_u64_be(struct buffer *buffer, uint64_t value)
{
    uint64_t swapped = __builtin_bswap64(value);

    buffer_put(buffer, &swapped, sizeof swapped);
}

/* Once into the room that is there; only what does not fit is formatted again. */
void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    size_t room = (buffer->capacity < buffer->max ? buffer->capacity : buffer->max) - buffer->len;
    va_list arguments;
    uint8_t *more;
    int len;

    if (buffer->failed)
        return;
    va_start(arguments, format);
    len = vsnprintf(room ? (char *)buffer->data + buffer->len : NULL, room, format, arguments);
    va_end(arguments);
    if (len < 0) {
        buffer->failed = true;
        return;
    }
    if ((size_t)len >= room) {
        more = buffer_reserve(buffer, (size_t)len + 1);
        if (!more)
            return;
        va_start(arguments, format);
        (void)vsnprintf((char *)more, (size_t)len + 1, format, arguments);
        va_end(arguments);
    }
    buffer->len += (size_t)len;
}
