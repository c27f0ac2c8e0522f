/* verifier_key.h - the text of a public key that one trusts: "<name>+<key id in hex>+<base64 of algorithm and key>" (C2SP
 * signed-note, section on verifier keys), for the Ed25519 of a log and the cosignatures of a witness.
 *
 * Pure. Keys are announced, named and trusted by it. */
#ifndef CUSTODY_CORE_LEDGER_VERIFIER_KEY_H
#define CUSTODY_CORE_LEDGER_VERIFIER_KEY_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "core/ledger/note.h"

struct verifier_key {
    enum note_algorithm algorithm;
    struct text name; /* borrowed */
    uint8_t key_hash[NOTE_KEY_HASH_BYTES];
    uint8_t public_key[NOTE_PUBLIC_KEY_BYTES];
};

/* Computes the key hash; borrows `name`. */
void verifier_key_init(struct verifier_key *key, enum note_algorithm algorithm, struct text name,
                       const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES]);

/* Strict: lower-case hex, a key id that fits name and key, an algorithm that we verify. The name borrows from `t`. 0, or
 * ERR_INVALID with words. */
int verifier_key_parse(struct text t, struct verifier_key *key, struct error *error) MUST_USE;
void verifier_key_put(const struct verifier_key *key, struct buffer *out);

/* Whether the signature line names this key. */
bool verifier_key_signed(const struct verifier_key *key, const struct note_signature *signature);

#endif
