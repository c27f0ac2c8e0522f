/* witness.c - reading, judging and cosigning what is submitted to a witness. */
#include "core/ledger/witness.h"

#include <inttypes.h>

#include "base/encoding.h"
#include "core/ledger/cosignature.h"
#include "core/ledger/line.h"
#include "core/ledger/proof.h"

/* ---- the request's body */

int witness_request_parse(struct text body, struct witness_request *request, struct error *error)
{
    struct text line;

    *request = (struct witness_request){.old_size = 0};
    if (!line_take_field(&body, "old", &line) || !line_to_u64(line, &request->old_size))
        return error_set(error, ERR_INVALID,
                         "request: no old size; hint: the first line, \"old <size>\", without leading zeros");
    for (;;) {
        if (!line_take(&body, &line))
            return error_set(error, ERR_INVALID,
                             "request: it ends within the proof; hint: an empty line ends the proof");
        if (text_empty(line))
            break;
        if (request->proof_count == WITNESS_PROOF_MAX)
            return error_set(error, ERR_INVALID, "request: more than %d lines of proof", WITNESS_PROOF_MAX);
        if (!line_to_digest(line, &request->proof[request->proof_count]))
            return error_set(error, ERR_INVALID, "request: proof line %zu; hint: base64 of 32 bytes",
                             request->proof_count + 1);
        request->proof_count++;
    }
    request->note = body;
    return 0;
}

void witness_request_put(const struct witness_request *request, struct buffer *out)
{
    char hash[BASE64_SIZE(SHA256_BYTES)];

    buffer_printf(out, "old %" PRIu64 "\n", request->old_size);
    for (size_t i = 0; i < request->proof_count; i++) {
        base64_encode(request->proof[i].bytes, SHA256_BYTES, hash);
        buffer_printf(out, "%s\n", hash);
    }
    buffer_put(out, "\n", 1);
    buffer_put_text(out, request->note);
}

/* ---- the decision */

static bool find_log(const struct policy *policy, struct text origin, size_t *log)
{
    for (*log = 0; *log < policy->log_count; ++*log)
        if (text_equal(policy->logs[*log].key.name, origin))
            return true;
    return false;
}

/* Whether a signature of this log holds: 1, none is there: 0, one does not hold: -1. */
static int hear_log(const struct policy *policy, struct text origin, struct text text,
                    const struct note_signature *signature)
{
    for (size_t i = 0; i < policy->log_count; i++) {
        const struct verifier_key *key = &policy->logs[i].key;

        if (text_equal(key->name, origin) && verifier_key_signed(key, signature))
            return note_signature_holds(signature, text, key->public_key) ? 1 : -1;
    }
    return 0;
}

static enum witness_status judge_signatures(const struct policy *policy, const struct witness_submission *submission,
                                            struct error *error)
{
    struct text rest = submission->signatures;
    struct note_signature signature;
    bool is_signed = false;

    while (note_signature_take(&rest, &signature)) {
        int heard = hear_log(policy, submission->checkpoint.origin, submission->text, &signature);

        if (heard < 0) {
            (void)error_set(error, ERR_SIGNATURE, "checkpoint: the log's signature does not verify");
            return WITNESS_UNSIGNED;
        }
        is_signed |= heard > 0;
    }
    if (is_signed)
        return WITNESS_COSIGN;
    (void)error_set(error, ERR_SIGNATURE, "checkpoint: not signed by a key of this log that is known here");
    return WITNESS_UNSIGNED;
}

enum witness_status witness_examine(struct text body, const struct policy *policy,
                                    struct witness_submission *submission, struct error *error)
{
    if (witness_request_parse(body, &submission->request, error))
        return WITNESS_MALFORMED;
    if (note_split(submission->request.note, &submission->text, &submission->signatures)) {
        (void)error_set(error, ERR_INVALID, "checkpoint: not a signed note");
        return WITNESS_MALFORMED;
    }
    if (submission->text.len > COSIGNATURE_CHECKPOINT_MAX) {
        (void)error_set(error, ERR_TOO_LARGE, "checkpoint: more than %d bytes", COSIGNATURE_CHECKPOINT_MAX);
        return WITNESS_MALFORMED;
    }
    if (checkpoint_parse_any(submission->text, &submission->checkpoint, error))
        return WITNESS_MALFORMED;
    if (!find_log(policy, submission->checkpoint.origin, &submission->log)) {
        (void)error_set(error, ERR_NOT_FOUND, "checkpoint: of a log that is not known here");
        return WITNESS_UNKNOWN_LOG;
    }
    return judge_signatures(policy, submission, error);
}

static bool proof_holds(const struct witness_request *request, const struct witness_state *state,
                        const struct checkpoint *checkpoint)
{
    if (request->old_size == 0) /* everything begins with the empty tree */
        return request->proof_count == 0;
    return proof_consistency_holds(request->old_size, checkpoint->size, request->proof, request->proof_count,
                                   &state->root, &checkpoint->root);
}

enum witness_status witness_decide(const struct witness_submission *submission, const struct witness_state *state,
                                   struct error *error)
{
    const struct witness_request *request = &submission->request;
    const struct checkpoint *checkpoint = &submission->checkpoint;

    if (request->old_size > checkpoint->size) {
        (void)error_set(error, ERR_INVALID, "old size: %" PRIu64 " is beyond the checkpoint's %" PRIu64,
                        request->old_size, checkpoint->size);
        return WITNESS_MALFORMED;
    }
    if (request->old_size != state->size) {
        (void)error_set(error, ERR_CONFLICT, "old size: %" PRIu64 ", and %" PRIu64 " is cosigned", request->old_size,
                        state->size);
        return WITNESS_CONFLICT;
    }
    if (!checkpoint_root_is_possible(checkpoint)) {
        (void)error_set(error, ERR_INVALID, "checkpoint: size 0 with a root that is not the hash of nothing");
        return WITNESS_INCONSISTENT;
    }
    if (!proof_holds(request, state, checkpoint)) {
        (void)error_set(error, ERR_INVALID, "checkpoint: not proved to continue the one of size %" PRIu64, state->size);
        return WITNESS_INCONSISTENT;
    }
    return WITNESS_COSIGN;
}

/* ---- what is kept */

/* The lines of the log that were verified; others' stay behind. */
static void put_log_signatures(const struct policy *policy, const struct witness_submission *submission,
                               struct buffer *note)
{
    struct text rest = submission->signatures, before = rest;
    struct note_signature signature;

    while (note_signature_take(&rest, &signature)) {
        if (hear_log(policy, submission->checkpoint.origin, submission->text, &signature) > 0)
            buffer_put(note, before.data, before.len - rest.len);
        before = rest;
    }
}

int witness_cosign(const struct witness_submission *submission, const struct policy *policy, uint64_t time_s,
                   const struct note_signer *signer, struct buffer *line, struct buffer *note)
{
    size_t start = line->len;
    int code = cosignature_put(submission->text, time_s, signer, line);

    if (code)
        return code;
    buffer_put_text(note, submission->text);
    buffer_put(note, "\n", 1);
    put_log_signatures(policy, submission, note);
    buffer_put(note, line->data + start, line->len - start);
    return line->failed || note->failed ? ERR_TOO_LARGE : 0;
}

static bool is_cosigned(struct text text, struct text signatures, const struct verifier_key *witness)
{
    struct note_signature signature;
    uint64_t time_s;

    while (note_signature_take(&signatures, &signature))
        if (verifier_key_signed(witness, &signature) && cosignature_verify(text, &signature, witness, &time_s) == 0)
            return true;
    return false;
}

int witness_state_parse(struct text note, struct text origin, const struct verifier_key *witness,
                        struct witness_state *state, struct error *error)
{
    struct text text, signatures;
    struct checkpoint checkpoint;
    int code;

    if (note_split(note, &text, &signatures))
        return error_set(error, ERR_INVALID, "state: not a signed note");
    code = checkpoint_parse_any(text, &checkpoint, error);
    if (code)
        return code;
    if (!text_equal(checkpoint.origin, origin))
        return error_set(error, ERR_INVALID, "state: of another log");
    if (!is_cosigned(text, signatures, witness))
        return error_set(error, ERR_SIGNATURE, "state: our cosignature is not on it or does not verify");
    *state = (struct witness_state){checkpoint.size, checkpoint.root};
    return 0;
}
