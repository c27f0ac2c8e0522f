/* test_items.c - which item is an event about? Proofs before hints, known before new, and nobody's identifier taken over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/items.h"

#define VIN_A "LSVAM4187C2184847"
#define VIN_B "LGBF5AE00HR276883"
#define PLATE "闽C12345"

/* Identifiers of one reference; up to three, the rest empty. */
struct names {
    enum identifier_scheme scheme;
    const char *value;
};
#define VIN(v)                                                                                                         \
    {                                                                                                                  \
        IDENTIFIER_SCHEME_VIN, v                                                                                       \
    }
#define PLATE_(v)                                                                                                      \
    {                                                                                                                  \
        IDENTIFIER_SCHEME_PLATE, v                                                                                     \
    }
#define ENGINE(v)                                                                                                      \
    {                                                                                                                  \
        IDENTIFIER_SCHEME_ENGINE_NUMBER, v                                                                             \
    }
#define TAG(v)                                                                                                         \
    {                                                                                                                  \
        IDENTIFIER_SCHEME_TAG, v                                                                                       \
    }
#define REF(kind, ...) ref_of(kind, (const struct names[4]){__VA_ARGS__})

static struct batch batch;
static struct items items;
static const uint8_t key[ITEMS_KEY_BYTES] = {1, 2, 3};

static int start(void **state)
{
    (void)state;
    if (batch_init(&batch, 64, 32 << 20))
        return -1;
    return items_init(&items, &batch.work, 8, key);
}

static int finish(void **state)
{
    (void)state;
    batch_fini(&batch);
    return 0;
}

static struct item_ref ref_of(enum item_kind kind, const struct names names[4])
{
    struct item_ref ref = {.kind = kind, .identifiers = arena_array(&batch.work, 4, sizeof *ref.identifiers)};

    assert_non_null(ref.identifiers);
    for (; ref.identifier_count < 4 && names[ref.identifier_count].value; ref.identifier_count++)
        ref.identifiers[ref.identifier_count] =
            (struct identifier){names[ref.identifier_count].scheme, text_of(names[ref.identifier_count].value)};
    return ref;
}

/* An envelope with one event. */
static struct batch_envelope *say(enum event_type type, struct item_ref ref, struct part *parts, size_t part_count)
{
    struct batch_envelope *envelope = batch_append(&batch, TEXT("topic"), TEXT("bytes"), 1);

    assert_non_null(envelope);
    envelope->report = arena_alloc(&batch.work, sizeof *envelope->report);
    envelope->report->event_count = 1;
    envelope->report->events = arena_alloc(&batch.work, sizeof *envelope->report->events);
    envelope->report->events[0] = (struct event){.type = type, .item = ref};
    if (parts) {
        envelope->report->events[0].detail = EVENT_DETAIL_COMPOSITION;
        envelope->report->events[0].composition = (struct composition){.part_count = part_count, .parts = parts};
    }
    assert_int_equal(items_add_event(&items, &batch, envelope, 0), 0);
    return envelope;
}

/* The item whose newest event is this envelope's, not as a part. */
static struct item *item_of(const struct batch_envelope *envelope)
{
    struct item *found = NULL;

    for (struct item *item = items.list; item; item = item->next)
        for (const struct item_event *event = item->events; event; event = event->next)
            if (event->envelope == envelope && !event->is_part) {
                assert_null(found); /* one event, one item */
                found = item;
            }
    assert_non_null(found);
    return found;
}

static struct item *about(enum event_type type, struct item_ref ref)
{
    return item_of(say(type, ref, NULL, 0));
}

static void know(const struct names name, bool proof, int64_t item_id, enum item_kind kind, bool terminal)
{
    assert_int_equal(items_known(&items, name.scheme, text_of(name.value), proof, item_id, kind, terminal), 0);
}
#define know_vin(value, id) know((struct names)VIN(value), true, id, ITEM_KIND_VEHICLE, false)
#define know_plate(value, id, terminal) know((struct names)PLATE_(value), false, id, ITEM_KIND_VEHICLE, terminal)

static bool has(const struct item *item, enum identifier_scheme scheme, const char *value)
{
    for (const struct item_identifier *identifier = item->identifiers; identifier; identifier = identifier->next)
        if (identifier->scheme == scheme && text_equal(identifier->value, text_of(value)))
            return true;
    return false;
}

static size_t warnings(const struct batch_envelope *envelope, enum warning_code code)
{
    size_t count = 0;

    for (const struct envelope_warning *warning = envelope->warnings; warning; warning = warning->next)
        count += warning->code == code;
    return count;
}

/* ---- proof or hint ---- */

static void a_vin_is_proof_for_a_vehicle_and_a_hint_for_what_came_out_of_it(void **state)
{
    (void)state;
    assert_true(identifier_is_proof(IDENTIFIER_SCHEME_VIN, ITEM_KIND_VEHICLE));
    assert_true(identifier_is_proof(IDENTIFIER_SCHEME_VIN, ITEM_KIND_UNSPECIFIED));
    for (int kind = ITEM_KIND_ENGINE; kind <= ITEM_KIND_LOT; kind++)
        assert_false(identifier_is_proof(IDENTIFIER_SCHEME_VIN, (enum item_kind)kind));
}

static void plates_and_engine_numbers_are_never_proof(void **state)
{
    static const enum identifier_scheme hints[] = {IDENTIFIER_SCHEME_PLATE, IDENTIFIER_SCHEME_ENGINE_NUMBER,
                                                   IDENTIFIER_SCHEME_FRAME_NUMBER, IDENTIFIER_SCHEME_CERTIFICATE_NUMBER,
                                                   IDENTIFIER_SCHEME_UNSPECIFIED};

    (void)state;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        for (int kind = 0; kind <= ITEM_KIND_LOT; kind++)
            assert_false(identifier_is_proof(hints[i], (enum item_kind)kind));
    assert_true(identifier_is_proof(IDENTIFIER_SCHEME_TAG, ITEM_KIND_ENGINE));
    assert_true(identifier_is_proof(IDENTIFIER_SCHEME_IMEI, ITEM_KIND_DATA_DEVICE));
    assert_true(identifier_is_proof(IDENTIFIER_SCHEME_BATTERY_CODE, ITEM_KIND_TRACTION_BATTERY));
    assert_true(identifier_is_proof(IDENTIFIER_SCHEME_LOT, ITEM_KIND_LOT));
}

/* ---- finding and making ---- */

static void a_known_proof_names_the_known_item(void **state)
{
    struct item *item;

    (void)state;
    know_vin(VIN_A, 7);
    item = about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)));
    assert_int_equal(item->item_id, 7);
    assert_false(item->is_new);
    assert_true(item->touched);
    assert_null(item->identifiers); /* nothing to add */
    assert_int_equal(items.new_count, 0);
}

static void an_unknown_proof_makes_an_item_though_a_hint_is_known(void **state)
{
    struct item *item;

    (void)state;
    know_plate(PLATE, 7, false);
    item = about(EVENT_TYPE_PICKED_UP, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE), VIN(VIN_A)));
    assert_true(item->is_new);
    assert_int_equal(item->item_id, 0);
    assert_true(has(item, IDENTIFIER_SCHEME_VIN, VIN_A));
    assert_true(has(item, IDENTIFIER_SCHEME_PLATE, PLATE));
}

static void the_same_unknown_proof_twice_makes_one_item(void **state)
{
    struct item *first = about(EVENT_TYPE_PICKED_UP, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)));
    struct item *second = about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE), VIN(VIN_A)));

    (void)state;
    assert_ptr_equal(first, second);
    assert_int_equal(items.new_count, 1);
    assert_true(has(first, IDENTIFIER_SCHEME_PLATE, PLATE)); /* what the second said beyond the first */
    assert_ptr_not_equal(first->events->envelope, first->newest_event->envelope);
}

static void a_hint_alone_finds_the_item_that_has_it(void **state)
{
    (void)state;
    know_plate(PLATE, 7, false);
    assert_int_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE)))->item_id, 7);
    assert_int_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_UNSPECIFIED, PLATE_(PLATE)))->item_id, 7);
}

static void an_unknown_hint_makes_an_item(void **state)
{
    struct item *item = about(EVENT_TYPE_PICKED_UP, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE)));

    (void)state;
    assert_true(item->is_new);
    assert_ptr_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE))), item);
}

static void a_hint_does_not_name_an_item_of_another_kind(void **state)
{
    (void)state;
    know_plate(PLATE, 7, false);
    assert_true(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_FARM_MACHINE, PLATE_(PLATE)))->is_new);
}

static void of_items_that_share_a_hint_the_one_with_most_agreement_is_meant(void **state)
{
    (void)state;
    know((struct names)PLATE_(PLATE), false, 7, ITEM_KIND_VEHICLE, false);
    know((struct names)ENGINE("E7"), false, 7, ITEM_KIND_VEHICLE, false);
    know((struct names)PLATE_(PLATE), false, 8, ITEM_KIND_VEHICLE, false);
    know((struct names)ENGINE("E8"), false, 8, ITEM_KIND_VEHICLE, false);
    assert_int_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE), ENGINE("E7")))->item_id, 7);
    assert_int_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, ENGINE("E8"), PLATE_(PLATE)))->item_id, 8);
    assert_int_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE)))->item_id,
                     8); /* the newest of equals */
}

/* Order 164 art 44: a plate may have gone to another vehicle. */
static void a_plate_is_used_again_after_the_end_of_its_vehicle(void **state)
{
    struct item *item;

    (void)state;
    know_plate(PLATE, 7, true);
    item = about(EVENT_TYPE_PICKED_UP, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE)));
    assert_true(item->is_new);
    assert_int_equal(items.new_count, 1);
}

static void what_goes_on_may_be_said_of_an_item_at_its_end(void **state)
{
    (void)state;
    know_plate(PLATE, 7, true);
    assert_int_equal(about(EVENT_TYPE_CORRECTED, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE)))->item_id, 7);
    assert_int_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE)))->item_id, 7);
}

static void a_vin_is_never_used_again(void **state)
{
    (void)state;
    know((struct names)VIN(VIN_A), true, 7, ITEM_KIND_VEHICLE, true);
    assert_int_equal(about(EVENT_TYPE_PICKED_UP, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)))->item_id, 7);
}

/* ---- assemblies ---- */

static void an_assembly_with_its_parents_vin_is_not_the_parent(void **state)
{
    struct item *engine;

    (void)state;
    know_vin(VIN_A, 7);
    engine = about(EVENT_TYPE_GRADED, REF(ITEM_KIND_ENGINE, VIN(VIN_A), TAG("QZ-0001")));
    assert_true(engine->is_new);
    assert_int_equal(engine->kind, ITEM_KIND_ENGINE);
    assert_true(has(engine, IDENTIFIER_SCHEME_VIN, VIN_A));
    for (const struct item_identifier *identifier = engine->identifiers; identifier; identifier = identifier->next)
        assert_int_equal(identifier->proof, identifier->scheme == IDENTIFIER_SCHEME_TAG);
    assert_int_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)))->item_id, 7);
}

static void an_assembly_without_a_tag_is_found_by_kind_and_parent(void **state)
{
    (void)state;
    know_vin(VIN_A, 7);
    know((struct names)VIN(VIN_A), false, 8, ITEM_KIND_ENGINE, false);
    know((struct names)VIN(VIN_A), false, 9, ITEM_KIND_GEARBOX, false);
    assert_int_equal(about(EVENT_TYPE_GRADED, REF(ITEM_KIND_ENGINE, VIN(VIN_A)))->item_id, 8);
    assert_int_equal(about(EVENT_TYPE_GRADED, REF(ITEM_KIND_GEARBOX, VIN(VIN_A)))->item_id, 9);
    assert_true(about(EVENT_TYPE_GRADED, REF(ITEM_KIND_FRAME, VIN(VIN_A)))->is_new);
}

static void assemblies_of_one_parent_stay_apart_by_their_tags(void **state)
{
    struct item *one = about(EVENT_TYPE_GRADED, REF(ITEM_KIND_ENGINE, VIN(VIN_A), TAG("QZ-0001")));
    struct item *two = about(EVENT_TYPE_GRADED, REF(ITEM_KIND_ENGINE, VIN(VIN_A), TAG("QZ-0002")));

    (void)state;
    assert_ptr_not_equal(one, two);
    assert_ptr_equal(about(EVENT_TYPE_SMELTED, REF(ITEM_KIND_ENGINE, VIN(VIN_A), TAG("QZ-0001"))), one);
}

/* ---- proofs that disagree ---- */

static void the_stronger_of_two_proofs_decides_and_the_other_is_not_taken_over(void **state)
{
    for (int order = 0; order < 2; order++) {
        struct batch_envelope *envelope;
        struct item *item;

        assert_int_equal(finish(state), 0);
        assert_int_equal(start(state), 0);
        know_vin(VIN_A, 7);
        know((struct names)TAG("QZ-0001"), true, 8, ITEM_KIND_VEHICLE, false);
        envelope = say(EVENT_TYPE_INTAKE,
                       order ? REF(ITEM_KIND_VEHICLE, TAG("QZ-0001"), VIN(VIN_A))
                             : REF(ITEM_KIND_VEHICLE, VIN(VIN_A), TAG("QZ-0001")),
                       NULL, 0);
        item = item_of(envelope);
        assert_int_equal(item->item_id, 7);
        assert_false(has(item, IDENTIFIER_SCHEME_TAG, "QZ-0001"));
        assert_int_equal(warnings(envelope, WARNING_IDENTIFIER), 1);
        assert_int_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, TAG("QZ-0001")))->item_id, 8);
    }
}

static void a_weaker_proof_that_is_known_beats_a_stronger_one_that_is_not(void **state)
{
    struct item *item;

    (void)state;
    know((struct names)TAG("QZ-0001"), true, 8, ITEM_KIND_VEHICLE, false);
    item = about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, VIN(VIN_A), TAG("QZ-0001")));
    assert_int_equal(item->item_id, 8);
    assert_true(has(item, IDENTIFIER_SCHEME_VIN, VIN_A)); /* now it has its VIN */
    assert_ptr_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, VIN(VIN_A))), item);
}

static void a_hint_never_outvotes_a_proof(void **state)
{
    struct batch_envelope *envelope;

    (void)state;
    know_vin(VIN_A, 7);
    know((struct names)PLATE_(PLATE), false, 8, ITEM_KIND_VEHICLE, false);
    know((struct names)ENGINE("E8"), false, 8, ITEM_KIND_VEHICLE, false);
    envelope = say(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE), ENGINE("E8"), VIN(VIN_A)), NULL, 0);
    assert_int_equal(item_of(envelope)->item_id, 7);
    assert_true(has(item_of(envelope), IDENTIFIER_SCHEME_PLATE, PLATE)); /* hints may be shared */
    assert_int_equal(warnings(envelope, WARNING_IDENTIFIER), 0);
}

/* ---- unknown items ---- */

static void what_begins_custody_is_no_surprise_and_anything_else_is(void **state)
{
    static const struct {
        enum event_type type;
        size_t told;
    } cases[] = {{EVENT_TYPE_BOOKED, 0},   {EVENT_TYPE_PICKED_UP, 0},    {EVENT_TYPE_LOT_CREATED, 0},
                 {EVENT_TYPE_INTAKE, 1},   {EVENT_TYPE_DEREGISTERED, 1}, {EVENT_TYPE_WEIGHED, 1},
                 {EVENT_TYPE_CORRECTED, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char tag[16];

        (void)snprintf(tag, sizeof tag, "QZ-1%zu", i);
        assert_int_equal(warnings(say(cases[i].type, REF(ITEM_KIND_VEHICLE, TAG(tag)), NULL, 0), WARNING_UNKNOWN_ITEM),
                         cases[i].told);
        assert_int_equal(warnings(say(cases[i].type, REF(ITEM_KIND_VEHICLE, TAG(tag)), NULL, 0), WARNING_UNKNOWN_ITEM),
                         0);
        assert_int_equal(finish(state) + start(state), 0); /* tag's memory ends with this round */
    }
}

static void an_item_of_no_kind_gets_the_first_that_is_said(void **state)
{
    struct item *item = about(EVENT_TYPE_PICKED_UP, REF(ITEM_KIND_UNSPECIFIED, TAG("QZ-0001")));

    (void)state;
    assert_int_equal(item->kind, ITEM_KIND_UNSPECIFIED);
    assert_ptr_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_APPLIANCE, TAG("QZ-0001"))), item);
    assert_int_equal(item->kind, ITEM_KIND_APPLIANCE);
    assert_ptr_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_ENGINE, TAG("QZ-0001"))), item);
    assert_int_equal(item->kind, ITEM_KIND_APPLIANCE);
}

/* ---- parts ---- */

static void parts_become_items_with_their_parent(void **state)
{
    struct part parts[] = {{.item = REF(ITEM_KIND_ENGINE, TAG("QZ-0001"), VIN(VIN_A))},
                           {.item = REF(ITEM_KIND_GEARBOX, TAG("QZ-0002"))}};
    struct batch_envelope *envelope = say(EVENT_TYPE_DISMANTLED, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)), parts, 2);
    struct item *parent = item_of(envelope), *engine = parent->next, *gearbox = engine->next;

    (void)state;
    assert_int_equal(items.count, 3);
    assert_ptr_equal(engine->parent, parent);
    assert_ptr_equal(gearbox->parent, parent);
    assert_int_equal(engine->kind, ITEM_KIND_ENGINE);
    assert_true(engine->newest_event->is_part);
    assert_int_equal(engine->newest_event->part, 0);
    assert_int_equal(gearbox->newest_event->part, 1);
    assert_ptr_equal(about(EVENT_TYPE_SMELTED, REF(ITEM_KIND_ENGINE, TAG("QZ-0001"))), engine);
}

static void a_part_named_twice_in_one_event_has_one_row_of_it(void **state)
{
    struct part parts[] = {{.item = REF(ITEM_KIND_ENGINE, TAG("QZ-0001"))},
                           {.item = REF(ITEM_KIND_ENGINE, TAG("QZ-0001"), ENGINE("E7"))}};
    struct item *parent = item_of(say(EVENT_TYPE_DISMANTLED, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)), parts, 2)),
                *engine = parent->next;

    (void)state;
    assert_int_equal(items.count, 2);
    assert_null(engine->events->next);
    assert_int_equal(engine->events->part, 0);
    assert_true(has(engine, IDENTIFIER_SCHEME_ENGINE_NUMBER, "E7")); /* what was said the second time is kept */
}

static void a_part_that_is_the_item_itself_is_said_once(void **state)
{
    struct part parts[] = {{.item = REF(ITEM_KIND_VEHICLE, VIN(VIN_A))}};
    struct item *item = item_of(say(EVENT_TYPE_DISMANTLED, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)), parts, 1));

    (void)state;
    assert_int_equal(items.count, 1);
    assert_null(item->events->next);
    assert_null(item->parent);
}

static void a_part_without_a_name_has_no_history(void **state)
{
    struct part parts[] = {{.item = REF(ITEM_KIND_FRAME, {0, NULL})}};

    (void)state;
    (void)say(EVENT_TYPE_DISMANTLED, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)), parts, 1);
    assert_int_equal(items.count, 1);
}

static void a_part_keeps_its_first_parent_and_merged_lots_have_none(void **state)
{
    struct part engine[] = {{.item = REF(ITEM_KIND_ENGINE, TAG("QZ-0001"))}},
                lot[] = {{.item = REF(ITEM_KIND_LOT, TAG("QZ-0009"))}};
    struct item *first = item_of(say(EVENT_TYPE_DISMANTLED, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)), engine, 1));
    struct item *other = item_of(say(EVENT_TYPE_DISMANTLED, REF(ITEM_KIND_VEHICLE, VIN(VIN_B)), engine, 1));
    struct item *part = about(EVENT_TYPE_SMELTED, REF(ITEM_KIND_ENGINE, TAG("QZ-0001")));

    (void)state;
    assert_ptr_not_equal(first, other);
    assert_ptr_equal(part->parent, first);
    (void)say(EVENT_TYPE_LOT_MERGED, REF(ITEM_KIND_LOT, TAG("QZ-0008")), lot, 1);
    assert_null(about(EVENT_TYPE_LOT_SOLD, REF(ITEM_KIND_LOT, TAG("QZ-0009")))->parent);
}

static void other_details_are_not_taken_for_parts(void **state)
{
    struct batch_envelope *envelope = say(EVENT_TYPE_PICKED_UP, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)), NULL, 0);

    (void)state;
    assert_ptr_equal(items.list, item_of(envelope));
    assert_int_equal(items.count, 1);
}

/* ---- sightings, sorting, memory ---- */

struct calls {
    size_t proofs, hints;
};

static void count_call(void *context, struct item *item, bool proof)
{
    struct calls *calls = context;

    assert_true(item->touched);
    *(proof ? &calls->proofs : &calls->hints) += 1;
}

static void a_sighting_concerns_every_item_that_has_the_identifier_and_no_other(void **state)
{
    struct calls calls = {0};

    (void)state;
    know_vin(VIN_A, 7);
    know((struct names)VIN(VIN_A), false, 8, ITEM_KIND_ENGINE, false);
    know_vin(VIN_B, 9);
    items_sighted(&items, IDENTIFIER_SCHEME_VIN, TEXT(VIN_A), count_call, &calls);
    assert_int_equal(calls.proofs, 1);
    assert_int_equal(calls.hints, 1);
    assert_false(items.newest->touched);                                                    /* 9 */
    items_sighted(&items, IDENTIFIER_SCHEME_FRAME_NUMBER, TEXT(VIN_A), count_call, &calls); /* another scheme */
    items_sighted(&items, IDENTIFIER_SCHEME_VIN, TEXT("LSVAM4187C218484"), count_call, &calls);
    items_sighted(&items, IDENTIFIER_SCHEME_VIN, TEXT(""), count_call, &calls);
    assert_int_equal(calls.proofs + calls.hints, 2);
}

static void what_the_database_says_twice_is_known_once(void **state)
{
    struct calls calls = {0};

    (void)state;
    know_vin(VIN_A, 7);
    know_vin(VIN_A, 7);
    know_plate(PLATE, 7, false);
    assert_int_equal(items.count, 1);
    items_sighted(&items, IDENTIFIER_SCHEME_VIN, TEXT(VIN_A), count_call, &calls);
    assert_int_equal(calls.proofs, 1);
}

static void the_table_grows_and_loses_nobody(void **state)
{
    static char tags[2000][16];

    (void)state;
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(tags[i], sizeof tags[i], "QZ-%04d", i);
        know((struct names)TAG(tags[i]), true, i + 1, ITEM_KIND_PART, false);
    }
    assert_int_equal(items.count, 2000);
    for (int i = 0; i < 2000; i++) {
        struct calls calls = {0};

        items_sighted(&items, IDENTIFIER_SCHEME_TAG, text_of(tags[i]), count_call, &calls);
        assert_int_equal(calls.proofs, 1);
    }
}

static void of_the_items_that_share_a_hint_the_newest_count_and_a_proof_always(void **state)
{
    struct calls calls = {0};
    struct item *newest;

    (void)state;
    know_vin(VIN_A, 1); /* the VIN of item 1, and a hint for all the engines that came later */
    for (int64_t id = 2; id <= 3 * HINT_HOLDERS_MAX; id++)
        know((struct names)VIN(VIN_A), false, id, ITEM_KIND_ENGINE, false);
    items_sighted(&items, IDENTIFIER_SCHEME_VIN, TEXT(VIN_A), count_call, &calls);
    assert_int_equal(calls.proofs, 1);
    assert_int_equal(calls.hints, HINT_HOLDERS_MAX);
    assert_int_equal(items.capped, 2 * HINT_HOLDERS_MAX - 1);
    for (const struct item *item = items.list; item; item = item->next)
        assert_int_equal(item->touched, item->item_id == 1 || item->item_id > 2 * HINT_HOLDERS_MAX);
    newest = about(EVENT_TYPE_GRADED, REF(ITEM_KIND_ENGINE, VIN(VIN_A), TAG("QZ-0001")));
    assert_true(newest->is_new); /* and one more of the batch itself */
    assert_int_equal(items.capped, 2 * HINT_HOLDERS_MAX);
    assert_ptr_equal(about(EVENT_TYPE_GRADED, REF(ITEM_KIND_ENGINE, VIN(VIN_A))), newest);
}

static void thousands_that_share_a_hint_take_no_time(void **state)
{
    static char tags[20000][16];

    (void)state;
    for (int i = 0; i < 20000; i++) { /* minutes, if each met all others */
        (void)snprintf(tags[i], sizeof tags[i], "QZ-%05d", i);
        know((struct names)TAG(tags[i]), true, i + 1, ITEM_KIND_PART, false);
        know((struct names)PLATE_(PLATE), false, i + 1, ITEM_KIND_PART, false);
    }
    assert_int_equal(items.capped, 20000 - HINT_HOLDERS_MAX);
    assert_int_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_PART, PLATE_(PLATE)))->item_id, 20000);
}

static void of_new_items_that_agree_as_much_the_newest_is_meant(void **state)
{
    struct item *newest;

    (void)state;
    know_plate(PLATE, 7, false);
    (void)about(EVENT_TYPE_PICKED_UP, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE), VIN(VIN_A)));
    newest = about(EVENT_TYPE_PICKED_UP, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE), VIN(VIN_B)));
    assert_ptr_equal(about(EVENT_TYPE_INTAKE, REF(ITEM_KIND_VEHICLE, PLATE_(PLATE))), newest);
}

static void items_are_found_by_their_number_after_sorting(void **state)
{
    (void)state;
    know_vin(VIN_A, 7);
    know_vin(VIN_B, 9);
    about(EVENT_TYPE_PICKED_UP, REF(ITEM_KIND_VEHICLE, TAG("QZ-0001")))->item_id = 8; /* as the database numbered it */
    assert_int_equal(items_sort(&items), 0);
    for (int64_t id = 6; id <= 10; id++) {
        struct item *item = items_find(&items, id);

        if (id >= 7 && id <= 9)
            assert_int_equal(item->item_id, id);
        else
            assert_null(item);
    }
    assert_null(items_find(&items, INT64_MIN));
    assert_null(items_find(&items, INT64_MAX));
}

static void no_items_can_be_sorted_and_none_is_found(void **state)
{
    (void)state;
    assert_int_equal(items_sort(&items), 0);
    assert_null(items_find(&items, 0));
}

static void a_full_arena_is_told(void **state)
{
    struct item_ref ref = REF(ITEM_KIND_VEHICLE, VIN(VIN_A));
    struct batch_envelope *envelope = say(EVENT_TYPE_PICKED_UP, ref, NULL, 0);
    struct items none;

    (void)state;
    batch.work.cap_bytes = batch.work.used_bytes;
    assert_int_equal(items_add_event(&items, &batch, envelope, 0), ERR_NO_MEMORY);
    assert_int_equal(items_known(&items, IDENTIFIER_SCHEME_VIN, TEXT(VIN_B), true, 9, ITEM_KIND_VEHICLE, false),
                     ERR_NO_MEMORY);
    assert_int_equal(items_sort(&items), ERR_NO_MEMORY);
    assert_int_equal(items_init(&none, &batch.work, 1, key), ERR_NO_MEMORY);
}

/* --- certificates, and items that are folded again ------------------------------------------------------------- */

static void a_certificate_number_becomes_a_hint_of_its_item_in_its_normal_form(void **state)
{
    (void)state;
    struct batch_envelope *envelope = say(EVENT_TYPE_CERT_ISSUED, REF(ITEM_KIND_VEHICLE, VIN(VIN_A)), NULL, 0);
    struct event *event = &envelope->report->events[0];
    char value[IDENTIFIER_VALUE_BYTES];
    event->detail = EVENT_DETAIL_CERTIFICATE;
    event->certificate.number = TEXT("3505-04 00017");
    assert_string_equal(items_certificate(event, value).data, "35050400017");
    assert_int_equal(items_add_event(&items, &batch, envelope, 0), 0);
    size_t hints = 0;
    for (const struct item_identifier *at = items.list->identifiers; at; at = at->next)
        hints += at->scheme == IDENTIFIER_SCHEME_CERTIFICATE_NUMBER && !at->proof &&
                 text_equal(at->value, TEXT("35050400017"));
    assert_int_equal(hints, 1);
}

static void only_what_is_issued_with_a_number_names_a_certificate(void **state)
{
    (void)state;
    char value[IDENTIFIER_VALUE_BYTES];
    struct event event = {.type = EVENT_TYPE_CERT_ISSUED, .detail = EVENT_DETAIL_CERTIFICATE};
    assert_true(text_empty(items_certificate(&event, value)));
    event.certificate.number = TEXT("none");
    assert_true(text_empty(items_certificate(&event, value)));
    event.certificate.number = TEXT("17");
    assert_false(text_empty(items_certificate(&event, value)));
    event.type = EVENT_TYPE_CERT_VOIDED;
    assert_true(text_empty(items_certificate(&event, value)));
}

static void an_item_is_folded_again_without_events(void **state)
{
    (void)state;
    assert_int_equal(items_add_refold(&items, 7, ITEM_KIND_VEHICLE, true), 0);
    assert_int_equal(items_sort(&items), 0);
    struct item *item = items_find(&items, 7);
    assert_non_null(item);
    assert_true(item->touched && item->terminal && item_is_folded(item));
    item->oversized = true;
    assert_false(item_is_folded(item));
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(a_vin_is_proof_for_a_vehicle_and_a_hint_for_what_came_out_of_it),
        TEST_(plates_and_engine_numbers_are_never_proof),
        TEST_(a_known_proof_names_the_known_item),
        TEST_(an_unknown_proof_makes_an_item_though_a_hint_is_known),
        TEST_(the_same_unknown_proof_twice_makes_one_item),
        TEST_(a_hint_alone_finds_the_item_that_has_it),
        TEST_(an_unknown_hint_makes_an_item),
        TEST_(a_hint_does_not_name_an_item_of_another_kind),
        TEST_(of_items_that_share_a_hint_the_one_with_most_agreement_is_meant),
        TEST_(a_plate_is_used_again_after_the_end_of_its_vehicle),
        TEST_(what_goes_on_may_be_said_of_an_item_at_its_end),
        TEST_(a_vin_is_never_used_again),
        TEST_(an_assembly_with_its_parents_vin_is_not_the_parent),
        TEST_(an_assembly_without_a_tag_is_found_by_kind_and_parent),
        TEST_(assemblies_of_one_parent_stay_apart_by_their_tags),
        TEST_(the_stronger_of_two_proofs_decides_and_the_other_is_not_taken_over),
        TEST_(a_weaker_proof_that_is_known_beats_a_stronger_one_that_is_not),
        TEST_(a_hint_never_outvotes_a_proof),
        TEST_(what_begins_custody_is_no_surprise_and_anything_else_is),
        TEST_(an_item_of_no_kind_gets_the_first_that_is_said),
        TEST_(parts_become_items_with_their_parent),
        TEST_(a_part_named_twice_in_one_event_has_one_row_of_it),
        TEST_(a_part_that_is_the_item_itself_is_said_once),
        TEST_(a_part_without_a_name_has_no_history),
        TEST_(a_part_keeps_its_first_parent_and_merged_lots_have_none),
        TEST_(other_details_are_not_taken_for_parts),
        TEST_(a_sighting_concerns_every_item_that_has_the_identifier_and_no_other),
        TEST_(what_the_database_says_twice_is_known_once),
        TEST_(the_table_grows_and_loses_nobody),
        TEST_(of_the_items_that_share_a_hint_the_newest_count_and_a_proof_always),
        TEST_(thousands_that_share_a_hint_take_no_time),
        TEST_(of_new_items_that_agree_as_much_the_newest_is_meant),
        TEST_(items_are_found_by_their_number_after_sorting),
        TEST_(no_items_can_be_sorted_and_none_is_found),
        TEST_(a_full_arena_is_told),
        TEST_(a_certificate_number_becomes_a_hint_of_its_item_in_its_normal_form),
        TEST_(only_what_is_issued_with_a_number_names_a_certificate),
        TEST_(an_item_is_folded_again_without_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
