/* cosign.h - asks the witnesses of the policy to cosign each new checkpoint (C2SP tlog-witness, add-checkpoint), all at once, each at its own
 * pace.
 *
 * The life of one question: the newest checkpoint and the size that the witness cosigned last -> the tiles that prove that one continues
 * the other -> POST -> the answer verified -> ledger.cosignature. A witness that is still busy with one checkpoint is asked
 * about the newest when it is done; those between stay without it. What it cosigned last is known from ledger.cosignature, and from the
 * witness itself when it answers 409.
 *
 * Nothing waits for it: it has a connection to the database of its own, and a witness that is slow, away or hostile costs a deadline, a bounded
 * answer, and a pause that grows with each failure. */
#ifndef CUSTODY_INGEST_COSIGN_H
#define CUSTODY_INGEST_COSIGN_H

#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "base/text.h"
#include "config.h"

struct cosigner;

/* Reads config->policy_file, which must not be empty and must name the log. NULL and words (ERR_CONFIG) otherwise. */
struct cosigner *cosigner_new(uv_loop_t *loop, const struct config *config, struct error *error);
void cosigner_open(struct cosigner *cosigner);
/* This checkpoint is in ledger.checkpoint. Copies. Smaller ones than the newest are passed over. */
void cosigner_checkpoint(struct cosigner *cosigner, uint64_t size, struct text note);
void cosigner_close(struct cosigner *cosigner, void (*on_closed)(void *context), void *context);

#endif
