/* prove.c - custodyctl prove: writes an evidence bundle that others verify with their own tools. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/bundle_write.h"
#include "ctl/ctl.h"
#include "ctl/casefile.h"

enum { TARGETS_MAX = 100000, PATH_BYTES = 4096 };

/* Signed records whose key no leaf registers: verify will refuse them, and whoever asked should know it now. */
static size_t count_unproven(const struct casefile *casefile)
{
    size_t unproven = 0;
    for (size_t i = 0; i < casefile->record_count; i++) {
        const struct casefile_record *record = &casefile->records[i];
        bool found = !record->is_signed;
        for (size_t k = 0; !found && k < casefile->key_count; k++)
            found = memcmp(casefile->keys[k].key_id, record->key_id, KEY_ID_BYTES) == 0 &&
                    text_equal(casefile->keys[k].source, record->source);
        unproven += !found;
    }
    return unproven;
}

static json_t *describe(const struct casefile *casefile, const char *target, const char *directory)
{
    json_t *list = json_array();
    for (size_t i = 0; i < casefile->record_count; i++)
        json_array_append_new(list, json_integer((json_int_t)casefile->records[i].index));
    return json_pack("{s:s, s:s, s:o, s:s%, s:I, s:I, s:I, s:I}", "target", target, "bundle", directory, "records",
                     list, "origin", casefile->head.origin.data, casefile->head.origin.len, "size",
                     (json_int_t)casefile->head.size, "device_keys", (json_int_t)casefile->key_count,
                     "keys_not_registered", (json_int_t)count_unproven(casefile), "tree_rows_read",
                     (json_int_t)casefile->rows_read);
}

static int prove_one(struct ctl *ctl, const char *target, const char *scheme, const char *directory, json_t *answers)
{
    struct casefile casefile;
    struct error error = {0};
    int exit_code = casefile_gather(ctl, target, scheme, &casefile);
    if (exit_code == CTL_OK && bundle_write(&casefile, target, directory, &error) != 0)
        exit_code = ctl_fail_error(ctl, &error);
    if (exit_code == CTL_OK) {
        size_t unproven = count_unproven(&casefile);
        json_array_append_new(answers, describe(&casefile, target, directory));
        if (!ctl->json)
            fprintf(ctl->out, "%s: %zu records, %zu device keys, checkpoint of size %" PRIu64 "\n", directory,
                    casefile.record_count, casefile.key_count, casefile.head.size);
        if (unproven > 0)
            fprintf(ctl->err,
                    "custodyctl: warning: %s: %zu records are signed by keys that no leaf of the log registers; verify "
                    "will refuse them\n",
                    directory, unproven);
    }
    casefile_fini(&casefile);
    return exit_code;
}

/* A folder for each target, named after it. */
static int prove_each(struct ctl *ctl, int count, char **targets, const char *scheme, const char *out, json_t *answers)
{
    int exit_code = CTL_OK;
    if (mkdir(out, 0755) != 0)
        return ctl_fail(ctl, errno == EEXIST ? CTL_NEGATIVE : CTL_TEMPORARY, "%s: %s; hint: name a new directory", out,
                        strerror(errno));
    for (int i = 0; exit_code == CTL_OK && i < count; i++) {
        char directory[PATH_BYTES];
        if (strchr(targets[i], '/') || targets[i][0] == '.')
            return ctl_fail(ctl, CTL_USAGE, "%s: names no folder; hint: ask for it alone, without --each", targets[i]);
        snprintf(directory, sizeof directory, "%s/%s", out, targets[i]);
        exit_code = prove_one(ctl, targets[i], scheme, directory, answers);
    }
    return exit_code;
}

int prove_command(struct ctl *ctl, int argc, char **argv)
{
    const char *out = NULL, *scheme = NULL;
    bool each = false;
    const struct ctl_option options[] = {
        {"out", CTL_OPTION_TEXT, "DIR", "directory to make; it must not exist", &out, 0, 0},
        {"each", CTL_OPTION_FLAG, NULL, "a bundle for each TARGET, at DIR/TARGET", &each, 0, 0},
        {"scheme", CTL_OPTION_TEXT, "SCHEME", "read TARGET as this identifier only: vin, plate, imei, ...", &scheme, 0,
         0},
    };
    const struct ctl_usage usage = {
        "TARGET... --out=DIR",
        "Writes an evidence bundle: a directory with the records exactly as they were received, a\n"
        "C2SP tlog-proof for each, one signed checkpoint with its cosignatures, the devices'\n"
        "public keys with the leaves that registered them, the log's keys, the .proto files, an\n"
        "account in Chinese and English, SHA256SUMS over all of it, and a README that says how to\n"
        "check a record with coreutils, xxd and openssl alone.\n\n"
        "TARGET is a log index (up to 12 digits), item:NUMBER, or any identifier of an item: a\n"
        "VIN, plate, engine number, certificate number, battery code, IMEI, tag, ...\n\n"
        "Exit code: 0 written, 1 no such thing (or the database contradicts its own signed\n"
        "head), 75 when no signed checkpoint covers it yet: try again in a moment.\n",
        1,
        TARGETS_MAX,
        options,
        3};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    if (!out || !out[0])
        return ctl_fail(ctl, CTL_USAGE, "--out: missing; hint: name the directory to make");
    if (argc > 1 && !each)
        return ctl_fail(ctl, CTL_USAGE, "targets: %d given; hint: --each makes a bundle for each", argc);
    json_t *answers = json_array();
    exit_code =
        each ? prove_each(ctl, argc, argv, scheme, out, answers) : prove_one(ctl, argv[0], scheme, out, answers);
    if (exit_code == CTL_OK && ctl->json)
        exit_code = ctl_print_json(ctl, each ? json_incref(answers) : json_incref(json_array_get(answers, 0)));
    json_decref(answers);
    return exit_code;
}
