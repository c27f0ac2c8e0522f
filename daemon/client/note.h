/* note.h - reads the signed acknowledgement note as a device does: only what it covers may be deleted.
 *
 * Text: architecture section 4. Form: C2SP signed-note, key name "<origin>/ack", key id = first 4 bytes of
 * SHA-256(name || "\n" || 0x01 || public key), signature line "— <name> <base64(key id || signature)>". */
#ifndef CUSTODY_CLIENT_NOTE_H
#define CUSTODY_CLIENT_NOTE_H

#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "io/keyfile.h"

/* The key that notes are checked with. Without one (has_key false) the text is read and the signature is not looked
 * at. */
struct note_verifier {
    bool has_key;
    char name[256]; /* "<origin>/ack" */
    uint8_t public_key[PUBLIC_KEY_BYTES];
};

struct ack_note {
    struct text origin, source; /* borrow from the note */
    uint32_t epoch;
    uint64_t seq;
    struct digest chain; /* SHA-256 of the envelope at seq */
    uint64_t index, size;
    struct digest root;
};

/* "<name>+<8 hex digits of key id>+<base64 of 0x01 || public key>" (C2SP signed-note verifier key). 0 or ERR_INVALID
 * with words. */
int note_verifier_parse(struct text vkey, struct note_verifier *verifier, struct error *error) MUST_USE;

/* 0, ERR_INVALID (not such a note) or ERR_SIGNATURE, with words. */
int ack_note_read(struct text note, const struct note_verifier *verifier, struct ack_note *out,
                  struct error *error) MUST_USE;

#endif
