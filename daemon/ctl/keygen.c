/* keygen.c - custodyctl keygen: makes an Ed25519 key, its secret half in a file that only its owner may read. */
#include <string.h>

#include "base/encoding.h"
#include "core/ledger/note.h"
#include "ctl/ctl.h"
#include "io/keyfile.h"

enum { KEY_TYPE_ED25519 = 0x01 };

/* Source ids are [a-z0-9-]{1,64}; every other name is the name of a note's key (C2SP signed-note). */
static bool is_source_name(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* No white space and no plus sign: the name stands in signature lines and verifier keys. */
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

static int print_key(struct ctl *ctl, const char *name, const char *path, const uint8_t public_key[PUBLIC_KEY_BYTES])
{
    uint8_t key_id[KEY_ID_BYTES], typed[1 + PUBLIC_KEY_BYTES] = {KEY_TYPE_ED25519};
    char id[HEX_SIZE(KEY_ID_BYTES)], key[BASE64_SIZE(PUBLIC_KEY_BYTES)], typed_key[BASE64_SIZE(1 + PUBLIC_KEY_BYTES)];
    bool is_source = is_source_name(name);
    char verifier[256] = "";
    if (is_source)
        source_key_id(text_of(name), public_key, key_id);
    else
        note_key_hash(text_of(name), public_key, key_id);
    hex_encode(key_id, sizeof key_id, id);
    base64_encode(public_key, PUBLIC_KEY_BYTES, key);
    memcpy(typed + 1, public_key, PUBLIC_KEY_BYTES);
    base64_encode(typed, sizeof typed, typed_key);
    if (!is_source)
        snprintf(verifier, sizeof verifier, "%s+%s+%s", name, id, typed_key);
    if (ctl->json)
        return ctl_print_json(ctl, json_pack("{s:s, s:s, s:s, s:s, s:s*}", "name", name, "public_key", key, "key_id",
                                             id, "file", path, "verifier_key", is_source ? NULL : verifier));
    fprintf(ctl->out, "name        %s\npublic key  %s\nkey id      %s\n", name, key, id);
    if (!is_source)
        fprintf(ctl->out, "verifier    %s\n", verifier);
    fprintf(ctl->out, "secret key  in %s, readable by its owner only\n", path);
    return CTL_OK;
}

int keygen_command(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {
        "NAME FILE",
        "Makes an Ed25519 key. The secret half goes to FILE (mode 0600), which must not exist;\n"
        "public key and key id are printed. NAME is the id of a source, or the name of a\n"
        "note's key, such as <origin>/ack for the daemon's acknowledgements.\n",
        2,
        2,
        NULL,
        0};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    const char *name = argv[0], *path = argv[1];
    if (!is_source_name(name) && !is_note_name(name))
        return ctl_fail(ctl, CTL_USAGE,
                        "name: %s; hint: a source id ([a-z0-9-], at most 64) or a key name without blanks and +", name);
    struct key_pair pair;
    struct error error = {0};
    key_pair_random(&pair);
    int code = keyfile_write(path, name, &pair, &error);
    explicit_bzero(pair.secret_key, sizeof pair.secret_key);
    return code == 0 ? print_key(ctl, name, path, pair.public_key) : ctl_fail_error(ctl, &error);
}
