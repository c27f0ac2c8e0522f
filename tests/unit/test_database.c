/* test_database.c - the blocking database client against a libpq that says what a test tells it to.
 *
 * The PQ* functions below stand before those of the library, so that failures which a healthy server never shows can
 * be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "io/database.h"

/* ---- what libpq says next */

struct pg_result {
    ExecStatusType status;
    const char *sqlstate, *message, *detail, *hint, *position;
    int rows, columns;
    const char *fields[4]; /* NULL: SQL NULL */
    const char *affected;
};

static struct {
    bool refuses, breaks; /* the connection: never comes up; is lost during the next statement */
    bool out_of_memory;   /* the next statement has no result at all */
    struct pg_result next;
    int open_results, open_connections;
    const char *keywords[8], *values[8];
    char sql[256];
    const char *params[4];
    struct text messages[4]; /* of a stream */
    size_t message_count, message_at;
    bool stream_breaks;          /* after its messages */
    const char *stream_sqlstate; /* with which it ends; NULL: well */
    bool stream_ended;
    int open_messages;
} server;

static struct pg_conn *const connection = (struct pg_conn *)&server;

PGconn *PQconnectdbParams(const char *const *keywords, const char *const *values, int expand_dbname)
{
    assert_int_equal(expand_dbname, 1);
    for (size_t i = 0; keywords[i]; i++) {
        server.keywords[i] = keywords[i];
        server.values[i] = values[i];
    }
    server.open_connections++;
    return connection;
}

ConnStatusType PQstatus(const PGconn *conn)
{
    assert_ptr_equal(conn, connection);
    return server.refuses || server.breaks ? CONNECTION_BAD : CONNECTION_OK;
}

char *PQerrorMessage(const PGconn *conn)
{
    static char text[] = "connection to server failed:\n\tNo such file\n";
    assert_ptr_equal(conn, connection);
    return text;
}

void PQfinish(PGconn *conn)
{
    assert_ptr_equal(conn, connection);
    server.open_connections--;
}

PQnoticeReceiver PQsetNoticeReceiver(PGconn *conn, PQnoticeReceiver receiver, void *context)
{
    (void)conn, (void)receiver, (void)context;
    return NULL;
}

static PGresult *next_result(const char *sql)
{
    strncpy(server.sql, sql, sizeof server.sql - 1);
    if (server.out_of_memory)
        return NULL;
    server.open_results++;
    return &server.next;
}

PGresult *PQexec(PGconn *conn, const char *sql)
{
    assert_ptr_equal(conn, connection);
    return next_result(sql);
}

PGresult *PQexecParams(PGconn *conn, const char *sql, int count, const Oid *types, const char *const *values,
                       const int *lengths, const int *formats, int format)
{
    (void)lengths, (void)formats;
    assert_ptr_equal(conn, connection);
    assert_null(types);
    assert_int_equal(format, 0);
    for (int i = 0; i < count; i++)
        server.params[i] = values[i];
    return next_result(sql);
}

ExecStatusType PQresultStatus(const PGresult *result)
{
    return result->status;
}

char *PQresultErrorField(const PGresult *result, int field)
{
    const char *value = field == PG_DIAG_SQLSTATE             ? result->sqlstate
                        : field == PG_DIAG_MESSAGE_PRIMARY    ? result->message
                        : field == PG_DIAG_MESSAGE_DETAIL     ? result->detail
                        : field == PG_DIAG_MESSAGE_HINT       ? result->hint
                        : field == PG_DIAG_STATEMENT_POSITION ? result->position
                                                              : NULL;
    return (char *)(uintptr_t)value;
}

void PQclear(PGresult *result)
{
    assert_ptr_equal(result, &server.next);
    server.open_results--;
}

int PQgetCopyData(PGconn *conn, char **data, int async)
{
    assert_ptr_equal(conn, connection);
    assert_int_equal(async, 0);
    if (server.message_at == server.message_count)
        return server.stream_breaks ? -2 : -1;
    struct text message = server.messages[server.message_at++];
    *data = (char *)(uintptr_t)message.data;
    server.open_messages++;
    return (int)message.len;
}

void PQfreemem(void *data)
{
    assert_non_null(data);
    server.open_messages--;
}

PGresult *PQgetResult(PGconn *conn)
{
    assert_ptr_equal(conn, connection);
    if (server.stream_ended)
        return NULL;
    server.stream_ended = true;
    server.next = (struct pg_result){.status = server.stream_sqlstate ? PGRES_FATAL_ERROR : PGRES_COMMAND_OK,
                                     .sqlstate = server.stream_sqlstate,
                                     .message = "no"};
    server.open_results++;
    return &server.next;
}

int PQntuples(const PGresult *result)
{
    return result->rows;
}

int PQnfields(const PGresult *result)
{
    return result->columns;
}

char *PQfname(const PGresult *result, int column)
{
    static char name[] = "name";
    (void)result, (void)column;
    return name;
}

int PQgetisnull(const PGresult *result, int row, int column)
{
    return result->fields[row * result->columns + column] == NULL;
}

char *PQgetvalue(const PGresult *result, int row, int column)
{
    const char *field = result->fields[row * result->columns + column];
    return (char *)(uintptr_t)(field ? field : "");
}

char *PQcmdTuples(PGresult *result)
{
    return (char *)(uintptr_t)(result->affected ? result->affected : "");
}

/* ---- tests; each ends with everything given back */

static struct error error;
static struct database *database;

static int open_database(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    memset(&error, 0, sizeof error);
    database = database_open("dbname=custody", &error);
    return database ? 0 : -1;
}

static int close_database(void **state)
{
    (void)state;
    database_close(database);
    return server.open_results == 0 && server.open_connections == 0 ? 0 : -1;
}

static int fail_with(const char *sqlstate)
{
    server.next = (struct pg_result){.status = PGRES_FATAL_ERROR, .sqlstate = sqlstate, .message = "no"};
    return database_query(database, "SELECT 1", 0, NULL, NULL, &error);
}

static void test_a_sqlstate_becomes_the_code_a_caller_can_act_on(void **state)
{
    (void)state;
    assert_int_equal(fail_with("22021"), ERR_DATA);
    assert_int_equal(fail_with("23505"), ERR_DATA);
    assert_int_equal(fail_with("42501"), ERR_DENIED);
    assert_int_equal(fail_with("40001"), ERR_CONFLICT);
    assert_int_equal(fail_with("40P01"), ERR_CONFLICT);
    assert_int_equal(fail_with("55P03"), ERR_CONFLICT);
    assert_int_equal(fail_with("55000"), ERR_STATE);
    assert_int_equal(fail_with("P0002"), ERR_NOT_FOUND);
    assert_int_equal(fail_with("57014"), ERR_TIMEOUT);
    assert_int_equal(fail_with("57P01"), ERR_UNREACHABLE);
    assert_int_equal(fail_with("08006"), ERR_UNREACHABLE);
    assert_int_equal(fail_with("42601"), ERR_IO);
    assert_string_equal(database_sqlstate(database), "42601");
}

static void test_the_sqlstate_is_that_of_the_last_statement_only(void **state)
{
    (void)state;
    assert_int_equal(fail_with("23505"), ERR_DATA);
    server.next = (struct pg_result){.status = PGRES_COMMAND_OK};
    assert_int_equal(database_script(database, "COMMIT", &error), 0);
    assert_string_equal(database_sqlstate(database), "");
}

static void test_an_error_says_what_the_detail_and_the_hint_in_one_line(void **state)
{
    (void)state;
    server.next = (struct pg_result){.status = PGRES_FATAL_ERROR,
                                     .sqlstate = "23505",
                                     .message = "duplicate\nkey",
                                     .detail = "Key (a)=(1)",
                                     .hint = "leave it out"};
    assert_int_equal(database_query(database, "SELECT 1", 0, NULL, NULL, &error), ERR_DATA);
    assert_string_equal(error.text, "duplicate key [Key (a)=(1)] (SQLSTATE 23505); hint: leave it out");
}

static void test_an_error_in_a_script_names_the_line_counted_in_characters(void **state)
{
    (void)state;
    /* Characters 1 to 6 are the first line; its three Chinese ones have nine bytes. Character 10 is on the third. */
    static const char script[] = "洛江区--\nA\nB C\nD";
    server.next = (struct pg_result){
        .status = PGRES_FATAL_ERROR, .sqlstate = "42601", .message = "syntax error", .position = "10"};
    assert_int_equal(database_script(database, script, &error), ERR_IO);
    assert_string_equal(error.text, "line 3: syntax error (SQLSTATE 42601)");
    server.next.position = "6";
    assert_int_equal(database_script(database, script, &error), ERR_IO);
    assert_string_equal(error.text, "line 1: syntax error (SQLSTATE 42601)");
    server.next.position = "7";
    assert_int_equal(database_script(database, script, &error), ERR_IO);
    assert_string_equal(error.text, "line 2: syntax error (SQLSTATE 42601)");
}

static void test_a_position_beyond_the_script_reads_no_further_than_its_end(void **state)
{
    (void)state;
    server.next = (struct pg_result){
        .status = PGRES_FATAL_ERROR, .sqlstate = "42601", .message = "syntax error", .position = "100000"};
    assert_int_equal(database_script(database, "A\nB", &error), ERR_IO);
    assert_string_equal(error.text, "line 2: syntax error (SQLSTATE 42601)");
}

static void test_a_connection_lost_during_a_statement_is_unreachable(void **state)
{
    (void)state;
    server.breaks = true;
    server.next = (struct pg_result){.status = PGRES_FATAL_ERROR};
    assert_int_equal(database_query(database, "SELECT 1", 0, NULL, NULL, &error), ERR_UNREACHABLE);
    assert_string_equal(error.text, "connection to server failed:  No such file");
}

static void test_no_result_at_all_is_an_error_and_gives_no_rows(void **state)
{
    (void)state;
    struct rows *rows = (struct rows *)(uintptr_t)1;
    server.out_of_memory = true;
    assert_int_equal(database_query(database, "SELECT 1", 0, NULL, &rows, &error), ERR_UNREACHABLE);
    assert_null(rows);
}

static void test_a_failed_query_gives_no_rows(void **state)
{
    (void)state;
    struct rows *rows = (struct rows *)(uintptr_t)1;
    server.next = (struct pg_result){.status = PGRES_FATAL_ERROR, .sqlstate = "23505", .message = "no"};
    assert_int_equal(database_query(database, "SELECT 1", 0, NULL, &rows, &error), ERR_DATA);
    assert_null(rows);
}

static void test_a_copy_is_no_query(void **state)
{
    (void)state;
    server.next = (struct pg_result){.status = PGRES_COPY_IN};
    assert_int_equal(database_script(database, "COPY t FROM STDIN", &error), ERR_IO);
}

static void test_rows_come_as_text_numbers_and_nulls(void **state)
{
    (void)state;
    struct rows *rows;
    const char *const params[] = {"a", NULL};
    server.next = (struct pg_result){.status = PGRES_TUPLES_OK,
                                     .rows = 2,
                                     .columns = 2,
                                     .affected = "2",
                                     .fields = {"-9223372036854775808", "闽C00001", "7", NULL}};
    assert_int_equal(database_query(database, "SELECT $1, $2", 2, params, &rows, &error), 0);
    assert_string_equal(server.sql, "SELECT $1, $2");
    assert_string_equal(server.params[0], "a");
    assert_null(server.params[1]);
    assert_int_equal(rows_count(rows), 2);
    assert_int_equal(rows_columns(rows), 2);
    assert_string_equal(rows_column_name(rows, 1), "name");
    assert_true(rows_i64(rows, 0, 0) == INT64_MIN);
    assert_string_equal(rows_text(rows, 0, 1), "闽C00001");
    assert_int_equal(rows_i64(rows, 1, 0), 7);
    assert_false(rows_is_null(rows, 1, 0));
    assert_true(rows_is_null(rows, 1, 1));
    assert_string_equal(rows_text(rows, 1, 1), "");
    assert_int_equal(rows_affected(rows), 2);
    rows_free(rows);
}

static void test_words_are_not_needed(void **state)
{
    (void)state;
    server.next = (struct pg_result){.status = PGRES_FATAL_ERROR, .sqlstate = "23505", .message = "no"};
    assert_int_equal(database_query(database, "SELECT 1", 0, NULL, NULL, NULL), ERR_DATA);
}

static void test_connection_settings_of_the_caller_win_over_ours(void **state)
{
    (void)state;
    size_t conninfo_at = 0, timeout_at = 0, encoding_at = 0;
    for (size_t i = 0; server.keywords[i]; i++) {
        conninfo_at = strcmp(server.keywords[i], "dbname") == 0 ? i : conninfo_at;
        timeout_at = strcmp(server.keywords[i], "connect_timeout") == 0 ? i : timeout_at;
        encoding_at = strcmp(server.keywords[i], "client_encoding") == 0 ? i : encoding_at;
    }
    assert_string_equal(server.values[conninfo_at], "dbname=custody");
    assert_true(timeout_at < conninfo_at);
    assert_true(encoding_at > conninfo_at); /* not theirs to choose: all our text is UTF-8 */
}

static void test_a_refused_connection_is_closed_and_put_into_words(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    server.refuses = true;
    assert_null(database_open("", &error));
    assert_int_equal(error.code, ERR_UNREACHABLE);
    assert_string_equal(error.text, "cannot connect to the database: connection to server failed:  No such file");
    assert_int_equal(server.open_connections, 0);
}

static void test_closing_nothing_is_fine(void **state)
{
    (void)state;
    database_close(NULL);
    rows_free(NULL);
}

#define ON_DATABASE(test) cmocka_unit_test_setup_teardown(test, open_database, close_database)

/* ---- streams */

#define HEADER "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
#define ROW "\0\2\0\0\0\3abc\377\377\377\377"
#define END "\377\377"

static size_t streamed;

static int stream_on_row(void *context, const struct text *fields)
{
    const int *answer = context;
    assert_true(text_equal(fields[0], TEXT("abc")));
    assert_null(fields[1].data);
    streamed++;
    return *answer;
}

static int stream(const struct text *messages, size_t count, int answer)
{
    streamed = 0;
    server.next = (struct pg_result){.status = PGRES_COPY_OUT};
    if (count > 0)
        memcpy(server.messages, messages, count * sizeof *messages);
    server.message_count = count;
    server.message_at = 0;
    server.stream_ended = false;
    int code =
        database_copy_out(database, "COPY (SELECT 1) TO STDOUT (FORMAT binary)", 2, stream_on_row, &answer, &error);
    assert_int_equal(server.open_messages, 0);
    assert_int_equal(server.message_at, server.message_count);
    return code;
}

static void test_a_stream_gives_row_after_row_and_null_as_no_data(void **state)
{
    (void)state;
    assert_int_equal(stream((struct text[]){TEXT(HEADER ROW), TEXT(ROW), TEXT(END)}, 3, 0), 0);
    assert_int_equal(streamed, 2);
}

static void test_a_stream_without_rows_is_fine(void **state)
{
    (void)state;
    assert_int_equal(stream((struct text[]){TEXT(HEADER END)}, 1, 0), 0);
    assert_int_equal(stream(NULL, 0, 0), 0);
    assert_int_equal(streamed, 0);
}

static void test_a_header_may_have_an_extension(void **state)
{
    (void)state;
    assert_int_equal(stream((struct text[]){TEXT("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\2xy" ROW)}, 1, 0), 0);
    assert_int_equal(streamed, 1);
}

static void test_whoever_wants_no_more_rows_gets_none_and_the_stream_is_read_to_its_end(void **state)
{
    (void)state;
    assert_int_equal(stream((struct text[]){TEXT(HEADER ROW), TEXT(ROW), TEXT(END)}, 3, 7), 7);
    assert_int_equal(streamed, 1);
}

static void test_a_stream_that_is_no_binary_copy_is_an_error(void **state)
{
    static const struct text bad[] = {
        TEXT("abc\t\\N\n"),                           /* text */
        TEXT("PGCOPY\n\377\r\n"),                     /* cut in its header */
        TEXT("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\3xy"), /* in its extension */
        TEXT(HEADER "\0"),                            /* in the count */
        TEXT(HEADER "\0\1\0\0\0\3abc"),               /* one column */
        TEXT(HEADER "\0\2\0\0\0\3abc"),               /* cut before a field */
        TEXT(HEADER "\0\2\0\0\0\3abc\0\0\0\2x"),      /* in a field */
        TEXT(HEADER ROW "x"),                         /* more than its fields */
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(stream(&bad[i], 1, 0), ERR_DATA);
    assert_int_equal(streamed, 0);
}

static void test_a_stream_that_fails_on_its_way_is_told(void **state)
{
    (void)state;
    server.stream_sqlstate = "57014";
    assert_int_equal(stream((struct text[]){TEXT(HEADER ROW)}, 1, 0), ERR_TIMEOUT);
    server.stream_sqlstate = NULL;
    server.stream_breaks = true;
    assert_int_equal(stream((struct text[]){TEXT(HEADER ROW)}, 1, 0), ERR_UNREACHABLE);
}

static void test_a_statement_that_streams_nothing_is_an_error(void **state)
{
    int answer = 0;
    (void)state;
    server.next = (struct pg_result){.status = PGRES_TUPLES_OK};
    assert_int_equal(database_copy_out(database, "SELECT 1", 1, stream_on_row, &answer, &error), ERR_DATA);
    server.next = (struct pg_result){.status = PGRES_FATAL_ERROR, .sqlstate = "42501", .message = "no"};
    assert_int_equal(database_copy_out(database, "COPY x", 1, stream_on_row, &answer, &error), ERR_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DATABASE(test_a_sqlstate_becomes_the_code_a_caller_can_act_on),
        ON_DATABASE(test_the_sqlstate_is_that_of_the_last_statement_only),
        ON_DATABASE(test_an_error_says_what_the_detail_and_the_hint_in_one_line),
        ON_DATABASE(test_an_error_in_a_script_names_the_line_counted_in_characters),
        ON_DATABASE(test_a_position_beyond_the_script_reads_no_further_than_its_end),
        ON_DATABASE(test_a_connection_lost_during_a_statement_is_unreachable),
        ON_DATABASE(test_no_result_at_all_is_an_error_and_gives_no_rows),
        ON_DATABASE(test_a_failed_query_gives_no_rows),
        ON_DATABASE(test_a_copy_is_no_query),
        ON_DATABASE(test_rows_come_as_text_numbers_and_nulls),
        ON_DATABASE(test_words_are_not_needed),
        ON_DATABASE(test_connection_settings_of_the_caller_win_over_ours),
        ON_DATABASE(test_a_stream_gives_row_after_row_and_null_as_no_data),
        ON_DATABASE(test_a_stream_without_rows_is_fine),
        ON_DATABASE(test_a_header_may_have_an_extension),
        ON_DATABASE(test_whoever_wants_no_more_rows_gets_none_and_the_stream_is_read_to_its_end),
        ON_DATABASE(test_a_stream_that_is_no_binary_copy_is_an_error),
        ON_DATABASE(test_a_stream_that_fails_on_its_way_is_told),
        ON_DATABASE(test_a_statement_that_streams_nothing_is_an_error),
        cmocka_unit_test(test_a_refused_connection_is_closed_and_put_into_words),
        cmocka_unit_test(test_closing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
