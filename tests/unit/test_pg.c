/* test_pg.c - requests on a connection to a real server: every one is answered once, in order, whatever breaks meanwhile.
 *
 * The server is started for this program (under a second) and has nothing of ours in it. What happens is written down in words, one
 * a callback, and compared at the end of a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "io/copy.h"
#include "io/pg.h"

enum {
    TEST_TIMEOUT_MS = 20000,
    POISON = 777,
    MANY_ROWS = 1000000, /* more than the sockets' buffers hold */
    CLOCK_SPEED = 10,
};

static char directory[64];

static struct {
    uv_loop_t loop;
    uv_timer_t deadline;
    struct pg *pg;
    struct buffer rows, poison;
    char said[512];       /* words of the callbacks */
    char reason[512];     /* of the last disconnection */
    char words[512];      /* the last error's or the first column's */
    unsigned connections; /* so far */
    void (*on_connected)(void);
    bool one_attempt; /* the first disconnection ends the test */
    bool closing;
} t;

/* Time that pg.c sees runs faster while a test says so: its deadlines are many seconds. */
static bool clock_is_fast;

uint64_t uv_now(const uv_loop_t *loop)
{
    (void)loop;
    return uv_hrtime() / 1000000 * (clock_is_fast ? CLOCK_SPEED : 1);
}

/* ---- statements; the number of a statement belongs to its text */

static const struct pg_statement one = {0, "SELECT 'one'"};
static const struct pg_statement two = {1, "SELECT 'two'"};
static const struct pg_statement broken = {2, "SELECT FROM nothing_of_this_name"};
static const struct pg_statement count_rows = {3, "SELECT count(*)::text FROM number"};
static const struct pg_statement nap = {4, "SELECT pg_sleep(0.4)::text"};
static const struct pg_statement forget = {5, "DEALLOCATE ALL"};
static const struct pg_statement widen = {6, "ALTER TABLE shape ADD COLUMN more text"};
static const struct pg_statement look = {7, "SELECT * FROM shape"};
static const struct pg_statement settings = {
    8, "SELECT current_setting('statement_timeout') || ' ' || current_setting('work_mem') || ' ' ||"
       " current_setting('target.of_a_test')"};
static const struct pg_statement become_standby = {9, "SET default_transaction_read_only = on"};
static const struct pg_statement shape = {10, "CREATE TEMPORARY TABLE shape (name text)"};
static const struct pg_statement number = {11, "CREATE TABLE IF NOT EXISTS number (value int8 CHECK (value <> 777))"};
static const struct pg_statement empty = {12, "TRUNCATE number"};
static const char copy_numbers[] = "COPY number FROM STDIN (FORMAT binary)";

/* ---- what happens */

static void say(const char *word, int code)
{
    size_t len = strlen(t.said);

    (void)snprintf(t.said + len, sizeof t.said - len, code ? "%s%s(%d)" : "%s%s", len ? " " : "", word, code);
}

static void finish(void)
{
    if (!uv_is_closing((uv_handle_t *)&t.deadline))
        uv_close((uv_handle_t *)&t.deadline, NULL);
}

static void on_closed(void *context)
{
    (void)context;
    say("closed", 0);
    finish();
}

static void close_now(void)
{
    if (t.closing) /* a test that hangs is closed by its deadline */
        return;
    t.closing = true;
    pg_close(t.pg, on_closed);
}

static void on_answer(void *context, int code, const struct pg_result *result, const struct error *error)
{
    say(context, code);
    if (code)
        (void)snprintf(t.words, sizeof t.words, "%s", error->text);
    else if (pg_rows(result))
        (void)snprintf(t.words, sizeof t.words, "%.*s", TEXT_ARG(pg_bytes(result, 0, 0)));
}

static void on_answer_then_close(void *context, int code, const struct pg_result *result, const struct error *error)
{
    on_answer(context, code, result, error);
    close_now();
    if (result)
        (void)pg_rows(result); /* still there: the sanitizer would say */
}

static void on_answer_then_drop(void *context, int code, const struct pg_result *result, const struct error *error)
{
    on_answer(context, code, result, error);
    pg_drop(t.pg, "a test says so");
    if (result)
        (void)pg_rows(result);
}

static void ask_then(const struct pg_statement *statement, const char *word, pg_on_answer then)
{
    assert_int_equal(pg_query(t.pg, statement, NULL, 0, then, (void *)(uintptr_t)word), 0);
}

static void ask(const struct pg_statement *statement, const char *word)
{
    ask_then(statement, word, on_answer);
}

static void copy(const struct buffer *rows, const char *word)
{
    assert_int_equal(pg_copy(t.pg, copy_numbers, rows, on_answer, (void *)(uintptr_t)word), 0);
}

static void ask_and_close(const struct pg_statement *statement, const char *word)
{
    ask_then(statement, word, on_answer_then_close);
}

static void on_connected(void *context)
{
    (void)context;
    say("connected", 0);
    t.connections++;
    t.on_connected();
}

static void on_disconnected(void *context, const char *reason)
{
    (void)context;
    say("disconnected", 0);
    (void)snprintf(t.reason, sizeof t.reason, "%s", reason);
    if (t.one_attempt)
        close_now();
}

static void on_deadline(uv_timer_t *timer)
{
    (void)timer;
    say("HANGS", 0);
    finish();
    close_now();
}

/* Connects, runs until closed, and compares what was said. */
static void run(const char *conninfo, int64_t statement_timeout_ms, void (*when_connected)(void), const char *expected)
{
    static const struct pg_handler handler = {on_connected, on_disconnected, NULL};
    struct pg_settings pg_settings = {.conninfo = conninfo,
                                      .application_name = "test",
                                      .statement_timeout_ms = statement_timeout_ms,
                                      .backoff_min_ms = 10,
                                      .backoff_max_ms = 50};

    t.said[0] = t.reason[0] = t.words[0] = '\0';
    t.connections = 0;
    t.closing = false;
    t.on_connected = when_connected;
    assert_int_equal(uv_loop_init(&t.loop), 0);
    assert_int_equal(uv_timer_init(&t.loop, &t.deadline), 0);
    assert_int_equal(uv_timer_start(&t.deadline, on_deadline, TEST_TIMEOUT_MS, 0), 0);
    t.pg = pg_new(&t.loop, &pg_settings, &handler, NULL);
    assert_non_null(t.pg);
    pg_open(t.pg);
    (void)uv_run(&t.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&t.loop), 0);
    assert_string_equal(t.said, expected);
}

/* With the server's own directory as the only host. */
static void run_here(void (*when_connected)(void), const char *expected)
{
    char conninfo[256];

    (void)snprintf(conninfo, sizeof conninfo, "host=%s/pg dbname=custody user=postgres", directory);
    run(conninfo, 30000, when_connected, expected);
}

/* ---- answers */

static void ask_many(void)
{
    ask(&number, "table");
    ask(&empty, "empty");
    ask(&one, "one");
    copy(&t.poison, "poison");
    copy(&t.rows, "rows");
    ask(&one, "again");
    ask(&count_rows, "count");
    copy(&t.rows, "rows");
    ask_and_close(&count_rows, "last");
}

static void answers_come_in_order_across_pipelines_and_copies(void **state)
{
    (void)state;
    buffer_clear(&t.rows);
    buffer_clear(&t.poison);
    copy_begin(&t.rows);
    copy_begin(&t.poison);
    for (int64_t i = 0; i < 5; i++) {
        copy_row(&t.rows, 1);
        copy_put_i64(&t.rows, i);
    }
    copy_row(&t.poison, 1);
    copy_put_i64(&t.poison, POISON);
    copy_end(&t.rows);
    copy_end(&t.poison);
    run_here(ask_many, "connected table empty one poison(-15) rows again count rows last closed");
    assert_string_equal(t.words, "10");
}

static void feed_poison(void)
{
    ask(&number, "table");
    ask(&empty, "empty");
    copy(&t.poison, "poison");
    ask_and_close(&count_rows, "last");
}

static void a_copy_refused_while_it_is_fed_is_answered(void **state)
{
    (void)state;
    buffer_clear(&t.poison);
    copy_begin(&t.poison);
    for (int64_t i = 0; i < MANY_ROWS; i++) {
        copy_row(&t.poison, 1);
        copy_put_i64(&t.poison, i == 0 ? POISON : i);
    }
    copy_end(&t.poison);
    assert_false(t.poison.failed);
    run_here(feed_poison, "connected table empty poison(-15) last closed");
    assert_string_equal(t.words, "0");
}

static void on_failed_ask_again(void *context, int code, const struct pg_result *result, const struct error *error)
{
    on_answer(context, code, result, error);
    ask(&one, "one");
    ask(&broken, "broken");
    ask_and_close(&two, "last");
}

static void ask_broken(void)
{
    ask(&broken, "broken");
    ask(&one, "one");
    ask_then(&two, "two", on_failed_ask_again);
}

static void a_failed_prepare_is_answered_once_and_what_follows_is_prepared_again(void **state)
{
    (void)state;
    run_here(ask_broken, "connected broken(-11) one(-13) two(-13) one broken(-11) last(-13) closed");
}

/* ---- dropping and closing inside an answer */

static void close_inside_an_answer(void)
{
    ask(&one, "one");
    ask_and_close(&two, "two");
    ask(&one, "rest");
    ask(&one, "rest");
}

static void a_close_inside_an_answer_answers_the_rest_and_closes_once(void **state)
{
    (void)state;
    run_here(close_inside_an_answer, "connected one two rest(-10) rest(-10) closed");
}

static void lose_and_close(void)
{
    ask(&one, "one");
    ask_and_close(&two, "last");
    pg_drop(t.pg, "lost");
}

static void a_close_inside_the_last_answer_of_a_lost_connection_closes_once(void **state)
{
    (void)state;
    run_here(lose_and_close, "connected one(-10) last(-10) closed");
}

static void drop_once(void)
{
    if (t.connections == 1) {
        ask_then(&one, "one", on_answer_then_drop);
        ask_then(&two, "two", on_answer_then_drop);
        ask(&one, "rest");
    } else {
        ask_and_close(&two, "last");
    }
}

static void a_drop_inside_an_answer_answers_the_rest_and_connects_again(void **state)
{
    (void)state;
    run_here(drop_once, "connected one two(-10) rest(-10) disconnected connected last closed");
    assert_string_equal(t.words, "two");
}

/* ---- failures that a new connection mends */

static void write_on(void)
{
    ask(&number, "table");
    if (t.connections == 1)
        ask(&become_standby, "standby");
    copy(&t.rows, "rows"); /* also ends the pipeline, and with it the transaction */
    ask(&empty, "empty");
    ask_then(&two, "last", t.connections == 1 ? on_answer : on_answer_then_close);
}

static void a_server_that_became_read_only_is_left(void **state)
{
    (void)state;
    buffer_clear(&t.rows);
    copy_begin(&t.rows);
    copy_end(&t.rows);
    run_here(write_on, "connected table standby rows(-10) empty(-10) last(-10) disconnected"
                       " connected table rows empty last closed");
}

static void forget_statements(void)
{
    if (t.connections == 1) {
        ask(&one, "one");
        ask(&forget, "forget");
        ask(&one, "gone");
    } else {
        ask_and_close(&one, "last");
    }
}

static void a_prepared_statement_that_is_gone_is_prepared_on_a_new_connection(void **state)
{
    (void)state;
    run_here(forget_statements, "connected one forget gone(-10) disconnected connected last closed");
}

static void change_shape(void)
{
    ask(&shape, "shape");
    ask_then(&look, "look", t.connections == 1 ? on_answer : on_answer_then_close);
    if (t.connections == 1) {
        ask(&widen, "widen");
        ask(&look, "changed");
    }
}

static void a_statement_whose_columns_changed_is_prepared_on_a_new_connection(void **state)
{
    (void)state;
    run_here(change_shape, "connected shape look widen changed(-10) disconnected connected shape look closed");
}

/* ---- hosts and settings */

static void ask_last(void)
{
    ask_and_close(&settings, "last");
}

static void ask_two(void)
{
    ask_and_close(&two, "last");
}

/* A directory whose socket takes connections and never says a word. */
static int listen_silently(char *silent, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(silent, size, "%s/silent", directory);
    (void)mkdir(silent, 0755);
    assert_in_range(snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", silent), 1,
                    sizeof address.sun_path - 1);
    (void)unlink(address.sun_path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 16), 0);
    return fd;
}

static void a_first_host_that_is_silent_is_left_for_the_second(void **state)
{
    char silent[96], conninfo[512];
    int fd = listen_silently(silent, sizeof silent);

    (void)state;
    (void)snprintf(conninfo, sizeof conninfo, "host=%s,%s/pg dbname=custody user=postgres connect_timeout=1", silent,
                   directory);
    run(conninfo, 30000, ask_two, "disconnected connected last closed");
    assert_int_equal(close(fd), 0);
}

static void hosts_of_the_environment_are_tried_in_turn_too(void **state)
{
    char silent[96], hosts[256];
    int fd = listen_silently(silent, sizeof silent);

    (void)state;
    (void)snprintf(hosts, sizeof hosts, "%s,%s/pg", silent, directory);
    assert_int_equal(setenv("PGHOST", hosts, 1), 0);
    assert_int_equal(setenv("PGPORT", "5432,5432", 1), 0);
    assert_int_equal(setenv("PGCONNECT_TIMEOUT", "1", 1), 0);
    run("dbname=custody user=postgres", 30000, ask_two, "disconnected connected last closed");
    assert_int_equal(unsetenv("PGHOST"), 0);
    assert_int_equal(unsetenv("PGPORT"), 0);
    assert_int_equal(unsetenv("PGCONNECT_TIMEOUT"), 0);
    assert_int_equal(close(fd), 0);
}

static void a_read_only_server_is_no_server_unless_it_is_asked_for(void **state)
{
    static const char format[] =
        "host=%s/pg dbname=custody user=postgres options='-c default_transaction_read_only=on'%s";
    char conninfo[512];

    (void)state;
    (void)snprintf(conninfo, sizeof conninfo, format, directory, "");
    t.one_attempt = true;
    run(conninfo, 30000, ask_two, "disconnected closed");
    t.one_attempt = false;
    assert_non_null(strstr(t.reason, "read-only"));
    (void)snprintf(conninfo, sizeof conninfo, format, directory, " target_session_attrs=any");
    run(conninfo, 30000, ask_two, "connected last closed");
    (void)snprintf(conninfo, sizeof conninfo, format, directory, "");
    assert_int_equal(setenv("PGTARGETSESSIONATTRS", "any", 1), 0);
    run(conninfo, 30000, ask_two, "connected last closed");
    assert_int_equal(unsetenv("PGTARGETSESSIONATTRS"), 0);
}

static void options_of_the_connection_string_and_the_environment_stay(void **state)
{
    char conninfo[512];

    (void)state;
    (void)snprintf(conninfo, sizeof conninfo,
                   "host=%s/pg dbname=custody user=postgres options='-c work_mem=123kB -c target.of_a_test=string'",
                   directory);
    run(conninfo, 12000, ask_last, "connected last closed");
    assert_string_equal(t.words, "12s 123kB string");
    (void)snprintf(conninfo, sizeof conninfo, "host=%s/pg dbname=custody user=postgres", directory);
    assert_int_equal(setenv("PGOPTIONS", "-c work_mem=321kB -c target.of_a_test=environment", 1), 0);
    run(conninfo, 12000, ask_last, "connected last closed");
    assert_string_equal(t.words, "12s 321kB environment");
    assert_int_equal(unsetenv("PGOPTIONS"), 0);
}

/* ---- deadlines */

static void nap_in_pipelines(void)
{
    for (int i = 0; i < 2; i++) {
        ask(&nap, "nap");
        ask(&nap, "nap");
        ask(&number, "table");
        copy(&t.rows, "rows");
    }
    ask_and_close(&two, "last");
}

static void a_request_has_its_whole_deadline_from_when_it_becomes_the_first(void **state)
{
    char conninfo[256];

    (void)state;
    buffer_clear(&t.rows);
    copy_begin(&t.rows);
    copy_end(&t.rows);
    /* Each nap is 4 s on this clock, two go in one pipeline, all is queued at once. Deadlines: 1 s for each sent, 5 s of slack. */
    (void)snprintf(conninfo, sizeof conninfo, "host=%s/pg dbname=custody user=postgres", directory);
    clock_is_fast = true;
    run(conninfo, 1000, nap_in_pipelines, "connected nap nap table rows nap nap table rows last closed");
    clock_is_fast = false;
}

/* ---- the server */

static int start_server(void **state)
{
    static const char *const variables[] = {"PGHOST", "PGPORT", "PGOPTIONS", "PGTARGETSESSIONATTRS", "PGSERVICE"};
    const char *base = getenv("TMPDIR");
    char command[256];

    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        (void)unsetenv(variables[i]);
    (void)snprintf(directory, sizeof directory, "%s/pg.XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(directory))
        return -1;
    (void)snprintf(command, sizeof command, "deploy/private-stack start %s --no-fsync --watch %d", directory,
                   (int)getpid());
    buffer_init(&t.rows, 1024);
    buffer_init(&t.poison, (size_t)MANY_ROWS * 16);
    return system(command);
}

static int stop_server(void **state)
{
    char command[256];

    (void)state;
    buffer_fini(&t.rows);
    buffer_fini(&t.poison);
    (void)snprintf(command, sizeof command, "deploy/private-stack stop %s", directory);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_in_order_across_pipelines_and_copies),
        cmocka_unit_test(a_copy_refused_while_it_is_fed_is_answered),
        cmocka_unit_test(a_failed_prepare_is_answered_once_and_what_follows_is_prepared_again),
        cmocka_unit_test(a_close_inside_an_answer_answers_the_rest_and_closes_once),
        cmocka_unit_test(a_close_inside_the_last_answer_of_a_lost_connection_closes_once),
        cmocka_unit_test(a_drop_inside_an_answer_answers_the_rest_and_connects_again),
        cmocka_unit_test(a_server_that_became_read_only_is_left),
        cmocka_unit_test(a_prepared_statement_that_is_gone_is_prepared_on_a_new_connection),
        cmocka_unit_test(a_statement_whose_columns_changed_is_prepared_on_a_new_connection),
        cmocka_unit_test(a_first_host_that_is_silent_is_left_for_the_second),
        cmocka_unit_test(hosts_of_the_environment_are_tried_in_turn_too),
        cmocka_unit_test(a_read_only_server_is_no_server_unless_it_is_asked_for),
        cmocka_unit_test(options_of_the_connection_string_and_the_environment_stay),
        cmocka_unit_test(a_request_has_its_whole_deadline_from_when_it_becomes_the_first),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
