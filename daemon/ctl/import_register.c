/* import_register.c - rows that are documents for the registry: watch lists, parties, sites, vehicles, permits.
 *
 * These are no envelopes: a source has to be registered before it may speak, and who may put a thing on a watch list is
 * decided by the database role, not by a firm's key. Each row takes the way of custodyctl register, and is a leaf by the
 * registry's own triggers. A transaction of its own for each row: one that is refused costs no other, and what was
 * entered before a crash is found unchanged by the next run. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/import.h"
#include "ctl/registration.h"

static json_t *value_of(const struct import_field *field)
{
    char day[TIME_TEXT_SIZE];
    switch (field->type) {
    case IMPORT_TEXT:
        return json_stringn(field->text.data ? field->text.data : "", field->text.len);
    case IMPORT_NUMBER:
        return json_integer(field->number);
    case IMPORT_DEGREES:
        return json_real(field->degrees);
    case IMPORT_FLAG:
        return json_boolean(field->flag);
    case IMPORT_DAY:
        time_format_local(field->number, day);
        day[strlen("2026-01-05")] = '\0';
        return json_string(day);
    }
    return NULL;
}

/* [{"watch": {...}}], checked; NULL when it was refused. */
static json_t *document_of(struct import_job *job, size_t row)
{
    const struct import_row *fields = &job->table.rows[row];
    struct error error = {0};
    json_t *object = json_object();
    for (size_t i = 0; i < fields->field_count; i++)
        json_object_set_new(object, fields->fields[i].name, value_of(&fields->fields[i]));
    json_t *document = json_pack("{s:o}", job->table.kind->noun, object);
    if (document == NULL || registration_check(document, &error) != 0) {
        import_tell(job, row, false, document ? error.text : "out of memory");
        json_decref(document);
        return NULL;
    }
    return json_pack("[o]", document);
}

/* Steals `documents`. CTL_OK unless there is no sense in going on. */
static int enter(struct import_job *job, size_t row, struct database *database, json_t *documents)
{
    struct rows *rows = NULL;
    struct error error = {0};
    char *text = json_dumps(documents, JSON_COMPACT);
    json_decref(documents);
    if (text == NULL)
        return ctl_fail(job->ctl, CTL_TEMPORARY, "import: %s", error_words(ERR_NO_MEMORY));
    const int code = database_query(database, "SELECT api.register($1::jsonb) ->> 'registered'", 1,
                                    (const char *const[]){text}, &rows, &error);
    free(text);
    if (code == 0)
        job->results[row] = rows_i64(rows, 0, 0) > 0 ? IMPORT_STORED : IMPORT_STORED_BEFORE;
    rows_free(rows);
    if (code == 0 || code == ERR_DATA) {
        if (code)
            import_tell(job, row, false, error.text);
        return CTL_OK;
    }
    return ctl_fail_error(job->ctl, &error);
}

int import_register(struct import_job *job, bool dry_run)
{
    struct database *database = NULL;
    int exit_code = dry_run ? CTL_OK : ctl_database(job->ctl, &database);
    for (size_t i = 0; i < job->table.row_count && exit_code == CTL_OK; i++) {
        if (job->results[i] != IMPORT_NEW)
            continue;
        json_t *documents = document_of(job, i);
        if (documents != NULL && !dry_run)
            exit_code = enter(job, i, database, documents);
        else
            json_decref(documents);
    }
    return exit_code;
}
