/* signing_key.c - reads and forgets keys that sign notes. */
#include "io/signing_key.h"

#include <sodium.h>

int signing_key_read(const char *path, struct signing_key *key, struct error *error)
{
    int code = keyfile_read(path, key->name, sizeof key->name, &key->pair, error);

    if (!code)
        note_signer_init(&key->signer, key->name, key->pair.secret_key);
    return code;
}

void signing_key_forget(struct signing_key *key)
{
    sodium_memzero(key, sizeof *key);
}
