/* rotate_key.c - custodyctl rotate-key: the key that signs checkpoints names the one that follows it, in the log. */
#include <string.h>

#include "base/encoding.h"
#include "ctl/ctl.h"
#include "ctl/signing.h"
#include "io/signing_key.h"

static int check_pair(struct ctl *ctl, const struct signing_key *old, const struct signing_key *new)
{
    if (strcmp(old->name, new->name) != 0)
        return ctl_fail(ctl, CTL_USAGE,
                        "the new key is named %s, the old one %s; hint: custodyctl keygen %s NEW_KEY_FILE", new->name,
                        old->name, old->name);
    if (memcmp(old->pair.public_key, new->pair.public_key, PUBLIC_KEY_BYTES) == 0)
        return ctl_fail(ctl, CTL_USAGE, "both files hold the same key; hint: custodyctl keygen %s NEW_KEY_FILE",
                        old->name);
    return CTL_OK;
}

static int check_standing(struct ctl *ctl, const struct signing_key *old)
{
    struct database *database;
    struct key_chain chain;
    struct error error = {0};
    int failed = ctl_database(ctl, &database);

    if (failed != CTL_OK)
        return failed;
    key_chain_init(&chain, text_of(old->name), old->pair.public_key, NULL);
    if (signing_chain_read(database, &chain, &error))
        return ctl_fail_error(ctl, &error);
    switch (chain.standing) {
    case KEY_CURRENT:
        return CTL_OK;
    case KEY_NONE_YET:
        return ctl_fail(ctl, CTL_NEGATIVE, "no key of %s was announced yet; hint: start custodyd with the first one",
                        old->name);
    case KEY_REPLACED:
        return ctl_fail(ctl, CTL_NEGATIVE, "the old key was replaced before; hint: only the newest names the next");
    case KEY_STRANGER:
        break;
    }
    return ctl_fail(ctl, CTL_NEGATIVE, "the old key is none of this log's; hint: which key does custodyd sign with?");
}

/* The announcement as the database takes it: "\x<hex>". */
static void put_announcement(const struct signing_key *old, const struct verifier_key *new, struct buffer *hex)
{
    const struct key_event event = {text_of(old->name), *new};
    struct buffer note;
    char digits[HEX_SIZE(KEY_EVENT_BYTES_MAX)];

    buffer_init(&note, KEY_EVENT_BYTES_MAX);
    key_event_put_signed(&event, &old->signer, &note);
    hex_encode(note.data, note.len, digits);
    buffer_printf(hex, "\\x%s", digits);
    buffer_put_u8(hex, 0);
    buffer_fini(&note);
}

static int announce(struct ctl *ctl, const struct signing_key *old, const struct signing_key *new)
{
    struct verifier_key verifier;
    struct buffer name, announcement;
    struct rows *rows;
    int exit_code;

    verifier_key_init(&verifier, NOTE_ED25519, text_of(new->name), new->pair.public_key);
    buffer_init(&name, KEY_EVENT_BYTES_MAX);
    buffer_init(&announcement, HEX_SIZE(KEY_EVENT_BYTES_MAX) + 4);
    verifier_key_put(&verifier, &name);
    buffer_put_u8(&name, 0);
    put_announcement(old, &verifier, &announcement);
    const char *params[] = {(const char *)name.data, (const char *)announcement.data};
    exit_code = ctl_query(ctl, "SELECT ledger.announce_key($1::text, $2::bytea)", 2, params, &rows);
    if (exit_code == CTL_OK) {
        if (ctl->json)
            exit_code = ctl_print_json(
                ctl, json_pack("{s:s, s:I}", "verifier_key", params[0], "log_index", (json_int_t)rows_i64(rows, 0, 0)));
        else
            fprintf(ctl->out, "verifier    %s\nleaf        %s\n", params[0], rows_text(rows, 0, 0));
        rows_free(rows);
    }
    buffer_fini(&name);
    buffer_fini(&announcement);
    return exit_code;
}

int rotate_key_command(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {
        "OLD_KEY_FILE NEW_KEY_FILE",
        "Replaces the key that signs checkpoints: a leaf of the log, signed by the old key, names\n"
        "the new one, so that whoever trusts the old one follows. Then set checkpoint_key_file to\n"
        "NEW_KEY_FILE, restart custodyd, and give its verifier key to witnesses and auditors. A\n"
        "daemon that starts with the old key refuses from then on; one that runs goes on with it.\n\n"
        "The key of acknowledgements needs no rotation: a new one is announced by the checkpoint\n"
        "key when custodyd starts with it.\n\n"
        "Exit code: 1 when the old key is not the one that signs now.\n",
        2,
        2,
        NULL,
        0};
    struct signing_key old, new;
    struct error error = {0};
    int exit_code;

    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    if (signing_key_read(argv[0], &old, &error) || signing_key_read(argv[1], &new, &error))
        return ctl_fail_error(ctl, &error);
    exit_code = check_pair(ctl, &old, &new);
    if (exit_code == CTL_OK)
        exit_code = check_standing(ctl, &old);
    if (exit_code == CTL_OK)
        exit_code = announce(ctl, &old, &new);
    signing_key_forget(&old);
    signing_key_forget(&new);
    return exit_code;
}
