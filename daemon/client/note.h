/* note.h - the acknowledgement note as a device takes it: only what it covers may be deleted. */
#ifndef CUSTODY_CLIENT_NOTE_H
#define CUSTODY_CLIENT_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "core/ledger/ack_note.h"

/* The key that notes are checked with. Without one (has_key false) the text is read and the signature is not looked
 * at. */
struct note_verifier {
    bool has_key;
    char name[NOTE_NAME_MAX + 1]; /* "<origin>/ack" */
    uint8_t public_key[NOTE_PUBLIC_KEY_BYTES];
};

/* "<name>+<8 hex digits of key id>+<base64 of 0x01 || public key>" (C2SP signed-note verifier key). 0 or ERR_INVALID
 * with words. */
int note_verifier_parse(struct text vkey, struct note_verifier *verifier, struct error *error) MUST_USE;

/* 0, ERR_INVALID (not such a note) or ERR_SIGNATURE, with words. Texts borrow from the note. */
int ack_note_read(struct text note, const struct note_verifier *verifier, struct ack_statement *out,
                  struct error *error) MUST_USE;

#endif
