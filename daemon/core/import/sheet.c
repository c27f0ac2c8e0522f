/* sheet.c - guesses the encoding, splits with libcsv, brings every cell into UTF-8.
 *
 * Splitting comes before decoding: no byte of a GB18030 character is a comma, a semicolon, a tab, a quote or the end of a
 * line, so that one character that is broken stays within its cell. */
#include "core/import/sheet.h"

#include <csv.h>
#include <iconv.h>
#include <string.h>

#include "core/identity/glyph.h"

enum { ROWS_FIRST = 64, UTF8_GROWTH = 2 };

struct reader {
    struct arena *arena;
    struct sheet *sheet;
    iconv_t decoder; /* of GB18030 */
    size_t line, row_line;
    size_t row_capacity, cell_count;
    struct sheet_cell cells[SHEET_CELLS_MAX];
    int code;
    struct error *error;
};

const char *sheet_encoding_word(enum sheet_encoding encoding)
{
    static const char *const words[] = {"UTF-8", "UTF-8 with BOM", "GB18030"};
    return words[encoding];
}

/* ---- encoding ---- */

/* The line at `rest`, its end included, which is taken off. */
static struct text take_line(struct text *rest)
{
    size_t len = 0;
    while (len < rest->len && rest->data[len] != '\n' && rest->data[len] != '\r')
        len++;
    if (len < rest->len)
        len += rest->data[len] == '\r' && len + 1 < rest->len && rest->data[len + 1] == '\n' ? 2 : 1;
    const struct text line = {rest->data, len};
    *rest = (struct text){rest->data + len, rest->len - len};
    return line;
}

static bool is_ascii(struct text line)
{
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.data[i] >= 0x80)
            return false;
    return true;
}

/* Each line that is more than ASCII has a vote: text in GB18030 is next to never well-formed UTF-8, and one broken
 * character in UTF-8 must not turn the others into nonsense. */
static bool is_utf8(struct text bytes)
{
    size_t good = 0, bad = 0;
    while (bytes.len > 0) {
        const struct text line = take_line(&bytes);
        if (is_ascii(line))
            continue;
        if (text_is_clean_utf8(line))
            good++;
        else
            bad++;
    }
    return good >= bad;
}

static const char *decode_gb18030(struct reader *reader, struct text raw, struct text *value)
{
    const size_t room = raw.len * UTF8_GROWTH;
    char *out = arena_alloc(reader->arena, room), *to = out, *from = (char *)raw.data;
    size_t from_left = raw.len, to_left = room;
    if (out == NULL) {
        reader->code = ERR_NO_MEMORY;
        return "out of memory";
    }
    (void)iconv(reader->decoder, NULL, NULL, NULL, NULL);
    const bool failed = iconv(reader->decoder, &from, &from_left, &to, &to_left) == (size_t)-1;
    *value = (struct text){out, room - to_left};
    return failed ? "a character that is not GB18030" : NULL;
}

/* What can be shown of a cell that cannot be read. */
static struct text shown(struct arena *arena, struct text raw)
{
    struct text copy = arena_text(arena, raw);
    for (size_t i = 0; copy.data != NULL && i < copy.len; i++)
        if ((unsigned char)copy.data[i] < ' ')
            ((char *)copy.data)[i] = '?';
    if (copy.data != NULL)
        text_make_clean((char *)copy.data);
    return copy;
}

static const char *control_trouble(struct text value)
{
    for (size_t i = 0; i < value.len; i++) {
        const unsigned char c = (unsigned char)value.data[i];
        if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
            return "a control character";
    }
    return NULL;
}

/* White space of every width, at both ends; and Excel's ways to say "this is text": ="..." and a leading apostrophe. */
static struct text trimmed(struct text value)
{
    size_t end = 0, start = value.len;
    for (size_t at = 0; at < value.len;) {
        const struct glyph glyph = glyph_at(value, at);
        if (glyph.code != ' ' && glyph.code != GLYPH_INVISIBLE) {
            start = at < start ? at : start;
            end = at + glyph.len;
        }
        at += glyph.len;
    }
    return start < end ? (struct text){value.data + start, end - start} : (struct text){value.data, 0};
}

static struct text without_quirks(struct text value)
{
    value = trimmed(value);
    if (value.len >= 3 && value.data[0] == '=' && value.data[1] == '"' && value.data[value.len - 1] == '"')
        return trimmed((struct text){value.data + 2, value.len - 3});
    if (value.len > 1 && value.data[0] == '\'')
        return trimmed((struct text){value.data + 1, value.len - 1});
    return value;
}

static struct sheet_cell decode(struct reader *reader, struct text raw)
{
    struct sheet_cell cell = {.trouble = control_trouble(raw)};
    struct text value = raw;
    if (cell.trouble == NULL && reader->sheet->encoding == SHEET_GB18030 && raw.len > 0)
        cell.trouble = decode_gb18030(reader, raw, &value);
    else if (cell.trouble == NULL && !text_is_clean_utf8(raw))
        cell.trouble = "a character that is not UTF-8";
    if (cell.trouble != NULL)
        cell.value = shown(reader->arena, raw);
    else
        cell.value = arena_text(reader->arena, without_quirks(value));
    if (cell.value.data == NULL)
        reader->code = ERR_NO_MEMORY;
    return cell;
}

/* ---- rows ---- */

static void on_cell(void *bytes, size_t len, void *context)
{
    struct reader *reader = context;
    if (reader->code)
        return;
    if (reader->cell_count == SHEET_CELLS_MAX) {
        reader->code = error_set(reader->error, ERR_TOO_LARGE, "line %zu: more than %d cells; hint: is it a table?",
                                 reader->row_line, SHEET_CELLS_MAX);
        return;
    }
    reader->cells[reader->cell_count++] = decode(reader, (struct text){bytes, len});
}

static int make_room(struct reader *reader)
{
    struct sheet *sheet = reader->sheet;
    if (sheet->row_count < reader->row_capacity)
        return 0;
    if (sheet->row_count >= SHEET_ROWS_MAX)
        return error_set(reader->error, ERR_TOO_LARGE, "more than %d rows; hint: import it in parts", SHEET_ROWS_MAX);
    const size_t capacity = reader->row_capacity ? 2 * reader->row_capacity : ROWS_FIRST;
    struct sheet_row *rows = arena_array(reader->arena, capacity, sizeof *rows);
    if (rows == NULL)
        return ERR_NO_MEMORY;
    if (sheet->row_count > 0)
        memcpy(rows, sheet->rows, sheet->row_count * sizeof *rows);
    sheet->rows = rows;
    reader->row_capacity = capacity;
    return 0;
}

static void on_row(int end, void *context)
{
    struct reader *reader = context;
    size_t count = reader->cell_count;
    (void)end;
    while (count > 0 && reader->cells[count - 1].value.len == 0 && reader->cells[count - 1].trouble == NULL)
        count--;
    reader->cell_count = 0;
    if (count > 0 && reader->code == 0)
        reader->code = make_room(reader);
    struct sheet_cell *cells = count > 0 && reader->code == 0 ? arena_array(reader->arena, count, sizeof *cells) : NULL;
    if (cells != NULL) {
        memcpy(cells, reader->cells, count * sizeof *cells);
        reader->sheet->rows[reader->sheet->row_count++] =
            (struct sheet_row){.line = reader->row_line, .cell_count = count, .cells = cells};
    } else if (count > 0 && reader->code == 0) {
        reader->code = ERR_NO_MEMORY;
    }
    reader->row_line = 0;
}

/* ---- the file ---- */

static char separator_of(struct text bytes)
{
    static const char candidates[] = {',', ';', '\t'};
    const struct text line = take_line(&bytes);
    size_t most = 0;
    char best = ',';
    for (size_t i = 0; i < sizeof candidates; i++) {
        size_t count = 0;
        for (size_t at = 0; at < line.len; at++)
            count += line.data[at] == candidates[i];
        if (count > most) {
            most = count;
            best = candidates[i];
        }
    }
    return best;
}

/* Line by line, so that a row knows where it begins. */
static int split(struct reader *reader, struct csv_parser *parser, struct text bytes)
{
    while (bytes.len > 0 && reader->code == 0) {
        const struct text line = take_line(&bytes);
        reader->line++;
        if (reader->row_line == 0)
            reader->row_line = reader->line;
        if (csv_parse(parser, line.data, line.len, on_cell, on_row, reader) != line.len)
            return ERR_NO_MEMORY;
        if (parser->pstate == 0) /* between rows: an empty line ends none */
            reader->row_line = 0;
    }
    const size_t line = reader->row_line;
    csv_set_opts(parser,
                 CSV_STRICT | CSV_STRICT_FINI); /* from here on: earlier a quote within a cell would be an error */
    if (reader->code == 0 && csv_fini(parser, on_cell, on_row, reader) != 0)
        return error_set(reader->error, ERR_INVALID,
                         "line %zu: a quote that is never closed; hint: double the quotes within a cell", line);
    return reader->code;
}

static int look_at_start(struct text *bytes, struct sheet *sheet, struct error *error)
{
    if (bytes->len > SHEET_BYTES_MAX)
        return error_set(error, ERR_TOO_LARGE, "%zu bytes; hint: at most %d, import it in parts", bytes->len,
                         SHEET_BYTES_MAX);
    if (bytes->len >= 2 && (memcmp(bytes->data, "\xff\xfe", 2) == 0 || memcmp(bytes->data, "\xfe\xff", 2) == 0))
        return error_set(error, ERR_INVALID, "UTF-16; hint: save it as CSV UTF-8");
    if (bytes->len >= 4 &&
        (memcmp(bytes->data, "PK\x03\x04", 4) == 0 || memcmp(bytes->data, "\xd0\xcf\x11\xe0", 4) == 0))
        return error_set(error, ERR_INVALID, "a spreadsheet itself; hint: save it as CSV UTF-8");
    if (bytes->len >= 3 && memcmp(bytes->data, "\xef\xbb\xbf", 3) == 0) {
        *bytes = (struct text){bytes->data + 3, bytes->len - 3};
        sheet->encoding = SHEET_UTF8_BOM;
    } else {
        sheet->encoding = is_utf8(*bytes) ? SHEET_UTF8 : SHEET_GB18030;
    }
    sheet->separator = separator_of(*bytes);
    return 0;
}

static int read_rows(struct text bytes, struct reader *reader)
{
    struct csv_parser parser;
    if (csv_init(&parser, 0))
        return ERR_NO_MEMORY;
    csv_set_delim(&parser, (unsigned char)reader->sheet->separator);
    const int code = split(reader, &parser, bytes);
    csv_free(&parser);
    return code;
}

int sheet_read(struct text bytes, struct arena *arena, struct sheet *sheet, struct error *error)
{
    struct reader reader = {.arena = arena, .sheet = sheet, .error = error};
    *sheet = (struct sheet){.encoding = SHEET_UTF8};
    int code = look_at_start(&bytes, sheet, error);
    if (code)
        return code;
    reader.decoder = iconv_open("UTF-8", "GB18030");
    if (reader.decoder == (iconv_t)-1)
        return error_set(error, ERR_CONFIG, "GB18030 cannot be converted; hint: is libc6's gconv installed?");
    code = read_rows(bytes, &reader);
    (void)iconv_close(reader.decoder);
    if (code == ERR_NO_MEMORY)
        return error_set(error, code, "the table does not fit into memory; hint: import it in parts");
    if (code == 0 && sheet->row_count == 0)
        return error_set(error, ERR_INVALID, "no row; hint: a first line with headers, as import --template prints it");
    return code;
}
