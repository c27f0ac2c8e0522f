/* ctl.c - what custodyctl's commands share: errors and exit codes, configuration and database on first use, JSON
 * output. */
#include "ctl/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/table.h"

void ctl_init(struct ctl *ctl, FILE *out, FILE *err)
{
    *ctl = (struct ctl){.out = out, .err = err};
}

void ctl_fini(struct ctl *ctl)
{
    database_close(ctl->database);
    ctl->database = NULL;
    free(ctl->config);
    ctl->config = NULL;
}

int ctl_fail(struct ctl *ctl, int exit_code, const char *format, ...)
{
    char text[2 * ERROR_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *end = text; (end = strchr(end, '\n'));) /* libpq's words come in lines */
        *end = ' ';
    fputs("custodyctl: ", ctl->err);
    text_print_safe(text, ctl->err);
    fputc('\n', ctl->err);
    return exit_code;
}

int ctl_exit_code(int code)
{
    static const struct {
        int code, exit;
    } table[] = {
        {ERR_INVALID, CTL_USAGE},         {ERR_TOO_LARGE, CTL_USAGE},    {ERR_NO_MEMORY, CTL_TEMPORARY},
        {ERR_IO, CTL_TEMPORARY},          {ERR_TIMEOUT, CTL_TEMPORARY},  {ERR_CONFLICT, CTL_TEMPORARY},
        {ERR_UNREACHABLE, CTL_TEMPORARY}, {ERR_INTERNAL, CTL_TEMPORARY}, {ERR_DENIED, CTL_CONFIG},
        {ERR_SCHEMA, CTL_CONFIG},         {ERR_CONFIG, CTL_CONFIG},
    };
    if (code == 0)
        return CTL_OK;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].code == code)
            return table[i].exit;
    }
    return CTL_NEGATIVE;
}

int ctl_fail_error(struct ctl *ctl, const struct error *error)
{
    return ctl_fail(ctl, ctl_exit_code(error->code), "%s", error->text[0] ? error->text : error_words(error->code));
}

int ctl_config(struct ctl *ctl, const struct config **config)
{
    if (!ctl->config) {
        struct error error = {0};
        struct config *loaded = calloc(1, sizeof *loaded);
        if (!loaded)
            return ctl_fail(ctl, CTL_TEMPORARY, "configuration: %s", error_words(ERR_NO_MEMORY));
        if (config_load(loaded, ctl->config_path, &error) != 0) {
            free(loaded);
            return ctl_fail_error(ctl, &error);
        }
        ctl->config = loaded;
    }
    *config = ctl->config;
    return CTL_OK;
}

int ctl_database(struct ctl *ctl, struct database **database)
{
    if (!ctl->database) {
        const char *conninfo = ctl->conninfo;
        struct error error = {0};
        if (!conninfo) {
            const struct config *config;
            int failed = ctl_config(ctl, &config);
            if (failed != CTL_OK)
                return failed;
            conninfo = config->database;
        }
        ctl->database = database_open(conninfo, &error);
        if (!ctl->database)
            return ctl_fail_error(ctl, &error);
    }
    *database = ctl->database;
    return CTL_OK;
}

/* A missing schema, table or function means that this database was never migrated, or by another version. */
static bool is_schema_trouble(const char *sqlstate)
{
    return strcmp(sqlstate, "3F000") == 0 || strcmp(sqlstate, "42P01") == 0 || strcmp(sqlstate, "42883") == 0 ||
           strcmp(sqlstate, "42703") == 0;
}

int ctl_query(struct ctl *ctl, const char *sql, size_t param_count, const char *const *params, struct rows **rows)
{
    struct database *database;
    struct error error = {0};
    int failed = ctl_database(ctl, &database);
    if (failed != CTL_OK)
        return failed;
    if (database_query(database, sql, param_count, params, rows, &error) == 0)
        return CTL_OK;
    if (is_schema_trouble(database_sqlstate(database)))
        return ctl_fail(ctl, CTL_CONFIG, "database schema: %s; hint: custodyctl migrate", error.text);
    if (strcmp(database_sqlstate(database), "42501") == 0)
        return ctl_fail(ctl, CTL_CONFIG, "%s; hint: ask as somebody who may (PGUSER); sql/roles.sql says who may what",
                        error.text);
    return ctl_fail_error(ctl, &error);
}

static int finish_output(struct ctl *ctl)
{
    if (fputc('\n', ctl->out) == EOF || fflush(ctl->out) != 0)
        return ctl_fail(ctl, CTL_TEMPORARY, "output: %s; hint: is the disk full, or the reader gone?", strerror(errno));
    return CTL_OK;
}

int ctl_print_json(struct ctl *ctl, json_t *document)
{
    if (!document)
        return ctl_fail(ctl, CTL_TEMPORARY, "output: %s", error_words(ERR_NO_MEMORY));
    json_dumpf(document, ctl->out, JSON_INDENT(2) | JSON_REAL_PRECISION(10)); /* 1e-7 degrees and no noise */
    json_decref(document);
    return finish_output(ctl);
}

int ctl_print_document(struct ctl *ctl, const struct rows *rows)
{
    fputs(rows_text(rows, 0, 0), ctl->out);
    return finish_output(ctl);
}
