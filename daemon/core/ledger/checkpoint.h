/* checkpoint.h - the log's signed head: origin, size and root as a note (C2SP tlog-checkpoint), without extensions.
 *
 * Pure. */
#ifndef CUSTODY_CORE_LEDGER_CHECKPOINT_H
#define CUSTODY_CORE_LEDGER_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/ledger/verifier_key.h"

struct checkpoint {
    struct text origin; /* not empty; borrowed */
    uint64_t size;      /* leaves */
    struct digest root;
};

/* The three lines that are signed. */
void checkpoint_put(const struct checkpoint *checkpoint, struct buffer *out);
/* The lines, and behind them the log's signature: a whole note. The signer's name should be the origin. */
void checkpoint_put_signed(const struct checkpoint *checkpoint, const struct note_signer *signer, struct buffer *out);

/* Strict: three lines and nothing else, the size without sign or leading zeros, a root of 32 bytes that is the empty tree's when
 * the size is 0. Extension lines are allowed by the specification and refused here: nobody audits them. 0, or ERR_INVALID with
 * words. The origin borrows from `t`. */
int checkpoint_parse(struct text t, struct checkpoint *checkpoint, struct error *error) MUST_USE;

/* As a witness has to read it, of whatever log: extension lines may follow (they are signed, and nobody's business), and whether the
 * root is possible is left to the caller, who checkpoint_root_is_possible tells. 0, or ERR_INVALID with words. */
int checkpoint_parse_any(struct text t, struct checkpoint *checkpoint, struct error *error) MUST_USE;
/* A tree of size 0 has one root, the hash of nothing. */
bool checkpoint_root_is_possible(const struct checkpoint *checkpoint);

/* Reads a signed checkpoint of the log whose key this is (of algorithm Ed25519), whose name must be the origin. 0, ERR_INVALID (no
 * such note), ERR_NOT_FOUND (not signed by this key, or of another origin) or ERR_SIGNATURE, with words. */
int checkpoint_open(struct text note, const struct verifier_key *log, struct checkpoint *checkpoint,
                    struct error *error) MUST_USE;

#endif
