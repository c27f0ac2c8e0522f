/* note.h - signed notes (C2SP signed-note, Ed25519) and the text of an acknowledgement (architecture section 4). */
#ifndef CUSTODY_CORE_LEDGER_NOTE_H
#define CUSTODY_CORE_LEDGER_NOTE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"

enum { NOTE_KEY_HASH_BYTES = 4, NOTE_SECRET_KEY_BYTES = 64, NOTE_PUBLIC_KEY_BYTES = 32 };

/* Who signs: the name stands in the signature line and in the key hash. */
struct note_signer {
    const char *name;          /* no white space, no '+' (C2SP signed-note); borrowed */
    const uint8_t *secret_key; /* libsodium's 64 bytes; borrowed */
    uint8_t key_hash[NOTE_KEY_HASH_BYTES];
};

/* First 4 bytes of SHA-256(name || "\n" || 0x01 || public key). */
void note_key_hash(struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES],
                   uint8_t key_hash[NOTE_KEY_HASH_BYTES]);
void note_signer_init(struct note_signer *signer, const char *name, const uint8_t secret_key[NOTE_SECRET_KEY_BYTES]);

/* Signs what stands in `note` from `start` on (whole lines, ending in a newline) and appends a blank line and the signature line. */
void note_sign(struct buffer *note, size_t start, const struct note_signer *signer);

/* Finds the signature of `name` with this key and checks it; *text (may be NULL) borrows the signed text. 0, ERR_INVALID (not a
 * note), ERR_NOT_FOUND (no such signature) or ERR_SIGNATURE. */
int note_verify(struct text note, struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES],
                struct text *text) MUST_USE;

/* What one acknowledgement note says. */
struct ack_statement {
    struct text origin, source;
    uint32_t epoch;
    uint64_t seq;        /* highest contiguous dealt with */
    struct digest chain; /* SHA-256 of that envelope */
    uint64_t index;      /* its log index */
    uint64_t size;       /* of the tree */
    struct digest root;
};
void ack_statement_put(const struct ack_statement *statement, struct buffer *out);
/* Parses the signed text of an acknowledgement, strictly: 0 or ERR_INVALID. Texts borrow from it. */
int ack_statement_parse(struct text text, struct ack_statement *statement) MUST_USE;

#endif
