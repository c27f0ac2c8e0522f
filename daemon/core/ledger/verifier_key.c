/* verifier_key.c - reading and writing verifier keys. */
#include "core/ledger/verifier_key.h"

#include <string.h>

#include "base/encoding.h"
#include "core/ledger/line.h"

void verifier_key_init(struct verifier_key *key, enum note_algorithm algorithm, struct text name,
                       const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES])
{
    key->algorithm = algorithm;
    key->name = name;
    memcpy(key->public_key, public_key, NOTE_PUBLIC_KEY_BYTES);
    note_key_hash_of(algorithm, name, public_key, key->key_hash);
}

/* Cuts what stands before the next plus, and the plus. */
static bool take_part(struct text *rest, struct text *part)
{
    const char *plus = rest->len ? memchr(rest->data, '+', rest->len) : NULL;

    if (!plus)
        return false;
    *part = (struct text){rest->data, (size_t)(plus - rest->data)};
    *rest = (struct text){plus + 1, rest->len - part->len - 1};
    return true;
}

/* The algorithm's byte and what stands behind it. What is longer than our keys is read as far as needed to name it. */
static int read_material(struct text base64, struct verifier_key *key, struct error *error)
{
    uint8_t material[1 + NOTE_PUBLIC_KEY_BYTES], first[3];
    size_t len = sizeof material, first_len = sizeof first;

    if (!line_is_base64(base64) || base64.len < 4 || base64_decode((struct text){base64.data, 4}, first, &first_len))
        return error_set(error, ERR_INVALID, "verifier key: no key in base64 behind the second plus");
    if (first[0] != NOTE_ED25519 && first[0] != NOTE_COSIGNATURE_V1)
        return error_set(
            error, ERR_INVALID,
            "verifier key: algorithm 0x%02x; hint: 0x01 (Ed25519) and 0x04 (Ed25519 cosignature) are known", first[0]);
    if (base64_decode(base64, material, &len) || len != sizeof material)
        return error_set(error, ERR_INVALID, "verifier key: an Ed25519 key has 32 bytes");
    key->algorithm = (enum note_algorithm)first[0];
    memcpy(key->public_key, material + 1, NOTE_PUBLIC_KEY_BYTES);
    return 0;
}

int verifier_key_parse(struct text t, struct verifier_key *key, struct error *error)
{
    struct text name, id;
    char expected[HEX_SIZE(NOTE_KEY_HASH_BYTES)];
    int code;

    if (!take_part(&t, &name) || !take_part(&t, &id))
        return error_set(error, ERR_INVALID,
                         "verifier key: not of three parts; hint: <name>+<key id>+<base64 of the key>");
    if (!note_name_is_valid(name))
        return error_set(error, ERR_INVALID, "verifier key: its name is empty, too long, or has a space in it");
    code = read_material(t, key, error);
    if (code)
        return code;
    key->name = name;
    note_key_hash_of(key->algorithm, name, key->public_key, key->key_hash);
    hex_encode(key->key_hash, NOTE_KEY_HASH_BYTES, expected);
    if (!text_equal(id, text_of(expected)))
        return error_set(error, ERR_INVALID, "verifier key: its key id is not %s; hint: name, id and key must fit",
                         expected);
    return 0;
}

void verifier_key_put(const struct verifier_key *key, struct buffer *out)
{
    uint8_t material[1 + NOTE_PUBLIC_KEY_BYTES] = {(uint8_t)key->algorithm};
    char id[HEX_SIZE(NOTE_KEY_HASH_BYTES)], encoded[BASE64_SIZE(sizeof material)];

    memcpy(material + 1, key->public_key, NOTE_PUBLIC_KEY_BYTES);
    hex_encode(key->key_hash, NOTE_KEY_HASH_BYTES, id);
    base64_encode(material, sizeof material, encoded);
    buffer_printf(out, "%.*s+%s+%s", TEXT_ARG(key->name), id, encoded);
}

bool verifier_key_signed(const struct verifier_key *key, const struct note_signature *signature)
{
    return text_equal(signature->name, key->name) &&
           memcmp(signature->key_hash, key->key_hash, NOTE_KEY_HASH_BYTES) == 0;
}
