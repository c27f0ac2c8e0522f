/* copy.h - rows and arrays in PostgreSQL's binary format (COPY ... (FORMAT binary), and array parameters). */
#ifndef CUSTODY_IO_COPY_H
#define CUSTODY_IO_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* ---- a COPY stream: copy_begin, then rows, then copy_end ---- */
enum { COPY_HEADER_BYTES = 19 }; /* before the first row */
void copy_begin(struct buffer *out);
void copy_end(struct buffer *out);
/* Every row names its number of columns first; that many copy_put_* follow. */
void copy_row(struct buffer *out, uint16_t columns);
void copy_put_null(struct buffer *out);
void copy_put_bool(struct buffer *out, bool value);
void copy_put_i16(struct buffer *out, int16_t value);
void copy_put_i32(struct buffer *out, int32_t value);
void copy_put_i64(struct buffer *out, int64_t value);
void copy_put_bytes(struct buffer *out, const void *data, size_t len);
void copy_put_text(struct buffer *out, struct text value);
/* NULL for id 0: ids begin at 1. */
void copy_put_id(struct buffer *out, int64_t id);
/* NULL for an empty text. */
void copy_put_text_or_null(struct buffer *out, struct text value);
/* Microseconds since the Unix epoch as timestamptz. */
void copy_put_time(struct buffer *out, int64_t at_us);

/* ---- one-dimensional arrays as parameters: array_begin, then `count` copy_put_* of the element's type ---- */
enum pg_type_oid {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_TIMESTAMPTZ = 1184,
    OID_UUID = 2950,
};
void array_begin(struct buffer *out, enum pg_type_oid element, size_t count);

#endif
