/* buffer.h - growing bytes with a bound; the only way we build output of unknown length. */
#ifndef CUSTODY_BASE_BUFFER_H
#define CUSTODY_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct buffer {
    uint8_t *data;
    size_t len;
    size_t capacity;
    size_t max;  /* bound in bytes */
    bool failed; /* an append did not fit or memory ran out; sticky until buffer_clear, so one check at the end does */
};

void buffer_init(struct buffer *buffer, size_t max);
void buffer_fini(struct buffer *buffer);
void buffer_clear(struct buffer *buffer); /* keeps the memory */

/* Room for `size` more bytes, or NULL (and failed). The bytes count once buffer_commit is called. */
uint8_t *buffer_reserve(struct buffer *buffer, size_t size);
static inline void buffer_commit(struct buffer *buffer, size_t size)
{
    buffer->len += size;
}

void buffer_put(struct buffer *buffer, const void *data, size_t size);
void buffer_put_text(struct buffer *buffer, struct text t);
void buffer_put_u8(struct buffer *buffer, uint8_t value);
void buffer_put_u16_be(struct buffer *buffer, uint16_t value);
void buffer_put_u32_be(struct buffer *buffer, uint32_t value);
void buffer_put_u64_be(struct buffer *buffer, uint64_t value);
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

static inline struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){(const char *)buffer->data, buffer->len};
}

#endif
