/* head_file.c - writing and reading the last signed head. */
#include "core/ledger/head_file.h"

#include <assert.h>

#include "core/ledger/line.h"

#define HEAD_FILE_MAGIC "custody-head/v1"

enum { NAME_QUOTED_MAX = 100 };

void head_file_put(const struct checkpoint *head, const struct note_signer *signer, struct buffer *out)
{
    struct verifier_key key;

    assert(text_equal(text_of(signer->name), head->origin));
    verifier_key_init(&key, NOTE_ED25519, head->origin, note_signer_public_key(signer));
    buffer_put_text(out, TEXT(HEAD_FILE_MAGIC "\n"));
    verifier_key_put(&key, out);
    buffer_put_text(out, TEXT("\n"));
    checkpoint_put_signed(head, signer, out);
}

static int foreign(struct text name, struct text origin, struct error *error)
{
    int shown = name.len > NAME_QUOTED_MAX ? NAME_QUOTED_MAX : (int)name.len;

    (void)error_set(error, ERR_NOT_FOUND, "head file: of the log \"%.*s\", not of \"%.*s\"; hint: one file a log",
                    shown, name.data, TEXT_ARG(origin));
    if (error)
        text_make_clean(error->text); /* a name may have been cut within a letter */
    return ERR_NOT_FOUND;
}

int head_file_parse(struct text t, struct text origin, struct checkpoint *head, struct text *note, struct error *error)
{
    struct text rest = t, line;
    struct verifier_key key;
    int code;

    if (t.len > HEAD_FILE_BYTES_MAX || !line_take(&rest, &line) || !text_equal(line, TEXT(HEAD_FILE_MAGIC)))
        return error_set(error, ERR_INVALID,
                         "head file: its first line is not " HEAD_FILE_MAGIC "; hint: is it the right file?");
    if (!line_take(&rest, &line))
        return error_set(error, ERR_INVALID, "head file: no verifier key; hint: it is the second line");
    code = verifier_key_parse(line, &key, error);
    if (!code && key.algorithm != NOTE_ED25519)
        code = error_set(error, ERR_INVALID, "verifier key: of a witness; hint: a log signs with Ed25519");
    if (!code && !text_equal(key.name, origin))
        return foreign(key.name, origin, error);
    if (!code)
        code = checkpoint_open(rest, &key, head, error);
    if (code == ERR_NOT_FOUND) /* the key is of this log, and what it should have signed is not by it */
        code = error_set(error, ERR_SIGNATURE, "checkpoint: not signed by the key that stands above it");
    if (code && error)
        return error_prefix(error, "head file: ");
    if (!code && note)
        *note = rest;
    return code;
}
