/* fuzz_witness.c - any bytes as what a log submits to a witness: refused with clean words, or the same bytes when written again; and without
 * the log's signature never cosigned. */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "core/ledger/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A log of the seeds' origin, with a key that signed none of them. */
static const struct policy *known_log(void)
{
    static struct policy policy = {.quorum = POLICY_NOBODY};
    static const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES] = {1};

    if (policy.log_count == 0) {
        policy.log_count = 1;
        verifier_key_init(&policy.logs[0].key, NOTE_ED25519, TEXT("log.example/one"), public_key);
    }
    return &policy;
}

static void check_again(const struct witness_request *request, struct text body)
{
    struct buffer again;

    buffer_init(&again, body.len);
    witness_request_put(request, &again);
    assert(text_equal(buffer_text(&again), body));
    buffer_fini(&again);
}

/* Never a crash, whatever the state; nothing that was not proved passes. */
static void check_decision(struct text body, const struct witness_request *request)
{
    struct witness_submission submission = {.request = *request, .checkpoint = {.size = request->old_size + 1}};
    const struct witness_state states[] = {{.size = 0}, {.size = request->old_size}};

    assert(witness_examine(body, known_log(), &(struct witness_submission){.log = 0}, NULL) != WITNESS_COSIGN);
    for (size_t i = 0; i < 2; i++) {
        struct error error = {0};
        enum witness_status status = witness_decide(&submission, &states[i], &error);

        assert((status == WITNESS_COSIGN) == (error.text[0] == '\0') && text_is_clean_utf8(text_of(error.text)));
        assert(status != WITNESS_COSIGN || request->old_size == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text body = {(const char *)data, size};
    struct witness_request request;
    struct witness_state state;
    struct error error = {0};
    int code = witness_request_parse(body, &request, &error);

    assert((code == 0) == (error.text[0] == '\0') && text_is_clean_utf8(text_of(error.text)));
    assert(witness_state_parse(body, TEXT("log.example/one"), &(struct verifier_key){.algorithm = NOTE_COSIGNATURE_V1},
                               &state, NULL) != 0);
    if (code)
        return 0;
    check_again(&request, body);
    check_decision(body, &request);
    return 0;
}
