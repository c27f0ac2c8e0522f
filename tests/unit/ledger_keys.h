/* ledger_keys.h - logs and witnesses for the tests of the ledger: keys from small seeds, their verifier keys, signed heads. */
#ifndef CUSTODY_TESTS_UNIT_LEDGER_KEYS_H
#define CUSTODY_TESTS_UNIT_LEDGER_KEYS_H

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/ledger/cosignature.h"
#include "core/ledger/verifier_key.h"

struct test_key {
    char name[64], words[192]; /* words: the verifier key */
    uint8_t public_key[NOTE_PUBLIC_KEY_BYTES], secret_key[NOTE_SECRET_KEY_BYTES];
    struct note_signer signer;
};

static inline void test_key_init(struct test_key *key, enum note_algorithm algorithm, const char *name, uint8_t seed)
{
    const uint8_t seeds[crypto_sign_SEEDBYTES] = {seed, 1};
    struct verifier_key verifier;
    struct buffer words;

    (void)snprintf(key->name, sizeof key->name, "%s", name);
    (void)crypto_sign_seed_keypair(key->public_key, key->secret_key, seeds);
    if (algorithm == NOTE_ED25519)
        note_signer_init(&key->signer, key->name, key->secret_key);
    else
        cosignature_signer_init(&key->signer, key->name, key->secret_key);
    verifier_key_init(&verifier, algorithm, text_of(key->name), key->public_key);
    buffer_init(&words, sizeof key->words);
    verifier_key_put(&verifier, &words);
    assert(text_copy(key->words, sizeof key->words, buffer_text(&words)));
    buffer_fini(&words);
}

#endif
