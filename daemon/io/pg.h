/* pg.h - one PostgreSQL connection on the loop: a queue of statements and copies, answered in order.
 *
 * Life: pg_new -> pg_open -> on_connected -> pg_query / pg_copy ... -> each answered by exactly one callback, in order ->
 * on_disconnected (everything queued was answered with ERR_UNREACHABLE before) -> (reconnects by itself with jittered back-off) ->
 * pg_close -> on_closed, after which it is freed. Callbacks run on the loop, never inside the call that queued the request.
 * Consecutive queries travel in one pipeline: queue together what belongs together.
 *
 * Every call is allowed in every callback, pg_drop and pg_close too: the request being answered has left the queue, the result stays
 * valid until its callback returns, and nothing is freed before the loop turns. pg_drop and pg_close answer what is queued before
 * they return; after pg_close only those answers come, and on_closed. */
#ifndef CUSTODY_IO_PG_H
#define CUSTODY_IO_PG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

struct pg;
struct pg_result;

/* A statement, prepared once a connection. `id` is unique below PG_STATEMENTS_MAX among those used on one connection. */
enum { PG_STATEMENTS_MAX = 64, PG_PARAMS_MAX = 40 };
struct pg_statement {
    unsigned id;
    const char *sql;
};

/* Binary parameter; data NULL: SQL NULL. Borrowed until the call returns. */
struct pg_param {
    const void *data;
    size_t len;
};

/* Several hosts, of the connection string or of PGHOST, are tried in turn, one an attempt, each with connect_timeout (default 10 s); a
 * lost connection moves on too. Only a server that takes writes will do (target_session_attrs=read-write) unless another value is given.
 * Options given there stay. None of this is looked for in a service file that the string names. */
struct pg_settings {
    const char *conninfo;                    /* copied; "" leaves it to PG* variables; see above */
    const char *application_name;            /* copied */
    int64_t statement_timeout_ms;            /* of each; enforced by the server, and with some slack by us */
    uint32_t backoff_min_ms, backoff_max_ms; /* 0: 200 and 15,000 */
    bool reads_only;                         /* every transaction is read-only, and a standby will do */
    bool looks_up_by_key; /* every statement does: an index even where a small table could as well be read through */
};

struct pg_handler {
    void (*on_connected)(void *context);
    void (*on_disconnected)(void *context, const char *reason); /* also after a failed attempt to connect */
    void (*on_notify)(void *context, const char *channel, const char *payload); /* may be NULL */
};

/* code 0, or by SQLSTATE
 *   ERR_DATA         22, 23, 54: the database refuses these rows
 *   ERR_CONFLICT     40, 55P03, 57014: worth repeating
 *   ERR_UNREACHABLE  connection lost; 08, 53, 57P, 58, XX000, 25006 (read-only), 25P03, 26000 and a cached plan that no longer fits: worth
 *                    repeating, on a new connection: this one is dropped after the answer (not for 53100, disk full)
 *   ERR_DENIED       42501
 *   ERR_SCHEMA       other 42, 3F
 *   ERR_STATE        an earlier statement of the pipeline failed
 *   ERR_INTERNAL     the rest.
 * `result` is NULL unless code is 0; it lives during the callback. `error` has the words. */
typedef void (*pg_on_answer)(void *context, int code, const struct pg_result *result, const struct error *error);

struct pg *pg_new(uv_loop_t *loop, const struct pg_settings *settings, const struct pg_handler *handler, void *context);
void pg_open(struct pg *pg);
bool pg_is_connected(const struct pg *pg);

/* Queues a statement with binary parameters and binary results. Copies the parameters. 0, ERR_STATE (not connected), ERR_NO_MEMORY. */
int pg_query(struct pg *pg, const struct pg_statement *statement, const struct pg_param *params, size_t param_count,
             pg_on_answer on_answer, void *context) MUST_USE;
/* Queues "COPY ... FROM STDIN (FORMAT binary)" with rows made by io/copy; `rows` is borrowed until answered. */
int pg_copy(struct pg *pg, const char *sql, const struct buffer *rows, pg_on_answer on_answer, void *context) MUST_USE;

/* Drops the connection: what is queued is answered with ERR_UNREACHABLE; the server rolls back. Reconnects with back-off. */
void pg_drop(struct pg *pg, const char *reason);
/* Once. */
void pg_close(struct pg *pg, void (*on_closed)(void *context));

size_t pg_rows(const struct pg_result *result);
uint64_t pg_affected(const struct pg_result *result);
bool pg_is_null(const struct pg_result *result, size_t row, size_t column);
struct text pg_bytes(const struct pg_result *result, size_t row, size_t column); /* text and bytea as they are */
int64_t pg_i64(const struct pg_result *result, size_t row, size_t column);       /* int2, int4, int8; 0 for NULL */
bool pg_bool(const struct pg_result *result, size_t row, size_t column);
/* timestamptz to microseconds since the Unix epoch. */
int64_t pg_time_us(const struct pg_result *result, size_t row, size_t column);

#endif
