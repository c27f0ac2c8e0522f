/* policy.c - reading a policy line by line, and judging checkpoints by it. */
#include "core/ledger/policy.h"

#include <string.h>

#include "core/ledger/cosignature.h"
#include "core/ledger/line.h"

/* ---- reading */

/* What is known while a file is read. */
struct reader {
    struct policy *policy;
    struct error *error;
    bool has_quorum;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts the next item off a line, and the blanks around it; false at the line's end. */
static bool take_item(struct text *line, struct text *item)
{
    size_t begin = 0, end;

    while (begin < line->len && is_blank(line->data[begin]))
        begin++;
    for (end = begin; end < line->len && !is_blank(line->data[end]);)
        end++;
    *item = (struct text){line->data + begin, end - begin};
    *line = (struct text){line->data + end, line->len - end};
    return item->len > 0;
}

/* The URL at the end of a line, or nothing; false where more stands there. */
static bool take_url(struct text *line, struct text *url)
{
    struct text more;

    (void)take_item(line, url);
    return !take_item(line, &more);
}

static size_t find_member(const struct policy *policy, struct text name)
{
    for (size_t i = 0; i < policy->member_count; i++)
        if (text_equal(policy->members[i].name, name))
            return i;
    return POLICY_NOBODY;
}

static int read_key(struct text *line, enum note_algorithm algorithm, struct verifier_key *key, struct error *error)
{
    struct text item;
    int code;

    if (!take_item(line, &item))
        return error_set(error, ERR_INVALID, "no verifier key");
    code = verifier_key_parse(item, key, error);
    if (code)
        return code;
    if (key->algorithm != algorithm)
        return error_set(error, ERR_INVALID,
                         "verifier key of algorithm 0x%02x; hint: a log signs with 0x01, a witness with 0x04",
                         (unsigned)key->algorithm);
    return 0;
}

static bool same_public_key(const struct verifier_key *a, const struct verifier_key *b)
{
    return memcmp(a->public_key, b->public_key, NOTE_PUBLIC_KEY_BYTES) == 0;
}

static int read_log(struct reader *reader, struct text line)
{
    struct policy *policy = reader->policy;
    struct policy_log log;
    int code = read_key(&line, NOTE_ED25519, &log.key, reader->error);

    if (code)
        return code;
    if (!take_url(&line, &log.url))
        return error_set(reader->error, ERR_INVALID, "more than: log <vkey> [<url>]");
    for (size_t i = 0; i < policy->log_count; i++)
        if (same_public_key(&policy->logs[i].key, &log.key))
            return error_set(reader->error, ERR_INVALID, "the key of %.*s stands in the file already",
                             TEXT_ARG(log.key.name));
    if (policy->log_count == POLICY_LOGS_MAX)
        return error_set(reader->error, ERR_TOO_LARGE, "more than %d logs", POLICY_LOGS_MAX);
    policy->logs[policy->log_count++] = log;
    return 0;
}

/* The name of a new member, at the front of the line. */
static int read_new_name(struct reader *reader, struct text *line, struct text *name)
{
    if (!take_item(line, name))
        return error_set(reader->error, ERR_INVALID, "no name");
    if (text_equal(*name, TEXT("none")))
        return error_set(reader->error, ERR_INVALID,
                         "the name none is taken; hint: it means that no witness is needed");
    if (find_member(reader->policy, *name) != POLICY_NOBODY)
        return error_set(reader->error, ERR_INVALID, "%.*s is defined already; hint: witnesses and groups share names",
                         TEXT_ARG(*name));
    if (reader->policy->member_count == POLICY_MEMBERS_MAX)
        return error_set(reader->error, ERR_TOO_LARGE, "more than %d witnesses and groups", POLICY_MEMBERS_MAX);
    return 0;
}

static int read_witness(struct reader *reader, struct text line)
{
    struct policy *policy = reader->policy;
    struct policy_member witness = {.group = POLICY_NOBODY};
    int code = read_new_name(reader, &line, &witness.name);

    if (!code)
        code = read_key(&line, NOTE_COSIGNATURE_V1, &witness.key, reader->error);
    if (code)
        return code;
    if (!take_url(&line, &witness.url))
        return error_set(reader->error, ERR_INVALID, "more than: witness <name> <vkey> [<url>]");
    for (size_t i = 0; i < policy->member_count; i++)
        if (!policy->members[i].is_group && same_public_key(&policy->members[i].key, &witness.key))
            return error_set(reader->error, ERR_INVALID, "the key of %.*s stands in the file already",
                             TEXT_ARG(witness.name));
    policy->members[policy->member_count++] = witness;
    return 0;
}

/* Puts the names on the rest of the line into the group that comes next. */
static int read_members(struct reader *reader, struct text line, size_t *count)
{
    struct policy *policy = reader->policy;
    struct text name;

    for (*count = 0; take_item(&line, &name); ++*count) {
        size_t at = find_member(policy, name);

        if (at == POLICY_NOBODY)
            return error_set(reader->error, ERR_INVALID, "%.*s is not defined; hint: define it before the group",
                             TEXT_ARG(name));
        if (policy->members[at].group != POLICY_NOBODY)
            return error_set(reader->error, ERR_INVALID, "%.*s is in a group already", TEXT_ARG(name));
        policy->members[at].group = policy->member_count;
    }
    return *count ? 0 : error_set(reader->error, ERR_INVALID, "a group without members");
}

/* "all", "any" or a number from 1 to `count`. */
static bool read_needed(struct text word, size_t count, size_t *needed)
{
    uint64_t number = text_equal(word, TEXT("any")) ? 1 : count;

    if (!text_equal(word, TEXT("any")) && !text_equal(word, TEXT("all")) && !line_to_u64(word, &number))
        return false;
    *needed = (size_t)number;
    return number >= 1 && number <= count;
}

static int read_group(struct reader *reader, struct text line)
{
    struct policy_member group = {.is_group = true, .group = POLICY_NOBODY};
    struct text needed;
    size_t count;
    int code = read_new_name(reader, &line, &group.name);

    if (code)
        return code;
    if (!take_item(&line, &needed))
        return error_set(reader->error, ERR_INVALID, "no threshold; hint: group <name> all|any|<k> <name>...");
    code = read_members(reader, line, &count);
    if (code)
        return code;
    if (!read_needed(needed, count, &group.needed))
        return error_set(reader->error, ERR_INVALID, "threshold %.*s; hint: all, any, or 1 to %zu", TEXT_ARG(needed),
                         count);
    reader->policy->members[reader->policy->member_count++] = group;
    return 0;
}

static int read_quorum(struct reader *reader, struct text line)
{
    struct text name, more;

    if (reader->has_quorum)
        return error_set(reader->error, ERR_INVALID, "a second quorum");
    if (!take_item(&line, &name) || take_item(&line, &more))
        return error_set(reader->error, ERR_INVALID, "quorum; hint: quorum <name>, and one name only");
    reader->policy->quorum = find_member(reader->policy, name);
    if (reader->policy->quorum == POLICY_NOBODY && !text_equal(name, TEXT("none")))
        return error_set(reader->error, ERR_INVALID, "%.*s is not defined; hint: define it before, or say none",
                         TEXT_ARG(name));
    reader->has_quorum = true;
    return 0;
}

static const struct {
    struct text word;
    int (*read)(struct reader *reader, struct text line); /* what stands behind the word */
} lines[] = {
    {{"log", 3}, read_log},
    {{"witness", 7}, read_witness},
    {{"group", 5}, read_group},
    {{"quorum", 6}, read_quorum},
};

static bool is_allowed(struct text line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.data[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static int read_line(struct reader *reader, struct text line)
{
    struct text word;

    if (!is_allowed(line))
        return error_set(reader->error, ERR_INVALID,
                         "a control character; hint: only tab and newline may stand in the file");
    if (!take_item(&line, &word) || word.data[0] == '#')
        return 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (text_equal(word, lines[i].word))
            return lines[i].read(reader, line);
    return error_set(reader->error, ERR_INVALID, "%.*s; hint: a line begins with log, witness, group, quorum or #",
                     TEXT_ARG(word));
}

int policy_parse(struct text file, struct policy *policy, struct error *error)
{
    struct error unheard;
    struct reader reader = {.policy = policy, .error = error ? error : &unheard};
    struct text line;

    *policy = (struct policy){.quorum = POLICY_NOBODY};
    if (file.len > POLICY_BYTES_MAX)
        return error_set(error, ERR_TOO_LARGE, "policy: %zu bytes; hint: at most %d", file.len, POLICY_BYTES_MAX);
    for (size_t number = 1; line_take(&file, &line); number++)
        if (read_line(&reader, line)) {
            (void)error_prefix(reader.error, "policy, line %zu", number);
            text_make_clean(reader.error->text); /* it quotes names, which may be any bytes and may have been cut */
            return reader.error->code;
        }
    if (file.len)
        return error_set(error, ERR_INVALID, "policy: its last line does not end; hint: was the file cut?");
    if (!reader.has_quorum)
        return error_set(error, ERR_INVALID, "policy: no quorum; hint: quorum <name>, or quorum none");
    return 0;
}

/* ---- judging */

bool policy_quorum(const struct policy *policy, const bool cosigned[POLICY_MEMBERS_MAX])
{
    size_t have[POLICY_MEMBERS_MAX] = {0}; /* of a group: members that witnessed */
    bool witnessed[POLICY_MEMBERS_MAX];

    if (policy->quorum == POLICY_NOBODY)
        return true;
    for (size_t i = 0; i < policy->member_count; i++) { /* members stand before their groups */
        const struct policy_member *member = &policy->members[i];

        witnessed[i] = member->is_group ? have[i] >= member->needed : cosigned[i];
        if (witnessed[i] && member->group != POLICY_NOBODY)
            have[member->group]++;
    }
    return witnessed[policy->quorum];
}

/* What the lines of one note have told so far. */
struct hearing {
    const struct policy *policy;
    struct text text;
    struct policy_verdict *verdict;
    bool has_log;
};

/* A log that signs under another's origin says nothing about that origin; several keys of one origin are several logs. */
static int hear_logs(struct hearing *hearing, const struct note_signature *signature)
{
    for (size_t i = 0; i < hearing->policy->log_count; i++) {
        const struct verifier_key *key = &hearing->policy->logs[i].key;

        if (!verifier_key_signed(key, signature))
            continue;
        if (!note_signature_holds(signature, hearing->text, key->public_key))
            return ERR_SIGNATURE;
        if (!hearing->has_log && text_equal(key->name, hearing->verdict->checkpoint.origin)) {
            hearing->has_log = true;
            hearing->verdict->log = i;
        }
    }
    return 0;
}

static int hear_witnesses(struct hearing *hearing, const struct note_signature *signature)
{
    struct policy_verdict *verdict = hearing->verdict;

    for (size_t i = 0; i < hearing->policy->member_count; i++) {
        const struct policy_member *member = &hearing->policy->members[i];
        uint64_t time_s;

        if (member->is_group || !verifier_key_signed(&member->key, signature))
            continue;
        if (cosignature_verify(hearing->text, signature, &member->key, &time_s))
            return ERR_SIGNATURE;
        verdict->cosigned[i] = true;
        if (time_s > verdict->time_s[i])
            verdict->time_s[i] = time_s;
    }
    return 0;
}

int policy_judge(const struct policy *policy, struct text note, struct policy_verdict *verdict, struct error *error)
{
    struct hearing hearing = {.policy = policy, .verdict = verdict};
    struct text rest;
    struct note_signature signature;
    int code;

    *verdict = (struct policy_verdict){.log = 0};
    if (note_split(note, &hearing.text, &rest))
        return error_set(error, ERR_INVALID, "checkpoint: not a signed note");
    code = checkpoint_parse(hearing.text, &verdict->checkpoint, error);
    if (code)
        return code;
    while (note_signature_take(&rest, &signature))
        if (hear_logs(&hearing, &signature) || hear_witnesses(&hearing, &signature))
            return error_set(error, ERR_SIGNATURE, "checkpoint: the signature of %.*s does not verify",
                             TEXT_ARG(signature.name));
    if (!hearing.has_log)
        return error_set(error, ERR_NOT_FOUND, "checkpoint: signed by no log of the policy under its own origin");
    if (!policy_quorum(policy, verdict->cosigned))
        return error_set(error, ERR_DENIED, "checkpoint: too few witnesses cosigned; hint: the policy's quorum");
    return 0;
}
