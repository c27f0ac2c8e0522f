/* note.c - a note is taken when its key's signature holds and its text is an acknowledgement's. */
#include "client/note.h"

#include <string.h>

#include "core/ledger/verifier_key.h"

int note_verifier_parse(struct text vkey, struct note_verifier *verifier, struct error *error)
{
    struct verifier_key key;
    if (verifier_key_parse(vkey, &key, error))
        return error_prefix(error, "acknowledgement key: %.*s", TEXT_ARG(vkey));
    if (key.algorithm != NOTE_ED25519)
        return error_set(error, ERR_INVALID,
                         "acknowledgement key: %.*s; hint: <origin>/ack+<key id>+<base64 of 01 and the key>",
                         TEXT_ARG(vkey));
    *verifier = (struct note_verifier){.has_key = true};
    (void)text_copy(verifier->name, sizeof verifier->name, key.name);
    memcpy(verifier->public_key, key.public_key, NOTE_PUBLIC_KEY_BYTES);
    return 0;
}

int ack_note_read(struct text note, const struct note_verifier *verifier, struct ack_statement *out,
                  struct error *error)
{
    struct text text, signatures;
    if (note_split(note, &text, &signatures) || ack_statement_parse(text, out))
        return error_set(error, ERR_INVALID,
                         "acknowledgement note: %.*s; hint: a C2SP signed-note of nine lines, custody-ack/v1 to root",
                         TEXT_ARG(note));
    if (verifier->has_key && ack_note_verify(note, text_of(verifier->name), verifier->public_key, NULL))
        return error_set(error, ERR_SIGNATURE,
                         "acknowledgement note of %.*s: no signature of %s holds; hint: is --ack-key this log's key?",
                         TEXT_ARG(out->source), verifier->name);
    return 0;
}
