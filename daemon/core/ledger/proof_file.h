/* proof_file.h - the receipt that an auditor takes home: index, inclusion proof and cosigned checkpoint in one text (C2SP
 * tlog-proof, c2sp.org/tlog-proof@v1).
 *
 * `extra` is for whoever made the leaf: ours is leaf type, time of receipt and salt, out of which, with the record, the leaf hash
 * is computed again (architecture section 6). Nothing signs it: believe it only when the proof holds for that leaf hash.
 *
 * Pure. custodyctl writes and reads it. */
#ifndef CUSTODY_CORE_LEDGER_PROOF_FILE_H
#define CUSTODY_CORE_LEDGER_PROOF_FILE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "core/ledger/leaf.h"
#include "core/ledger/policy.h"
#include "core/ledger/proof.h"

/* Our extra: type u8 || received_us u64 big-endian || salt. */
enum { PROOF_FILE_EXTRA_BYTES = 1 + 8 + SALT_BYTES };

struct proof_extra {
    enum leaf_type type;
    int64_t received_us;
    uint8_t salt[SALT_BYTES];
};

struct proof_file {
    struct text extra; /* base64, as it stands in the file; empty: none */
    uint64_t index;
    struct proof proof;
    struct text checkpoint; /* the whole signed note; borrowed */
};

void proof_file_put(const struct proof_file *file, struct buffer *out);

/* Strict in form: each line, the note around the checkpoint, the checkpoint's three lines, and that the index lies within its
 * size. No signature is checked. 0, ERR_INVALID or ERR_TOO_LARGE (more hashes than a proof can have), with words. */
int proof_file_parse(struct text t, struct proof_file *file, struct error *error) MUST_USE;

/* All that an auditor asks: the checkpoint is good by the policy, and the leaf hash is in its tree at the index. 0, what
 * policy_judge returns, or ERR_INVALID (the proof does not hold), with words. */
int proof_file_verify(const struct proof_file *file, const struct digest *leaf_hash, const struct policy *policy,
                      struct policy_verdict *verdict, struct error *error) MUST_USE;

/* Our extra in base64, and back. ERR_INVALID unless it has our length and a leaf type that we write. */
#define PROOF_FILE_EXTRA_SIZE BASE64_SIZE(PROOF_FILE_EXTRA_BYTES)
void proof_file_extra_encode(const struct proof_extra *extra, char *out);
int proof_file_extra_decode(struct text base64, struct proof_extra *extra) MUST_USE;

#endif
