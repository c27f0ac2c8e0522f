/* database.c - the blocking PostgreSQL client of custodyctl: libpq with every failure put into words. */
#include "io/database.h"

#include <assert.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/log.h"

enum { CONNECT_TIMEOUT_S = 10, SQLSTATE_SIZE = 6 };

struct database {
    PGconn *connection;
    char sqlstate[SQLSTATE_SIZE];
};

struct rows {
    PGresult *result;
};

/* ---- failures ---- */

/* What a SQLSTATE means to a caller; the longest prefix that fits stands first. */
static const struct {
    const char *prefix;
    int code;
} sqlstate_codes[] = {
    {"42501", ERR_DENIED},    /* insufficient_privilege */
    {"55P03", ERR_CONFLICT},  /* lock_not_available */
    {"55000", ERR_STATE},     /* object_not_in_prerequisite_state: our functions refuse */
    {"P0002", ERR_NOT_FOUND}, /* no_data_found */
    {"57014", ERR_TIMEOUT},   /* query_canceled: statement_timeout */
    {"57P", ERR_UNREACHABLE}, /* shutdown, crash, starting up */
    {"08", ERR_UNREACHABLE},  /* connection exceptions */
    {"22", ERR_DATA},         /* data exceptions */
    {"23", ERR_DATA},         /* integrity constraints */
    {"40", ERR_CONFLICT},     /* transaction rollback: serialisation, deadlock */
};

static int code_of_sqlstate(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof sqlstate_codes / sizeof *sqlstate_codes; i++)
        if (strncmp(sqlstate, sqlstate_codes[i].prefix, strlen(sqlstate_codes[i].prefix)) == 0)
            return sqlstate_codes[i].code;
    return ERR_IO;
}

/* libpq ends its messages with a newline and puts several on as many lines; an error text is one line. */
static void one_line(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
        text[--len] = '\0';
    for (char *at = text; *at; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
}

/* Line (from 1) of a character position (from 1) in UTF-8 `sql`: the server counts characters, not bytes. */
static unsigned line_of_position(const char *sql, long position)
{
    unsigned line = 1;
    for (long at = 1; *sql && at < position; sql++) {
        if (*sql == '\n')
            line++;
        if ((sql[1] & 0xc0) != 0x80)
            at++;
    }
    return line;
}

static int fail_on_connection(struct database *database, struct error *error)
{
    int code = error_set(error, ERR_UNREACHABLE, "%s", PQerrorMessage(database->connection));
    if (error)
        one_line(error->text);
    return code;
}

/* `sql` is the text that failed, for the line number; a one-line statement needs none. */
static int fail_on_result(struct database *database, const PGresult *result, const char *sql, struct error *error)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!sqlstate || !message)
        return PQstatus(database->connection) == CONNECTION_BAD
                   ? fail_on_connection(database, error)
                   : error_set(error, ERR_IO, "%s", PQerrorMessage(database->connection));

    text_copy(database->sqlstate, sizeof database->sqlstate, text_of(sqlstate));
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    char line[32] = "";
    if (position && strchr(sql, '\n'))
        snprintf(line, sizeof line, "line %u: ", line_of_position(sql, strtol(position, NULL, 10)));
    int code =
        error_set(error, code_of_sqlstate(sqlstate), "%s%s%s%s%s (SQLSTATE %s)%s%s", line, message, detail ? " [" : "",
                  detail ? detail : "", detail ? "]" : "", sqlstate, hint ? "; hint: " : "", hint ? hint : "");
    if (error)
        one_line(error->text);
    return code;
}

/* Takes `result`. Hands it on through `rows` when the caller wants rows. */
static int finish(struct database *database, PGresult *result, const char *sql, struct rows **rows, struct error *error)
{
    if (rows)
        *rows = NULL;
    if (!result)
        return fail_on_connection(database, error);

    int code = 0;
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
        code = fail_on_result(database, result, sql, error);
    else if (rows && !(*rows = malloc(sizeof **rows)))
        code = error_set(error, ERR_NO_MEMORY, "no memory for the rows of a query");
    if (code < 0 || !rows)
        PQclear(result);
    else
        (*rows)->result = result;
    return code;
}

/* Notices are routine ("already exists, skipping"); warnings are for the operator. */
static void database_on_notice(void *context, const PGresult *notice)
{
    (void)context;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    if (severity && message && strcmp(severity, "WARNING") == 0)
        log_warn("database_warning", "text=\"%s\"", message);
}

/* ---- life and queries ---- */

struct database *database_open(const char *conninfo, struct error *error)
{
    struct database *database = calloc(1, sizeof *database);
    if (!database) {
        error_set(error, ERR_NO_MEMORY, "no memory for a database connection");
        return NULL;
    }

    /* A later keyword wins, so what stands before dbname is a default and what stands after it is fixed. */
    char timeout[12];
    snprintf(timeout, sizeof timeout, "%d", CONNECT_TIMEOUT_S);
    const char *keywords[] = {"connect_timeout", "fallback_application_name", "dbname", "client_encoding", NULL};
    const char *values[] = {getenv("PGCONNECT_TIMEOUT") ? NULL : timeout, "custodyctl", conninfo, "UTF8", NULL};
    database->connection = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(database->connection) != CONNECTION_OK) {
        fail_on_connection(database, error);
        error_prefix(error, "cannot connect to the database");
        database_close(database);
        return NULL;
    }
    PQsetNoticeReceiver(database->connection, database_on_notice, NULL);
    return database;
}

void database_close(struct database *database)
{
    if (!database)
        return;
    PQfinish(database->connection);
    free(database);
}

int database_query(struct database *database, const char *sql, size_t param_count, const char *const *params,
                   struct rows **rows, struct error *error)
{
    database->sqlstate[0] = '\0';
    PGresult *result = PQexecParams(database->connection, sql, (int)param_count, NULL, params, NULL, NULL, 0);
    return finish(database, result, sql, rows, error);
}

int database_script(struct database *database, const char *sql, struct error *error)
{
    database->sqlstate[0] = '\0';
    return finish(database, PQexec(database->connection, sql), sql, NULL, error);
}

/* ---- streams */

struct stream {
    size_t columns;
    database_on_row *on_row;
    void *context;
    bool begun;
    int code; /* not 0: nobody wants more rows */
};

/* The signature, flags, and an extension of a length that it tells; false unless the bytes begin so. */
static bool skip_header(struct text *rest)
{
    static const char signature[] = "PGCOPY\n\377\r\n"; /* and its NUL */
    enum { FIXED = sizeof signature + 4 + 4 };
    if (rest->len < FIXED || memcmp(rest->data, signature, sizeof signature) != 0)
        return false;
    size_t extension = load_u32_be((const uint8_t *)rest->data + FIXED - 4);
    if (rest->len - FIXED < extension)
        return false;
    *rest = (struct text){rest->data + FIXED + extension, rest->len - FIXED - extension};
    return true;
}

static bool take_field(struct text *rest, struct text *field)
{
    if (rest->len < 4)
        return false;
    uint32_t len = load_u32_be((const uint8_t *)rest->data);
    *field = (struct text){0};
    *rest = (struct text){rest->data + 4, rest->len - 4};
    if (len == UINT32_MAX)
        return true;
    if (rest->len < len)
        return false;
    *field = (struct text){rest->data, len};
    *rest = (struct text){rest->data + len, rest->len - len};
    return true;
}

/* One message: a row, or the end; the first one begins with the header. False when it is neither. */
static bool take_message(struct stream *stream, struct text rest)
{
    struct text fields[DATABASE_STREAM_COLUMNS_MAX];
    if (!stream->begun && !skip_header(&rest))
        return false;
    stream->begun = true;
    if (rest.len == 2 && memcmp(rest.data, "\377\377", 2) == 0)
        return true;
    if (rest.len < 2 || (size_t)((uint8_t)rest.data[0] << 8 | (uint8_t)rest.data[1]) != stream->columns)
        return false;
    rest = (struct text){rest.data + 2, rest.len - 2};
    for (size_t i = 0; i < stream->columns; i++)
        if (!take_field(&rest, &fields[i]))
            return false;
    if (rest.len > 0)
        return false;
    if (stream->code == 0)
        stream->code = stream->on_row(stream->context, fields);
    return true;
}

/* The rest of a stream that nobody wants is read all the same: the connection is good for more only then. */
static int read_stream(struct database *database, struct stream *stream, struct error *error)
{
    bool good = true;
    char *data = NULL;
    int len;
    while ((len = PQgetCopyData(database->connection, &data, 0)) > 0) {
        good = good && take_message(stream, (struct text){data, (size_t)len});
        PQfreemem(data);
    }
    int code = len == -1 ? 0 : fail_on_connection(database, error);
    for (PGresult *result; (result = PQgetResult(database->connection)); PQclear(result))
        if (code == 0 && PQresultStatus(result) != PGRES_COMMAND_OK)
            code = fail_on_result(database, result, "", error);
    if (code == 0 && !good)
        code =
            error_set(error, ERR_DATA, "a stream from the database is no binary COPY of %zu columns", stream->columns);
    return code;
}

int database_copy_out(struct database *database, const char *sql, size_t columns, database_on_row *on_row,
                      void *context, struct error *error)
{
    struct stream stream = {.columns = columns, .on_row = on_row, .context = context};
    assert(columns <= DATABASE_STREAM_COLUMNS_MAX);
    database->sqlstate[0] = '\0';
    PGresult *result = PQexec(database->connection, sql);
    if (!result || PQresultStatus(result) != PGRES_COPY_OUT) {
        int code = finish(database, result, sql, NULL, error);
        return code != 0 ? code : error_set(error, ERR_DATA, "no COPY TO STDOUT: %.100s", sql);
    }
    PQclear(result);
    int code = read_stream(database, &stream, error);
    return code != 0 ? code : stream.code;
}

const char *database_sqlstate(const struct database *database)
{
    return database->sqlstate;
}

/* ---- rows ---- */

size_t rows_count(const struct rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

size_t rows_columns(const struct rows *rows)
{
    return (size_t)PQnfields(rows->result);
}

const char *rows_column_name(const struct rows *rows, size_t column)
{
    return PQfname(rows->result, (int)column);
}

bool rows_is_null(const struct rows *rows, size_t row, size_t column)
{
    return PQgetisnull(rows->result, (int)row, (int)column);
}

const char *rows_text(const struct rows *rows, size_t row, size_t column)
{
    return PQgetvalue(rows->result, (int)row, (int)column);
}

int64_t rows_i64(const struct rows *rows, size_t row, size_t column)
{
    return strtoll(rows_text(rows, row, column), NULL, 10);
}

uint64_t rows_affected(const struct rows *rows)
{
    return strtoull(PQcmdTuples(rows->result), NULL, 10);
}

void rows_free(struct rows *rows)
{
    if (!rows)
        return;
    PQclear(rows->result);
    free(rows);
}
