/* witness.h - what a witness is asked and what it decides (C2SP tlog-witness, add-checkpoint): whether a log's new signed head continues
 * the one that it cosigned last.
 *
 * Pure: time, policy and state are arguments. Whoever calls keeps the state of one log from two requests at once, and stores what is
 * to be stored before it lets the cosignature out (serve/witness). */
#ifndef CUSTODY_CORE_LEDGER_WITNESS_H
#define CUSTODY_CORE_LEDGER_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "core/ledger/checkpoint.h"
#include "core/ledger/policy.h"

enum {
    WITNESS_PROOF_MAX = 63,               /* lines; the specification's bound */
    WITNESS_REQUEST_BYTES_MAX = 32 * 1024 /* of a request, and of the state of one log */
};

/* ---- the request's body */

struct witness_request {
    uint64_t old_size;
    size_t proof_count;
    struct digest proof[WITNESS_PROOF_MAX];
    struct text note; /* the signed checkpoint; borrowed */
};

/* "old <size>", the proof in lines of base64, an empty line, the checkpoint. 0, or ERR_INVALID with words. The note is not looked at. */
int witness_request_parse(struct text body, struct witness_request *request, struct error *error) MUST_USE;
void witness_request_put(const struct witness_request *request, struct buffer *out);

/* ---- the decision */

/* What the specification answers, as HTTP says it. */
enum witness_status {
    WITNESS_COSIGN = 200,
    WITNESS_MALFORMED = 400,
    WITNESS_UNSIGNED = 403,
    WITNESS_UNKNOWN_LOG = 404,
    WITNESS_CONFLICT = 409,
    WITNESS_INCONSISTENT = 422,
};

/* A request whose log is known and has signed. Borrows from the body. */
struct witness_submission {
    struct witness_request request;
    struct checkpoint checkpoint;
    struct text text;       /* what is signed */
    struct text signatures; /* all lines behind it, of whoever */
    size_t log;             /* in policy->logs: the first of this origin, which stands for its state */
};

/* What can be said without the state: WITNESS_COSIGN (go on), or MALFORMED, UNSIGNED, UNKNOWN_LOG with words. A log may have several keys
 * under its origin; one of them has to have signed, and none that is named may fail. */
enum witness_status witness_examine(struct text body, const struct policy *policy,
                                    struct witness_submission *submission, struct error *error) MUST_USE;

/* The head that was cosigned last; size 0: none. */
struct witness_state {
    uint64_t size;
    struct digest root;
};

/* WITNESS_COSIGN, or MALFORMED, CONFLICT (the answer is state->size), INCONSISTENT with words. */
enum witness_status witness_decide(const struct witness_submission *submission, const struct witness_state *state,
                                   struct error *error) MUST_USE;

/* ---- what is kept of a log: the note that a monitor may be given, which holds the log's signatures and our cosignature */

/* Cosigns: appends to `line` what the log is answered, and to `note` what is to be stored first. 0, ERR_INVALID (the time) or
 * ERR_TOO_LARGE. */
int witness_cosign(const struct witness_submission *submission, const struct policy *policy, uint64_t time_s,
                   const struct note_signer *signer, struct buffer *line, struct buffer *note) MUST_USE;
/* Reads such a note back. Only one of this origin with our own cosignature is believed. 0, ERR_INVALID, or ERR_SIGNATURE (damaged, or
 * of another witness key), with words. */
int witness_state_parse(struct text note, struct text origin, const struct verifier_key *witness,
                        struct witness_state *state, struct error *error) MUST_USE;

#endif
