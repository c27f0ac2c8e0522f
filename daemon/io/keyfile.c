/* keyfile.c - Ed25519 keys in files of one line, their names and ids, and signatures over envelopes (libsodium). */
#include "io/keyfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/hash.h"

static_assert(PUBLIC_KEY_BYTES == crypto_sign_PUBLICKEYBYTES && SECRET_KEY_BYTES == crypto_sign_SECRETKEYBYTES &&
                  SEED_BYTES == crypto_sign_SEEDBYTES && SIGNATURE_BYTES == crypto_sign_BYTES,
              "sizes of Ed25519");

#define KEYFILE_MAGIC "custody-secret-key/v1"
#define ENVELOPE_CONTEXT "custody-envelope/v1\n"
#define SOURCE_CONTEXT "custody-source/v1\n"

enum { KEYFILE_LINE_BYTES = 512, ALGORITHM_ED25519 = 1, SOURCE_NAME_MAX = 64 };

/* sodium_init may be called by every thread, but takes a lock: ask it once, not for every signature. */
static void sodium_ready(void)
{
    static atomic_bool ready;
    if (atomic_load_explicit(&ready, memory_order_acquire))
        return;
    int code = sodium_init();
    assert(code >= 0);
    (void)code;
    atomic_store_explicit(&ready, true, memory_order_release);
}

void key_pair_from_seed(const uint8_t seed[SEED_BYTES], struct key_pair *pair)
{
    sodium_ready();
    int code = crypto_sign_seed_keypair(pair->public_key, pair->secret_key, seed);
    assert(code == 0);
    (void)code;
}

void key_pair_random(struct key_pair *pair)
{
    uint8_t seed[SEED_BYTES];
    sodium_ready();
    randombytes_buf(seed, sizeof seed);
    key_pair_from_seed(seed, pair);
    sodium_memzero(seed, sizeof seed);
}

/* ---- files ---- */

/* A secret is the business of its owner and root alone: mode 0600 or 0400, as systemd makes credentials too. */
static int check_secret(int fd, const char *path, struct error *error)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return error_set(error, ERR_IO, "key file %s: %s; hint: check the path", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return error_set(error, ERR_INVALID, "key file %s: is no regular file; hint: check the path", path);
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return error_set(error, ERR_DENIED, "key file %s: mode %04o lets others at it; hint: chmod 600", path,
                         (unsigned)(about.st_mode & 07777));
    if (about.st_uid != 0 && about.st_uid != geteuid())
        return error_set(error, ERR_DENIED, "key file %s: belongs to user %ld; hint: it must be ours (%ld) or root's",
                         path, (long)about.st_uid, (long)geteuid());
    return 0;
}

static int read_line(int fd, const char *path, char line[KEYFILE_LINE_BYTES], struct error *error)
{
    size_t used = 0;
    ssize_t got;
    do {
        got = read(fd, line + used, KEYFILE_LINE_BYTES - 1 - used);
        if (got > 0)
            used += (size_t)got;
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0)
        return error_set(error, ERR_IO, "key file %s: %s; hint: check the path", path, strerror(errno));
    if (used == KEYFILE_LINE_BYTES - 1)
        return error_set(error, ERR_TOO_LARGE,
                         "key file %s: more than one line of %d bytes; hint: write it with custodyctl keygen", path,
                         KEYFILE_LINE_BYTES - 2);
    while (used > 0 && (line[used - 1] == '\n' || line[used - 1] == '\r'))
        used--;
    line[used] = '\0';
    return 0;
}

/* Splits "magic name base64"; a name holds no space. */
static bool split_line(struct text line, struct text *name, struct text *seed)
{
    struct text magic = TEXT(KEYFILE_MAGIC " ");
    if (line.len < magic.len || memcmp(line.data, magic.data, magic.len) != 0)
        return false;
    struct text rest = {line.data + magic.len, line.len - magic.len};
    const char *space = memchr(rest.data, ' ', rest.len);
    if (space == NULL || space == rest.data)
        return false;
    name->data = rest.data;
    name->len = (size_t)(space - rest.data);
    seed->data = space + 1;
    seed->len = rest.len - name->len - 1;
    return true;
}

static int parse_line(struct text line, const char *path, char *name, size_t name_size, struct key_pair *pair,
                      struct error *error)
{
    uint8_t seed[SEED_BYTES + 1] = {0};
    size_t len = sizeof seed;
    struct text name_text, seed_text;
    if (!split_line(line, &name_text, &seed_text))
        return error_set(error, ERR_INVALID,
                         "key file %s: is not \"" KEYFILE_MAGIC " <name> <base64>\"; hint: custodyctl keygen writes it",
                         path);
    if (!text_is_clean_utf8(name_text) || name_text.len >= name_size)
        return error_set(error, ERR_INVALID, "key file %s: name of %zu bytes; hint: at most %zu of UTF-8", path,
                         name_text.len, name_size - 1);
    if (base64_decode(seed_text, seed, &len) != 0 || len != SEED_BYTES) {
        sodium_memzero(seed, sizeof seed);
        return error_set(error, ERR_INVALID,
                         "key file %s: no base64 of %d bytes after the name; hint: custodyctl keygen writes it", path,
                         SEED_BYTES);
    }
    text_copy(name, name_size, name_text);
    key_pair_from_seed(seed, pair);
    sodium_memzero(seed, sizeof seed);
    return 0;
}

int keyfile_read(const char *path, char *name, size_t name_size, struct key_pair *pair, struct error *error)
{
    char line[KEYFILE_LINE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_set(error, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                         "key file %s: %s; hint: custodyctl keygen makes one", path, strerror(errno));
    int code = check_secret(fd, path, error);
    if (code == 0)
        code = read_line(fd, path, line, error);
    close(fd);
    if (code == 0)
        code = parse_line(text_of(line), path, name, name_size, pair, error);
    sodium_memzero(line, sizeof line);
    return code;
}

static bool is_key_name(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= 255 && strcspn(name, " \t\r\n+") == len && text_is_clean_utf8(text_of(name));
}

static int write_all(int fd, const char *line)
{
    size_t len = strlen(line);
    for (size_t done = 0; done < len;) {
        ssize_t wrote = write(fd, line + done, len - done);
        if (wrote < 0 && errno != EINTR)
            return ERR_IO;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return fsync(fd) == 0 ? 0 : ERR_IO;
}

int keyfile_write(const char *path, const char *name, const struct key_pair *pair, struct error *error)
{
    char line[KEYFILE_LINE_BYTES], seed[BASE64_SIZE(SEED_BYTES)];
    if (!is_key_name(name)) /* C2SP signed-note: no white space, no plus */
        return error_set(error, ERR_INVALID,
                         "key name of %zu bytes; hint: 1 to 255 bytes of UTF-8 without white space and '+'",
                         strlen(name));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return error_set(error, errno == EEXIST ? ERR_EXISTS : ERR_IO, "key file %s: %s; hint: %s", path,
                         strerror(errno),
                         errno == EEXIST ? "a key is never overwritten, choose another path" : "check the folder");
    base64_encode(pair->secret_key, SEED_BYTES, seed);
    snprintf(line, sizeof line, KEYFILE_MAGIC " %s %s\n", name, seed);
    int code = write_all(fd, line);
    if (close(fd) != 0)
        code = ERR_IO;
    sodium_memzero(line, sizeof line);
    sodium_memzero(seed, sizeof seed);
    if (code == 0)
        return 0;
    error_set(error, code, "key file %s: %s; hint: is the disk full?", path, strerror(errno));
    unlink(path);
    return code;
}

/* ---- names and signatures ---- */

int password_read(const char *path, char *password, size_t size, struct error *error)
{
    FILE *in;
    bool whole;

    password[0] = '\0';
    if (!path || !*path)
        return 0;
    in = fopen(path, "re");
    whole = in && fgets(password, (int)size, in) && (strchr(password, '\n') || feof(in) || fgetc(in) == EOF);
    if (in)
        (void)fclose(in);
    if (whole) {
        password[strcspn(password, "\r\n")] = '\0';
        return 0;
    }
    sodium_memzero(password, size);
    return error_set(error, ERR_CONFIG, "%.200s: cannot be read; hint: one line, the password, of at most %zu bytes",
                     path, size - 1);
}

bool source_name_is_valid(struct text name)
{
    return name.len <= SOURCE_NAME_MAX && text_is_made_of(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

void source_key_id(struct text source, const uint8_t public_key[PUBLIC_KEY_BYTES], uint8_t key_id[KEY_ID_BYTES])
{
    static const uint8_t algorithm = ALGORITHM_ED25519;
    const struct hash_part parts[] = {
        {SOURCE_CONTEXT, sizeof SOURCE_CONTEXT - 1},
        {source.data, source.len},
        {"\n", 1},
        {&algorithm, 1},
        {public_key, PUBLIC_KEY_BYTES},
    };
    struct digest digest = sha256_parts(parts, sizeof parts / sizeof parts[0]);
    memcpy(key_id, digest.bytes, KEY_ID_BYTES);
}

/* Pure Ed25519 (RFC 8032) hashes its message twice, so the message must lie in one piece: built in a caller's buffer.
 * */
enum { SIGNED_MAX_BYTES = sizeof ENVELOPE_CONTEXT + 256 + 64 * 1024 };

static size_t signed_message(struct text source, struct text body, uint8_t out[SIGNED_MAX_BYTES])
{
    size_t context = sizeof ENVELOPE_CONTEXT - 1;
    size_t len = context + source.len + 1 + body.len;
    if (source.len > 256 || body.len > 64 * 1024)
        return 0;
    memcpy(out, ENVELOPE_CONTEXT, context);
    memcpy(out + context, source.data, source.len);
    out[context + source.len] = '\n';
    if (body.len > 0)
        memcpy(out + context + source.len + 1, body.data, body.len);
    return len;
}

void envelope_sign(struct text source, struct text body, const struct key_pair *pair,
                   uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t message[SIGNED_MAX_BYTES];
    size_t len = signed_message(source, body, message);
    assert(len > 0); /* ours: envelopes are bounded before they are signed */
    sodium_ready();
    crypto_sign_detached(signature, NULL, message, len, pair->secret_key);
}

int envelope_verify(struct text source, struct text body, struct text signature,
                    const uint8_t public_key[PUBLIC_KEY_BYTES])
{
    uint8_t message[SIGNED_MAX_BYTES];
    size_t len = signed_message(source, body, message);
    if (len == 0 || signature.len != SIGNATURE_BYTES)
        return ERR_SIGNATURE;
    sodium_ready();
    return crypto_sign_verify_detached((const uint8_t *)signature.data, message, len, public_key) == 0 ? 0
                                                                                                       : ERR_SIGNATURE;
}
