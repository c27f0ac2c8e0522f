/* messages.h - the envelopes every contestant of `make bench` gets: valid chains of many sources, from a seed.
 *
 * A fleet of sources named bench-000000... speaks round-robin, each with its own sequence, chain and (when signed) key.
 * Odd sources are of a second area, so that the load can be shared between two lanes. Times step by a tenth of a second
 * a source. Included by the programs that make messages. Errors end the program: it is a measuring tool. */
#ifndef CUSTODY_TESTS_BENCH_MESSAGES_H
#define CUSTODY_TESTS_BENCH_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/hash.h"
#include "core/report.h"
#include "io/keyfile.h"
#include "io/wire.h"

enum { BENCH_NAME_SIZE = 16, BENCH_TOPIC_SIZE = 64, BENCH_FIXES_MAX = 600, BENCH_STEP_US = 100000 };

#define BENCH_AREA_EVEN "350504"
#define BENCH_AREA_ODD "350503"
#define BENCH_PARTY "91350504BENCH00001"
#define BENCH_SITE "bench-yard"

enum bench_kind { BENCH_FIXES, BENCH_EVENTS };

struct bench_source {
    char name[BENCH_NAME_SIZE];
    uint64_t seq;
    struct digest previous;
    struct key_pair keys;
    uint8_t key_id[KEY_ID_BYTES];
};

struct bench_fleet {
    enum bench_kind kind;
    uint64_t seed;
    size_t source_count, fix_count; /* fixes an envelope */
    bool is_signed;
    struct bench_source *sources;
    struct buffer body, envelope;
    struct fix fixes[BENCH_FIXES_MAX];
};

static inline void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

static inline const char *bench_area(size_t source)
{
    return source % 2 ? BENCH_AREA_ODD : BENCH_AREA_EVEN;
}

static inline void bench_source_init(const struct bench_fleet *fleet, size_t at, struct bench_source *source)
{
    uint8_t seed_input[16];
    struct digest seed;

    store_u64_be(seed_input, fleet->seed);
    store_u64_be(seed_input + 8, at);
    seed = sha256(seed_input, sizeof seed_input);
    (void)snprintf(source->name, sizeof source->name, "bench-%06zu", at % 1000000);
    key_pair_from_seed(seed.bytes, &source->keys);
    source_key_id(text_of(source->name), source->keys.public_key, source->key_id);
}

static inline void bench_fleet_init(struct bench_fleet *fleet)
{
    buffer_init(&fleet->body, ENVELOPE_MAX_BYTES);
    buffer_init(&fleet->envelope, ENVELOPE_MAX_BYTES);
    fleet->sources = calloc(fleet->source_count, sizeof *fleet->sources);
    if (!fleet->sources || fleet->fix_count > BENCH_FIXES_MAX)
        bench_die("fleet", "too large");
    for (size_t i = 0; i < fleet->source_count; i++)
        bench_source_init(fleet, i, &fleet->sources[i]);
}

static inline void bench_topic(const struct bench_fleet *fleet, size_t source, char topic[BENCH_TOPIC_SIZE])
{
    (void)snprintf(topic, BENCH_TOPIC_SIZE, "custody/v1/%s/up/%s", bench_area(source), fleet->sources[source].name);
}

/* ---- fixes: a circle about the middle of the district, one turn in 3,600 fixes ---- */

static inline void bench_fill_fixes(struct bench_fleet *fleet, size_t source, uint64_t seq, int64_t at_us)
{
    for (size_t i = 0; i < fleet->fix_count; i++) {
        int64_t phase = (int64_t)((seq * fleet->fix_count + i + source * 7) % 3600);
        int32_t across = (int32_t)((phase < 1800 ? phase : 3600 - phase) * 400);

        fleet->fixes[i] = (struct fix){
            .at_us = at_us - (int64_t)((fleet->fix_count - 1 - i) * (BENCH_STEP_US / fleet->fix_count)),
            .lon_e7 = 1186300000 + across,
            .lat_e7 = 250200000 + (int32_t)(source % 1000) * 300,
            .datum = DATUM_WGS84,
            .has_speed = true,
            .has_course = true,
            .has_accuracy = true,
            .speed_cm_s = (uint32_t)(800 + phase % 700),
            .course_cdeg = (uint32_t)(phase * 10),
            .accuracy_cm = 250,
        };
    }
}

/* ---- events: vehicle after vehicle, from pickup to dismantling, without a step that a rule would object to ---- */

struct bench_step {
    enum event_type type;
    enum event_detail detail;
};

static const struct bench_step BENCH_STEPS[] = {
    {EVENT_TYPE_PICKED_UP, EVENT_DETAIL_PICKUP},
    {EVENT_TYPE_LOADED, EVENT_DETAIL_NONE},
    {EVENT_TYPE_INTAKE, EVENT_DETAIL_NONE},
    {EVENT_TYPE_INSPECTED, EVENT_DETAIL_INSPECTION},
    {EVENT_TYPE_CERT_ISSUED, EVENT_DETAIL_CERTIFICATE},
    {EVENT_TYPE_DEPOLLUTED, EVENT_DETAIL_NONE},
    {EVENT_TYPE_DISMANTLED, EVENT_DETAIL_COMPOSITION},
    {EVENT_TYPE_DEREG_FILED, EVENT_DETAIL_CERTIFICATE},
};
enum { BENCH_STEP_COUNT = sizeof BENCH_STEPS / sizeof *BENCH_STEPS, BENCH_ASSEMBLIES = 6 };

struct bench_event_room {
    struct event event;
    struct identifier identifiers[2];
    struct evidence evidence[2];
    struct part parts[BENCH_ASSEMBLIES];
    struct identifier part_tags[BENCH_ASSEMBLIES];
    char vin[18], plate[32], certificate[32], tags[BENCH_ASSEMBLIES][40];
};

/* Check digit of GB 16735 / ISO 3779 at the ninth place. */
static inline void bench_vin(uint64_t vehicle, char vin[18])
{
    static const int WEIGHTS[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    static const char LETTERS[] = "ABCDEFGHJKLMNPRSTUVWXYZ";
    static const int VALUES[] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9};
    int sum = 0;

    (void)snprintf(vin, 18, "LSVB%04u0L2%06u", (unsigned)(vehicle / 1000000 % 10000), (unsigned)(vehicle % 1000000));
    for (int i = 0; i < 17; i++) {
        const char *letter = strchr(LETTERS, vin[i]);

        sum += WEIGHTS[i] * (vin[i] >= '0' && vin[i] <= '9' ? vin[i] - '0' : letter ? VALUES[letter - LETTERS] : 0);
    }
    vin[8] = sum % 11 == 10 ? 'X' : (char)('0' + sum % 11);
}

static inline void bench_fill_composition(struct bench_event_room *room)
{
    static const enum item_kind KINDS[BENCH_ASSEMBLIES] = {ITEM_KIND_ENGINE,     ITEM_KIND_STEERING,  ITEM_KIND_GEARBOX,
                                                           ITEM_KIND_FRONT_AXLE, ITEM_KIND_REAR_AXLE, ITEM_KIND_FRAME};

    for (size_t i = 0; i < BENCH_ASSEMBLIES; i++) {
        (void)snprintf(room->tags[i], sizeof room->tags[i], "%s-%zu", room->vin, i);
        room->part_tags[i] = (struct identifier){IDENTIFIER_SCHEME_TAG, text_of(room->tags[i])};
        room->parts[i] = (struct part){
            .item = {.kind = KINDS[i], .identifier_count = 1, .identifiers = &room->part_tags[i]},
            .mass = {.present = true, .mass_g = 60000 + (int64_t)i * 1000, .scale_class = TEXT("III")},
        };
    }
    room->event.composition = (struct composition){.part_count = BENCH_ASSEMBLIES, .parts = room->parts};
}

static inline void bench_fill_detail(struct bench_event_room *room, enum event_detail detail)
{
    struct event *event = &room->event;

    event->detail = detail;
    if (detail == EVENT_DETAIL_PICKUP)
        event->pickup = (struct pickup){.reason = SCRAP_REASON_VOLUNTARY,
                                        .vehicle_class = VEHICLE_CLASS_SMALL_PASSENGER,
                                        .curb_mass_g = 1250000,
                                        .make = TEXT("Bench"),
                                        .model = TEXT("One")};
    else if (detail == EVENT_DETAIL_INSPECTION)
        event->inspection = (struct inspection){
            .vin = INSPECTION_RESULT_OK, .engine_number = INSPECTION_RESULT_OK, .plate = INSPECTION_RESULT_OK};
    else if (detail == EVENT_DETAIL_CERTIFICATE)
        event->certificate = (struct certificate){.number = text_of(room->certificate)};
    else if (detail == EVENT_DETAIL_COMPOSITION)
        bench_fill_composition(room);
}

static inline void bench_fill_event(const struct bench_fleet *fleet, size_t source, uint64_t seq, int64_t at_us,
                                    struct bench_event_room *room)
{
    uint64_t vehicle = seq / BENCH_STEP_COUNT * fleet->source_count + source;
    const struct bench_step *step = &BENCH_STEPS[seq % BENCH_STEP_COUNT];
    struct digest id;

    *room = (struct bench_event_room){0};
    bench_vin(vehicle, room->vin);
    (void)snprintf(room->plate, sizeof room->plate, "闽C%05u", (unsigned)(vehicle % 100000));
    (void)snprintf(room->certificate, sizeof room->certificate, "350504%010lu", (unsigned long)vehicle);
    room->identifiers[0] = (struct identifier){IDENTIFIER_SCHEME_VIN, text_of(room->vin)};
    room->identifiers[1] = (struct identifier){IDENTIFIER_SCHEME_PLATE, text_of(room->plate)};
    id = sha256(room->vin, 17);
    room->evidence[0] = (struct evidence){.kind = EVIDENCE_KIND_PHOTO_BEFORE, .sha256 = id};
    room->evidence[1] = (struct evidence){.kind = EVIDENCE_KIND_PHOTO_AFTER, .sha256 = id};
    room->event = (struct event){
        .type = step->type,
        .at_us = at_us,
        .item = {.kind = ITEM_KIND_VEHICLE, .identifier_count = 2, .identifiers = room->identifiers},
        .site = TEXT(BENCH_SITE),
        .position = {.present = true, .lon_e7 = 1186300000, .lat_e7 = 250200000, .datum = DATUM_WGS84},
        .mass = {.present = true, .mass_g = 1240000, .scale_class = TEXT("III")},
        .evidence_count = 2,
        .evidence = room->evidence,
    };
    memcpy(room->event.event_id, id.bytes, UUID_BYTES);
    room->event.event_id[15] ^= (uint8_t)step->type;
    bench_fill_detail(room, step->detail);
}

/* ---- the envelope ---- */

static inline void bench_seal(struct bench_fleet *fleet, struct bench_source *source)
{
    uint8_t signature[SIGNATURE_BYTES];
    struct envelope envelope = {.body = buffer_text(&fleet->body)};

    if (fleet->is_signed) {
        envelope_sign(text_of(source->name), envelope.body, &source->keys, signature);
        envelope.signature = (struct text){(const char *)signature, sizeof signature};
        envelope.key_id = (struct text){(const char *)source->key_id, sizeof source->key_id};
    }
    buffer_clear(&fleet->envelope);
    if (wire_envelope_encode(&envelope, &fleet->envelope))
        bench_die("envelope", "does not encode");
}

/* The next envelope of a source; borrowed until the next call. */
static inline struct text bench_next(struct bench_fleet *fleet, size_t at, int64_t at_us)
{
    struct bench_source *source = &fleet->sources[at];
    struct bench_event_room room;
    struct report report = {
        .source = text_of(source->name),
        .epoch = 1,
        .seq = source->seq,
        .previous = source->previous,
        .device_time_us = at_us,
        .clock_quality = CLOCK_QUALITY_GNSS,
    };

    if (fleet->kind == BENCH_FIXES) {
        bench_fill_fixes(fleet, at, source->seq, at_us);
        report.fixes = fleet->fixes;
        report.fix_count = fleet->fix_count;
    } else {
        bench_fill_event(fleet, at, source->seq, at_us, &room);
        report.events = &room.event;
        report.event_count = 1;
    }
    buffer_clear(&fleet->body);
    if (wire_report_encode(&report, &fleet->body))
        bench_die("report", "does not encode");
    bench_seal(fleet, source);
    source->previous = sha256(fleet->envelope.data, fleet->envelope.len);
    source->seq++;
    return buffer_text(&fleet->envelope);
}

#endif
