/* evidence_rows.h - what rules E02, E03, E06, E07 and E08 weigh of a set of items, for rebuild. */
#ifndef CUSTODY_CTL_EVIDENCE_ROWS_H
#define CUSTODY_CTL_EVIDENCE_ROWS_H

#include "ctl/ctl.h"
#include "ctl/history.h"
#include "io/evidence.h"

/* True when the daemon has followed the log to its head: only then do its flags say all that there is to find. 0, or an exit code. */
int evidence_is_followed(struct ctl *ctl, bool *followed) MUST_USE;

/* Dossiers of the items of a loaded history, in its arena; kind and ban are the caller's to set. 0, or an exit code after the error
 * was printed. */
int evidence_load(struct ctl *ctl, const char *item_ids, struct history *history, struct dossiers *dossiers) MUST_USE;

#endif
