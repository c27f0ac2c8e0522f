/* bundle.c - the grammar of a bundle's paths and of its manifest. */
#include "core/ledger/bundle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "core/ledger/line.h"

/* ---- names */

static bool drop_suffix(struct text *t, struct text suffix)
{
    if (t->len <= suffix.len || memcmp(t->data + t->len - suffix.len, suffix.data, suffix.len) != 0)
        return false;
    t->len -= suffix.len;
    return true;
}

/* Folder and ending of what is numbered by log index. */
static const struct {
    struct text folder, suffix;
    enum bundle_kind kind;
} numbered[] = {
    {{"records/", 8}, {".bin", 4}, BUNDLE_RECORD},
    {{"records/", 8}, {".leaf", 5}, BUNDLE_LEAF},
    {{"proofs/", 7}, {".tlog-proof", 11}, BUNDLE_PROOF},
};

static bool is_numbered(struct text path, struct bundle_name *name)
{
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++) {
        struct text number = path;

        if (line_take_prefix(&number, numbered[i].folder) && drop_suffix(&number, numbered[i].suffix) &&
            line_to_u64(number, &name->index)) {
            name->kind = numbered[i].kind;
            return true;
        }
    }
    return false;
}

static bool is_lower_hex(struct text t)
{
    return text_is_made_of(t, "0123456789abcdef");
}

static bool is_device_key(struct text path, struct bundle_name *name)
{
    enum { DIGITS = 2 * NOTE_KEY_HASH_BYTES };
    struct text source = path, id;

    if (!line_take_prefix(&source, TEXT("keys/")) || !drop_suffix(&source, TEXT(".pem")) || source.len < DIGITS + 2)
        return false;
    id = (struct text){source.data + source.len - DIGITS, DIGITS};
    source.len -= DIGITS + 1;
    if (source.data[source.len] != '.' || source.len > BUNDLE_SOURCE_MAX || !is_lower_hex(id) ||
        !text_is_made_of(source, "abcdefghijklmnopqrstuvwxyz0123456789-") ||
        hex_decode(id, name->key_id, NOTE_KEY_HASH_BYTES) != 0)
        return false;
    name->kind = BUNDLE_DEVICE_KEY;
    name->source = source;
    return true;
}

static bool is_contract(struct text path)
{
    return line_take_prefix(&path, TEXT("proto/custody/v1/")) && drop_suffix(&path, TEXT(".proto")) &&
           text_is_made_of(path, "abcdefghijklmnopqrstuvwxyz_");
}

static bool is_fixed(struct text path, struct bundle_name *name)
{
    static const struct {
        const char *path;
        enum bundle_kind kind;
    } fixed[] = {
        {BUNDLE_CHECKPOINT, BUNDLE_SIGNED_HEAD}, {BUNDLE_LOG_KEYS, BUNDLE_KEYS_OF_LOG}, {"README.md", BUNDLE_TEXT},
        {"account.en.md", BUNDLE_TEXT},          {"account.zh.md", BUNDLE_TEXT},        {"policy", BUNDLE_TEXT},
    };

    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (text_equal(path, text_of(fixed[i].path))) {
            name->kind = fixed[i].kind;
            return true;
        }
    }
    name->kind = BUNDLE_TEXT;
    return is_contract(path);
}

int bundle_name_parse(struct text path, struct bundle_name *name)
{
    *name = (struct bundle_name){0};
    return path.len < BUNDLE_PATH_SIZE && (is_numbered(path, name) || is_device_key(path, name) || is_fixed(path, name))
               ? 0
               : ERR_INVALID;
}

/* ---- manifest */

static int quote(struct error *error, int code, const char *what, struct text path)
{
    (void)error_set(error, code, "%s: %s: %.*s", BUNDLE_MANIFEST, what,
                    (int)(path.len < BUNDLE_PATH_SIZE ? path.len : BUNDLE_PATH_SIZE), path.data ? path.data : "");
    if (error)
        text_make_clean(error->text);
    return code;
}

static int read_line(struct text line, struct bundle_entry *entry, struct error *error)
{
    enum { DIGITS = 2 * SHA256_BYTES };
    struct text digits = {line.data, DIGITS};

    if (line.len < DIGITS + 3 || memcmp(line.data + DIGITS, "  ", 2) != 0 || !is_lower_hex(digits) ||
        hex_decode(digits, entry->sha256.bytes, SHA256_BYTES) != 0)
        return quote(error, ERR_INVALID, "not <64 hex digits> and a path", line);
    entry->path = (struct text){line.data + DIGITS + 2, line.len - DIGITS - 2};
    return bundle_name_parse(entry->path, &entry->name) == 0
               ? 0
               : quote(error, ERR_INVALID, "no file of a bundle", entry->path);
}

static const struct bundle_entry *find_path(const struct bundle_entry *entries, size_t count, const char *path)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = text_compare(entries[middle].path, text_of(path));

        if (order == 0)
            return &entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool has_numbered(const struct bundle_entry *entries, size_t count, enum bundle_kind kind, uint64_t index)
{
    char path[BUNDLE_PATH_SIZE];

    snprintf(path, sizeof path, "%s%" PRIu64 "%s", numbered[kind].folder.data, index, numbered[kind].suffix.data);
    return find_path(entries, count, path) != NULL;
}

/* A record and a leaf of the same index would be two answers. */
static bool is_paired(const struct bundle_entry *entries, size_t count, const struct bundle_name *name)
{
    bool record = has_numbered(entries, count, BUNDLE_RECORD, name->index),
         leaf = has_numbered(entries, count, BUNDLE_LEAF, name->index);

    return record != leaf && has_numbered(entries, count, BUNDLE_PROOF, name->index);
}

static int check_whole(const struct bundle_entry *entries, size_t count, struct error *error)
{
    static const char *const needed[] = {BUNDLE_CHECKPOINT, BUNDLE_LOG_KEYS};

    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!find_path(entries, count, needed[i]))
            return quote(error, ERR_INVALID, "missing", text_of(needed[i]));
    for (size_t i = 0; i < count; i++)
        if (entries[i].name.kind <= BUNDLE_PROOF && !is_paired(entries, count, &entries[i].name))
            return quote(error, ERR_INVALID, "not one record and one proof", entries[i].path);
    return 0;
}

int bundle_manifest_parse(struct text t, struct bundle_entry *entries, size_t max, size_t *count, struct error *error)
{
    struct text line;

    for (*count = 0; line_take(&t, &line); (*count)++) {
        int code;

        if (*count == max)
            return error_set(error, ERR_TOO_LARGE, "%s: more than %zu files", BUNDLE_MANIFEST, max);
        code = read_line(line, &entries[*count], error);
        if (code)
            return code;
        if (*count > 0 && text_compare(entries[*count - 1].path, entries[*count].path) >= 0)
            return quote(error, ERR_INVALID, "out of order or twice", entries[*count].path);
    }
    if (t.len)
        return quote(error, ERR_INVALID, "its last line has no end", t);
    return check_whole(entries, *count, error);
}

/* ---- keys */

void bundle_key_put(const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES], struct buffer *out)
{
    uint8_t der[12 + NOTE_PUBLIC_KEY_BYTES] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    char base64[BASE64_SIZE(sizeof der)];

    memcpy(der + 12, public_key, NOTE_PUBLIC_KEY_BYTES);
    base64_encode(der, sizeof der, base64);
    buffer_printf(out, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", base64);
}
