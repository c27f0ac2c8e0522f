/* checkpoint.c - writing, signing and reading checkpoints. */
#include "core/ledger/checkpoint.h"

#include <assert.h>
#include <inttypes.h>

#include "base/encoding.h"
#include "core/ledger/line.h"

void checkpoint_put(const struct checkpoint *checkpoint, struct buffer *out)
{
    char root[BASE64_SIZE(SHA256_BYTES)];

    base64_encode(checkpoint->root.bytes, SHA256_BYTES, root);
    buffer_printf(out, "%.*s\n%" PRIu64 "\n%s\n", TEXT_ARG(checkpoint->origin), checkpoint->size, root);
}

void checkpoint_put_signed(const struct checkpoint *checkpoint, const struct note_signer *signer, struct buffer *out)
{
    size_t start = out->len;

    checkpoint_put(checkpoint, out);
    note_sign(out, start, signer);
}

bool checkpoint_root_is_possible(const struct checkpoint *checkpoint)
{
    struct digest nothing = sha256("", 0);

    return checkpoint->size > 0 || digest_equal(&checkpoint->root, &nothing);
}

/* Cuts the three lines off. */
static int take_head(struct text *t, struct checkpoint *checkpoint, struct error *error)
{
    struct text size, root;

    if (!note_bytes_are_valid(*t))
        return error_set(error, ERR_INVALID, "checkpoint: bytes that no note may have");
    if (!line_take(t, &checkpoint->origin) || text_empty(checkpoint->origin))
        return error_set(error, ERR_INVALID, "checkpoint: no origin; hint: it is the first line");
    if (!line_take(t, &size) || !line_to_u64(size, &checkpoint->size))
        return error_set(error, ERR_INVALID,
                         "checkpoint: no size; hint: the second line, decimal, without leading zeros");
    if (!line_take(t, &root) || !line_to_digest(root, &checkpoint->root))
        return error_set(error, ERR_INVALID, "checkpoint: no root; hint: the third line, base64 of 32 bytes");
    return 0;
}

int checkpoint_parse(struct text t, struct checkpoint *checkpoint, struct error *error)
{
    int code = take_head(&t, checkpoint, error);

    if (code)
        return code;
    if (t.len)
        return error_set(error, ERR_INVALID, "checkpoint: more than three lines; hint: extensions are not accepted");
    if (!checkpoint_root_is_possible(checkpoint))
        return error_set(error, ERR_INVALID, "checkpoint: size 0 with a root that is not the hash of nothing");
    return 0;
}

int checkpoint_parse_any(struct text t, struct checkpoint *checkpoint, struct error *error)
{
    struct text extension;
    int code = take_head(&t, checkpoint, error);

    if (code)
        return code;
    while (line_take(&t, &extension))
        if (text_empty(extension))
            return error_set(error, ERR_INVALID, "checkpoint: an empty extension line");
    return t.len ? error_set(error, ERR_INVALID, "checkpoint: its last line does not end") : 0;
}

int checkpoint_open(struct text note, const struct verifier_key *log, struct checkpoint *checkpoint,
                    struct error *error)
{
    struct text text;
    int code;

    assert(log->algorithm == NOTE_ED25519);
    code = note_verify(note, log->name, log->public_key, &text);
    if (code)
        return error_set(error, code, "checkpoint: %s",
                         code == ERR_SIGNATURE   ? "the log's signature does not verify"
                         : code == ERR_NOT_FOUND ? "not signed by this log; hint: is it this log's verifier key?"
                                                 : "not a signed note");
    code = checkpoint_parse(text, checkpoint, error);
    if (code)
        return code;
    if (!text_equal(checkpoint->origin, log->name))
        return error_set(error, ERR_NOT_FOUND, "checkpoint: signed by this log, and its origin is another");
    return 0;
}
