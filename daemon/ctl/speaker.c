/* speaker.c - key file, registry and lock of the source as which custodyctl speaks. */
#include "ctl/speaker.h"

#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"

int speaker_read(struct ctl *ctl, const char *key_file, const char *password_file, struct speaker *speaker)
{
    char name[256];
    struct error error = {0};
    if (!key_file)
        return ctl_fail(
            ctl, CTL_USAGE,
            "--key-file: not given; hint: custodyctl keygen NAME FILE, then register source NAME --key-file FILE");
    if (password_read(password_file, speaker->password, sizeof speaker->password, &error) != 0)
        return ctl_fail(ctl, CTL_CONFIG, "--password-file: %s", error.text);
    if (keyfile_read(key_file, name, sizeof name, &speaker->pair, &error) != 0)
        return ctl_fail(ctl, CTL_CONFIG, "%s", error.text);
    if (strlen(name) >= sizeof speaker->name)
        return ctl_fail(ctl, CTL_USAGE, "--key-file: %s holds a key of %s, which is no source", key_file, name);
    snprintf(speaker->name, sizeof speaker->name, "%s", name);
    return CTL_OK;
}

/* The source, its area, its party and the next epoch; every reason why it could not be heard. */
static int ask_registry(struct ctl *ctl, struct speaker *speaker)
{
    static const char sql[] = "SELECT s.area, s.enabled, s.signed, k.key_id IS NOT NULL, k.revoked_at IS NOT NULL, "
                              "coalesce((SELECT max(epoch) FROM ledger.stream AS t WHERE t.source_id = s.source_id), "
                              "0), p.code FROM registry.source AS s JOIN registry.party AS p USING (party_id) "
                              "LEFT JOIN registry.source_key AS k ON k.source_id = s.source_id AND k.public_key = "
                              "decode($2, 'hex') WHERE s.name = $1";
    char key[HEX_SIZE(PUBLIC_KEY_BYTES)];
    struct rows *rows = NULL;
    const char *name = speaker->name;
    hex_encode(speaker->pair.public_key, PUBLIC_KEY_BYTES, key);
    int exit_code = ctl_query(ctl, sql, 2, (const char *const[]){name, key}, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    if (rows_count(rows) == 0)
        exit_code = ctl_fail(ctl, CTL_CONFIG, "source: %s is not registered; hint: custodyctl register source", name);
    else if (rows_text(rows, 0, 1)[0] != 't')
        exit_code = ctl_fail(ctl, CTL_CONFIG, "source: %s is disabled; hint: use another, or have it enabled", name);
    else if (rows_text(rows, 0, 2)[0] == 't' && rows_text(rows, 0, 3)[0] != 't')
        exit_code =
            ctl_fail(ctl, CTL_CONFIG, "key: this one is not registered for %s; hint: custodyctl register key", name);
    else if (rows_text(rows, 0, 2)[0] == 't' && rows_text(rows, 0, 4)[0] == 't')
        exit_code =
            ctl_fail(ctl, CTL_CONFIG, "key: this one of %s is revoked; hint: custodyctl keygen and register key", name);
    if (exit_code == CTL_OK) {
        int64_t now_s = clock_now_us() / US_PER_S, last = rows_i64(rows, 0, 5);
        snprintf(speaker->area, sizeof speaker->area, "%s", rows_text(rows, 0, 0));
        snprintf(speaker->party, sizeof speaker->party, "%s", rows_text(rows, 0, 6));
        speaker->epoch = (uint32_t)(now_s > last ? now_s : last + 1);
    }
    rows_free(rows);
    return exit_code;
}

int speaker_begin(struct ctl *ctl, struct speaker *speaker)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl, "SELECT pg_try_advisory_lock(hashtextextended('custodyctl speaks as ' || $1, 0))", 1,
                              (const char *const[]){speaker->name}, &rows);
    if (exit_code == CTL_OK && rows_text(rows, 0, 0)[0] != 't')
        exit_code = ctl_fail(ctl, CTL_TEMPORARY, "%s: another one as %s is under way; hint: wait for it", ctl->command,
                             speaker->name);
    rows_free(rows);
    return exit_code == CTL_OK ? ask_registry(ctl, speaker) : exit_code;
}
