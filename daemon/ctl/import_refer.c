/* import_refer.c - codes in files that the registry gives a meaning to: sites, categories of the compulsory-scrapping table. */
#include "core/import/cell.h"
#include "ctl/import.h"

/* Code and name; what whoever asks may see. */
static const char *const lists[] = {
    [IMPORT_REFERENCE_SITE] = "SELECT code, name FROM registry.site",
    [IMPORT_REFERENCE_SCRAP_LIMIT] = "SELECT DISTINCT category, name_zh FROM registry.scrap_limit",
};

/* The code that `given` is, or names; NULL: there is none. */
static const char *find(const struct rows *rows, struct text given)
{
    for (size_t column = 0; column < 2; column++)
        for (size_t i = 0; i < rows_count(rows); i++)
            if (cell_is(given, text_of(rows_text(rows, i, column))))
                return rows_text(rows, i, 0);
    return NULL;
}

static int refer_rows(struct import_job *job, const struct import_column *column, const struct rows *rows)
{
    for (size_t i = 0; i < job->table.row_count; i++) {
        struct import_row *row = &job->table.rows[i];
        struct text *value = (struct text *)((char *)row + column->offset);
        if (job->results[i] != IMPORT_NEW || value->len == 0)
            continue;
        const char *code = find(rows, *value);
        if (code == NULL) {
            import_issue_add(&job->issues, true, row->line, import_first_name(column->zh), *value,
                             "not known to the registry; hint: nothing can be concluded from it, is it misspelt?");
            continue;
        }
        *value = arena_text(&job->arena, text_of(code));
        if (value->data == NULL)
            return ctl_fail(job->ctl, CTL_TEMPORARY, "import: %s", error_words(ERR_NO_MEMORY));
    }
    return CTL_OK;
}

int import_refer(struct import_job *job)
{
    const struct import_kind *kind = job->table.kind;
    int exit_code = CTL_OK;
    for (size_t i = 0; i < kind->column_count && exit_code == CTL_OK; i++) {
        const struct import_column *column = &kind->columns[i];
        struct rows *rows = NULL;
        if (column->reference == IMPORT_REFERENCE_NONE)
            continue;
        exit_code = ctl_query(job->ctl, lists[column->reference], 0, NULL, &rows);
        if (exit_code == CTL_OK)
            exit_code = refer_rows(job, column, rows);
        rows_free(rows);
    }
    return exit_code;
}
