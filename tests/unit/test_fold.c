/* test_fold.c - whole lives of every kind of item, and the promise that the order of arrival does not matter. */
#include "history.h"

static struct history h;

static void assert_ends(enum physical_state physical, enum legal_state legal, enum resale_ban ban, bool terminal)
{
    assert_quiet(&h);
    assert_string_equal(physical_state_word(h.state.physical), physical_state_word(physical));
    assert_string_equal(legal_state_word(h.state.legal), legal_state_word(legal));
    assert_string_equal(resale_ban_word(h.state.ban), resale_ban_word(ban));
    assert_int_equal(h.state.terminal, terminal);
    history_end(&h);
}

static void a_private_car_goes_the_straight_way_without_a_finding(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell(&h, EVENT_TYPE_BOOKED, CARRIER);
    tell_to_deregistered(&h);
    tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    tell(&h, EVENT_TYPE_INVOICED, RECYCLER);
    assert_ends(PHYSICAL_DESTROYED, LEGAL_DEREGISTERED, RESALE_BANNED_FOR_GOOD, true);
    assert_int_equal(h.state.banned_at_us, SOME_DAY + HOUR); /* the pickup */
    assert_int_equal(h.state.holder_party_id, 0);
    assert_int_equal(h.state.event_count, h.count);
    assert_int_equal(h.state.first_event_at_us, SOME_DAY);
    assert_int_equal(h.state.last_event_at_us, SOME_DAY + HOUR * (int64_t)(h.count - 1));
}

static void a_bus_is_supervised_then_dismantled_then_certified(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_LARGE_PASSENGER);
    tell(&h, EVENT_TYPE_SUPERVISION_ATTESTED, POLICE);
    tell(&h, EVENT_TYPE_DEPOLLUTED, RECYCLER);
    tell_dismantling(&h, RECYCLER);
    tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-1");
    tell_certificate(&h, EVENT_TYPE_DEREG_FILED, RECYCLER, "C-1");
    tell_certificate(&h, EVENT_TYPE_DEREGISTERED, VEHICLE_OFFICE, "C-1");
    tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    assert_ends(PHYSICAL_DESTROYED, LEGAL_DEREGISTERED, RESALE_BANNED_FOR_GOOD, true);
}

static void a_suspect_car_waits_in_quarantine_for_the_police(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *inspected = tell_inspection(&h, RECYCLER, INSPECTION_RESULT_ALTERED);
    tell(&h, EVENT_TYPE_POLICE_NOTIFIED, RECYCLER);
    assert_finds(&h, RULE_C12, "vin", inspected);
    assert_int_equal(h.state.legal, LEGAL_QUARANTINED);
    tell(&h, EVENT_TYPE_RELEASED, POLICE);
    assert_finds(&h, RULE_C12, "vin", inspected);
    assert_int_equal(h.state.legal, LEGAL_VERIFIED);
}

static void an_assembly_is_graded_and_goes_to_a_remanufacturer(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_ENGINE);
    tell(&h, EVENT_TYPE_GRADED, RECYCLER);
    tell_release(&h, EVENT_TYPE_REMAN_RELEASED, RECYCLER, BUYER_CLASS_UNSPECIFIED)->counterparty =
        party_code(REMANUFACTURER);
    assert_ends(PHYSICAL_REMAN_RELEASED, LEGAL_NONE, RESALE_BANNED, false);
    assert_int_equal(h.state.holder_party_id, REMANUFACTURER);
}

static void an_assembly_is_smelted_by_a_steel_mill(void **unused)
{
    (void)unused;
    for (enum item_kind kind = ITEM_KIND_ENGINE; kind <= ITEM_KIND_FRAME; kind++) {
        tell_child(&h, kind);
        tell_release(&h, EVENT_TYPE_SMELTED, STEEL_MILL, BUYER_CLASS_UNSPECIFIED);
        assert_ends(PHYSICAL_SMELTED, LEGAL_NONE, RESALE_BANNED_FOR_GOOD, true);
    }
}

static void a_part_marked_for_reuse_may_be_sold(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_PART);
    fold(&h);
    assert_int_equal(h.state.ban, RESALE_BANNED);
    tell_release(&h, EVENT_TYPE_REUSE_MARKED, RECYCLER, BUYER_CLASS_CONSUMER);
    assert_ends(PHYSICAL_REUSE_MARKED, LEGAL_NONE, RESALE_BAN_NONE, false);
    assert_int_equal(h.state.banned_at_us, 0);
}

static struct event *tell_reprocessing(int64_t reporter)
{
    static struct identifier code = {IDENTIFIER_SCHEME_BATTERY_CODE, {"NEWCODE", 7}};
    static struct part product = {.item = {ITEM_KIND_TRACTION_BATTERY, 1, &code}};
    struct event *event = tell(&h, EVENT_TYPE_REPROCESS_RELEASED, reporter);
    event->detail = EVENT_DETAIL_COMPOSITION;
    event->composition = (struct composition){.part_count = 1, .parts = &product};
    return event;
}

static void a_battery_is_reprocessed_under_a_new_code_and_its_old_code_stays_banned(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_TRACTION_BATTERY);
    tell_offer(&h, RECYCLER, BATTERY_PROCESSOR);
    tell_acceptance(&h, BATTERY_PROCESSOR, RECYCLER);
    tell(&h, EVENT_TYPE_GRADED, BATTERY_PROCESSOR);
    tell_reprocessing(BATTERY_PROCESSOR);
    assert_ends(PHYSICAL_REPROCESS_RELEASED, LEGAL_NONE, RESALE_BANNED, false);
}

static void the_reprocessed_product_is_free(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_TRACTION_BATTERY);
    tell_part(&h, EVENT_TYPE_REPROCESS_RELEASED, BATTERY_PROCESSOR);
    assert_ends(PHYSICAL_REPROCESS_RELEASED, LEGAL_NONE, RESALE_BAN_NONE, false);
}

static void a_battery_ends_as_material(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_TRACTION_BATTERY);
    tell_release(&h, EVENT_TYPE_MATERIAL_RECOVERED, BATTERY_PROCESSOR, BUYER_CLASS_UNSPECIFIED);
    assert_ends(PHYSICAL_MATERIAL_RECOVERED, LEGAL_NONE, RESALE_BANNED_FOR_GOOD, true);
}

static void hazardous_kinds_go_out_by_manifest(void **unused)
{
    (void)unused;
    static const enum item_kind kinds[] = {ITEM_KIND_LEAD_ACID_BATTERY, ITEM_KIND_CATALYST};
    for (size_t i = 0; i < 2; i++) {
        tell_child(&h, kinds[i]);
        tell_manifest(&h, EVENT_TYPE_HAZ_MANIFEST_OPENED, RECYCLER, "20263505000001")->counterparty =
            party_code(HAZARDOUS_OPERATOR);
        tell_manifest(&h, EVENT_TYPE_HAZ_MANIFEST_CONFIRMED, HAZARDOUS_OPERATOR, "20263505000001");
        assert_ends(PHYSICAL_HAZ_OUT, LEGAL_NONE, RESALE_BANNED_FOR_GOOD, true);
    }
}

static void an_appliance_is_treated_by_a_licensed_firm(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_APPLIANCE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    tell_intake(&h, SORTING_CENTRE, YARD);
    tell_offer(&h, SORTING_CENTRE, WEEE_FIRM);
    tell_acceptance(&h, WEEE_FIRM, SORTING_CENTRE);
    tell_release(&h, EVENT_TYPE_TREATED, WEEE_FIRM, BUYER_CLASS_UNSPECIFIED);
    assert_ends(PHYSICAL_TREATED, LEGAL_NONE, RESALE_BANNED_FOR_GOOD, true);
}

static void an_appliance_safe_and_marked_becomes_used_goods_and_waste_again(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_APPLIANCE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    tell_intake(&h, SORTING_CENTRE, YARD);
    tell_release(&h, EVENT_TYPE_USED_GOODS_RELEASED, SORTING_CENTRE, BUYER_CLASS_CONSUMER);
    assert_ends(PHYSICAL_USED_GOODS, LEGAL_NONE, RESALE_BAN_NONE, false);
    struct event *again = tell(&h, EVENT_TYPE_PICKED_UP, CARRIER); /* years later: somebody else, no hand-over */
    assert_ends(PHYSICAL_IN_TRANSIT, LEGAL_NONE, RESALE_BANNED, false);
    assert_int_equal(h.state.banned_at_us, again->at_us);
    assert_int_equal(h.state.holder_party_id, CARRIER);
}

static void a_device_wiped_and_verified_may_be_resold(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_DATA_DEVICE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    tell_intake(&h, SORTING_CENTRE, YARD);
    tell_wipe(&h, EVENT_TYPE_DATA_WIPED, SORTING_CENTRE, true);
    tell_wipe(&h, EVENT_TYPE_WIPE_VERIFIED, SORTING_CENTRE, true);
    assert_ends(PHYSICAL_WIPE_VERIFIED, LEGAL_NONE, RESALE_BANNED, false);
    tell_release(&h, EVENT_TYPE_WIPED_RESOLD, SORTING_CENTRE, BUYER_CLASS_CONSUMER);
    assert_ends(PHYSICAL_WIPED_RESOLD, LEGAL_NONE, RESALE_BAN_NONE, false);
}

static void a_device_is_shredded(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_DATA_DEVICE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    tell_intake(&h, SORTING_CENTRE, YARD);
    tell(&h, EVENT_TYPE_DESTROYED, SORTING_CENTRE);
    assert_ends(PHYSICAL_SHREDDED, LEGAL_NONE, RESALE_BANNED_FOR_GOOD, true);
}

static void a_failed_wipe_sends_the_device_back(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_DATA_DEVICE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    tell_intake(&h, SORTING_CENTRE, YARD);
    tell_wipe(&h, EVENT_TYPE_DATA_WIPED, SORTING_CENTRE, true);
    tell_wipe(&h, EVENT_TYPE_WIPE_VERIFIED, SORTING_CENTRE, false);
    assert_ends(PHYSICAL_AT_YARD, LEGAL_NONE, RESALE_BANNED, false);
}

static void a_farm_machine_is_destroyed_under_the_agriculture_bureau(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_FARM_MACHINE);
    tell_to_yard(&h, VEHICLE_CLASS_UNSPECIFIED);
    tell_inspection(&h, RECYCLER, INSPECTION_RESULT_OK);
    tell(&h, EVENT_TYPE_SUPERVISION_ATTESTED, AGRICULTURE_BUREAU);
    tell_dismantling(&h, RECYCLER);
    tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    assert_ends(PHYSICAL_DESTROYED, LEGAL_SUPERVISED, RESALE_BANNED_FOR_GOOD, true);
}

static void a_tyre_is_retreaded_or_recovered(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_TYRE);
    tell_release(&h, EVENT_TYPE_RETREADED, RECYCLER, BUYER_CLASS_TRADER);
    assert_ends(PHYSICAL_RETREADED, LEGAL_NONE, RESALE_BANNED, false);
    tell_child(&h, ITEM_KIND_TYRE);
    tell(&h, EVENT_TYPE_MATERIAL_RECOVERED, RECYCLER);
    assert_ends(PHYSICAL_MATERIAL_RECOVERED, LEGAL_NONE, RESALE_BANNED_FOR_GOOD, true);
}

static void a_lot_is_opened_split_sold_and_smelted(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_LOT);
    weigh(tell(&h, EVENT_TYPE_LOT_CREATED, SORTING_CENTRE), 900 * 1000);
    tell(&h, EVENT_TYPE_LOT_SPLIT, SORTING_CENTRE);
    tell_release(&h, EVENT_TYPE_LOT_SOLD, SORTING_CENTRE, BUYER_CLASS_STEEL_MILL);
    assert_ends(PHYSICAL_SOLD_MATERIAL, LEGAL_NONE, RESALE_BAN_NONE, false);
    tell(&h, EVENT_TYPE_SMELTED, STEEL_MILL);
    assert_ends(PHYSICAL_SMELTED, LEGAL_NONE, RESALE_BANNED_FOR_GOOD, true);
}

static void a_lot_merged_into_another_is_in_it(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_LOT);
    tell(&h, EVENT_TYPE_LOT_CREATED, SORTING_CENTRE);
    tell_part(&h, EVENT_TYPE_LOT_MERGED, SORTING_CENTRE);
    h.events[1].item = test_item(ITEM_KIND_LOT);
    assert_ends(PHYSICAL_IN_LOT, LEGAL_NONE, RESALE_BAN_NONE, false);
}

static void no_events_are_an_empty_state(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    fold(&h);
    struct item_state empty = {0};
    assert_memory_equal(&h.state, &empty, sizeof empty);
}

static void the_kind_comes_from_the_events_where_the_registry_has_none(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_APPLIANCE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    h.events[0].item.kind = ITEM_KIND_UNSPECIFIED;
    tell_intake(&h, SORTING_CENTRE, YARD);
    h.kind = ITEM_KIND_UNSPECIFIED;
    assert_quiet(&h);
    assert_int_equal(h.state.kind, ITEM_KIND_APPLIANCE);
}

static void events_of_one_time_follow_the_log(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_deregistered(&h);
    tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    for (size_t i = 0; i < h.count; i++)
        h.events[i].at_us = SOME_DAY;
    assert_quiet(&h);
    assert_true(h.state.terminal);
    for (size_t i = 0; i < h.count; i++) {
        h.told[i].log_index = 100;
        h.told[i].ordinal = (uint16_t)i;
    }
    assert_quiet(&h);
    h.told[h.count - 2].ordinal = 99; /* deregistered after it was destroyed */
    fold(&h);
    assert_int_equal(found(&h, RULE_C03, "deregistered"), 1);
}

static void a_measured_mass_is_not_replaced_by_an_estimate(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_APPLIANCE);
    struct event *event = tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    event->mass = (struct mass){.present = true, .estimated = true, .mass_g = 30000};
    fold(&h);
    assert_int_equal(h.state.mass_g, 30000);
    weigh(tell(&h, EVENT_TYPE_WEIGHED, SORTING_CENTRE), 31000);
    event = tell(&h, EVENT_TYPE_WEIGHED, SORTING_CENTRE);
    event->mass = (struct mass){.present = true, .estimated = true, .mass_g = 99000};
    fold(&h);
    assert_int_equal(h.state.mass_g, 31000);
}

static void an_event_that_arrives_late_takes_its_finding_back(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    tell(&h, EVENT_TYPE_DEPOLLUTED, RECYCLER);
    h.events[6].type = EVENT_TYPE_INVOICED; /* the certificate has not arrived */
    assert_finds(&h, RULE_C03, "certified", NULL);
    h.events[6].type = EVENT_TYPE_CERT_ISSUED;
    h.told[6].log_index = 900; /* last in the log, in its place in time */
    assert_quiet(&h);
}

static void findings_that_do_not_fit_are_counted(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_deregistered(&h);
    tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    for (int i = 0; i < 5; i++)
        tell(&h, EVENT_TYPE_POSITION, CARRIER);
    struct history_event events[HISTORY_EVENTS];
    memcpy(events, h.told, sizeof events);
    struct finding room[2];
    struct findings findings = {.list = room, .room = 2};
    struct item_state state;
    custody_fold(events, h.count, &h.around, &state, &findings);
    assert_int_equal(findings.count, 2);
    assert_int_equal(findings.dropped, 3);
}

/* --- the order of arrival ------------------------------------------------------------------------------------- */

static uint64_t dice_state;

static uint32_t dice(uint32_t sides)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return (uint32_t)(dice_state >> 33) % sides;
}

static void random_event(struct history *history)
{
    enum event_type type = (enum event_type)(1 + dice(EVENT_TYPE_GRADED));
    int64_t reporter = 1 + (int64_t)dice(15);
    struct event *event;
    const char *const numbers[] = {"N-1", "N-2", ""};
    switch (dice(9)) {
    case 0:
        event = tell_pickup(history, reporter, (enum vehicle_class)dice(8));
        break;
    case 1:
        event = tell_inspection(history, reporter, (enum inspection_result)dice(5));
        break;
    case 2:
        event = tell_certificate(history, dice(3) ? EVENT_TYPE_CERT_ISSUED : EVENT_TYPE_CERT_VOIDED, reporter,
                                 numbers[dice(3)]);
        break;
    case 3:
        event = tell_wipe(history, dice(2) ? EVENT_TYPE_DATA_WIPED : EVENT_TYPE_WIPE_VERIFIED, reporter, dice(2));
        break;
    case 4:
        event = tell_manifest(history, dice(2) ? EVENT_TYPE_HAZ_MANIFEST_OPENED : EVENT_TYPE_HAZ_MANIFEST_CONFIRMED,
                              reporter, numbers[dice(3)]);
        break;
    case 5:
        event = tell_correction(history, dice(3) ? EVENT_TYPE_CORRECTED : EVENT_TYPE_DISPUTED, reporter,
                                &history->events[dice((uint32_t)history->count + 1)]);
        break;
    case 6:
        event = dice(2) ? tell_part(history, type, reporter) : tell_dismantling(history, reporter);
        break;
    case 7:
        event = dice(2) ? tell_offer(history, reporter, 1 + (int64_t)dice(4))
                        : tell_acceptance(history, 1 + (int64_t)dice(4), reporter);
        break;
    default:
        event = tell_release(history, type, reporter, (enum buyer_class)dice(10));
        break;
    }
    const char *const trucks[] = {"闽C12345", "闽C99999", "container 5"};
    if (dice(4) == 0)
        event->conveyance = text_of(trucks[dice(3)]);
    if (dice(2))
        event->site = site_code(1 + dice(2));
    if (dice(3) == 0)
        event->counterparty = party_code(1 + (int64_t)dice(15));
    if (dice(2))
        event->mass = (struct mass){.present = true, .mass_g = (int64_t)dice(2000) * 1000, .estimated = dice(3) == 0};
    if (event->detail == EVENT_DETAIL_PICKUP && dice(2))
        event->pickup.curb_mass_g = 1400 * 1000;
    event->at_us = SOME_DAY + (int64_t)dice(60) * 3 * MINUTE; /* many at one time, many within the skew */
    if (dice(8) == 0)
        event->event_id[15] = (uint8_t)(0xFF - dice((uint32_t)history->count)); /* an id used twice */
    if (dice(40) == 0)
        memset(event->event_id, 0, UUID_BYTES);
}

static void shuffle(struct history_event *events, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = dice((uint32_t)i);
        struct history_event swap = events[i - 1];
        events[i - 1] = events[j];
        events[j] = swap;
    }
}

static void assert_findings_are_whole(const struct history *history)
{
    for (size_t i = 0; i < history->findings.count; i++) {
        assert_in_range(strlen(history->list[i].text), 20, FINDING_TEXT_BYTES - 4); /* nothing was cut */
        for (size_t j = 0; j < i; j++)
            if (history->list[i].rule == history->list[j].rule)
                assert_string_not_equal(history->list[i].key, history->list[j].key);
    }
}

static void assert_same_state(const struct item_state *a, const struct item_state *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->physical, b->physical);
    assert_int_equal(a->legal, b->legal);
    assert_int_equal(a->ban, b->ban);
    assert_int_equal(a->banned_at_us, b->banned_at_us);
    assert_int_equal(a->terminal, b->terminal);
    assert_int_equal(a->holder_party_id, b->holder_party_id);
    assert_int_equal(a->offered_party_id, b->offered_party_id);
    assert_int_equal(a->site_id, b->site_id);
    assert_int_equal(a->has_mass, b->has_mass);
    assert_int_equal(a->mass_g, b->mass_g);
    assert_int_equal(a->event_count, b->event_count);
    assert_int_equal(a->first_event_at_us, b->first_event_at_us);
    assert_int_equal(a->last_event_at_us, b->last_event_at_us);
    assert_int_equal(a->ended_at_us, b->ended_at_us);
    for (size_t i = 0; i < CLOCK_KIND_COUNT; i++) {
        assert_int_equal(a->clocks[i].opened_at_us, b->clocks[i].opened_at_us);
        assert_int_equal(a->clocks[i].due_at_us, b->clocks[i].due_at_us);
        assert_int_equal(a->clocks[i].stopped_at_us, b->clocks[i].stopped_at_us);
    }
}

static void assert_same_fold(struct history *a, struct history *b)
{
    struct buffer facts_a, facts_b;
    buffer_init(&facts_a, 4096);
    buffer_init(&facts_b, 4096);
    item_facts_encode(&a->state.facts, &facts_a);
    item_facts_encode(&b->state.facts, &facts_b);
    assert_int_equal(facts_a.len, facts_b.len);
    assert_memory_equal(facts_a.data, facts_b.data, facts_a.len);
    buffer_fini(&facts_a);
    buffer_fini(&facts_b);
    assert_same_state(&a->state, &b->state);
    assert_int_equal(a->findings.count, b->findings.count);
    for (size_t i = 0; i < a->findings.count; i++) {
        assert_int_equal(a->list[i].rule, b->list[i].rule);
        assert_int_equal(a->list[i].at_us, b->list[i].at_us);
        assert_string_equal(a->list[i].key, b->list[i].key);
        assert_string_equal(a->list[i].text, b->list[i].text);
        assert_int_equal(a->list[i].event, b->list[i].event);
    }
}

/* What must hold of any history whatever, however absurd. */
static void assert_invariants(const struct item_state *state)
{
    const char *zh, *en;
    enum resale_verdict verdict = item_resale_verdict(state, &zh, &en);
    assert_true(zh && *zh && en && *en);
    assert_int_equal(verdict == RESALE_VERDICT_BANNED, state->ban != RESALE_BAN_NONE);
    assert_int_equal(state->ban == RESALE_BAN_NONE, state->banned_at_us == 0);
    assert_int_equal(state->terminal, physical_state_end(state->physical) == STATE_TERMINAL);
    if (state->terminal || state->facts.certificates_issued > 0)
        assert_int_equal(state->ban, RESALE_BANNED_FOR_GOOD);
    if (verdict == RESALE_VERDICT_ALLOWED)
        assert_int_equal(physical_state_end(state->physical), STATE_RELEASED);
    if (physical_state_end(state->physical) == STATE_GOES_ON && state->physical > PHYSICAL_BOOKED &&
        state->kind != ITEM_KIND_LOT)
        assert_int_not_equal(state->ban, RESALE_BAN_NONE);
}

static void the_order_of_arrival_does_not_matter(void **unused)
{
    (void)unused;
    const char *given = getenv("CUSTODY_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20260401;
    print_message("seed %llu (CUSTODY_SEED)\n", (unsigned long long)seed);
    dice_state = seed ? seed : 1;
    static struct history other;
    for (int round = 0; round < 3000; round++) {
        history_begin(&h, (enum item_kind)dice(ITEM_KIND_LOT + 1));
        h.around.now_us = SOME_DAY + (int64_t)dice(400) * 24 * HOUR;
        const struct child children[] = {{901, 0}, {902, SOME_DAY + (int64_t)dice(30) * 24 * HOUR}};
        h.around.children = &children[dice(2)];
        h.around.child_count = dice(2);
        uint32_t length = 1 + dice(24);
        for (uint32_t i = 0; i < length; i++)
            random_event(&h);
        fold(&h);
        assert_invariants(&h.state);
        assert_findings_are_whole(&h);
        assert_int_equal(h.findings.dropped, 0);
        other = h;
        shuffle(other.told, other.count);
        fold(&other);
        assert_same_fold(&h, &other);
        history_end(&h);
    }
}

/* The log index is the order of arrival: where times and ids are all different, it decides nothing. */
static void arrival_decides_only_between_events_of_one_time_or_one_id(void **unused)
{
    (void)unused;
    dice_state = 42;
    static struct history other;
    for (int round = 0; round < 1000; round++) {
        history_begin(&h, (enum item_kind)dice(ITEM_KIND_LOT + 1));
        uint32_t length = 2 + dice(20);
        for (uint32_t i = 0; i < length; i++) {
            random_event(&h);
            h.events[i].at_us += (int64_t)i;
            memset(h.events[i].event_id, 0, UUID_BYTES);
            h.events[i].event_id[15] = (uint8_t)(i + 1);
        }
        fold(&h);
        other = h;
        shuffle(other.told, other.count);
        for (size_t i = 0; i < other.count; i++)
            other.told[i].log_index = 500 + i;
        fold(&other);
        assert_same_fold(&h, &other);
        history_end(&h);
    }
}

/* What a broker and a bad network do: events come in any order, again, and late, with folds in between. */
static void histories_shuffled_duplicated_and_delayed_give_the_same_states_findings_and_clocks(void **unused)
{
    (void)unused;
    const char *rounds = getenv("CUSTODY_HISTORIES"), *given = getenv("CUSTODY_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20270101;
    int count = rounds ? atoi(rounds) : 500;
    print_message("seed %llu (CUSTODY_SEED), %d histories (CUSTODY_HISTORIES)\n", (unsigned long long)seed, count);
    dice_state = seed ? seed : 1;
    static struct history other;
    for (int round = 0; round < count; round++) {
        history_begin(&h, (enum item_kind)dice(ITEM_KIND_LOT + 1));
        h.around.now_us = SOME_DAY + (int64_t)dice(400) * 24 * HOUR;
        uint32_t length = 2 + dice(20);
        for (uint32_t i = 0; i < length; i++) {
            random_event(&h);
            h.events[i].at_us += (int64_t)i + (int64_t)dice(30) * 24 * HOUR;
            memset(h.events[i].event_id, 0, UUID_BYTES);
            h.events[i].event_id[15] = (uint8_t)(i + 1);
        }
        fold(&h);
        other = h;
        for (uint32_t i = dice(length + 1); i > 0; i--) /* the same words once more */
            other.told[other.count++] = h.told[dice(length)];
        shuffle(other.told, other.count);
        size_t all = other.count;
        for (size_t i = 0; i < all; i++)
            other.told[i].log_index = 500 + i;
        other.count = 1 + dice((uint32_t)all);
        fold(&other); /* what has come so far */
        other.count = all;
        fold(&other);
        other.state.event_count = h.state.event_count;
        for (size_t i = 0; i < other.findings.count; i++) /* by event, not by place: duplicates take places */
            other.list[i].event = h.list[i].event;
        assert_same_fold(&h, &other);
        history_end(&h);
    }
}

/* --- the bytes of the facts ----------------------------------------------------------------------------------- */

static void facts_have_a_fixed_layout_with_a_version(void **unused)
{
    (void)unused;
    struct item_facts facts = {.scrap_reason = SCRAP_REASON_COMPULSORY,
                               .vehicle_class = VEHICLE_CLASS_TRUCK,
                               .curb_mass_g = 0x0102030405060708};
    struct buffer out;
    buffer_init(&out, 4096);
    item_facts_encode(&facts, &out);
    static const uint8_t begin[] = {1, 1, 3, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0};
    assert_int_equal(out.len, 190);
    assert_memory_equal(out.data, begin, sizeof begin);
    buffer_fini(&out);
}

/* Changes one byte of the facts after the other: each that belongs to a member must show in the bytes. */
static void every_member_of_the_facts_is_encoded(void **unused)
{
    (void)unused;
    struct item_facts facts = {0};
    size_t shown = 0;
    struct buffer zero, out;
    buffer_init(&zero, 4096);
    buffer_init(&out, 4096);
    item_facts_encode(&facts, &zero);
    for (size_t i = 0; i < sizeof facts; i++) {
        memset(&facts, 0, sizeof facts);
        ((uint8_t *)&facts)[i] = 1; /* 1 in its lowest byte is valid in a member of any type */
        buffer_clear(&out);
        item_facts_encode(&facts, &out);
        shown += memcmp(zero.data, out.data, zero.len) != 0;
    }
    size_t enums = 3, padding_of_enums = enums * 3;
    assert_int_equal(shown, zero.len - 1); /* each byte but the version comes from one byte of the facts */
    assert_true(sizeof facts - shown >= padding_of_enums);
    buffer_fini(&zero);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_car_goes_the_straight_way_without_a_finding),
        cmocka_unit_test(a_bus_is_supervised_then_dismantled_then_certified),
        cmocka_unit_test(a_suspect_car_waits_in_quarantine_for_the_police),
        cmocka_unit_test(an_assembly_is_graded_and_goes_to_a_remanufacturer),
        cmocka_unit_test(an_assembly_is_smelted_by_a_steel_mill),
        cmocka_unit_test(a_part_marked_for_reuse_may_be_sold),
        cmocka_unit_test(a_battery_is_reprocessed_under_a_new_code_and_its_old_code_stays_banned),
        cmocka_unit_test(the_reprocessed_product_is_free),
        cmocka_unit_test(a_battery_ends_as_material),
        cmocka_unit_test(hazardous_kinds_go_out_by_manifest),
        cmocka_unit_test(an_appliance_is_treated_by_a_licensed_firm),
        cmocka_unit_test(an_appliance_safe_and_marked_becomes_used_goods_and_waste_again),
        cmocka_unit_test(a_device_wiped_and_verified_may_be_resold),
        cmocka_unit_test(a_device_is_shredded),
        cmocka_unit_test(a_failed_wipe_sends_the_device_back),
        cmocka_unit_test(a_farm_machine_is_destroyed_under_the_agriculture_bureau),
        cmocka_unit_test(a_tyre_is_retreaded_or_recovered),
        cmocka_unit_test(a_lot_is_opened_split_sold_and_smelted),
        cmocka_unit_test(a_lot_merged_into_another_is_in_it),
        cmocka_unit_test(no_events_are_an_empty_state),
        cmocka_unit_test(the_kind_comes_from_the_events_where_the_registry_has_none),
        cmocka_unit_test(events_of_one_time_follow_the_log),
        cmocka_unit_test(a_measured_mass_is_not_replaced_by_an_estimate),
        cmocka_unit_test(an_event_that_arrives_late_takes_its_finding_back),
        cmocka_unit_test(findings_that_do_not_fit_are_counted),
        cmocka_unit_test(the_order_of_arrival_does_not_matter),
        cmocka_unit_test(arrival_decides_only_between_events_of_one_time_or_one_id),
        cmocka_unit_test(histories_shuffled_duplicated_and_delayed_give_the_same_states_findings_and_clocks),
        cmocka_unit_test(facts_have_a_fixed_layout_with_a_version),
        cmocka_unit_test(every_member_of_the_facts_is_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
