/* transaction.h - several statements on their way at once, then the next step: the small engine of store.c and judge.c.
 *
 * A step queues statements and copies with transaction_query and transaction_copy and names what comes after them with
 * transaction_then. That runs when all are answered. The first failure is kept; what follows in the same step is skipped, and the
 * next step is not run: on_failed is. */
#ifndef CUSTODY_INGEST_TRANSACTION_H
#define CUSTODY_INGEST_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "io/copy.h"
#include "io/pg.h"

/* Binary parameters under construction, one buffer each; the memory is kept between uses. */
struct params {
    struct buffer buffers[PG_PARAMS_MAX];
    size_t count;
};
void params_init(struct params *params, size_t max_bytes);
void params_fini(struct params *params);
void params_clear(struct params *params);
/* The next parameter, to be filled with copy_put_*-like raw values or by array_begin. */
struct buffer *params_add(struct params *params);
/* Begins an array of `count` elements for each type named; the first of their buffers, which lie side by side. */
struct buffer *params_add_arrays(struct params *params, const enum pg_type_oid *types, size_t type_count, size_t count);
/* The rows of a finished COPY stream as arrays, one a column. `types` names the columns' types, in order. */
void params_add_rows(struct params *params, const enum pg_type_oid *types, size_t type_count, size_t row_count,
                     const struct buffer *data);
/* Empties the parameters first. */
struct params *params_begin_arrays(struct params *params, const enum pg_type_oid *types, size_t type_count,
                                   size_t count);
#define PARAMS_BEGIN_ARRAYS(params, count, ...)                                                                        \
    params_begin_arrays((params), (const enum pg_type_oid[]){__VA_ARGS__},                                             \
                        sizeof((const enum pg_type_oid[]){__VA_ARGS__}) / sizeof(enum pg_type_oid), (count))
void params_add_i32(struct params *params, int32_t value);
void params_add_i64(struct params *params, int64_t value);
void params_add_bytes(struct params *params, const void *data, size_t len);

typedef void (*transaction_on_rows)(void *context, const struct pg_result *result);
typedef void (*transaction_step)(void *context);

struct transaction {
    struct pg *pg;
    void *context; /* of on_failed */
    transaction_step next, on_failed;
    void *next_context;
    unsigned pending;
    int code; /* first failure */
    struct error error;
};

void transaction_init(struct transaction *transaction, struct pg *pg, void *context, transaction_step on_failed);
/* Forgets an earlier failure. */
void transaction_start(struct transaction *transaction);
/* `params` (may be NULL) is copied. on_rows (may be NULL) runs when the answer is good. */
void transaction_query(struct transaction *transaction, const struct pg_statement *statement,
                       const struct params *params, transaction_on_rows on_rows, void *context);
/* `data` is a finished COPY stream, borrowed until the next step runs. */
void transaction_copy(struct transaction *transaction, const char *sql, const struct buffer *data);
/* A failure of our own: the next step becomes on_failed. */
void transaction_fail(struct transaction *transaction, int code, const char *format, ...) PRINTF_LIKE(3, 4);
/* Last call of a step. Runs the next one at once when nothing is on its way. */
void transaction_then(struct transaction *transaction, transaction_step next, void *context);

#endif
