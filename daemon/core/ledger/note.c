/* note.c - writing, signing and reading notes. */
#include "core/ledger/note.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "base/encoding.h"

_Static_assert(NOTE_SECRET_KEY_BYTES == crypto_sign_SECRETKEYBYTES, "libsodium's secret key");
_Static_assert(NOTE_PUBLIC_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "libsodium's public key");

enum { SIGNATURE_BLOB_BYTES = NOTE_KEY_HASH_BYTES + crypto_sign_BYTES };

/* An em dash and a space begin each signature line. */
static const char signature_prefix[] = "\xe2\x80\x94 ";

void note_key_hash(struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES],
                   uint8_t key_hash[NOTE_KEY_HASH_BYTES])
{
    const struct hash_part parts[] = {{name.data, name.len}, {"\n\x01", 2}, {public_key, NOTE_PUBLIC_KEY_BYTES}};
    struct digest digest = sha256_parts(parts, 3);

    memcpy(key_hash, digest.bytes, NOTE_KEY_HASH_BYTES);
}

void note_signer_init(struct note_signer *signer, const char *name, const uint8_t secret_key[NOTE_SECRET_KEY_BYTES])
{
    signer->name = name;
    signer->secret_key = secret_key;
    /* libsodium keeps the public key behind the seed. */
    note_key_hash(text_of(name), secret_key + crypto_sign_SEEDBYTES, signer->key_hash);
}

void note_sign(struct buffer *note, size_t start, const struct note_signer *signer)
{
    uint8_t blob[SIGNATURE_BLOB_BYTES];
    char encoded[BASE64_SIZE(SIGNATURE_BLOB_BYTES)];

    if (note->failed)
        return;
    memcpy(blob, signer->key_hash, NOTE_KEY_HASH_BYTES);
    (void)crypto_sign_detached(blob + NOTE_KEY_HASH_BYTES, NULL, note->data + start, note->len - start,
                               signer->secret_key);
    base64_encode(blob, sizeof blob, encoded);
    buffer_printf(note, "\n%s%s %s\n", signature_prefix, signer->name, encoded);
}

/* Cuts the next line off `rest`, without its newline; false where there is no whole line. */
static bool take_line(struct text *rest, struct text *line)
{
    const char *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;

    if (!end)
        return false;
    *line = (struct text){rest->data, (size_t)(end - rest->data)};
    *rest = (struct text){end + 1, rest->len - line->len - 1};
    return true;
}

static bool take_prefix(struct text *t, struct text prefix)
{
    if (t->len < prefix.len || memcmp(t->data, prefix.data, prefix.len) != 0)
        return false;
    *t = (struct text){t->data + prefix.len, t->len - prefix.len};
    return true;
}

/* The blank line that parts text and signatures is the last one (C2SP signed-note). */
static bool split_note(struct text note, struct text *text, struct text *signatures)
{
    for (size_t at = note.len; at-- > 1;)
        if (note.data[at] == '\n' && note.data[at - 1] == '\n') {
            *text = (struct text){note.data, at};
            *signatures = (struct text){note.data + at + 1, note.len - at - 1};
            return signatures->len > 0;
        }
    return false;
}

/* 0 when the line is a good signature by the key, ERR_NOT_FOUND when it is another's, ERR_INVALID or ERR_SIGNATURE. */
static int check_line(struct text line, struct text name, const uint8_t *public_key, struct text text)
{
    uint8_t blob[SIGNATURE_BLOB_BYTES], key_hash[NOTE_KEY_HASH_BYTES];
    size_t len = sizeof blob;
    const char *space;

    if (!take_prefix(&line, (struct text){signature_prefix, sizeof signature_prefix - 1}))
        return ERR_INVALID;
    space = memchr(line.data, ' ', line.len);
    if (!space || space == line.data)
        return ERR_INVALID;
    if (!text_equal((struct text){line.data, (size_t)(space - line.data)}, name))
        return ERR_NOT_FOUND;
    line = (struct text){space + 1, line.len - (size_t)(space + 1 - line.data)};
    note_key_hash(name, public_key, key_hash);
    if (base64_decode(line, blob, &len) || len < NOTE_KEY_HASH_BYTES)
        return ERR_INVALID;
    if (memcmp(blob, key_hash, NOTE_KEY_HASH_BYTES) != 0)
        return ERR_NOT_FOUND;
    if (len != sizeof blob ||
        crypto_sign_verify_detached(blob + NOTE_KEY_HASH_BYTES, (const uint8_t *)text.data, text.len, public_key))
        return ERR_SIGNATURE;
    return 0;
}

int note_verify(struct text note, struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES], struct text *text)
{
    struct text body, rest, line;
    bool found = false;

    if (!text_is_clean_utf8(note) || !split_note(note, &body, &rest))
        return ERR_INVALID;
    while (rest.len) {
        int code = take_line(&rest, &line) ? check_line(line, name, public_key, body) : ERR_INVALID;

        if (code == ERR_INVALID || code == ERR_SIGNATURE)
            return code;
        found |= code == 0;
    }
    if (!found)
        return ERR_NOT_FOUND;
    if (text)
        *text = body;
    return 0;
}

void ack_statement_put(const struct ack_statement *statement, struct buffer *out)
{
    char chain[BASE64_SIZE(SHA256_BYTES)], root[BASE64_SIZE(SHA256_BYTES)];

    base64_encode(statement->chain.bytes, SHA256_BYTES, chain);
    base64_encode(statement->root.bytes, SHA256_BYTES, root);
    buffer_printf(out,
                  "custody-ack/v1\n%.*s\nsource %.*s\nepoch %" PRIu32 "\nseq %" PRIu64 "\nchain %s\nindex %" PRIu64
                  "\nsize %" PRIu64 "\nroot %s\n",
                  TEXT_ARG(statement->origin), TEXT_ARG(statement->source), statement->epoch, statement->seq, chain,
                  statement->index, statement->size, root);
}

/* "<word> <value>" */
static bool take_field(struct text *rest, const char *word, struct text *value)
{
    return take_line(rest, value) && take_prefix(value, text_of(word)) && take_prefix(value, TEXT(" "));
}

/* Decimal without sign or leading zeros, so that one number has one text. */
static bool take_number(struct text *rest, const char *word, uint64_t max, uint64_t *number)
{
    struct text digits;
    uint64_t value = 0;

    if (!take_field(rest, word, &digits) || !digits.len || (digits.len > 1 && digits.data[0] == '0'))
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        unsigned digit = (unsigned char)digits.data[i] - (unsigned)'0';

        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *number = value;
    return value <= max;
}

static bool take_digest(struct text *rest, const char *word, struct digest *digest)
{
    struct text encoded;
    size_t len = SHA256_BYTES;

    return take_field(rest, word, &encoded) && base64_decode(encoded, digest->bytes, &len) == 0 && len == SHA256_BYTES;
}

int ack_statement_parse(struct text text, struct ack_statement *statement)
{
    struct text rest = text, line;
    uint64_t epoch;

    if (!take_line(&rest, &line) || !text_equal(line, TEXT("custody-ack/v1")) ||
        !take_line(&rest, &statement->origin) || !take_field(&rest, "source", &statement->source) ||
        !take_number(&rest, "epoch", UINT32_MAX, &epoch) || !take_number(&rest, "seq", UINT64_MAX, &statement->seq) ||
        !take_digest(&rest, "chain", &statement->chain) ||
        !take_number(&rest, "index", UINT64_MAX, &statement->index) ||
        !take_number(&rest, "size", UINT64_MAX, &statement->size) || !take_digest(&rest, "root", &statement->root) ||
        rest.len)
        return ERR_INVALID;
    statement->epoch = (uint32_t)epoch;
    return 0;
}
