/* note.h - signed notes (C2SP signed-note, Ed25519). */
#ifndef CUSTODY_CORE_LEDGER_NOTE_H
#define CUSTODY_CORE_LEDGER_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"

enum { NOTE_KEY_HASH_BYTES = 4, NOTE_SECRET_KEY_BYTES = 64, NOTE_PUBLIC_KEY_BYTES = 32 };
/* The specification asks for 16 at least; a bound keeps a note of many signatures from costing many verifications. */
enum { NOTE_SIGNATURES_MAX = 64, NOTE_NAME_MAX = 255 };

/* What a key's signatures are made over: the byte before the public key in key hash and verifier key. */
enum note_algorithm {
    NOTE_ED25519 = 0x01,        /* the note's text */
    NOTE_COSIGNATURE_V1 = 0x04, /* time and text of a checkpoint (core/ledger/cosignature.h) */
    NOTE_ACK_BATCH_V1 = 0xff,   /* many acknowledgement notes (core/ledger/ack_note.h); its name follows the byte */
};
#define NOTE_ACK_BATCH_NAME "custody-ack-batch/v1"

/* Who signs: the name stands in the signature line and in the key hash. */
struct note_signer {
    const char *name;          /* no white space, no '+' (C2SP signed-note); borrowed */
    const uint8_t *secret_key; /* libsodium's 64 bytes; borrowed */
    uint8_t key_hash[NOTE_KEY_HASH_BYTES];
};

/* First 4 bytes of SHA-256(name || "\n" || 0x01 || public key) (C2SP signed-note). */
void note_key_hash(struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES],
                   uint8_t key_hash[NOTE_KEY_HASH_BYTES]);
/* The same for any algorithm; all have Ed25519 keys of 32 bytes. */
void note_key_hash_of(enum note_algorithm algorithm, struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES],
                      uint8_t key_hash[NOTE_KEY_HASH_BYTES]);
void note_signer_init(struct note_signer *signer, const char *name, const uint8_t secret_key[NOTE_SECRET_KEY_BYTES]);
/* The public half, NOTE_PUBLIC_KEY_BYTES; borrowed. */
const uint8_t *note_signer_public_key(const struct note_signer *signer);

/* Signs what stands in `note` from `start` on (whole lines, ending in a newline) and appends a blank line and the signature line. */
void note_sign(struct buffer *note, size_t start, const struct note_signer *signer);

/* Finds the signature of `name` with this key and checks it; *text (may be NULL) borrows the signed text. 0, ERR_INVALID (not a
 * note), ERR_NOT_FOUND (no such signature) or ERR_SIGNATURE. */
int note_verify(struct text note, struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES],
                struct text *text) MUST_USE;

/* Not empty, well-formed UTF-8, neither Unicode space nor '+' nor control character, at most NOTE_NAME_MAX bytes. */
bool note_name_is_valid(struct text name);
/* Well-formed UTF-8 whose only control characters below U+0020 are newlines: all that may stand in a note. */
bool note_bytes_are_valid(struct text t);

/* One signature line; borrows from the note. */
struct note_signature {
    struct text name;
    uint8_t key_hash[NOTE_KEY_HASH_BYTES];
    struct text base64; /* of key hash and signature; well-formed, at least one byte behind the key hash */
};

/* Takes a note apart without knowing any key: *text is what is signed, *signatures are the lines behind the blank one, all of
 * the right form. Believe nothing of it before a signature verifies. 0 or ERR_INVALID. */
int note_split(struct text note, struct text *text, struct text *signatures) MUST_USE;
/* Cuts the next signature off `rest`, which note_split gave or which are such lines alone (what a witness answers). False at the
 * end and where the next line is no signature: then `rest` is not empty. */
bool note_signature_take(struct text *rest, struct note_signature *signature);
/* Whether the bytes behind the key hash are this Ed25519 key's signature of the text. */
bool note_signature_holds(const struct note_signature *signature, struct text text,
                          const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES]);
/* The bytes behind the key hash; false unless there are `len` of them. */
bool note_signature_bytes(const struct note_signature *signature, uint8_t *out, size_t len);
enum { NOTE_SIGNATURE_MAX = 320 };
/* However many there are; 0 where they are more than fit. */
size_t note_signature_read(const struct note_signature *signature, uint8_t out[NOTE_SIGNATURE_MAX]);
/* Appends one signature line. `len` is at most NOTE_SIGNATURE_MAX. */
void note_signature_put(struct buffer *out, struct text name, const uint8_t key_hash[NOTE_KEY_HASH_BYTES],
                        const uint8_t *signature, size_t len);

#endif
