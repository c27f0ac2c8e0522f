/* note.c - writing, signing and reading notes. */
#include "core/ledger/note.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/encoding.h"
#include "core/ledger/line.h"

_Static_assert(NOTE_SECRET_KEY_BYTES == crypto_sign_SECRETKEYBYTES, "libsodium's secret key");
_Static_assert(NOTE_PUBLIC_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "libsodium's public key");

/* An em dash and a space begin each signature line. */
#define SIGNATURE_PREFIX "\xe2\x80\x94 "

void note_key_hash_of(enum note_algorithm algorithm, struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES],
                      uint8_t key_hash[NOTE_KEY_HASH_BYTES])
{
    const uint8_t between[] = {'\n', (uint8_t)algorithm};
    struct text spelt = algorithm == NOTE_ACK_BATCH_V1 ? TEXT(NOTE_ACK_BATCH_NAME) : TEXT("");
    const struct hash_part parts[] = {
        {name.data, name.len}, {between, sizeof between}, {spelt.data, spelt.len}, {public_key, NOTE_PUBLIC_KEY_BYTES}};
    struct digest digest = sha256_parts(parts, sizeof parts / sizeof *parts);

    memcpy(key_hash, digest.bytes, NOTE_KEY_HASH_BYTES);
}

void note_key_hash(struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES],
                   uint8_t key_hash[NOTE_KEY_HASH_BYTES])
{
    note_key_hash_of(NOTE_ED25519, name, public_key, key_hash);
}

void note_signer_init(struct note_signer *signer, const char *name, const uint8_t secret_key[NOTE_SECRET_KEY_BYTES])
{
    signer->name = name;
    signer->secret_key = secret_key;
    note_key_hash(text_of(name), note_signer_public_key(signer), signer->key_hash);
}

const uint8_t *note_signer_public_key(const struct note_signer *signer)
{
    return signer->secret_key + crypto_sign_SEEDBYTES; /* libsodium keeps it behind the seed */
}

/* ---- what may stand in a note */

/* White_Space of the Unicode Character Database, in UTF-8; those below U+0021 are control characters or the space itself. */
static const struct text unicode_spaces[] = {
    {"\xc2\x85", 2},     {"\xc2\xa0", 2},     {"\xe1\x9a\x80", 3}, {"\xe2\x80\xa8", 3},
    {"\xe2\x80\xa9", 3}, {"\xe2\x80\xaf", 3}, {"\xe2\x81\x9f", 3}, {"\xe3\x80\x80", 3},
};

static bool begins_with_space(struct text t)
{
    const unsigned char *at = (const unsigned char *)t.data;

    if (t.len >= 3 && at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0x80 && at[2] <= 0x8a) /* U+2000 to U+200A */
        return true;
    for (size_t i = 0; i < sizeof unicode_spaces / sizeof *unicode_spaces; i++)
        if (line_take_prefix(&t, unicode_spaces[i]))
            return true;
    return false;
}

bool note_name_is_valid(struct text name)
{
    if (!name.len || name.len > NOTE_NAME_MAX || !text_is_clean_utf8(name))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];

        if (c <= ' ' || c == '+' || (c >= 0x80 && begins_with_space((struct text){name.data + i, name.len - i})))
            return false;
    }
    return true;
}

bool note_bytes_are_valid(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.data[i] < ' ' && t.data[i] != '\n')
            return false;
    return text_is_clean_utf8(t);
}

/* ---- signature lines */

/* One append, so that what does not fit leaves nothing behind. */
static void put_signature(struct buffer *out, const char *before, struct text name,
                          const uint8_t key_hash[NOTE_KEY_HASH_BYTES], const uint8_t *signature, size_t len)
{
    uint8_t blob[NOTE_KEY_HASH_BYTES + NOTE_SIGNATURE_MAX];
    char encoded[BASE64_SIZE(sizeof blob)];

    assert(len <= NOTE_SIGNATURE_MAX);
    memcpy(blob, key_hash, NOTE_KEY_HASH_BYTES);
    memcpy(blob + NOTE_KEY_HASH_BYTES, signature, len);
    base64_encode(blob, NOTE_KEY_HASH_BYTES + len, encoded);
    buffer_printf(out, "%s" SIGNATURE_PREFIX "%.*s %s\n", before, TEXT_ARG(name), encoded);
}

void note_signature_put(struct buffer *out, struct text name, const uint8_t key_hash[NOTE_KEY_HASH_BYTES],
                        const uint8_t *signature, size_t len)
{
    put_signature(out, "", name, key_hash, signature, len);
}

/* The first 8 characters are 6 bytes: key hash and the beginning of the signature. */
static bool read_key_hash(struct text base64, uint8_t key_hash[NOTE_KEY_HASH_BYTES])
{
    uint8_t head[6];
    size_t len = sizeof head;

    if (base64.len < 8 || base64_decode((struct text){base64.data, 8}, head, &len) || len <= NOTE_KEY_HASH_BYTES)
        return false;
    memcpy(key_hash, head, NOTE_KEY_HASH_BYTES);
    return true;
}

bool note_signature_take(struct text *rest, struct note_signature *signature)
{
    struct text after = *rest, line;
    const char *space;

    if (!line_take(&after, &line) || !line_take_prefix(&line, TEXT(SIGNATURE_PREFIX)))
        return false;
    space = memchr(line.data, ' ', line.len);
    if (!space)
        return false;
    signature->name = (struct text){line.data, (size_t)(space - line.data)};
    signature->base64 = (struct text){space + 1, line.len - signature->name.len - 1};
    if (!note_name_is_valid(signature->name) || !line_is_base64(signature->base64) ||
        !read_key_hash(signature->base64, signature->key_hash))
        return false;
    *rest = after;
    return true;
}

size_t note_signature_read(const struct note_signature *signature, uint8_t out[NOTE_SIGNATURE_MAX])
{
    uint8_t blob[NOTE_KEY_HASH_BYTES + NOTE_SIGNATURE_MAX];
    size_t len = sizeof blob;

    if (base64_decode(signature->base64, blob, &len) || len <= NOTE_KEY_HASH_BYTES)
        return 0;
    memcpy(out, blob + NOTE_KEY_HASH_BYTES, len - NOTE_KEY_HASH_BYTES);
    return len - NOTE_KEY_HASH_BYTES;
}

bool note_signature_bytes(const struct note_signature *signature, uint8_t *out, size_t len)
{
    uint8_t bytes[NOTE_SIGNATURE_MAX];

    if (note_signature_read(signature, bytes) != len || len == 0)
        return false;
    memcpy(out, bytes, len);
    return true;
}

bool note_signature_holds(const struct note_signature *signature, struct text text,
                          const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES])
{
    uint8_t bytes[crypto_sign_BYTES];

    return note_signature_bytes(signature, bytes, sizeof bytes) &&
           crypto_sign_verify_detached(bytes, (const uint8_t *)text.data, text.len, public_key) == 0;
}

void note_sign(struct buffer *note, size_t start, const struct note_signer *signer)
{
    uint8_t signature[crypto_sign_BYTES];

    if (note->failed)
        return;
    (void)crypto_sign_detached(signature, NULL, note->data + start, note->len - start, signer->secret_key);
    put_signature(note, "\n", text_of(signer->name), signer->key_hash, signature, sizeof signature);
}

/* ---- reading */

/* The blank line that parts text and signatures is the last one (C2SP signed-note). */
static bool split_at_blank_line(struct text note, struct text *text, struct text *signatures)
{
    for (size_t at = note.len; at-- > 1;)
        if (note.data[at] == '\n' && note.data[at - 1] == '\n') {
            *text = (struct text){note.data, at};
            *signatures = (struct text){note.data + at + 1, note.len - at - 1};
            return signatures->len > 0;
        }
    return false;
}

int note_split(struct text note, struct text *text, struct text *signatures)
{
    struct text body, lines, rest;
    struct note_signature signature;

    if (!note_bytes_are_valid(note) || !split_at_blank_line(note, &body, &lines))
        return ERR_INVALID;
    rest = lines;
    for (size_t count = 0; rest.len; count++)
        if (count == NOTE_SIGNATURES_MAX || !note_signature_take(&rest, &signature))
            return ERR_INVALID;
    *text = body;
    *signatures = lines;
    return 0;
}

static bool is_by(const struct note_signature *signature, struct text name, const uint8_t key_hash[NOTE_KEY_HASH_BYTES])
{
    return text_equal(signature->name, name) && memcmp(signature->key_hash, key_hash, NOTE_KEY_HASH_BYTES) == 0;
}

int note_verify(struct text note, struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES], struct text *text)
{
    uint8_t key_hash[NOTE_KEY_HASH_BYTES];
    struct text body, rest;
    struct note_signature signature;
    bool found = false;

    if (note_split(note, &body, &rest))
        return ERR_INVALID;
    note_key_hash(name, public_key, key_hash);
    while (note_signature_take(&rest, &signature)) {
        if (!is_by(&signature, name, key_hash)) /* also of the same name: a key replaced, another algorithm */
            continue;
        if (!note_signature_holds(&signature, body, public_key))
            return ERR_SIGNATURE;
        found = true;
    }
    if (!found)
        return ERR_NOT_FOUND;
    if (text)
        *text = body;
    return 0;
}
