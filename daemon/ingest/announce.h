/* announce.h - says in the log who signs and which program stores, before anything is signed (core/ledger/key_event.h). */
#ifndef CUSTODY_INGEST_ANNOUNCE_H
#define CUSTODY_INGEST_ANNOUNCE_H

#include "base/hash.h"
#include "core/ledger/key_event.h"
#include "ingest/transaction.h"

struct announcement {
    struct transaction *transaction; /* borrowed */
    struct params *params;           /* borrowed */
    struct text origin;
    const struct note_signer *signer, *ack_signer; /* borrowed; ack_signer may be NULL */
    const char *version;
    struct digest program; /* SHA-256 of the program's file */

    struct key_chain chain;
    unsigned rounds;
    transaction_step on_done, on_stranger;
    void *context;
};

/* A step of the transaction: reads the announced keys, announces ours where they are not among them, then the program. Goes on with
 * on_done, or with on_stranger when the log's keys do not lead to our checkpoint key: chain.standing says how. */
void announce_run(struct announcement *announcement, transaction_step on_done, transaction_step on_stranger,
                  void *context);

#endif
