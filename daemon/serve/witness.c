/* witness.c - submissions in the order of their coming, a log at a time; states in files. */
#include "serve/witness.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "core/ledger/cosignature.h"
#include "core/ledger/witness.h"
#include "io/keyfile.h"
#include "io/statefile.h"

enum { LINE_BYTES_MAX = 1024, PLACE_BYTES = 32 };

/* A log that is witnessed. */
struct witnessed {
    struct witness *witness;
    struct text origin;
    char file[PATH_MAX];
    char route[2 + HEX_SIZE(SHA256_BYTES) + sizeof "/checkpoint"];
    bool is_loaded; /* false: the file could not be written, and has to be read before the next submission */
    struct witness_state state;
    struct buffer note; /* what the file holds; empty: nothing cosigned yet */
    struct submission *storing, *first, *last;
};

struct submission {
    struct submission *next;
    struct witnessed *log;
    struct http_request *request;
    struct witness_submission opened; /* borrows from the request's body */
    struct buffer line, note;
    uv_work_t work;
    bool stored;
    struct error error;
};

struct witness {
    uv_loop_t *loop;
    struct buffer policy_text; /* the policy borrows from it */
    struct policy policy;
    char key_name[NOTE_NAME_MAX + 1];
    struct key_pair key;
    struct note_signer signer;
    struct verifier_key verifier;
    struct witnessed *logs[POLICY_LOGS_MAX]; /* as the policy has them; NULL: another key of an origin before */
    int lock;
    bool closing;
    void (*on_closed)(void *context);
    void *closed_context;
};

/* ---- answers */

static void submission_free(struct submission *submission)
{
    buffer_fini(&submission->line);
    buffer_fini(&submission->note);
    free(submission);
}

static void refuse(struct submission *submission, unsigned status, const char *words)
{
    http_fail(submission->request, status, "%s", words);
    submission_free(submission);
}

/* The size that we have, by which the log learns where to begin. */
static void answer_conflict(struct submission *submission, uint64_t size)
{
    char body[PLACE_BYTES];

    (void)snprintf(body, sizeof body, "%" PRIu64 "\n", size);
    http_answer(submission->request,
                &(struct http_answer){.status = WITNESS_CONFLICT, .type = "text/x.tlog.size", .body = text_of(body)});
    submission_free(submission);
}

static void refuse_by_state(struct submission *submission, enum witness_status status)
{
    const struct witnessed *log = submission->log;

    /* It is signed by the log, and no continuation of what the log signed before: perhaps the proof of a fork. */
    if (status == WITNESS_INCONSISTENT)
        log_warn("witness_inconsistent", "origin=%s cosigned=%" PRIu64 " submitted=%" PRIu64 " note=\"%s\"",
                 log_text(log->origin), log->state.size, submission->opened.checkpoint.size,
                 log_text(submission->opened.request.note));
    if (status == WITNESS_CONFLICT)
        answer_conflict(submission, log->state.size);
    else
        refuse(submission, status, submission->error.text);
}

/* ---- states */

/* No file is the beginning: nothing cosigned. */
static int load_state(struct witnessed *log, struct error *error)
{
    int code;

    buffer_clear(&log->note);
    code = statefile_read(log->file, &log->note, error);
    if (code == ERR_NOT_FOUND) {
        log->state = (struct witness_state){.size = 0};
        code = 0;
    } else if (!code) {
        code = witness_state_parse(buffer_text(&log->note), log->origin, &log->witness->verifier, &log->state, error);
    }
    log->is_loaded = code == 0;
    return code ? error_prefix(error, "witness_state_dir: %s", log->file) : 0;
}

static void store_on_work(uv_work_t *work)
{
    struct submission *submission = work->data;

    submission->stored =
        statefile_write(submission->log->file, buffer_text(&submission->note), &submission->error) == 0;
}

static void take_turns(struct witnessed *log);
static void finish_close(struct witness *witness);

static void store_on_done(uv_work_t *work, int status)
{
    struct submission *submission = work->data;
    struct witnessed *log = submission->log;
    struct buffer before = log->note;

    (void)status;
    log->storing = NULL;
    if (!submission->stored) {
        log->is_loaded = false;
        log_error("witness_not_stored", "origin=%s error=\"%s\"", log_text(log->origin),
                  log_text(text_of(submission->error.text)));
        refuse(submission, 500, "the state could not be stored, so nothing is cosigned");
    } else {
        log->state = (struct witness_state){submission->opened.checkpoint.size, submission->opened.checkpoint.root};
        log->note = submission->note;
        submission->note = before;
        log_info("witness_cosigned", "origin=%s size=%" PRIu64, log_text(log->origin), log->state.size);
        http_answer(submission->request, &(struct http_answer){.status = WITNESS_COSIGN,
                                                               .type = "text/plain; charset=utf-8",
                                                               .body = buffer_text(&submission->line)});
        submission_free(submission);
    }
    take_turns(log);
    finish_close(log->witness);
}

/* ---- submissions */

static void store(struct submission *submission)
{
    struct witness *witness = submission->log->witness;

    if (witness_cosign(&submission->opened, &witness->policy, (uint64_t)(clock_now_us() / US_PER_S), &witness->signer,
                       &submission->line, &submission->note)) {
        refuse(submission, 500, "the checkpoint cannot be cosigned");
        return;
    }
    submission->log->storing = submission;
    submission->work.data = submission;
    (void)uv_queue_work(witness->loop, &submission->work, store_on_work, store_on_done);
}

static void take_turn(struct witnessed *log, struct submission *submission)
{
    enum witness_status status;

    if (!log->is_loaded && load_state(log, &submission->error)) {
        log_error("witness_state_lost", "origin=%s error=\"%s\"", log_text(log->origin),
                  log_text(text_of(submission->error.text)));
        refuse(submission, 500, "the state cannot be read, so nothing is cosigned");
        return;
    }
    status = witness_decide(&submission->opened, &log->state, &submission->error);
    if (status == WITNESS_COSIGN)
        store(submission);
    else
        refuse_by_state(submission, status);
}

static void take_turns(struct witnessed *log)
{
    while (log->first && !log->storing) {
        struct submission *submission = log->first;

        log->first = submission->next;
        if (log->witness->closing)
            refuse(submission, 503, "this witness is stopping");
        else
            take_turn(log, submission);
    }
}

static void witness_on_add(void *context, struct http_request *request)
{
    struct witness *witness = context;
    struct submission *submission = calloc(1, sizeof *submission);
    enum witness_status status;
    struct witnessed *log;

    if (!submission) {
        http_fail(request, 503, "out of memory");
        return;
    }
    submission->request = request;
    buffer_init(&submission->line, LINE_BYTES_MAX);
    buffer_init(&submission->note, WITNESS_REQUEST_BYTES_MAX);
    status = witness_examine(http_body(request), &witness->policy, &submission->opened, &submission->error);
    if (status != WITNESS_COSIGN) {
        refuse(submission, status, submission->error.text);
        return;
    }
    log = submission->log = witness->logs[submission->opened.log];
    if (log->first)
        log->last->next = submission;
    else
        log->first = submission;
    log->last = submission;
    take_turns(log);
}

static void witness_on_get(void *context, struct http_request *request)
{
    const struct witnessed *log = context;

    if (!log->note.len) {
        http_fail(request, 404, "nothing of this log is cosigned yet");
        return;
    }
    http_answer(request, &(struct http_answer){.status = 200,
                                               .type = "text/plain; charset=utf-8",
                                               .cache = "no-cache",
                                               .body = buffer_text(&log->note)});
}

int witness_serve(struct witness *witness, struct http *http)
{
    int code = http_route(
        http, &(struct http_route){"POST", "/add-checkpoint", WITNESS_REQUEST_BYTES_MAX, witness_on_add, witness});

    for (size_t i = 0; i < witness->policy.log_count && !code; i++)
        if (witness->logs[i])
            code = http_route(
                http, &(struct http_route){"GET", witness->logs[i]->route, 0, witness_on_get, witness->logs[i]});
    return code;
}

/* ---- the beginning */

static int load_key(struct witness *witness, const char *path, struct error *error)
{
    int code = keyfile_read(path, witness->key_name, sizeof witness->key_name, &witness->key, error);

    if (code)
        return error_prefix(error, "witness_key_file");
    if (!note_name_is_valid(text_of(witness->key_name)))
        return error_set(error, ERR_CONFIG,
                         "witness_key_file: the key's name is none for a signature; hint: custodyctl "
                         "keygen --witness NAME FILE");
    cosignature_signer_init(&witness->signer, witness->key_name, witness->key.secret_key);
    verifier_key_init(&witness->verifier, NOTE_COSIGNATURE_V1, text_of(witness->key_name), witness->key.public_key);
    return 0;
}

static int load_policy(struct witness *witness, const char *path, struct error *error)
{
    int code = statefile_read(path, &witness->policy_text, error);

    if (!code)
        code = policy_parse(buffer_text(&witness->policy_text), &witness->policy, error);
    if (code)
        return error_prefix(error, "witness_policy_file");
    if (witness->policy.log_count == 0)
        return error_set(error, ERR_CONFIG, "witness_policy_file: names no log; hint: log <verifier key>");
    return 0;
}

/* Two witnesses with one memory would each cosign what the other does not know of. */
static int lock_states(struct witness *witness, const char *directory, struct error *error)
{
    char path[PATH_MAX];

    if (!*directory)
        return error_set(error, ERR_CONFIG, "witness_state_dir: empty; hint: a directory that custodyd may write");
    (void)snprintf(path, sizeof path, "%s/witness", directory);
    return statefile_lock(path, &witness->lock, error) ? error_prefix(error, "witness_state_dir") : 0;
}

static bool is_first_of_origin(const struct policy *policy, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (text_equal(policy->logs[i].key.name, policy->logs[at].key.name))
            return false;
    return true;
}

static int add_log(struct witness *witness, size_t at, const char *directory, struct error *error)
{
    struct witnessed *log = witness->logs[at] = calloc(1, sizeof *log);
    struct digest digest;
    char hash[HEX_SIZE(SHA256_BYTES)];

    if (!log)
        return error_set(error, ERR_NO_MEMORY, "witness: out of memory");
    log->witness = witness;
    log->origin = witness->policy.logs[at].key.name;
    digest = sha256(log->origin.data, log->origin.len);
    hex_encode(digest.bytes, sizeof digest.bytes, hash);
    (void)snprintf(log->file, sizeof log->file, "%s/%s.checkpoint", directory, hash);
    (void)snprintf(log->route, sizeof log->route, "/%s/checkpoint", hash);
    buffer_init(&log->note, WITNESS_REQUEST_BYTES_MAX);
    return load_state(log, error);
}

static int load(struct witness *witness, const struct witness_settings *settings, struct error *error)
{
    int code = load_key(witness, settings->key_file, error);

    if (!code)
        code = load_policy(witness, settings->policy_file, error);
    if (!code)
        code = lock_states(witness, settings->state_dir, error);
    for (size_t i = 0; i < witness->policy.log_count && !code; i++)
        if (is_first_of_origin(&witness->policy, i))
            code = add_log(witness, i, settings->state_dir, error);
    return code;
}

static void witness_free(struct witness *witness)
{
    for (size_t i = 0; i < POLICY_LOGS_MAX; i++)
        if (witness->logs[i]) {
            buffer_fini(&witness->logs[i]->note);
            free(witness->logs[i]);
        }
    if (witness->lock >= 0)
        (void)close(witness->lock);
    buffer_fini(&witness->policy_text);
    sodium_memzero(&witness->key, sizeof witness->key);
    free(witness);
}

struct witness *witness_new(uv_loop_t *loop, const struct witness_settings *settings, struct error *error)
{
    struct witness *witness = calloc(1, sizeof *witness);

    if (!witness) {
        (void)error_set(error, ERR_NO_MEMORY, "witness: out of memory");
        return NULL;
    }
    witness->loop = loop;
    witness->lock = -1;
    buffer_init(&witness->policy_text, POLICY_BYTES_MAX);
    if (load(witness, settings, error) == 0)
        return witness;
    error->code = ERR_CONFIG;
    witness_free(witness);
    return NULL;
}

/* ---- the end */

static void finish_close(struct witness *witness)
{
    if (!witness->closing)
        return;
    for (size_t i = 0; i < POLICY_LOGS_MAX; i++)
        if (witness->logs[i] && witness->logs[i]->storing)
            return;
    witness->on_closed(witness->closed_context);
    witness_free(witness);
}

void witness_close(struct witness *witness, void (*on_closed)(void *context), void *context)
{
    assert(!witness->closing);
    witness->closing = true;
    witness->on_closed = on_closed;
    witness->closed_context = context;
    for (size_t i = 0; i < POLICY_LOGS_MAX; i++)
        if (witness->logs[i])
            take_turns(witness->logs[i]);
    finish_close(witness);
}
