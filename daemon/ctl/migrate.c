/* migrate.c - brings a database to the schema this program carries: `custodyctl migrate`.
 *
 * Life of a run: take the advisory lock, read migration.applied, plan (compare it with the files in this program),
 * then for each file that is due: BEGIN, become the owner, run it, remember it, COMMIT. When anything numbered ran,
 * every repeatable file runs again, because a migration may have dropped or replaced what they stand on; when anything
 * at all ran, roles.sql runs again, so that new tables get their grants. */
#include "ctl/migrate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "ctl/ctl.h"
#include "ctl/embedded_sql.h"

#define OWNER "custody_owner"
/* The bytes "custody" and a zero. Any constant would do, as long as nobody else in this database locks it. */
#define LOCK_KEY "7166761325952268544"
#define LOCK_WAIT "10min"
#define FILE_LOCK_WAIT "5s"

/* What is run, in this order. The first migration makes the owner, and roles.sql makes roles: both need the caller's
 * own rights. */
static const struct phase {
    const char *prefix;
    bool once, as_owner;
} phases[] = {
    {"migrations/0000_", true, false}, {"migrations/", true, true}, {"functions/", false, true}, {"data/", false, true},
    {"views/", false, true},           {"api/", false, true},       {"roles.sql", false, false},
};
enum { PHASE_COUNT = sizeof phases / sizeof *phases };

struct step {
    const struct embedded_file *file;
    const struct phase *phase;
    char sha256[HEX_SIZE(SHA256_BYTES)];
    bool due;
};

struct plan {
    struct step *steps;
    size_t count, due;
};

/* ---- the files ---- */

static const struct phase *phase_of(const char *name)
{
    for (size_t i = 0; i < PHASE_COUNT; i++)
        if (strncmp(name, phases[i].prefix, strlen(phases[i].prefix)) == 0)
            return &phases[i];
    return NULL;
}

static struct step step_of(const struct embedded_file *file, const struct phase *phase)
{
    struct step step = {.file = file, .phase = phase};
    struct digest digest = sha256(file->start, (size_t)(file->end - file->start));
    hex_encode(digest.bytes, sizeof digest.bytes, step.sha256);
    return step;
}

/* The embedded files in the order in which they run; their own order within a phase is that of their names. */
static int plan_files(struct plan *plan, struct error *error)
{
    *plan = (struct plan){.steps = calloc(embedded_sql_count, sizeof *plan->steps)};
    if (!plan->steps)
        return error_set(error, ERR_NO_MEMORY, "no memory for the list of SQL files");
    for (size_t p = 0; p < PHASE_COUNT; p++)
        for (size_t i = 0; i < embedded_sql_count; i++)
            if (phase_of(embedded_sql[i].name) == &phases[p])
                plan->steps[plan->count++] = step_of(&embedded_sql[i], &phases[p]);
    assert(plan->count == embedded_sql_count); /* a file outside these folders was compiled in and would never run */
    return 0;
}

/* ---- what the database has ---- */

static const char history_exists_sql[] =
    "SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'migration' AND c.relname = 'applied'";
static const char history_sql[] = "SELECT DISTINCT ON (name) name, encode(sha256, 'hex') FROM migration.applied "
                                  "ORDER BY name, applied_id DESC";

/* Name and checksum of what ran last under each name; NULL rows when the database has no history at all. */
static int read_history(struct database *database, struct rows **history, struct error *error)
{
    struct rows *exists;
    *history = NULL;
    int code = database_query(database, history_exists_sql, 0, NULL, &exists, error);
    if (code < 0)
        return code;
    bool found = rows_count(exists) > 0;
    rows_free(exists);
    if (!found)
        return 0;
    return database_query(database, history_sql, 0, NULL, history, error);
}

static const char *applied_sha256(const struct rows *history, const char *name)
{
    for (size_t row = 0; history && row < rows_count(history); row++)
        if (strcmp(rows_text(history, row, 0), name) == 0)
            return rows_text(history, row, 1);
    return NULL;
}

static const struct step *find_step(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->steps[i].file->name, name) == 0)
            return &plan->steps[i];
    return NULL;
}

static int refuse_newer_database(const struct plan *plan, const struct rows *history, struct error *error)
{
    for (size_t row = 0; history && row < rows_count(history); row++) {
        const char *name = rows_text(history, row, 0);
        const struct phase *phase = phase_of(name);
        if ((!phase || phase->once) && !find_step(plan, name))
            return error_set(error, ERR_SCHEMA,
                             "the database is newer than this program: it has %s; hint: run the version of "
                             "custodyctl and custodyd that brought this file",
                             name);
    }
    return 0;
}

/* Decides for a file that runs once; `gap` names the first one that is missing. */
static int plan_once(struct step *step, const char *applied, const char **gap, struct error *error)
{
    const char *name = step->file->name;
    step->due = !applied;
    if (!applied) {
        *gap = *gap ? *gap : name;
        return 0;
    }
    if (strcmp(applied, step->sha256) != 0)
        return error_set(error, ERR_SCHEMA,
                         "%s was edited after it ran: the database ran sha256 %s, this program carries %s; "
                         "hint: restore the file and put the change into a new migration",
                         name, applied, step->sha256);
    if (*gap)
        return error_set(error, ERR_SCHEMA,
                         "%s has run, but %s before it has not; hint: migrations are added at the end: give it "
                         "the next free number",
                         name, *gap);
    return 0;
}

/* Marks what is due. Nothing is changed, so that a refusal comes before the first statement. */
static int plan_due(struct plan *plan, const struct rows *history, struct error *error)
{
    int code = refuse_newer_database(plan, history, error);
    const char *gap = NULL;
    for (size_t i = 0; code == 0 && i < plan->count; i++) {
        struct step *step = &plan->steps[i];
        const char *applied = applied_sha256(history, step->file->name);
        if (step->phase->once)
            code = plan_once(step, applied, &gap, error);
        else
            step->due = gap || !applied || strcmp(applied, step->sha256) != 0 ||
                        (step->phase == &phases[PHASE_COUNT - 1] && plan->due > 0);
        plan->due += step->due;
    }
    return code;
}

static int plan_make(struct database *database, struct plan *plan, struct error *error)
{
    struct rows *history = NULL;
    int code = plan_files(plan, error);
    if (code == 0)
        code = read_history(database, &history, error);
    if (code == 0)
        code = plan_due(plan, history, error);
    rows_free(history);
    return code;
}

static void plan_free(struct plan *plan)
{
    free(plan->steps);
    *plan = (struct plan){0};
}

/* ---- running them ---- */

static int remember(struct database *database, const struct step *step, struct error *error)
{
    const char *params[] = {step->file->name, step->sha256};
    int code = database_script(database, "SET LOCAL ROLE " OWNER, error);
    if (code < 0)
        return code;
    return database_query(database, "INSERT INTO migration.applied (name, sha256) VALUES ($1, decode($2, 'hex'))", 2,
                          params, NULL, error);
}

/* The search path is empty of ours on purpose: a file names every schema it means. */
static const char settings_sql[] = "SET LOCAL lock_timeout = '" FILE_LOCK_WAIT "'; SET LOCAL statement_timeout = 0; "
                                   "SET LOCAL check_function_bodies = on; SET LOCAL search_path = pg_catalog, pg_temp";

static int run_in_transaction(struct database *database, const struct step *step, struct error *error)
{
    int code = database_script(database, settings_sql, error);
    if (code == 0 && step->phase->as_owner)
        code = database_script(database, "SET LOCAL ROLE " OWNER, error);
    if (code == 0)
        code = database_script(database, (const char *)step->file->start, error);
    if (code == 0)
        code = remember(database, step, error);
    return code;
}

static int run_step(struct database *database, const struct step *step, struct error *error)
{
    int code = database_script(database, "BEGIN", error);
    if (code < 0)
        return code;
    code = run_in_transaction(database, step, error);
    if (code == 0)
        code = database_script(database, "COMMIT", error);
    if (code == 0)
        return 0;
    if (code == ERR_IO && *database_sqlstate(database)) {
        code = ERR_SCHEMA; /* the server understood and said no: trying again will not help */
        if (error)
            error->code = code;
    }
    struct error ignored;
    (void)!database_script(database, "ROLLBACK", &ignored); /* the first failure is the one to report */
    error_prefix(error, "%s", step->file->name);
    return code;
}

static int run_due(struct database *database, const struct plan *plan, bool dry_run, FILE *out, struct error *error)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < plan->count; i++) {
        const struct step *step = &plan->steps[i];
        if (!step->due)
            continue;
        if (!dry_run)
            code = run_step(database, step, error);
        if (code == 0)
            fprintf(out, "%s %s\n", dry_run ? "would apply" : "applied", step->file->name);
    }
    if (code == 0 && plan->due == 0)
        fprintf(out, "nothing to do: the schema is current\n");
    return code;
}

/* ---- one at a time ---- */

static const char server_sql[] = "SELECT current_setting('server_version_num'), current_setting('server_version'), "
                                 "current_setting('server_encoding')";

/* Text that the server would store in another encoding is refused here, not by the first Chinese comment. */
static int check_server(struct database *database, struct error *error)
{
    struct rows *rows;
    int code = database_query(database, server_sql, 0, NULL, &rows, error);
    if (code < 0)
        return code;
    if (rows_i64(rows, 0, 0) < 150000)
        code = error_set(error, ERR_SCHEMA, "PostgreSQL is version %s; hint: 15 or newer is needed",
                         rows_text(rows, 0, 1));
    else if (strcmp(rows_text(rows, 0, 2), "UTF8") != 0)
        code = error_set(error, ERR_SCHEMA,
                         "the database's encoding is %s; hint: createdb --encoding=UTF8 --locale=C.UTF-8 "
                         "--template=template0",
                         rows_text(rows, 0, 2));
    rows_free(rows);
    return code;
}

/* Two programs that migrate at once would both find the same files due. The lock belongs to the session, so it
 * outlives the transactions and goes with the connection. */
static int lock(struct database *database, FILE *out, struct error *error)
{
    struct rows *rows;
    int code = database_query(database, "SELECT pg_try_advisory_lock(" LOCK_KEY ")", 0, NULL, &rows, error);
    if (code < 0)
        return code;
    bool locked = strcmp(rows_text(rows, 0, 0), "t") == 0;
    rows_free(rows);
    if (locked)
        return 0;
    fprintf(out, "waiting: another custodyctl migrates this database\n");
    fflush(out);
    code = database_script(database, "SET lock_timeout = '" LOCK_WAIT "'; SET statement_timeout = 0", error);
    if (code == 0)
        code = database_query(database, "SELECT pg_advisory_lock(" LOCK_KEY ")", 0, NULL, NULL, error);
    if (code < 0)
        return error_prefix(error, "another custodyctl still migrates this database");
    return 0;
}

static void unlock(struct database *database)
{
    struct error ignored; /* a lost connection has lost the lock, too */
    (void)!database_query(database, "SELECT pg_advisory_unlock(" LOCK_KEY ")", 0, NULL, NULL, &ignored);
}

int migrate_apply(struct database *database, bool dry_run, FILE *out, struct error *error)
{
    struct plan plan = {0};
    int code = check_server(database, error);
    if (code < 0)
        return code;
    if (!dry_run && (code = lock(database, out, error)) < 0)
        return code;
    code = plan_make(database, &plan, error);
    if (code == 0)
        code = run_due(database, &plan, dry_run, out, error);
    if (!dry_run)
        unlock(database);
    plan_free(&plan);
    return code;
}

int migrate_check(struct database *database, struct error *error)
{
    struct plan plan = {0};
    int code = plan_make(database, &plan, error);
    for (size_t i = 0; code == 0 && i < plan.count; i++)
        if (plan.steps[i].due)
            code = error_set(error, ERR_SCHEMA,
                             "the database is older than this program: %s has not run (%zu in all); hint: "
                             "custodyctl migrate",
                             plan.steps[i].file->name, plan.due);
    plan_free(&plan);
    return code;
}

int migrate_command(struct ctl *ctl, int argc, char **argv)
{
    bool dry_run = false, check = false;
    const struct ctl_option options[] = {
        {"dry-run", CTL_OPTION_FLAG, NULL, "say which files would run, and change nothing", &dry_run, 0, 0},
        {"check", CTL_OPTION_FLAG, NULL, "exit 0 when the schema is current, 78 when it is not", &check, 0, 0},
    };
    const struct ctl_usage usage = {
        .operands = "",
        .description = "Brings the database to the schema this program carries. Safe to repeat and to\n"
                       "run twice at once. Needs a superuser the first time: it creates the roles.\n",
        .options = options,
        .option_count = sizeof options / sizeof *options,
    };
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;

    struct database *database;
    struct error error = {0};
    exit_code = ctl_database(ctl, &database);
    if (exit_code != CTL_OK)
        return exit_code;
    int code = check ? migrate_check(database, &error) : migrate_apply(database, dry_run, ctl->out, &error);
    return code < 0 ? ctl_fail_error(ctl, &error) : CTL_OK;
}
