/* gateway.c - reads Traccar's positions, says them for their sources, and lets them go when they are receipted.
 *
 * The life of a message: gateway_on_message -> said by a device (or known: its bytes were said before) -> its session publishes
 * it -> gateway_on_answer counts down `pending` -> at 0 the inbound session's PUBACKs are released, and the next batch is
 * read. The inbound connection may break at any moment: its batch comes again, and is known. */
#include "gateway/gateway.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/session.h"
#include "gateway/setup.h"
#include "io/mqtt.h"

enum {
    BATCH_MAX = 512,  /* messages read before their PUBACKs are released */
    KNOWN_MAX = 4096, /* digests of messages that were said: more than can come again */
    RING_MAX = 16384,
    WINDOW = 32, /* a refusal each fits one answer */
    ACK_TIMEOUT_MS = 3000,
    ACK_TIMEOUT_MAX_MS = 60000,
    KEEPALIVE_S = 60,
    SESSION_EXPIRY_S = 60 * 86400,
    PAYLOAD_MAX_BYTES = 56 * 1024, /* what an envelope has room for beside its front and the reason */
    NAME_BYTES = 1200,
};

#define GATEWAY_COUNTERS(X)                                                                                            \
    X(received, "messages read from Traccar's broker")                                                                 \
    X(repeated, "messages that were said before, and came again")                                                      \
    X(fixes, "positions said for their sources")                                                                       \
    X(untranslated, "messages said by the gateway's own source, to be dead letters")                                   \
    X(set_aside, "times a source was set aside because it got no answer")                                              \
    X(refusals, "envelopes that the daemon refused")

struct gateway_counters {
#define X(name, help) uint64_t name;
    GATEWAY_COUNTERS(X)
#undef X
};

/* A source that the gateway speaks for. */
struct speaker {
    struct gateway *gateway;
    struct device device;
    struct session *session;
    uint64_t counted;    /* envelopes of its ring that gateway->pending counts */
    uint64_t waiting_ms; /* since when it has had no answer; 0: nothing waits */
    bool heard;          /* waits although the gateway's own source was answered since, and all was sent again */
    bool aside;
};

struct gateway {
    uv_loop_t *loop;
    const struct config *config;
    struct gateway_handler handler;
    void *context;

    struct setup setup;
    struct device_world world;
    struct statistics statistics;
    char model[64];
    struct speaker *speakers; /* those of setup.trackers, and the gateway's own after them */
    size_t speaker_count;

    struct mqtt *inbound;
    size_t batch;     /* messages read and not yet released */
    uint64_t pending; /* envelopes that wait for a note, but of speakers that are set aside */
    struct digest known[KNOWN_MAX];
    size_t known_count; /* ever; the newest KNOWN_MAX of them are kept */
    bool ready, releasing, stopping, told_stopped;
    struct gateway_counters counters, logged;

    unsigned open_parts;
    void (*on_closed)(void *context);
    void *closed_context;
};

static struct speaker *own_speaker(const struct gateway *gateway)
{
    return &gateway->speakers[gateway->speaker_count - 1];
}

/* ---- what was said before ---- */

static bool is_known(const struct gateway *gateway, const struct digest *digest)
{
    const size_t count = gateway->known_count < KNOWN_MAX ? gateway->known_count : KNOWN_MAX;
    for (size_t i = 0; i < count; i++)
        if (digest_equal(&gateway->known[i], digest))
            return true;
    return false;
}

static void remember(struct gateway *gateway, const struct digest *digest)
{
    gateway->known[gateway->known_count++ % KNOWN_MAX] = *digest;
}

/* ---- a batch and its end ---- */

static void tell_stopped(struct gateway *gateway)
{
    if (!gateway->stopping || gateway->told_stopped || gateway->pending || gateway->batch)
        return;
    gateway->told_stopped = true;
    gateway->handler.on_stopped(gateway->context);
}

/* Everything of the batch is receipted. */
static void release_if_covered(struct gateway *gateway)
{
    if (gateway->pending == 0 && gateway->batch > 0 && !gateway->releasing) {
        gateway->releasing = true;
        mqtt_release(gateway->inbound);
    }
    tell_stopped(gateway);
}

static void gateway_on_released(void *context)
{
    struct gateway *gateway = context;
    gateway->releasing = false;
    gateway->batch = 0;
    if (!gateway->stopping)
        mqtt_resume(gateway->inbound);
    tell_stopped(gateway);
}

/* Brings what is counted up to what waits in its ring. */
static void recount(struct speaker *speaker)
{
    struct gateway *gateway = speaker->gateway;
    const uint64_t waits = device_pending(&speaker->device), counts = speaker->aside ? 0 : waits;
    if (waits == 0) {
        speaker->waiting_ms = 0;
        speaker->heard = false;
    } else if (speaker->waiting_ms == 0) {
        speaker->waiting_ms = uv_now(gateway->loop);
    }
    gateway->pending = gateway->pending + counts - speaker->counted;
    speaker->counted = counts;
}

static int say(struct speaker *speaker, struct report *report)
{
    const int code = device_say(&speaker->device, report, clock_now_us());
    if (code == 0) {
        recount(speaker);
        session_pump(speaker->session);
    }
    return code;
}

static int say_untranslated(struct gateway *gateway, struct text payload, const char *words)
{
    char reason[ERROR_TEXT_BYTES + 128], hex[HEX_SIZE(SHA256_BYTES)];
    const struct digest digest = sha256(payload.data, payload.len);
    struct report report = {.untranslated = {.present = true, .payload = payload}};
    hex_encode(digest.bytes, SHA256_BYTES, hex);
    if (payload.len <= PAYLOAD_MAX_BYTES) {
        (void)text_copy(reason, sizeof reason, text_of(words));
    } else {
        report.untranslated.payload.len = PAYLOAD_MAX_BYTES;
        (void)snprintf(reason, sizeof reason, "first of %zu bytes, SHA-256 %s: %s", payload.len, hex, words);
    }
    text_make_clean(reason);
    report.untranslated.reason = text_of(reason);
    gateway->counters.untranslated++;
    log_warn("untranslated", "bytes=%zu sha256=%s error=\"%s\"", payload.len, hex, log_text(text_of(words)));
    return say(own_speaker(gateway), &report);
}

static int say_message(struct gateway *gateway, struct text payload)
{
    struct traccar_position position;
    struct error error = {.code = 0};
    if (traccar_read(payload, gateway->setup.datum, clock_now_us(), &position, &error))
        return say_untranslated(gateway, payload, error.text);
    const ptrdiff_t at = trackers_find(&gateway->setup.trackers, position.unique_id);
    if (at < 0)
        return say_untranslated(gateway, payload,
                                "device.uniqueId: no source speaks for it; hint: a line in gateway_trackers_file");
    if (gateway->speakers[at].aside)
        return say_untranslated(gateway, payload,
                                "device.uniqueId: its source gets no answer; hint: register it, its area and the key");
    struct report report = {.fix_count = 1, .fixes = &position.fix};
    gateway->counters.fixes++;
    return say(&gateway->speakers[at], &report);
}

static void gateway_on_message(void *context, const struct mqtt_message *message)
{
    struct gateway *gateway = context;
    const struct digest digest = sha256(message->payload.data, message->payload.len);
    gateway->batch++;
    gateway->counters.received++;
    if (is_known(gateway, &digest)) {
        gateway->counters.repeated++;
    } else {
        const int code = say_message(gateway, message->payload);
        if (code) {
            mqtt_drop(gateway->inbound, error_words(code)); /* comes again, when there may be room */
            return;
        }
        remember(gateway, &digest);
    }
    if (gateway->batch >= BATCH_MAX)
        mqtt_pause(gateway->inbound);
}

static void gateway_on_read_done(void *context, bool more)
{
    struct gateway *gateway = context;
    (void)more;
    if (gateway->batch == 0)
        return;
    mqtt_pause(gateway->inbound);
    release_if_covered(gateway);
}

static void gateway_on_connected(void *context, bool session_present)
{
    struct gateway *gateway = context;
    log_info("gateway_connected", "topic=\"%s\" session_present=%s", gateway->config->gateway_topic,
             session_present ? "yes" : "no");
    if (mqtt_subscribe(gateway->inbound, gateway->config->gateway_topic))
        mqtt_drop(gateway->inbound, "the subscription is not taken");
}

/* What was read and not released comes again. */
static void gateway_on_disconnected(void *context, const char *reason)
{
    struct gateway *gateway = context;
    log_warn("gateway_disconnected", "unreleased=%zu reason=\"%s\"", gateway->batch, log_text(text_of(reason)));
    gateway->batch = 0;
    gateway->releasing = false;
    if (!gateway->stopping)
        mqtt_resume(gateway->inbound);
    tell_stopped(gateway);
}

static void gateway_on_subscribed(void *context, bool granted)
{
    struct gateway *gateway = context;
    if (!granted) {
        log_error("gateway_refused", "topic=\"%s\" hint=\"the broker's access list: user %s reads it\"",
                  gateway->config->gateway_topic, gateway->config->gateway_source);
        mqtt_drop(gateway->inbound, "the subscription is refused");
    } else if (!gateway->ready) {
        gateway->ready = true;
        gateway->handler.on_ready(gateway->context);
    }
}

static const struct mqtt_handler inbound_handler = {
    .on_connected = gateway_on_connected,
    .on_disconnected = gateway_on_disconnected,
    .on_message = gateway_on_message,
    .on_read_done = gateway_on_read_done,
    .on_released = gateway_on_released,
    .on_subscribed = gateway_on_subscribed,
};

/* ---- the sources' sessions ---- */

static bool waits_too_long(const struct speaker *speaker)
{
    const struct gateway *gateway = speaker->gateway;
    return speaker->waiting_ms && !speaker->aside &&
           uv_now(gateway->loop) - speaker->waiting_ms >= (uint64_t)gateway->config->gateway_answer_s * 1000;
}

/* The daemon is there: whoever has waited in vain asks once more, now, and has its time anew. */
static void ask_again(struct gateway *gateway)
{
    for (size_t i = 0; i + 1 < gateway->speaker_count; i++) {
        struct speaker *speaker = &gateway->speakers[i];
        if (!waits_too_long(speaker) || speaker->heard)
            continue;
        speaker->heard = true;
        speaker->waiting_ms = uv_now(gateway->loop);
        device_on_disconnected(&speaker->device); /* as good as lost */
        session_pump(speaker->session);
    }
}

static void take_answer(struct speaker *speaker, const struct ack *ack)
{
    speaker->gateway->counters.refusals += ack->refusal_count;
    for (size_t i = 0; i < ack->refusal_count; i++)
        log_warn("refused", "source=%s seq=%" PRIu64 " error=\"%s\"", speaker->device.name, ack->refusals[i].seq,
                 log_text(ack->refusals[i].text));
    if (speaker->aside && device_pending(&speaker->device) == 0) {
        speaker->aside = false;
        log_info("source_answered", "source=%s hint=\"it is no longer set aside\"", speaker->device.name);
    }
}

static void gateway_on_answer(void *context, const struct ack *ack)
{
    struct speaker *speaker = context;
    struct gateway *gateway = speaker->gateway;
    if (speaker == own_speaker(gateway)) /* its own are refused by their nature */
        ask_again(gateway);
    else
        take_answer(speaker, ack);
    speaker->waiting_ms = 0; /* of what is left, from now on */
    speaker->heard = false;
    recount(speaker);
    release_if_covered(gateway);
}

static void gateway_on_trouble(void *context, const char *words)
{
    const struct speaker *speaker = context;
    log_warn("source_trouble", "source=%s error=\"%s\"", speaker->device.name, log_text(text_of(words)));
}

static const struct session_handler session_handler = {gateway_on_answer, gateway_on_trouble};

/* Its envelopes, as they are, by the gateway's own source. */
static void set_aside(struct speaker *speaker)
{
    struct gateway *gateway = speaker->gateway;
    struct device *device = &speaker->device;
    log_error("source_unanswered",
              "source=%s envelopes=%" PRIu64 " hint=\"registered, in area %s, with the gateway's key?\"", device->name,
              device_pending(device), gateway->config->gateway_area);
    for (uint64_t seq = device->head_seq; seq < device->next_seq; seq++) {
        const struct ring_entry *entry = device_entry(device, seq);
        if (say_untranslated(gateway, (struct text){(const char *)entry->bytes, entry->len},
                             "an envelope that got no answer; hint: register its source, its area and the key"))
            return; /* tried again at the next tick; what was said is said twice */
    }
    speaker->aside = true;
    gateway->counters.set_aside++;
    recount(speaker);
}

/* Is anybody there? A report of the gateway's own source that says nothing. */
static void ask_daemon(struct gateway *gateway)
{
    struct report nothing = {.fix_count = 0};
    if (say(own_speaker(gateway), &nothing))
        log_error("gateway_cannot_ask", "source=%s hint=\"memory\"", own_speaker(gateway)->device.name);
}

/* A source that has no answer is set aside only when the gateway's own has one: while the daemon is away all wait for it. */
static void look_for_unanswered(struct gateway *gateway)
{
    struct speaker *own = own_speaker(gateway);
    if (device_pending(&own->device)) {
        if (waits_too_long(own)) {
            log_error("gateway_unanswered", "source=%s hint=\"does custodyd run, and is this source registered?\"",
                      own->device.name);
            own->waiting_ms = uv_now(gateway->loop);
        }
        return;
    }
    for (size_t i = 0; i + 1 < gateway->speaker_count; i++)
        if (waits_too_long(&gateway->speakers[i])) {
            if (gateway->speakers[i].heard)
                set_aside(&gateway->speakers[i]);
            else
                ask_daemon(gateway);
            return;
        }
}

void gateway_log_counters(const struct gateway *gateway)
{
    struct buffer line;
    buffer_init(&line, 1024);
#define X(name, help) buffer_printf(&line, "%s" #name "=%" PRIu64, line.len ? " " : "", gateway->counters.name);
    GATEWAY_COUNTERS(X)
#undef X
    if (!line.failed)
        log_info("gateway_stats", "%.*s pending=%" PRIu64, TEXT_ARG(buffer_text(&line)), gateway->pending);
    buffer_fini(&line);
}

void gateway_tick(struct gateway *gateway)
{
    look_for_unanswered(gateway);
    if (memcmp(&gateway->counters, &gateway->logged, sizeof gateway->counters) != 0)
        gateway_log_counters(gateway);
    gateway->logged = gateway->counters;
}

/* ---- the beginning ---- */

static int add_speaker(struct gateway *gateway, const char *source, struct error *error)
{
    const struct config *config = gateway->config;
    struct speaker *speaker = &gateway->speakers[gateway->speaker_count++];
    char client_id[NAME_BYTES];
    speaker->gateway = gateway;
    device_init(&speaker->device, &gateway->world, source, gateway->setup.signs ? &gateway->setup.key : NULL,
                gateway->setup.epoch);
    speaker->device.clock_quality = CLOCK_QUALITY_NETWORK; /* the gateway's clock; fixes have GNSS time of their own */
    (void)snprintf(client_id, sizeof client_id, "%s-%s", config->client_id, source);
    speaker->session = session_new(gateway->loop,
                                   &(struct session_settings){
                                       .hosts = config->broker,
                                       .area = config->gateway_area,
                                       .client_id = client_id,
                                       .password = *gateway->setup.password ? gateway->setup.password : NULL,
                                       .ca_file = *config->broker_ca_file ? config->broker_ca_file : NULL,
                                       .window = WINDOW,
                                   },
                                   &speaker->device, &session_handler, speaker, error);
    return speaker->session ? 0 : error->code;
}

static int add_inbound(struct gateway *gateway, struct error *error)
{
    const struct config *config = gateway->config;
    char client_id[NAME_BYTES];
    (void)snprintf(client_id, sizeof client_id, "%s-traccar", config->client_id);
    gateway->inbound = mqtt_new(gateway->loop,
                                &(struct mqtt_settings){
                                    .hosts = *config->gateway_broker ? config->gateway_broker : config->broker,
                                    .client_id = client_id,
                                    .username = config->gateway_source,
                                    .password = *gateway->setup.password ? gateway->setup.password : NULL,
                                    .ca_file = *config->broker_ca_file ? config->broker_ca_file : NULL,
                                    .keepalive_s = KEEPALIVE_S,
                                    .receive_maximum = BATCH_MAX,
                                    .session_expiry_s = SESSION_EXPIRY_S,
                                    .hold_acks = true,
                                },
                                &inbound_handler, gateway, error);
    return gateway->inbound ? 0 : error->code;
}

static int build(struct gateway *gateway, const char *version, struct error *error)
{
    int code = setup_read(&gateway->setup, gateway->config, error);
    const struct trackers *trackers = &gateway->setup.trackers;
    if (code)
        return code;
    (void)snprintf(gateway->model, sizeof gateway->model, "gateway of Traccar, trackers report %s",
                   datum_word(gateway->setup.datum));
    gateway->world = (struct device_world){
        .model = gateway->model,
        .firmware = version,
        .verifier = gateway->setup.verifier,
        .statistics = &gateway->statistics,
        .ack_timeout_ms = ACK_TIMEOUT_MS,
        .ack_timeout_max_ms = ACK_TIMEOUT_MAX_MS,
        .ring_max = RING_MAX,
    };
    gateway->speakers = calloc(trackers->count + 1, sizeof *gateway->speakers);
    if (gateway->speakers == NULL)
        return error_set(error, ERR_NO_MEMORY, "gateway: out of memory");
    for (size_t i = 0; i < trackers->count && code == 0; i++)
        code = add_speaker(gateway, trackers->list[i].source, error);
    if (code == 0)
        code = add_speaker(gateway, gateway->config->gateway_source, error);
    return code ? code : add_inbound(gateway, error);
}

struct gateway *gateway_new(uv_loop_t *loop, const struct config *config, const char *version,
                            const struct gateway_handler *handler, void *context, struct error *error)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    if (gateway == NULL) {
        (void)error_set(error, ERR_NO_MEMORY, "gateway: out of memory");
        return NULL;
    }
    gateway->loop = loop;
    gateway->config = config;
    gateway->handler = *handler;
    gateway->context = context;
    error->code = build(gateway, version, error);
    return gateway;
}

void gateway_open(struct gateway *gateway)
{
    log_info("gateway", "trackers=%zu epoch=%u signed=%s datum=%s", gateway->setup.trackers.count, gateway->setup.epoch,
             gateway->setup.signs ? "yes" : "no", datum_word(gateway->setup.datum));
    for (size_t i = 0; i < gateway->speaker_count; i++)
        session_open(gateway->speakers[i].session);
    mqtt_open(gateway->inbound);
}

/* ---- the end ---- */

void gateway_stop(struct gateway *gateway)
{
    gateway->stopping = true;
    mqtt_pause(gateway->inbound);
    tell_stopped(gateway);
}

static void gateway_on_part_closed(void *context)
{
    struct gateway *gateway = context;
    if (--gateway->open_parts > 0)
        return;
    for (size_t i = 0; i < gateway->speaker_count; i++)
        device_fini(&gateway->speakers[i].device);
    gateway->on_closed(gateway->closed_context);
    setup_fini(&gateway->setup);
    free(gateway->speakers);
    free(gateway);
}

void gateway_close(struct gateway *gateway, void (*on_closed)(void *context), void *context)
{
    gateway->on_closed = on_closed;
    gateway->closed_context = context;
    gateway->open_parts = (unsigned)gateway->speaker_count + 1;
    gateway_log_counters(gateway);
    mqtt_close(gateway->inbound, gateway_on_part_closed);
    for (size_t i = 0; i < gateway->speaker_count; i++)
        session_close(gateway->speakers[i].session, gateway_on_part_closed, gateway);
}
