/* custodyd.c - the daemon: reads its configuration, opens the wings that its roles name, handles signals, closes in order.
 *
 * The end: every wing is stopped (what is under way is finished) -> drained -> every wing is closed -> our own handles. Callbacks of
 * wings only note what happened; the step timer does what follows, outside of them. */
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/text.h"
#include "config.h"
#include "ctl/embedded_sql.h"
#include "ctl/version.h"
#include "gateway/gateway.h"
#include "ingest/ingest.h"
#include "io/http.h"
#include "serve/tiles.h"
#include "serve/witness.h"

enum {
    TICK_INTERVAL_MS = 1000,
    LEAVE_TIMEOUT_MS = 1000,
    EXIT_OK = 0,
    EXIT_USAGE = 2,
    EXIT_CONFIG = 78,
};

enum role { ROLE_INGEST = 1, ROLE_SERVE = 2, ROLE_WITNESS = 4, ROLE_GATEWAY = 8 };

static const struct {
    const char *word;
    enum role role;
} role_words[] = {{"ingest", ROLE_INGEST}, {"serve", ROLE_SERVE}, {"witness", ROLE_WITNESS}, {"gateway", ROLE_GATEWAY}};

struct daemon {
    uv_loop_t loop;
    const char *config_path, *role_list;
    unsigned roles;
    struct config config;

    struct http *http;
    struct tiles *tiles;
    struct witness *witness;
    struct ingest *ingest;
    struct gateway *gateway;
    size_t wings_open, wings_ready, wings_stopped, wings_closed;
    uv_signal_t terminate, interrupt, reload;
    uv_timer_t tick, drain, step, leave;
    bool failed, stopping, closing;
    int exit_code;
};

static void daemon_on_step(uv_timer_t *timer);

static void step_soon(struct daemon *daemon)
{
    (void)uv_timer_start(&daemon->step, daemon_on_step, 0, 0);
}

static void daemon_on_wing_ready(void *context)
{
    struct daemon *daemon = context;

    if (++daemon->wings_ready == daemon->wings_open)
        log_info("ready", "roles=%s origin=%s pid=%d", daemon->role_list, daemon->config.origin, (int)getpid());
}

static void daemon_on_wing_stopped(void *context)
{
    struct daemon *daemon = context;

    daemon->wings_stopped++;
    step_soon(daemon);
}

static void daemon_on_wing_closed(void *context)
{
    struct daemon *daemon = context;

    daemon->wings_closed++;
    step_soon(daemon);
}

static void daemon_on_wing_failed(void *context)
{
    struct daemon *daemon = context;

    daemon->failed = true;
    step_soon(daemon);
}

/* ---- the wings ---- */

static int open_http(struct daemon *daemon, struct error *error)
{
    daemon->http = http_new(&daemon->loop, &(struct http_settings){
                                               .listen = daemon->config.http_listen,
                                               .connections_max = (unsigned)daemon->config.http_connections_max,
                                               .timeout_ms = (uint32_t)daemon->config.http_timeout_ms,
                                           });
    return daemon->http ? 0 : error_set(error, ERR_NO_MEMORY, "http: out of memory");
}

static int start_http(struct daemon *daemon, struct error *error)
{
    return http_open(daemon->http, error);
}

static void close_http(struct daemon *daemon)
{
    http_close(daemon->http, daemon_on_wing_closed, daemon);
}

static int open_tiles(struct daemon *daemon, struct error *error)
{
    const struct config *config = &daemon->config;

    daemon->tiles = tiles_new(&daemon->loop,
                              &(struct tiles_settings){
                                  .conninfo = *config->serve_database ? config->serve_database : config->database,
                                  .statement_timeout_ms = config->statement_timeout_ms,
                                  .origin = config->origin,
                                  .policy_file = config->policy_file,
                              },
                              error);
    return daemon->tiles ? tiles_serve(daemon->tiles, daemon->http) : error->code;
}

static void close_tiles(struct daemon *daemon)
{
    tiles_close(daemon->tiles, daemon_on_wing_closed, daemon);
}

static int open_witness(struct daemon *daemon, struct error *error)
{
    const struct config *config = &daemon->config;

    daemon->witness = witness_new(
        &daemon->loop,
        &(struct witness_settings){config->witness_key_file, config->witness_state_dir, config->witness_policy_file},
        error);
    return daemon->witness ? witness_serve(daemon->witness, daemon->http) : error->code;
}

static void close_witness(struct daemon *daemon)
{
    witness_close(daemon->witness, daemon_on_wing_closed, daemon);
}

/* The schema this program was built for. */
static const char *newest_migration(void)
{
    const char *newest = "";

    for (size_t i = 0; i < embedded_sql_count; i++)
        if (strncmp(embedded_sql[i].name, "migrations/", 11) == 0 && strcmp(embedded_sql[i].name, newest) > 0)
            newest = embedded_sql[i].name;
    return newest;
}

static int open_ingest(struct daemon *daemon, struct error *error)
{
    static const struct ingest_handler handler = {daemon_on_wing_ready, daemon_on_wing_stopped, daemon_on_wing_failed};
    struct ingest_program program = {newest_migration(), CUSTODY_VERSION};

    daemon->ingest = ingest_new(&daemon->loop, &daemon->config, &program, &handler, daemon, error);
    return error->code;
}

static int start_ingest(struct daemon *daemon, struct error *error)
{
    (void)error;
    ingest_open(daemon->ingest);
    return 0;
}

static void stop_ingest(struct daemon *daemon)
{
    ingest_stop(daemon->ingest);
}

static void close_ingest(struct daemon *daemon)
{
    ingest_close(daemon->ingest, daemon_on_wing_closed, daemon);
}

static int open_gateway(struct daemon *daemon, struct error *error)
{
    static const struct gateway_handler handler = {daemon_on_wing_ready, daemon_on_wing_stopped};

    daemon->gateway = gateway_new(&daemon->loop, &daemon->config, CUSTODY_VERSION, &handler, daemon, error);
    return error->code;
}

static int start_gateway(struct daemon *daemon, struct error *error)
{
    (void)error;
    gateway_open(daemon->gateway);
    return 0;
}

static void stop_gateway(struct daemon *daemon)
{
    gateway_stop(daemon->gateway);
}

static void close_gateway(struct daemon *daemon)
{
    gateway_close(daemon->gateway, daemon_on_wing_closed, daemon);
}

/* What is done for which roles. Each row is opened, then each is started, in this order. Stopping and closing go in this order too: no
 * request comes any more once http is closing, so that the wings behind it may go. */
struct wing {
    unsigned roles;
    bool needs_address; /* is off without http_listen */
    int (*open)(struct daemon *daemon, struct error *error);
    int (*start)(struct daemon *daemon, struct error *error); /* NULL: opened is started, and ready */
    void (*stop)(struct daemon *daemon); /* NULL: has nothing under way, and is ready when started */
    void (*close)(struct daemon *daemon);
};

static const struct wing wings[] = {
    {ROLE_SERVE | ROLE_WITNESS, true, open_http, start_http, NULL, close_http},
    {ROLE_SERVE, true, open_tiles, NULL, NULL, close_tiles},
    {ROLE_WITNESS, true, open_witness, NULL, NULL, close_witness},
    {ROLE_INGEST, false, open_ingest, start_ingest, stop_ingest, close_ingest},
    {ROLE_GATEWAY, false, open_gateway, start_gateway, stop_gateway, close_gateway},
};
enum { WINGS = sizeof wings / sizeof *wings };

static bool is_on(const struct daemon *daemon, const struct wing *wing)
{
    return (wing->roles & daemon->roles) && (!wing->needs_address || *daemon->config.http_listen);
}

/* ---- the end ---- */

static void log_counters(const struct daemon *daemon)
{
    if (daemon->ingest)
        ingest_log_counters(daemon->ingest);
    if (daemon->gateway)
        gateway_log_counters(daemon->gateway);
}

static void daemon_on_drain_over(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    log_warn("drain_timeout", "hint=\"what was not stored is with the broker, and comes again\"");
    log_counters(daemon);
    _exit(1);
}

/* Connecting to a broker that does not answer cannot be cancelled in the thread pool. Everything is stored and told by now,
 * and the log is not buffered. */
static void daemon_on_leave(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    log_info("left", "hint=\"drained, but something does not end, as connecting to a broker that does not answer\"");
    _exit(daemon->exit_code);
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void stop(struct daemon *daemon)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    (void)uv_timer_start(&daemon->drain, daemon_on_drain_over, (uint64_t)daemon->config.drain_timeout_ms, 0);
    for (size_t i = 0; i < WINGS; i++)
        if (is_on(daemon, &wings[i])) {
            if (wings[i].stop)
                wings[i].stop(daemon);
            else
                daemon_on_wing_stopped(daemon);
        }
}

static void close_wings(struct daemon *daemon)
{
    daemon->closing = true;
    if (daemon->ingest && ingest_has_failed(daemon->ingest))
        daemon->exit_code = 1;
    (void)uv_timer_stop(&daemon->drain);
    (void)uv_timer_stop(&daemon->tick);
    (void)uv_timer_start(&daemon->leave, daemon_on_leave, LEAVE_TIMEOUT_MS, 0);
    uv_unref((uv_handle_t *)&daemon->leave); /* waits for what hangs, and is no reason to stay itself */
    log_info("drained", "roles=%s", daemon->role_list);
    for (size_t i = 0; i < WINGS; i++)
        if (is_on(daemon, &wings[i]))
            wings[i].close(daemon);
}

static void close_handles(struct daemon *daemon)
{
    uv_close((uv_handle_t *)&daemon->terminate, NULL);
    uv_close((uv_handle_t *)&daemon->interrupt, NULL);
    uv_close((uv_handle_t *)&daemon->reload, NULL);
    uv_close((uv_handle_t *)&daemon->tick, NULL);
    uv_close((uv_handle_t *)&daemon->drain, NULL);
    uv_close((uv_handle_t *)&daemon->step, NULL);
}

static void daemon_on_step(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    if (daemon->closing && daemon->wings_closed == daemon->wings_open)
        close_handles(daemon);
    else if (daemon->stopping && !daemon->closing && daemon->wings_stopped == daemon->wings_open)
        close_wings(daemon);
    else if (daemon->failed)
        stop(daemon); /* nothing left to do: the service manager sees it */
}

static void daemon_on_terminate(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;

    if (daemon->stopping) {
        log_warn("left_at_once", "signal=%d", number);
        log_counters(daemon);
        _exit(128 + number);
    }
    log_info("draining", "signal=%d hint=\"a second signal leaves at once\"", number);
    stop(daemon);
}

/* ---- while it runs ---- */

static void daemon_on_reload(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;
    struct error error = {.code = 0};
    enum log_level level;

    (void)number;
    if (config_reload(&daemon->config, daemon->config_path, &error)) {
        log_error("reload_refused", "error=\"%s\" hint=\"the configuration before stays\"",
                  log_text(text_of(error.text)));
        return;
    }
    if (log_level_parse(daemon->config.log_level, &level) == 0)
        log_set_level(level);
    if (daemon->ingest)
        ingest_reload(daemon->ingest);
    log_info("reloaded", "config=%s", daemon->config_path ? daemon->config_path : "environment");
}

static void daemon_on_tick(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    if (daemon->ingest)
        ingest_tick(daemon->ingest);
    if (daemon->gateway)
        gateway_tick(daemon->gateway);
}

/* ---- the beginning ---- */

static int check_roles(const struct daemon *daemon, struct error *error)
{
    const bool may_serve = daemon->roles & ROLE_INGEST; /* serves where there is an address */

    if (*daemon->config.http_listen || !(daemon->roles & (may_serve ? ROLE_WITNESS : ROLE_SERVE | ROLE_WITNESS)))
        return 0;
    return error_set(error, ERR_CONFIG, "http_listen: empty, and the roles %s need it; hint: host:port or unix:/path",
                     daemon->role_list);
}

static int open_wings(struct daemon *daemon, struct error *error)
{
    int code = check_roles(daemon, error);

    for (size_t i = 0; i < WINGS && !code; i++)
        if (is_on(daemon, &wings[i])) {
            code = wings[i].open(daemon, error);
            daemon->wings_open++;
        }
    return code;
}

static int start_wings(struct daemon *daemon, struct error *error)
{
    int code = 0;

    for (size_t i = 0; i < WINGS && !code; i++)
        if (is_on(daemon, &wings[i])) {
            code = wings[i].start ? wings[i].start(daemon, error) : 0;
            if (!code && !wings[i].stop)
                daemon_on_wing_ready(daemon);
        }
    return code;
}

/* One core stays free for the loop, PostgreSQL and the broker: where signatures take all, every note waits for a turn. */
static unsigned signature_threads(const struct config *config)
{
    const unsigned cores = uv_available_parallelism();
    if (config->verify_threads > 0)
        return (unsigned)config->verify_threads;
    return cores > 1 ? cores - 1 : 1;
}

static int open_daemon(struct daemon *daemon, struct error *error)
{
    char threads[16];
    int code;

    /* Before the pool's first use; libuv reads it then. Two more: connecting to a
     * broker that does not answer blocks one, sorting the index of banned VINs another.
     * Backlogs are read by whichever is free (io/mqtt), and wait there for milliseconds. */
    (void)snprintf(threads, sizeof threads, "%u", signature_threads(&daemon->config) + 2);
    (void)setenv("UV_THREADPOOL_SIZE", threads, 1);
    (void)uv_loop_init(&daemon->loop);
    code = open_wings(daemon, error);
    return code ? code : start_wings(daemon, error);
}

static void start_handles(struct daemon *daemon)
{
    (void)uv_signal_init(&daemon->loop, &daemon->terminate);
    (void)uv_signal_init(&daemon->loop, &daemon->interrupt);
    (void)uv_signal_init(&daemon->loop, &daemon->reload);
    (void)uv_timer_init(&daemon->loop, &daemon->tick);
    (void)uv_timer_init(&daemon->loop, &daemon->drain);
    (void)uv_timer_init(&daemon->loop, &daemon->step);
    (void)uv_timer_init(&daemon->loop, &daemon->leave);
    daemon->terminate.data = daemon->interrupt.data = daemon->reload.data = daemon;
    daemon->tick.data = daemon->drain.data = daemon->step.data = daemon->leave.data = daemon;
    (void)uv_signal_start(&daemon->terminate, daemon_on_terminate, SIGTERM);
    (void)uv_signal_start(&daemon->interrupt, daemon_on_terminate, SIGINT);
    (void)uv_signal_start(&daemon->reload, daemon_on_reload, SIGHUP);
    (void)uv_timer_start(&daemon->tick, daemon_on_tick, TICK_INTERVAL_MS, TICK_INTERVAL_MS);
}

static int run(struct daemon *daemon)
{
    struct error error = {.code = 0};
    int code;

    (void)signal(SIGPIPE, SIG_IGN);
    code = open_daemon(daemon, &error);
    if (code) {
        log_error("start_refused", "error=\"%s\"", log_text(text_of(error.code ? error.text : error_words(code))));
        return code == ERR_CONFIG || code == ERR_DENIED ? EXIT_CONFIG : 1;
    }
    start_handles(daemon);
    (void)uv_run(&daemon->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&daemon->leave, NULL); /* the last: it watched over the others */
    (void)uv_run(&daemon->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&daemon->loop) != 0) {
        uv_print_all_handles(&daemon->loop, stderr);
        uv_walk(&daemon->loop, close_handle, NULL);
        return 1;
    }
    return daemon->exit_code;
}

static int usage(FILE *out, int code)
{
    (void)fputs(
        "custodyd - takes signed reports over MQTT and keeps them as a chain of custody in PostgreSQL\n"
        "\n"
        "usage: custodyd [--config FILE] [--role ROLE,...]\n"
        "       custodyd --print-config     every setting with its default, unit and bounds\n"
        "       custodyd --version | --help\n"
        "\n"
        "Roles: ingest (takes reports in), serve (the log over HTTP, with http_listen), witness (cosigns other logs; "
        "needs\n"
        "neither database nor broker), gateway (takes Traccar's positions in; needs no database). Default: "
        "ingest,serve.\n"
        "\n"
        "Settings may also come from the environment: CUSTODY_<SETTING>. PG* variables work as everywhere.\n"
        "Signals: TERM, INT drain (a second one leaves at once), HUP reads the configuration and the registry again.\n"
        "Exit: 0 drained, 1 failed, 2 usage, 78 configuration.\n",
        out);
    return code;
}

static bool take_role(struct daemon *daemon, struct text word)
{
    for (size_t i = 0; i < sizeof role_words / sizeof *role_words; i++)
        if (text_equal(word, text_of(role_words[i].word))) {
            daemon->roles |= role_words[i].role;
            return true;
        }
    return false;
}

static bool take_roles(struct daemon *daemon, const char *list)
{
    daemon->role_list = list;
    daemon->roles = 0;
    for (;; list++) {
        size_t len = strcspn(list, ",");

        if (!take_role(daemon, (struct text){list, len}))
            return false;
        list += len;
        if (!*list)
            return true;
    }
}

static int configure(struct daemon *daemon, struct error *error)
{
    enum log_level level;

    if (config_load(&daemon->config, daemon->config_path, error))
        return ERR_CONFIG;
    if (log_level_parse(daemon->config.log_level, &level))
        return error_set(error, ERR_CONFIG, "log_level: \"%s\"; hint: debug, info, warn or error",
                         daemon->config.log_level);
    log_set_level(level);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"role", required_argument, NULL, 'r'},
        {"print-config", no_argument, NULL, 'p'}, {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    static struct daemon daemon;
    struct error error = {.code = 0};
    int option;

    (void)take_roles(&daemon, "ingest,serve");
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            daemon.config_path = optarg;
            break;
        case 'r':
            if (!take_roles(&daemon, optarg))
                return usage(stderr, EXIT_USAGE);
            break;
        case 'p':
            config_print_example(stdout);
            return EXIT_OK;
        case 'v':
            (void)printf("custodyd %s\n", CUSTODY_VERSION);
            return EXIT_OK;
        case 'h':
            return usage(stdout, EXIT_OK);
        default:
            return usage(stderr, EXIT_USAGE);
        }
    }
    if (optind != argc)
        return usage(stderr, EXIT_USAGE);
    if (sodium_init() < 0) {
        log_error("start_refused", "error=\"libsodium cannot start\"");
        return 1;
    }
    if (configure(&daemon, &error)) {
        log_error("start_refused", "error=\"%s\"", log_text(text_of(error.text)));
        return EXIT_CONFIG;
    }
    return run(&daemon);
}
