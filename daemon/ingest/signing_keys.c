/* signing_keys.c - reads the keys and holds them to their names and apart. */
#include "ingest/signing_keys.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* A key is named as it signs. */
static int load_key(struct signing_key *key, const char *setting, const char *path, const char *wanted,
                    struct error *error)
{
    int code = signing_key_read(path, key, error);

    if (code) {
        (void)error_prefix(error, "%s: ", setting);
        return error->code = ERR_CONFIG;
    }
    if (strcmp(wanted, key->name) != 0)
        return error_set(error, ERR_CONFIG, "%s: the key is named \"%s\", not \"%s\"; hint: custodyctl keygen %s FILE",
                         setting, key->name, wanted, wanted);
    return 0;
}

static int load_ack_key(struct signing_keys *keys, const struct config *config, struct error *error)
{
    char wanted[CONFIG_TEXT_BYTES + 8];

    if (!*config->ack_key_file) {
        log_warn(
            "acks_unsigned",
            "hint=\"set ack_key_file: devices delete nothing without a signed note; custodyctl keygen makes one\"");
        return 0;
    }
    (void)snprintf(wanted, sizeof wanted, "%s/ack", config->origin);
    keys->has_ack = true;
    return load_key(&keys->ack, "ack_key_file", config->ack_key_file, wanted, error);
}

static int load_checkpoint_key(struct signing_keys *keys, const struct config *config, struct error *error)
{
    if (!*config->checkpoint_key_file) {
        log_warn("checkpoints_unsigned",
                 "hint=\"set checkpoint_key_file and head_file: without signed heads nobody else "
                 "can verify the log; custodyctl keygen makes a key\"");
        return 0;
    }
    if (!*config->head_file)
        return error_set(error, ERR_CONFIG,
                         "head_file: is not set, and checkpoint_key_file is; hint: the path of a file apart from the "
                         "database and its backups, such as /var/lib/custodyd/head");
    keys->has_checkpoint = true;
    return load_key(&keys->checkpoint, "checkpoint_key_file", config->checkpoint_key_file, config->origin, error);
}

int signing_keys_load(struct signing_keys *keys, const struct config *config, struct error *error)
{
    int code = load_ack_key(keys, config, error);

    if (!code)
        code = load_checkpoint_key(keys, config, error);
    if (!code && keys->has_ack && keys->has_checkpoint &&
        memcmp(keys->ack.pair.public_key, keys->checkpoint.pair.public_key, PUBLIC_KEY_BYTES) == 0)
        code =
            error_set(error, ERR_CONFIG,
                      "checkpoint_key_file: is the key of ack_key_file under another name; hint: custodyctl keygen %s "
                      "FILE makes one of its own",
                      config->origin);
    return code;
}

void signing_keys_forget(struct signing_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}
