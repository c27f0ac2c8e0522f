/* fuzz_import.c - any bytes as a file of any kind: refused with clean words, or rows whose every trouble has a line of the
 * file and clean words, and whose texts are clean. The first byte chooses the kind. */
#include <assert.h>

#include "core/import/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_issues(const struct import_issues *issues, const struct sheet *sheet)
{
    size_t errors = 0;
    for (size_t i = 0; i < issues->count; i++) {
        const struct import_issue *issue = &issues->list[i];
        assert(issue->line >= 1 && issue->line <= sheet->rows[sheet->row_count - 1].line);
        assert(text_is_clean_utf8(text_of(issue->words)) && text_is_clean_utf8(issue->value));
        errors += !issue->warning;
    }
    assert(errors == issues->errors);
}

static void check_rows(const struct import_table *table, const struct sheet *sheet)
{
    size_t line = sheet->rows[0].line;
    for (size_t i = 0; i < table->row_count; i++) {
        const struct import_row *row = &table->rows[i];
        assert(row->line > line);
        line = row->line;
        for (size_t k = 0; k < row->identifier_count; k++)
            assert(row->identifiers[k].value.len > 0 && text_is_clean_utf8(row->identifiers[k].value));
        assert(row->refused || table->kind->noun != NULL || row->identifier_count > 0 || table->kind->lenient);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct sheet sheet;
    struct import_table table;
    struct error error = {0};
    if (size == 0)
        return 0;
    arena_init(&arena, (size_t)256 << 20);
    struct import_issues issues = {.arena = &arena};
    const struct import_kind *kind = &import_kinds[data[0] % import_kind_count];
    int code = sheet_read((struct text){(const char *)data + 1, size - 1}, &arena, &sheet, &error);
    if (code == 0)
        code = import_table_read(kind, &sheet, INT64_C(1767600000000000), &arena, &table, &issues, &error);
    assert((code == 0) == (error.text[0] == '\0'));
    text_make_clean(error.text); /* a long value may be cut anywhere */
    if (code == 0) {
        check_issues(&issues, &sheet);
        check_rows(&table, &sheet);
    }
    arena_fini(&arena);
    return 0;
}
