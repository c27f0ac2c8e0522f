/* fuzz_proof_file.c - any bytes as a proof file: refused with clean words, or the same bytes when written again, and no proof. */
#include <assert.h>
#include <string.h>

#include "core/ledger/proof_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct proof_file *file, struct text text)
{
    struct buffer again;

    buffer_init(&again, 1 << 20);
    proof_file_put(file, &again);
    assert(text_equal(buffer_text(&again), text));
    buffer_fini(&again);
}

static void check_extra(struct text base64)
{
    struct proof_extra extra;
    char again[PROOF_FILE_EXTRA_SIZE];

    if (proof_file_extra_decode(base64, &extra))
        return;
    proof_file_extra_encode(&extra, again);
    assert(text_equal(text_of(again), base64));
}

/* No key is trusted, so nothing may be proved; and hashes that were not made for it lead nowhere. */
static void check_no_proof(const struct proof_file *file)
{
    static const struct policy nobody = {.quorum = POLICY_NOBODY};
    const struct digest leaf = sha256("leaf", 4), root = sha256("root", 4);
    struct policy_verdict verdict;

    assert(proof_file_verify(file, &leaf, &nobody, &verdict, NULL) != 0);
    assert(!proof_inclusion_holds(file->index, verdict.checkpoint.size, &leaf, file->proof.hashes, file->proof.count,
                                  &root));
    assert(!proof_consistency_holds(file->index, verdict.checkpoint.size, file->proof.hashes, file->proof.count, &leaf,
                                    &root));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text input = {(const char *)data, size};
    struct proof_file file;
    struct error error = {0};
    int code = proof_file_parse(input, &file, &error);

    assert((code == 0) == (error.text[0] == '\0') && text_is_clean_utf8(text_of(error.text)));
    if (code)
        return 0;
    check_again(&file, input);
    check_extra(file.extra);
    check_no_proof(&file);
    return 0;
}
