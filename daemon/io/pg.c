/* pg.c - libpq without blocking.
 *
 * The life of a request: pg_query or pg_copy puts it at the end of the queue and wakes the pump. The pump sends: consecutive queries
 * together in one pipeline with one sync, a copy alone outside any pipeline. Results are read in order; each finished request leaves the
 * queue and its callback runs from the loop. When the connection breaks, every queued request is answered once, then the owner hears of
 * it, then the back-off timer connects again. A COMMIT whose answer did not arrive has an unknown outcome: the owner repeats the batch, and
 * the streams' versions tell what is stored. */
#include "io/pg.h"

#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"

enum {
    COPY_CHUNK_BYTES = 256 * 1024, /* libpq buffers without bound: feed it piece by piece */
    CONNECT_TIMEOUT_MS = 10000,
    TICK_MS = 1000,
    ANSWER_SLACK_MS = 5000,
};

/* PostgreSQL counts from 2000-01-01. */
static const int64_t postgres_epoch_us = INT64_C(946684800) * US_PER_S;

struct request {
    struct request *next;
    const struct pg_statement *statement; /* NULL: a copy */
    const char *copy_sql;
    const struct buffer *rows;
    size_t fed; /* bytes of rows given to libpq */
    pg_on_answer on_answer;
    void *context;
    bool sent, copying, end_sent;
    PGresult *outcome; /* what will be answered; NULL: nothing decisive came yet */
    bool got;          /* the command under way has given a result */
    bool preparing;    /* that command is the prepare */
    unsigned commands; /* commands sent and not yet ended: the query, and the prepare before it */
    size_t param_count;
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX];
    int formats[PG_PARAMS_MAX];
    char data[]; /* the parameters' bytes */
};

enum pg_state { PG_IDLE, PG_CONNECTING, PG_READY };

struct pg {
    uv_loop_t *loop;
    struct pg_handler handler;
    void *context;
    char *conninfo, *application_name;
    int64_t statement_timeout_ms;
    uint32_t backoff_min_ms, backoff_max_ms, backoff_ms;
    bool reads_only, looks_up_by_key;

    enum pg_state state;
    PGconn *connection;
    uv_poll_t *poll;
    int poll_events;
    uv_timer_t *timer;
    uv_idle_t *pump; /* runs once after something was queued, so that what is queued together travels together */
    size_t host_at;  /* attempts so far: which of the hosts is next */
    uint64_t connect_deadline_ms;
    bool prepared[PG_STATEMENTS_MAX];
    struct request *first, *last;
    uint64_t first_since_ms;
    unsigned syncs; /* pipeline syncs sent and not yet answered */
    bool closing;
    void (*on_closed)(void *context);
    unsigned open_handles;
};

static void connect_now(struct pg *pg);
static void pg_on_poll(uv_poll_t *poll, int status, int events);
static void pg_on_timer(uv_timer_t *timer);
static void pg_on_pump(uv_idle_t *idle);

struct pg *pg_new(uv_loop_t *loop, const struct pg_settings *settings, const struct pg_handler *handler, void *context)
{
    struct pg *pg = calloc(1, sizeof *pg);

    if (!pg)
        return NULL;
    pg->loop = loop;
    pg->handler = *handler;
    pg->context = context;
    pg->conninfo = strdup(settings->conninfo);
    pg->application_name = strdup(settings->application_name);
    pg->statement_timeout_ms = settings->statement_timeout_ms;
    pg->backoff_min_ms = settings->backoff_min_ms ? settings->backoff_min_ms : 200;
    pg->backoff_max_ms = settings->backoff_max_ms ? settings->backoff_max_ms : 15000;
    pg->backoff_ms = pg->backoff_min_ms;
    pg->reads_only = settings->reads_only;
    pg->looks_up_by_key = settings->looks_up_by_key;
    if (!pg->conninfo || !pg->application_name) {
        free(pg->conninfo);
        free(pg->application_name);
        free(pg);
        return NULL;
    }
    return pg;
}

/* ---- closing ---- */

static void finish_close(struct pg *pg)
{
    if (!pg->closing || pg->open_handles)
        return;
    if (pg->on_closed)
        pg->on_closed(pg->context);
    free(pg->conninfo);
    free(pg->application_name);
    free(pg);
}

static void pg_on_handle_closed(uv_handle_t *handle)
{
    struct pg *pg = handle->data;

    free(handle);
    pg->open_handles--;
    finish_close(pg);
}

static void drop_poll(struct pg *pg)
{
    if (!pg->poll)
        return;
    (void)uv_poll_stop(pg->poll);
    uv_close((uv_handle_t *)pg->poll, pg_on_handle_closed);
    pg->poll = NULL;
    pg->poll_events = 0;
}

/* ---- answers ---- */

/* A request leaves the queue before its callback runs: the callback may drop or close, which answers all that is queued. */
static struct request *take_first(struct pg *pg)
{
    struct request *request = pg->first;

    pg->first = request->next;
    if (!pg->first)
        pg->last = NULL;
    pg->first_since_ms = uv_now(pg->loop);
    return request;
}

static void answer(struct request *request, int code, const struct error *error)
{
    if (request->on_answer)
        request->on_answer(request->context, code, code ? NULL : (const struct pg_result *)request->outcome, error);
    PQclear(request->outcome);
    free(request);
}

static void answer_all(struct pg *pg, const char *reason)
{
    struct error error;

    (void)error_set(&error, ERR_UNREACHABLE, "database: %s", reason);
    while (pg->first)
        answer(take_first(pg), ERR_UNREACHABLE, &error);
}

static uint32_t next_backoff(struct pg *pg)
{
    uint32_t least = pg->backoff_min_ms, bound = pg->backoff_ms, random;

    (void)uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
    pg->backoff_ms = bound > pg->backoff_max_ms / 2 ? pg->backoff_max_ms : bound * 2;
    return least / 2 + random % (bound - least / 2 + 1);
}

/* The callbacks may drop or close in their turn: a drop finds PG_IDLE and does nothing, a close answers what is left. */
static void connection_lost(struct pg *pg, const char *reason)
{
    char words[ERROR_TEXT_BYTES];
    size_t len = strcspn(reason, "\n");

    (void)text_copy(words, sizeof words, (struct text){reason, len});
    drop_poll(pg);
    if (pg->connection)
        PQfinish(pg->connection);
    pg->connection = NULL;
    if (pg->state != PG_IDLE)
        pg->host_at++;
    pg->state = PG_IDLE;
    pg->syncs = 0;
    memset(pg->prepared, 0, sizeof pg->prepared);
    (void)uv_idle_stop(pg->pump);
    answer_all(pg, words);
    if (pg->closing)
        return;
    (void)uv_timer_start(pg->timer, pg_on_timer, next_backoff(pg), 0);
    pg->handler.on_disconnected(pg->context, words);
}

/* ---- polling ---- */

static void set_poll(struct pg *pg, int events)
{
    if (!pg->poll) {
        pg->poll = calloc(1, sizeof *pg->poll);
        if (!pg->poll || uv_poll_init(pg->loop, pg->poll, PQsocket(pg->connection)))
            abort(); /* out of memory for a handle of a hundred bytes, or a descriptor that epoll refuses */
        pg->poll->data = pg;
        pg->open_handles++;
    } else if (pg->poll_events == events) {
        return;
    }
    pg->poll_events = events;
    (void)uv_poll_start(pg->poll, events, pg_on_poll);
}

static bool wants_rows(const struct pg *pg)
{
    return pg->first && pg->first->copying;
}

/* Sends what libpq holds; false when the connection broke. */
static bool flush(struct pg *pg)
{
    int left = PQflush(pg->connection);

    if (left < 0)
        return false;
    /* A copy with rows left goes on as soon as the socket takes more, also when libpq's own buffer is empty. */
    set_poll(pg, left || wants_rows(pg) ? UV_READABLE | UV_WRITABLE : UV_READABLE);
    return true;
}

/* ---- connecting ---- */

static void connect_step(struct pg *pg)
{
    PostgresPollingStatusType status = PQconnectPoll(pg->connection);

    /* The descriptor may have changed (next host, SSL refused): a new handle at each step. */
    drop_poll(pg);
    switch (status) {
    case PGRES_POLLING_READING:
        set_poll(pg, UV_READABLE);
        return;
    case PGRES_POLLING_WRITING:
        set_poll(pg, UV_WRITABLE);
        return;
    case PGRES_POLLING_OK:
        break;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        connection_lost(pg, PQerrorMessage(pg->connection));
        return;
    }
    if (PQsetnonblocking(pg->connection, 1)) {
        connection_lost(pg, PQerrorMessage(pg->connection));
        return;
    }
    pg->state = PG_READY;
    pg->backoff_ms = pg->backoff_min_ms;
    set_poll(pg, UV_READABLE);
    (void)uv_timer_start(pg->timer, pg_on_timer, TICK_MS, TICK_MS);
    pg->handler.on_connected(pg->context);
}

static void pg_on_notice(void *context, const char *message)
{
    (void)context;
    log_debug("database_notice", "text=\"%.*s\"", (int)strcspn(message, "\n"), message);
}

/* What the connection string says, else what PG* variables say; NULL: neither. Borrowed from either array. */
static const char *option_of(const PQconninfoOption *string, const PQconninfoOption *environment, const char *keyword)
{
    const PQconninfoOption *arrays[] = {string, environment};

    for (size_t i = 0; i < 2; i++)
        for (const PQconninfoOption *option = arrays[i]; option && option->keyword; option++)
            if (strcmp(option->keyword, keyword) == 0 && option->val && *option->val)
                return option->val;
    return NULL;
}

static size_t count_entries(const char *list)
{
    size_t count = list ? 1 : 0;

    for (; list && *list; list++)
        count += *list == ',';
    return count;
}

/* False when the entry is empty or does not fit. */
static bool copy_entry(char *out, size_t size, const char *list, size_t at)
{
    while (at--)
        list += strcspn(list, ",") + 1;
    return *list && *list != ',' && text_copy(out, size, (struct text){list, strcspn(list, ",")});
}

/* What is laid over the connection string for one attempt; "" leaves it alone. */
struct attempt {
    char host[256], hostaddr[64], port[16];
    char *options; /* ours to free; NULL: out of memory */
    uint32_t timeout_ms;
};

/* One host an attempt: libpq would go through the list by itself, but only past hosts that answer; one that accepts and is silent
 * would use up the deadline each time. Lists that do not fit together, or with empty entries, are left to libpq. */
static void choose_host(struct attempt *attempt, size_t host_at, const char *hosts, const char *addresses,
                        const char *ports)
{
    size_t count = count_entries(addresses ? addresses : hosts), port_count = count_entries(ports);
    size_t at = count ? host_at % count : 0;

    if (count < 2 || (addresses && hosts && count_entries(hosts) != count) || (port_count > 1 && port_count != count))
        return;
    if ((hosts && !copy_entry(attempt->host, sizeof attempt->host, hosts, at)) ||
        (addresses && !copy_entry(attempt->hostaddr, sizeof attempt->hostaddr, addresses, at)) ||
        (port_count > 1 && !copy_entry(attempt->port, sizeof attempt->port, ports, at)))
        attempt->host[0] = attempt->hostaddr[0] = attempt->port[0] = '\0';
}

/* A connection string that cannot be parsed, such as a plain name of a database, is libpq's to judge. */
static void plan_attempt(const struct pg *pg, struct attempt *attempt)
{
    PQconninfoOption *string = PQconninfoParse(pg->conninfo, NULL), *environment = PQconndefaults();
    const char *options = option_of(string, environment, "options");
    const char *timeout = option_of(string, environment, "connect_timeout");
    int64_t timeout_s;

    *attempt = (struct attempt){.timeout_ms = CONNECT_TIMEOUT_MS};
    choose_host(attempt, pg->host_at, option_of(string, environment, "host"),
                option_of(string, environment, "hostaddr"), option_of(string, environment, "port"));
    /* libpq looks at its timeout only when it blocks. */
    if (timeout && text_to_i64(text_of(timeout), 1, 3600, &timeout_s))
        attempt->timeout_ms = (uint32_t)timeout_s * 1000;
    /* Compiling a statement takes longer than running one of ours; without statistics the server would compile them all the same. */
    if (asprintf(&attempt->options,
                 "-c jit=off %s -c statement_timeout=%lld -c idle_in_transaction_session_timeout=%lld%s%s",
                 options ? options : "", (long long)pg->statement_timeout_ms, (long long)pg->statement_timeout_ms,
                 pg->reads_only ? " -c default_transaction_read_only=on" : "",
                 pg->looks_up_by_key ? " -c random_page_cost=1.1" : "") < 0)
        attempt->options = NULL;
    PQconninfoFree(string);
    PQconninfoFree(environment);
}

static void connect_now(struct pg *pg)
{
    struct attempt attempt;

    plan_attempt(pg, &attempt);
    pg->state = PG_CONNECTING;
    if (attempt.options) {
        /* dbname is expanded: it may be a whole connection string. It overrides what comes before it, and what follows overrides
         * it where not empty. */
        const char *keys[] = {
            "target_session_attrs", "dbname", "host", "hostaddr", "port", "application_name", "options",
            "client_encoding",      NULL};
        const char *values[] = {getenv("PGTARGETSESSIONATTRS") ? NULL
                                : pg->reads_only               ? "any"
                                                               : "read-write",
                                pg->conninfo,
                                attempt.host,
                                attempt.hostaddr,
                                attempt.port,
                                pg->application_name,
                                attempt.options,
                                "UTF8",
                                NULL};

        pg->connection = PQconnectStartParams(keys, values, 1);
        free(attempt.options);
    }
    if (!pg->connection || PQstatus(pg->connection) == CONNECTION_BAD) {
        connection_lost(pg, pg->connection ? PQerrorMessage(pg->connection) : "out of memory");
        return;
    }
    (void)PQsetNoticeProcessor(pg->connection, pg_on_notice, pg);
    pg->connect_deadline_ms = uv_now(pg->loop) + attempt.timeout_ms;
    set_poll(pg, UV_WRITABLE);
    (void)uv_timer_start(pg->timer, pg_on_timer, TICK_MS, TICK_MS);
}

/* How long the first request may be the first. The server works on one at a time and its timeout is for each, but it holds back a
 * pipeline's answers until its end: the first waits for all that were sent with it, and for nothing queued behind them. */
static uint64_t answer_timeout_ms(const struct pg *pg)
{
    uint64_t sent = 0;

    for (const struct request *request = pg->first; request && request->sent; request = request->next)
        sent++;
    return (sent ? sent : 1) * (uint64_t)pg->statement_timeout_ms + ANSWER_SLACK_MS;
}

/* Back-off over, or a second has passed: deadlines. */
static void pg_on_timer(uv_timer_t *timer)
{
    struct pg *pg = timer->data;
    uint64_t now_ms = uv_now(pg->loop);

    switch (pg->state) {
    case PG_IDLE:
        connect_now(pg);
        break;
    case PG_CONNECTING:
        if (now_ms >= pg->connect_deadline_ms)
            connection_lost(pg, "no connection in time");
        break;
    case PG_READY:
        if (pg->first && now_ms - pg->first_since_ms > answer_timeout_ms(pg))
            connection_lost(pg, "no answer in time");
        break;
    }
}

/* ---- sending ---- */

static bool send_query(struct pg *pg, struct request *request)
{
    char name[16];
    unsigned id = request->statement->id;

    assert(id < PG_STATEMENTS_MAX);
    (void)snprintf(name, sizeof name, "s%u", id);
    if (!pg->prepared[id]) {
        if (!PQsendPrepare(pg->connection, name, request->statement->sql, 0, NULL))
            return false;
        pg->prepared[id] = request->preparing = true;
        request->commands++;
    }
    request->sent = true;
    request->commands++;
    return PQsendQueryPrepared(pg->connection, name, (int)request->param_count, request->values, request->lengths,
                               request->formats, 1);
}

/* Sends the queries up to the next copy as one pipeline, or the copy when it stands first. False: the connection is broken. */
static bool send_next(struct pg *pg)
{
    struct request *request = pg->first;
    bool any = false;

    if (!request || request->sent)
        return true;
    if (!request->statement) {
        if (PQpipelineStatus(pg->connection) != PQ_PIPELINE_OFF && !PQexitPipelineMode(pg->connection))
            return false;
        request->sent = true;
        request->commands = 1;
        return PQsendQuery(pg->connection, request->copy_sql);
    }
    if (PQpipelineStatus(pg->connection) == PQ_PIPELINE_OFF && !PQenterPipelineMode(pg->connection))
        return false;
    for (; request && request->statement; request = request->next) {
        if (!send_query(pg, request))
            return false;
        any = true;
    }
    if (any) {
        if (!PQpipelineSync(pg->connection))
            return false;
        pg->syncs++;
    }
    return true;
}

/* Gives libpq as much of the rows as the socket takes. */
static bool feed_copy(struct pg *pg, struct request *request)
{
    while (request->fed < request->rows->len) {
        size_t left = request->rows->len - request->fed, chunk = left < COPY_CHUNK_BYTES ? left : COPY_CHUNK_BYTES;
        int put = PQputCopyData(pg->connection, (const char *)request->rows->data + request->fed, (int)chunk);
        int unsent;

        if (put < 0)
            return false;
        if (put > 0)
            request->fed += chunk;
        unsent = PQflush(pg->connection);
        if (unsent < 0)
            return false;
        if (unsent || !put)
            return true; /* more when the socket takes it */
    }
    if (!request->end_sent) {
        int put = PQputCopyEnd(pg->connection, NULL);

        if (put < 0)
            return false;
        request->end_sent = put > 0;
        request->copying = !request->end_sent;
    }
    return true;
}

/* ---- receiving ---- */

struct failure {
    const char *sqlstate; /* prefix */
    int code;
    bool leave; /* the connection: another one, perhaps to another host, may do better */
};

/* The first match counts. What is repeated loses nothing, and the log says why: so a failure of the server's is repeated, and only
 * what our statements or rights cause is final. */
static const struct failure failures[] =
    {
        {"22", ERR_DATA, false},           {"23", ERR_DATA, false},
        {"54", ERR_DATA, false},          /* a row or an index entry too large, and other limits */
        {"25006", ERR_UNREACHABLE, true}, /* a standby, or a server made read-only during a fail-over */
        {"25P03", ERR_UNREACHABLE, true}, /* idle in transaction for too long: we were held up, the server has closed */
        {"26000", ERR_UNREACHABLE, true}, /* prepared statements thrown away by a pooler or DISCARD */
        {"40", ERR_CONFLICT, false},      /* serialisation, deadlock */
        {"55P03", ERR_CONFLICT, false},   /* lock not available */
        {"57014", ERR_CONFLICT, false},   /* statement timeout */
        {"57P", ERR_UNREACHABLE, true},   /* shutdown, crash, starting up */
        {"08", ERR_UNREACHABLE, true},    /* connection exceptions */
        {"53100", ERR_UNREACHABLE, false}, /* disk full: a new connection finds the same disk; somebody makes room */
        {"53", ERR_UNREACHABLE, true},     /* memory: a backend's own caches go with it; too many connections */
        {"58", ERR_UNREACHABLE, true}, /* the server's files or system: no fault of the data, another host may be sound */
        {"XX000", ERR_UNREACHABLE, true}, /* mostly a session's caches after DDL ("cache lookup failed"): a new one has none */
        {"XX", ERR_INTERNAL, false}, /* damaged data or index: to write on would make it worse; an operator has to look */
        {"42501", ERR_DENIED, false},      {"42", ERR_SCHEMA, false},
        {"3F", ERR_SCHEMA, false},         {"", ERR_INTERNAL, false},
};

static const struct failure *failure_of(const PGresult *result)
{
    /* Without SQLSTATE the words are libpq's own: the connection broke. */
    static const struct failure broken = {"", ERR_UNREACHABLE, true};
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    const struct failure *failure = failures;

    if (!sqlstate)
        return &broken;
    /* "cached plan must not change result type": a migration changed what the statement returns; prepared anew it is sound. Its
     * SQLSTATE says only that something is not supported, its words are translated. */
    if (strcmp(sqlstate, "0A000") == 0 && function && strcmp(function, "RevalidateCachedQuery") == 0)
        return &broken;
    while (strncmp(sqlstate, failure->sqlstate, strlen(failure->sqlstate)) != 0)
        failure++;
    return failure;
}

static void describe_failure(const PGresult *result, int code, struct error *error)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);

    (void)error_set(error, code, "database: %s%s%s (SQLSTATE %s)", message ? message : "no message",
                    detail ? "; detail: " : "", detail ? detail : "", sqlstate ? sqlstate : "none");
}

/* Takes the result that pg->connection gives next. */
static void take_result(struct pg *pg, PGresult *result)
{
    struct request *request = pg->first;
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

    if (status == PGRES_PIPELINE_SYNC) {
        pg->syncs--;
    } else if (request) {
        request->got = true;
        request->copying = status == PGRES_COPY_IN;
        if (request->preparing && !good)
            pg->prepared[request->statement->id] = false;
        /* That it is prepared says nothing yet; after a failed prepare the query's own failure says nothing more. */
        if (!request->copying && !request->outcome && !(request->preparing && good)) {
            request->outcome = result;
            return;
        }
    }
    PQclear(result);
}

static void answer_first(struct pg *pg)
{
    struct request *request = take_first(pg);
    struct error error = {.code = 0};
    ExecStatusType status = PQresultStatus(request->outcome);
    bool leave = false;

    assert(request->outcome);
    if (status == PGRES_PIPELINE_ABORTED) {
        (void)error_set(&error, ERR_STATE, "database: an earlier statement failed");
    } else if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        const struct failure *failure = failure_of(request->outcome);

        describe_failure(request->outcome, failure->code, &error);
        leave = failure->leave;
    }
    answer(request, error.code, error.code ? &error : NULL);
    if (leave && pg->state == PG_READY) /* the callback may have dropped it */
        connection_lost(pg, error.text + strlen("database: "));
}

/* NULL from PQgetResult ends one command. Both of a failed prepare's commands belong to the request. */
static void end_of_command(struct pg *pg)
{
    struct request *request = pg->first;

    request->got = request->preparing = false;
    if (--request->commands == 0)
        answer_first(pg);
}

/* Deals with what came; true when something did, and there may be something to send now. */
static bool receive(struct pg *pg)
{
    bool any = false;

    /* While rows are fed libpq shows nothing else: a refusal waits for the end of the copy. */
    while (pg->state == PG_READY && !wants_rows(pg) && !PQisBusy(pg->connection)) {
        PGresult *result = PQgetResult(pg->connection);

        if (result)
            take_result(pg, result);
        else if (pg->first && pg->first->got)
            end_of_command(pg);
        else
            break; /* nothing is under way */
        any = true;
    }
    return any;
}

static void deliver_notifications(struct pg *pg)
{
    PGnotify *notify;

    while (pg->state == PG_READY && (notify = PQnotifies(pg->connection)) != NULL) {
        if (pg->handler.on_notify)
            pg->handler.on_notify(pg->context, notify->relname, notify->extra);
        PQfreemem(notify);
    }
}

/* ---- both ---- */

/* Sends and receives until neither brings the other on. Only the loop calls it, so callbacks never find themselves inside another.
 *
 * It looks for answers after sending, not only when the socket is readable: a flush that would block makes libpq read, and what
 * came while rows were fed is seen only after the end of the copy. No event tells of either again. */
static void pump(struct pg *pg)
{
    do {
        if (pg->state != PG_READY)
            return;
        /* A pipeline under way is finished first: its sync has to come back before the mode can change. */
        if ((pg->syncs == 0 && !send_next(pg)) || (wants_rows(pg) && !feed_copy(pg, pg->first)) || !flush(pg)) {
            connection_lost(pg, PQerrorMessage(pg->connection));
            return;
        }
    } while (receive(pg));
    deliver_notifications(pg);
    /* libpq has closed the descriptor when it read the end of the connection by itself: no event tells of that either. */
    if (pg->state == PG_READY && PQstatus(pg->connection) == CONNECTION_BAD)
        connection_lost(pg, PQerrorMessage(pg->connection));
}

static void pg_on_pump(uv_idle_t *idle)
{
    (void)uv_idle_stop(idle);
    pump(idle->data);
}

static void pg_on_poll(uv_poll_t *poll, int status, int events)
{
    struct pg *pg = poll->data;

    if (status < 0) {
        connection_lost(pg, uv_strerror(status));
    } else if (pg->state == PG_CONNECTING) {
        connect_step(pg);
    } else if ((events & UV_READABLE) && !PQconsumeInput(pg->connection)) {
        connection_lost(pg, PQerrorMessage(pg->connection));
    } else {
        pump(pg);
    }
}

/* ---- requests ---- */

void pg_open(struct pg *pg)
{
    assert(!pg->timer);
    pg->timer = calloc(1, sizeof *pg->timer);
    pg->pump = calloc(1, sizeof *pg->pump);
    if (!pg->timer || !pg->pump)
        abort(); /* start-up, nothing to undo */
    (void)uv_timer_init(pg->loop, pg->timer);
    (void)uv_idle_init(pg->loop, pg->pump);
    pg->timer->data = pg->pump->data = pg;
    pg->open_handles += 2;
    (void)uv_timer_start(pg->timer, pg_on_timer, 0, 0);
}

bool pg_is_connected(const struct pg *pg)
{
    return pg->state == PG_READY;
}

static void enqueue(struct pg *pg, struct request *request)
{
    if (pg->last) {
        pg->last->next = request;
    } else {
        pg->first = request;
        pg->first_since_ms = uv_now(pg->loop);
    }
    pg->last = request;
    (void)uv_idle_start(pg->pump, pg_on_pump);
}

int pg_query(struct pg *pg, const struct pg_statement *statement, const struct pg_param *params, size_t param_count,
             pg_on_answer on_answer, void *context)
{
    size_t bytes = 0, at = 0;
    struct request *request;

    assert(param_count <= PG_PARAMS_MAX);
    if (pg->state != PG_READY)
        return ERR_STATE;
    for (size_t i = 0; i < param_count; i++)
        bytes += params[i].len;
    request = calloc(1, sizeof *request + bytes + 1);
    if (!request)
        return ERR_NO_MEMORY;
    request->statement = statement;
    request->on_answer = on_answer;
    request->context = context;
    request->param_count = param_count;
    for (size_t i = 0; i < param_count; i++) {
        request->lengths[i] = (int)params[i].len;
        request->formats[i] = 1;
        request->values[i] = params[i].data ? request->data + at : NULL;
        if (params[i].len)
            memcpy(request->data + at, params[i].data, params[i].len);
        at += params[i].len;
    }
    enqueue(pg, request);
    return 0;
}

int pg_copy(struct pg *pg, const char *sql, const struct buffer *rows, pg_on_answer on_answer, void *context)
{
    struct request *request;

    if (pg->state != PG_READY)
        return ERR_STATE;
    request = calloc(1, sizeof *request);
    if (!request)
        return ERR_NO_MEMORY;
    request->copy_sql = sql;
    request->rows = rows;
    request->on_answer = on_answer;
    request->context = context;
    enqueue(pg, request);
    return 0;
}

void pg_drop(struct pg *pg, const char *reason)
{
    if (pg->state != PG_IDLE)
        connection_lost(pg, reason);
}

void pg_close(struct pg *pg, void (*on_closed)(void *context))
{
    assert(!pg->closing);
    pg->closing = true;
    pg->on_closed = on_closed;
    if (pg->timer) {
        connection_lost(pg, "closing");
        uv_close((uv_handle_t *)pg->timer, pg_on_handle_closed);
        uv_close((uv_handle_t *)pg->pump, pg_on_handle_closed);
    } else {
        finish_close(pg);
    }
}

/* ---- results ---- */

static const PGresult *libpq_result(const struct pg_result *result)
{
    return (const PGresult *)(const void *)result;
}

size_t pg_rows(const struct pg_result *result)
{
    return (size_t)PQntuples(libpq_result(result));
}

uint64_t pg_affected(const struct pg_result *result)
{
    return strtoull(PQcmdTuples((PGresult *)(uintptr_t)libpq_result(result)), NULL, 10);
}

bool pg_is_null(const struct pg_result *result, size_t row, size_t column)
{
    return PQgetisnull(libpq_result(result), (int)row, (int)column);
}

struct text pg_bytes(const struct pg_result *result, size_t row, size_t column)
{
    return (struct text){PQgetvalue(libpq_result(result), (int)row, (int)column),
                         (size_t)PQgetlength(libpq_result(result), (int)row, (int)column)};
}

int64_t pg_i64(const struct pg_result *result, size_t row, size_t column)
{
    struct text bytes = pg_bytes(result, row, column);
    uint64_t value = 0;

    if (pg_is_null(result, row, column) || bytes.len == 0)
        return 0;
    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | (uint8_t)bytes.data[i];
    switch (bytes.len) {
    case 2:
        return (int16_t)value;
    case 4:
        return (int32_t)value;
    default:
        assert(bytes.len == 8);
        return (int64_t)value;
    }
}

bool pg_bool(const struct pg_result *result, size_t row, size_t column)
{
    struct text bytes = pg_bytes(result, row, column);

    return bytes.len == 1 && bytes.data[0] != 0;
}

int64_t pg_time_us(const struct pg_result *result, size_t row, size_t column)
{
    return pg_is_null(result, row, column) ? 0 : pg_i64(result, row, column) + postgres_epoch_us;
}
