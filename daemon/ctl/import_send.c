/* import_send.c - the new rows of a file as envelopes of a source, over MQTT like any device's.
 *
 * The life of a run: an epoch of its own begins with an empty report that names the file's hash. The broker keeps a
 * source's messages in order, so once that report is acknowledged, everything that an earlier run left behind in the
 * broker is stored or refused: only then is the database asked what is there already, and the rest is sent, one row an
 * envelope. Therefore a run that is killed anywhere leaves nothing to remember, and the next one sends exactly what is
 * missing. No two epochs interleave (rule S05): the lock of the source is held meanwhile. */
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/clock.h"
#include "client/session.h"
#include "ctl/import.h"
#include "ctl/version.h"

enum { WINDOW = 32, ACK_TIMEOUT_MS = 5000, ACK_TIMEOUT_MAX_MS = 30000, MS_PER_S = 1000 };

struct sending {
    struct import_job *job;
    const struct import_way *way;
    uv_loop_t loop;
    uv_timer_t deadline;
    struct session *session;
    struct statistics statistics;
    struct device_world world;
    struct device device;
    size_t *row_of; /* by seq - 1, in the job's arena */
    bool timed_out;
    char trouble[ERROR_TEXT_BYTES]; /* the last one */
};

/* ---- callbacks ---- */

static void sending_on_deadline(uv_timer_t *timer)
{
    struct sending *sending = timer->data;
    sending->timed_out = true;
    uv_stop(&sending->loop);
}

static void start_deadline(struct sending *sending)
{
    (void)uv_timer_start(&sending->deadline, sending_on_deadline, (uint64_t)sending->way->timeout_s * MS_PER_S, 0);
}

static void sending_on_trouble(void *context, const char *words)
{
    struct sending *sending = context;
    (void)snprintf(sending->trouble, sizeof sending->trouble, "%s", words);
}

/* Not dealt with: it has to be sent again, and nothing else says why no note comes. */
static bool is_passing(enum refusal_reason reason)
{
    return reason == REFUSAL_TOO_FAR_AHEAD || reason == REFUSAL_WRONG_TOPIC;
}

/* Told again when an envelope is sent again: once is enough. */
static void take_refusals(struct sending *sending, const struct ack *ack)
{
    char words[ERROR_TEXT_BYTES];
    for (size_t i = 0; i < ack->refusal_count; i++) {
        const struct ack_refusal *refusal = &ack->refusals[i];
        if (refusal->epoch != sending->device.epoch || refusal->seq >= sending->device.next_seq)
            continue;
        (void)snprintf(words, sizeof words, "refused by the daemon: %s: %.*s", refusal_reason_word(refusal->reason),
                       TEXT_ARG(refusal->text));
        if (refusal->seq == 0 || is_passing(refusal->reason))
            sending_on_trouble(sending, words);
        else if (sending->job->results[sending->row_of[refusal->seq - 1]] != IMPORT_REFUSED)
            import_tell(sending->job, sending->row_of[refusal->seq - 1], false, words);
    }
}

static void take_warnings(struct sending *sending, const struct ack *ack)
{
    char words[ERROR_TEXT_BYTES];
    for (size_t i = 0; i < ack->warning_count; i++) {
        const struct ack_warning *warning = &ack->warnings[i];
        if (warning->epoch != sending->device.epoch || warning->seq == 0 || warning->seq >= sending->device.next_seq)
            continue;
        (void)snprintf(words, sizeof words, "the daemon says: %.*s", TEXT_ARG(warning->text));
        import_tell(sending->job, sending->row_of[warning->seq - 1], true, words);
    }
}

static void sending_on_answer(void *context, const struct ack *ack)
{
    struct sending *sending = context;
    take_refusals(sending, ack);
    take_warnings(sending, ack);
    start_deadline(sending);
    if (device_pending(&sending->device) == 0)
        uv_stop(&sending->loop);
}

static const struct session_handler handler = {.on_answer = sending_on_answer, .on_trouble = sending_on_trouble};

/* ---- the run ---- */

/* True when everything said so far is acknowledged. */
static bool wait_for_all(struct sending *sending)
{
    session_pump(sending->session);
    start_deadline(sending);
    (void)uv_run(&sending->loop, UV_RUN_DEFAULT);
    (void)uv_timer_stop(&sending->deadline);
    return !sending->timed_out;
}

static int say_rows(struct sending *sending)
{
    struct import_job *job = sending->job;
    for (size_t i = 0; i < job->table.row_count; i++) {
        if (job->results[i] != IMPORT_NEW)
            continue;
        struct report report = import_report(&job->table.rows[i]);
        sending->row_of[sending->device.next_seq - 1] = i;
        const int code = device_say(&sending->device, &report, clock_now_us());
        if (code == ERR_NO_MEMORY)
            return code;
        if (code)
            import_tell(job, i, false, "too large for one envelope; hint: shorten the texts");
        else
            job->results[i] = IMPORT_UNANSWERED;
    }
    return 0;
}

/* What was said and is covered by a note is stored, unless it was refused. */
static void settle(struct sending *sending)
{
    for (uint64_t seq = 1; seq < sending->device.head_seq; seq++) {
        enum import_result *result = &sending->job->results[sending->row_of[seq - 1]];
        if (*result == IMPORT_UNANSWERED)
            *result = IMPORT_STORED;
    }
}

static int explain_silence(const struct sending *sending)
{
    struct ctl *ctl = sending->job->ctl;
    const char *trouble = sending->trouble[0] ? sending->trouble : "no answer";
    if (!session_was_connected(sending->session))
        return ctl_fail(ctl, CTL_TEMPORARY, "broker: %s: not connected in %lld s: %s; hint: --broker, is it running?",
                        sending->way->broker, (long long)sending->way->timeout_s, trouble);
    return ctl_fail(ctl, CTL_TEMPORARY,
                    "acknowledgement: none in %lld s, though the broker was reached (%s); hint: is custodyd running? "
                    "import the same file again, what is stored is not stored twice",
                    (long long)sending->way->timeout_s, trouble);
}

static int run(struct sending *sending)
{
    struct import_job *job = sending->job;
    struct report empty = {0};
    if (device_say(&sending->device, &empty, clock_now_us()) != 0)
        return ctl_fail(job->ctl, CTL_TEMPORARY, "import: %s", error_words(ERR_NO_MEMORY));
    session_open(sending->session);
    if (!wait_for_all(sending))
        return explain_silence(sending);
    const int exit_code = import_compare(job, clock_now_us());
    if (exit_code != CTL_OK)
        return exit_code;
    if (say_rows(sending) != 0)
        return ctl_fail(job->ctl, CTL_TEMPORARY, "import: %s", error_words(ERR_NO_MEMORY));
    const bool answered = device_pending(&sending->device) == 0 || wait_for_all(sending);
    settle(sending);
    return answered ? CTL_OK : explain_silence(sending);
}

static void close_all(struct sending *sending)
{
    session_close(sending->session, NULL, NULL);
    uv_close((uv_handle_t *)&sending->deadline, NULL);
    (void)uv_run(&sending->loop, UV_RUN_DEFAULT);
}

static struct session *make_session(struct sending *sending, const struct speaker *speaker, const struct config *config,
                                    struct error *error)
{
    char client_id[SPEAKER_NAME_SIZE + 24];
    (void)snprintf(client_id, sizeof client_id, "%s-import-%d", speaker->name, (int)getpid());
    const struct session_settings settings = {
        .hosts = sending->way->broker,
        .area = speaker->area,
        .client_id = client_id,
        .password = speaker->password[0] ? speaker->password : NULL,
        .ca_file = config->broker_ca_file[0] ? config->broker_ca_file : NULL,
        .window = WINDOW,
    };
    return session_new(&sending->loop, &settings, &sending->device, &handler, sending, error);
}

static int converse(struct sending *sending, const struct speaker *speaker, const struct config *config)
{
    struct error error = {0};
    int exit_code;
    (void)uv_loop_init(&sending->loop);
    device_init(&sending->device, &sending->world, speaker->name, &speaker->pair, speaker->epoch);
    sending->device.clock_quality = CLOCK_QUALITY_NETWORK;
    sending->session = make_session(sending, speaker, config, &error);
    if (sending->session == NULL) {
        exit_code = ctl_fail_error(sending->job->ctl, &error);
    } else {
        (void)uv_timer_init(&sending->loop, &sending->deadline);
        sending->deadline.data = sending;
        exit_code = run(sending);
        close_all(sending);
    }
    device_fini(&sending->device);
    explicit_bzero(&sending->device, sizeof sending->device);
    (void)uv_loop_close(&sending->loop);
    return exit_code;
}

int import_send(struct import_job *job, const struct speaker *speaker, const struct import_way *way)
{
    struct error error = {0};
    const struct config *config;
    struct sending *sending = arena_alloc(&job->arena, sizeof *sending);
    size_t *row_of = arena_array(&job->arena, job->table.row_count, sizeof *row_of);
    const int exit_code = ctl_config(job->ctl, &config);
    if (exit_code != CTL_OK)
        return exit_code;
    if (sending == NULL || row_of == NULL || sodium_init() < 0)
        return ctl_fail(job->ctl, CTL_TEMPORARY, "import: %s", error_words(ERR_NO_MEMORY));
    *sending = (struct sending){.job = job, .way = way, .row_of = row_of};
    sending->world = (struct device_world){
        .model = "custodyctl import",
        .firmware = CUSTODY_VERSION,
        .configuration_sha256 = {(const char *)job->file_sha256.bytes, SHA256_BYTES},
        .statistics = &sending->statistics,
        .ack_timeout_ms = ACK_TIMEOUT_MS,
        .ack_timeout_max_ms = ACK_TIMEOUT_MAX_MS,
        .ring_max = SHEET_ROWS_MAX + 1,
    };
    if (way->ack_key != NULL && note_verifier_parse(text_of(way->ack_key), &sending->world.verifier, &error) != 0)
        return ctl_fail_error(job->ctl, &error);
    return converse(sending, speaker, config);
}
