/* test_wire.c - envelopes, reports and acknowledgements to bytes and back, and every refusal with its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/route/datum.h"
#include "io/wire.h"
#include "io/wire_fix.h"
#include "io/wire_shape.h"

#define NOW_US INT64_C(1795000000000000)
#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

static struct arena arena;
static struct buffer body, inner, inmost;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
    buffer_init(&body, 1 << 20);
    buffer_init(&inner, 1 << 20);
    buffer_init(&inmost, 1 << 20);
    error = (struct error){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    buffer_fini(&body);
    buffer_fini(&inner);
    buffer_fini(&inmost);
    return 0;
}

/* ---- raw protobuf, written without the code under test ---- */

static void put_varint(struct buffer *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buffer_put_u8(out, (uint8_t)(value | 0x80));
    buffer_put_u8(out, (uint8_t)value);
}

static void put_number(struct buffer *out, unsigned field, uint64_t value)
{
    put_varint(out, field << 3 | VARINT);
    put_varint(out, value);
}

static void put_zigzag(struct buffer *out, unsigned field, int32_t value)
{
    put_number(out, field, (uint32_t)value << 1 ^ (uint32_t)(value >> 31));
}

static void put_bytes(struct buffer *out, unsigned field, struct text bytes)
{
    put_varint(out, field << 3 | LENGTH);
    put_varint(out, bytes.len);
    buffer_put_text(out, bytes);
}

static void put_header(struct buffer *out)
{
    static const char previous[SHA256_BYTES] = {9};
    put_bytes(out, 1, TEXT("truck-1"));
    put_number(out, 2, 3);
    put_number(out, 3, 77);
    put_bytes(out, 4, (struct text){previous, sizeof previous});
    put_number(out, 5, NOW_US);
    put_number(out, 6, CLOCK_QUALITY_GNSS);
}

static void put_fix(struct buffer *out, int32_t lon_e7, int32_t lat_e7, uint64_t datum)
{
    buffer_clear(&inner);
    put_number(&inner, 1, NOW_US);
    put_zigzag(&inner, 2, lon_e7);
    put_zigzag(&inner, 3, lat_e7);
    put_number(&inner, 4, datum);
    put_bytes(out, 10, buffer_text(&inner));
}

static enum refusal_reason decode(struct report *report)
{
    return wire_report_decode(buffer_text(&body), NOW_US, &arena, report, &error);
}

static void assert_words(const char *words)
{
    if (strstr(error.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
    if (strstr(error.text, "hint:") == NULL)
        fail_msg("\"%s\" has no hint", error.text);
}

static void assert_body_refused(enum refusal_reason expected, const char *words)
{
    struct report report;
    enum refusal_reason reason = decode(&report);
    if (reason != expected)
        fail_msg("%s (%s) instead of %s (%s)", refusal_reason_word(reason), error.text, refusal_reason_word(expected),
                 words);
    assert_words(words);
    assert_true(text_is_clean_utf8(text_of(error.text)));
}

static void assert_body_accepted(struct report *report)
{
    enum refusal_reason reason = decode(report);
    if (reason != REFUSAL_NONE)
        fail_msg("%s: %s", refusal_reason_word(reason), error.text);
}

/* ---- a report with one of everything ---- */

static struct identifier identifiers[] = {
    {IDENTIFIER_SCHEME_VIN, {"LSVAU2A34N2183294", 17}},
    {IDENTIFIER_SCHEME_PLATE, {"闽C12345", 8 + 1}},
};
static enum item_kind kinds[] = {ITEM_KIND_ENGINE, ITEM_KIND_CATALYST};
static struct part parts[2];
static struct evidence evidence[1];
static struct fix fixes[2];
static struct reading readings[5];
static struct event events[9];
static struct sighting sightings[2];
static const char hash[SHA256_BYTES] = {1, 0, 2};
#define HASH ((struct text){hash, sizeof hash})

static struct event event_of(enum event_type type)
{
    return (struct event){.event_id = {1, 2},
                          .type = type,
                          .at_us = NOW_US - 5,
                          .item = {.kind = ITEM_KIND_VEHICLE, .identifier_count = 2, .identifiers = identifiers}};
}

static void fill_events(void)
{
    static const enum event_type types[] = {
        EVENT_TYPE_PICKED_UP,   EVENT_TYPE_INSPECTED,      EVENT_TYPE_DISMANTLED,
        EVENT_TYPE_CERT_ISSUED, EVENT_TYPE_REMAN_RELEASED, EVENT_TYPE_HAZ_MANIFEST_OPENED,
        EVENT_TYPE_INVOICED,    EVENT_TYPE_DATA_WIPED,     EVENT_TYPE_CORRECTED};
    for (size_t i = 0; i < LENGTH_OF(events); i++) {
        events[i] = event_of(types[i]);
        events[i].detail = (enum event_detail)(EVENT_DETAIL_PICKUP + (int)i);
    }
    evidence[0] = (struct evidence){EVIDENCE_KIND_VIDEO, {{5}}, TEXT("file://x")};
    parts[0] = parts[1] = (struct part){.item = {ITEM_KIND_ENGINE, 2, identifiers}};
    parts[1].mass = (struct mass){.present = true, .estimated = true, .mass_g = 90000};
    events[0].site = TEXT("yard-1");
    events[0].counterparty = TEXT("91350500MA31XXXXXX");
    events[0].actor = TEXT("张三");
    events[0].conveyance = TEXT("truck");
    events[0].note = TEXT("备注");
    events[0].position = (struct position){true, true, 1186340000, 251180000, DATUM_WGS84, 300};
    events[0].mass = (struct mass){true, false, 1400000, TEXT("III")};
    events[0].evidence = evidence;
    events[0].evidence_count = 1;
    events[0].pickup = (struct pickup){SCRAP_REASON_VOLUNTARY,
                                       VEHICLE_CLASS_TRAILER,
                                       true,
                                       true,
                                       true,
                                       true,
                                       1500000,
                                       HASH,
                                       TEXT("123X"),
                                       TEXT("make"),
                                       TEXT("model"),
                                       TEXT("白色"),
                                       HASH,
                                       1340000000000000};
    events[1].inspection = (struct inspection){
        INSPECTION_RESULT_OK, INSPECTION_RESULT_ALTERED, INSPECTION_RESULT_MISSING, 2, kinds, true, true};
    events[2].composition = (struct composition){2, parts, 1, kinds};
    events[3].certificate = (struct certificate){.number = TEXT("CERT-1"), .case_number = TEXT("CASE-1")};
    events[4].release = (struct release){BUYER_CLASS_CONSUMER, true, true, 100};
    events[5].hazardous_manifest = (struct hazardous_manifest){TEXT("20263505000001"), TEXT("900-052-31")};
    events[6].invoice = (struct invoice){TEXT("INV"), -5, true, HASH};
    events[7].wipe = (struct wipe){TEXT("overwrite"), TEXT("tool 1"), true};
    events[8].correction = (struct correction){{7}, CORRECTION_REASON_INCORRECT_DATA, TEXT("wrong")};
}

static struct report full_report(void)
{
    fixes[0] = (struct fix){NOW_US, -1186340000, -251180000, DATUM_WGS84, true, true, true, 0, 35999, 200};
    fixes[1] = (struct fix){.at_us = NOW_US - 1, .datum = DATUM_WGS84};
    readings[0] = (struct reading){.at_us = NOW_US, .kind = READING_LOAD_CELL, .mass_g = 1};
    readings[1] = (struct reading){.at_us = NOW_US, .kind = READING_DOOR, .door_open = true, .label = TEXT("tail")};
    readings[2] = (struct reading){.at_us = NOW_US, .kind = READING_TILT, .tilt_cdeg = -900};
    readings[3] = (struct reading){NOW_US, READING_WEIGHBRIDGE, 30,         50,           20, 0, false,
                                   true,   TEXT("III"),         TEXT("T1"), TEXT("闽C1"), {0}};
    readings[4] = (struct reading){
        .at_us = NOW_US, .kind = READING_SORTING_MASS, .mass_g = 2, .label = TEXT("steel"), .lot = TEXT("L")};
    fill_events();
    sightings[0] = (struct sighting){.sighting_id = {3}, .kind = SIGHTING_KIND_ROADSIDE_CAMERA, .at_us = NOW_US};
    sightings[1] = (struct sighting){{4},
                                     SIGHTING_KIND_LISTING,
                                     NOW_US,
                                     2,
                                     identifiers,
                                     ITEM_KIND_ENGINE,
                                     TEXT("m"),
                                     TEXT("n"),
                                     TEXT("red"),
                                     TEXT("洛江"),
                                     2012,
                                     true,
                                     -5,
                                     120000,
                                     {true, false, 1186340000, 251180000, DATUM_WGS84, 0},
                                     SIGHTED_USE_EBIKE,
                                     {true, TEXT("p"), TEXT("1"), TEXT("卖车"), TEXT("text"), HASH, HASH, 500},
                                     HASH,
                                     TEXT("taxi_small"),
                                     TEXT("private_small"),
                                     1340000000000000};
    return (struct report){.source = TEXT("truck-1"),
                           .epoch = 1,
                           .seq = 5,
                           .previous = {{1}},
                           .device_time_us = NOW_US,
                           .clock_quality = CLOCK_QUALITY_NETWORK,
                           .fix_count = LENGTH_OF(fixes),
                           .reading_count = LENGTH_OF(readings),
                           .event_count = LENGTH_OF(events),
                           .sighting_count = LENGTH_OF(sightings),
                           .fixes = fixes,
                           .readings = readings,
                           .events = events,
                           .sightings = sightings,
                           .birth = {true, TEXT("m"), TEXT("f"), HASH, HASH, {hash, 16}}};
}

static void encode(const struct report *report)
{
    buffer_clear(&body);
    assert_int_equal(wire_report_encode(report, &body), 0);
}

static void assert_refused(const struct report *report, enum refusal_reason expected, const char *words)
{
    encode(report);
    assert_body_refused(expected, words);
}

static void assert_text(struct text a, struct text b)
{
    if (!text_equal(a, b))
        fail_msg("\"%.*s\" instead of \"%.*s\"", TEXT_ARG(a), TEXT_ARG(b));
}

static void a_report_with_one_of_everything_comes_back_as_it_was(void **state)
{
    struct report report = full_report(), back;
    struct buffer again;
    (void)state;
    encode(&report);
    assert_body_accepted(&back);
    buffer_init(&again, 1 << 20);
    assert_int_equal(wire_report_encode(&back, &again), 0);
    assert_text(buffer_text(&again), buffer_text(&body));
    buffer_fini(&again);
    assert_int_equal(back.fix_count, 2);
    assert_memory_equal(back.fixes, fixes, sizeof fixes);
    assert_int_equal(back.readings[3].gross_g, 50);
    assert_int_equal(back.readings[3].tare_g, 20);
    assert_int_equal(back.readings[3].mass_g, 30);
    assert_text(back.readings[3].plate, TEXT("闽C1"));
    assert_int_equal(back.readings[2].tilt_cdeg, -900);
    assert_true(back.readings[1].door_open);
    assert_int_equal(back.event_count, 9);
    assert_int_equal(back.events[0].position.accuracy_cm, 300);
    assert_text(back.events[0].pickup.seller_hash, HASH);
    assert_text(back.events[0].pickup.colour, TEXT("白色"));
    assert_text(back.events[0].pickup.phone_hash, HASH);
    assert_int_equal(back.events[0].pickup.first_registered_at_us, 1340000000000000);
    assert_true(back.events[0].mass.present);
    assert_false(back.events[1].mass.present);
    assert_int_equal(back.events[1].inspection.missing[1], ITEM_KIND_CATALYST);
    assert_int_equal(back.events[2].composition.part_count, 2);
    assert_int_equal(back.events[2].composition.parts[1].mass.mass_g, 90000);
    assert_text(back.events[2].composition.parts[0].item.identifiers[1].value, TEXT("闽C12345"));
    assert_text(back.events[3].certificate.number, TEXT("CERT-1"));
    assert_int_equal(back.events[6].invoice.amount_fen, -5);
    assert_memory_equal(back.events[8].correction.event_id, events[8].correction.event_id, UUID_BYTES);
    assert_true(back.sightings[1].has_first_registered);
    assert_false(back.sightings[0].has_first_registered);
    assert_false(back.sightings[0].listing.present);
    assert_text(back.sightings[1].listing.title, TEXT("卖车"));
    assert_text(back.sightings[1].scrap_category, TEXT("taxi_small"));
    assert_text(back.sightings[1].former_category, TEXT("private_small"));
    assert_int_equal(back.sightings[1].use_changed_at_us, 1340000000000000);
    assert_true(back.birth.present);
}

static void an_absent_measurement_stays_absent(void **state)
{
    struct report report;
    (void)state;
    put_header(&body);
    put_fix(&body, 5, 6, DATUM_WGS84);
    assert_body_accepted(&report);
    assert_false(report.fixes[0].has_speed || report.fixes[0].has_course || report.fixes[0].has_accuracy);
    assert_false(report.birth.present);
}

/* ---- the tables agree with the contract ---- */

static bool is_enum_rule(const struct rule *rule)
{
    return rule->kind == RULE_ENUM || rule->kind == RULE_DATUM || rule->kind == RULE_ENUM_LIST;
}

static void assert_enum_is_whole(const struct rule *rule, const ProtobufCFieldDescriptor *field)
{
    const ProtobufCEnumDescriptor *values = field->descriptor;
    int64_t last = rule->kind == RULE_ENUM_LIST ? rule->element_most : rule->most;
    assert_int_equal(values->values[values->n_values - 1].value, last);
    assert_int_equal(values->n_values, last + 1);
}

static void assert_shape_fits(const struct shape *shape)
{
    assert_int_equal(shape->rule_count, shape->descriptor->n_fields);
    for (size_t i = 0; i < shape->rule_count; i++) {
        const struct rule *rule = &shape->rules[i];
        const ProtobufCFieldDescriptor *field = &shape->descriptor->fields[i];
        bool listed = rule->kind == RULE_LIST || rule->kind == RULE_ENUM_LIST;
        assert_string_equal(rule->name, field->name);
        assert_int_equal(listed, field->label == PROTOBUF_C_LABEL_REPEATED);
        assert_int_equal(is_enum_rule(rule), field->type == PROTOBUF_C_TYPE_ENUM);
        assert_int_equal(rule->shape != NULL, field->type == PROTOBUF_C_TYPE_MESSAGE);
        assert_int_equal(rule->kind == RULE_TEXT, field->type == PROTOBUF_C_TYPE_STRING);
        assert_int_equal(rule->kind == RULE_FLAG, field->type == PROTOBUF_C_TYPE_BOOL);
        assert_int_equal((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0, rule->has_to != 0 || rule->case_to != 0);
        if (is_enum_rule(rule))
            assert_enum_is_whole(rule, field);
        if (rule->shape != NULL) {
            assert_ptr_equal(rule->shape->descriptor, field->descriptor);
            assert_shape_fits(rule->shape);
        }
    }
}

static void every_rule_stands_beside_its_field_and_knows_all_values(void **state)
{
    (void)state;
    assert_shape_fits(&report_shape);
    assert_shape_fits(&ack_shape);
}

/* ---- envelopes ---- */

static void an_envelope_comes_apart_as_it_was_put_together(void **state)
{
    static char large[300];
    struct envelope envelope = {{large, sizeof large}, TEXT("signature"), TEXT("key")}, back;
    (void)state;
    assert_int_equal(wire_envelope_encode(&envelope, &body), 0);
    assert_int_equal(wire_envelope_split(buffer_text(&body), &back, &error), REFUSAL_NONE);
    assert_text(back.body, envelope.body);
    assert_text(back.signature, envelope.signature);
    assert_text(back.key_id, envelope.key_id);
}

static void an_envelope_may_be_unsigned_and_hold_unknown_fields(void **state)
{
    struct envelope envelope;
    (void)state;
    put_number(&body, 99, 5);
    put_bytes(&body, 1, TEXT("b"));
    put_varint(&body, 7 << 3 | FIXED32);
    buffer_put_u32_be(&body, 1);
    put_varint(&body, 8 << 3 | FIXED64);
    buffer_put_u64_be(&body, 1);
    assert_int_equal(wire_envelope_split(buffer_text(&body), &envelope, &error), REFUSAL_NONE);
    assert_text(envelope.body, TEXT("b"));
    assert_int_equal(envelope.signature.len, 0);
}

static void assert_envelope_refused(struct text bytes, enum refusal_reason expected, const char *words)
{
    struct envelope envelope;
    assert_int_equal(wire_envelope_split(bytes, &envelope, &error), expected);
    assert_words(words);
}

static void what_is_no_envelope_is_refused(void **state)
{
    static const char large[ENVELOPE_MAX_BYTES + 1];
    (void)state;
    assert_envelope_refused((struct text){NULL, 0}, REFUSAL_MALFORMED, "envelope.body: is missing");
    assert_envelope_refused((struct text){large, sizeof large}, REFUSAL_OVERSIZE, "61441 bytes is more than 61440");
    assert_envelope_refused(TEXT("\x0a\x05hell"), REFUSAL_MALFORMED, "at byte 2 of 6");
    assert_envelope_refused(TEXT("\x0a"), REFUSAL_MALFORMED, "no protobuf field");
    assert_envelope_refused(TEXT("\x08\x05"), REFUSAL_MALFORMED, "field 1 has wire type 0");
    assert_envelope_refused(TEXT("\x00\x05"), REFUSAL_MALFORMED, "no protobuf field");
    assert_envelope_refused(TEXT("\x0b\x0c"), REFUSAL_MALFORMED, "no protobuf field"); /* groups */
    assert_envelope_refused(TEXT("\x0f"), REFUSAL_MALFORMED, "no protobuf field");
    assert_envelope_refused(TEXT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), REFUSAL_MALFORMED,
                            "no protobuf field");
    assert_envelope_refused(TEXT("{\"source\": \"json\"}"), REFUSAL_MALFORMED, "envelope");
    for (int i = 0; i < 17; i++)
        put_number(&body, 50, 1);
    put_bytes(&body, 1, TEXT("b"));
    assert_envelope_refused(buffer_text(&body), REFUSAL_MALFORMED, "more than 16 unknown fields");
}

/* ---- headers ---- */

static void a_header_is_read_whatever_its_order_and_the_last_counts(void **state)
{
    struct report_header header;
    (void)state;
    put_fix(&body, 1, 2, DATUM_WGS84);
    put_number(&body, 3, 1);
    put_number(&body, 99, 1);
    put_header(&body);
    assert_int_equal(wire_report_header(buffer_text(&body), &header, &error), REFUSAL_NONE);
    assert_text(header.source, TEXT("truck-1"));
    assert_int_equal(header.epoch, 3);
    assert_int_equal(header.seq, 77);
    assert_int_equal(header.previous.bytes[0], 9);
    assert_true(header.device_time_us == NOW_US);
}

static void a_header_that_is_no_protobuf_is_refused_at_every_cut(void **state)
{
    struct report_header header;
    (void)state;
    put_header(&body);
    struct text whole = buffer_text(&body);
    size_t fine = 0;
    for (size_t len = 0; len < whole.len; len++) {
        char *copy = malloc(len + 1); /* the sanitizer sees a read beyond it */
        memcpy(copy, whole.data, len);
        fine += wire_report_header((struct text){copy, len}, &header, NULL) == REFUSAL_NONE;
        free(copy);
    }
    assert_int_equal(fine, 6); /* between two fields, and nothing at all */
}

static void a_header_field_of_the_wrong_type_is_malformed(void **state)
{
    struct report_header header;
    (void)state;
    put_bytes(&body, 2, TEXT("x"));
    assert_int_equal(wire_report_header(buffer_text(&body), &header, &error), REFUSAL_MALFORMED);
    assert_words("report: field 2 has wire type 2");
    assert_body_refused(REFUSAL_MALFORMED, "field 2 has wire type 2");
}

static void a_previous_of_the_wrong_size_is_zero_in_the_header_and_refused_in_the_report(void **state)
{
    struct report_header header;
    (void)state;
    put_header(&body);
    put_bytes(&body, 4, TEXT("short"));
    assert_int_equal(wire_report_header(buffer_text(&body), &header, &error), REFUSAL_NONE);
    assert_true(digest_is_zero(&header.previous));
    assert_body_refused(REFUSAL_INVALID_FIELD, "previous: 5 bytes");
    buffer_clear(&body);
    put_bytes(&body, 1, TEXT("a"));
    put_number(&body, 2, 1);
    put_number(&body, 5, NOW_US);
    assert_body_refused(REFUSAL_INVALID_FIELD, "previous: 0 bytes");
}

static void what_was_understood_of_a_refused_report_is_kept(void **state)
{
    struct report report;
    (void)state;
    put_header(&body);
    put_fix(&body, 0, 912345678, DATUM_WGS84);
    assert_int_equal(decode(&report), REFUSAL_IMPOSSIBLE_POSITION);
    assert_text(report.source, TEXT("truck-1"));
    assert_int_equal(report.epoch, 3);
    assert_int_equal(report.seq, 77);
    assert_int_equal(report.fix_count, 0);
}

/* ---- bounds ---- */

static void the_header_is_checked(void **state)
{
    static const struct text sources[] = {{"", 0}, {"Truck", 5}, {"a_b", 3}, {"a b", 3}, {"a/b", 3}, {"a\nb", 3}};
    struct report report = {.epoch = 1, .device_time_us = NOW_US};
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(sources); i++) {
        report.source = sources[i];
        assert_refused(&report, REFUSAL_INVALID_FIELD, "source: ");
    }
    report.source = TEXT("0123456789012345678901234567890123456789012345678901234567890123");
    encode(&report);
    assert_body_accepted(&report);
    report = (struct report){.source = TEXT("01234567890123456789012345678901234567890123456789012345678901234"),
                             .epoch = 1,
                             .device_time_us = NOW_US};
    assert_refused(&report, REFUSAL_INVALID_FIELD, "source: 65 bytes is more than 64");
    report = (struct report){.source = TEXT("a"), .device_time_us = NOW_US};
    assert_refused(&report, REFUSAL_INVALID_FIELD, "epoch: 0 is outside 1..2147483647");
    report.epoch = UINT32_C(2147483648);
    assert_refused(&report, REFUSAL_INVALID_FIELD, "epoch: 2147483648 is outside");
    report.epoch = 1;
    report.seq = UINT64_MAX;
    assert_refused(&report, REFUSAL_INVALID_FIELD, "seq: 18446744073709551615 is outside 0..9223372036854775807");
    report.seq = 0;
    report.clock_quality = (enum clock_quality)4;
    assert_refused(&report, REFUSAL_INVALID_FIELD, "clock_quality: 4 is no value of this version (0..3)");
    report.clock_quality = (enum clock_quality) - 1;
    assert_refused(&report, REFUSAL_INVALID_FIELD, "clock_quality: -1 is no value");
}

static void times_are_from_2000_to_a_day_ahead(void **state)
{
    static const int64_t wrong[] = {
        INT64_C(946684799999999), NOW_US + INT64_C(86400000001), 0, -1, INT64_MIN, INT64_MAX};
    static const int64_t right[] = {INT64_C(946684800000000), NOW_US + INT64_C(86400000000)};
    struct report report = full_report(), back;
    (void)state;
    int64_t *const times[] = {&report.device_time_us, &fixes[0].at_us, &readings[0].at_us, &events[0].at_us,
                              &sightings[0].at_us};
    static const char *const names[] = {
        "device_time_us: ", "fixes[0].at_us: ", "readings[0].at_us: ", "events[0].at_us: ", "sightings[0].at_us: "};
    for (size_t t = 0; t < LENGTH_OF(times); t++) {
        int64_t before = *times[t];
        for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
            *times[t] = wrong[i];
            assert_refused(&report, REFUSAL_IMPOSSIBLE_TIME, names[t]);
        }
        for (size_t i = 0; i < LENGTH_OF(right); i++) {
            *times[t] = right[i];
            encode(&report);
            assert_body_accepted(&back);
        }
        *times[t] = before;
    }
}

static void the_short_way_refuses_times_in_the_same_words(void **state)
{
    struct report report = {.source = TEXT("a"), .epoch = 1, .device_time_us = NOW_US, .fix_count = 2, .fixes = fixes};
    (void)state;
    fixes[0] = fixes[1] = (struct fix){.at_us = NOW_US, .datum = DATUM_WGS84};
    fixes[1].at_us = 5;
    assert_refused(&report, REFUSAL_IMPOSSIBLE_TIME, "fixes[1].at_us: 5 us is before 2000-01-01");
}

static void positions_are_on_the_earth_and_have_a_datum(void **state)
{
    static const struct {
        int32_t lon, lat;
        uint64_t datum;
        enum refusal_reason reason;
        const char *words;
    } cases[] = {
        {0, 900000001, 1, REFUSAL_IMPOSSIBLE_POSITION,
         "fixes[0].lat_e7: 900000001 is outside -900000000..900000000; hint: 1e-7 degrees"},
        {0, -900000001, 1, REFUSAL_IMPOSSIBLE_POSITION, "fixes[0].lat_e7: -900000001"},
        {1800000001, 0, 1, REFUSAL_IMPOSSIBLE_POSITION, "fixes[0].lon_e7: 1800000001 is outside"},
        {INT32_MIN, 0, 1, REFUSAL_IMPOSSIBLE_POSITION, "fixes[0].lon_e7: -2147483648"},
        {0, 0, 0, REFUSAL_IMPOSSIBLE_POSITION, "fixes[0].datum: is not said"},
        {0, 0, 5, REFUSAL_INVALID_FIELD, "fixes[0].datum: 5 is no value"},
        {0, 0, UINT64_MAX, REFUSAL_INVALID_FIELD, "fixes[0].datum: -1 is no value"},
        {0, 0, INT64_C(1) << 32 | 1, REFUSAL_INVALID_FIELD, "fixes[0].datum: 4294967297 does not fit in 32 bits"},
    };
    struct report report;
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        buffer_clear(&body);
        put_header(&body);
        put_fix(&body, cases[i].lon, cases[i].lat, cases[i].datum);
        assert_body_refused(cases[i].reason, cases[i].words);
    }
    buffer_clear(&body);
    put_header(&body);
    put_fix(&body, 1800000000, -900000000, DATUM_CGCS2000);
    put_fix(&body, -1800000000, 900000000, DATUM_WGS84);
    assert_body_accepted(&report);
}

static void positions_of_events_and_sightings_are_checked_too(void **state)
{
    struct report report = full_report();
    (void)state;
    events[0].position.lat_e7 = 900000001;
    assert_refused(&report, REFUSAL_IMPOSSIBLE_POSITION, "events[0].position.lat_e7: 900000001");
    events[0].position.lat_e7 = 0;
    sightings[1].position.lon_e7 = -1800000001;
    assert_refused(&report, REFUSAL_IMPOSSIBLE_POSITION, "sightings[1].position.lon_e7");
}

static void positions_come_out_in_wgs84_both_ways(void **state)
{
    int32_t lon = 1186340000, lat = 251180000;
    struct report report;
    (void)state;
    assert_true(datum_to_wgs84(DATUM_GCJ02, &lon, &lat));
    for (int with_birth = 0; with_birth < 2; with_birth++) {
        buffer_clear(&body);
        put_header(&body);
        put_fix(&body, 1186340000, 251180000, DATUM_GCJ02);
        if (with_birth)
            put_bytes(&body, 14, TEXT(""));
        assert_body_accepted(&report);
        assert_int_equal(report.birth.present, with_birth);
        assert_int_equal(report.fixes[0].lon_e7, lon);
        assert_int_equal(report.fixes[0].lat_e7, lat);
        assert_int_equal(report.fixes[0].datum, DATUM_GCJ02);
    }
}

static void speed_course_and_accuracy_are_bounded(void **state)
{
    static const struct {
        unsigned field;
        uint64_t most;
        const char *words;
    } cases[] = {{5, 100000, "fixes[0].speed_cm_s: "},
                 {6, 35999, "fixes[0].course_cdeg: "},
                 {7, 2000000000, "fixes[0].accuracy_cm: "}};
    struct report report;
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(cases); i++)
        for (int above = 0; above < 2; above++) {
            buffer_clear(&body);
            buffer_clear(&inmost);
            put_number(&inmost, 1, NOW_US);
            put_number(&inmost, 4, 1);
            put_number(&inmost, cases[i].field, cases[i].most + (unsigned)above);
            put_header(&body);
            put_bytes(&body, 10, buffer_text(&inmost));
            if (above)
                assert_body_refused(REFUSAL_INVALID_FIELD, cases[i].words);
            else
                assert_body_accepted(&report);
        }
}

/* Text goes wherever the contract has text; NUL and broken UTF-8 nowhere. */
static void text_with_nul_or_broken_utf8_is_refused_and_named(void **state)
{
    static const struct text wrong[] = {
        {"a\0b", 3}, {"\xff", 1}, {"\xc0\x80", 2}, {"\xed\xa0\x80", 3}, {"\xf4\x90\x80\x80", 4}, {"\xe6\xb1", 2}};
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
        buffer_clear(&body);
        buffer_clear(&inner);
        put_header(&body);
        put_bytes(&inner, 1, wrong[i]);
        put_bytes(&body, 14, buffer_text(&inner));
        assert_body_refused(REFUSAL_INVALID_TEXT, "birth.model: ");
        buffer_clear(&body);
        put_header(&body);
        put_bytes(&body, 1, wrong[i]);
        assert_body_refused(REFUSAL_INVALID_TEXT, "source: ");
    }
    buffer_clear(&body);
    buffer_clear(&inmost);
    buffer_clear(&inner);
    put_bytes(&inmost, 2, TEXT("V\0N"));
    put_bytes(&inner, 2, buffer_text(&inmost));
    buffer_clear(&inmost);
    put_bytes(&inmost, 4, buffer_text(&inner));
    put_header(&body);
    put_bytes(&body, 12, TEXT(""));
    put_bytes(&body, 12, buffer_text(&inmost));
    assert_body_refused(REFUSAL_INVALID_TEXT, "events[1].item.identifiers[0].value: a NUL in 3 bytes");
}

/* Each change makes one thing wrong in a report that is right without it. */
static void too_long(struct text *text, size_t most)
{
    static char letters[20000];
    memset(letters, 'x', sizeof letters);
    *text = (struct text){letters, most + 1};
}

/* 1,998 bytes of characters of three bytes, and no hint. */
static struct text long_reason(void)
{
    static char characters[1998];
    for (size_t i = 0; i < sizeof characters; i += 3)
        memcpy(characters + i, "号", 3);
    return (struct text){characters, sizeof characters};
}

struct change {
    const char *words;
    enum refusal_reason reason;
    void (*make)(struct report *report);
};

#define CHANGE(name, statement)                                                                                        \
    static void name(struct report *r)                                                                                 \
    {                                                                                                                  \
        (void)r;                                                                                                       \
        statement;                                                                                                     \
    }
CHANGE(no_type, r->events[0].type = EVENT_TYPE_UNSPECIFIED)
CHANGE(new_type, r->events[0].type = (enum event_type)46)
CHANGE(no_event_id, memset(r->events[0].event_id, 0, UUID_BYTES))
CHANGE(no_sighting_id, memset(r->sightings[0].sighting_id, 0, UUID_BYTES))
CHANGE(no_sighting_kind, r->sightings[0].kind = SIGHTING_KIND_UNSPECIFIED)
CHANGE(no_identifier, r->events[0].item.identifier_count = 0)
CHANGE(new_scheme, identifiers[1].scheme = (enum identifier_scheme)12)
CHANGE(no_scheme, identifiers[1].scheme = IDENTIFIER_SCHEME_UNSPECIFIED)
CHANGE(empty_value, identifiers[0].value.len = 0)
CHANGE(long_value, too_long(&identifiers[0].value, 128))
CHANGE(new_kind, r->events[0].item.kind = (enum item_kind)17)
CHANGE(negative_mass, r->events[0].mass.mass_g = -1)
CHANGE(great_mass, r->events[0].mass.mass_g = INT64_C(1000000000001))
CHANGE(long_scale, too_long(&r->events[0].mass.scale_class, 8))
CHANGE(long_note, too_long(&r->events[0].note, 2000))
CHANGE(long_site, too_long(&r->events[0].site, 64))
CHANGE(long_actor, too_long(&r->events[0].actor, 128))
CHANGE(short_hash, r->events[0].pickup.seller_hash.len = 31)
CHANGE(new_reason, r->events[0].pickup.reason = (enum scrap_reason)3)
CHANGE(new_class, r->events[0].pickup.vehicle_class = (enum vehicle_class)8)
CHANGE(new_result, r->events[1].inspection.plate = (enum inspection_result)5)
CHANGE(new_missing, kinds[1] = (enum item_kind)17)
CHANGE(no_missing, kinds[0] = ITEM_KIND_UNSPECIFIED)
CHANGE(unnamed_part, parts[1].item.identifier_count = 0)
CHANGE(new_evidence, evidence[0].kind = (enum evidence_kind)8)
CHANGE(no_evidence, evidence[0].kind = EVIDENCE_KIND_UNSPECIFIED)
CHANGE(long_uri, too_long(&evidence[0].uri, 1000))
CHANGE(no_certificate, r->events[3].detail = EVENT_DETAIL_NONE)
CHANGE(no_number, r->events[3].certificate.number.len = 0)
CHANGE(wrong_detail, r->events[3].detail = EVENT_DETAIL_WIPE; r->events[3].wipe = (struct wipe){0})
CHANGE(any_detail, r->events[4].type = EVENT_TYPE_DEPARTED)
CHANGE(new_buyer, r->events[4].release.buyer_class = (enum buyer_class)10)
CHANGE(negative_price, r->events[4].release.price_fen = -1)
CHANGE(short_manifest, r->events[5].hazardous_manifest.number.len = 13)
CHANGE(worded_manifest, r->events[5].hazardous_manifest.number = TEXT("2026350500000x"))
CHANGE(no_invoice_number, r->events[6].invoice.number.len = 0)
CHANGE(no_wipe, r->events[7].detail = EVENT_DETAIL_NONE)
CHANGE(no_correction, r->events[8].detail = EVENT_DETAIL_NONE)
CHANGE(corrects_nothing, memset(r->events[8].correction.event_id, 0, UUID_BYTES))
CHANGE(new_correction, r->events[8].correction.reason = (enum correction_reason)3)
CHANGE(no_reading, r->readings[0].kind = (enum reading_kind)0)
CHANGE(negative_load, r->readings[0].mass_g = -1)
CHANGE(great_tilt, r->readings[2].tilt_cdeg = 36001)
CHANGE(wrong_net, r->readings[3].mass_g = 31)
CHANGE(no_material, r->readings[4].label.len = 0)
CHANGE(long_listing, too_long(&r->sightings[1].listing.text, 16 * 1024 - 6))
CHANGE(short_phone_hash, r->sightings[1].listing.phone_hash.len = 1)
CHANGE(new_use, r->sightings[1].use = (enum sighted_use)5)
CHANGE(great_year, r->sightings[1].year = 2101)
CHANGE(old_registration, r->sightings[1].first_registered_at_us = INT64_MIN)
CHANGE(negative_odometer, r->sightings[1].odometer_m = -1)
CHANGE(short_photo, r->sightings[1].photo_sha256.len = 33 - 2)
CHANGE(short_boot_id, r->birth.boot_id.len = 15)
CHANGE(short_key, r->birth.public_key.len = 31)
CHANGE(untranslated, r->untranslated = ((struct untranslated){true, HASH, TEXT("no JSON; hint: none")}))
CHANGE(hintless, r->untranslated = ((struct untranslated){true, HASH, TEXT("no JSON")}))
CHANGE(long_winded, r->untranslated = ((struct untranslated){true, HASH, long_reason()}))
CHANGE(unexplained, r->untranslated = ((struct untranslated){.present = true, .payload = HASH}))

static const struct change changes[] = {
    {"events[0].type: is not said", REFUSAL_INVALID_FIELD, no_type},
    {"events[0].type: 46 is no value of this version (1..45)", REFUSAL_INVALID_FIELD, new_type},
    {"events[0].event_id: is all zero", REFUSAL_INVALID_FIELD, no_event_id},
    {"sightings[0].sighting_id: is all zero", REFUSAL_INVALID_FIELD, no_sighting_id},
    {"sightings[0].kind: is not said", REFUSAL_INVALID_FIELD, no_sighting_kind},
    {"events[0].item.identifiers: 0 of them", REFUSAL_INVALID_IDENTIFIER, no_identifier},
    {"events[0].item.identifiers[1].scheme: 12 is no value", REFUSAL_INVALID_FIELD, new_scheme},
    {"events[0].item.identifiers[1].scheme: is not said", REFUSAL_INVALID_IDENTIFIER, no_scheme},
    {"events[0].item.identifiers[0].value: is empty", REFUSAL_INVALID_IDENTIFIER, empty_value},
    {"events[0].item.identifiers[0].value: 129 bytes is more than 128", REFUSAL_INVALID_IDENTIFIER, long_value},
    {"events[0].item.kind: 17 is no value", REFUSAL_INVALID_FIELD, new_kind},
    {"events[0].mass.mass_g: -1 is outside 0..1000000000000; hint: grams", REFUSAL_INVALID_FIELD, negative_mass},
    {"events[0].mass.mass_g: 1000000000001 is outside", REFUSAL_INVALID_FIELD, great_mass},
    {"events[0].mass.scale_class: 9 bytes is more than 8", REFUSAL_INVALID_FIELD, long_scale},
    {"events[0].note: 2001 bytes is more than 2000", REFUSAL_INVALID_FIELD, long_note},
    {"events[0].site: 65 bytes is more than 64", REFUSAL_INVALID_FIELD, long_site},
    {"events[0].actor: 129 bytes", REFUSAL_INVALID_FIELD, long_actor},
    {"events[0].pickup.seller_hash: 31 bytes; hint: nothing or exactly 32", REFUSAL_INVALID_FIELD, short_hash},
    {"events[0].pickup.reason: 3 is no value", REFUSAL_INVALID_FIELD, new_reason},
    {"events[0].pickup.vehicle_class: 8 is no value", REFUSAL_INVALID_FIELD, new_class},
    {"events[1].inspection.plate: 5 is no value", REFUSAL_INVALID_FIELD, new_result},
    {"events[1].inspection.missing[1]: 17 is no value", REFUSAL_INVALID_FIELD, new_missing},
    {"events[1].inspection.missing[0]: is not said", REFUSAL_INVALID_FIELD, no_missing},
    {"events[2].composition.parts[1].item.identifiers: 0 of them", REFUSAL_INVALID_IDENTIFIER, unnamed_part},
    {"events[0].evidence[0].kind: 8 is no value", REFUSAL_INVALID_FIELD, new_evidence},
    {"events[0].evidence[0].kind: is not said", REFUSAL_INVALID_FIELD, no_evidence},
    {"events[0].evidence[0].uri: 1001 bytes", REFUSAL_INVALID_FIELD, long_uri},
    {"events[3]: cert_issued without certificate", REFUSAL_INVALID_FIELD, no_certificate},
    {"events[3]: certificate.number is empty", REFUSAL_INVALID_FIELD, no_number},
    {"events[3]: cert_issued with wipe; hint: the type takes certificate", REFUSAL_INVALID_FIELD, wrong_detail},
    {"events[4]: departed with release; hint: the type takes no detail", REFUSAL_INVALID_FIELD, any_detail},
    {"events[4].release.buyer_class: 10 is no value", REFUSAL_INVALID_FIELD, new_buyer},
    {"events[4].release.price_fen: -1 is outside", REFUSAL_INVALID_FIELD, negative_price},
    {"events[5].hazardous_manifest: number of 13 bytes", REFUSAL_INVALID_FIELD, short_manifest},
    {"events[5].hazardous_manifest: number of 14 bytes begins with 13 digits", REFUSAL_INVALID_FIELD, worded_manifest},
    {"events[6].invoice.number: is empty", REFUSAL_INVALID_FIELD, no_invoice_number},
    {"events[7]: data_wiped without wipe", REFUSAL_INVALID_FIELD, no_wipe},
    {"events[8]: corrected without correction", REFUSAL_INVALID_FIELD, no_correction},
    {"events[8].correction.event_id: is all zero", REFUSAL_INVALID_FIELD, corrects_nothing},
    {"events[8].correction.reason: 3 is no value", REFUSAL_INVALID_FIELD, new_correction},
    {"readings[0]: has no value", REFUSAL_INVALID_FIELD, no_reading},
    {"readings[0].load_cell.load_g: -1 is outside", REFUSAL_INVALID_FIELD, negative_load},
    {"readings[2].tilt.angle_cdeg: 36001 is outside", REFUSAL_INVALID_FIELD, great_tilt},
    {"readings[3].weighbridge: net_g 31 is not gross_g 50 less tare_g 20", REFUSAL_INVALID_FIELD, wrong_net},
    {"readings[4].sorting_mass.material: is empty", REFUSAL_INVALID_FIELD, no_material},
    {"sightings[1].listing: title and text are 16385 bytes", REFUSAL_INVALID_FIELD, long_listing},
    {"sightings[1].listing.phone_hash: 1 bytes", REFUSAL_INVALID_FIELD, short_phone_hash},
    {"sightings[1].use: 5 is no value", REFUSAL_INVALID_FIELD, new_use},
    {"sightings[1].year: 2101 is outside 0..2100", REFUSAL_INVALID_FIELD, great_year},
    {"sightings[1].first_registered_at_us: ", REFUSAL_IMPOSSIBLE_TIME, old_registration},
    {"sightings[1].odometer_m: -1", REFUSAL_INVALID_FIELD, negative_odometer},
    {"sightings[1].photo_sha256: 31 bytes", REFUSAL_INVALID_FIELD, short_photo},
    {"birth.boot_id: 15 bytes; hint: nothing or exactly 16", REFUSAL_INVALID_FIELD, short_boot_id},
    {"birth.public_key: 31 bytes", REFUSAL_INVALID_FIELD, short_key},
    {"untranslated: no JSON; hint: none", REFUSAL_MALFORMED, untranslated},
    {"untranslated: no JSON; hint: what the gateway was sent", REFUSAL_MALFORMED, hintless},
    {"untranslated: 号号", REFUSAL_MALFORMED, long_winded},
    {"untranslated.reason: ", REFUSAL_INVALID_FIELD, unexplained},
};

static void every_field_outside_its_bounds_is_refused_by_name_and_value(void **state)
{
    struct identifier right_identifiers[LENGTH_OF(identifiers)];
    (void)state;
    memcpy(right_identifiers, identifiers, sizeof identifiers);
    for (size_t i = 0; i < LENGTH_OF(changes); i++) {
        struct report report = full_report();
        changes[i].make(&report);
        assert_refused(&report, changes[i].reason, changes[i].words);
        memcpy(identifiers, right_identifiers, sizeof identifiers);
        kinds[0] = ITEM_KIND_ENGINE;
        kinds[1] = ITEM_KIND_CATALYST;
    }
}

static void a_type_with_two_details_takes_either_and_no_third(void **state)
{
    struct report report = full_report(), back;
    (void)state;
    events[2].type = events[4].type = EVENT_TYPE_REPROCESS_RELEASED; /* composition, release */
    encode(&report);
    assert_body_accepted(&back);
    events[7].type = EVENT_TYPE_REPROCESS_RELEASED;
    assert_refused(&report, REFUSAL_INVALID_FIELD,
                   "events[7]: reprocess_released with wipe; hint: the type takes composition");
}

static void an_event_without_an_item_is_refused(void **state)
{
    (void)state;
    put_header(&body);
    put_bytes(&inner, 1, TEXT("0123456789abcdef"));
    put_number(&inner, 2, EVENT_TYPE_WEIGHED);
    put_number(&inner, 3, NOW_US);
    put_bytes(&body, 12, buffer_text(&inner));
    assert_body_refused(REFUSAL_INVALID_IDENTIFIER, "events[0].item: is missing");
}

static void an_event_id_is_sixteen_bytes(void **state)
{
    (void)state;
    put_header(&body);
    put_bytes(&inner, 1, TEXT("0123456789abcde"));
    put_bytes(&body, 12, buffer_text(&inner));
    assert_body_refused(REFUSAL_INVALID_FIELD, "events[0].event_id: 15 bytes; hint: a UUID has exactly 16");
}

/* ---- how many ---- */

static void assert_count(unsigned field, struct text element, size_t most, const char *words)
{
    struct report report;
    buffer_clear(&body);
    put_header(&body);
    for (size_t i = 0; i < most; i++)
        put_bytes(&body, field, element);
    assert_int_not_equal(decode(&report), REFUSAL_OVERSIZE);
    put_bytes(&body, field, element);
    assert_body_refused(REFUSAL_OVERSIZE, words);
}

static void too_many_elements_are_refused(void **state)
{
    (void)state;
    assert_count(10, TEXT("\x08\x01"), 600, "fixes: more than 600 of them");
    assert_count(11, TEXT(""), 600, "readings: more than 600 of them");
    assert_count(12, TEXT(""), 200, "events: more than 200 of them");
    assert_count(13, TEXT(""), 200, "sightings: more than 200 of them");
}

static void too_many_elements_deep_inside_are_refused(void **state)
{
    struct report report;
    (void)state;
    for (size_t count = 16; count <= 17; count++) {
        buffer_clear(&body);
        buffer_clear(&inner);
        put_header(&body);
        for (size_t i = 0; i < count; i++)
            put_bytes(&inner, 4, TEXT("\x08\x01\x12\x01x"));
        put_bytes(&body, 13, buffer_text(&inner));
        if (count == 17)
            assert_body_refused(REFUSAL_OVERSIZE, "sightings[0].identifiers: more than 16 of them");
        else
            assert_int_equal(decode(&report), REFUSAL_INVALID_FIELD);
    }
}

static void parts_and_evidence_have_their_own_bounds(void **state)
{
    static struct part many_parts[65];
    static struct evidence much_evidence[17];
    struct report report = full_report(), back;
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(many_parts); i++)
        many_parts[i] = parts[1];
    for (size_t i = 0; i < LENGTH_OF(much_evidence); i++)
        much_evidence[i] = evidence[0];
    events[2].composition.parts = many_parts;
    events[2].composition.part_count = 64;
    events[0].evidence = much_evidence;
    events[0].evidence_count = 16;
    encode(&report);
    assert_body_accepted(&back);
    events[0].evidence_count = 17;
    assert_refused(&report, REFUSAL_OVERSIZE, "events[0].evidence: more than 16 of them");
    events[0].evidence_count = 16;
    events[2].composition.part_count = 65;
    assert_refused(&report, REFUSAL_OVERSIZE, "events[2].composition.parts: more than 64 of them");
}

static void too_many_elements_together_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++)
        put_bytes(&inmost, 2, TEXT(""));
    put_bytes(&inner, 4, buffer_text(&inmost));
    for (int i = 0; i < 16; i++)
        put_bytes(&inner, 11, TEXT(""));
    put_header(&body);
    for (int i = 0; i < 125; i++)
        put_bytes(&body, 12, buffer_text(&inner));
    assert_body_refused(REFUSAL_OVERSIZE, "more than 4096 elements");
}

/* A packed field of 20,000 one-byte numbers would be an array of 80,000 bytes. */
static void packed_elements_are_counted(void **state)
{
    static char ones[20000];
    (void)state;
    memset(ones, 1, sizeof ones);
    put_header(&body);
    put_bytes(&inmost, 4, (struct text){ones, 33});
    put_bytes(&inner, 21, buffer_text(&inmost));
    put_bytes(&body, 12, buffer_text(&inner));
    assert_body_refused(REFUSAL_OVERSIZE, "events[0].inspection.missing: more than 32 of them");
    buffer_clear(&body);
    buffer_clear(&inner);
    buffer_clear(&inmost);
    put_header(&body);
    put_bytes(&inmost, 4, (struct text){ones, sizeof ones});
    put_bytes(&inner, 21, buffer_text(&inmost));
    put_bytes(&body, 12, buffer_text(&inner));
    assert_body_refused(REFUSAL_OVERSIZE, "events[0].inspection.missing: more than 32 of them");
    buffer_clear(&body);
    buffer_clear(&inner);
    buffer_clear(&inmost);
    put_header(&body);
    put_bytes(&inmost, 4, TEXT("\x01\x80"));
    put_bytes(&inner, 21, buffer_text(&inmost));
    put_bytes(&body, 12, buffer_text(&inner));
    assert_body_refused(REFUSAL_MALFORMED, "a packed field is cut off");
}

static void packed_and_unpacked_lists_are_the_same(void **state)
{
    struct report report = full_report(), back;
    (void)state;
    encode(&report);
    for (int packed = 0; packed < 2; packed++) {
        buffer_clear(&inmost);
        buffer_clear(&inner);
        if (packed) {
            put_bytes(&inmost, 4, TEXT("\x02\x0b"));
        } else {
            put_number(&inmost, 4, ITEM_KIND_ENGINE);
            put_number(&inmost, 4, ITEM_KIND_CATALYST);
        }
        struct event event = event_of(EVENT_TYPE_INSPECTED);
        struct report small = {.source = TEXT("a"), .epoch = 1, .device_time_us = NOW_US};
        encode(&small);
        assert_int_equal(wire_shape_encode(&event_shape, &event, &inner), 0);
        put_bytes(&inner, 21, buffer_text(&inmost));
        put_bytes(&body, 12, buffer_text(&inner));
        assert_body_accepted(&back);
        assert_int_equal(back.events[0].inspection.missing_count, 2);
        assert_int_equal(back.events[0].inspection.missing[0], ITEM_KIND_ENGINE);
        assert_int_equal(back.events[0].inspection.missing[1], ITEM_KIND_CATALYST);
    }
}

static void a_few_unknown_fields_are_allowed_and_many_are_not(void **state)
{
    struct report report;
    (void)state;
    put_header(&body);
    for (unsigned i = 0; i < 32; i++)
        put_bytes(&body, 100 + i, TEXT("new"));
    assert_body_accepted(&report);
    put_number(&body, 200, 1);
    assert_body_refused(REFUSAL_OVERSIZE, "more than 32 unknown fields, the last is 200");
}

/* 60 KB of repeated numbers would make protobuf-c keep megabytes of notes about them. */
static void a_body_that_would_take_too_much_memory_is_refused(void **state)
{
    (void)state;
    put_header(&body);
    put_bytes(&body, 14, TEXT(""));
    while (body.len < ENVELOPE_MAX_BYTES - 2)
        put_number(&body, 2, 1);
    assert_body_refused(REFUSAL_OVERSIZE, "would take more than 786432 bytes of memory");
    assert_true(arena.used_bytes < 4096);
}

static void a_decoded_body_stays_within_the_promised_memory(void **state)
{
    struct report report = full_report(), back;
    static struct part many_parts[64];
    static struct event many_events[17];
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(many_parts); i++)
        many_parts[i] = parts[1];
    for (size_t i = 0; i < LENGTH_OF(many_events); i++) {
        many_events[i] = events[2];
        many_events[i].composition.part_count = LENGTH_OF(many_parts);
        many_events[i].composition.parts = many_parts;
    }
    report.events = many_events;
    report.event_count = LENGTH_OF(many_events);
    encode(&report);
    assert_in_range(body.len, 50000, ENVELOPE_MAX_BYTES);
    assert_body_accepted(&back);
    assert_true(arena.used_bytes < WIRE_REPORT_MEMORY_MAX);
}

static void assert_only_memory_is_missing(size_t least)
{
    struct report back;
    for (size_t cap = 0; cap < 20000; cap += 16) {
        struct arena small;
        arena_init(&small, cap);
        enum refusal_reason reason = wire_report_decode(buffer_text(&body), NOW_US, &small, &back, &error);
        if (reason != REFUSAL_NONE) {
            assert_int_equal(reason, REFUSAL_NOT_STORABLE);
            assert_int_equal(error.code, ERR_NO_MEMORY);
        } else {
            assert_true(cap >= least);
        }
        arena_fini(&small);
    }
}

static void a_full_arena_is_not_the_senders_fault(void **state)
{
    struct report report = full_report();
    (void)state;
    encode(&report);
    assert_only_memory_is_missing(2000);
    report = (struct report){
        .source = TEXT("a-name-of-more-than-sixteen-bytes"), .epoch = 1, .device_time_us = NOW_US, .fix_count = 1};
    fixes[0] = (struct fix){.at_us = NOW_US, .datum = DATUM_WGS84};
    report.fixes = fixes;
    encode(&report);
    assert_only_memory_is_missing(sizeof(struct fix) + 34);
}

/* ---- shapes on the wire ---- */

static void a_sub_message_that_comes_twice_is_refused(void **state)
{
    (void)state;
    put_header(&body);
    put_bytes(&body, 14, TEXT(""));
    put_bytes(&body, 14, TEXT(""));
    assert_body_refused(REFUSAL_MALFORMED, "birth: is given twice");
}

static void two_members_of_a_oneof_are_refused(void **state)
{
    (void)state;
    put_header(&body);
    put_number(&inner, 1, NOW_US);
    put_bytes(&inner, 2, TEXT(""));
    put_bytes(&inner, 3, TEXT(""));
    put_bytes(&body, 11, buffer_text(&inner));
    assert_body_refused(REFUSAL_MALFORMED, "readings[0].door: is given twice");
}

static void a_speed_that_comes_twice_is_refused(void **state)
{
    (void)state;
    put_header(&body);
    put_number(&inner, 1, NOW_US);
    put_number(&inner, 4, 1);
    put_number(&inner, 5, 1);
    put_number(&inner, 5, 2);
    put_bytes(&body, 10, buffer_text(&inner));
    assert_body_refused(REFUSAL_MALFORMED, "fixes[0].speed_cm_s: is given twice");
}

static void a_field_of_the_wrong_wire_type_is_refused_by_name(void **state)
{
    (void)state;
    put_header(&body);
    put_bytes(&inner, 1, TEXT("now"));
    put_bytes(&body, 10, buffer_text(&inner));
    assert_body_refused(REFUSAL_MALFORMED, "fixes[0].at_us: has wire type 2");
    buffer_clear(&body);
    buffer_clear(&inner);
    put_header(&body);
    put_number(&inner, 1, 1);
    put_bytes(&body, 14, buffer_text(&inner));
    assert_body_refused(REFUSAL_MALFORMED, "birth.model: has wire type 0");
}

static void what_is_wrong_in_a_value_that_a_later_one_replaces_is_refused_all_the_same(void **state)
{
    (void)state;
    put_bytes(&body, 1, TEXT("\xff"));
    put_header(&body);
    put_fix(&body, 1, 2, DATUM_WGS84);
    assert_body_refused(REFUSAL_INVALID_TEXT, "source: invalid UTF-8");
}

static void a_number_of_more_than_32_bits_is_not_cut(void **state)
{
    (void)state;
    put_bytes(&body, 1, TEXT("a"));
    put_number(&body, 2, INT64_C(1) << 32 | 1);
    put_bytes(&body, 4, HASH);
    put_number(&body, 5, NOW_US);
    assert_body_refused(REFUSAL_INVALID_FIELD, "epoch: 4294967297 does not fit in 32 bits");
    buffer_clear(&body);
    put_header(&body);
    put_number(&inner, 1, NOW_US);
    put_number(&inner, 2, INT64_C(1) << 32);
    put_bytes(&body, 10, buffer_text(&inner));
    assert_body_refused(REFUSAL_INVALID_FIELD, "fixes[0].lon_e7: 4294967296 does not fit in 32 bits");
}

static void every_cut_of_a_report_is_refused_or_shorter(void **state)
{
    struct report report = full_report(), back;
    (void)state;
    encode(&report);
    struct text whole = buffer_text(&body);
    for (size_t len = 0; len < whole.len; len++) {
        char *copy = malloc(len + 1);
        memcpy(copy, whole.data, len);
        enum refusal_reason reason = wire_report_decode((struct text){copy, len}, NOW_US, &arena, &back, &error);
        free(copy);
        if (reason == REFUSAL_NONE)
            assert_true(back.event_count + back.sighting_count + back.reading_count + back.fix_count < 18 ||
                        !back.birth.present);
        arena_reset(&arena);
    }
}

/* What the short way accepts, the long way reads in the same way; broken in a thousand ways, it never accepts more. */
static void the_short_and_the_long_way_agree(void **state)
{
    uint32_t seed = 1;
    size_t accepted = 0;
    struct report small = {
        .source = TEXT("a-1"), .epoch = 7, .seq = 300, .device_time_us = NOW_US, .fix_count = 2, .fixes = fixes};
    (void)state;
    fixes[0] = (struct fix){NOW_US, -1186340000, -251180000, DATUM_WGS84, true, true, true, 5, 35999, 200};
    fixes[1] = (struct fix){.at_us = NOW_US - 1, .lon_e7 = 5, .datum = DATUM_WGS84};
    encode(&small);
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        size_t at = (seed >> 8) % body.len;
        uint8_t before = body.data[at];
        body.data[at] = i == 0 ? before : (uint8_t)(seed >> 24);
        struct wire_check check = {NOW_US, &arena, &error};
        struct report short_way = {0}, long_way = {0};
        struct report_front front;
        bool fine = wire_front_read(buffer_text(&body), &front, NULL) == REFUSAL_NONE &&
                    wire_fix_report_decode(&check, buffer_text(&body), &front, &short_way);
        enum refusal_reason reason = wire_shape_decode(&check, &report_shape, buffer_text(&body), &long_way);
        if (fine) {
            accepted++;
            assert_int_equal(reason, REFUSAL_NONE);
            assert_text(short_way.source, long_way.source);
            assert_int_equal(short_way.epoch, long_way.epoch);
            assert_int_equal(short_way.seq, long_way.seq);
            assert_int_equal(short_way.fix_count, long_way.fix_count);
            assert_memory_equal(&short_way.previous, &long_way.previous, sizeof short_way.previous);
            assert_memory_equal(short_way.fixes, long_way.fixes, short_way.fix_count * sizeof(struct fix));
        }
        body.data[at] = before;
        arena_reset(&arena);
    }
    assert_true(accepted > 1000);
}

static void a_report_that_does_not_fit_is_not_encoded(void **state)
{
    struct report report = full_report();
    struct buffer small;
    (void)state;
    buffer_init(&small, 100);
    assert_int_equal(wire_report_encode(&report, &small), ERR_TOO_LARGE);
    struct envelope envelope = {{hash, sizeof hash}, {hash, sizeof hash}, {hash, sizeof hash}};
    buffer_clear(&small);
    small.max = 80;
    assert_int_equal(wire_envelope_encode(&envelope, &small), ERR_TOO_LARGE);
    buffer_fini(&small);
}

/* ---- acknowledgements ---- */

static void an_acknowledgement_comes_back_as_it_was(void **state)
{
    struct ack_refusal refusals[] = {{1, 2, REFUSAL_INVALID_TEXT, TEXT("why")}};
    struct ack_warning warnings[] = {{1, 3, WARNING_SEQUENCE_GAP, TEXT("gap")}, {1, 4, WARNING_FLAGGED, TEXT("")}};
    struct seq_range ranges[] = {{7, 9}};
    struct ack ack = {TEXT("truck-1"), 1, true, 0, TEXT("note\n\n— x y\n"), 1, 2, 1, refusals, warnings, ranges}, back;
    (void)state;
    assert_int_equal(wire_ack_encode(&ack, &body), 0);
    assert_int_equal(wire_ack_decode(buffer_text(&body), &arena, &back, &error), 0);
    assert_text(back.source, ack.source);
    assert_true(back.has_seq);
    assert_int_equal(back.seq, 0);
    assert_text(back.note, ack.note);
    assert_int_equal(back.refusal_count, 1);
    assert_int_equal(back.refusals[0].reason, REFUSAL_INVALID_TEXT);
    assert_int_equal(back.refusals[0].seq, 2);
    assert_text(back.refusals[0].text, TEXT("why"));
    assert_int_equal(back.warning_count, 2);
    assert_int_equal(back.warnings[1].code, WARNING_FLAGGED);
    assert_int_equal(back.stored_early_count, 1);
    assert_int_equal(back.stored_early[0].last_seq, 9);
}

static void an_acknowledgement_without_seq_says_so(void **state)
{
    struct ack ack = {.source = TEXT("a"), .epoch = 1, .seq = 5}, back;
    (void)state;
    assert_int_equal(wire_ack_encode(&ack, &body), 0);
    assert_int_equal(wire_ack_decode(buffer_text(&body), &arena, &back, &error), 0);
    assert_false(back.has_seq);
    assert_int_equal(back.seq, 0);
}

static void what_is_no_acknowledgement_is_refused(void **state)
{
    struct ack ack;
    struct arena none;
    (void)state;
    assert_int_equal(wire_ack_decode(TEXT("\x0a"), &arena, &ack, &error), ERR_INVALID);
    assert_int_equal(wire_ack_decode(TEXT(""), &arena, &ack, &error), ERR_INVALID);
    assert_words("source: is empty");
    put_bytes(&inner, 1, TEXT("a"));
    for (int i = 0; i < 65; i++)
        put_bytes(&inner, 7, TEXT(""));
    assert_int_equal(wire_ack_decode(buffer_text(&inner), &arena, &ack, &error), ERR_TOO_LARGE);
    assert_words("stored_early: more than 64 of them");
    arena_init(&none, 0);
    assert_int_equal(wire_ack_decode(TEXT("\x0a\x01"
                                          "a"),
                                     &none, &ack, &error),
                     ERR_NO_MEMORY);
    arena_fini(&none);
}

static void every_refusal_has_its_word(void **state)
{
    (void)state;
    for (int reason = REFUSAL_NONE; reason <= REFUSAL_NOT_STORABLE; reason++)
        assert_string_not_equal(refusal_reason_word((enum refusal_reason)reason), "invalid");
    assert_string_equal(refusal_reason_word(REFUSAL_BAD_SIGNATURE), "bad_signature");
    assert_string_equal(refusal_reason_word((enum refusal_reason)14), "invalid");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_report_with_one_of_everything_comes_back_as_it_was),
        TEST(an_absent_measurement_stays_absent),
        TEST(every_rule_stands_beside_its_field_and_knows_all_values),
        TEST(an_envelope_comes_apart_as_it_was_put_together),
        TEST(an_envelope_may_be_unsigned_and_hold_unknown_fields),
        TEST(what_is_no_envelope_is_refused),
        TEST(a_header_is_read_whatever_its_order_and_the_last_counts),
        TEST(a_header_that_is_no_protobuf_is_refused_at_every_cut),
        TEST(a_header_field_of_the_wrong_type_is_malformed),
        TEST(a_previous_of_the_wrong_size_is_zero_in_the_header_and_refused_in_the_report),
        TEST(what_was_understood_of_a_refused_report_is_kept),
        TEST(the_header_is_checked),
        TEST(times_are_from_2000_to_a_day_ahead),
        TEST(the_short_way_refuses_times_in_the_same_words),
        TEST(positions_are_on_the_earth_and_have_a_datum),
        TEST(positions_of_events_and_sightings_are_checked_too),
        TEST(positions_come_out_in_wgs84_both_ways),
        TEST(speed_course_and_accuracy_are_bounded),
        TEST(text_with_nul_or_broken_utf8_is_refused_and_named),
        TEST(every_field_outside_its_bounds_is_refused_by_name_and_value),
        TEST(a_type_with_two_details_takes_either_and_no_third),
        TEST(an_event_without_an_item_is_refused),
        TEST(an_event_id_is_sixteen_bytes),
        TEST(too_many_elements_are_refused),
        TEST(too_many_elements_deep_inside_are_refused),
        TEST(parts_and_evidence_have_their_own_bounds),
        TEST(too_many_elements_together_are_refused),
        TEST(packed_elements_are_counted),
        TEST(packed_and_unpacked_lists_are_the_same),
        TEST(a_few_unknown_fields_are_allowed_and_many_are_not),
        TEST(a_body_that_would_take_too_much_memory_is_refused),
        TEST(a_decoded_body_stays_within_the_promised_memory),
        TEST(a_full_arena_is_not_the_senders_fault),
        TEST(a_sub_message_that_comes_twice_is_refused),
        TEST(two_members_of_a_oneof_are_refused),
        TEST(a_speed_that_comes_twice_is_refused),
        TEST(a_field_of_the_wrong_wire_type_is_refused_by_name),
        TEST(what_is_wrong_in_a_value_that_a_later_one_replaces_is_refused_all_the_same),
        TEST(a_number_of_more_than_32_bits_is_not_cut),
        TEST(every_cut_of_a_report_is_refused_or_shorter),
        TEST(the_short_and_the_long_way_agree),
        TEST(a_report_that_does_not_fit_is_not_encoded),
        TEST(an_acknowledgement_comes_back_as_it_was),
        TEST(an_acknowledgement_without_seq_says_so),
        TEST(what_is_no_acknowledgement_is_refused),
        TEST(every_refusal_has_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
