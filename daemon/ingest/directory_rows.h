/* directory_rows.h - rows of the registry as the values of core/directory: licences, links, figures, clocks, calendar,
 * yields. */
#ifndef CUSTODY_INGEST_DIRECTORY_ROWS_H
#define CUSTODY_INGEST_DIRECTORY_ROWS_H

#include "base/arena.h"
#include "core/directory.h"
#include "io/pg.h"

/* What to ask for. Days are Asia/Shanghai days; times come as timestamptz, valid in [from, until). */
#define PERMITS_SQL                                                                                                    \
    "SELECT party_id, coalesce(site_id, 0), kind, valid_from::timestamp AT TIME ZONE 'Asia/Shanghai',"                 \
    " (valid_until + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' FROM registry.permit ORDER BY party_id, permit_id"
#define LINKS_SQL                                                                                                      \
    "SELECT l.party_id, l.linked_party_id, valid_from::timestamp AT TIME ZONE 'Asia/Shanghai',"                        \
    " (valid_until + 1)::timestamp AT TIME ZONE 'Asia/Shanghai', kind"                                                 \
    " FROM (SELECT party_id, linked_party_id, valid_from, valid_until, kind, link_id FROM registry.party_link"         \
    " UNION ALL SELECT linked_party_id, party_id, valid_from, valid_until, kind, link_id FROM registry.party_link) l"  \
    " ORDER BY l.party_id, link_id"
#define FIGURES_SQL "SELECT name, value FROM registry.figure"
#define CLOCKS_SQL                                                                                                     \
    "SELECT kind, limit_count, limit_unit, warn_before_h, grace_h, severity, basis = 'law' FROM registry.clock_kind"
#define YIELDS_SQL "SELECT vehicle_class, item_kind, least_g FROM registry.yield ORDER BY vehicle_class, item_kind"
#define CALENDAR_SQL "SELECT day - date '1970-01-01', working FROM registry.calendar_day ORDER BY day"

/* Fill the directory from the answers; texts are copied into the arena. False when memory is exhausted. */
bool directory_take_permits(struct directory *directory, struct arena *arena, const struct pg_result *result);
bool directory_take_yields(struct directory *directory, struct arena *arena, const struct pg_result *result);
bool directory_take_calendar(struct directory *directory, struct arena *arena, const struct pg_result *result);
/* Clocks that this program does not know, and units, are passed over. */
void directory_take_clocks(struct directory *directory, const struct pg_result *result);
bool directory_take_links(struct directory *directory, struct arena *arena, const struct pg_result *result);
/* The name of a figure that is missing, or NULL. Names that this program does not know are passed over. */
const char *directory_take_figures(struct directory *directory, const struct pg_result *result);

#endif
