/* verify.c - custodyctl verify: checks evidence bundles against a trust policy, without database and without network. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "ctl/bundle_check.h"
#include "ctl/ctl.h"
#include "ctl/table.h"
#include "ctl/trust.h"

enum { BUNDLES_MAX = 100000, CELL_BYTES = 128 };

static const char *const standing_words[] = {
    [STANDING_SIGNED] = "signed",
    [STANDING_UNSIGNED] = "unsigned",
    [STANDING_IN_LOG] = "in the log",
    [STANDING_ERASED] = "erased",
};

static const char *const type_words[] = {
    "", "envelope", "operator action", "dead letter", "key event", "erasure", "equivocation", "software change",
};

static const char *remark_of(const struct checked_record *record)
{
    if (record->chain_is_broken)
        return "weaker evidence: the source contradicts its own chain";
    return record->standing == STANDING_UNSIGNED ? "weaker evidence: nobody signed it" : "";
}

/* ---- for people */

static void print_records(struct ctl *ctl, const struct checked_bundle *checked)
{
    static const char *const headers[] = {">log", "type", "received", "source", ">seq", "key", "evidence", "remarks"};
    struct table *table = table_new(sizeof headers / sizeof *headers, headers);
    for (size_t i = 0; i < checked->record_count; i++) {
        const struct checked_record *record = &checked->records[i];
        char index[CELL_BYTES], received[TIME_TEXT_SIZE], source[CELL_BYTES], seq[CELL_BYTES] = "",
                                                                              id[HEX_SIZE(KEY_ID_BYTES)] = "";
        snprintf(index, sizeof index, "%" PRIu64, record->index);
        time_format_local(record->received_us, received);
        text_copy(source, sizeof source, record->source);
        if (record->source.len > 0)
            snprintf(seq, sizeof seq, "%u/%" PRIu64, record->epoch, record->seq);
        if (record->standing == STANDING_SIGNED)
            hex_encode(record->key_id, KEY_ID_BYTES, id);
        table_add(table, (const char *const[]){index, type_words[record->type], received, source, seq, id,
                                               standing_words[record->standing], remark_of(record)});
    }
    table_print(table, ctl->out);
    table_free(table);
}

static void print_witnesses(struct ctl *ctl, const struct policy *policy, const struct policy_verdict *verdict)
{
    for (size_t i = 0; i < policy->member_count; i++) {
        char at[TIME_TEXT_SIZE];
        if (policy->members[i].is_group || !verdict->cosigned[i])
            continue;
        time_format_local((int64_t)verdict->time_s[i] * US_PER_S, at);
        fprintf(ctl->out, "cosigned by %.*s at %s\n", TEXT_ARG(policy->members[i].name), at);
    }
}

static void print_good(struct ctl *ctl, const char *path, const struct policy *policy,
                       const struct checked_bundle *checked, bool one)
{
    const struct checkpoint *head = &checked->verdict.checkpoint;
    if (one) {
        print_records(ctl, checked);
        fputc('\n', ctl->out);
        print_witnesses(ctl, policy, &checked->verdict);
    }
    fprintf(ctl->out, "%s: good: %zu records in %.*s, checkpoint of size %" PRIu64 ", %zu device keys; %zu weaker\n",
            path, checked->record_count, TEXT_ARG(head->origin), head->size, checked->key_count, checked->weaker_count);
}

static void print_bad(struct ctl *ctl, const char *path, const struct error *error)
{
    fprintf(ctl->out, "%s: BAD: ", path);
    text_print_safe(error->text, ctl->out);
    fputc('\n', ctl->out);
}

/* ---- for programs */

static json_t *record_document(const struct checked_record *record)
{
    char received[TIME_TEXT_SIZE], id[HEX_SIZE(KEY_ID_BYTES)];
    time_format_utc(record->received_us, received);
    json_t *document = json_pack("{s:I, s:s, s:s, s:s, s:b}", "log_index", (json_int_t)record->index, "type",
                                 type_words[record->type], "received_at", received, "evidence",
                                 standing_words[record->standing], "weaker", remark_of(record)[0] != '\0');
    if (record->source.len > 0) {
        json_object_set_new(document, "source", json_stringn(record->source.data, record->source.len));
        json_object_set_new(document, "epoch", json_integer(record->epoch));
        json_object_set_new(document, "seq", json_integer((json_int_t)record->seq));
        json_object_set_new(document, "chain_is_broken", json_boolean(record->chain_is_broken));
    }
    if (record->standing == STANDING_SIGNED) {
        hex_encode(record->key_id, KEY_ID_BYTES, id);
        json_object_set_new(document, "key_id", json_string(id));
    }
    return document;
}

static json_t *witness_documents(const struct policy *policy, const struct policy_verdict *verdict)
{
    json_t *list = json_array();
    for (size_t i = 0; i < policy->member_count; i++) {
        char at[TIME_TEXT_SIZE];
        if (policy->members[i].is_group || !verdict->cosigned[i])
            continue;
        time_format_utc((int64_t)verdict->time_s[i] * US_PER_S, at);
        json_array_append_new(list, json_pack("{s:s%, s:s}", "witness", policy->members[i].name.data,
                                              policy->members[i].name.len, "at", at));
    }
    return list;
}

static json_t *good_document(const char *path, const struct policy *policy, const struct checked_bundle *checked)
{
    const struct checkpoint *head = &checked->verdict.checkpoint;
    char root[BASE64_SIZE(SHA256_BYTES)];
    json_t *records = json_array();
    base64_encode(head->root.bytes, SHA256_BYTES, root);
    for (size_t i = 0; i < checked->record_count; i++)
        json_array_append_new(records, record_document(&checked->records[i]));
    return json_pack("{s:s, s:b, s:s%, s:I, s:s, s:o, s:I, s:I, s:o}", "bundle", path, "good", true, "origin",
                     head->origin.data, head->origin.len, "size", (json_int_t)head->size, "root", root, "cosigned",
                     witness_documents(policy, &checked->verdict), "device_keys", (json_int_t)checked->key_count,
                     "weaker", (json_int_t)checked->weaker_count, "records", records);
}

/* ---- the command */

/* Judges one bundle and tells; false when it is bad. */
static bool verify_bundle(struct ctl *ctl, const char *path, const struct policy *policy, bool one, json_t *answers)
{
    struct bundle bundle;
    struct checked_bundle *checked = calloc(1, sizeof *checked);
    struct error error = {0};
    int code = bundle_read(path, &bundle, &error);
    if (code == 0)
        code = checked ? bundle_check(&bundle, policy, checked, &error)
                       : error_set(&error, ERR_NO_MEMORY, "%s", error_words(ERR_NO_MEMORY));
    text_make_clean(error.text);
    if (ctl->json)
        json_array_append_new(
            answers, code == 0 ? good_document(path, policy, checked)
                               : json_pack("{s:s, s:b, s:s}", "bundle", path, "good", false, "difference", error.text));
    else if (code == 0)
        print_good(ctl, path, policy, checked, one);
    else
        print_bad(ctl, path, &error);
    free(checked);
    bundle_fini(&bundle);
    return code == 0;
}

int verify_command(struct ctl *ctl, int argc, char **argv)
{
    const char *policy_path = NULL;
    const struct ctl_option options[] = {
        {"policy", CTL_OPTION_TEXT, "FILE", "whom you trust: a C2SP tlog-policy of your own", &policy_path, 0, 0},
    };
    const struct ctl_usage usage = {
        "BUNDLE... --policy=FILE",
        "Checks evidence bundles that custodyctl prove made, without database and without network:\n"
        "the manifest, every proof against one checkpoint that your policy accepts (signature of\n"
        "the log, quorum of cosignatures), every record against its leaf, every device's signature\n"
        "against a key whose registration is proven by a leaf in the bundle, and the hash chain\n"
        "where consecutive reports are in it. The account is for reading and is not trusted.\n"
        "What is unsigned, or contradicts its own chain, is good and marked as weaker evidence.\n\n"
        "FILE names the log and the witnesses that you trust; the bundle's own is a template.\n\n"
        "Exit code: 0 all good, 1 a difference (the first one of a bundle is named).\n",
        1,
        BUNDLES_MAX,
        options,
        1};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    struct trust trust;
    exit_code = trust_read(ctl, policy_path, &trust);
    if (exit_code != CTL_OK)
        return exit_code;
    json_t *answers = json_array();
    bool good = true;
    for (int i = 0; i < argc; i++)
        good = verify_bundle(ctl, argv[i], trust.policy, argc == 1, answers) && good;
    if (ctl->json)
        exit_code = ctl_print_json(ctl, argc == 1 ? json_incref(json_array_get(answers, 0)) : json_incref(answers));
    json_decref(answers);
    trust_free(&trust);
    return exit_code == CTL_OK && !good ? CTL_NEGATIVE : exit_code;
}
