/* gate_world.h - a gate with two sources behind it, and envelopes sent to it: for test_gate and for the stories of sources.
 *
 * The registry is this file's: a truck's terminal, which signs, and a tracker, which does not. */
#ifndef CUSTODY_TESTS_UNIT_GATE_WORLD_H
#define CUSTODY_TESTS_UNIT_GATE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/gate.h"

enum { SOURCES = 2, ROOM = 64, MANY_ROOM = 16 << 20 };

struct registry {
    struct source sources[SOURCES];
};

struct source *registry_source(const struct registry *registry, struct text name)
{
    for (size_t i = 0; i < SOURCES; i++)
        if (text_equal(text_of(registry->sources[i].name), name))
            return (struct source *)&registry->sources[i];
    return NULL;
}

static const int64_t now_us = INT64_C(1795420800000000);
static struct registry registry;
static struct source *const truck = &registry.sources[0], *const tracker = &registry.sources[1]; /* signed; unsigned */
static struct key_pair truck_key, other_key;
static struct config config;
static struct counters counters;
static struct gate gate;
static struct batch batch;
static struct buffer body, bytes;

/* One envelope to be sent; what is left zero is right. */
struct sent {
    const char *source; /* NULL: truck-001 */
    const char *topic;  /* NULL: the source's own */
    uint32_t epoch;     /* 0: 1 */
    uint64_t seq;
    int64_t device_us;   /* 0: now */
    int64_t received_us; /* 0: now */
    struct digest previous;
    const struct key_pair *key; /* NULL: the truck's own, none for the tracker */
    bool unsigned_, forged;
    const char *tag; /* an event about this tag; NULL: none */
};

static int start(void **state)
{
    static const uint8_t seed[SEED_BYTES] = {1}, other_seed[SEED_BYTES] = {2};
    struct error error;

    (void)state;
    log_set_level(LOG_ERROR);
    if (sodium_init() < 0 || config_parse(&config, "", &error))
        return -1;
    key_pair_from_seed(seed, &truck_key);
    key_pair_from_seed(other_seed, &other_key);
    memset(&registry, 0, sizeof registry);
    memset(&counters, 0, sizeof counters);
    for (int i = 0; i < SOURCES; i++) {
        struct source *source = &registry.sources[i];

        (void)snprintf(source->name, sizeof source->name, "%s", i ? "tracker-7" : "truck-001");
        (void)snprintf(source->area, sizeof source->area, "350504");
        source->source_id = i + 1;
        source->enabled = true;
        source->head_index = -1;
        stream_init(&source->stream);
    }
    truck->is_signed = true;
    truck->key_count = 1;
    memcpy(truck->keys[0].public_key, truck_key.public_key, PUBLIC_KEY_BYTES);
    source_key_id(text_of(truck->name), truck_key.public_key, truck->keys[0].key_id);
    gate = (struct gate){.config = &config, .registry = &registry, .counters = &counters};
    buffer_init(&body, 1 << 16);
    buffer_init(&bytes, 1 << 17);
    return batch_init(&batch, ROOM, MANY_ROOM);
}

static int finish(void **state)
{
    (void)state;
    batch_fini(&batch);
    stream_fini(&truck->stream);
    stream_fini(&tracker->stream);
    buffer_fini(&body);
    buffer_fini(&bytes);
    return 0;
}

static void encode(const struct sent *sent)
{
    const char *source = sent->source ? sent->source : "truck-001";
    struct identifier identifier = {IDENTIFIER_SCHEME_TAG, text_of(sent->tag)};
    struct event event = {.type = EVENT_TYPE_PICKED_UP, .at_us = now_us, .item = {ITEM_KIND_VEHICLE, 1, &identifier}};
    struct report report = {.source = text_of(source),
                            .epoch = sent->epoch ? sent->epoch : 1,
                            .seq = sent->seq,
                            .previous = sent->previous,
                            .device_time_us = sent->device_us ? sent->device_us : now_us,
                            .event_count = sent->tag ? 1 : 0,
                            .events = &event};
    const struct key_pair *key = sent->key ? sent->key : &truck_key;
    uint8_t signature[SIGNATURE_BYTES], key_id[KEY_ID_BYTES];
    struct envelope envelope;

    event.event_id[0] = 1;
    buffer_clear(&body);
    buffer_clear(&bytes);
    assert_int_equal(wire_report_encode(&report, &body), 0);
    envelope = (struct envelope){.body = buffer_text(&body)};
    if (!sent->unsigned_ && strcmp(source, "tracker-7") != 0) {
        envelope_sign(text_of(source), envelope.body, key, signature);
        signature[5] ^= sent->forged;
        source_key_id(text_of(source), key->public_key, key_id);
        envelope.signature = (struct text){(char *)signature, sizeof signature};
        envelope.key_id = (struct text){(char *)key_id, sizeof key_id};
    }
    assert_int_equal(wire_envelope_encode(&envelope, &bytes), 0);
}

/* Sends bytes as they are; the envelope that came of them, or NULL when nothing was taken. */
static struct batch_envelope *send_bytes(const char *topic, struct text payload, int64_t received_us)
{
    size_t before = batch.count;
    int code = gate_attribute(&gate, &batch, text_of(topic), payload, received_us);

    assert_int_equal(code, 0);
    return batch.count > before ? batch.envelopes[before] : NULL;
}

static struct batch_envelope *send_one(struct sent sent)
{
    char topic[128];

    encode(&sent);
    (void)snprintf(topic, sizeof topic, "custody/v1/350504/up/%s", sent.source ? sent.source : "truck-001");
    return send_bytes(sent.topic ? sent.topic : topic, buffer_text(&bytes),
                      sent.received_us ? sent.received_us : now_us);
}
#define SEND(...) send_one((struct sent){__VA_ARGS__})

/* What the thread pool does, then the judgement of all. */
static void judge(void)
{
    batch_unjudge(&batch);
    batch.from = 0;
    batch.to = batch.count;
    for (size_t i = 0; i < batch.count; i++) {
        struct batch_envelope *envelope = batch.envelopes[i];

        if (envelope->to_verify)
            envelope->signature_good = envelope_verify(envelope->header.source, envelope->body, envelope->signature,
                                                       envelope->public_key) == 0;
    }
    assert_int_equal(gate_judge(&gate, &batch), 0);
}

#endif
