/* signing_keys.h - the two keys that sign for the log, out of their files: one for acknowledgements, another for checkpoints. */
#ifndef CUSTODY_INGEST_SIGNING_KEYS_H
#define CUSTODY_INGEST_SIGNING_KEYS_H

#include "config.h"
#include "io/signing_key.h"

struct signing_keys {
    bool has_ack, has_checkpoint;  /* their settings are not empty */
    struct signing_key ack;        /* named <origin>/ack */
    struct signing_key checkpoint; /* named as the origin */
};

/* Warns of what is not set. 0 or ERR_CONFIG with words: a file that cannot be read or that others may read, a key of another name, one
 * key for both, a checkpoint key without head_file. */
int signing_keys_load(struct signing_keys *keys, const struct config *config, struct error *error) MUST_USE;
void signing_keys_forget(struct signing_keys *keys);

/* NULL where there is none. */
static inline const struct note_signer *signing_keys_ack(const struct signing_keys *keys)
{
    return keys->has_ack ? &keys->ack.signer : NULL;
}
static inline const struct note_signer *signing_keys_checkpoint(const struct signing_keys *keys)
{
    return keys->has_checkpoint ? &keys->checkpoint.signer : NULL;
}

#endif
