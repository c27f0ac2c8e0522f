/* database.h - a blocking PostgreSQL client for custodyctl: one query at a time, text results, words for every failure.
 *
 * The daemon never blocks: it uses io/pg. Connection settings: a conninfo string, PG* variables and service files as everywhere. */
#ifndef CUSTODY_IO_DATABASE_H
#define CUSTODY_IO_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct database;
struct rows;

/* `conninfo` may be "" (PG* variables decide). NULL and `error` (ERR_UNREACHABLE) when it fails; application_name is set. */
struct database *database_open(const char *conninfo, struct error *error);
void database_close(struct database *database); /* NULL is fine */

/* Runs one statement with text parameters (NULL pointer: SQL NULL). *rows (may be NULL when the caller wants none) is owned by the
 * caller. 0, ERR_DATA (SQLSTATE 22, 23), ERR_DENIED (42501), ERR_CONFLICT (40, 55P03), ERR_UNREACHABLE or ERR_IO with words. */
int database_query(struct database *database, const char *sql, size_t param_count, const char *const *params,
                   struct rows **rows, struct error *error) MUST_USE;
/* Several statements separated by semicolons, no parameters, no results. */
int database_script(struct database *database, const char *sql, struct error *error) MUST_USE;
/* One row of a stream; `data` is NULL for SQL NULL, and what it points at is borrowed until the function returns. Not 0: no more rows. */
typedef int database_on_row(void *context, const struct text *fields);
enum { DATABASE_STREAM_COLUMNS_MAX = 16 };
/* Streams "COPY (...) TO STDOUT (FORMAT binary)", whose rows have `columns` fields in PostgreSQL's binary form; holds one row at a
 * time. 0, what `on_row` returned, the codes of database_query, or ERR_DATA for a stream that is no such COPY, with words. */
int database_copy_out(struct database *database, const char *sql, size_t columns, database_on_row *on_row,
                      void *context, struct error *error) MUST_USE;
/* SQLSTATE of the last failure, "" when there was none. */
const char *database_sqlstate(const struct database *database);

size_t rows_count(const struct rows *rows);
size_t rows_columns(const struct rows *rows);
const char *rows_column_name(const struct rows *rows, size_t column);
bool rows_is_null(const struct rows *rows, size_t row, size_t column);
/* Text of the field, "" when NULL; lives as long as `rows`. */
const char *rows_text(const struct rows *rows, size_t row, size_t column);
int64_t rows_i64(const struct rows *rows, size_t row, size_t column);
uint64_t rows_affected(const struct rows *rows);
void rows_free(struct rows *rows); /* NULL is fine */

#endif
