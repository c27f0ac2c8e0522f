/* ping.c - custodyctl ping: sends a signed report as a registered source and waits for its acknowledgement, end to end.
 *
 * Life of a ping: the registry says whether the source may speak and where; connect to the broker, subscribe to the
 * source's down topic, publish one empty report in an epoch of its own, wait for the acknowledgement of that epoch,
 * check its note. An epoch of its own, because a ping that was never answered must not stand in the way of the next
 * one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "core/ledger/ack_note.h"
#include "ctl/ctl.h"
#include "ctl/speaker.h"
#include "ctl/version.h"
#include "io/keyfile.h"
#include "io/mqtt.h"
#include "io/wire.h"

enum { TOPIC_SIZE = 128, WORDS_SIZE = 400, ACK_ARENA_BYTES = 1 << 20, DEFAULT_TIMEOUT_S = 10 };

struct ping {
    struct speaker speaker;
    char up[TOPIC_SIZE], down[TOPIC_SIZE];
    struct buffer envelope;
    struct digest chain; /* SHA-256 of the envelope */

    uv_loop_t loop;
    uv_timer_t deadline;
    struct mqtt *mqtt;
    uint64_t sent_at_ns, answered_at_ns;
    bool connected, sent, acknowledged;
    char trouble[WORDS_SIZE]; /* the last thing that went wrong */
    char note[2048];
};

/* ---- the envelope ---- */

static int make_envelope(struct ctl *ctl, struct ping *ping)
{
    struct buffer body;
    uint8_t key_id[KEY_ID_BYTES], signature[SIGNATURE_BYTES];
    struct text source = text_of(ping->speaker.name);
    struct report report = {
        .source = source,
        .epoch = ping->speaker.epoch,
        .device_time_us = clock_now_us(),
        .clock_quality = CLOCK_QUALITY_NETWORK,
        .birth = {.present = true, .model = TEXT("custodyctl ping"), .firmware = TEXT(CUSTODY_VERSION)},
    };
    buffer_init(&body, ENVELOPE_MAX_BYTES);
    buffer_init(&ping->envelope, ENVELOPE_MAX_BYTES);
    int code = wire_report_encode(&report, &body);
    if (code == 0) {
        envelope_sign(source, buffer_text(&body), &ping->speaker.pair, signature);
        source_key_id(source, ping->speaker.pair.public_key, key_id);
        struct envelope envelope = {
            buffer_text(&body), {(const char *)signature, sizeof signature}, {(const char *)key_id, sizeof key_id}};
        code = wire_envelope_encode(&envelope, &ping->envelope);
    }
    buffer_fini(&body);
    if (code != 0)
        return ctl_fail(ctl, CTL_TEMPORARY, "report: %s", error_words(code));
    ping->chain = sha256(ping->envelope.data, ping->envelope.len);
    return CTL_OK;
}

/* ---- the session ---- */

static void ping_on_deadline(uv_timer_t *timer)
{
    struct ping *ping = timer->data;
    uv_close((uv_handle_t *)timer, NULL);
    mqtt_close(ping->mqtt, NULL);
}

static void ping_on_connected(void *context, bool session_present)
{
    (void)session_present;
    struct ping *ping = context;
    ping->connected = true;
    if (mqtt_subscribe(ping->mqtt, ping->down) != 0 ||
        mqtt_publish(ping->mqtt, ping->up, ping->envelope.data, ping->envelope.len, 1, false) != 0) {
        snprintf(ping->trouble, sizeof ping->trouble, "the broker's session does not take messages");
        return;
    }
    ping->sent = true;
    ping->sent_at_ns = ping->sent_at_ns ? ping->sent_at_ns : uv_hrtime();
}

static void ping_on_disconnected(void *context, const char *reason)
{
    struct ping *ping = context;
    snprintf(ping->trouble, sizeof ping->trouble, "%s", reason);
}

static void take_refusal(struct ping *ping, const struct ack *ack)
{
    for (size_t i = 0; i < ack->refusal_count; i++) {
        const struct ack_refusal *refusal = &ack->refusals[i];
        if (refusal->epoch == ping->speaker.epoch)
            snprintf(ping->trouble, sizeof ping->trouble, "refused: %s: %.*s", refusal_reason_word(refusal->reason),
                     TEXT_ARG(refusal->text));
    }
}

static void ping_on_message(void *context, const struct mqtt_message *message)
{
    struct ping *ping = context;
    struct arena arena;
    struct ack ack;
    struct error error;
    arena_init(&arena, ACK_ARENA_BYTES);
    if (wire_ack_decode(message->payload, &arena, &ack, &error) != 0) {
        snprintf(ping->trouble, sizeof ping->trouble, "an acknowledgement that cannot be read: %s", error.text);
    } else if (ack.epoch == ping->speaker.epoch) {
        take_refusal(ping, &ack);
        ping->acknowledged = ack.has_seq && ack.note.len > 0;
        text_copy(ping->note, sizeof ping->note, ack.note);
        ping->answered_at_ns = uv_hrtime();
        uv_timer_start(&ping->deadline, ping_on_deadline, 0,
                       0); /* a session is not closed from within its own callback */
    }
    arena_fini(&arena);
}

static const struct mqtt_handler handler = {
    .on_connected = ping_on_connected,
    .on_disconnected = ping_on_disconnected,
    .on_message = ping_on_message,
};

static int converse(struct ctl *ctl, struct ping *ping, const char *broker, int64_t timeout_s)
{
    const struct config *config;
    struct error error = {0};
    char client_id[SPEAKER_NAME_SIZE + 24];
    int exit_code = ctl_config(ctl, &config);
    if (exit_code != CTL_OK)
        return exit_code;
    snprintf(client_id, sizeof client_id, "%s-ping-%d", ping->speaker.name, (int)getpid());
    const struct mqtt_settings settings = {
        .hosts = broker ? broker : config->broker,
        .client_id = client_id,
        .username = ping->speaker.name,
        .password = ping->speaker.password[0] ? ping->speaker.password : NULL,
        .ca_file = config->broker_ca_file[0] ? config->broker_ca_file : NULL,
        .keepalive_s = 60,
        .receive_maximum = 100,
    };
    uv_loop_init(&ping->loop);
    ping->mqtt = mqtt_new(&ping->loop, &settings, &handler, ping, &error);
    if (!ping->mqtt) {
        uv_loop_close(&ping->loop);
        return ctl_fail_error(ctl, &error);
    }
    uv_timer_init(&ping->loop, &ping->deadline);
    ping->deadline.data = ping;
    uv_timer_start(&ping->deadline, ping_on_deadline, (uint64_t)timeout_s * 1000, 0);
    mqtt_open(ping->mqtt);
    uv_run(&ping->loop, UV_RUN_DEFAULT);
    uv_loop_close(&ping->loop);
    return CTL_OK;
}

/* ---- the answer ---- */

/* Checks the note's words, and its signature where the daemon's key is at hand. NULL when all is well, else what is
 * not. */
static const char *check_note(const struct ping *ping, const struct config *config, bool *verified)
{
    char name[256];
    struct key_pair ack_key;
    struct error error;
    struct ack_statement statement;
    struct text note = text_of(ping->note), text = note;
    *verified = false;
    if (config->ack_key_file[0] && keyfile_read(config->ack_key_file, name, sizeof name, &ack_key, &error) == 0) {
        *verified = ack_note_verify(note, text_of(name), ack_key.public_key, &text) == 0;
        explicit_bzero(&ack_key, sizeof ack_key);
        if (!*verified)
            return "its signature is not the daemon's";
    } else {
        const char *end = strstr(ping->note, "\n\n"); /* the blank line before the signatures */
        text.len = end ? (size_t)(end - ping->note) + 1 : 0;
    }
    if (ack_statement_parse(text, &statement) != 0)
        return "it is not an acknowledgement";
    if (!text_equal(statement.source, text_of(ping->speaker.name)) || statement.epoch != ping->speaker.epoch ||
        statement.seq != 0)
        return "it speaks of another envelope";
    return digest_equal(&statement.chain, &ping->chain) ? NULL : "it acknowledges other bytes than were sent";
}

static int explain_silence(struct ctl *ctl, const struct ping *ping, const char *broker, int64_t timeout_s)
{
    const char *trouble = ping->trouble[0] ? ping->trouble : "no answer";
    if (!ping->connected)
        return ctl_fail(ctl, CTL_TEMPORARY, "broker: %s: not connected in %lld s: %s; hint: --broker, is it running?",
                        broker, (long long)timeout_s, trouble);
    if (!ping->sent || strncmp(trouble, "refused", 7) == 0)
        return ctl_fail(ctl, CTL_NEGATIVE, "ping: %s; hint: custodyctl doctor", trouble);
    return ctl_fail(ctl, CTL_TEMPORARY,
                    "acknowledgement: none in %lld s, though the broker was reached (%s); hint: is custodyd running "
                    "(event=ready in its log), and does it read area %s?",
                    (long long)timeout_s, trouble, ping->speaker.area);
}

static int judge(struct ctl *ctl, const struct ping *ping, const char *broker, int64_t timeout_s)
{
    const struct config *config;
    bool verified;
    int exit_code = ctl_config(ctl, &config);
    if (exit_code != CTL_OK)
        return exit_code;
    if (!ping->acknowledged)
        return explain_silence(ctl, ping, broker ? broker : config->broker, timeout_s);
    double ms = (double)(ping->answered_at_ns - ping->sent_at_ns) / 1e6;
    const char *wrong = check_note(ping, config, &verified);
    if (wrong)
        return ctl_fail(ctl, CTL_NEGATIVE, "acknowledgement: %s; hint: which daemon answers on this broker?", wrong);
    if (ctl->json)
        return ctl_print_json(ctl, json_pack("{s:s, s:I, s:f, s:b, s:s}", "source", ping->speaker.name, "epoch",
                                             (json_int_t)ping->speaker.epoch, "ms", ms, "note_verified", verified,
                                             "note", ping->note));
    fprintf(ctl->out, "acknowledged in %.1f ms: stored, source %s epoch %u seq 0\n", ms, ping->speaker.name,
            (unsigned)ping->speaker.epoch);
    fprintf(ctl->out, "note %s\n",
            verified ? "signed by the daemon's key" : "not verified: ack_key_file is not set or not readable");
    return CTL_OK;
}

static int run_ping(struct ctl *ctl, struct ping *ping, const char *broker, int64_t timeout_s)
{
    int exit_code = speaker_begin(ctl, &ping->speaker);
    if (exit_code != CTL_OK)
        return exit_code;
    snprintf(ping->up, sizeof ping->up, "custody/v1/%s/up/%s", ping->speaker.area, ping->speaker.name);
    snprintf(ping->down, sizeof ping->down, "custody/v1/%s/down/%s", ping->speaker.area, ping->speaker.name);
    exit_code = make_envelope(ctl, ping);
    if (exit_code == CTL_OK)
        exit_code = converse(ctl, ping, broker, timeout_s);
    if (exit_code == CTL_OK)
        exit_code = judge(ctl, ping, broker, timeout_s);
    buffer_fini(&ping->envelope);
    return exit_code;
}

int ping_command(struct ctl *ctl, int argc, char **argv)
{
    const char *key_file = NULL, *broker = NULL, *password_file = NULL;
    int64_t timeout_s = DEFAULT_TIMEOUT_S;
    const struct ctl_option options[] = {
        {"key-file", CTL_OPTION_TEXT, "FILE", "secret key of the source that speaks; its name is in the file",
         &key_file, 0, 0},
        {"broker", CTL_OPTION_TEXT, "HOSTS", "host:port or unix:/path (default: configuration)", &broker, 0, 0},
        {"password-file", CTL_OPTION_TEXT, "FILE", "password of the source at the broker (default: none)",
         &password_file, 0, 0},
        {"timeout", CTL_OPTION_NUMBER, "S", "how long to wait, s (default 10)", &timeout_s, 1, 600},
    };
    const struct ctl_usage usage = {
        "",
        "Sends one signed, empty report as a registered source and waits for its acknowledgement:\n"
        "broker, daemon and database are alive from end to end. Each ping is a record of the log.\n"
        "A source for it: custodyctl register source NAME --kind account ...\n\n"
        "Exit code: 0 acknowledged, 1 refused or wrongly acknowledged, 75 no answer in time, 78 the\n"
        "source or its key is not registered.\n",
        0,
        0,
        options,
        sizeof options / sizeof options[0]};
    int exit_code;
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    struct ping *ping = calloc(1, sizeof *ping);
    if (!ping)
        return ctl_fail(ctl, CTL_TEMPORARY, "ping: %s", error_words(ERR_NO_MEMORY));
    exit_code = speaker_read(ctl, key_file, password_file, &ping->speaker);
    if (exit_code == CTL_OK)
        exit_code = run_ping(ctl, ping, broker, timeout_s);
    explicit_bzero(ping, sizeof *ping);
    free(ping);
    return exit_code;
}
