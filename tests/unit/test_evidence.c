/* test_evidence.c - rows of reentry.evidence() to dossiers: what each part brings, whatever the order, and what cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/evidence.h"
#include "io/wire.h"

#define NOW_US (INT64_C(1790000000) * 1000000)
#define VIN "LSVAM4187C2184847"
enum { ITEM = 7, OTHER_ITEM = 9 };

static struct arena arena;
static struct dossiers dossiers;
static struct buffer record;

/* An envelope with a pickup, a verified wipe, and a listing that misspells the VIN. */
static void make_record(void)
{
    static struct identifier identifiers[] = {{IDENTIFIER_SCHEME_VIN, TEXT(VIN)}};
    static struct event events[2];
    static struct sighting sightings[1];
    struct buffer body;
    struct report report = {.source = TEXT("market-1"),
                            .epoch = 1,
                            .device_time_us = NOW_US,
                            .event_count = 2,
                            .events = events,
                            .sighting_count = 1,
                            .sightings = sightings};

    for (size_t i = 0; i < 2; i++)
        events[i] = (struct event){.event_id = {1, (uint8_t)i},
                                   .type = i ? EVENT_TYPE_WIPE_VERIFIED : EVENT_TYPE_PICKED_UP,
                                   .at_us = NOW_US - 1000,
                                   .item = {ITEM_KIND_VEHICLE, 1, identifiers},
                                   .detail = i ? EVENT_DETAIL_WIPE : EVENT_DETAIL_PICKUP};
    events[0].pickup = (struct pickup){.make = TEXT("大众"), .colour = TEXT("白色")};
    events[1].wipe = (struct wipe){.method = TEXT("m"), .tool = TEXT("t"), .passed = true};
    sightings[0] = (struct sighting){.sighting_id = {2},
                                     .kind = SIGHTING_KIND_LISTING,
                                     .at_us = NOW_US,
                                     .listing = {.present = true, .platform = TEXT("p"), .listing_id = TEXT("1")}};
    sightings[0].listing.text = TEXT("车架号 LSVAM4187C2184947");
    buffer_init(&body, ENVELOPE_MAX_BYTES);
    assert_int_equal(wire_report_encode(&report, &body), 0);
    assert_int_equal(wire_envelope_encode(&(struct envelope){.body = buffer_text(&body)}, &record), 0);
    buffer_fini(&body);
}

static int start(void **state)
{
    static const struct item_ban ban = {.stands = true, .banned_at_us = NOW_US - 1000};

    (void)state;
    arena_init(&arena, 8 << 20);
    buffer_init(&record, ENVELOPE_MAX_BYTES);
    make_record();
    assert_int_equal(dossiers_init(&dossiers, &arena, 2), 0);
    dossiers_add_item(&dossiers, ITEM, ITEM_KIND_VEHICLE, &ban);
    dossiers_add_item(&dossiers, OTHER_ITEM, ITEM_KIND_VEHICLE, &ban);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_fini(&arena);
    buffer_fini(&record);
    return 0;
}

static struct evidence_row row_of(enum evidence_part part, const char *value)
{
    return (struct evidence_row){.item_id = ITEM,
                                 .part = part,
                                 .log_index = 5,
                                 .scheme = IDENTIFIER_SCHEME_VIN,
                                 .value = text_of(value),
                                 .proof = true,
                                 .received_us = NOW_US,
                                 .record = buffer_text(&record)};
}

static void add(const struct evidence_row *row)
{
    assert_int_equal(dossiers_add_row(&dossiers, row), 0);
}

static void each_part_brings_what_it_says(void **state)
{
    struct evidence_row identifier = row_of(EVIDENCE_IDENTIFIER, VIN), plate = identifier,
                        pickup = row_of(EVIDENCE_EVENT, ""), wipe = pickup,
                        writing = row_of(EVIDENCE_WRITING, "LSVAM4187C2184947");
    const struct dossier *dossier = &dossiers_find(&dossiers, ITEM)->dossier;
    struct digest phone = {{3}};

    (void)state;
    plate.scheme = IDENTIFIER_SCHEME_PLATE;
    plate.value = TEXT("闽C8K6L2");
    wipe.ordinal = 1;
    writing.phone_hashes = (struct text){(const char *)phone.bytes, SHA256_BYTES};
    add(&identifier);
    add(&plate);
    add(&pickup);
    add(&wipe);
    add(&writing);
    assert_string_equal(dossier->vin, VIN);
    assert_int_equal(dossier->clues.year_from, 2012);
    assert_int_equal(dossier->clues.plate_count, 1);
    assert_true(dossier->clues.make && dossier->clues.colour && dossier->wiped);
    assert_int_equal(dossier->wiped_at_us, NOW_US - 1000);
    assert_int_equal(dossier->sighting_count, 1);
    assert_int_equal(dossier->sightings[0].written.len, VIN_LEN);
    assert_int_equal(dossier->sightings[0].clues.phone_count, 1);
    assert_int_equal(dossiers_judge(&dossiers), 0);
    assert_int_equal(dossiers.list[0].findings.count, 1);
    assert_int_equal(dossiers.list[0].findings.list[0].rule, RULE_E02);
    assert_int_equal(dossiers.list[0].judgement.evidence_count, 1);
    assert_int_equal(dossiers.list[1].findings.count, 0);
}

static void many_sightings_find_room(void **state)
{
    struct evidence_row writing = row_of(EVIDENCE_WRITING, "LSVAM4187C2184947"),
                        identifier = row_of(EVIDENCE_IDENTIFIER, VIN);

    (void)state;
    add(&identifier);
    for (uint64_t i = 0; i < 200; i++) {
        writing.log_index = 100 + i;
        add(&writing);
    }
    assert_int_equal(dossiers_judge(&dossiers), 0);
    assert_int_equal(dossiers.list[0].findings.count, 1);
    assert_int_equal(dossiers.list[0].judgement.evidence_count, 200);
}

static void a_hint_is_no_vin_of_the_item(void **state)
{
    struct evidence_row hint = row_of(EVIDENCE_IDENTIFIER, VIN);

    (void)state;
    hint.proof = false;
    add(&hint);
    assert_string_equal(dossiers.list[0].dossier.vin, "");
}

static void what_cannot_be_read_says_nothing(void **state)
{
    struct evidence_row erased = row_of(EVIDENCE_WRITING, "LSVAM4187C2184947"), broken = erased, beyond = erased,
                        stranger = erased;

    (void)state;
    erased.record = (struct text){NULL, 0};
    broken.log_index = 6;
    broken.record = TEXT("\xff\xff\xff");
    beyond.log_index = 7;
    beyond.ordinal = 1;
    stranger.item_id = 8;
    add(&erased);
    add(&broken);
    add(&beyond);
    add(&stranger);
    assert_int_equal(dossiers.list[0].dossier.sighting_count, 0);
    assert_int_equal(dossiers.list[1].dossier.sighting_count, 0);
}

static void without_memory_it_says_so(void **state)
{
    struct evidence_row writing = row_of(EVIDENCE_WRITING, "LSVAM4187C2184947");

    (void)state;
    arena.cap_bytes = arena.used_bytes + 64;
    assert_int_equal(dossiers_add_row(&dossiers, &writing), ERR_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_part_brings_what_it_says, start, end),
        cmocka_unit_test_setup_teardown(many_sightings_find_room, start, end),
        cmocka_unit_test_setup_teardown(a_hint_is_no_vin_of_the_item, start, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_says_nothing, start, end),
        cmocka_unit_test_setup_teardown(without_memory_it_says_so, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
