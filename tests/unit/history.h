/* history.h - histories of one item for the tests of core/custody: a registry of one party of each kind, and events
 * told in order. */
#ifndef CUSTODY_TESTS_UNIT_HISTORY_H
#define CUSTODY_TESTS_UNIT_HISTORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/custody/fold.h"

enum {
    CARRIER = 1,
    RECYCLER,
    OTHER_RECYCLER,
    REMANUFACTURER,
    STEEL_MILL,
    BATTERY_PROCESSOR,
    HAZARDOUS_OPERATOR,
    WEEE_FIRM,
    TRADER,
    EBIKE_FIRM,
    POLICE,
    COMMERCE_BUREAU,
    VEHICLE_OFFICE,
    AGRICULTURE_BUREAU,
    SORTING_CENTRE,
};

enum { HISTORY_EVENTS = 64, HISTORY_FINDINGS = 256, YARD = 1, OTHER_YARD = 2 };
#define MINUTE (INT64_C(60) * 1000 * 1000)
#define HOUR (60 * MINUTE)
#define SOME_DAY (INT64_C(1790000000) * 1000 * 1000) /* 2026-09 */

/* Sorted by code: party codes are "p01" to "p15". */
#define TEST_PARTY(id, text, party_kind)                                                                               \
    {                                                                                                                  \
        .party_id = (id), .code = {text, 3}, .kind = (party_kind)                                                      \
    }
static const struct party test_parties[] = {
    TEST_PARTY(CARRIER, "p01", PARTY_KIND_CARRIER),
    TEST_PARTY(RECYCLER, "p02", PARTY_KIND_RECYCLER),
    TEST_PARTY(OTHER_RECYCLER, "p03", PARTY_KIND_RECYCLER),
    TEST_PARTY(REMANUFACTURER, "p04", PARTY_KIND_REMANUFACTURER),
    TEST_PARTY(STEEL_MILL, "p05", PARTY_KIND_STEEL_MILL),
    TEST_PARTY(BATTERY_PROCESSOR, "p06", PARTY_KIND_BATTERY_PROCESSOR),
    TEST_PARTY(HAZARDOUS_OPERATOR, "p07", PARTY_KIND_HAZARDOUS_WASTE_OPERATOR),
    TEST_PARTY(WEEE_FIRM, "p08", PARTY_KIND_WEEE_TREATMENT),
    TEST_PARTY(TRADER, "p09", PARTY_KIND_TRADER),
    TEST_PARTY(EBIKE_FIRM, "p10", PARTY_KIND_EBIKE),
    TEST_PARTY(POLICE, "p11", PARTY_KIND_POLICE),
    TEST_PARTY(COMMERCE_BUREAU, "p12", PARTY_KIND_COMMERCE_BUREAU),
    TEST_PARTY(VEHICLE_OFFICE, "p13", PARTY_KIND_VEHICLE_OFFICE),
    TEST_PARTY(AGRICULTURE_BUREAU, "p14", PARTY_KIND_AGRICULTURE_BUREAU),
    TEST_PARTY(SORTING_CENTRE, "p15", PARTY_KIND_SORTING_CENTRE),
};
static const struct site test_sites[] = {
    {.site_id = YARD, .party_id = RECYCLER, .code = {"yard-1", 6}, .lon_e7 = 1186600000, .lat_e7 = 249400000},
    {.site_id = OTHER_YARD,
     .party_id = OTHER_RECYCLER,
     .code = {"yard-2", 6},
     .lon_e7 = 1186600000,
     .lat_e7 = 251000000},
};
static const struct vehicle test_vehicles[] = {{.vehicle_id = 1, .plate = {"闽C12345", sizeof "闽C12345" - 1}}};
#define TEST_PERMIT(party, permit)                                                                                     \
    {                                                                                                                  \
        (party), 0, PERMIT_KIND_##permit, 0, INT64_MAX                                                                 \
    }
static const struct permit test_permits[] = {
    TEST_PERMIT(RECYCLER, VEHICLE_DISMANTLING),       TEST_PERMIT(OTHER_RECYCLER, VEHICLE_DISMANTLING),
    TEST_PERMIT(REMANUFACTURER, REMANUFACTURING),     TEST_PERMIT(BATTERY_PROCESSOR, BATTERY_PROCESSING),
    TEST_PERMIT(HAZARDOUS_OPERATOR, HAZARDOUS_WASTE), TEST_PERMIT(WEEE_FIRM, WEEE_TREATMENT),
};
static const struct yield test_yields[] = {{VEHICLE_CLASS_SMALL_PASSENGER, ITEM_KIND_LEAD_ACID_BATTERY, 8000},
                                           {VEHICLE_CLASS_SMALL_PASSENGER, ITEM_KIND_CATALYST, 800}};
/* Mid-autumn and national day of 2026, with their make-up days 调休. */
static const struct calendar_day test_calendar[] = {{20716, true},  {20721, false}, {20722, false}, {20723, false},
                                                    {20727, false}, {20728, false}, {20729, false}, {20730, false},
                                                    {20731, false}, {20732, false}, {20733, false}, {20736, true}};
#define TEST_CLOCK(unit_word, limit, warn, grace, clock_severity)                                                      \
    {                                                                                                                  \
        .known = true, .severity = (clock_severity), .count = (limit), .unit = LIMIT_UNIT_##unit_word,                 \
        .warn_before_h = (warn), .grace_h = (grace)                                                                    \
    }
static const struct directory test_directory = {
    .parties = test_parties,
    .party_count = sizeof test_parties / sizeof test_parties[0],
    .sites = test_sites,
    .site_count = sizeof test_sites / sizeof test_sites[0],
    .vehicles = test_vehicles,
    .vehicle_count = sizeof test_vehicles / sizeof test_vehicles[0],
    .permits = test_permits,
    .permit_count = sizeof test_permits / sizeof test_permits[0],
    .calendar = test_calendar,
    .calendar_count = sizeof test_calendar / sizeof test_calendar[0],
    .clocks = {[CLOCK_KIND_OFFER] = TEST_CLOCK(DAY, 3, 24, 6, 3),
               [CLOCK_KIND_INTAKE] = TEST_CLOCK(HOUR, 24, 4, 2, 2),
               [CLOCK_KIND_CERTIFICATE] = TEST_CLOCK(DAY, 10, 48, 6, 2),
               [CLOCK_KIND_DEREGISTRATION] = TEST_CLOCK(DAY, 7, 48, 6, 3),
               [CLOCK_KIND_OFFICE_DECISION] = TEST_CLOCK(DAY, 1, 0, 6, 1),
               [CLOCK_KIND_DISMANTLING] = TEST_CLOCK(DAY, 90, 240, 24, 2),
               [CLOCK_KIND_ASSEMBLY] = TEST_CLOCK(DAY, 180, 240, 24, 2),
               [CLOCK_KIND_WIPE] = TEST_CLOCK(DAY, 7, 48, 6, 2),
               [CLOCK_KIND_HAZARDOUS_STORAGE] = TEST_CLOCK(MONTH, 12, 1560, 24, 4),
               [CLOCK_KIND_HAZARDOUS_RECEIPT] = TEST_CLOCK(WORKING_DAY, 5, 24, 6, 3),
               [CLOCK_KIND_RECEIPT_REPORT] = TEST_CLOCK(WORKING_DAY, 2, 0, 0, 2)},
    .yields = test_yields,
    .yield_count = sizeof test_yields / sizeof test_yields[0],
    .figures = {[FIGURE_BATTERY_BELONGS_SINCE_S] = 1774972800,
                [FIGURE_YARD_RADIUS_M] = 500,
                [FIGURE_TRANSPORT_LOSS_PERMILLE] = 30,
                [FIGURE_BELOW_CURB_PERMILLE] = 80,
                [FIGURE_OUTPUT_EXCESS_PERMILLE] = 20,
                [FIGURE_YIELD_SHORTFALL_PERMILLE] = 500,
                [FIGURE_ESTIMATE_ERROR_PERMILLE] = 200,
                [FIGURE_SCALE_FINE_ERROR_PERMILLE] = 1,
                [FIGURE_SCALE_III_ERROR_PERMILLE] = 2,
                [FIGURE_SCALE_OTHER_ERROR_PERMILLE] = 20},
};

struct history {
    enum item_kind kind;
    struct surroundings around; /* beside the kind; the directory is test_directory unless a test sets another */
    int64_t clock_us;           /* of the next event */
    size_t count;
    struct event events[HISTORY_EVENTS];
    struct history_event told[HISTORY_EVENTS]; /* as told; folded in a copy */
    struct history_event folded[HISTORY_EVENTS];
    struct item_state state;
    struct findings findings;
    struct finding list[HISTORY_FINDINGS];
};

static inline struct text party_code(int64_t party)
{
    return test_parties[party - 1].code;
}

static inline struct text site_code(int64_t site)
{
    return test_sites[site - 1].code;
}

static inline void history_begin(struct history *history, enum item_kind kind)
{
    *history = (struct history){.kind = kind, .clock_us = SOME_DAY, .around.directory = &test_directory};
}

/* One identifier of each scheme that a test needs; a vehicle shows its VIN, others a tag. */
static inline struct item_ref test_item(enum item_kind kind)
{
    static struct identifier vin = {IDENTIFIER_SCHEME_VIN, {"LSVAU2A34N2183294", 17}};
    static struct identifier tag = {IDENTIFIER_SCHEME_TAG, {"TAG-1", 5}};
    bool whole = kind == ITEM_KIND_VEHICLE || kind == ITEM_KIND_FARM_MACHINE;
    return (struct item_ref){kind, 1, whole ? &vin : &tag};
}

/* The next event, an hour after the one before. The caller fills in the rest. */
static inline struct event *tell(struct history *history, enum event_type type, int64_t reporter)
{
    assert_true(history->count < HISTORY_EVENTS);
    size_t n = history->count++;
    struct event *event = &history->events[n];
    *event = (struct event){.type = type, .at_us = history->clock_us, .item = test_item(history->kind)};
    event->event_id[0] = 0xE0;
    event->event_id[15] = (uint8_t)(0xFF - n); /* sorted by id, a history is upside down */
    history->clock_us += HOUR;
    history->told[n] = (struct history_event){.event = event,
                                              .log_index = 100 + n,
                                              .source_id = 10 * reporter,
                                              .party_id = reporter,
                                              .party_kind = test_parties[reporter - 1].kind};
    return event;
}

/* ... in which the item was a part. */
static inline struct event *tell_part(struct history *history, enum event_type type, int64_t reporter)
{
    struct event *event = tell(history, type, reporter);
    struct part *part = calloc(1, sizeof *part);
    assert_non_null(part);
    part->item = test_item(history->kind);
    event->item = test_item(ITEM_KIND_VEHICLE);
    event->detail = EVENT_DETAIL_COMPOSITION;
    event->composition = (struct composition){.part_count = 1, .parts = part};
    history->told[history->count - 1].role = ITEM_ROLE_PART;
    return event;
}

static inline void history_end(struct history *history)
{
    for (size_t i = 0; i < history->count; i++)
        if (history->told[i].role == ITEM_ROLE_PART)
            free(history->events[i].composition.parts);
}

static inline void fold(struct history *history)
{
    for (size_t i = 0; i < history->count; i++)
        history->folded[i] = history->told[i];
    history->findings = (struct findings){.list = history->list, .room = HISTORY_FINDINGS};
    history->around.kind = history->kind;
    custody_fold(history->folded, history->count, &history->around, &history->state, &history->findings);
}

/* --- findings ------------------------------------------------------------------------------------------------- */

static inline bool key_has_reason(const struct finding *finding, const char *reason)
{
    const char *colon = strrchr(finding->key, ':');
    return colon && strcmp(colon + 1, reason) == 0;
}

static inline size_t found(const struct history *history, enum rule rule, const char *reason)
{
    size_t count = 0;
    for (size_t i = 0; i < history->findings.count; i++)
        count += history->list[i].rule == rule && (!reason || key_has_reason(&history->list[i], reason));
    return count;
}

static inline void print_findings(const struct history *history)
{
    for (size_t i = 0; i < history->findings.count; i++)
        fprintf(stderr, "  %s %s %s\n", rule_infos[history->list[i].rule].id, history->list[i].key,
                history->list[i].text);
}

/* Exactly this one finding, about the event that `about` tells of (NULL: any). */
static inline void assert_finds(struct history *history, enum rule rule, const char *reason, const struct event *about)
{
    fold(history);
    if (history->findings.count != 1 || found(history, rule, reason) != 1)
        print_findings(history);
    assert_int_equal(found(history, rule, reason), 1);
    assert_int_equal(history->findings.count, 1);
    if (about)
        assert_ptr_equal(history->folded[history->list[0].event].event, about);
}

static inline void assert_quiet(struct history *history)
{
    fold(history);
    if (history->findings.count != 0)
        print_findings(history);
    assert_int_equal(history->findings.count, 0);
    assert_int_equal(history->findings.dropped, 0);
}

/* --- events that need more than a type ------------------------------------------------------------------------ */

static inline void weigh(struct event *event, int64_t mass_g)
{
    event->mass = (struct mass){.present = true, .mass_g = mass_g};
}

static inline struct event *tell_pickup(struct history *history, int64_t reporter, enum vehicle_class vehicle_class)
{
    struct event *event = tell(history, EVENT_TYPE_PICKED_UP, reporter);
    event->detail = EVENT_DETAIL_PICKUP;
    event->pickup = (struct pickup){.reason = SCRAP_REASON_VOLUNTARY, .vehicle_class = vehicle_class};
    return event;
}

static inline struct event *tell_intake(struct history *history, int64_t reporter, int64_t site)
{
    struct event *event = tell(history, EVENT_TYPE_INTAKE, reporter);
    event->site = site_code(site);
    weigh(event, 1400 * 1000);
    return event;
}

static inline struct event *tell_offer(struct history *history, int64_t giver, int64_t taker)
{
    struct event *event = tell(history, EVENT_TYPE_TRANSFER_OFFERED, giver);
    event->counterparty = party_code(taker);
    return event;
}

static inline struct event *tell_acceptance(struct history *history, int64_t taker, int64_t giver)
{
    struct event *event = tell(history, EVENT_TYPE_TRANSFER_ACCEPTED, taker);
    event->counterparty = party_code(giver);
    return event;
}

static inline struct event *tell_inspection(struct history *history, int64_t reporter, enum inspection_result vin)
{
    struct event *event = tell(history, EVENT_TYPE_INSPECTED, reporter);
    event->detail = EVENT_DETAIL_INSPECTION;
    event->inspection =
        (struct inspection){.vin = vin, .engine_number = INSPECTION_RESULT_OK, .plate = INSPECTION_RESULT_OK};
    return event;
}

static inline struct event *tell_certificate(struct history *history, enum event_type type, int64_t reporter,
                                             const char *number)
{
    struct event *event = tell(history, type, reporter);
    event->detail = EVENT_DETAIL_CERTIFICATE;
    event->certificate.number = text_of(number);
    return event;
}

static inline struct event *tell_dismantling(struct history *history, int64_t reporter)
{
    static struct part parts[] = {
        {.item = {.kind = ITEM_KIND_ENGINE}},    {.item = {.kind = ITEM_KIND_STEERING}},
        {.item = {.kind = ITEM_KIND_GEARBOX}},   {.item = {.kind = ITEM_KIND_FRONT_AXLE}},
        {.item = {.kind = ITEM_KIND_REAR_AXLE}}, {.item = {.kind = ITEM_KIND_FRAME}},
        {.item = {.kind = ITEM_KIND_CATALYST}},  {.item = {.kind = ITEM_KIND_LEAD_ACID_BATTERY}}};
    static struct evidence photos[] = {{.kind = EVIDENCE_KIND_PHOTO_BEFORE}, {.kind = EVIDENCE_KIND_PHOTO_AFTER}};
    struct event *event = tell(history, EVENT_TYPE_DISMANTLED, reporter);
    event->detail = EVENT_DETAIL_COMPOSITION;
    event->composition = (struct composition){.part_count = sizeof parts / sizeof parts[0], .parts = parts};
    event->evidence_count = 2;
    event->evidence = photos;
    return event;
}

static inline struct event *tell_release(struct history *history, enum event_type type, int64_t reporter,
                                         enum buyer_class buyer_class)
{
    struct event *event = tell(history, type, reporter);
    event->detail = EVENT_DETAIL_RELEASE;
    event->release = (struct release){.buyer_class = buyer_class, .marked = true, .safety_checked = true};
    return event;
}

static inline struct event *tell_wipe(struct history *history, enum event_type type, int64_t reporter, bool passed)
{
    struct event *event = tell(history, type, reporter);
    event->detail = EVENT_DETAIL_WIPE;
    event->wipe = (struct wipe){.method = TEXT("overwrite"), .tool = TEXT("tool 1"), .passed = passed};
    return event;
}

static inline struct event *tell_manifest(struct history *history, enum event_type type, int64_t reporter,
                                          const char *number)
{
    struct event *event = tell(history, type, reporter);
    event->detail = EVENT_DETAIL_HAZARDOUS_MANIFEST;
    event->hazardous_manifest = (struct hazardous_manifest){text_of(number), TEXT("900-052-31")};
    return event;
}

/* Takes back `target`, or contests it. */
static inline struct event *tell_correction(struct history *history, enum event_type type, int64_t reporter,
                                            const struct event *target)
{
    struct event *event = tell(history, type, reporter);
    event->detail = EVENT_DETAIL_CORRECTION;
    event->correction.reason = CORRECTION_REASON_DID_NOT_OCCUR;
    memcpy(event->correction.event_id, target->event_id, UUID_BYTES);
    return event;
}

/* --- clean beginnings ----------------------------------------------------------------------------------------- */

/* Picked up by a carrier, handed over to the recycler, taken in. */
static inline void tell_to_yard(struct history *history, enum vehicle_class vehicle_class)
{
    tell_pickup(history, CARRIER, vehicle_class);
    tell(history, EVENT_TYPE_ARRIVED, CARRIER);
    tell_offer(history, CARRIER, RECYCLER);
    tell_acceptance(history, RECYCLER, CARRIER);
    tell_intake(history, RECYCLER, YARD);
}

static inline void tell_to_verified(struct history *history, enum vehicle_class vehicle_class)
{
    tell_to_yard(history, vehicle_class);
    tell_inspection(history, RECYCLER, INSPECTION_RESULT_OK);
}

static inline void tell_to_certified(struct history *history)
{
    tell_to_verified(history, VEHICLE_CLASS_SMALL_PASSENGER);
    tell_certificate(history, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-1");
}

/* Everything but the destruction, of a private car. */
static inline void tell_to_deregistered(struct history *history)
{
    tell_to_certified(history);
    tell_certificate(history, EVENT_TYPE_DEREG_FILED, RECYCLER, "C-1");
    tell(history, EVENT_TYPE_DEPOLLUTED, RECYCLER);
    tell_dismantling(history, RECYCLER);
    tell_certificate(history, EVENT_TYPE_DEREGISTERED, VEHICLE_OFFICE, "C-1");
}

/* A child that came out of a dismantled vehicle. */
static inline void tell_child(struct history *history, enum item_kind kind)
{
    history_begin(history, kind);
    tell_part(history, EVENT_TYPE_DISMANTLED, RECYCLER);
}

#endif
