/* policy.h - whom one trusts: a file that names logs, witnesses, groups of them and the quorum that a checkpoint must have (C2SP
 * tlog-policy), and judging a checkpoint by it.
 *
 * Pure. The daemon asks it whom to ask and whether cosignatures suffice, custodyctl whether a proof is good. */
#ifndef CUSTODY_CORE_LEDGER_POLICY_H
#define CUSTODY_CORE_LEDGER_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "core/ledger/checkpoint.h"
#include "core/ledger/verifier_key.h"

/* The specification asks for 32 each at least. Members are witnesses and groups. */
enum { POLICY_LOGS_MAX = 64, POLICY_MEMBERS_MAX = 128, POLICY_BYTES_MAX = 1 << 20 };
#define POLICY_NOBODY SIZE_MAX /* as a member: `none`, or in no group */

struct policy_log {
    struct verifier_key key; /* Ed25519; its name is the log's origin */
    struct text url;         /* empty: none given */
};

/* A witness, or a group of members that stand before it. */
struct policy_member {
    struct text name; /* of this file alone, not the key's */
    bool is_group;
    struct verifier_key key; /* of a witness: cosignatures */
    struct text url;         /* of a witness; empty: none given */
    size_t needed;           /* of a group: how many of its members */
    size_t group;            /* the one group that it is in, or POLICY_NOBODY */
};

struct policy {
    size_t log_count, member_count;
    struct policy_log logs[POLICY_LOGS_MAX];
    struct policy_member members[POLICY_MEMBERS_MAX]; /* in the file's order */
    size_t quorum;                                    /* a member, or POLICY_NOBODY: no cosignature is needed */
};

/* Strict, by lines; texts borrow from `file`. 0, ERR_INVALID or ERR_TOO_LARGE (more than the bounds above) with words that begin
 * with the line's number. */
int policy_parse(struct text file, struct policy *policy, struct error *error) MUST_USE;

/* Whether these witnesses suffice: cosigned[i] tells of member i, and is not read for groups. */
bool policy_quorum(const struct policy *policy, const bool cosigned[POLICY_MEMBERS_MAX]);

struct policy_verdict {
    struct checkpoint checkpoint;        /* borrows from the note */
    size_t log;                          /* which of policy->logs signed it */
    bool cosigned[POLICY_MEMBERS_MAX];   /* which members of the policy did, groups aside */
    uint64_t time_s[POLICY_MEMBERS_MAX]; /* when, where it did: the latest, if several times */
};

/* Judges a signed checkpoint: by a log of the policy under its own origin, with a quorum of cosignatures. Lines of unknown keys are
 * passed over; one of a known key that does not verify spoils the note. 0, ERR_INVALID (no such note), ERR_NOT_FOUND (by no log of
 * the policy), ERR_SIGNATURE, or ERR_DENIED (too few witnesses), with words. *verdict holds only after 0. */
int policy_judge(const struct policy *policy, struct text note, struct policy_verdict *verdict,
                 struct error *error) MUST_USE;

#endif
