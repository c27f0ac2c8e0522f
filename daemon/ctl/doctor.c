/* doctor.c - custodyctl doctor: is everything there that custodyd needs? Each check says ok, warn or fail, and what
 * to do. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "ctl/doctor.h"
#include "ctl/migrate.h"
#include "ctl/table.h"
#include "io/keyfile.h"
#include "io/mqtt.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { BROKER_TIMEOUT_MS = 5000, CLOCK_DIFFERENCE_MAX_MS = 2000 };

static const char *const status_words[] = {"ok", "warn", "fail", "skipped"};

void doctor_set(struct outcome *outcome, enum doctor_status status, const char *hint, const char *format, ...)
{
    va_list arguments;
    outcome->status = status;
    va_start(arguments, format);
    vsnprintf(outcome->text, sizeof outcome->text, format, arguments);
    va_end(arguments);
    snprintf(outcome->hint, sizeof outcome->hint, "%s", hint);
}

void doctor_set_error(struct outcome *outcome, enum doctor_status status, const struct error *error, const char *hint)
{
    const char *own = strstr(error->text, "; hint: ");
    doctor_set(outcome, status, own ? own + strlen("; hint: ") : hint, "%.*s",
               own ? (int)(own - error->text) : (int)strlen(error->text), error->text);
}

bool doctor_ask(struct doctor *doctor, const char *sql, struct outcome *outcome, struct rows **rows)
{
    struct error error = {0};
    if (database_query(doctor->database, sql, 0, NULL, rows, &error) == 0)
        return true;
    doctor_set_error(outcome, STATUS_FAIL, &error, "custodyctl migrate; or ask as another role");
    return false;
}

/* ---- checks, in the order in which they are made ---- */

static void check_configuration(struct doctor *doctor, struct outcome *outcome)
{
    struct error error = {0};
    const char *path = doctor->ctl->config_path;
    doctor->has_config = config_load(&doctor->config, path, &error) == 0;
    if (!doctor->has_config)
        doctor_set_error(outcome, STATUS_FAIL, &error, "custodyd --help lists the settings");
    else if (!path)
        doctor_set(outcome, STATUS_WARN, "--config FILE, to check what custodyd reads",
                   "defaults and environment only");
    else
        doctor_set(outcome, STATUS_OK, "", "%s", path);
}

static void check_database(struct doctor *doctor, struct outcome *outcome)
{
    struct error error = {0};
    struct rows *rows;
    const char *conninfo = doctor->ctl->conninfo ? doctor->ctl->conninfo
                           : doctor->has_config  ? doctor->config.database
                                                 : "";
    doctor->database = doctor->ctl->database = database_open(conninfo, &error);
    if (!doctor->database) {
        doctor_set_error(outcome, STATUS_FAIL, &error, "is PostgreSQL running? --database, or the PG* variables");
        return;
    }
    if (!doctor_ask(doctor,
                    "SELECT current_database(), current_user, current_setting('server_version'), "
                    "current_setting('server_version_num')::integer, pg_is_in_recovery(), current_setting('fsync')",
                    outcome, &rows))
        return;
    if (rows_i64(rows, 0, 3) < 150000)
        doctor_set(outcome, STATUS_FAIL, "PostgreSQL 15 or newer", "version %s", rows_text(rows, 0, 2));
    else if (rows_text(rows, 0, 4)[0] == 't')
        doctor_set(outcome, STATUS_FAIL, "connect to the primary", "%s is a standby, read only", rows_text(rows, 0, 0));
    else if (strcmp(rows_text(rows, 0, 5), "on") != 0)
        doctor_set(outcome, STATUS_WARN, "fsync = on, unless this is a test",
                   "%s: fsync is off: what is acknowledged may be lost", rows_text(rows, 0, 0));
    else
        doctor_set(outcome, STATUS_OK, "", "%s as %s, PostgreSQL %s", rows_text(rows, 0, 0), rows_text(rows, 0, 1),
                   rows_text(rows, 0, 2));
    rows_free(rows);
}

static void check_schema(struct doctor *doctor, struct outcome *outcome)
{
    struct error error = {0};
    doctor->has_schema = migrate_check(doctor->database, &error) == 0;
    if (doctor->has_schema)
        doctor_set(outcome, STATUS_OK, "", "the one this program carries");
    else
        doctor_set_error(outcome, STATUS_FAIL, &error, "custodyctl migrate");
}

static void check_roles(struct doctor *doctor, struct outcome *outcome)
{
    struct rows *rows;
    if (!doctor_ask(
            doctor,
            "SELECT string_agg(wanted, ', ' ORDER BY wanted) FILTER (WHERE r.oid IS NULL), "
            "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user), current_user "
            "FROM unnest(ARRAY['custody_owner', 'custody_ingest', 'custody_console', 'custody_monitor']) AS wanted "
            "LEFT JOIN pg_roles AS r ON r.rolname = wanted",
            outcome, &rows))
        return;
    if (!rows_is_null(rows, 0, 0))
        doctor_set(outcome, STATUS_FAIL, "custodyctl migrate makes them", "missing: %s", rows_text(rows, 0, 0));
    else if (rows_text(rows, 0, 1)[0] == 't')
        doctor_set(outcome, STATUS_WARN, "custodyd connects as custody_ingest",
                   "all there; %s is a superuser, whom no grant binds", rows_text(rows, 0, 2));
    else
        doctor_set(outcome, STATUS_OK, "", "all there; connected as %s", rows_text(rows, 0, 2));
    rows_free(rows);
}

static void check_partitions(struct doctor *doctor, struct outcome *outcome)
{
    /* Days ahead of today (Asia/Shanghai) that have a partition, today as day 0, without a hole; and strays in the
     * default one. */
    static const char sql[] = "WITH days AS (SELECT n, to_regclass('telemetry.fix_' || to_char((now() AT TIME ZONE "
                              "'Asia/Shanghai')::date + n, 'YYYYMMDD')) "
                              "IS NOT NULL AS there FROM generate_series(0, 60) AS n) "
                              "SELECT coalesce(min(n) FILTER (WHERE NOT there), 61) - 1, "
                              "pg_relation_size('telemetry.fix_default') > 0 FROM days";
    struct rows *rows;
    if (!doctor_ask(doctor, sql, outcome, &rows))
        return;
    int64_t ahead = rows_i64(rows, 0, 0);
    if (ahead < 1)
        doctor_set(outcome, STATUS_WARN,
                   "start custodyd, which makes them; until then rows go to the default partition", "%s",
                   ahead < 0 ? "none for today" : "none after today");
    else if (rows_text(rows, 0, 1)[0] == 't')
        doctor_set(outcome, STATUS_WARN, "devices with a wrong clock; telemetry.ensure_days moves them into days",
                   "%lld days ahead; some positions have a time that no partition covers", (long long)ahead);
    else
        doctor_set(outcome, STATUS_OK, "", "%lld days ahead", (long long)ahead);
    rows_free(rows);
}

static void check_log(struct doctor *doctor, struct outcome *outcome)
{
    struct rows *rows;
    if (!doctor_ask(doctor,
                    "SELECT h.size, coalesce((SELECT max(log_index) FROM ledger.record), -1) + 1 FROM ledger.head AS h",
                    outcome, &rows))
        return;
    if (rows_count(rows) != 1)
        doctor_set(outcome, STATUS_FAIL, "restore the database from a backup", "there is no head");
    else if (rows_i64(rows, 0, 0) != rows_i64(rows, 0, 1))
        doctor_set(outcome, STATUS_FAIL, "stop custodyd and find out who wrote to the log",
                   "head says %s records, the last one is number %s", rows_text(rows, 0, 0), rows_text(rows, 0, 1));
    else
        doctor_set(outcome, STATUS_OK, "", "%s records", rows_text(rows, 0, 0));
    rows_free(rows);
}

/* 4072: LEASE_CLASS of ingest/follower.c. */
static void check_follower(struct doctor *doctor, struct outcome *outcome)
{
    struct rows *rows;
    if (!doctor_ask(
            doctor,
            "SELECT h.size - p.followed, EXISTS (SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database "
            "WHERE l.locktype = 'advisory' AND l.classid = 4072 AND l.granted AND d.datname = "
            "current_database())::integer FROM ledger.head AS h, reentry.progress AS p",
            outcome, &rows))
        return;
    const char *behind = rows_text(rows, 0, 0);
    if (rows_i64(rows, 0, 1) != 0)
        doctor_set(outcome, STATUS_OK, "", "%s records behind the head", behind);
    else if (rows_i64(rows, 0, 0) == 0)
        doctor_set(outcome, STATUS_OK, "", "nobody follows the log now, and nothing waits");
    else
        doctor_set(outcome, STATUS_WARN, "start custodyd --role ingest",
                   "nobody follows the log for near matches: %s records wait", behind);
    rows_free(rows);
}

static void check_sources(struct doctor *doctor, struct outcome *outcome)
{
    struct rows *rows;
    if (!doctor_ask(
            doctor,
            "SELECT count(*), count(*) FILTER (WHERE NOT s.signed), count(*) FILTER (WHERE s.signed AND NOT EXISTS "
            "(SELECT FROM registry.source_key AS k WHERE k.source_id = s.source_id AND k.revoked_at IS NULL)) "
            "FROM registry.source AS s WHERE s.enabled",
            outcome, &rows))
        return;
    if (rows_i64(rows, 0, 0) == 0)
        doctor_set(outcome, STATUS_WARN, "custodyctl register", "none: nobody may speak");
    else if (rows_i64(rows, 0, 2) > 0)
        doctor_set(outcome, STATUS_WARN, "custodyctl register key", "%s, of which %s sign but have no key in force",
                   rows_text(rows, 0, 0), rows_text(rows, 0, 2));
    else
        doctor_set(outcome, STATUS_OK, "", "%s, of which %s unsigned (weaker evidence)", rows_text(rows, 0, 0),
                   rows_text(rows, 0, 1));
    rows_free(rows);
}

/* What is due and was not looked at, though the daemon does so every second; and whether the days of the coming month are
 * known as worked or free. Daemons that play in the past (clock_behind_s) look later. */
static void check_deadlines(struct doctor *doctor, struct outcome *outcome)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM custody.refold WHERE wanted_at < now() - interval '5 minutes') + "
        "(SELECT count(*) FROM custody.clock WHERE alarm_at < now() - interval '5 minutes' - $1::bigint * interval '1 "
        "s'), "
        "EXISTS (SELECT FROM registry.calendar_day WHERE extract(year FROM day) = "
        "extract(year FROM (now() AT TIME ZONE 'Asia/Shanghai') + interval '1 month'))";
    char behind[24];
    struct rows *rows;
    struct error error = {0};
    snprintf(behind, sizeof behind, "%lld", doctor->has_config ? (long long)doctor->config.clock_behind_s : 0);
    if (database_query(doctor->database, sql, 1, (const char *const[]){behind}, &rows, &error) != 0) {
        doctor_set_error(outcome, STATUS_FAIL, &error, "custodyctl migrate; or ask as another role");
        return;
    }
    if (rows_i64(rows, 0, 0) > 0)
        doctor_set(outcome, STATUS_WARN, "does custodyd run? its log says event=clocks_failed where it cannot",
                   "%s items wait for more than 5 minutes", rows_text(rows, 0, 0));
    else if (rows_text(rows, 0, 1)[0] != 't')
        doctor_set(outcome, STATUS_WARN, "enter the State Council's notice into registry.calendar_day",
                   "no holidays of the coming month's year: working days are the weekdays");
    else
        doctor_set(outcome, STATUS_OK, "", "looked at in time; holidays are known");
    rows_free(rows);
}

static void check_clock(struct doctor *doctor, struct outcome *outcome)
{
    struct rows *rows;
    struct timex timex = {0};
    int64_t before_us = clock_now_us();
    if (!doctor_ask(doctor, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", outcome, &rows))
        return;
    int64_t middle_us = before_us + (clock_now_us() - before_us) / 2;
    int64_t difference_ms = (rows_i64(rows, 0, 0) - middle_us) / 1000;
    rows_free(rows);
    bool unsynchronised = adjtimex(&timex) == TIME_ERROR;
    if (difference_ms > CLOCK_DIFFERENCE_MAX_MS || difference_ms < -CLOCK_DIFFERENCE_MAX_MS)
        doctor_set(outcome, STATUS_FAIL, "synchronise both machines (chrony, systemd-timesyncd)",
                   "the database's differs from ours by %lld ms", (long long)difference_ms);
    else if (unsynchronised)
        doctor_set(outcome, STATUS_WARN, "chrony or systemd-timesyncd; records carry the time of receipt",
                   "not synchronised, as far as the kernel knows");
    else
        doctor_set(outcome, STATUS_OK, "", "synchronised; the database's differs by %lld ms", (long long)difference_ms);
}

/* ---- the broker ---- */

struct probe {
    struct mqtt *mqtt;
    uv_timer_t deadline;
    bool connected;
    char reason[ERROR_TEXT_BYTES];
};

static void probe_on_deadline(uv_timer_t *timer)
{
    struct probe *probe = timer->data;
    uv_close((uv_handle_t *)timer, NULL);
    mqtt_close(probe->mqtt, NULL);
}

static void probe_on_connected(void *context, bool session_present)
{
    (void)session_present;
    struct probe *probe = context;
    probe->connected = true;
    uv_timer_start(&probe->deadline, probe_on_deadline, 0,
                   0); /* a session is not closed from within its own callback */
}

static void probe_on_disconnected(void *context, const char *reason)
{
    struct probe *probe = context;
    snprintf(probe->reason, sizeof probe->reason, "%s", reason);
}

static void probe_on_message(void *context, const struct mqtt_message *message)
{
    (void)context;
    (void)message;
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void check_broker(struct doctor *doctor, struct outcome *outcome)
{
    static const struct mqtt_handler handler = {
        .on_connected = probe_on_connected, .on_disconnected = probe_on_disconnected, .on_message = probe_on_message};
    const struct config *config = &doctor->config;
    struct probe probe = {.reason = "no answer"};
    struct error error = {0};
    uv_loop_t loop;
    char client_id[40], password[256];
    snprintf(client_id, sizeof client_id, "custodyctl-doctor-%d", (int)getpid());
    if (password_read(config->broker_password_file, password, sizeof password, &error) != 0) {
        doctor_set_error(outcome, STATUS_FAIL, &error, "broker_password_file, in the configuration");
        return;
    }
    const struct mqtt_settings settings = {
        .hosts = config->broker,
        .client_id = client_id, /* not the daemon's: the broker would put it off its session */
        .username = or_null(config->broker_username),
        .password = or_null(password),
        .ca_file = or_null(config->broker_ca_file),
        .cert_file = or_null(config->broker_cert_file),
        .key_file = or_null(config->broker_key_file),
        .keepalive_s = 60,
        .receive_maximum = 20,
    };
    uv_loop_init(&loop);
    probe.mqtt = mqtt_new(&loop, &settings, &handler, &probe, &error);
    if (!probe.mqtt) {
        uv_loop_close(&loop);
        doctor_set_error(outcome, STATUS_FAIL, &error, "broker, in the configuration");
        return;
    }
    uv_timer_init(&loop, &probe.deadline);
    probe.deadline.data = &probe;
    uv_timer_start(&probe.deadline, probe_on_deadline, BROKER_TIMEOUT_MS, 0);
    mqtt_open(probe.mqtt);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    explicit_bzero(password, sizeof password);
    if (probe.connected)
        doctor_set(outcome, STATUS_OK, "", "%s speaks MQTT 5", config->broker);
    else
        doctor_set(outcome, STATUS_FAIL, "is mosquitto running? broker and broker_username in the configuration",
                   "%s: %s", config->broker, probe.reason);
}

static void check_broker_password(struct doctor *doctor, struct outcome *outcome)
{
    struct stat about;
    const char *path = doctor->config.broker_password_file;
    if (path[0] == '\0')
        doctor_set(outcome, STATUS_OK, "", "none needed");
    else if (stat(path, &about) != 0)
        doctor_set(outcome, STATUS_FAIL, "broker_password_file, in the configuration", "%s: %s", path, strerror(errno));
    else if ((about.st_mode & 077) != 0)
        doctor_set(outcome, STATUS_FAIL, "chmod 600", "%s: mode %04o lets others read it", path,
                   (unsigned)(about.st_mode & 07777));
    else
        doctor_set(outcome, STATUS_OK, "", "%s", path);
}

/* ---- all of them ---- */

enum need { NEEDS_NOTHING, NEEDS_CONFIG, NEEDS_DATABASE, NEEDS_SCHEMA };

static const struct check {
    const char *name;
    enum need need;
    void (*run)(struct doctor *doctor, struct outcome *outcome);
} checks[] = {
    {"configuration", NEEDS_NOTHING, check_configuration},
    {"database", NEEDS_NOTHING, check_database},
    {"schema", NEEDS_DATABASE, check_schema},
    {"roles", NEEDS_DATABASE, check_roles},
    {"log", NEEDS_SCHEMA, check_log},
    {"partitions", NEEDS_SCHEMA, check_partitions},
    {"sources", NEEDS_SCHEMA, check_sources},
    {"deadlines", NEEDS_SCHEMA, check_deadlines},
    {"follower", NEEDS_SCHEMA, check_follower},
    {"clock", NEEDS_DATABASE, check_clock},
    {"ack key", NEEDS_CONFIG, doctor_check_ack_key},
    {"checkpoint key", NEEDS_CONFIG, doctor_check_checkpoint_key},
    {"head file", NEEDS_SCHEMA, doctor_check_head_file},
    {"broker password", NEEDS_CONFIG, check_broker_password},
    {"broker", NEEDS_CONFIG, check_broker},
};

static bool is_met(const struct doctor *doctor, enum need need)
{
    switch (need) {
    case NEEDS_NOTHING:
        return true;
    case NEEDS_CONFIG:
        return doctor->has_config;
    case NEEDS_DATABASE:
        return doctor->database != NULL;
    case NEEDS_SCHEMA:
        return doctor->has_schema;
    }
    return false;
}

static int print_outcomes(struct ctl *ctl, const struct outcome *outcomes)
{
    static const char *const headers[] = {"check", "", "found", "hint"};
    struct table *table = table_new(COUNT(headers), headers);
    json_t *list = json_array();
    bool failed = false;
    for (size_t i = 0; i < COUNT(checks); i++) {
        const char *status = status_words[outcomes[i].status];
        failed = failed || outcomes[i].status == STATUS_FAIL;
        table_add(table, (const char *const[]){checks[i].name, status, outcomes[i].text, outcomes[i].hint});
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "check", checks[i].name, "status", status,
                                              "found", outcomes[i].text, "hint", outcomes[i].hint));
    }
    int exit_code = CTL_OK;
    if (ctl->json)
        exit_code = ctl_print_json(ctl, json_pack("{s:b, s:O}", "ok", !failed, "checks", list));
    else
        table_print(table, ctl->out);
    json_decref(list);
    table_free(table);
    return exit_code == CTL_OK && failed ? CTL_NEGATIVE : exit_code;
}

int doctor_command(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {
        "",
        "Checks what custodyd needs: configuration, database, schema, roles, log, partitions,\n"
        "sources, deadlines, clock, keys and broker. Each is ok, warn or fail, with a hint. Give it the\n"
        "daemon's --config, and run it as the daemon's user.\n\n"
        "Exit code: 0 nothing failed (warnings are allowed), 1 something failed.\n",
        0,
        0,
        NULL,
        0};
    int exit_code;
    struct outcome outcomes[COUNT(checks)] = {0};
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    struct doctor *doctor = calloc(1, sizeof *doctor);
    if (!doctor)
        return ctl_fail(ctl, CTL_TEMPORARY, "doctor: %s", error_words(ERR_NO_MEMORY));
    doctor->ctl = ctl;
    for (size_t i = 0; i < COUNT(checks); i++) {
        if (is_met(doctor, checks[i].need))
            checks[i].run(doctor, &outcomes[i]);
        else
            doctor_set(&outcomes[i], STATUS_SKIPPED, "see above", "not checked");
    }
    free(doctor);
    return print_outcomes(ctl, outcomes);
}
