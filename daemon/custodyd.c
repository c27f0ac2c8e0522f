/* custodyd.c - the daemon: reads its configuration, opens the lanes, handles signals, closes in order.
 *
 * The end: lane_stop on every lane -> (each says that it stopped) -> drained -> lane_close -> registry_close -> our own
 * handles. Callbacks of lanes and registry only note what happened; the step timer does what follows, outside of them: a lane
 * must not be closed while it is still at work further down the stack. */
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "config.h"
#include "core/ledger/note.h"
#include "ctl/embedded_sql.h"
#include "ctl/version.h"
#include "ingest/counters.h"
#include "ingest/lane.h"
#include "ingest/registry.h"
#include "io/keyfile.h"

enum {
    STATS_INTERVAL_MS = 1000,
    LANE_DOWN_INTERVAL_MS = 60 * 1000,
    LEAVE_TIMEOUT_MS = 1000,
    EXIT_OK = 0,
    EXIT_USAGE = 2,
    EXIT_CONFIG = 78,
    NAME_BYTES = 256
};

struct served {
    struct daemon *daemon;
    struct lane *lane;
    char name[NAME_BYTES], areas[CONFIG_TEXT_BYTES];
    bool failed;
    char reason[ERROR_TEXT_BYTES];
    uint64_t told_ms; /* when the log last said that it failed */
};

struct daemon {
    uv_loop_t loop;
    const char *config_path;
    struct config config;
    struct key_pair ack_key;
    char ack_key_name[NAME_BYTES], broker_password[NAME_BYTES];
    struct note_signer ack_signer;
    bool signs;

    struct counters counters, logged;
    struct registry *registry;
    struct served lanes[CONFIG_LANES_MAX];
    size_t lane_count, lanes_ready, lanes_stopped, lanes_failed, lanes_closed;
    uv_signal_t terminate, interrupt, reload;
    uv_timer_t stats, drain, step, leave;
    bool stopping, closing, registry_closing, registry_closed;
    int exit_code;
};

/* ---- the end ---- */

static void daemon_on_drain_over(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    log_warn("drain_timeout", "hint=\"what was not stored is with the broker, and comes again\"");
    counters_log(&daemon->counters);
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

static void daemon_on_step(uv_timer_t *timer);

static void step_soon(struct daemon *daemon)
{
    (void)uv_timer_start(&daemon->step, daemon_on_step, 0, 0);
}

static void daemon_on_registry_closed(void *context)
{
    struct daemon *daemon = context;

    daemon->registry_closed = true;
    step_soon(daemon);
}

static void daemon_on_lane_closed(void *context)
{
    struct served *served = context;

    served->daemon->lanes_closed++;
    step_soon(served->daemon);
}

static void daemon_on_lane_stopped(void *context)
{
    struct served *served = context;

    served->daemon->lanes_stopped++;
    step_soon(served->daemon);
}

static void stop(struct daemon *daemon)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    (void)uv_timer_start(&daemon->drain, daemon_on_drain_over, (uint64_t)daemon->config.drain_timeout_ms, 0);
    for (size_t i = 0; i < daemon->lane_count; i++)
        lane_stop(daemon->lanes[i].lane);
}

static void close_lanes(struct daemon *daemon)
{
    daemon->closing = true;
    (void)uv_timer_stop(&daemon->drain);
    (void)uv_timer_start(&daemon->leave, daemon_on_leave, LEAVE_TIMEOUT_MS, 0);
    uv_unref((uv_handle_t *)&daemon->leave); /* waits for what hangs, and is no reason to stay itself */
    log_info("drained", "lanes=%zu", daemon->lane_count);
    counters_log(&daemon->counters);
    for (size_t i = 0; i < daemon->lane_count; i++)
        lane_close(daemon->lanes[i].lane, daemon_on_lane_closed);
}

static void close_registry(struct daemon *daemon)
{
    daemon->registry_closing = true;
    registry_close(daemon->registry, daemon_on_registry_closed);
}

static void close_handles(struct daemon *daemon)
{
    uv_close((uv_handle_t *)&daemon->terminate, NULL);
    uv_close((uv_handle_t *)&daemon->interrupt, NULL);
    uv_close((uv_handle_t *)&daemon->reload, NULL);
    uv_close((uv_handle_t *)&daemon->stats, NULL);
    uv_close((uv_handle_t *)&daemon->drain, NULL);
    uv_close((uv_handle_t *)&daemon->step, NULL);
}

static void daemon_on_step(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    if (daemon->registry_closed)
        close_handles(daemon);
    else if (daemon->closing && !daemon->registry_closing && daemon->lanes_closed == daemon->lane_count)
        close_registry(daemon);
    else if (daemon->stopping && !daemon->closing && daemon->lanes_stopped == daemon->lane_count)
        close_lanes(daemon);
    else if (daemon->lanes_failed == daemon->lane_count)
        stop(daemon); /* nothing left to do: the service manager sees it */
}

static void daemon_on_terminate(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;

    if (daemon->stopping) {
        log_warn("left_at_once", "signal=%d", number);
        counters_log(&daemon->counters);
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
    registry_reload(daemon->registry);
    log_info("reloaded", "config=%s", daemon->config_path ? daemon->config_path : "environment");
}

static void tell_lane_down(struct daemon *daemon, struct served *served)
{
    served->told_ms = uv_now(&daemon->loop);
    log_error("lane_down",
              "lane=\"%s\" areas=%s error=\"%s\" hint=\"its areas are not served; the broker keeps what comes; "
              "mend it and restart\"",
              served->name, served->areas, log_text(text_of(served->reason)));
}

/* The others go on, so that nothing but the log shows it: said again and again. */
static void tell_lanes_down(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->lane_count; i++) {
        struct served *served = &daemon->lanes[i];

        if (served->failed && uv_now(&daemon->loop) - served->told_ms >= LANE_DOWN_INTERVAL_MS)
            tell_lane_down(daemon, served);
    }
}

static void daemon_on_stats(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    if (memcmp(&daemon->counters, &daemon->logged, sizeof daemon->counters) != 0)
        counters_log(&daemon->counters);
    daemon->logged = daemon->counters;
    tell_lanes_down(daemon);
}

static void daemon_on_lane_ready(void *context)
{
    struct daemon *daemon = ((struct served *)context)->daemon;

    if (++daemon->lanes_ready == daemon->lane_count)
        log_info("ready", "lanes=%zu origin=%s pid=%d", daemon->lane_count, daemon->config.origin, (int)getpid());
}

static void daemon_on_lane_failed(void *context, const char *reason)
{
    struct served *served = context;
    struct daemon *daemon = served->daemon;

    served->failed = true;
    (void)text_copy(served->reason, sizeof served->reason, text_of(reason));
    daemon->exit_code = 1;
    daemon->lanes_failed++;
    tell_lane_down(daemon, served);
    step_soon(daemon);
}

static void daemon_on_registry_ready(void *context)
{
    struct daemon *daemon = context;

    for (size_t i = 0; i < daemon->lane_count; i++)
        lane_registry_ready(daemon->lanes[i].lane);
}

/* ---- the beginning ---- */

static int load_ack_key(struct daemon *daemon, struct error *error)
{
    char expected[CONFIG_TEXT_BYTES + 8];
    int code;

    if (!*daemon->config.ack_key_file) {
        log_warn(
            "acks_unsigned",
            "hint=\"set ack_key_file: devices delete nothing without a signed note; custodyctl keygen makes one\"");
        return 0;
    }
    code = keyfile_read(daemon->config.ack_key_file, daemon->ack_key_name, sizeof daemon->ack_key_name,
                        &daemon->ack_key, error);
    if (code)
        return code;
    (void)snprintf(expected, sizeof expected, "%s/ack", daemon->config.origin);
    if (strcmp(expected, daemon->ack_key_name) != 0)
        return error_set(error, ERR_CONFIG,
                         "ack_key_file: the key is named \"%s\", not \"%s\"; hint: custodyctl keygen --name %s",
                         daemon->ack_key_name, expected, expected);
    note_signer_init(&daemon->ack_signer, daemon->ack_key_name, daemon->ack_key.secret_key);
    daemon->signs = true;
    return 0;
}

static int load_broker_password(struct daemon *daemon, struct error *error)
{
    FILE *file;

    if (!*daemon->config.broker_password_file)
        return 0;
    file = fopen(daemon->config.broker_password_file, "re");
    if (!file || !fgets(daemon->broker_password, sizeof daemon->broker_password, file)) {
        if (file)
            (void)fclose(file);
        return error_set(error, ERR_CONFIG,
                         "broker_password_file: \"%s\" cannot be read; hint: one line, readable by custodyd",
                         daemon->config.broker_password_file);
    }
    (void)fclose(file);
    daemon->broker_password[strcspn(daemon->broker_password, "\r\n")] = '\0';
    return 0;
}

static int add_lane(struct daemon *daemon, const char *areas, struct error *error)
{
    static const struct lane_handler handler = {daemon_on_lane_ready, daemon_on_lane_stopped, daemon_on_lane_failed};
    struct served *served = &daemon->lanes[daemon->lane_count];
    char client_id[CONFIG_TEXT_BYTES + 16];
    struct lane_settings settings = {served->name, client_id, areas,
                                     *daemon->broker_password ? daemon->broker_password : NULL};

    if (daemon->lane_count == CONFIG_LANES_MAX)
        return error_set(error, ERR_CONFIG, "lanes: more than %d; hint: several areas can share a lane",
                         CONFIG_LANES_MAX);
    served->daemon = daemon;
    (void)text_copy(served->areas, sizeof served->areas, text_of(areas));
    (void)snprintf(served->name, sizeof served->name, "custodyd lane %zu", daemon->lane_count + 1);
    (void)snprintf(client_id, sizeof client_id, "%s-%zu", daemon->config.client_id, daemon->lane_count + 1);
    served->lane = lane_new(&daemon->loop, &settings, &daemon->config, daemon->registry,
                            daemon->signs ? &daemon->ack_signer : NULL, &daemon->counters, &handler, served, error);
    if (!served->lane)
        return error->code ? error->code : ERR_NO_MEMORY;
    daemon->lane_count++;
    return 0;
}

static int add_lanes(struct daemon *daemon, struct error *error)
{
    char lanes[CONFIG_TEXT_BYTES], *rest = lanes, *areas;

    (void)snprintf(lanes, sizeof lanes, "%s", daemon->config.lanes);
    while ((areas = strsep(&rest, ";")) != NULL) {
        int code = add_lane(daemon, areas, error);

        if (code)
            return code;
    }
    return 0;
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

static int open_daemon(struct daemon *daemon, struct error *error)
{
    static const struct registry_handler handler = {daemon_on_registry_ready};
    char threads[16];
    int code;

    /* Before the pool's first use; libuv reads it then. One more, since connecting to a broker that does not answer blocks one. */
    (void)snprintf(threads, sizeof threads, "%lld", (long long)daemon->config.verify_threads + 1);
    (void)setenv("UV_THREADPOOL_SIZE", threads, 1);
    code = load_ack_key(daemon, error);
    if (!code)
        code = load_broker_password(daemon, error);
    if (code)
        return code;
    (void)uv_loop_init(&daemon->loop);
    daemon->registry = registry_new(&daemon->loop,
                                    &(struct registry_settings){
                                        .conninfo = daemon->config.database,
                                        .statement_timeout_ms = daemon->config.statement_timeout_ms,
                                        .partition_days_ahead = daemon->config.partition_days_ahead,
                                        .schema = newest_migration(),
                                    },
                                    &handler, daemon);
    if (!daemon->registry)
        return error_set(error, ERR_NO_MEMORY, "registry: out of memory");
    return add_lanes(daemon, error);
}

static void start_handles(struct daemon *daemon)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)uv_signal_init(&daemon->loop, &daemon->terminate);
    (void)uv_signal_init(&daemon->loop, &daemon->interrupt);
    (void)uv_signal_init(&daemon->loop, &daemon->reload);
    (void)uv_timer_init(&daemon->loop, &daemon->stats);
    (void)uv_timer_init(&daemon->loop, &daemon->drain);
    (void)uv_timer_init(&daemon->loop, &daemon->step);
    (void)uv_timer_init(&daemon->loop, &daemon->leave);
    daemon->terminate.data = daemon->interrupt.data = daemon->reload.data = daemon;
    daemon->stats.data = daemon->drain.data = daemon->step.data = daemon->leave.data = daemon;
    (void)uv_signal_start(&daemon->terminate, daemon_on_terminate, SIGTERM);
    (void)uv_signal_start(&daemon->interrupt, daemon_on_terminate, SIGINT);
    (void)uv_signal_start(&daemon->reload, daemon_on_reload, SIGHUP);
    (void)uv_timer_start(&daemon->stats, daemon_on_stats, STATS_INTERVAL_MS, STATS_INTERVAL_MS);
}

static int run(struct daemon *daemon)
{
    struct error error = {.code = 0};
    int code = open_daemon(daemon, &error);

    if (code) {
        log_error("start_refused", "error=\"%s\"", log_text(text_of(error.text)));
        return code == ERR_CONFIG || code == ERR_DENIED ? EXIT_CONFIG : 1;
    }
    start_handles(daemon);
    registry_open(daemon->registry);
    for (size_t i = 0; i < daemon->lane_count; i++)
        lane_open(daemon->lanes[i].lane);
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
        "usage: custodyd [--config FILE]\n"
        "       custodyd --print-config     every setting with its default, unit and bounds\n"
        "       custodyd --version | --help\n"
        "\n"
        "Settings may also come from the environment: CUSTODY_<SETTING>. PG* variables work as everywhere.\n"
        "Signals: TERM, INT drain (a second one leaves at once), HUP reads the configuration and the registry again.\n"
        "Exit: 0 drained, 1 failed, 2 usage, 78 configuration.\n",
        out);
    return code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"print-config", no_argument, NULL, 'p'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static struct daemon daemon;
    struct error error = {.code = 0};
    enum log_level level;
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            daemon.config_path = optarg;
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
    if (config_load(&daemon.config, daemon.config_path, &error)) {
        log_error("start_refused", "error=\"%s\"", log_text(text_of(error.text)));
        return EXIT_CONFIG;
    }
    if (log_level_parse(daemon.config.log_level, &level)) {
        log_error("start_refused", "error=\"log_level: \\\"%s\\\"; hint: debug, info, warn or error\"",
                  daemon.config.log_level);
        return EXIT_CONFIG;
    }
    log_set_level(level);
    return run(&daemon);
}
