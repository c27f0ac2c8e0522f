/* monitor_state.h - what a monitor remembers from one cycle to the next: the tree it recomputed and the last signed head it saw.
 *
 * Pure: text and back. The file is the monitor's own; it is parsed as strictly as if it were not. */
#ifndef CUSTODY_CORE_LEDGER_MONITOR_STATE_H
#define CUSTODY_CORE_LEDGER_MONITOR_STATE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "core/ledger/checkpoint.h"
#include "core/ledger/frontier.h"

enum { MONITOR_STATE_BYTES_MAX = 16384 };

struct monitor_state {
    int64_t seen_at_us;            /* end of the cycle */
    struct frontier frontier;      /* of every leaf that was recomputed */
    struct text note;              /* newest signed head, as it was read; borrowed; empty: none yet */
    struct checkpoint signed_head; /* what it says; not set without a note */
};

/* "custody-monitor/v1", "seen <us>", "size <leaves>", one line a node of the frontier in base64, an empty line, the note. */
void monitor_state_put(const struct monitor_state *state, struct buffer *out);
/* 0, or ERR_INVALID with words. A note that does not parse, or that is ahead of the tree, is refused; no signature is checked. */
int monitor_state_parse(struct text t, struct monitor_state *state, struct error *error) MUST_USE;

#endif
