/* keygen.c - custodyctl keygen: makes an Ed25519 key, its secret half in a file that only its owner may read. */
#include <string.h>

#include "base/encoding.h"
#include "core/ledger/verifier_key.h"
#include "ctl/ctl.h"
#include "io/keyfile.h"

enum { VERIFIER_BYTES = 256 };

/* A note's key (C2SP signed-note): every name that is no source's. No white space and no plus sign: the name stands in signature lines and verifier keys. */
static bool is_note_name(const char *name)
{
    size_t len = strlen(name);
    if (len < 1 || len > 120 || strchr(name, '+'))
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)name[i] <= ' ' || (unsigned char)name[i] >= 0x7f)
            return false;
    }
    return true;
}

enum key_use { KEY_OF_SOURCE, KEY_OF_NOTES, KEY_OF_WITNESS };

/* "<name>+<key id>+<base64>": what others are given to check signatures with. */
static void put_verifier(enum key_use use, const char *name, const uint8_t public_key[PUBLIC_KEY_BYTES],
                         struct buffer *out, uint8_t key_id[KEY_ID_BYTES])
{
    struct verifier_key verifier;
    verifier_key_init(&verifier, use == KEY_OF_WITNESS ? NOTE_COSIGNATURE_V1 : NOTE_ED25519, text_of(name), public_key);
    verifier_key_put(&verifier, out);
    memcpy(key_id, verifier.key_hash, KEY_ID_BYTES);
}

static int print_key(struct ctl *ctl, enum key_use use, const char *name, const char *path,
                     const uint8_t public_key[PUBLIC_KEY_BYTES])
{
    uint8_t key_id[KEY_ID_BYTES];
    char id[HEX_SIZE(KEY_ID_BYTES)], key[BASE64_SIZE(PUBLIC_KEY_BYTES)], verifier[VERIFIER_BYTES] = "";
    struct buffer words;
    buffer_init(&words, VERIFIER_BYTES);
    if (use == KEY_OF_SOURCE)
        source_key_id(text_of(name), public_key, key_id);
    else
        put_verifier(use, name, public_key, &words, key_id);
    (void)text_copy(verifier, sizeof verifier, buffer_text(&words));
    buffer_fini(&words);
    hex_encode(key_id, sizeof key_id, id);
    base64_encode(public_key, PUBLIC_KEY_BYTES, key);
    if (ctl->json)
        return ctl_print_json(ctl, json_pack("{s:s, s:s, s:s, s:s, s:s*}", "name", name, "public_key", key, "key_id",
                                             id, "file", path, "verifier_key", *verifier ? verifier : NULL));
    fprintf(ctl->out, "name        %s\npublic key  %s\nkey id      %s\n", name, key, id);
    if (*verifier)
        fprintf(ctl->out, "verifier    %s\n", verifier);
    fprintf(ctl->out, "secret key  in %s, readable by its owner only\n", path);
    return CTL_OK;
}

int keygen_command(struct ctl *ctl, int argc, char **argv)
{
    bool witness = false;
    const struct ctl_option options[] = {{"witness", CTL_OPTION_FLAG, NULL,
                                          "a witness's key, which signs cosignatures and nothing else", &witness, 0,
                                          0}};
    const struct ctl_usage usage = {
        "NAME FILE",
        "Makes an Ed25519 key. The secret half goes to FILE (mode 0600), which must not exist;\n"
        "public key and key id are printed. NAME is the id of a source, or the name of a\n"
        "note's key, such as <origin>/ack for the daemon's acknowledgements, or of a witness.\n",
        2,
        2,
        options,
        1};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    const char *name = argv[0], *path = argv[1];
    if (!source_name_is_valid(text_of(name)) && !is_note_name(name))
        return ctl_fail(ctl, CTL_USAGE,
                        "name: %s; hint: a source id ([a-z0-9-], at most 64) or a key name without blanks and +", name);
    enum key_use use = witness ? KEY_OF_WITNESS : source_name_is_valid(text_of(name)) ? KEY_OF_SOURCE : KEY_OF_NOTES;
    struct key_pair pair;
    struct error error = {0};
    key_pair_random(&pair);
    int code = keyfile_write(path, name, &pair, &error);
    explicit_bzero(pair.secret_key, sizeof pair.secret_key);
    return code == 0 ? print_key(ctl, use, name, path, pair.public_key) : ctl_fail_error(ctl, &error);
}
