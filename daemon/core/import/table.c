/* table.c - headers to columns, cells to values, rows to what they say. */
#include "core/import/table.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "core/identity/identifier.h"
#include "core/import/cell.h"

enum { FAR_PAST_DAYS = 366 };

struct context {
    const struct import_kind *kind;
    const struct sheet *sheet;
    int64_t now_us;
    struct import_issues *issues;
    const struct import_column *columns[SHEET_CELLS_MAX]; /* by cell; NULL: left out */
};

/* ---- headers ---- */

static const struct import_column *find_column(const struct import_kind *kind, struct text header)
{
    for (size_t i = 0; i < kind->column_count; i++)
        if (import_name_matches(kind->columns[i].zh, header) || cell_is(header, text_of(kind->columns[i].en)))
            return &kind->columns[i];
    return NULL;
}

static struct text header_of(const struct context *context, const struct import_column *column)
{
    const struct sheet_row *headers = &context->sheet->rows[0];
    for (size_t i = 0; i < headers->cell_count; i++)
        if (context->columns[i] == column)
            return headers->cells[i].value;
    return import_first_name(column->zh);
}

static int take_header(struct context *context, size_t at, struct error *error)
{
    const struct sheet_row *headers = &context->sheet->rows[0];
    const struct text header = headers->cells[at].value;
    const char *name = context->kind->name;
    if (headers->cells[at].trouble != NULL)
        return error_set(error, ERR_INVALID, "header %zu: %.*s: %s; hint: save it as CSV UTF-8", at + 1,
                         TEXT_ARG(header), headers->cells[at].trouble);
    if (header.len > 0 && header.data[0] == '#')
        return 0;
    const struct import_column *column = find_column(context->kind, header);
    if (column == NULL)
        return error_set(error, ERR_INVALID,
                         "header %zu: \"%.*s\" is no column of %s; hint: import --template %s prints them; a header "
                         "that begins with # is left out",
                         at + 1, TEXT_ARG(header), name, name);
    for (size_t before = 0; before < at; before++)
        if (context->columns[before] == column)
            return error_set(error, ERR_INVALID, "header %zu: \"%.*s\" says the same as header %zu; hint: keep one",
                             at + 1, TEXT_ARG(header), before + 1);
    context->columns[at] = column;
    if (column->type == COLUMN_DROPPED)
        import_issue_add(context->issues, true, headers->line, header, (struct text){NULL, 0},
                         "not taken: personal data; hint: leave the column out of the file");
    return 0;
}

static int take_headers(struct context *context, struct error *error)
{
    const struct import_kind *kind = context->kind;
    for (size_t at = 0; at < context->sheet->rows[0].cell_count; at++) {
        const int code = take_header(context, at, error);
        if (code)
            return code;
    }
    for (size_t i = 0; i < kind->column_count; i++) {
        bool found = !kind->columns[i].required;
        for (size_t at = 0; at < SHEET_CELLS_MAX && !found; at++)
            found = context->columns[at] == &kind->columns[i];
        if (!found)
            return error_set(error, ERR_INVALID, "no column %.*s (%s); hint: import --template %s",
                             TEXT_ARG(import_first_name(kind->columns[i].zh)), kind->columns[i].en, kind->name);
    }
    return 0;
}

/* ---- cells ---- */

static void *place(struct import_row *row, const struct import_column *column)
{
    return (char *)row + column->offset;
}

static struct import_field *add_field(struct import_row *row, const struct import_column *column,
                                      enum import_field_type type)
{
    struct import_field *field = &row->fields[row->field_count++];
    *field = (struct import_field){.name = column->field ? column->field : column->en, .type = type};
    return field;
}

static const char *take_text(const struct import_kind *kind, const struct import_column *column, struct text cell,
                             struct import_row *row)
{
    const char *trouble = column->type == COLUMN_CODE ? cell_destroyed(cell) : NULL;
    if (trouble != NULL)
        return trouble;
    if (kind->noun != NULL)
        add_field(row, column, IMPORT_TEXT)->text = cell;
    else
        *(struct text *)place(row, column) = cell;
    return NULL;
}

static const char *take_day(const struct import_kind *kind, const struct import_column *column, struct text cell,
                            struct import_row *row)
{
    int64_t at_us = 0;
    const char *trouble = cell_time(cell, column->type == COLUMN_TIME, &at_us);
    if (trouble == NULL && kind->noun != NULL)
        add_field(row, column, IMPORT_DAY)->number = at_us;
    else if (trouble == NULL)
        *(int64_t *)place(row, column) = at_us;
    return trouble;
}

static const char *take_number(const struct import_kind *kind, const struct import_column *column, struct text cell,
                               struct import_row *row)
{
    int64_t value = 0;
    const int decimals = column->type == COLUMN_FEN ? 2 : column->type == COLUMN_YEAR ? 0 : 3;
    const char *trouble = cell_decimal(cell, decimals, &value);
    if (trouble != NULL)
        return trouble;
    if (kind->noun != NULL)
        add_field(row, column, IMPORT_NUMBER)->number = value;
    else if (column->type == COLUMN_YEAR)
        *(uint32_t *)place(row, column) = (uint32_t)(value > UINT32_MAX ? UINT32_MAX : value);
    else if (column->type == COLUMN_MASS) {
        struct mass *mass = place(row, column);
        mass->present = true;
        mass->mass_g = value;
    } else
        *(int64_t *)place(row, column) = value;
    return NULL;
}

static const char *take_flag(const struct import_kind *kind, const struct import_column *column, struct text cell,
                             struct import_row *row)
{
    bool value = false;
    const char *trouble = cell_flag(cell, &value);
    if (trouble == NULL && kind->noun != NULL)
        add_field(row, column, IMPORT_FLAG)->flag = value;
    else if (trouble == NULL)
        *(bool *)place(row, column) = value;
    return trouble;
}

static const char *take_degrees(const struct import_column *column, struct text cell, struct import_row *row)
{
    double value = 0;
    const char *trouble = cell_degrees(cell, &value);
    if (trouble == NULL)
        add_field(row, column, IMPORT_DEGREES)->degrees = value;
    return trouble;
}

/* Which words there are, as "a (b), c (d)". */
static void list_words(const struct import_word *words, struct buffer *out)
{
    for (const struct import_word *word = words; word->zh != NULL; word++)
        buffer_printf(out, "%s%.*s (%s)", word == words ? "" : ", ", TEXT_ARG(import_first_name(word->zh)), word->en);
}

static bool take_word(const struct context *context, const struct import_column *column, struct text header,
                      struct text cell, struct import_row *row)
{
    const struct import_word *word = column->words;
    while (word->zh != NULL && !import_name_matches(word->zh, cell) && !cell_is(cell, text_of(word->en)))
        word++;
    if (word->zh == NULL) {
        struct buffer list;
        buffer_init(&list, ERROR_TEXT_BYTES);
        list_words(column->words, &list);
        import_issue_add(context->issues, false, row->line, header, cell, "unknown; hint: one of %.*s",
                         TEXT_ARG(buffer_text(&list)));
        buffer_fini(&list);
        return false;
    }
    if (context->kind->noun != NULL)
        add_field(row, column, IMPORT_TEXT)->text = text_of(word->en);
    else
        *(int *)place(row, column) = word->number;
    return true;
}

static bool take_identifier(const struct context *context, const struct import_column *column, struct text header,
                            struct text cell, struct import_row *row)
{
    char normal[IDENTIFIER_VALUE_BYTES];
    struct error error = {0};
    const char *destroyed = cell_destroyed(cell);
    if (destroyed != NULL) {
        import_issue_add(context->issues, false, row->line, header, cell, "%s", destroyed);
        return false;
    }
    const enum identifier_grade grade = identifier_normalise(column->scheme, cell, normal, &error);
    const bool refused = grade == IDENTIFIER_INVALID && !context->kind->lenient;
    if (grade != IDENTIFIER_GOOD)
        import_issue_add(context->issues, !refused, row->line, header, cell, "%s", error.text);
    if (!refused)
        row->identifiers[row->identifier_count++] = (struct identifier){.scheme = column->scheme, .value = cell};
    return !refused;
}

static bool take_cell(const struct context *context, const struct import_column *column, struct text header,
                      struct text cell, struct import_row *row)
{
    const char *trouble = NULL;
    switch (column->type) {
    case COLUMN_TEXT:
    case COLUMN_CODE:
        trouble = take_text(context->kind, column, cell, row);
        break;
    case COLUMN_TIME:
    case COLUMN_DAY:
        trouble = take_day(context->kind, column, cell, row);
        break;
    case COLUMN_GRAMS:
    case COLUMN_MASS:
    case COLUMN_FEN:
    case COLUMN_METRES:
    case COLUMN_YEAR:
        trouble = take_number(context->kind, column, cell, row);
        break;
    case COLUMN_FLAG:
        trouble = take_flag(context->kind, column, cell, row);
        break;
    case COLUMN_DEGREES:
        trouble = take_degrees(column, cell, row);
        break;
    case COLUMN_WORD:
        return take_word(context, column, header, cell, row);
    case COLUMN_IDENTIFIER:
        return take_identifier(context, column, header, cell, row);
    case COLUMN_DROPPED:
        return true;
    }
    if (trouble != NULL)
        import_issue_add(context->issues, false, row->line, header, cell, "%s", trouble);
    return trouble == NULL;
}

/* ---- rows ---- */

static const struct text nothing = {NULL, 0};

static bool take_cells(const struct context *context, const struct sheet_row *cells, struct import_row *row)
{
    const struct sheet_row *headers = &context->sheet->rows[0];
    bool good = true;
    for (size_t at = 0; at < cells->cell_count; at++) {
        const struct sheet_cell *cell = &cells->cells[at];
        const struct text header = at < headers->cell_count ? headers->cells[at].value : nothing;
        if (at >= headers->cell_count && cell->value.len > 0) {
            import_issue_add(context->issues, false, row->line, nothing, cell->value,
                             "cell %zu, but there are %zu headers; hint: is a comma within a cell without quotes?",
                             at + 1, headers->cell_count);
            return false;
        }
        if (at >= headers->cell_count || context->columns[at] == NULL)
            continue;
        if (cell->trouble != NULL)
            import_issue_add(context->issues, false, row->line, header, cell->value, "%s; hint: save it as CSV UTF-8",
                             cell->trouble);
        good = cell->trouble == NULL && good;
        if (cell->trouble == NULL && cell->value.len > 0)
            good = take_cell(context, context->columns[at], header, cell->value, row) && good;
    }
    return good;
}

static bool has_required(const struct context *context, const struct sheet_row *cells, size_t line)
{
    bool good = true;
    for (size_t at = 0; at < context->sheet->rows[0].cell_count; at++) {
        const struct import_column *column = context->columns[at];
        if (column == NULL || !column->required ||
            (at < cells->cell_count && (cells->cells[at].value.len > 0 || cells->cells[at].trouble != NULL)))
            continue;
        import_issue_add(context->issues, false, line, context->sheet->rows[0].cells[at].value, nothing,
                         "empty; hint: it has to be given: %s", column->help);
        good = false;
    }
    return good;
}

/* What is taken, but deserves a look. */
static void look_twice(const struct context *context, const struct import_row *row)
{
    for (size_t i = 0; i < context->kind->column_count; i++) {
        const struct import_column *column = &context->kind->columns[i];
        if (column->type == COLUMN_TIME && context->kind->noun == NULL) {
            const int64_t at_us = *(const int64_t *)place((struct import_row *)row, column);
            if (at_us < context->now_us - FAR_PAST_DAYS * US_PER_DAY)
                import_issue_add(context->issues, true, row->line, header_of(context, column), nothing,
                                 "more than a year ago; hint: is the year right?");
        }
    }
    if (row->event.mass.present && row->event.mass.estimated)
        import_issue_add(context->issues, true, row->line, nothing, nothing,
                         "the mass is estimated; hint: weigh it, estimates are shown as weaker evidence");
}

static void read_row(const struct context *context, const struct sheet_row *cells, struct import_row *row)
{
    row->line = cells->line;
    if (context->kind->begin != NULL)
        context->kind->begin(row);
    bool good = take_cells(context, cells, row);
    good = has_required(context, cells, row->line) && good;
    const char *trouble = good && context->kind->finish != NULL ? context->kind->finish(row) : NULL;
    if (trouble != NULL)
        import_issue_add(context->issues, false, row->line, nothing, nothing, "%s", trouble);
    row->refused = !good || trouble != NULL;
    if (!row->refused)
        look_twice(context, row);
}

/* ---- rows that say the same ---- */

static bool same_cells(const struct sheet_row *a, const struct sheet_row *b)
{
    if (a->cell_count != b->cell_count)
        return false;
    for (size_t i = 0; i < a->cell_count; i++)
        if (!text_equal(a->cells[i].value, b->cells[i].value))
            return false;
    return true;
}

static uint64_t hash_of(const struct sheet_row *row)
{
    uint64_t hash = row->cell_count;
    for (size_t i = 0; i < row->cell_count; i++)
        hash = (hash ^ hash64(row->cells[i].value)) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static int refuse_repeated(const struct context *context, struct arena *arena, struct import_table *table)
{
    const struct sheet_row *cells = context->sheet->rows + 1;
    size_t capacity = 16;
    while (capacity < 2 * table->row_count)
        capacity *= 2;
    size_t *slots = arena_array(arena, capacity, sizeof *slots); /* number of the row, from 1; 0: free */
    if (slots == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < table->row_count; i++) {
        size_t at = hash_of(&cells[i]) & (capacity - 1);
        while (slots[at] != 0 && !same_cells(&cells[slots[at] - 1], &cells[i]))
            at = (at + 1) & (capacity - 1);
        if (slots[at] == 0) {
            slots[at] = i + 1;
            continue;
        }
        if (!table->rows[i].refused)
            import_issue_add(context->issues, false, table->rows[i].line, nothing, nothing,
                             "the same as line %zu; hint: leave one out", table->rows[slots[at] - 1].line);
        table->rows[i].refused = true;
    }
    return 0;
}

int import_table_read(const struct import_kind *kind, const struct sheet *sheet, int64_t now_us, struct arena *arena,
                      struct import_table *table, struct import_issues *issues, struct error *error)
{
    struct context context = {.kind = kind, .sheet = sheet, .now_us = now_us, .issues = issues};
    *table = (struct import_table){.kind = kind, .row_count = sheet->row_count - 1};
    int code = take_headers(&context, error);
    if (code)
        return code;
    table->rows = arena_array(arena, table->row_count, sizeof *table->rows);
    if (table->rows == NULL)
        return error_set(error, ERR_NO_MEMORY, "the table does not fit into memory; hint: import it in parts");
    for (size_t i = 0; i < table->row_count; i++)
        read_row(&context, &sheet->rows[i + 1], &table->rows[i]);
    code = refuse_repeated(&context, arena, table);
    return code || issues->failed
               ? error_set(error, ERR_NO_MEMORY, "the table does not fit into memory; hint: import it in parts")
               : 0;
}

/* ---- names and templates ---- */

void import_row_id(struct text party, const struct import_kind *kind, struct text document, size_t line,
                   uint8_t id[UUID_BYTES])
{
    struct buffer name;
    buffer_init(&name, 4096);
    buffer_printf(&name, "custody-import/v1\n%.*s\n%s\n%.*s\n%zu", TEXT_ARG(party), kind->name, TEXT_ARG(document),
                  line);
    const struct digest digest = sha256(name.data, name.len);
    buffer_fini(&name);
    memcpy(id, digest.bytes, UUID_BYTES);
    id[6] = (uint8_t)((id[6] & 0x0F) | 0x80);
    id[8] = (uint8_t)((id[8] & 0x3F) | 0x80);
}

void import_template(const struct import_kind *kind, struct buffer *out)
{
    buffer_put_text(out, TEXT("\xef\xbb\xbf"));
    for (size_t i = 0; i < kind->column_count; i++)
        if (kind->columns[i].type != COLUMN_DROPPED)
            buffer_printf(out, "%s%.*s", i > 0 ? "," : "", TEXT_ARG(import_first_name(kind->columns[i].zh)));
    buffer_put_text(out, TEXT("\r\n"));
    for (size_t i = 0; i < kind->column_count; i++)
        if (kind->columns[i].type != COLUMN_DROPPED)
            buffer_printf(out, "%s%s", i > 0 ? "," : "", kind->columns[i].example);
    buffer_put_text(out, TEXT("\r\n"));
}

void import_describe(const struct import_kind *kind, struct buffer *out)
{
    buffer_printf(out, "%s %s: %s\n", kind->name, kind->zh, kind->help);
    for (size_t i = 0; i < kind->column_count; i++) {
        const struct import_column *column = &kind->columns[i];
        buffer_printf(out, "  %s | %s%s: %s", column->zh, column->en, column->required ? " (required)" : "",
                      column->help);
        if (column->words != NULL) {
            buffer_put_text(out, TEXT(": "));
            list_words(column->words, out);
        }
        buffer_put_u8(out, '\n');
    }
}
