/* note.c - a strict reader of acknowledgement notes, written apart from the daemon's writer so that they check each
 * other. */
#include "client/note.h"

#include <sodium.h>
#include <string.h>

#include "base/encoding.h"

static const struct text signature_dash = {"\xe2\x80\x94 ", 4}; /* em dash and a space */
enum { SIGNED_BYTES = KEY_ID_BYTES + SIGNATURE_BYTES };

static void note_key_id(const struct note_verifier *verifier, uint8_t key_id[KEY_ID_BYTES])
{
    const uint8_t algorithm = 1; /* Ed25519 */
    const struct hash_part parts[] = {
        {verifier->name, strlen(verifier->name)},
        {"\n", 1},
        {&algorithm, 1},
        {verifier->public_key, PUBLIC_KEY_BYTES},
    };
    const struct digest digest = sha256_parts(parts, sizeof parts / sizeof parts[0]);
    memcpy(key_id, digest.bytes, KEY_ID_BYTES);
}

int note_verifier_parse(struct text vkey, struct note_verifier *verifier, struct error *error)
{
    const char *plus = vkey.len > 0 ? memchr(vkey.data, '+', vkey.len) : NULL;
    const struct text name = {vkey.data, plus ? (size_t)(plus - vkey.data) : 0};
    uint8_t key[1 + PUBLIC_KEY_BYTES], key_id[KEY_ID_BYTES], wanted_id[KEY_ID_BYTES];
    size_t len = sizeof key;
    const size_t head = name.len + 1 + 2 * KEY_ID_BYTES + 1;
    *verifier = (struct note_verifier){.has_key = true};
    if (name.len == 0 || !text_copy(verifier->name, sizeof verifier->name, name) || vkey.len <= head ||
        hex_decode((struct text){plus + 1, 2 * KEY_ID_BYTES}, key_id, KEY_ID_BYTES) || vkey.data[head - 1] != '+' ||
        base64_decode((struct text){vkey.data + head, vkey.len - head}, key, &len) || len != sizeof key || key[0] != 1)
        return error_set(error, ERR_INVALID,
                         "acknowledgement key: %.*s; hint: <origin>/ack+<key id>+<base64 of 01 and the key>",
                         TEXT_ARG(vkey));
    memcpy(verifier->public_key, key + 1, PUBLIC_KEY_BYTES);
    note_key_id(verifier, wanted_id);
    if (memcmp(key_id, wanted_id, KEY_ID_BYTES) != 0)
        return error_set(error, ERR_INVALID, "acknowledgement key: %.*s; hint: key id and key differ", TEXT_ARG(vkey));
    return 0;
}

/* Takes the line "<word><value>\n" off the front; an empty word takes any line. */
static bool take_line(struct text *rest, const char *word, struct text *value)
{
    const size_t word_len = strlen(word);
    const char *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;
    if (end == NULL || (size_t)(end - rest->data) < word_len || memcmp(rest->data, word, word_len) != 0)
        return false;
    *value = (struct text){rest->data + word_len, (size_t)(end - rest->data) - word_len};
    rest->len -= (size_t)(end + 1 - rest->data);
    rest->data = end + 1;
    return true;
}

static bool take_number(struct text *rest, const char *word, int64_t most, int64_t *number)
{
    struct text value;
    return take_line(rest, word, &value) && text_to_i64(value, 0, most, number);
}

static bool take_digest(struct text *rest, const char *word, struct digest *digest)
{
    struct text value;
    size_t len = SHA256_BYTES;
    return take_line(rest, word, &value) && base64_decode(value, digest->bytes, &len) == 0 && len == SHA256_BYTES;
}

static bool read_body(struct text *rest, struct ack_note *note)
{
    struct text title;
    int64_t epoch, seq, index, size;
    if (!take_line(rest, "custody-ack/v1", &title) || title.len != 0 || !take_line(rest, "", &note->origin) ||
        !take_line(rest, "source ", &note->source) || !take_number(rest, "epoch ", UINT32_MAX, &epoch) ||
        !take_number(rest, "seq ", INT64_MAX, &seq) || !take_digest(rest, "chain ", &note->chain) ||
        !take_number(rest, "index ", INT64_MAX, &index) || !take_number(rest, "size ", INT64_MAX, &size) ||
        !take_digest(rest, "root ", &note->root))
        return false;
    note->epoch = (uint32_t)epoch;
    note->seq = (uint64_t)seq;
    note->index = (uint64_t)index;
    note->size = (uint64_t)size;
    return true;
}

/* One signature line "— <name> <base64>" by our key, over `body`. */
static bool signature_holds(struct text line, struct text body, const struct note_verifier *verifier)
{
    const size_t name_len = strlen(verifier->name);
    uint8_t bytes[SIGNED_BYTES], key_id[KEY_ID_BYTES];
    size_t len = sizeof bytes;
    if (line.len <= name_len + 1 || memcmp(line.data, verifier->name, name_len) != 0 || line.data[name_len] != ' ' ||
        base64_decode((struct text){line.data + name_len + 1, line.len - name_len - 1}, bytes, &len) ||
        len != sizeof bytes)
        return false;
    note_key_id(verifier, key_id);
    return memcmp(bytes, key_id, KEY_ID_BYTES) == 0 &&
           crypto_sign_verify_detached(bytes + KEY_ID_BYTES, (const unsigned char *)body.data, body.len,
                                       verifier->public_key) == 0;
}

int ack_note_read(struct text note, const struct note_verifier *verifier, struct ack_note *out, struct error *error)
{
    struct text rest = note, line;
    if (!read_body(&rest, out))
        return error_set(error, ERR_INVALID, "acknowledgement note: %.*s; hint: nine lines, custody-ack/v1 to root",
                         TEXT_ARG(note));
    const struct text body = {note.data, note.len - rest.len};
    if (!take_line(&rest, "", &line) || line.len != 0)
        return error_set(error, ERR_INVALID,
                         "acknowledgement note: no empty line after the text; hint: C2SP signed-note");
    if (!verifier->has_key)
        return 0;
    while (take_line(&rest, signature_dash.data, &line))
        if (signature_holds(line, body, verifier))
            return 0;
    return error_set(error, ERR_SIGNATURE,
                     "acknowledgement note of %.*s: no signature of %s holds; hint: is --ack-key this log's key?",
                     TEXT_ARG(out->source), verifier->name);
}
