/* cosignature.c - signing and verifying cosignatures. */
#include "core/ledger/cosignature.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"

_Static_assert(COSIGNATURE_BYTES == 8 + crypto_sign_BYTES, "time and libsodium's signature");
_Static_assert((int)COSIGNATURE_BYTES <= (int)NOTE_SIGNATURE_MAX, "fits a signature line");

enum { HEADER_MAX = 64 };

struct message {
    size_t len;
    uint8_t bytes[HEADER_MAX + COSIGNATURE_CHECKPOINT_MAX];
};

/* The bytes that are signed: two lines before the checkpoint's own. */
static int build_message(struct text checkpoint, uint64_t time_s, struct message *message)
{
    int header;

    if (checkpoint.len > COSIGNATURE_CHECKPOINT_MAX)
        return ERR_TOO_LARGE;
    header = snprintf((char *)message->bytes, HEADER_MAX, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
    assert(header > 0 && header < HEADER_MAX);
    if (checkpoint.len)
        memcpy(message->bytes + header, checkpoint.data, checkpoint.len);
    message->len = (size_t)header + checkpoint.len;
    return 0;
}

void cosignature_signer_init(struct note_signer *signer, const char *name,
                             const uint8_t secret_key[NOTE_SECRET_KEY_BYTES])
{
    signer->name = name;
    signer->secret_key = secret_key;
    /* libsodium keeps the public key behind the seed. */
    note_key_hash_of(NOTE_COSIGNATURE_V1, text_of(name), secret_key + crypto_sign_SEEDBYTES, signer->key_hash);
}

int cosignature_put(struct text checkpoint, uint64_t time_s, const struct note_signer *signer, struct buffer *out)
{
    uint8_t signature[COSIGNATURE_BYTES];
    struct message message;
    int code;

    if (time_s == 0 || time_s > COSIGNATURE_TIME_MAX)
        return ERR_INVALID;
    code = build_message(checkpoint, time_s, &message);
    if (code)
        return code;
    store_u64_be(signature, time_s);
    (void)crypto_sign_detached(signature + 8, NULL, message.bytes, message.len, signer->secret_key);
    note_signature_put(out, text_of(signer->name), signer->key_hash, signature, sizeof signature);
    return 0;
}

int cosignature_verify(struct text checkpoint, const struct note_signature *signature, const struct verifier_key *key,
                       uint64_t *time_s)
{
    uint8_t bytes[COSIGNATURE_BYTES];
    struct message message;
    uint64_t time;

    assert(key->algorithm == NOTE_COSIGNATURE_V1);
    if (!note_signature_bytes(signature, bytes, sizeof bytes))
        return ERR_SIGNATURE;
    time = load_u64_be(bytes);
    if (time == 0 || time > COSIGNATURE_TIME_MAX || build_message(checkpoint, time, &message) ||
        crypto_sign_verify_detached(bytes + 8, message.bytes, message.len, key->public_key))
        return ERR_SIGNATURE;
    *time_s = time;
    return 0;
}
