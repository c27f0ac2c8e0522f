/* embedded_sql.h - the files of sql/, compiled into custodyctl byte for byte, so that a binary carries its own schema; and those that
 * every evidence bundle carries.
 *
 * The build writes the tables from the tree (embed.sh): every .sql file below sql/, every .proto file, the bundle's README. */
#ifndef CUSTODY_CTL_EMBEDDED_SQL_H
#define CUSTODY_CTL_EMBEDDED_SQL_H

#include <stddef.h>

/* The bytes are [start, end); *end is a NUL that is not one of them, so that they read as a string too. */
struct embedded_file {
    const char *name; /* below sql/, such as "migrations/0001_registry.sql" */
    const unsigned char *start, *end;
};

/* Sorted by name, bytewise: api/... functions/... migrations/... roles.sql views/... */
extern const struct embedded_file embedded_sql[];
extern const size_t embedded_sql_count;

/* Named from the top of the tree: daemon/ctl/bundle_readme.md, proto/custody/v1/... */
extern const struct embedded_file embedded_bundle[];
extern const size_t embedded_bundle_count;

#endif
