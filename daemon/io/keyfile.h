/* keyfile.h - secrets in files, never in the database or on a command line: Ed25519 keys (mode 0600, one line), passwords. And the
 * names of keys and of the sources that have them (architecture 4, 6). */
#ifndef CUSTODY_IO_KEYFILE_H
#define CUSTODY_IO_KEYFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum { PUBLIC_KEY_BYTES = 32, SECRET_KEY_BYTES = 64, SEED_BYTES = 32, SIGNATURE_BYTES = 64, KEY_ID_BYTES = 4 };

struct key_pair {
    uint8_t public_key[PUBLIC_KEY_BYTES];
    uint8_t secret_key[SECRET_KEY_BYTES]; /* libsodium's form: seed || public key */
};

/* From 32 bytes of seed (deterministic) or from the system's randomness. */
void key_pair_from_seed(const uint8_t seed[SEED_BYTES], struct key_pair *pair);
void key_pair_random(struct key_pair *pair);

/* File: "custody-secret-key/v1 <name> <base64 seed>\n". Refuses a file that others may read (mode & 077) with a hint.
 * */
int keyfile_read(const char *path, char *name, size_t name_size, struct key_pair *pair, struct error *error) MUST_USE;
/* Creates it with mode 0600; ERR_EXISTS rather than overwrite. */
int keyfile_write(const char *path, const char *name, const struct key_pair *pair, struct error *error) MUST_USE;

/* The first line of the file; "" without a path. ERR_CONFIG, also for a password that does not fit. */
int password_read(const char *path, char *password, size_t size, struct error *error) MUST_USE;

/* [a-z0-9-]{1,64}: a source's name is its user at the broker and a level of its topics. */
bool source_name_is_valid(struct text name);
/* First 4 bytes of SHA-256("custody-source/v1\n" || source || "\n" || 0x01 || public key). */
void source_key_id(struct text source, const uint8_t public_key[PUBLIC_KEY_BYTES], uint8_t key_id[KEY_ID_BYTES]);

/* Over "custody-envelope/v1\n" || source || "\n" || body. */
void envelope_sign(struct text source, struct text body, const struct key_pair *pair,
                   uint8_t signature[SIGNATURE_BYTES]);
/* 0 or ERR_SIGNATURE. libsodium decides (stricter than OpenSSL). */
int envelope_verify(struct text source, struct text body, struct text signature,
                    const uint8_t public_key[PUBLIC_KEY_BYTES]) MUST_USE;

#endif
