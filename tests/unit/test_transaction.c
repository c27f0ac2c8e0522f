/* test_transaction.c - steps of a transaction: the next one runs when all is answered, and not at all after a failure.
 *
 * The connection is this file's: it keeps what was asked, and a test answers it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/transaction.h"

enum { ASKED_MAX = 16 };

static struct {
    pg_on_answer on_answer;
    void *context;
    const void *what; /* statement or words */
    size_t param_count;
    struct pg_param params[PG_PARAMS_MAX];
} asked[ASKED_MAX];
static size_t asked_count, answered;
static int refuse_with;

static int take(const void *what, pg_on_answer on_answer, void *context)
{
    if (refuse_with)
        return refuse_with;
    assert_in_range(asked_count, 0, ASKED_MAX - 1);
    asked[asked_count].what = what;
    asked[asked_count].on_answer = on_answer;
    asked[asked_count++].context = context;
    return 0;
}

int pg_query(struct pg *pg, const struct pg_statement *statement, const struct pg_param *params, size_t param_count,
             pg_on_answer on_answer, void *context)
{
    (void)pg;
    if (!refuse_with) {
        asked[asked_count].param_count = param_count;
        memcpy(asked[asked_count].params, params, param_count * sizeof *params);
    }
    return take(statement, on_answer, context);
}

int pg_copy(struct pg *pg, const char *sql, const struct buffer *rows, pg_on_answer on_answer, void *context)
{
    (void)pg;
    (void)rows;
    return take(sql, on_answer, context);
}

/* Answers the oldest that was asked. */
static void answer(int code)
{
    struct error error = {.code = code};

    (void)error_set(&error, code, "answer %zu", answered);
    assert_true(answered < asked_count);
    answered++;
    asked[answered - 1].on_answer(asked[answered - 1].context, code, NULL, code ? &error : NULL);
}

static const struct pg_statement statement = {1, "SELECT 1"};
static struct transaction transaction;
static struct params params;
static int rows_seen, steps_run, failures_run;
static int failed_context, step_context;

static void on_rows(void *context, const struct pg_result *result)
{
    (void)result;
    assert_ptr_equal(context, &rows_seen);
    rows_seen++;
}

static void on_step(void *context)
{
    assert_ptr_equal(context, &step_context);
    steps_run++;
}

static void on_failed(void *context)
{
    assert_ptr_equal(context, &failed_context);
    failures_run++;
}

static int start(void **state)
{
    (void)state;
    asked_count = answered = 0;
    refuse_with = rows_seen = steps_run = failures_run = 0;
    params_init(&params, 64);
    transaction_init(&transaction, NULL, &failed_context, on_failed);
    transaction_start(&transaction);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    while (answered < asked_count)
        answer(0);
    params_fini(&params);
    return 0;
}

static void ask(size_t count)
{
    for (size_t i = 0; i < count; i++)
        transaction_query(&transaction, &statement, NULL, on_rows, &rows_seen);
}

static void expect(int rows, int steps, int failures)
{
    assert_int_equal(rows_seen, rows);
    assert_int_equal(steps_run, steps);
    assert_int_equal(failures_run, failures);
}

static void the_next_step_waits_for_every_answer(void **state)
{
    struct buffer rows;

    (void)state;
    buffer_init(&rows, 16);
    ask(2);
    transaction_copy(&transaction, "COPY t FROM STDIN (FORMAT binary)", &rows);
    transaction_then(&transaction, on_step, &step_context);
    assert_int_equal(transaction.pending, 3);
    answer(0);
    answer(0);
    expect(2, 0, 0);
    answer(0);
    expect(2, 1, 0);
    buffer_fini(&rows);
}

static void a_step_that_asks_nothing_is_followed_at_once(void **state)
{
    (void)state;
    transaction_then(&transaction, on_step, &step_context);
    expect(0, 1, 0);
}

static void a_step_runs_once(void **state)
{
    (void)state;
    ask(1);
    transaction_then(&transaction, on_step, &step_context);
    answer(0);
    ask(1); /* without a next step: nothing follows */
    answer(0);
    expect(2, 1, 0);
}

static void the_first_failure_is_kept_and_the_next_step_is_not_run(void **state)
{
    (void)state;
    ask(4);
    transaction_then(&transaction, on_step, &step_context);
    answer(0);
    answer(ERR_DATA);
    answer(ERR_STATE); /* the rest of the pipeline */
    expect(1, 0, 0);
    answer(ERR_UNREACHABLE);
    expect(1, 0, 1);
    assert_int_equal(transaction.code, ERR_DATA);
    assert_string_equal(transaction.error.text, "answer 1");
}

static void rows_that_come_after_a_failure_are_not_looked_at(void **state)
{
    (void)state;
    ask(2);
    transaction_then(&transaction, on_step, &step_context);
    answer(ERR_CONFLICT);
    answer(0);
    expect(0, 0, 1);
}

static void what_is_asked_after_a_failure_is_not_sent(void **state)
{
    struct buffer rows;

    (void)state;
    buffer_init(&rows, 16);
    transaction_fail(&transaction, ERR_CONFLICT, "stream %d: somebody else wrote", 7);
    ask(3);
    transaction_copy(&transaction, "COPY t FROM STDIN (FORMAT binary)", &rows);
    assert_int_equal(asked_count, 0);
    transaction_then(&transaction, on_step, &step_context);
    expect(0, 0, 1);
    assert_int_equal(transaction.code, ERR_CONFLICT);
    assert_string_equal(transaction.error.text, "stream 7: somebody else wrote");
    buffer_fini(&rows);
}

static void a_failure_of_our_own_waits_for_the_answers_under_way(void **state)
{
    (void)state;
    ask(1);
    transaction_fail(&transaction, ERR_NO_MEMORY, "no room");
    transaction_fail(&transaction, ERR_DATA, "later");
    transaction_then(&transaction, on_step, &step_context);
    expect(0, 0, 0);
    answer(0);
    expect(0, 0, 1);
    assert_int_equal(transaction.code, ERR_NO_MEMORY);
}

static void a_connection_that_takes_nothing_is_unreachable(void **state)
{
    static const struct {
        int refused, kept;
    } cases[] = {{ERR_STATE, ERR_UNREACHABLE}, {ERR_NO_MEMORY, ERR_NO_MEMORY}};
    struct buffer rows;

    (void)state;
    buffer_init(&rows, 16);
    for (size_t i = 0; i < 4; i++) {
        transaction_start(&transaction);
        assert_int_equal(transaction.code, 0);
        refuse_with = cases[i / 2].refused;
        if (i % 2)
            ask(1);
        else
            transaction_copy(&transaction, "COPY t FROM STDIN (FORMAT binary)", &rows);
        transaction_then(&transaction, on_step, &step_context);
        expect(0, 0, (int)i + 1);
        assert_int_equal(transaction.code, cases[i / 2].kept);
        assert_string_equal(transaction.error.text, error_words(cases[i / 2].kept));
    }
    buffer_fini(&rows);
}

static void rows_that_outgrew_their_buffer_are_never_sent(void **state)
{
    struct buffer rows;

    (void)state;
    buffer_init(&rows, 4);
    copy_begin(&rows);
    transaction_copy(&transaction, "COPY t FROM STDIN (FORMAT binary)", &rows);
    assert_int_equal(asked_count, 0);
    assert_int_equal(transaction.code, ERR_TOO_LARGE);
    buffer_fini(&rows);
}

static void parameters_that_outgrew_their_buffer_are_never_sent(void **state)
{
    static const uint8_t bytes[65];

    (void)state;
    params_add_i32(&params, 1);
    params_add_bytes(&params, bytes, sizeof bytes);
    transaction_query(&transaction, &statement, &params, on_rows, &rows_seen);
    assert_int_equal(asked_count, 0);
    assert_int_equal(transaction.code, ERR_TOO_LARGE);
    params_clear(&params);
    transaction_start(&transaction);
    params_add_bytes(&params, bytes, 64);
    transaction_query(&transaction, &statement, &params, on_rows, &rows_seen);
    assert_int_equal(asked_count, 1);
    assert_int_equal(transaction.code, 0);
}

static void parameters_are_binary_and_zero_bytes_are_not_null(void **state)
{
    (void)state;
    params_add_i32(&params, -2);
    params_add_i64(&params, 258);
    params_add_bytes(&params, "\0x", 2);
    params_add_bytes(&params, NULL, 0);
    transaction_query(&transaction, &statement, &params, on_rows, &rows_seen);
    assert_int_equal(asked[0].param_count, 4);
    assert_ptr_equal(asked[0].what, &statement);
    assert_true(text_equal((struct text){asked[0].params[0].data, asked[0].params[0].len}, TEXT("\xff\xff\xff\xfe")));
    assert_true(text_equal((struct text){asked[0].params[1].data, asked[0].params[1].len},
                           (struct text){"\0\0\0\0\0\0\1\2", 8}));
    assert_true(text_equal((struct text){asked[0].params[2].data, asked[0].params[2].len}, (struct text){"\0x", 2}));
    assert_non_null(asked[0].params[3].data);
    assert_int_equal(asked[0].params[3].len, 0);
}

static void cleared_parameters_carry_nothing_over(void **state)
{
    (void)state;
    params_add_bytes(&params, "secret", 6);
    params_add_i32(&params, 7);
    params_clear(&params);
    params_add_i32(&params, 1);
    transaction_query(&transaction, &statement, &params, on_rows, &rows_seen);
    assert_int_equal(asked[0].param_count, 1);
    assert_int_equal(asked[0].params[0].len, 4);
}

static void on_next_round(void *context)
{
    (void)context;
    ask(1);
    transaction_then(&transaction, on_step, &step_context);
}

static void a_step_may_ask_more(void **state)
{
    (void)state;
    ask(1);
    transaction_then(&transaction, on_next_round, NULL);
    answer(0);
    expect(1, 0, 0);
    assert_int_equal(asked_count, 2);
    answer(0);
    expect(2, 1, 0);
}

/* The elements of a parameter, past the header of a one-dimensional array. */
static struct text elements(size_t param)
{
    enum { ARRAY_HEADER_BYTES = 20 };
    const struct pg_param *sent = &asked[0].params[param];

    assert_true(sent->len >= ARRAY_HEADER_BYTES);
    assert_int_equal(((const uint8_t *)sent->data)[15], 2); /* two of them */
    return (struct text){(const char *)sent->data + ARRAY_HEADER_BYTES, sent->len - ARRAY_HEADER_BYTES};
}

static void rows_become_one_array_a_column_behind_other_parameters(void **state)
{
    static const enum pg_type_oid types[] = {OID_INT2, OID_TEXT, OID_INT4};
    struct buffer stream;

    (void)state;
    buffer_init(&stream, 4096);
    copy_begin(&stream);
    for (int16_t row = 0; row < 2; row++) {
        copy_row(&stream, 3);
        copy_put_i16(&stream, (int16_t)(row + 5));
        copy_put_text(&stream, row ? TEXT("") : TEXT("abc"));
        if (row)
            copy_put_i32(&stream, 7);
        else
            copy_put_null(&stream);
    }
    copy_end(&stream);
    params_clear(&params);
    params_add_i64(&params, 1);
    params_add_rows(&params, types, 3, 2, &stream);
    transaction_query(&transaction, &statement, &params, NULL, NULL);
    assert_int_equal(asked_count, 1);
    assert_int_equal(asked[0].param_count, 4);
    assert_true(text_equal(elements(1), (struct text){"\0\0\0\2\0\5\0\0\0\2\0\6", 12}));
    assert_true(text_equal(elements(2), (struct text){"\0\0\0\3abc\0\0\0\0", 11}));
    assert_true(text_equal(elements(3), (struct text){"\xff\xff\xff\xff\0\0\0\4\0\0\0\7", 12}));
    buffer_fini(&stream);
    answer(0);
}

static void arrays_of_rows_that_outgrew_their_buffer_are_never_sent(void **state)
{
    static const enum pg_type_oid types[] = {OID_INT2};
    struct buffer stream;

    (void)state;
    buffer_init(&stream, COPY_HEADER_BYTES);
    copy_begin(&stream);
    copy_row(&stream, 1);
    copy_put_i16(&stream, 1);
    params_clear(&params);
    params_add_rows(&params, types, 1, 1, &stream);
    transaction_query(&transaction, &statement, &params, NULL, NULL);
    assert_int_equal(asked_count, 0);
    assert_int_equal(transaction.code, ERR_TOO_LARGE);
    buffer_fini(&stream);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(the_next_step_waits_for_every_answer),
        TEST_(a_step_that_asks_nothing_is_followed_at_once),
        TEST_(a_step_runs_once),
        TEST_(the_first_failure_is_kept_and_the_next_step_is_not_run),
        TEST_(rows_that_come_after_a_failure_are_not_looked_at),
        TEST_(what_is_asked_after_a_failure_is_not_sent),
        TEST_(a_failure_of_our_own_waits_for_the_answers_under_way),
        TEST_(a_connection_that_takes_nothing_is_unreachable),
        TEST_(rows_that_outgrew_their_buffer_are_never_sent),
        TEST_(parameters_that_outgrew_their_buffer_are_never_sent),
        TEST_(parameters_are_binary_and_zero_bytes_are_not_null),
        TEST_(cleared_parameters_carry_nothing_over),
        TEST_(rows_become_one_array_a_column_behind_other_parameters),
        TEST_(arrays_of_rows_that_outgrew_their_buffer_are_never_sent),
        TEST_(a_step_may_ask_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
