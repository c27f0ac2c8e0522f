/* table.c - rows of text as aligned columns for a terminal, where a Chinese character is two columns wide. */
#include "ctl/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { GAP_COLUMNS = 2 };

struct table {
    size_t columns, rows, room;
    const char *headers[TABLE_COLUMNS_MAX];
    bool right[TABLE_COLUMNS_MAX];
    char **cells; /* rows * columns, each owned */
};

/* One character of `text`: its code point, or U+FFFD for what must not reach a terminal; returns the bytes it takes. */
static size_t next_character(const char *text, size_t len, utf8proc_int32_t *character)
{
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, character);
    if (used <= 0) {
        *character = 0xFFFD;
        return 1;
    }
    utf8proc_category_t category = utf8proc_category(*character);
    /* CC: escape sequences; CF: bidirectional overrides that reorder what is read; CS, line and paragraph
     * separators. */
    if (category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CS ||
        category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP)
        *character = 0xFFFD;
    return (size_t)used;
}

size_t text_display_width(const char *text)
{
    size_t len = strlen(text), width = 0;
    while (len > 0) {
        utf8proc_int32_t character;
        size_t used = next_character(text, len, &character);
        int columns = utf8proc_charwidth(character);
        width += columns > 0 ? (size_t)columns : 0;
        text += used;
        len -= used;
    }
    return width;
}

void text_print_safe(const char *text, FILE *out)
{
    size_t len = strlen(text);
    while (len > 0) {
        utf8proc_int32_t character;
        utf8proc_uint8_t bytes[4];
        size_t used = next_character(text, len, &character);
        utf8proc_ssize_t size = utf8proc_encode_char(character, bytes);
        fwrite(bytes, 1, (size_t)size, out);
        text += used;
        len -= used;
    }
}

struct table *table_new(size_t columns, const char *const *headers)
{
    assert(columns > 0 && columns <= TABLE_COLUMNS_MAX);
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        abort();
    table->columns = columns;
    for (size_t i = 0; i < columns; i++) {
        table->right[i] = headers[i][0] == '>';
        table->headers[i] = headers[i] + (table->right[i] ? 1 : 0);
    }
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->rows * table->columns; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

void table_add(struct table *table, const char *const *cells)
{
    if (table->rows == table->room) {
        table->room = table->room ? 2 * table->room : 32;
        table->cells = reallocarray(table->cells, table->room * table->columns, sizeof table->cells[0]);
        if (!table->cells)
            abort(); /* a short-lived program: nothing better can follow */
    }
    char **row = table->cells + table->rows * table->columns;
    for (size_t i = 0; i < table->columns; i++) {
        row[i] = strdup(cells[i] ? cells[i] : "");
        if (!row[i])
            abort();
    }
    table->rows++;
}

size_t table_rows(const struct table *table)
{
    return table->rows;
}

static void print_blanks(size_t count, FILE *out)
{
    while (count-- > 0)
        fputc(' ', out);
}

/* Blanks are owed until something visible follows, so that no line ends with one. */
static void print_line(const struct table *table, const char *const *cells, const size_t *widths, FILE *out)
{
    size_t owed = 0;
    for (size_t i = 0; i < table->columns; i++) {
        size_t width = text_display_width(cells[i]);
        size_t padding = widths[i] - width;
        owed += table->right[i] ? padding : 0;
        if (width > 0) {
            print_blanks(owed, out);
            text_print_safe(cells[i], out);
            owed = 0;
        }
        owed += (table->right[i] ? 0 : padding) + GAP_COLUMNS;
    }
    fputc('\n', out);
}

void table_print(const struct table *table, FILE *out)
{
    size_t widths[TABLE_COLUMNS_MAX];
    for (size_t i = 0; i < table->columns; i++) {
        widths[i] = text_display_width(table->headers[i]);
        for (size_t row = 0; row < table->rows; row++) {
            size_t width = text_display_width(table->cells[row * table->columns + i]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    print_line(table, table->headers, widths, out);
    for (size_t row = 0; row < table->rows; row++)
        print_line(table, (const char *const *)(table->cells + row * table->columns), widths, out);
}
