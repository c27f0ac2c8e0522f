/* table.h - a sheet read as rows of one kind: headers found, cells read by their columns, every trouble told against its
 * line and column. Pure: time is an argument, nothing is sent. */
#ifndef CUSTODY_CORE_IMPORT_TABLE_H
#define CUSTODY_CORE_IMPORT_TABLE_H

#include "base/buffer.h"
#include "base/encoding.h"
#include "core/import/issue.h"
#include "core/import/kind.h"
#include "core/import/sheet.h"

struct import_table {
    const struct import_kind *kind;
    size_t row_count; /* refused ones among them */
    struct import_row *rows;
};

/* Headers that are missing, unknown or there twice are an error of the whole file (ERR_INVALID with words). Rows with an
 * error are marked `refused`, and so is a row that repeats an earlier one to the letter. 0, ERR_INVALID or
 * ERR_NO_MEMORY. */
int import_table_read(const struct import_kind *kind, const struct sheet *sheet, int64_t now_us, struct arena *arena,
                      struct import_table *table, struct import_issues *issues, struct error *error) MUST_USE;

/* What names an imported row for good: the UUID (RFC 9562, version 8) of its event or sighting, from SHA-256 of
 * "custody-import/v1\n" party "\n" kind "\n" document "\n" line. */
void import_row_id(struct text party, const struct import_kind *kind, struct text document, size_t line,
                   uint8_t id[UUID_BYTES]);

/* Headers in Chinese and an example, as a file that Excel opens: UTF-8 with its mark, CRLF. */
void import_template(const struct import_kind *kind, struct buffer *out);

/* Every column: names, whether it has to be there, what goes into it. */
void import_describe(const struct import_kind *kind, struct buffer *out);

#endif
