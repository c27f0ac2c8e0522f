/* cosignature.h - what a witness adds to a checkpoint: its Ed25519 signature over the time and the head (C2SP tlog-cosignature,
 * cosignature/v1, algorithm 0x04).
 *
 * Pure: time is an argument, in seconds since 1970 (POSIX). The witness role signs, the daemon and custodyctl verify. */
#ifndef CUSTODY_CORE_LEDGER_COSIGNATURE_H
#define CUSTODY_CORE_LEDGER_COSIGNATURE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "core/ledger/verifier_key.h"

enum { COSIGNATURE_BYTES = 8 + 64, COSIGNATURE_CHECKPOINT_MAX = 4096 };
#define COSIGNATURE_TIME_MAX ((uint64_t)INT64_MAX) /* seconds; the specification's bound */

/* A witness as a signer of cosignatures; the key must not sign anything else. */
void cosignature_signer_init(struct note_signer *signer, const char *name,
                             const uint8_t secret_key[NOTE_SECRET_KEY_BYTES]);

/* Appends the signature line over a checkpoint's text (the lines that checkpoint_put writes). The time is not 0: that would say
 * nothing about when (C2SP tlog-witness). 0, ERR_INVALID (the time) or ERR_TOO_LARGE (the text). */
int cosignature_put(struct text checkpoint, uint64_t time_s, const struct note_signer *signer,
                    struct buffer *out) MUST_USE;

/* Checks a signature line that names this key (verifier_key_signed) against a checkpoint's text; *time_s is when the witness
 * signed. 0 or ERR_SIGNATURE. Whether the time is in the future is for a caller with a clock to judge. */
int cosignature_verify(struct text checkpoint, const struct note_signature *signature, const struct verifier_key *key,
                       uint64_t *time_s) MUST_USE;

#endif
