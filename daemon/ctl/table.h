/* table.h - rows of text as aligned columns for a terminal, where a Chinese character is two columns wide. */
#ifndef CUSTODY_CTL_TABLE_H
#define CUSTODY_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS_MAX = 16 };

struct table;

/* Headers are borrowed; a header that begins with '>' makes its column flush right (the '>' is not shown). */
struct table *table_new(size_t columns, const char *const *headers);
void table_free(struct table *table); /* NULL is fine */

/* Copies `columns` cells (NULL shows as empty). Control characters and invalid UTF-8 become U+FFFD, so that what a
 * device sent cannot steer the terminal. */
void table_add(struct table *table, const char *const *cells);
size_t table_rows(const struct table *table);
/* Header and rows; two blanks between columns, none at the end of a line. */
void table_print(const struct table *table, FILE *out);

/* Columns a terminal uses for `text` (utf8proc_charwidth). */
size_t text_display_width(const char *text);
/* Writes `text` with control characters and invalid UTF-8 replaced. */
void text_print_safe(const char *text, FILE *out);

#endif
