/* gate.h - who speaks, may they, and where does it belong: everything that is decided before the transaction.
 *
 * In three steps. gate_attribute runs for each message as it arrives (no signature is checked before the source's token bucket
 * says yes). gate_judge runs over a range of the batch when its signatures have been checked. gate_settle takes the database's
 * answers about what was seen before. */
#ifndef CUSTODY_INGEST_GATE_H
#define CUSTODY_INGEST_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config.h"
#include "core/source/bucket.h"
#include "ingest/batch.h"
#include "ingest/counters.h"
#include "ingest/registry.h"

struct gate {
    const struct config *config; /* borrowed */
    struct registry *registry;   /* borrowed */
    struct counters *counters;   /* borrowed */
    struct bucket unattributed;  /* dead letters that nobody answers for */
};

/* Takes a message into the batch and says whose it is. 0, or ERR_TOO_LARGE when the batch is full: nothing was taken. */
int gate_attribute(struct gate *gate, struct batch *batch, struct text topic, struct text payload,
                   int64_t now_us) MUST_USE;

/* Epochs of the range that must be loaded from the database before gate_judge: older than the newest one we know.
 * Calls back for each (source, epoch) once; returns how many. */
size_t gate_missing_streams(struct batch *batch, void (*each)(void *context, struct source *source, uint32_t epoch),
                            void *context);

/* Judges batch->from .. batch->to: fates, streams, warnings, findings. Repeatable after batch_unjudge. 0 or ERR_NO_MEMORY. */
int gate_judge(struct gate *gate, struct batch *batch) MUST_USE;

/* For FATE_SEEN, what the database knows. `same`: the record under this seq has these bytes, or was erased and there is nothing to compare
 * with; `again`: these bytes are kept as an equivocation already. */
void gate_settle(struct batch *batch, struct batch_envelope *envelope, bool same, bool again);

#endif
