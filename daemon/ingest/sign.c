/* sign.c - the life of a checkpoint.
 *
 *   head       read: smaller than what was signed, or signed differently before -> refused; the same and signed -> nothing to do
 *   tiles      those that prove the root and that the tree grew out of the one signed before
 *   pool       proved, signed, and written to the head file with fsync                (never on the loop: the disk may take long)
 *   store      ledger.checkpoint, one a size: of two daemons the first; the one that is there is published
 *
 * A crash between file and store leaves a head that nobody saw; the next start finds it in the tree and signs on. A question that
 * fails is asked again at the next interval. The first time round (CHECKING) nothing is signed: the keys come first. */
#include "ingest/sign.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "core/ledger/head_file.h"
#include "ingest/announce.h"
#include "ingest/head_reading.h"
#include "io/pg.h"
#include "io/program.h"
#include "io/statefile.h"

enum { PARAM_BYTES_MAX = 64 * 1024 };

enum signer_state {
    SIGNER_WAITING,
    SIGNER_CHECKING,
    SIGNER_ANNOUNCING,
    SIGNER_SIGNING,
    SIGNER_REFUSED,
};

struct signer {
    uv_loop_t *loop;
    const struct config *config;
    const struct note_signer *key;
    struct signer_handler handler;
    void *context;
    int lock;

    enum signer_state state;
    bool busy, closing, published;
    struct ledger_guard guard;
    bool has_file;          /* there is a head file, ... */
    struct grown_head last; /* ... and what it says; without one, what was checked */

    struct pg *pg;
    struct transaction transaction;
    struct params params;
    struct head_reading reading;
    struct announcement announcement;
    uv_timer_t *timer;

    uv_work_t work;
    enum growth_verdict verdict;
    struct buffer file, note;
    int write_code;
    struct error write_error;

    unsigned open_handles;
    void (*on_closed)(void *context);
};

static void signer_on_timer(uv_timer_t *timer);

/* Until the next look. From the end of one to the beginning of the next, so that heads are signed no more often than that. */
static void rest(struct signer *signer)
{
    signer->busy = false;
    if (signer->state != SIGNER_REFUSED && !signer->closing)
        (void)uv_timer_start(signer->timer, signer_on_timer, (uint64_t)signer->config->checkpoint_interval_ms, 0);
}

/* ---- refusing ---- */

static void refuse(struct signer *signer, const char *event, const char *hint, const char *format, ...)
    PRINTF_LIKE(4, 5);
static void refuse(struct signer *signer, const char *event, const char *hint, const char *format, ...)
{
    char reason[ERROR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    log_error(event,
              "origin=%s signed_size=%" PRIu64 " database_size=%" PRIu64 " head_file=\"%s\" error=\"%s\" hint=\"%s\"",
              signer->config->origin, signer->last.size, signer->reading.head.size,
              log_text(text_of(signer->config->head_file)), log_text(text_of(reason)), hint);
    signer->state = SIGNER_REFUSED;
    signer->guard.refused = true;
    rest(signer);
    signer->handler.on_refused(signer->context, reason);
}

static const char hint_other_log[] =
    "nothing is stored or signed: a backup was restored, or the log was altered. Restore the backup that has what was "
    "signed; where none has, go on under a new origin with new keys and a new head file";

static void refuse_behind(struct signer *signer, uint64_t signed_size)
{
    refuse(signer, "ledger_behind", hint_other_log,
           "the database has %" PRIu64 " leaves, and %" PRIu64 " were signed; hint: which backup was restored?",
           signer->reading.head.size, signed_size);
}

static void refuse_inconsistent(struct signer *signer, const char *why)
{
    refuse(signer, "ledger_inconsistent", hint_other_log,
           "%s: %" PRIu64 " leaves, of which %" PRIu64 " were signed; hint: which backup was restored, who wrote?", why,
           signer->reading.head.size, signer->last.size);
}

static void signer_on_stranger(void *context)
{
    struct signer *signer = context;

    if (signer->announcement.chain.standing == KEY_REPLACED)
        refuse(signer, "checkpoint_key_refused", "set checkpoint_key_file to the newest key",
               "checkpoint_key_file: a later key replaced this one");
    else
        refuse(signer, "checkpoint_key_refused",
               "use the key that was announced, or let it name this one: custodyctl rotate-key OLD NEW",
               "checkpoint_key_file: neither the first key of this log nor named by the one before");
}

/* ---- storing and publishing ---- */

static const struct pg_statement store_statement = {
    6,
    "INSERT INTO ledger.checkpoint (size, root, note) VALUES ($1::bigint, $2::bytea, $3::text) ON CONFLICT DO NOTHING"};
static const struct pg_statement stored_statement = {
    7, "SELECT root, note FROM ledger.checkpoint WHERE size = $1::bigint"};

static void publish(struct signer *signer)
{
    signer->published = true;
    rest(signer);
    signer->handler.on_checkpoint(signer->context, signer->last.size, buffer_text(&signer->note));
}

static void signer_on_stored(void *context, const struct pg_result *result)
{
    struct signer *signer = context;
    struct text root = pg_rows(result) == 1 ? pg_bytes(result, 0, 0) : TEXT("");

    if (!text_equal(root, (struct text){(const char *)signer->last.root.bytes, SHA256_BYTES})) {
        transaction_fail(&signer->transaction, ERR_SIGNATURE, "another checkpoint of this size was signed");
        return;
    }
    buffer_clear(&signer->note); /* another daemon's may have been first */
    buffer_put_text(&signer->note, pg_bytes(result, 0, 1));
}

static void stored(void *context)
{
    publish(context);
}

static void store_checkpoint(struct signer *signer)
{
    struct params *params = &signer->params;

    transaction_start(&signer->transaction);
    params_clear(params);
    params_add_i64(params, (int64_t)signer->last.size);
    params_add_bytes(params, signer->last.root.bytes, SHA256_BYTES);
    buffer_put_text(params_add(params), buffer_text(&signer->note));
    transaction_query(&signer->transaction, &store_statement, params, NULL, NULL);
    params_clear(params);
    params_add_i64(params, (int64_t)signer->last.size);
    transaction_query(&signer->transaction, &stored_statement, params, signer_on_stored, signer);
    transaction_then(&signer->transaction, stored, signer);
}

/* ---- proving, in the pool ---- */

static void signer_on_work(uv_work_t *work)
{
    struct signer *signer = work->data;
    const struct head_reading *reading = &signer->reading;
    struct checkpoint head = {text_of(signer->config->origin), reading->head.size, reading->head.root};

    signer->write_code = 0;
    signer->verdict = growth_judge(&signer->last, &reading->head, reading->tiles, reading->tile_count);
    if (signer->verdict != GROWTH_HOLDS || signer->state != SIGNER_SIGNING)
        return;
    buffer_clear(&signer->file);
    buffer_clear(&signer->note);
    head_file_put(&head, signer->key, &signer->file);
    checkpoint_put_signed(&head, signer->key, &signer->note);
    signer->write_code =
        signer->file.failed || signer->note.failed
            ? error_set(&signer->write_error, ERR_NO_MEMORY, "checkpoint: out of memory")
            : statefile_write(signer->config->head_file, buffer_text(&signer->file), &signer->write_error);
}

static void look(struct signer *signer);

static void announced(void *context)
{
    struct signer *signer = context;
    bool first = !signer->guard.ready; /* later ones follow a lost connection */

    signer->state = SIGNER_SIGNING;
    signer->guard.ready = true;
    signer->busy = false;
    look(signer);
    if (first)
        signer->handler.on_ready(signer->context);
}

static void take_head(struct signer *signer)
{
    signer->last = signer->reading.head;
    signer->guard.signed_size = signer->last.size;
}

static void proved(struct signer *signer)
{
    switch (signer->state) {
    case SIGNER_CHECKING:
        if (!signer->has_file)
            take_head(signer);
        signer->state = SIGNER_ANNOUNCING;
        transaction_start(&signer->transaction);
        announce_run(&signer->announcement, announced, signer_on_stranger, signer);
        break;
    case SIGNER_SIGNING:
        take_head(signer);
        signer->has_file = true;
        store_checkpoint(signer);
        break;
    case SIGNER_WAITING:
    case SIGNER_ANNOUNCING:
    case SIGNER_REFUSED:
        assert(false && "proved only while checking or signing");
        break;
    }
}

static void finish_close(struct signer *signer);

static void signer_on_worked(uv_work_t *work, int status)
{
    struct signer *signer = work->data;

    (void)status;
    if (signer->closing) {
        finish_close(signer);
        return;
    }
    signer->open_handles--;
    switch (signer->verdict) {
    case GROWTH_HOLDS:
        if (signer->write_code == 0) {
            proved(signer);
            return;
        }
        log_error("head_file_failed", "error=\"%s\" hint=\"nothing is signed until it can be written\"",
                  log_text(text_of(signer->write_error.text)));
        rest(signer);
        break;
    case GROWTH_BEHIND:
        refuse_behind(signer, signer->last.size);
        break;
    case GROWTH_DAMAGED:
        refuse_inconsistent(signer, "the log does not hash to its own root");
        break;
    case GROWTH_FORKED:
        refuse_inconsistent(signer, "the log does not begin with what was signed");
        break;
    }
}

static void prove(void *context)
{
    struct signer *signer = context;

    signer->open_handles++; /* closing waits for the pool */
    (void)uv_queue_work(signer->loop, &signer->work, signer_on_work, signer_on_worked);
}

/* ---- the head ---- */

static bool nothing_is_new(const struct signer *signer)
{
    const struct head_reading *reading = &signer->reading;

    return signer->state == SIGNER_SIGNING && signer->has_file && reading->is_signed &&
           reading->head.size == signer->last.size && digest_equal(&reading->head.root, &signer->last.root);
}

static void head_read(void *context)
{
    struct signer *signer = context;
    struct head_reading *reading = &signer->reading;

    if (signer->state == SIGNER_CHECKING && !signer->has_file && !reading->is_fresh) {
        refuse(
            signer, "ledger_untrusted",
            "when this is the log that it should be: custodyctl trust-head, which recomputes its root from the records",
            "head_file: there is none, and the log is not a new one");
    } else if (reading->head.size <
               reading->newest_signed) { /* maybe by another daemon; ours is compared in the pool */
        refuse_behind(signer, reading->newest_signed);
    } else if (reading->is_signed && !digest_equal(&reading->signed_root, &reading->head.root)) {
        refuse_inconsistent(signer, "the root is not the one that was signed for this size");
    } else if (nothing_is_new(signer)) {
        buffer_clear(&signer->note);
        buffer_put_text(&signer->note, buffer_text(&reading->note));
        signer->published ? rest(signer) : publish(signer);
    } else {
        head_reading_ask_tiles(reading, signer->last.size);
        transaction_then(&signer->transaction, prove, signer);
    }
}

static void signer_on_failed(void *context)
{
    struct signer *signer = context;

    if (signer->transaction.code == ERR_SIGNATURE) {
        refuse_inconsistent(signer, signer->transaction.error.text);
        return;
    }
    if (signer->state == SIGNER_ANNOUNCING)
        signer->state = SIGNER_CHECKING; /* from the beginning: it may be another database */
    if (!signer->closing && signer->transaction.code != ERR_UNREACHABLE)
        log_warn("checkpoint_failed", "error=\"%s\" hint=\"tried again after checkpoint_interval_ms\"",
                 log_text(text_of(signer->transaction.error.text)));
    rest(signer);
}

static void look(struct signer *signer)
{
    if (signer->busy || signer->state == SIGNER_WAITING || signer->state == SIGNER_REFUSED)
        return;
    if (!pg_is_connected(signer->pg)) {
        rest(signer);
        return;
    }
    signer->busy = true;
    transaction_start(&signer->transaction);
    head_reading_ask(&signer->reading);
    transaction_then(&signer->transaction, head_read, signer);
}

static void signer_on_timer(uv_timer_t *timer)
{
    look(timer->data);
}

/* ---- beginning and end ---- */

static void signer_on_connected(void *context)
{
    struct signer *signer = context;

    if (signer->state == SIGNER_CHECKING)
        look(signer); /* at once: lanes wait */
}

static void signer_on_disconnected(void *context, const char *reason)
{
    (void)context;
    log_warn("database_unreachable", "connection=signer reason=\"%s\" hint=\"connecting again\"",
             log_text(text_of(reason)));
}

/* A file that cannot be used is the operator's to look at, before anything runs. */
static int read_head_file(struct signer *signer, struct error *error)
{
    struct buffer content;
    struct checkpoint head;
    int code = statefile_lock(signer->config->head_file, &signer->lock, error);

    if (code) {
        (void)error_prefix(error, "head_file: ");
        return error->code = ERR_CONFIG;
    }
    buffer_init(&content, HEAD_FILE_BYTES_MAX);
    code = statefile_read(signer->config->head_file, &content, error);
    if (!code) {
        code = head_file_parse(buffer_text(&content), text_of(signer->config->origin), &head, NULL, error);
        signer->has_file = code == 0;
        if (!code)
            signer->last = (struct grown_head){head.size, head.root};
    } else if (code == ERR_NOT_FOUND) {
        code = 0;
    }
    buffer_fini(&content);
    signer->guard.signed_size = signer->last.size;
    if (code) {
        (void)error_prefix(error, "head_file: \"%.200s\": ", signer->config->head_file);
        error->code = ERR_CONFIG;
    }
    return code;
}

static void release(struct signer *signer)
{
    if (signer->lock >= 0)
        (void)close(signer->lock);
    params_fini(&signer->params);
    head_reading_fini(&signer->reading);
    buffer_fini(&signer->file);
    buffer_fini(&signer->note);
    free(signer->timer);
    free(signer);
}

struct signer *signer_new(uv_loop_t *loop, const struct signer_settings *settings, const struct signer_handler *handler,
                          void *context, struct error *error)
{
    struct signer *signer = calloc(1, sizeof *signer);

    if (!signer) {
        (void)error_set(error, ERR_NO_MEMORY, "signer: out of memory");
        return NULL;
    }
    *signer = (struct signer){.loop = loop,
                              .config = settings->config,
                              .key = settings->key,
                              .handler = *handler,
                              .context = context,
                              .lock = -1,
                              .timer = calloc(1, sizeof *signer->timer)};
    signer->work.data = signer;
    params_init(&signer->params, PARAM_BYTES_MAX);
    head_reading_init(&signer->reading, &signer->transaction, &signer->params);
    buffer_init(&signer->file, HEAD_FILE_BYTES_MAX);
    buffer_init(&signer->note, HEAD_FILE_BYTES_MAX);
    signer->announcement = (struct announcement){.transaction = &signer->transaction,
                                                 .params = &signer->params,
                                                 .origin = text_of(settings->config->origin),
                                                 .signer = settings->key,
                                                 .ack_signer = settings->ack_key,
                                                 .version = settings->version};
    if (!signer->timer)
        (void)error_set(error, ERR_NO_MEMORY, "signer: out of memory");
    if (!signer->timer || program_sha256(&signer->announcement.program, error) || read_head_file(signer, error)) {
        release(signer);
        return NULL;
    }
    return signer;
}

void signer_open(struct signer *signer)
{
    static const struct pg_handler handler = {signer_on_connected, signer_on_disconnected, NULL};

    signer->pg = pg_new(signer->loop,
                        &(struct pg_settings){.conninfo = signer->config->database,
                                              .application_name = "custodyd signer",
                                              .statement_timeout_ms = signer->config->statement_timeout_ms},
                        &handler, signer);
    if (!signer->pg)
        abort(); /* start-up, nothing to undo */
    transaction_init(&signer->transaction, signer->pg, signer, signer_on_failed);
    (void)uv_timer_init(signer->loop, signer->timer);
    signer->timer->data = signer;
    signer->open_handles = 2; /* the timer and the connection */
    pg_open(signer->pg);
}

void signer_start(struct signer *signer)
{
    if (signer->state != SIGNER_WAITING)
        return;
    signer->state = SIGNER_CHECKING;
    look(signer);
}

const struct ledger_guard *signer_guard(const struct signer *signer)
{
    return &signer->guard;
}

static void finish_close(struct signer *signer)
{
    void (*on_closed)(void *context) = signer->on_closed;
    void *context = signer->context;

    if (--signer->open_handles)
        return;
    release(signer);
    on_closed(context);
}

static void signer_on_timer_closed(uv_handle_t *handle)
{
    finish_close(handle->data);
}

static void signer_on_pg_closed(void *context)
{
    finish_close(context);
}

void signer_close(struct signer *signer, void (*on_closed)(void *context))
{
    signer->closing = true;
    signer->on_closed = on_closed;
    uv_close((uv_handle_t *)signer->timer, signer_on_timer_closed);
    pg_close(signer->pg, signer_on_pg_closed);
}
