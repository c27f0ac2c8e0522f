/* sheet.h - a file of separated values as rows of cells in UTF-8: what spreadsheets and other people's programs write.
 *
 * RFC 4180 read by libcsv, with a comma, a semicolon or a tab between cells (whichever the first line has most of), in
 * UTF-8 with or without a byte order mark, or in GB18030 (which Chinese Excel writes). A cell that cannot be read in
 * the file's encoding is marked and costs its row alone. Quotes are kept in mind across lines: a row has the number of
 * the line on which it begins, from 1. Lines without any text are no rows. */
#ifndef CUSTODY_CORE_IMPORT_SHEET_H
#define CUSTODY_CORE_IMPORT_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

enum { SHEET_BYTES_MAX = 64 << 20, SHEET_ROWS_MAX = 1000000, SHEET_CELLS_MAX = 200 };

enum sheet_encoding { SHEET_UTF8, SHEET_UTF8_BOM, SHEET_GB18030 };
/* "UTF-8", "UTF-8 with BOM", "GB18030". */
const char *sheet_encoding_word(enum sheet_encoding encoding);

struct sheet_cell {
    struct text value;   /* UTF-8 without control characters but tab and line end, trimmed; in the arena */
    const char *trouble; /* NULL: none. Otherwise why it cannot be read, and `value` is what can be shown of it */
};

struct sheet_row {
    size_t line;
    size_t cell_count; /* empty ones at the end left out */
    struct sheet_cell *cells;
};

struct sheet {
    enum sheet_encoding encoding;
    char separator;
    size_t row_count;
    struct sheet_row *rows; /* the first one are the headers */
};

/* Reads all of `bytes`, which it does not change. 0; ERR_INVALID for what is no such file (UTF-16, a spreadsheet itself,
 * a quote that is never closed, no row at all), ERR_TOO_LARGE, ERR_NO_MEMORY, each with words. */
int sheet_read(struct text bytes, struct arena *arena, struct sheet *sheet, struct error *error) MUST_USE;

#endif
