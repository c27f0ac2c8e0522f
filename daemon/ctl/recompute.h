/* recompute.h - the log computed again from its records, and everything that is stored about it compared: leaf hashes, tiles, the head,
 * signed roots. Names the first difference.
 *
 * By steps of RECOMPUTE_STEP leaves: the tiles and the signed heads of a step are read first, then its records stream by COPY. Reads only;
 * the caller's transaction is one snapshot. */
#ifndef CUSTODY_CTL_RECOMPUTE_H
#define CUSTODY_CTL_RECOMPUTE_H

#include "core/ledger/edge.h"
#include "core/ledger/monitor_state.h"
#include "core/ledger/policy.h"
#include "ctl/ctl.h"

enum { RECOMPUTE_STEP = 65536 };

struct recompute;

/* Borrows everything. `seen` is what was seen before; its tree is not recomputed unless `full`. NULL: no memory. */
struct recompute *recompute_new(struct ctl *ctl, struct database *database, const struct policy *policy,
                                const struct monitor_state *seen, bool full);
void recompute_free(struct recompute *recompute); /* NULL is fine */

/* CTL_OK: nothing differs. CTL_NEGATIVE: something does, recompute_difference says what; but where what was seen before is not where
 * it should be and the recomputing began there, recompute_needs_all is true, and only a full one can name the difference. Any other
 * exit code: after the error was printed. */
int recompute_run(struct recompute *recompute) MUST_USE;
const char *recompute_difference(const struct recompute *recompute);
bool recompute_needs_all(const struct recompute *recompute);

/* What was found, after CTL_OK. The note is the newest signed head; empty: none. */
void recompute_state(const struct recompute *recompute, int64_t seen_at_us, struct monitor_state *state);
uint64_t recompute_leaves(const struct recompute *recompute);
uint64_t recompute_signed_heads(const struct recompute *recompute);

#endif
