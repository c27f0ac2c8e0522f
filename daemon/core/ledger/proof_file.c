/* proof_file.c - writing, reading and checking proof files. */
#include "core/ledger/proof_file.h"

#include <inttypes.h>
#include <string.h>

#include "core/ledger/line.h"

static const struct text title = {"c2sp.org/tlog-proof@v1", 22};

void proof_file_put(const struct proof_file *file, struct buffer *out)
{
    buffer_printf(out, "%.*s\n", TEXT_ARG(title));
    if (file->extra.len)
        buffer_printf(out, "extra %.*s\n", TEXT_ARG(file->extra));
    buffer_printf(out, "index %" PRIu64 "\n", file->index);
    for (size_t i = 0; i < file->proof.count; i++) {
        char hash[BASE64_SIZE(SHA256_BYTES)];

        base64_encode(file->proof.hashes[i].bytes, SHA256_BYTES, hash);
        buffer_printf(out, "%s\n", hash);
    }
    buffer_put_u8(out, '\n');
    buffer_put_text(out, file->checkpoint);
}

/* The line of the extra data is left out where there is none, so an empty one is no line of this format. */
static int read_extra(struct text *rest, struct proof_file *file, struct error *error)
{
    struct text after = *rest, extra;

    file->extra = TEXT("");
    if (!line_take_field(&after, "extra", &extra))
        return 0;
    if (text_empty(extra) || !line_is_base64(extra))
        return error_set(error, ERR_INVALID, "proof file: extra is not base64 of anything");
    file->extra = extra;
    *rest = after;
    return 0;
}

/* The hashes, and the empty line behind them. */
static int read_hashes(struct text *rest, struct proof *proof, struct error *error)
{
    struct text line;

    for (proof->count = 0; line_take(rest, &line);) {
        if (text_empty(line))
            return 0;
        if (proof->count == PROOF_MAX)
            return error_set(error, ERR_TOO_LARGE, "proof file: more than %d hashes", PROOF_MAX);
        if (!line_to_digest(line, &proof->hashes[proof->count]))
            return error_set(error, ERR_INVALID, "proof file: hash %zu is not base64 of 32 bytes", proof->count + 1);
        proof->count++;
    }
    return error_set(error, ERR_INVALID, "proof file: no empty line behind the hashes; hint: was it cut?");
}

static int read_checkpoint(struct text note, struct proof_file *file, struct error *error)
{
    struct text text, signatures;
    struct checkpoint checkpoint;
    int code;

    if (note_split(note, &text, &signatures))
        return error_set(error, ERR_INVALID, "proof file: no signed note behind the hashes");
    code = checkpoint_parse(text, &checkpoint, error);
    if (code)
        return code;
    if (file->index >= checkpoint.size)
        return error_set(error, ERR_INVALID, "proof file: index %" PRIu64 " in a tree of size %" PRIu64, file->index,
                         checkpoint.size);
    file->checkpoint = note;
    return 0;
}

int proof_file_parse(struct text t, struct proof_file *file, struct error *error)
{
    struct text line;
    int code;

    if (!line_take(&t, &line) || !text_equal(line, title))
        return error_set(error, ERR_INVALID, "proof file: its first line is not %.*s", TEXT_ARG(title));
    code = read_extra(&t, file, error);
    if (code)
        return code;
    if (!line_take_field(&t, "index", &line) || !line_to_u64(line, &file->index))
        return error_set(error, ERR_INVALID, "proof file: no index; hint: index <decimal, without leading zeros>");
    code = read_hashes(&t, &file->proof, error);
    return code ? code : read_checkpoint(t, file, error);
}

int proof_file_verify(const struct proof_file *file, const struct digest *leaf_hash, const struct policy *policy,
                      struct policy_verdict *verdict, struct error *error)
{
    int code = policy_judge(policy, file->checkpoint, verdict, error);

    if (code)
        return code;
    if (!proof_inclusion_holds(file->index, verdict->checkpoint.size, leaf_hash, file->proof.hashes, file->proof.count,
                               &verdict->checkpoint.root))
        return error_set(error, ERR_INVALID,
                         "proof file: the hashes do not lead from this leaf to the checkpoint's root");
    return 0;
}

void proof_file_extra_encode(const struct proof_extra *extra, char *out)
{
    uint8_t bytes[PROOF_FILE_EXTRA_BYTES] = {(uint8_t)extra->type};

    store_u64_be(bytes + 1, (uint64_t)extra->received_us);
    memcpy(bytes + 9, extra->salt, SALT_BYTES);
    base64_encode(bytes, sizeof bytes, out);
}

int proof_file_extra_decode(struct text base64, struct proof_extra *extra)
{
    uint8_t bytes[PROOF_FILE_EXTRA_BYTES];
    size_t len = sizeof bytes;

    if (base64_decode(base64, bytes, &len) || len != sizeof bytes || bytes[0] < LEAF_ENVELOPE ||
        bytes[0] > LEAF_SOFTWARE_CHANGE)
        return ERR_INVALID;
    extra->type = (enum leaf_type)bytes[0];
    extra->received_us = (int64_t)load_u64_be(bytes + 1);
    memcpy(extra->salt, bytes + 9, SALT_BYTES);
    return 0;
}
