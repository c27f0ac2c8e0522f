/* transaction.c - counting answers, keeping the first failure. */
#include "ingest/transaction.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void params_init(struct params *params, size_t max_bytes)
{
    for (size_t i = 0; i < PG_PARAMS_MAX; i++)
        buffer_init(&params->buffers[i], max_bytes);
    params->count = 0;
}

void params_fini(struct params *params)
{
    for (size_t i = 0; i < PG_PARAMS_MAX; i++)
        buffer_fini(&params->buffers[i]);
}

void params_clear(struct params *params)
{
    for (size_t i = 0; i < params->count; i++)
        buffer_clear(&params->buffers[i]);
    params->count = 0;
}

struct buffer *params_add(struct params *params)
{
    assert(params->count < PG_PARAMS_MAX);
    return &params->buffers[params->count++];
}

struct buffer *params_add_arrays(struct params *params, const enum pg_type_oid *types, size_t type_count, size_t count)
{
    struct buffer *first = &params->buffers[params->count];

    for (size_t i = 0; i < type_count; i++)
        array_begin(params_add(params), types[i], count);
    return first;
}

struct params *params_begin_arrays(struct params *params, const enum pg_type_oid *types, size_t type_count,
                                   size_t count)
{
    params_clear(params);
    (void)params_add_arrays(params, types, type_count, count);
    return params;
}

void params_add_rows(struct params *params, const enum pg_type_oid *types, size_t type_count, size_t row_count,
                     const struct buffer *data)
{
    struct buffer *columns = params_add_arrays(params, types, type_count, row_count);
    const uint8_t *at = data->data + COPY_HEADER_BYTES;

    if (data->failed) {
        columns->failed = true;
        return;
    }
    for (size_t row = 0; row < row_count; row++) {
        at += sizeof(uint16_t); /* number of columns */
        for (size_t i = 0; i < type_count; i++) {
            /* A field of a row and an element of an array have one form: length (-1: NULL), bytes. */
            uint32_t len = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
            size_t size = sizeof len + (len == UINT32_MAX ? 0 : len);

            buffer_put(&columns[i], at, size);
            at += size;
        }
    }
    assert(at <= data->data + data->len);
}

void params_add_i32(struct params *params, int32_t value)
{
    buffer_put_u32_be(params_add(params), (uint32_t)value);
}

void params_add_i64(struct params *params, int64_t value)
{
    buffer_put_u64_be(params_add(params), (uint64_t)value);
}

void params_add_bytes(struct params *params, const void *data, size_t len)
{
    struct buffer *buffer = params_add(params);

    buffer_put(buffer, data, len);
    if (!buffer->data) /* zero bytes are not SQL NULL */
        (void)buffer_reserve(buffer, 1);
}

void transaction_init(struct transaction *transaction, struct pg *pg, void *context, transaction_step on_failed)
{
    *transaction = (struct transaction){.pg = pg, .context = context, .on_failed = on_failed};
}

void transaction_start(struct transaction *transaction)
{
    assert(transaction->pending == 0);
    transaction->code = 0;
    transaction->next = NULL;
}

static void keep_failure(struct transaction *transaction, int code, const struct error *error)
{
    if (transaction->code)
        return;
    transaction->code = code;
    if (error)
        transaction->error = *error;
    else
        (void)error_set(&transaction->error, code, "%s", error_words(code));
}

void transaction_fail(struct transaction *transaction, int code, const char *format, ...)
{
    struct error error = {.code = code};
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(error.text, sizeof error.text, format, arguments);
    va_end(arguments);
    keep_failure(transaction, code, &error);
}

static void run_next(struct transaction *transaction)
{
    transaction_step next = transaction->next;

    if (transaction->pending || !next)
        return;
    transaction->next = NULL;
    if (transaction->code)
        transaction->on_failed(transaction->context);
    else
        next(transaction->next_context);
}

/* One statement under way. */
struct asked {
    struct transaction *transaction;
    transaction_on_rows on_rows;
    void *context;
};

static void transaction_on_answer(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct asked *asked = context;
    struct transaction *transaction = asked->transaction;

    if (code)
        keep_failure(transaction, code, error);
    else if (asked->on_rows && !transaction->code)
        asked->on_rows(asked->context, result);
    free(asked);
    transaction->pending--;
    run_next(transaction);
}

static struct asked *ask(struct transaction *transaction, transaction_on_rows on_rows, void *context)
{
    struct asked *asked = malloc(sizeof *asked);

    if (!asked) {
        keep_failure(transaction, ERR_NO_MEMORY, NULL);
        return NULL;
    }
    *asked = (struct asked){transaction, on_rows, context};
    return asked;
}

static void asked_result(struct transaction *transaction, struct asked *asked, int code)
{
    if (code) {
        free(asked);
        keep_failure(transaction, code == ERR_STATE ? ERR_UNREACHABLE : code, NULL);
    } else {
        transaction->pending++;
    }
}

void transaction_query(struct transaction *transaction, const struct pg_statement *statement,
                       const struct params *params, transaction_on_rows on_rows, void *context)
{
    struct pg_param list[PG_PARAMS_MAX];
    size_t count = params ? params->count : 0;
    struct asked *asked;

    if (transaction->code)
        return;
    for (size_t i = 0; i < count; i++) {
        if (params->buffers[i].failed) {
            keep_failure(transaction, ERR_TOO_LARGE, NULL);
            return;
        }
        list[i] = (struct pg_param){params->buffers[i].data, params->buffers[i].len};
    }
    asked = ask(transaction, on_rows, context);
    if (asked)
        asked_result(transaction, asked,
                     pg_query(transaction->pg, statement, list, count, transaction_on_answer, asked));
}

void transaction_copy(struct transaction *transaction, const char *sql, const struct buffer *data)
{
    struct asked *asked;

    if (transaction->code)
        return;
    if (data->failed) {
        keep_failure(transaction, ERR_TOO_LARGE, NULL);
        return;
    }
    asked = ask(transaction, NULL, NULL);
    if (asked)
        asked_result(transaction, asked, pg_copy(transaction->pg, sql, data, transaction_on_answer, asked));
}

void transaction_then(struct transaction *transaction, transaction_step next, void *context)
{
    transaction->next = next;
    transaction->next_context = context;
    run_next(transaction);
}
