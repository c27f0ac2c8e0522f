/* device.c - numbers, chains, signs and keeps envelopes; forgets them when a signed note covers them. */
#include "client/device.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"

enum { RING_FIRST_CAPACITY = 16, BACKOFF_STEPS_MAX = 6 };

void device_init(struct device *device, const struct device_world *world, const char *name, const struct key_pair *key,
                 uint32_t epoch)
{
    *device =
        (struct device){.world = world, .epoch = epoch, .signs = key != NULL, .clock_quality = CLOCK_QUALITY_GNSS};
    (void)text_copy(device->name, sizeof device->name, text_of(name));
    device->next_check_ms = UINT64_MAX;
    if (key != NULL) {
        device->key = *key;
        source_key_id(text_of(device->name), key->public_key, device->key_id);
    }
}

struct ring_entry *device_entry(const struct device *device, uint64_t seq)
{
    assert(seq >= device->head_seq && seq < device->next_seq);
    return &device->ring[seq & (device->capacity - 1)];
}

static void drop_until(struct device *device, uint64_t seq)
{
    for (; device->head_seq < seq; device->head_seq++) {
        struct ring_entry *entry = device_entry(device, device->head_seq);
        free(entry->bytes);
        entry->bytes = NULL;
    }
    if (device->unsent_seq < seq)
        device->unsent_seq = seq;
}

void device_fini(struct device *device)
{
    if (device->ring != NULL)
        drop_until(device, device->next_seq);
    free(device->ring);
    device->ring = NULL;
    device->capacity = 0;
}

static int make_room(struct device *device)
{
    const size_t pending = (size_t)device_pending(device);
    if (pending < device->capacity)
        return 0;
    const size_t capacity = device->capacity ? 2 * device->capacity : RING_FIRST_CAPACITY;
    struct ring_entry *ring = calloc(capacity, sizeof *ring);
    if (ring == NULL)
        return ERR_NO_MEMORY;
    for (uint64_t seq = device->head_seq; seq < device->next_seq; seq++)
        ring[seq & (capacity - 1)] = *device_entry(device, seq);
    free(device->ring);
    device->ring = ring;
    device->capacity = capacity;
    return 0;
}

/* The envelope's exact bytes into `out`. */
static int seal(const struct device *device, const struct report *report, struct buffer *body, struct buffer *out)
{
    uint8_t signature[SIGNATURE_BYTES];
    struct envelope envelope = {0};
    int code = wire_report_encode(report, body);
    if (code)
        return code;
    envelope.body = buffer_text(body);
    if (device->signs) {
        envelope_sign(text_of(device->name), envelope.body, &device->key, signature);
        envelope.signature = (struct text){(const char *)signature, sizeof signature};
        envelope.key_id = (struct text){(const char *)device->key_id, sizeof device->key_id};
    }
    code = wire_envelope_encode(&envelope, out);
    return code ? code : body->failed || out->failed ? ERR_TOO_LARGE : 0;
}

static int keep(struct device *device, const struct buffer *sealed)
{
    uint8_t *bytes = malloc(sealed->len);
    if (bytes == NULL || make_room(device)) {
        free(bytes);
        return ERR_NO_MEMORY;
    }
    memcpy(bytes, sealed->data, sealed->len);
    const uint64_t seq = device->next_seq++;
    struct ring_entry *entry = device_entry(device, seq);
    *entry = (struct ring_entry){.bytes = bytes, .len = (uint32_t)sealed->len, .hash = sha256(bytes, sealed->len)};
    device->previous = entry->hash;
    device->world->statistics->made++;
    return 0;
}

/* The first report of an epoch says what the device is. */
static void introduce(const struct device *device, struct report *report)
{
    report->birth = (struct birth){.present = true,
                                   .model = text_of(device->world->model),
                                   .firmware = text_of(device->world->firmware),
                                   .configuration_sha256 = device->world->configuration_sha256};
    if (device->signs)
        report->birth.public_key = (struct text){(const char *)device->key.public_key, PUBLIC_KEY_BYTES};
}

int device_say(struct device *device, struct report *report, int64_t now_us)
{
    struct buffer body, sealed;
    if (device_pending(device) >= device->world->ring_max) {
        device->world->statistics->ring_full++;
        return ERR_TOO_LARGE;
    }
    report->source = text_of(device->name);
    report->epoch = device->epoch;
    report->seq = device->next_seq;
    report->previous = device->previous;
    report->device_time_us = now_us + device->clock_skew_us;
    report->clock_quality = device->clock_quality;
    if (device->next_seq == 0)
        introduce(device, report);
    buffer_init(&body, ENVELOPE_MAX_BYTES);
    buffer_init(&sealed, ENVELOPE_MAX_BYTES);
    int code = seal(device, report, &body, &sealed);
    if (code == 0)
        code = keep(device, &sealed);
    buffer_fini(&body);
    buffer_fini(&sealed);
    return code;
}

bool device_take_overdue(struct device *device, uint64_t now_ms, uint64_t *seq)
{
    uint64_t earliest = UINT64_MAX;
    if (now_ms < device->next_check_ms)
        return false;
    for (uint64_t at = device->head_seq; at < device->next_seq; at++) {
        const struct ring_entry *entry = device_entry(device, at);
        if (entry->state != RING_SENT)
            continue;
        if (entry->resend_at_ms <= now_ms) {
            *seq = at;
            return true;
        }
        if (entry->resend_at_ms < earliest)
            earliest = entry->resend_at_ms;
    }
    device->next_check_ms = earliest;
    return false;
}

bool device_take(struct device *device, uint64_t now_ms, uint64_t *seq)
{
    for (; device->unsent_seq < device->next_seq; device->unsent_seq++)
        if (device_entry(device, device->unsent_seq)->state == RING_UNSENT) {
            *seq = device->unsent_seq;
            return true;
        }
    return device_take_overdue(device, now_ms, seq);
}

static void journal_sent(const struct device *device, uint64_t seq, const struct ring_entry *entry)
{
    char hex[HEX_SIZE(SHA256_BYTES)];
    if (device->world->journal == NULL)
        return;
    hex_encode(entry->hash.bytes, SHA256_BYTES, hex);
    fprintf(device->world->journal, "sent %s %u %llu %s\n", device->name, (unsigned)device->epoch,
            (unsigned long long)seq, hex);
}

void device_sent(struct device *device, uint64_t seq, uint64_t now_us)
{
    const struct device_world *world = device->world;
    struct ring_entry *entry = device_entry(device, seq);
    if (entry->first_sent_us == 0) {
        entry->first_sent_us = now_us;
        world->statistics->sent++;
        journal_sent(device, seq, entry);
    } else {
        world->statistics->resent++;
    }
    const uint32_t steps = entry->attempts < BACKOFF_STEPS_MAX ? entry->attempts : BACKOFF_STEPS_MAX;
    const uint64_t wait_ms = (uint64_t)world->ack_timeout_ms << steps;
    entry->attempts++;
    entry->state = RING_SENT;
    entry->resend_at_ms = now_us / 1000 + (wait_ms < world->ack_timeout_max_ms ? wait_ms : world->ack_timeout_max_ms);
    if (entry->resend_at_ms < device->next_check_ms)
        device->next_check_ms = entry->resend_at_ms;
}

void device_forget_sent(struct device *device)
{
    uint64_t seq = device->head_seq;
    while (seq < device->next_seq && device_entry(device, seq)->state != RING_UNSENT)
        seq++;
    drop_until(device, seq);
}

void device_on_disconnected(struct device *device)
{
    for (uint64_t seq = device->head_seq; seq < device->next_seq; seq++) {
        struct ring_entry *entry = device_entry(device, seq);
        if (entry->state == RING_SENT)
            entry->state = RING_UNSENT;
    }
    device->unsent_seq = device->head_seq;
    device->next_check_ms = UINT64_MAX;
}

/* An envelope that the server could not keep in order is sent again; every other refusal is final and comes with the
 * note. */
static void take_refusals(struct device *device, const struct ack *ack)
{
    for (size_t i = 0; i < ack->refusal_count; i++) {
        const struct ack_refusal *refusal = &ack->refusals[i];
        device->refusals++;
        device->world->statistics->refused++;
        (void)snprintf(device->last_refusal, sizeof device->last_refusal, "%s: %.*s",
                       refusal_reason_word(refusal->reason), TEXT_ARG(refusal->text));
    }
    device->warnings += ack->warning_count;
    device->world->statistics->warned += ack->warning_count;
}

static void take_early(struct device *device, const struct ack *ack)
{
    for (size_t i = 0; i < ack->stored_early_count; i++) {
        uint64_t seq = ack->stored_early[i].first_seq, end = ack->stored_early[i].last_seq;
        for (seq = seq < device->head_seq ? device->head_seq : seq; seq <= end && seq < device->next_seq; seq++)
            device_entry(device, seq)->state = RING_STORED;
    }
}

/* Nothing, when the note is an old one. */
static void cover(struct device *device, uint64_t seq, uint64_t now_us)
{
    struct statistics *statistics = device->world->statistics;
    for (uint64_t at = device->head_seq; at <= seq; at++) {
        const struct ring_entry *entry = device_entry(device, at);
        statistics->acknowledged++;
        if (entry->first_sent_us != 0)
            statistics_latency(statistics, now_us - entry->first_sent_us);
    }
    drop_until(device, seq + 1);
}

/* Does the note speak of this device, and of what this device really sent? */
static int check_note(struct device *device, const struct ack *ack, struct ack_statement *note, struct error *error)
{
    const int code = ack_note_read(ack->note, &device->world->verifier, note, error);
    if (code)
        return code;
    if (!text_equal(note->source, text_of(device->name)) || note->epoch != device->epoch)
        return error_set(error, ERR_INVALID, "note: source %.*s epoch %u; hint: the acknowledgement said %s epoch %u",
                         TEXT_ARG(note->source), (unsigned)note->epoch, device->name, (unsigned)device->epoch);
    if (note->seq >= device->next_seq)
        return error_set(error, ERR_INVALID, "note: seq %llu was never sent by %s", (unsigned long long)note->seq,
                         device->name);
    if (note->seq >= device->head_seq && !digest_equal(&note->chain, &device_entry(device, note->seq)->hash))
        return error_set(error, ERR_INVALID, "note: chain at seq %llu of %s is not what was sent",
                         (unsigned long long)note->seq, device->name);
    return 0;
}

int device_on_ack(struct device *device, const struct ack *ack, uint64_t now_us, struct error *error)
{
    struct ack_statement note;
    if (!text_equal(ack->source, text_of(device->name)) || ack->epoch != device->epoch)
        return error_set(error, ERR_NOT_FOUND, "acknowledgement: of %.*s epoch %u", TEXT_ARG(ack->source),
                         (unsigned)ack->epoch);
    take_refusals(device, ack);
    if (ack->note.len == 0) {
        take_early(device, ack);
        return 0;
    }
    const int code = check_note(device, ack, &note, error);
    if (code) {
        device->world->statistics->bad_notes++;
        return code;
    }
    device->world->statistics->notes++;
    if (device->world->journal != NULL)
        fprintf(device->world->journal, "ack %s %u %llu\n", device->name, (unsigned)device->epoch,
                (unsigned long long)note.seq);
    cover(device, note.seq, now_us);
    take_early(device, ack);
    return 0;
}
