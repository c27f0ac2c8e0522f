/* migrate.h - brings a database to the schema this program carries, and says whether it is there.
 *
 * Files under sql/: migrations/ are numbered and run once, forward only; functions/, views/, api/ and roles.sql hold
 * the current definition and run again when they changed. migration.applied remembers name and SHA-256 of everything
 * that ran. */
#ifndef CUSTODY_CTL_MIGRATE_H
#define CUSTODY_CTL_MIGRATE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "io/database.h"

/* Applies what is missing, each file in a transaction of its own, one program at a time (a second one waits, then
 * finds nothing to do). Writes a line a file to `out`. dry_run: only says what would run. A failed file leaves the
 * ones before it applied.
 * 0; ERR_SCHEMA: a file was edited after it ran, or the database is newer than this program; ERR_CONFLICT: a lock was
 * not to be had in time; or what the database said. */
int migrate_apply(struct database *database, bool dry_run, FILE *out, struct error *error) MUST_USE;

/* Is the schema exactly the one this program carries? 0, or ERR_SCHEMA with a hint. Changes nothing; needs SELECT on
 * migration.applied, as custody_ingest, custody_console and custody_monitor have it. */
int migrate_check(struct database *database, struct error *error) MUST_USE;

#endif
