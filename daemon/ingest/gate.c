/* gate.c - attribution, order, and the S rules. */
#include "ingest/gate.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/identity/normalise.h"

enum { KEPT_BYTES_MAX = 128 * 1024 };

/* ---- on arrival: whose is it? ---- */

/* "custody/v1/{area}/up/{source}" */
static bool split_topic(struct text topic, struct text *area, struct text *source)
{
    static const char prefix[] = "custody/v1/", middle[] = "/up/";
    const char *at = topic.data + sizeof prefix - 1, *end = topic.data + topic.len, *slash;

    if (topic.len < sizeof prefix || memcmp(topic.data, prefix, sizeof prefix - 1) != 0)
        return false;
    slash = memchr(at, '/', (size_t)(end - at));
    if (!slash || (size_t)(end - slash) <= sizeof middle - 1 || memcmp(slash, middle, sizeof middle - 1) != 0)
        return false;
    *area = (struct text){at, (size_t)(slash - at)};
    *source = (struct text){slash + sizeof middle - 1, (size_t)(end - slash) - (sizeof middle - 1)};
    return true;
}

/* Nobody can be held to it: a dead letter within the rate of who published it (as the topic says; the broker lets each account write to
 * its own only), dropped beyond. */
static void unattributable(struct gate *gate, struct batch *batch, struct batch_envelope *envelope,
                           struct source *publisher, enum refusal_reason reason, const char *words)
{
    int64_t rate = gate->config->unknown_rate_per_s;
    struct bucket *bucket = publisher ? &publisher->refused : &gate->unattributed;

    envelope->source = NULL;
    envelope->answer_to = publisher;
    envelope->to_verify = false;
    envelope->settled_on_arrival = true;
    envelope->topic = arena_text(&batch->arena, envelope->topic);
    batch_refuse(batch, envelope, FATE_DEAD, reason, "%s", words);
    if (rate == 0 || !bucket_take(bucket, envelope->received_us, rate, rate)) {
        envelope->fate = FATE_DROPPED;
        gate->counters->dropped++;
    }
    log_warn("refused", "reason=%s topic=\"%s\" error=\"%s\" kept=%s", refusal_reason_word(reason),
             log_text(envelope->topic), log_text(text_of(words)), envelope->fate == FATE_DEAD ? "dead_letter" : "no");
}

static const struct source_key *key_of(const struct source *source, struct text key_id)
{
    for (size_t i = 0; i < source->key_count; i++)
        if (text_equal((struct text){(const char *)source->keys[i].key_id, KEY_ID_BYTES}, key_id))
            return &source->keys[i];
    return NULL;
}

/* Who published a message, and what it says of itself. */
struct arrival {
    struct text area, name;   /* of the topic */
    struct source *publisher; /* the topic's source; NULL: not registered or disabled */
    struct text key_id;
};

/* A topic of another area or source: kept as a dead letter, but not dealt with. Its sequence belongs to the lane of the right area. */
static void refuse_topic(struct batch *batch, struct batch_envelope *envelope, const struct arrival *arrival)
{
    const struct source *source = envelope->source;

    envelope->settled_on_arrival = true;
    batch_refuse(batch, envelope, FATE_DEAD, REFUSAL_WRONG_TOPIC,
                 "topic: custody/v1/%.*s/up/%.*s is not this source's; hint: publish on custody/v1/%s/up/%s",
                 TEXT_ARG(arrival->area), TEXT_ARG(arrival->name), source->area, source->name);
}

/* The body says who speaks; the registry says whether they may, and with which key. */
static void attribute_to_source(struct gate *gate, struct batch *batch, struct batch_envelope *envelope,
                                const struct arrival *arrival)
{
    struct source *source = registry_source(gate->registry, envelope->header.source);
    char words[ERROR_TEXT_BYTES];

    if (!source || !source->enabled) {
        (void)snprintf(words, sizeof words, "source: \"%.*s\" is %s; hint: custodyctl register source",
                       TEXT_ARG(envelope->header.source), source ? "disabled" : "not registered");
        unattributable(gate, batch, envelope, NULL, REFUSAL_UNKNOWN_SOURCE, words);
        return;
    }
    if (envelope->header.epoch == 0 || envelope->header.epoch > INT32_MAX || envelope->header.seq >= INT64_MAX) {
        (void)snprintf(words, sizeof words,
                       "epoch %" PRIu32 ", seq %" PRIu64
                       ": outside 1..2147483647 and 0..2^63-2; hint: epochs begin at 1",
                       envelope->header.epoch, envelope->header.seq);
        unattributable(gate, batch, envelope, arrival->publisher, REFUSAL_INVALID_FIELD, words);
        return;
    }
    if (source->is_signed) {
        const struct source_key *key = key_of(source, arrival->key_id);

        if (!key) {
            (void)snprintf(words, sizeof words,
                           "key_id: none of %s's keys in force (%zu bytes given); hint: custodyctl register key",
                           source->name, arrival->key_id.len);
            unattributable(gate, batch, envelope, arrival->publisher,
                           envelope->signature.len ? REFUSAL_UNKNOWN_KEY : REFUSAL_BAD_SIGNATURE, words);
            envelope->blame = RULE_S04;
            return;
        }
        memcpy(envelope->public_key, key->public_key, sizeof envelope->public_key);
        envelope->to_verify = true;
        envelope->answer_to = arrival->publisher; /* in case the signature turns out wrong */
    }
    envelope->source = source;
    if (!text_equal(arrival->name, text_of(source->name)) || !text_equal(arrival->area, text_of(source->area)))
        refuse_topic(batch, envelope, arrival);
    /* The message is gone when a dead letter names its topic; where nothing else can come of it, the topic is the source's. */
    envelope->topic = source->is_signed || envelope->settled_on_arrival ? arena_text(&batch->arena, envelope->topic)
                                                                        : (struct text){NULL, 0};
}

/* A cut or garbled body whose front still says who and which: when its signature holds it is that source's, a dead letter, and
 * dealt with, so that the device's ring does not jam. */
static bool is_attributable(const struct gate *gate, const struct batch_envelope *envelope)
{
    const struct source *source =
        envelope->header.source.len ? registry_source(gate->registry, envelope->header.source) : NULL;

    return source && source->is_signed && envelope->header.epoch > 0;
}

/* Above every bound of ours and of a sane broker's: the front is evidence enough. */
static struct text cut_payload(struct text payload)
{
    return payload.len > KEPT_BYTES_MAX ? (struct text){payload.data, KEPT_BYTES_MAX} : payload;
}

int gate_attribute(struct gate *gate, struct batch *batch, struct text topic, struct text payload, int64_t now_us)
{
    struct arrival arrival = {.publisher = NULL};
    struct batch_envelope *envelope;
    struct envelope parts = {.body = {NULL, 0}};
    struct error error = {.code = 0};
    enum refusal_reason reason;

    if (split_topic(topic, &arrival.area, &arrival.name))
        arrival.publisher = registry_source(gate->registry, arrival.name);
    /* Before anything that costs: a source above its rate is not looked at. Its device sends again. */
    if (arrival.publisher &&
        !bucket_take(&arrival.publisher->bucket, now_us, gate->config->source_rate_per_s, gate->config->source_burst)) {
        gate->counters->received++;
        gate->counters->throttled++;
        log_warn("throttled", "source=%s rate_per_s=%" PRId64 " hint=\"source_rate_per_s\"", arrival.publisher->name,
                 gate->config->source_rate_per_s);
        return 0;
    }
    if (arrival.publisher && !arrival.publisher->enabled)
        arrival.publisher = NULL;
    envelope = batch_append(batch, topic, cut_payload(payload), now_us);
    if (!envelope)
        return ERR_TOO_LARGE;
    gate->counters->received++;
    reason = wire_envelope_split(envelope->bytes, &parts, &error);
    if (reason == REFUSAL_NONE)
        reason = wire_report_header(parts.body, &envelope->header, &error);
    if (reason != REFUSAL_NONE && !(parts.body.len && is_attributable(gate, envelope))) {
        unattributable(gate, batch, envelope, arrival.publisher, reason, error.text);
        return 0;
    }
    envelope->body = parts.body;
    envelope->signature = parts.signature;
    envelope->hash = sha256(envelope->bytes.data, envelope->bytes.len);
    arrival.key_id = parts.key_id;
    if (reason != REFUSAL_NONE) {
        envelope->undecodable = true;
        batch_refuse(batch, envelope, FATE_PENDING, reason, "%s", error.text);
    }
    attribute_to_source(gate, batch, envelope, &arrival);
    return 0;
}

/* ---- judging ---- */

/* Known whose it is, and on its own topic. */
static bool is_attributed(const struct batch_envelope *envelope)
{
    return envelope->source && !envelope->settled_on_arrival && (!envelope->to_verify || envelope->signature_good);
}

size_t gate_missing_streams(struct batch *batch, void (*each)(void *context, struct source *source, uint32_t epoch),
                            void *context)
{
    size_t count = 0;

    for (size_t i = batch->from; i < batch->to; i++) {
        struct batch_envelope *envelope = batch->envelopes[i];
        uint32_t epoch = envelope->header.epoch;

        if (!is_attributed(envelope) || envelope->source->version == 0 || epoch >= envelope->source->epoch ||
            batch_find_stream(envelope->source, epoch))
            continue;
        each(context, envelope->source, epoch);
        count++;
    }
    return count;
}

static struct batch_stream *stream_of(struct batch *batch, struct batch_envelope *envelope)
{
    struct source *source = envelope->source;
    struct batch_stream *stream = batch_find_stream(source, envelope->header.epoch);

    if (stream)
        return stream;
    stream = batch_add_stream(batch, source, envelope->header.epoch);
    if (stream && source->version && source->epoch == envelope->header.epoch) {
        stream->version = source->version;
        stream->head_index = source->head_index;
        if (stream_copy(&stream->stream, &source->stream))
            return NULL;
    }
    return stream;
}

/* The newest epoch of the source that this batch or an earlier one has seen. */
static uint32_t newest_epoch(const struct source *source)
{
    uint32_t newest = source->version ? source->epoch : 0;

    for (const struct batch_stream *stream = source->active; stream; stream = stream->next_epoch)
        if (stream->epoch > newest && (stream->touched || stream->version))
            newest = stream->epoch;
    return newest;
}

static void note_epoch(struct batch *batch, struct batch_envelope *envelope)
{
    uint32_t newest = newest_epoch(envelope->source);
    char key[32];

    if (envelope->header.epoch >= newest)
        return;
    envelope->stream->older = true;
    (void)snprintf(key, sizeof key, "epoch %" PRIu32, envelope->header.epoch);
    batch_warn(batch, envelope, WARNING_OLD_EPOCH,
               "epoch: %" PRIu32 " speaks after epoch %" PRIu32 " began; hint: one device, one key",
               envelope->header.epoch, newest);
    batch_find(batch, envelope->source, RULE_S05, false, envelope, key,
               "epoch %" PRIu32 " seq %" PRIu64 " came after epoch %" PRIu32
               " had begun: two devices may share one key (疑似克隆设备)",
               envelope->header.epoch, envelope->header.seq, newest);
}

static void note_stream(struct batch *batch, struct batch_envelope *envelope, const struct stream_notes *notes)
{
    const struct report_header *header = &envelope->header;
    uint64_t next = envelope->stream->stream.next_seq;
    char key[48];

    (void)snprintf(key, sizeof key, "epoch %" PRIu32, header->epoch);
    if (notes->gap_opened)
        batch_warn(batch, envelope, WARNING_SEQUENCE_GAP,
                   "seq: %" PRIu64 " came while %" PRIu64 " is missing; hint: send the missing ones", header->seq,
                   next);
    if (notes->gap_overdue)
        batch_find(batch, envelope->source, RULE_S01, false, envelope, key,
                   "epoch %" PRIu32 ": seq %" PRIu64
                   " is still missing (上报序号缺失); the device's ring may have run over",
                   header->epoch, next);
    if (notes->gap_closed)
        batch_find(batch, envelope->source, RULE_S01, true, envelope, key, "the missing seqs arrived");
    if (notes->broken_chain) {
        (void)snprintf(key, sizeof key, "chain %" PRIu32 "/%" PRIu64, header->epoch, header->seq);
        batch_warn(batch, envelope, WARNING_BROKEN_CHAIN,
                   "previous: at seq %" PRIu64 " it is not the hash of the envelope before; hint: "
                   "SHA-256 of the exact bytes sent",
                   header->seq);
        batch_find(batch, envelope->source, RULE_S02, false, envelope, key,
                   "epoch %" PRIu32 " seq %" PRIu64 ": the hash chain is broken: another history was written",
                   header->epoch, header->seq);
    }
    if (notes->clock_ahead || notes->clock_backward) {
        (void)snprintf(key, sizeof key, "%s", notes->clock_ahead ? "ahead" : "backward");
        batch_warn(batch, envelope, WARNING_CLOCK, "device_time_us: %" PRId64 " is %s; hint: set the device's clock",
                   header->device_time_us,
                   notes->clock_ahead ? "ahead of our time" : "before that of the envelope before");
        batch_find(batch, envelope->source, RULE_S03, false, envelope, key,
                   "epoch %" PRIu32 " seq %" PRIu64 ": device time %s (设备时钟跳变)", header->epoch, header->seq,
                   notes->clock_ahead ? "ahead of ours" : "went back");
    }
}

struct doubts {
    struct batch *batch;
    struct batch_envelope *envelope;
};

static void warn_of_doubt(void *context, const char *words)
{
    const struct doubts *doubts = context;

    batch_warn(doubts->batch, doubts->envelope, WARNING_IDENTIFIER, "%s", words);
}

/* Decodes the body; what cannot be decoded is a dead letter, and has been dealt with. */
static int decode(struct batch *batch, struct batch_envelope *envelope)
{
    struct error error = {.code = 0};
    struct report *report = arena_alloc(&batch->work, sizeof *report);
    enum refusal_reason reason;
    int code;

    if (!report)
        return ERR_NO_MEMORY;
    reason = wire_report_decode(envelope->body, envelope->received_us, &batch->work, report, &error);
    if (reason != REFUSAL_NONE && error.code == ERR_NO_MEMORY)
        return ERR_NO_MEMORY; /* ours, not the envelope's */
    if (reason != REFUSAL_NONE) {
        batch_refuse(batch, envelope, FATE_DEAD, reason, "%s", error.text);
        return 0;
    }
    code = report_normalise(report, &batch->work, warn_of_doubt, &(struct doubts){batch, envelope}, &error);
    if (code == ERR_INVALID) {
        batch_refuse(batch, envelope, FATE_DEAD, REFUSAL_INVALID_IDENTIFIER, "%s", error.text);
        return 0;
    }
    if (code)
        return code;
    envelope->report = report;
    envelope->fate = FATE_STORED;
    batch->fix_count += report->fix_count;
    batch->reading_count += report->reading_count;
    batch->event_count += report->event_count;
    batch->sighting_count += report->sighting_count;
    return 0;
}

/* The same seq twice in one batch: the database does not know the first one yet. */
static void settle_within_batch(struct batch *batch, struct batch_envelope *envelope)
{
    for (const struct batch_envelope *other = envelope->stream->first; other; other = other->next)
        if (other->header.seq == envelope->header.seq) {
            gate_settle(batch, envelope, digest_equal(&other->hash, &envelope->hash), false);
            return;
        }
}

static int judge_attributed(struct gate *gate, struct batch *batch, struct batch_envelope *envelope)
{
    const struct stream_bounds bounds = {gate->config->gap_grace_s * US_PER_S,
                                         gate->config->clock_skew_max_s * US_PER_S};
    const struct stream_entry entry = {envelope->header.seq, envelope->header.previous, envelope->hash,
                                       envelope->header.device_time_us, envelope->received_us};
    enum stream_verdict verdict;
    struct stream_notes notes;

    if (envelope->source->active && envelope->source->active->owner != batch) {
        /* Cannot happen while every area has one lane (config.c sees to it): better sent again than stored beside. */
        batch_refuse(batch, envelope, FATE_SEND_AGAIN, REFUSAL_WRONG_TOPIC,
                     "source: %s is being served by another lane", envelope->source->name);
        return 0;
    }
    envelope->stream = stream_of(batch, envelope);
    if (!envelope->stream || stream_accept(&envelope->stream->stream, &entry, &bounds, &verdict, &notes))
        return ERR_NO_MEMORY;
    envelope->stream->to_acknowledge = true;
    switch (verdict) {
    case STREAM_SEEN:
        envelope->fate = FATE_SEEN;
        settle_within_batch(batch, envelope);
        return 0;
    case STREAM_TOO_FAR:
        batch_refuse(batch, envelope, FATE_SEND_AGAIN, REFUSAL_TOO_FAR_AHEAD,
                     "seq: %" PRIu64 " leaves too many holes; hint: send seq %" PRIu64 " first", envelope->header.seq,
                     envelope->stream->stream.next_seq);
        return 0;
    case STREAM_NEXT:
    case STREAM_EARLY:
        break;
    }
    note_epoch(batch, envelope);
    envelope->stream->touched = true;
    envelope->stream->head_index = -1;
    note_stream(batch, envelope, &notes);
    if (envelope->stream->last)
        envelope->stream->last->next = envelope;
    else
        envelope->stream->first = envelope;
    envelope->stream->last = envelope;
    if (!envelope->undecodable)
        return decode(batch, envelope);
    envelope->fate = FATE_DEAD;
    return 0;
}

/* What an earlier judgement of this range left behind. */
static void forget_judgement(struct batch_envelope *envelope)
{
    envelope->next = NULL;
    envelope->stream = NULL;
    envelope->report = NULL;
    envelope->warnings = NULL;
    envelope->fate = FATE_PENDING;
    if (envelope->undecodable)
        return;
    envelope->reason = REFUSAL_NONE;
    envelope->detail = (struct text){NULL, 0};
}

int gate_judge(struct gate *gate, struct batch *batch)
{
    for (size_t i = batch->from; i < batch->to; i++) {
        struct batch_envelope *envelope = batch->envelopes[i];
        int code;

        if (envelope->source && envelope->to_verify && !envelope->signature_good) {
            unattributable(gate, batch, envelope, envelope->answer_to, REFUSAL_BAD_SIGNATURE,
                           "signature: it does not verify with the registered key; hint: Ed25519 over "
                           "\"custody-envelope/v1\\n\" || "
                           "source || \"\\n\" || body");
            envelope->blame = RULE_S04;
        }
        if (envelope->blame == RULE_S04 && envelope->fate == FATE_DEAD && envelope->answer_to)
            batch_find(batch, envelope->answer_to, RULE_S04, false, envelope, refusal_reason_word(envelope->reason),
                       "%s published an envelope in the name of %.*s: %.*s (密钥不符)", envelope->answer_to->name,
                       TEXT_ARG(envelope->header.source), TEXT_ARG(envelope->detail));
        if (envelope->settled_on_arrival)
            continue;
        forget_judgement(envelope);
        code = judge_attributed(gate, batch, envelope);
        if (code)
            return code;
    }
    return 0;
}

/* These bytes are kept as an equivocation by this batch already. */
static bool equivocated_before(const struct batch *batch, const struct batch_envelope *envelope)
{
    for (size_t i = batch->from; i < batch->to; i++) {
        const struct batch_envelope *other = batch->envelopes[i];

        if (other->fate == FATE_EQUIVOCATION && other->stream == envelope->stream &&
            digest_equal(&other->hash, &envelope->hash))
            return true;
    }
    return false;
}

void gate_settle(struct batch *batch, struct batch_envelope *envelope, bool same, bool again)
{
    char key[48];

    if (!same && !again)
        again = equivocated_before(batch, envelope);
    if (same || again) {
        envelope->fate = FATE_DUPLICATE;
        if (!again)
            return;
    } else {
        envelope->fate = FATE_EQUIVOCATION;
    }
    batch_warn(batch, envelope, WARNING_EQUIVOCATION,
               "seq: %" PRIu64 " was used before with other bytes; both are kept; hint: never reuse a seq",
               envelope->header.seq);
    if (again)
        return;
    (void)snprintf(key, sizeof key, "seq %" PRIu32 "/%" PRIu64, envelope->header.epoch, envelope->header.seq);
    batch_find(batch, envelope->source, RULE_S02, false, envelope, key,
               "epoch %" PRIu32 " seq %" PRIu64
               " was used for two different envelopes (同一序号内容不一); both are kept",
               envelope->header.epoch, envelope->header.seq);
}
