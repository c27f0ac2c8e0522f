/* flags.h - what the rules found, brought to the flags (flag.settle, flag.withdraw). */
#ifndef CUSTODY_INGEST_FLAGS_H
#define CUSTODY_INGEST_FLAGS_H

#include "ingest/batch.h"
#include "ingest/judge.h"
#include "ingest/transaction.h"
#include "io/evidence.h"

/* Flags of the judged items: raised, supported, withdrawn; of an item whose findings were too many, none is withdrawn. */
void flags_settle_items(struct transaction *transaction, struct params *params, const struct judged *judged,
                        size_t count);
/* Flags of the rules that need a dossier, of judged dossiers: raised, supported, withdrawn. */
void flags_settle_dossiers(struct transaction *transaction, struct params *params, const struct dossiers *dossiers);
/* What one sighting of a source says about the source that reported it. */
struct sighting_flag {
    int64_t source_id;
    uint64_t log_index;
    uint16_t ordinal;
    struct finding finding;
    struct sighting_flag *next;
};
/* Raised or supported. */
void flags_settle_sightings(struct transaction *transaction, struct params *params, const struct sighting_flag *flags);
/* Flags of sources (rules S01-S05) of the range. Log indexes of the evidence are set. */
void flags_settle_sources(struct transaction *transaction, struct params *params, const struct batch *batch);

#endif
